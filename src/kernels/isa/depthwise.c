/*
 * depthwise.c - the padded copy of a strip, and its sums.
 *
 *     padded rows   [v0][v1][v2]     a row's vectors, one for each column tap, are loaded once and used by all
 *                   [v0][v1][v2]     output rows that read it: rows + kernel_h - 1 rows are loaded for `rows`
 *                   [v0][v1][v2]
 *
 * Vectors lie along rows. The last one of a row is written first and may spill into the next row, which is
 * written later; only at the end of the strip, and where a residual still has to be read, it is cut.
 */
#include "kernels/depthwise.h"
#include "kernels/conv.h"
#include "kernels/simd.h"

enum { MAX_ROWS = 4 };

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

CR_INLINE cr_vf activate(const cr_depthwise_strip *s, cr_vf x)
{
    if (s->activation == CR_ACT_RELU || s->activation == CR_ACT_PRELU)
        return cr_select(x < 0, x * s->slope, x);
    if (s->activation == CR_ACT_CLIP) {
        x = cr_select(x < s->min, cr_repeat(s->min), x);
        return cr_select(x > s->max, cr_repeat(s->max), x);
    }
    if (s->activation == CR_ACT_HARDSWISH) {
        cr_vf y = cr_select(x < -3, (cr_vf){0}, x + 3);
        return x * cr_select(y > 6, cr_repeat(6), y) / 6;
    }
    return x;
}

CR_INLINE void finish(const cr_depthwise_strip *s, int64_t y, int64_t x, cr_vf sum)
{
    int64_t at = y * s->columns + x;
    int64_t lanes = s->columns - x < CR_VECTOR ? s->columns - x : CR_VECTOR;
    if (s->row_factor) {
        cr_vf factor = s->row_factor[y] * cr_load(s->column_factor + x);
        sum = cr_select(factor > 0, sum * factor + s->bias, (cr_vf){0});
    }
    if (s->add) {
        sum += cr_load_some(s->add + at, lanes);
        cr_store_some(s->out + at, activate(s, sum), lanes);
    } else if (at + CR_VECTOR <= s->rows * s->columns) {
        cr_store(s->out + at, activate(s, sum));
    } else {
        cr_store_some(s->out + at, activate(s, sum), lanes);
    }
}

// `rows` output rows, one vector of each; weights are vectors.
CR_INLINE void fixed_block(const cr_depthwise_strip *s, const cr_vf *weights, int64_t y, int64_t x,
                           const int rows, const int kernel, const int stride)
{
    const float *from = s->from + y * stride * s->from_step + x;
    cr_vf sum[MAX_ROWS];
    CR_UNROLL
    for (int o = 0; o < rows; o++)
        sum[o] = cr_repeat(s->row_factor ? 0 : s->bias);
    CR_UNROLL
    for (int r = 0; r < (rows - 1) * stride + kernel; r++) {
        cr_vf value[5];
        CR_UNROLL
        for (int j = 0; j < kernel; j++)
            value[j] = cr_load(from + s->column[j]);
        CR_UNROLL
        for (int o = 0; o < rows; o++) {
            int i = r - o * stride;
            if (i < 0 || i >= kernel)
                continue;
            CR_UNROLL
            for (int j = 0; j < kernel; j++)
                sum[o] += weights[i * kernel + j] * value[j];
        }
        from += s->from_step;
    }
    CR_UNROLL
    for (int o = 0; o < rows; o++)
        finish(s, y + o, x, sum[o]);
}

// Any window: a load for every product.
CR_INLINE void free_block(const cr_depthwise_strip *s, int64_t y, int64_t x, const int rows)
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
    CR_UNROLL
    for (int o = 0; o < rows; o++)
        finish(s, y + o, x, sum[o]);
}

// kernel 0: any.
CR_INLINE void band(const cr_depthwise_strip *s, const cr_vf *weights, int64_t y, const int rows,
                    const int kernel, const int stride)
{
    int64_t last = (s->columns - 1) / CR_VECTOR * CR_VECTOR;
    for (int64_t i = 0, x = last; i <= last; i += CR_VECTOR, x = i - CR_VECTOR) {
        if (kernel)
            fixed_block(s, weights, y, x, rows, kernel, stride);
        else
            free_block(s, y, x, rows);
    }
}

CR_INLINE void bands(const cr_depthwise_strip *s, const int kernel, const int stride)
{
    cr_vf weights[25];
    int64_t y = 0;
    CR_UNROLL
    for (int t = 0; t < kernel * kernel; t++)
        weights[t] = cr_repeat(s->weights[t]);
    for (; y + MAX_ROWS <= s->rows; y += MAX_ROWS)
        band(s, weights, y, MAX_ROWS, kernel, stride);
    switch (s->rows - y) {
    case 3:
        band(s, weights, y, 3, kernel, stride);
        break;
    case 2:
        band(s, weights, y, 2, kernel, stride);
        break;
    case 1:
        band(s, weights, y, 1, kernel, stride);
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

extern const cr_depthwise_kernels CR_ISA(cr_depthwise_kernels);
#if defined(__AVX512F__)
extern const cr_depthwise_kernels cr_depthwise_kernels_v3;
#define NARROW &cr_depthwise_kernels_v3
#else
#define NARROW NULL
#endif
const cr_depthwise_kernels CR_ISA(cr_depthwise_kernels) = {.pad = pad, .run = run, .narrow = NARROW};
