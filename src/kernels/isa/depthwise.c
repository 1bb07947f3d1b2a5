/*
 * depthwise.c - sums of windows over the rows of one channel.
 *
 *     input rows   [v0][v1][v2]     a row's vectors, one for each column tap, are loaded once and used by all
 *                  [v0][v1][v2]     output rows that read it: rows + kernel - 1 rows are loaded for `rows`
 *                  [v0][v1][v2]
 *
 * Vectors lie along rows. The last one of a row is written first and may spill into the next row, which is
 * written later; only at the end of the strip, and where a residual still has to be read, it is cut.
 */
#include "kernels/depthwise.h"
#include "kernels/conv.h"
#include "kernels/simd_activation.h"

// Common maps are 7, 14, 28, ... rows high.
enum { MAX_ROWS = 4, DIRECT_ROWS = 7 };

/* ---- the copy ---- */

static float read_column(const cr_depthwise_pad *p, const float *row, int32_t column)
{
    return column == CR_TAP_OUTSIDE ? p->outside : row[column];
}

// Phase by phase in the order of memory: what a run writes too much is overwritten.
CR_INLINE void pad_row(const cr_depthwise_pad *p, const float *row, const int64_t stride, float *to)
{
    const int32_t *map = p->column_map;
    for (int64_t q = 0; q < stride; q++, map += p->phase_step, to += p->phase_step) {
        const struct cr_depthwise_phase *f = &p->phase[q];
        int64_t n = f->run_end - f->run_begin;
        const float *from = row + f->run_from;
        for (int64_t x = 0; x < f->run_begin; x++)
            to[x] = read_column(p, row, map[x]);
        if (stride == 1)
            cr_copy(from, to + f->run_begin, n);
        else if (stride == 2)
            cr_copy_even(from, to + f->run_begin, n);
        else
            for (int64_t x = 0; x < n; x++)
                to[f->run_begin + x] = from[stride * x];
        for (int64_t x = f->run_end; x < f->columns; x++)
            to[x] = read_column(p, row, map[x]);
    }
}

CR_INLINE void pad_rows(const cr_depthwise_pad *p, const int64_t stride)
{
    float *to = p->to;
    for (int64_t r = 0; r < p->rows; r++, to += stride * p->phase_step) {
        if (p->row_map[r] == CR_TAP_OUTSIDE)
            for (int64_t x = 0; x < stride * p->phase_step; x += CR_VECTOR)
                cr_store(to + x, cr_repeat(p->outside));
        else
            pad_row(p, p->channel + p->row_map[r] * p->in_step, stride, to);
    }
}

static void pad(const cr_depthwise_pad *p)
{
    if (p->stride == 1)
        pad_rows(p, 1);
    else if (p->stride == 2)
        pad_rows(p, 2);
    else
        pad_rows(p, p->stride);
}

/* ---- the sums ---- */

// What is done to sums on their way out, in locals: stores could change what a pointer leads to.
typedef struct finishing {
    float *out, *end;
    int64_t columns;
    bool active, simple, clip; // active: something is done; simple: only what can be done in registers
    float slope, min, max, bias;
    bool empty; // a factor may be 0
    const float *row_factor, *column_factor;
} finishing;

CR_INLINE finishing finishing_of(const cr_depthwise_strip *s)
{
    finishing f = {.out = s->out, .end = s->out + s->rows * s->columns, .columns = s->columns};
    f.simple = !s->add && s->activation != CR_ACT_HARDSWISH;
    f.active = s->add || s->activation != CR_ACT_NONE;
    f.clip = s->activation == CR_ACT_CLIP;
    f.slope = s->activation == CR_ACT_NONE ? 1 : s->slope;
    f.min = s->min;
    f.max = s->max;
    f.bias = s->bias;
    f.row_factor = s->row_factor;
    f.column_factor = s->column_factor;
    f.empty = s->empty;
    return f;
}

CR_INLINE cr_vf activate(const finishing *f, cr_vf x)
{
    return f->clip ? cr_clip(x, f->min, f->max) : cr_leaky(x, f->slope);
}

// What is rare, or needs the residual's values before others are written over them.
static __attribute__((noinline)) void finish_rest(const cr_depthwise_strip *s, int64_t at, int64_t lanes,
                                                  cr_vf sum)
{
    finishing f = finishing_of(s);
    if (s->add)
        sum += cr_load_some(s->add + at, lanes);
    sum = s->activation == CR_ACT_HARDSWISH ? cr_hardswish(sum) : activate(&f, sum);
    cr_store_some(s->out + at, sum, lanes);
}

// What sticks out of the row, at the end of the strip.
static __attribute__((noinline)) void store_end(const finishing *f, int64_t x, float *out, cr_vf sum)
{
    cr_store_some(out, sum, f->end - out < f->columns - x ? f->end - out : f->columns - x);
}

// out: of row y, position x.
CR_INLINE void finish(const cr_depthwise_strip *s, const finishing *f, int64_t x, float *out, cr_vf sum)
{
    if (f->active) {
        if (!f->simple) {
            int64_t lanes = f->columns - x;
            finish_rest(s, out - f->out, lanes < CR_VECTOR ? lanes : CR_VECTOR, sum);
            return;
        }
        sum = activate(f, sum);
    }
    if (f->end - out >= CR_VECTOR)
        cr_store(out, sum);
    else
        store_end(f, x, out, sum);
}

CR_INLINE void finish_rows(const cr_depthwise_strip *s, const finishing *f, int64_t y, int64_t x,
                           const int rows, cr_vf *sum)
{
    float *out = f->out + y * f->columns + x;
    if (f->row_factor) {
        cr_vf column = cr_load(f->column_factor + x);
        CR_UNROLL
        for (int o = 0; o < rows; o++) {
            cr_vf factor = f->row_factor[y + o] * column;
            // Kept: else both products would be made in front of the branch, and not be fused with the sum.
            if (f->empty)
                sum[o] = cr_select(factor > 0, cr_keep(sum[o]) * factor + f->bias, (cr_vf){0});
            else
                sum[o] = sum[o] * factor + f->bias;
        }
    }
    CR_UNROLL
    for (int o = 0; o < rows; o++, out += f->columns)
        finish(s, f, x, out, sum[o]);
}

// What one input row gives to the sums of `rows` output rows; r: its number among the rows that these read.
CR_INLINE void accumulate(const cr_vf *weights, const cr_vf *value, cr_vf *sum, const int r, const int rows,
                          const int kernel, const int stride)
{
    CR_UNROLL
    for (int o = 0; o < rows; o++) {
        int i = r - o * stride;
        if (i < 0 || i >= kernel)
            continue;
        CR_UNROLL
        for (int j = 0; j < kernel; j++)
            sum[o] += weights[i * kernel + j] * value[j];
    }
}

// `rows` output rows, one vector of each; weights are vectors.
CR_INLINE void fixed_block(const cr_depthwise_strip *s, const finishing *f, const cr_vf *weights, int64_t y,
                           int64_t x, const int rows, const int kernel, const int stride)
{
    const float *from = s->from + y * stride * s->from_step + x;
    cr_vf sum[MAX_ROWS], bias = cr_repeat(s->row_factor ? 0 : s->bias);
    int64_t from_step = s->from_step;
    CR_UNROLL
    for (int o = 0; o < rows; o++)
        sum[o] = bias;
    CR_UNROLL
    for (int r = 0; r < (rows - 1) * stride + kernel; r++) {
        cr_vf value[5];
        CR_UNROLL
        for (int j = 0; j < kernel; j++)
            value[j] = cr_keep(cr_load(from + s->column[j]));
        accumulate(weights, value, sum, r, rows, kernel, stride);
        from += from_step;
    }
    finish_rows(s, f, y, x, rows, sum);
}

// Any window: a load for every product.
CR_INLINE void free_block(const cr_depthwise_strip *s, const finishing *f, int64_t y, int64_t x,
                          const int rows)
{
    const float *from = s->from + y * s->stride * s->from_step + x, *w = s->weights;
    int64_t row_step = s->stride * s->from_step;
    cr_vf sum[MAX_ROWS];
    CR_UNROLL
    for (int o = 0; o < rows; o++)
        sum[o] = cr_repeat(s->row_factor ? 0 : s->bias);
    for (int64_t i = 0; i < s->kernel_h; i++, w += s->kernel_w, from += s->dilation * s->from_step) {
        for (int64_t j = 0; j < s->kernel_w; j++) {
            CR_UNROLL
            for (int o = 0; o < rows; o++)
                sum[o] += w[j] * cr_load(from + o * row_step + s->column[j]);
        }
    }
    finish_rows(s, f, y, x, rows, sum);
}

// kernel 0: any. The last vectors of the rows come first.
CR_INLINE void band(const cr_depthwise_strip *s, const finishing *f, const cr_vf *weights, int64_t y,
                    const int rows, const int kernel, const int stride)
{
    int64_t last = (s->columns - 1) / CR_VECTOR * CR_VECTOR;
    for (int64_t i = 0, x = last; i <= last; i += CR_VECTOR, x = i - CR_VECTOR) {
        if (kernel)
            fixed_block(s, f, weights, y, x, rows, kernel, stride);
        else
            free_block(s, f, y, x, rows);
    }
}

CR_INLINE void bands(const cr_depthwise_strip *s, const int kernel, const int stride)
{
    finishing f = finishing_of(s);
    cr_vf weights[25];
    int64_t y = 0;
    CR_UNROLL
    for (int t = 0; t < kernel * kernel; t++)
        weights[t] = cr_repeat(s->weights[t]);
    for (; y + MAX_ROWS <= s->rows; y += MAX_ROWS)
        band(s, &f, weights, y, MAX_ROWS, kernel, stride);
    switch (s->rows - y) {
    case 3:
        band(s, &f, weights, y, 3, kernel, stride);
        break;
    case 2:
        band(s, &f, weights, y, 2, kernel, stride);
        break;
    case 1:
        band(s, &f, weights, y, 1, kernel, stride);
        break;
    }
}

static void run(const cr_depthwise_strip *s)
{
    int64_t kernel = s->kernel_h == s->kernel_w && s->dilation == 1 ? s->kernel_h : 0;
    if (kernel == 3 && s->stride == 1)
        bands(s, 3, 1);
    else if (kernel == 3 && s->stride == 2)
        bands(s, 3, 2);
    else if (kernel == 5 && s->stride == 1)
        bands(s, 5, 1);
    else if (kernel == 5 && s->stride == 2)
        bands(s, 5, 2);
    else
        bands(s, 0, 0);
}

/* ---- the sums, straight from the input ---- */

// What all blocks of a strip share.
typedef struct line {
    bool left_pad, right_pad;
    int64_t last, lanes;  // of a row: its last vector, and how many outputs that has
    cr_vi end;            // the last of them
    const float *outside; // a float
    int64_t left, right;  // columns, from the one in the middle of output 0 on; or CR_TAP_OUTSIDE
    bool left_outside, right_outside;
} line;

CR_INLINE cr_vf read_edge(const line *l, const float *row, bool outside, int64_t column)
{
    return cr_repeat(outside ? *l->outside : row[column]);
}

// What the three column taps of the outputs from x on read. row: at the middle tap of output 0; first, last: of the
// blocks of a row, where there is something outside.
CR_INLINE void read_line(const line *l, const float *row, int64_t x, cr_vf value[3], const int stride,
                         const bool first, const bool last)
{
    const float *at = row + x * stride;
    if (stride == 1) {
        value[1] = cr_keep(cr_load(at));
        value[2] = cr_keep(cr_load(at + 1));
    } else {
        // The second vector is read only if something in it is wanted.
        cr_vf low = cr_load(at), high = low;
        if (!last || l->lanes > CR_VECTOR / 2)
            high = cr_load(at + CR_VECTOR);
        value[1] = cr_even(low, high);
        value[2] = cr_odd(low, high);
    }
    if (last && l->right_pad)
        value[2] = cr_select(l->end, read_edge(l, row, l->right_outside, l->right), value[2]);
    if (first)
        value[0] = cr_up(stride == 1 ? value[1] : value[2], read_edge(l, row, l->left_outside, l->left));
    else
        value[0] = stride == 1 ? cr_keep(cr_load(at - 1)) : cr_up(value[2], cr_repeat(at[-1]));
}

CR_INLINE void direct_block(const cr_depthwise_strip *s, const finishing *f, const line *l,
                            const cr_vf *weights, const float *const *row, int64_t y, int64_t x,
                            const int rows, const int stride, const bool first, const bool last)
{
    cr_vf sum[DIRECT_ROWS], bias = cr_repeat(f->row_factor ? 0 : f->bias);
    CR_UNROLL
    for (int o = 0; o < rows; o++)
        sum[o] = bias;
    CR_UNROLL
    for (int r = 0; r < (rows - 1) * stride + 3; r++) {
        cr_vf value[3];
        read_line(l, row[r], x, value, stride, first, last);
        accumulate(weights, value, sum, r, rows, 3, stride);
    }
    finish_rows(s, f, y, x, rows, sum);
}

CR_INLINE void direct_band(const cr_depthwise_strip *s, const finishing *f, const line *l,
                           const cr_vf *weights, int64_t y, const int rows, const int stride)
{
    const float *row[2 * DIRECT_ROWS + 1];
    int64_t middle = l->left_pad ? 0 : 1, x = 0;
    CR_UNROLL
    for (int r = 0; r < (rows - 1) * stride + 3; r++) {
        int32_t at = s->row_map[y * stride + r];
        row[r] = (at == CR_TAP_OUTSIDE ? s->outside_row : s->channel + at * s->in_step) + middle;
    }
    if (l->last == 0 && l->left_pad) {
        direct_block(s, f, l, weights, row, y, 0, rows, stride, true, true);
        return;
    }
    direct_block(s, f, l, weights, row, y, l->last, rows, stride, false, true);
    if (l->left_pad) {
        direct_block(s, f, l, weights, row, y, 0, rows, stride, true, false);
        x = CR_VECTOR;
    }
    for (; x < l->last; x += CR_VECTOR)
        direct_block(s, f, l, weights, row, y, x, rows, stride, false, false);
}

static line line_of(const cr_depthwise_strip *s)
{
    line l = {.left_pad = s->left_pad, .right_pad = s->right_pad, .outside = s->outside_row};
    int64_t middle = s->left_pad ? 0 : 1;
    l.last = (s->columns - 1) / CR_VECTOR * CR_VECTOR;
    l.lanes = s->columns - l.last;
    for (int i = 0; i < CR_VECTOR; i++)
        l.end[i] = i;
    l.end = l.end == (cr_vi){0} + (int32_t)(l.lanes - 1);
    l.left = s->left - middle;
    l.right = s->right - middle;
    l.left_outside = s->left == CR_TAP_OUTSIDE;
    l.right_outside = s->right == CR_TAP_OUTSIDE;
    return l;
}

CR_INLINE void direct_bands(const cr_depthwise_strip *s, const int stride)
{
    finishing f = finishing_of(s);
    line l = line_of(s);
    cr_vf weights[9];
    CR_UNROLL
    for (int t = 0; t < 9; t++)
        weights[t] = cr_repeat(s->weights[t]);
    int64_t y = 0;
    for (; y + DIRECT_ROWS <= s->rows; y += DIRECT_ROWS)
        direct_band(s, &f, &l, weights, y, DIRECT_ROWS, stride);
    for (; y + 4 <= s->rows; y += 4)
        direct_band(s, &f, &l, weights, y, 4, stride);
    for (; y + 2 <= s->rows; y += 2)
        direct_band(s, &f, &l, weights, y, 2, stride);
    if (y < s->rows)
        direct_band(s, &f, &l, weights, y, 1, stride);
}

static void direct(const cr_depthwise_strip *s)
{
    if (s->stride == 1)
        direct_bands(s, 1);
    else
        direct_bands(s, 2);
}

extern const cr_depthwise_kernels CR_ISA(cr_depthwise_kernels);
#if defined(__AVX512F__)
extern const cr_depthwise_kernels cr_depthwise_kernels_v3;
#define NARROW &cr_depthwise_kernels_v3
#else
#define NARROW NULL
#endif
const cr_depthwise_kernels CR_ISA(cr_depthwise_kernels) = {
    .pad = pad, .run = run, .direct = direct, .narrow = NARROW};
