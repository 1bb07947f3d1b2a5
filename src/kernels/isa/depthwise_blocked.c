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

#include <math.h>

// Common maps are 7, 14, 28, ... positions wide.
enum { COLUMNS = 7, MAX_KERNEL = 5 };

// What is at work: a row, and the part of the block that is one vector.
typedef struct line {
    const cr_depthwise_rows *s;
    int64_t y, part;
    const float *in, *outside, *weights, *bias; // at the part
    const float *row[MAX_KERNEL];               // of each row tap; kernels of fixed sizes
    float *out;                                 // of the row
    float row_factor, min, max;
    bool simple, floor, ceiling; // simple: nothing but a clamp is to be done
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
            v = cr_min(cr_repeat(l->max), cr_max(cr_repeat(l->min), v));
        }
        cr_store(s->out + at, v);
    }
}

CR_INLINE void finish(const line *l, int64_t x, cr_vf *sum, const int columns, const bool inner)
{
    const cr_depthwise_rows *s = l->s;
    if (s->partial) {
        cr_vf bias = cr_load(l->bias);
        CR_UNROLL
        for (int c = 0; c < columns; c++) {
            float factor = l->row_factor * (inner ? 1 : s->w->factor[x + c]);
            sum[c] = factor > 0 ? sum[c] * factor + bias : (cr_vf){0};
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
    float *out = l->out + x * CR_BLOCK;
    if (l->floor) {
        CR_UNROLL
        for (int c = 0; c < columns; c++)
            sum[c] = cr_max(cr_repeat(l->min), sum[c]);
    }
    if (l->ceiling) {
        CR_UNROLL
        for (int c = 0; c < columns; c++)
            sum[c] = cr_min(cr_repeat(l->max), sum[c]);
    }
    CR_UNROLL
    for (int c = 0; c < columns; c++)
        cr_store(out + c * CR_BLOCK, sum[c]);
}

/* ---- sums ---- */

// A column that may be outside, as an address in two parts: that of a row counts where `follow` is all ones, not 0.
typedef struct edge {
    uintptr_t rest, follow;
} edge;

CR_INLINE edge edge_of(const line *l, int64_t o, int64_t j)
{
    int64_t at = l->s->w->index[0][j * l->s->w->out + o];
    uintptr_t follow = (uintptr_t) ~(at >> 63), outside = (uintptr_t)l->outside;
    uintptr_t inside = (uintptr_t)(at * CR_BLOCK * (int64_t)sizeof(float));
    return (edge){outside ^ ((inside ^ outside) & follow), follow};
}

CR_INLINE const float *follow(edge e, const float *row)
{
    return (const float *)(e.rest + ((uintptr_t)row & e.follow));
}

// `columns` outputs from x on. Not inner: the first and last taps, as many as reach beyond the middle one, are looked
// up.
CR_INLINE void fixed_block(const line *l, int64_t x, const int columns, const int kernel, const int stride,
                           const bool inner)
{
    const int taps = (columns - 1) * stride + kernel, edges = inner ? 0 : kernel / 2;
    const float *weights = l->weights;
    int64_t first = (x * stride - l->s->w->pad_before[0]) * CR_BLOCK;
    cr_vf sum[COLUMNS], start = l->s->partial ? (cr_vf){0} : cr_load(l->bias);
    edge before[MAX_KERNEL / 2], after[MAX_KERNEL / 2];
    CR_UNROLL
    for (int e = 0; e < edges; e++) {
        int c = e / stride < columns ? e / stride : columns - 1;
        before[e] = edge_of(l, x + c, e - c * stride);
        after[e] = edge_of(l, x + columns - 1, kernel - 1 - e);
    }
    CR_UNROLL
    for (int c = 0; c < columns; c++)
        sum[c] = start;
    CR_UNROLL
    for (int i = 0; i < kernel; i++) {
        const float *row = l->row[i];
        cr_vf weight[MAX_KERNEL];
        CR_UNROLL
        for (int j = 0; j < kernel; j++)
            weight[j] = cr_keep(cr_load(weights + (i * kernel + j) * CR_BLOCK));
        CR_UNROLL
        for (int t = 0; t < taps; t++) {
            const float *at = row + first + t * CR_BLOCK;
            if (t < edges)
                at = follow(before[t], row);
            if (taps - 1 - t < edges)
                at = follow(after[taps - 1 - t], row);
            cr_vf value = cr_keep(cr_load(at));
            CR_UNROLL
            for (int j = 0; j < kernel; j++)
                if (t >= j && (t - j) % stride == 0 && (t - j) / stride < columns)
                    sum[(t - j) / stride] += weight[j] * value;
        }
    }
    finish(l, x, sum, columns, inner);
}

// What tap j of output column o reads in a row.
CR_INLINE cr_vf read(const line *l, const float *row, int64_t o, int64_t j)
{
    int64_t at = l->s->w->index[0][j * l->s->w->out + o];
    return cr_load(at == CR_TAP_OUTSIDE ? l->outside : row + at * CR_BLOCK);
}

CR_INLINE const float *row_of(const line *l, int64_t i)
{
    const cr_axis *h = l->s->h;
    int64_t at = h->index[0][i * h->out + l->y];
    return at == CR_TAP_OUTSIDE ? l->outside : l->in + at * l->s->w->in * CR_BLOCK;
}

// Any window: a load for every product.
CR_INLINE void free_block(const line *l, int64_t x, const int columns, const bool inner)
{
    const cr_axis *h = l->s->h, *w = l->s->w;
    int64_t first = (x * w->stride - w->pad_before[0]) * CR_BLOCK;
    const float *weights = l->weights;
    cr_vf sum[COLUMNS], start = l->s->partial ? (cr_vf){0} : cr_load(l->bias);
    CR_UNROLL
    for (int c = 0; c < columns; c++)
        sum[c] = start;
    for (int64_t i = 0; i < h->kernel; i++) {
        const float *row = row_of(l, i);
        for (int64_t j = 0; j < w->kernel; j++, weights += CR_BLOCK) {
            cr_vf weight = cr_load(weights);
            const float *from = row + first + j * w->dilation * CR_BLOCK;
            CR_UNROLL
            for (int c = 0; c < columns; c++)
                sum[c] += weight * (inner ? cr_load(from + c * w->stride * CR_BLOCK) : read(l, row, x + c, j));
        }
    }
    finish(l, x, sum, columns, inner);
}

CR_INLINE void block(const line *l, int64_t x, const int columns, const int kernel, const int stride,
                     const bool inner)
{
    if (kernel)
        fixed_block(l, x, columns, kernel, stride, inner);
    else
        free_block(l, x, columns, inner);
}

/* ---- a function for every size, so that sums have names and can be registers ---- */

typedef struct blocks {
    int64_t kernel;
    void (*inner)(const line *l, int64_t x);   // COLUMNS
    void (*edge[4])(const line *l, int64_t x); // COLUMNS, 4, 2, 1
} blocks;

// clang-format off
#define INNER(k, s) static void CR_ISA(inner_##k##_##s)(const line *l, int64_t x) { block(l, x, COLUMNS, k, s, true); }
#define EDGE(k, s, c) static void CR_ISA(edge_##k##_##s##_##c)(const line *l, int64_t x) { block(l, x, c, k, s, false); }
#define BLOCKS(k, s) INNER(k, s) EDGE(k, s, 7) EDGE(k, s, 4) EDGE(k, s, 2) EDGE(k, s, 1)
#define ROW(k, s) {k, CR_ISA(inner_##k##_##s), {CR_ISA(edge_##k##_##s##_7), CR_ISA(edge_##k##_##s##_4), CR_ISA(edge_##k##_##s##_2), CR_ISA(edge_##k##_##s##_1)}}
BLOCKS(0, 0) BLOCKS(3, 1) BLOCKS(3, 2) BLOCKS(5, 1) BLOCKS(5, 2)
static const blocks any_blocks = ROW(0, 0);
static const blocks fixed_blocks[2][2] = {{ROW(3, 1), ROW(3, 2)}, {ROW(5, 1), ROW(5, 2)}};
// clang-format on

static void run_line(const line *l, const blocks *b)
{
    const cr_axis *w = l->s->w;
    int64_t x = 0;
    for (; x + COLUMNS <= w->out; x += COLUMNS) {
        bool inner = x >= w->inner_begin && x + COLUMNS <= w->inner_end;
        (inner ? b->inner : b->edge[0])(l, x);
    }
    for (int i = 1, columns = 4; i <= 3; i++, columns /= 2)
        if (w->out - x >= columns) {
            b->edge[i](l, x);
            x += columns;
        }
}

// At most half a kernel is outside on either side.
static bool has_small_edges(const cr_axis *w)
{
    int64_t behind = (w->out - 1) * w->stride + w->kernel - w->pad_before[0] - w->in;
    return w->pad_before[0] <= w->kernel / 2 && behind <= w->kernel / 2;
}

static const blocks *blocks_of(const cr_depthwise_rows *s)
{
    const cr_axis *h = s->h, *w = s->w;
    bool fixed = (w->kernel == 3 || w->kernel == 5) && w->stride <= 2;
    if (fixed && h->kernel == w->kernel && w->dilation == 1 && w->in > 0 && has_small_edges(w))
        return &fixed_blocks[w->kernel == 5][w->stride - 1];
    return &any_blocks;
}

static void run(const cr_depthwise_rows *s)
{
    const blocks *b = blocks_of(s);
    line l = {.s = s, .min = s->min, .max = s->max};
    l.simple = !s->add && (s->activation == CR_ACT_NONE || s->activation == CR_ACT_CLIP);
    l.floor = s->min > -INFINITY;
    l.ceiling = s->max < INFINITY;
    for (int64_t y = s->row_begin; y < s->row_end; y++)
        for (int64_t part = 0; part < CR_BLOCK; part += CR_VECTOR) {
            l.y = y;
            l.part = part;
            l.in = s->in + part;
            l.outside = s->outside + part;
            l.weights = s->weights + part;
            l.bias = s->bias + part;
            l.out = s->out + y * s->w->out * CR_BLOCK + part;
            l.row_factor = s->h->factor ? s->h->factor[y] : 1;
            for (int64_t i = 0; i < b->kernel; i++)
                l.row[i] = row_of(&l, i);
            run_line(&l, b);
        }
}

extern const cr_depthwise_blocked_kernels CR_ISA(cr_depthwise_blocked_kernels);
const cr_depthwise_blocked_kernels CR_ISA(cr_depthwise_blocked_kernels) = {.run = run};
