/*
 * depthwise_blocked.c - sums of windows over rows of positions, each of which is a block of channels.
 *
 *     input row     [v][v][v][v][v][v][v][v][v]     each vector is loaded once for a kernel's row, and goes with each
 *                     \ | /                         of its weights into another of the sums, which are registers
 *     sums               [s][s][s][s][s][s][s]
 *
 * Where all taps are inside, vectors are read one after the other; elsewhere the window's table says where each of
 * them is. Rows are picked by number, too; one outside is a row like the others. A block is one vector or several:
 * several take turns, row by row.
 */
#include "kernels/depthwise_blocked.h"
#include "kernels/kernels.h"
#include "kernels/simd.h"

// Common maps are 7, 14, 28, ... positions wide.
enum { COLUMNS = 7, MAX_KERNEL = 5 };

// What is at work: a row, and the part of the block that is one vector.
typedef struct line {
    const cr_depthwise_rows *s;
    int64_t y, part;
    const float *in, *outside, *weights; // at the part
    const float *row[MAX_KERNEL];        // of each row tap; kernels of fixed sizes
    float row_factor;
    bool simple; // nothing but a clamp is to be done
    cr_vf bias, min, max;
} line;

/* ---- what is done to sums on their way out ---- */

static __attribute__((noinline)) void finish_rest(const line *l, int64_t x, const cr_vf *sum, int64_t columns)
{
    const cr_depthwise_rows *s = l->s;
    int64_t at = (l->y * s->w->out + x) * CR_BLOCK + l->part;
    for (int64_t c = 0; c < columns; c++, at += CR_BLOCK) {
        cr_vf v = sum[c];
        if (s->add)
            v += cr_load(s->add + at);
        if (s->activation == CR_ACT_HARDSWISH) {
            cr_vf clipped = cr_select(v < -3, (cr_vf){0}, v + 3);
            v *= cr_select(clipped > 6, cr_repeat(6), clipped) / 6;
        } else if (s->activation == CR_ACT_RELU || s->activation == CR_ACT_PRELU) {
            v = cr_select(v < 0, v * cr_load(s->slopes + l->part), v);
        } else {
            v = cr_min(l->max, cr_max(l->min, v));
        }
        cr_store(s->out + at, v);
    }
}

CR_INLINE void finish(const line *l, int64_t x, cr_vf *sum, const int columns, const bool inner)
{
    const cr_depthwise_rows *s = l->s;
    if (s->partial) {
        CR_UNROLL
        for (int c = 0; c < columns; c++) {
            float factor = l->row_factor * (inner ? 1 : s->w->factor[x + c]);
            sum[c] = factor > 0 ? sum[c] * factor + l->bias : (cr_vf){0};
        }
    }
    if (!l->simple) {
        cr_vf copy[COLUMNS];
        CR_UNROLL
        for (int c = 0; c < columns; c++)
            copy[c] = sum[c];
        finish_rest(l, x, copy, columns);
        return;
    }
    float *out = s->out + (l->y * s->w->out + x) * CR_BLOCK + l->part;
    CR_UNROLL
    for (int c = 0; c < columns; c++)
        cr_store(out + c * CR_BLOCK, cr_min(l->max, cr_max(l->min, sum[c])));
}

/* ---- sums ---- */

// What tap j of output column o reads in a row.
CR_INLINE cr_vf read(const line *l, const float *row, int64_t o, int64_t j)
{
    int64_t at = l->s->w->index[0][j * l->s->w->out + o];
    return cr_load(at == CR_TAP_OUTSIDE ? l->outside : row + at * CR_BLOCK);
}

// `columns` outputs from x on; inner: all their taps are inside.
CR_INLINE void fixed_block(const line *l, const cr_vf *weights, int64_t x, const int columns,
                           const int kernel, const int stride, const bool inner)
{
    int64_t first = (x * stride - l->s->w->pad_before[0]) * CR_BLOCK;
    cr_vf sum[COLUMNS], start = l->s->partial ? (cr_vf){0} : l->bias;
    CR_UNROLL
    for (int c = 0; c < columns; c++)
        sum[c] = start;
    CR_UNROLL
    for (int i = 0; i < kernel; i++) {
        CR_UNROLL
        for (int t = 0; t < (columns - 1) * stride + kernel; t++) {
            int c0 = t / stride < columns ? t / stride : columns - 1;
            cr_vf value = cr_keep(inner ? cr_load(l->row[i] + first + t * CR_BLOCK)
                                        : read(l, l->row[i], x + c0, t - c0 * stride));
            CR_UNROLL
            for (int j = 0; j < kernel; j++)
                if (t >= j && (t - j) % stride == 0 && (t - j) / stride < columns)
                    sum[(t - j) / stride] += weights[i * kernel + j] * value;
        }
    }
    finish(l, x, sum, columns, inner);
}

// Any window: a load for every product.
CR_INLINE void free_block(const line *l, int64_t x, const int columns, const bool inner)
{
    const cr_axis *h = l->s->h, *w = l->s->w;
    int64_t first = (x * w->stride - w->pad_before[0]) * CR_BLOCK;
    const float *weights = l->weights;
    cr_vf sum[COLUMNS], start = l->s->partial ? (cr_vf){0} : l->bias;
    CR_UNROLL
    for (int c = 0; c < columns; c++)
        sum[c] = start;
    for (int64_t i = 0; i < h->kernel; i++) {
        int64_t at = h->index[0][i * h->out + l->y];
        const float *row = at == CR_TAP_OUTSIDE ? l->s->outside + l->part : l->in + at * w->in * CR_BLOCK;
        for (int64_t j = 0; j < w->kernel; j++, weights += CR_BLOCK) {
            cr_vf weight = cr_load(weights);
            const float *from = row + first + j * w->dilation * CR_BLOCK;
            CR_UNROLL
            for (int c = 0; c < columns; c++)
                sum[c] +=
                    weight * (inner ? cr_load(from + c * w->stride * CR_BLOCK) : read(l, row, x + c, j));
        }
    }
    finish(l, x, sum, columns, inner);
}

CR_INLINE void block(const line *l, const cr_vf *weights, int64_t x, const int columns, const int kernel,
                     const int stride, const bool inner)
{
    if (kernel)
        fixed_block(l, weights, x, columns, kernel, stride, inner);
    else
        free_block(l, x, columns, inner);
}

CR_INLINE void run_line(const line *l, const cr_vf *weights, const int kernel, const int stride)
{
    const cr_axis *w = l->s->w;
    int64_t x = 0;
    for (; x + COLUMNS <= w->out; x += COLUMNS) {
        if (x >= w->inner_begin && x + COLUMNS <= w->inner_end)
            block(l, weights, x, COLUMNS, kernel, stride, true);
        else
            block(l, weights, x, COLUMNS, kernel, stride, false);
    }
    if (w->out - x >= 4) {
        block(l, weights, x, 4, kernel, stride, false);
        x += 4;
    }
    if (w->out - x >= 2) {
        block(l, weights, x, 2, kernel, stride, false);
        x += 2;
    }
    if (w->out > x)
        block(l, weights, x, 1, kernel, stride, false);
}

CR_INLINE void set_row(line *l, int64_t y, const int kernel)
{
    const cr_depthwise_rows *s = l->s;
    const cr_axis *h = s->h;
    l->y = y;
    l->row_factor = h->factor ? h->factor[y] : 1;
    CR_UNROLL
    for (int i = 0; i < kernel; i++) {
        int64_t at = h->index[0][i * h->out + y];
        l->row[i] = at == CR_TAP_OUTSIDE ? l->outside : l->in + at * s->w->in * CR_BLOCK;
    }
}

// kernel 0: any.
CR_INLINE void run_as(const cr_depthwise_rows *s, const int kernel, const int stride)
{
    for (int64_t y = s->row_begin; y < s->row_end; y++)
        for (int64_t part = 0; part < CR_BLOCK; part += CR_VECTOR) {
            line l = {.s = s, .part = part, .in = s->in + part};
            l.outside = s->outside + part;
            l.weights = s->weights + part;
            l.bias = cr_load(s->bias + part);
            l.min = cr_repeat(s->min);
            l.max = cr_repeat(s->max);
            l.simple = !s->add && (s->activation == CR_ACT_NONE || s->activation == CR_ACT_CLIP);
            cr_vf weights[MAX_KERNEL * MAX_KERNEL];
            CR_UNROLL
            for (int t = 0; t < kernel * kernel; t++)
                weights[t] = cr_load(l.weights + t * CR_BLOCK);
            set_row(&l, y, kernel);
            run_line(&l, weights, kernel, stride);
        }
}

static void run(const cr_depthwise_rows *s)
{
    const cr_axis *h = s->h, *w = s->w;
    bool square = h->kernel == w->kernel && h->dilation == 1 && w->dilation == 1;
    int64_t kernel = square ? w->kernel : 0, stride = w->stride;
    if (kernel == 3 && stride == 1)
        run_as(s, 3, 1);
    else if (kernel == 3 && stride == 2)
        run_as(s, 3, 2);
    else if (kernel == 5 && stride == 1)
        run_as(s, 5, 1);
    else if (kernel == 5 && stride == 2)
        run_as(s, 5, 2);
    else
        run_as(s, 0, 0);
}

extern const cr_depthwise_blocked_kernels CR_ISA(cr_depthwise_blocked_kernels);
const cr_depthwise_blocked_kernels CR_ISA(cr_depthwise_blocked_kernels) = {.run = run};
