/*
 * depthwise_blocked.c - sums of windows over rows of positions, each of which is a block of channels.
 *
 *     input row     [v][v][v][v][v][v][v][v][v]     each vector is loaded once for a kernel's row (or for two output
 *                     \ | /                         rows), and goes with each of its weights into another of the
 *     sums               [s][s][s][s][s][s][s]      sums, which are registers
 *
 * A row is cut into runs of up to 7 columns. Where all taps of a run are inside, its vectors are read one after the
 * other. Else that holds but for the first and last, which cr_window's table looks up: of the common windows, at most
 * half is outside. All others look up every tap. A row outside is a row like the others. A block is one vector or
 * several: several take turns, row by row.
 */
#include "kernels/depthwise_blocked.h"
#include "kernels/kernels.h"
#include "kernels/simd_activation.h"

#include <math.h>

// Common maps are 7, 14, 28, ... positions wide. Two rows need the registers of 512 bits or NEON.
enum { COLUMNS = 7, MAX_KERNEL = 5, MAX_ROWS = 2, PAIRS = CR_REGISTERS == 32 };

// What is at work: a row or two, and the part of the block that is one vector.
typedef struct line {
    const cr_depthwise_rows *s;
    int64_t y, part;
    const float *in, *outside, *weights, *bias; // at the part
    const float *row[MAX_KERNEL];               // fixed windows: what the output rows read
    float *out;                                 // of the first row
    float row_factor[MAX_ROWS], min, max;
    const float *slope;          // RELU, PRELU; else NULL
    bool simple, floor, ceiling; // simple: what is done to sums can be done in registers
} line;

/* ---- what is done to sums on their way out ---- */

static cr_vf activate(const line *l, cr_vf x)
{
    switch (l->s->activation) {
    case CR_ACT_RELU:
    case CR_ACT_PRELU:
        return cr_leaky_by(x, cr_load(l->slope));
    case CR_ACT_HARDSWISH:
        return cr_hardswish(x);
    default:
        return cr_min(cr_repeat(l->max), cr_max(cr_repeat(l->min), x));
    }
}

// Of row y + o.
static __attribute__((noinline)) void finish_rest(const line *l, int64_t o, int64_t x, const cr_vf *sum,
                                                  int64_t columns)
{
    const cr_axis *w = l->s->w;
    cr_vf bias = cr_load(l->bias);
    int64_t at = ((l->y + o) * w->out + x) * CR_BLOCK + l->part;
    for (int64_t c = 0; c < columns; c++, at += CR_BLOCK) {
        cr_vf v = sum[c];
        if (l->s->partial) {
            float factor = l->row_factor[o] * (w->factor ? w->factor[x + c] : 1);
            v = cr_apply_factor(cr_repeat(factor), v, bias);
        }
        if (l->s->add)
            v += cr_load(l->s->add + at);
        cr_store(l->s->out + at, activate(l, v));
    }
}

// border: how many columns on either side may have factors of their own.
CR_INLINE void scale(const line *l, int64_t o, int64_t x, cr_vf *v, const int columns, const int border)
{
    float row = l->row_factor[o];
    cr_vf bias = cr_load(l->bias);
    CR_UNROLL
    for (int c = 0; c < columns; c++) {
        if (c < border || columns - 1 - c < border)
            v[c] = v[c] * (row * l->s->w->factor[x + c]) + bias;
        else
            v[c] = row == 1 ? v[c] + bias : v[c] * row + bias; // additions cost nothing where products are
    }
}

CR_INLINE void finish(const line *l, int64_t o, int64_t x, cr_vf *v, const int columns, const int border)
{
    if (!l->simple) {
        cr_vf memory[COLUMNS];
        CR_UNROLL
        for (int c = 0; c < columns; c++)
            memory[c] = v[c];
        finish_rest(l, o, x, memory, columns);
        return;
    }
    if (l->s->partial)
        scale(l, o, x, v, columns, border);
    if (l->floor) {
        CR_UNROLL
        for (int c = 0; c < columns; c++)
            v[c] = cr_max(cr_repeat(l->min), v[c]);
    }
    if (l->ceiling) {
        CR_UNROLL
        for (int c = 0; c < columns; c++)
            v[c] = cr_min(cr_repeat(l->max), v[c]);
    }
    if (l->slope) {
        CR_UNROLL
        for (int c = 0; c < columns; c++)
            v[c] = cr_leaky_by(v[c], cr_load(l->slope));
    }
    float *out = l->out + (o * l->s->w->out + x) * CR_BLOCK;
    CR_UNROLL
    for (int c = 0; c < columns; c++)
        cr_store(out + c * CR_BLOCK, v[c]);
}

/* ---- sums ---- */

CR_INLINE const float *row_of(const line *l, int64_t y, int64_t i)
{
    const cr_axis *h = l->s->h;
    int64_t at = h->index[0][i * h->out + y];
    return at == CR_TAP_OUTSIDE ? l->outside : l->in + at * l->s->w->in * CR_BLOCK;
}

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

// A vector of an input row, tap t of the first column, into the sums of one output row.
CR_INLINE void accumulate(const cr_vf *weights, cr_vf value, cr_vf *sum, const int t, const int columns,
                          const int kernel, const int stride)
{
    CR_UNROLL
    for (int j = 0; j < kernel; j++)
        if (t >= j && (t - j) % stride == 0 && (t - j) / stride < columns)
            sum[(t - j) / stride] += weights[j] * value;
}

// Outputs of `columns` columns from x on. Not inner: the first and last taps are looked up, as many as are before or
// behind the middle one of a window.
CR_INLINE void fixed_block(const line *l, int64_t x, const int rows, const int columns, const int kernel,
                           const int stride, const bool inner)
{
    const int taps = (columns - 1) * stride + kernel, edges = inner ? 0 : kernel / 2;
    int64_t first = (x * stride - l->s->w->pad_before[0]) * CR_BLOCK;
    cr_vf sum[MAX_ROWS][COLUMNS], start = l->s->partial ? (cr_vf){0} : cr_load(l->bias);
    cr_vf weights[MAX_KERNEL * MAX_KERNEL];
    edge before[MAX_KERNEL / 2], after[MAX_KERNEL / 2];
    CR_UNROLL
    for (int e = 0; e < edges; e++) {
        int c = e / stride < columns ? e / stride : columns - 1;
        before[e] = edge_of(l, x + c, e - c * stride);
        after[e] = edge_of(l, x + columns - 1, kernel - 1 - e);
    }
    CR_UNROLL
    for (int c = 0; c < rows * columns; c++)
        sum[c / columns][c % columns] = start;
    CR_UNROLL
    for (int r = 0; r < (rows - 1) * stride + kernel; r++) {
        CR_UNROLL
        for (int j = 0; j < kernel && r < kernel; j++)
            weights[r * kernel + j] = cr_keep(cr_load(l->weights + (r * kernel + j) * CR_BLOCK));
        CR_UNROLL
        for (int t = 0; t < taps; t++) {
            const float *at = l->row[r] + first + t * CR_BLOCK;
            if (t < edges)
                at = follow(before[t], l->row[r]);
            if (taps - 1 - t < edges)
                at = follow(after[taps - 1 - t], l->row[r]);
            cr_vf value = cr_keep(cr_load(at));
            CR_UNROLL
            for (int o = 0; o < rows; o++)
                if (r >= o * stride && r - o * stride < kernel)
                    accumulate(weights + (r - o * stride) * kernel, value, sum[o], t, columns, kernel,
                               stride);
        }
    }
    CR_UNROLL
    for (int o = 0; o < rows; o++)
        finish(l, o, x, sum[o], columns, (edges + stride - 1) / stride);
}

// What tap j of output column o reads in a row.
CR_INLINE cr_vf read(const line *l, const float *row, int64_t o, int64_t j)
{
    int64_t at = l->s->w->index[0][j * l->s->w->out + o];
    return cr_load(at == CR_TAP_OUTSIDE ? l->outside : row + at * CR_BLOCK);
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
        const float *row = row_of(l, l->y, i);
        for (int64_t j = 0; j < w->kernel; j++, weights += CR_BLOCK) {
            cr_vf weight = cr_load(weights);
            const float *from = row + first + j * w->dilation * CR_BLOCK;
            CR_UNROLL
            for (int c = 0; c < columns; c++)
                sum[c] +=
                    weight * (inner ? cr_load(from + c * w->stride * CR_BLOCK) : read(l, row, x + c, j));
        }
    }
    finish(l, 0, x, sum, columns, COLUMNS);
}

CR_INLINE void block(const line *l, int64_t x, const int rows, const int columns, const int kernel,
                     const int stride, const bool inner)
{
    if (kernel)
        fixed_block(l, x, rows, columns, kernel, stride, inner);
    else
        free_block(l, x, columns, inner);
}

/* ---- a function for every size, so that sums have names and can be registers ---- */

typedef void (*block_fn)(const line *l, int64_t x);

// r rows, a kernel of k (0: any), stride s, c columns.
// clang-format off
#define INNER(r, k, s) static void CR_ISA(inner_##r##k##s)(const line *l, int64_t x) { block(l, x, r, COLUMNS, k, s, true); }
#define EDGE(r, k, s, c) static void CR_ISA(edge_##r##k##s##c)(const line *l, int64_t x) { block(l, x, r, c, k, s, false); }
#define BLOCKS(r, k, s) INNER(r, k, s) EDGE(r, k, s, 1) EDGE(r, k, s, 2) EDGE(r, k, s, 3) EDGE(r, k, s, 4) EDGE(r, k, s, 5) EDGE(r, k, s, 6) EDGE(r, k, s, 7)
#define ROW(r, k, s) {CR_ISA(inner_##r##k##s), CR_ISA(edge_##r##k##s##1), CR_ISA(edge_##r##k##s##2), CR_ISA(edge_##r##k##s##3), CR_ISA(edge_##r##k##s##4), CR_ISA(edge_##r##k##s##5), CR_ISA(edge_##r##k##s##6), CR_ISA(edge_##r##k##s##7)}
BLOCKS(1, 0, 0) BLOCKS(1, 3, 1) BLOCKS(1, 3, 2) BLOCKS(1, 5, 1) BLOCKS(1, 5, 2)
#if defined(__AVX512F__) || defined(__aarch64__)
BLOCKS(2, 3, 1) BLOCKS(2, 3, 2)
#endif
    // clang-format on

    // A function for inner runs, and one for any run of each size.
    static const block_fn any_window[1 + COLUMNS] = ROW(1, 0, 0);
static const block_fn fixed_windows[2][2][1 + COLUMNS] = {{ROW(1, 3, 1), ROW(1, 3, 2)},
                                                          {ROW(1, 5, 1), ROW(1, 5, 2)}};
#if defined(__AVX512F__) || defined(__aarch64__)
static const block_fn pairs[2][1 + COLUMNS] = {ROW(2, 3, 1), ROW(2, 3, 2)};
#else
static const block_fn pairs[2][1 + COLUMNS];
#endif

// The last columns are shared out evenly.
static void run_line(const line *l, const block_fn *blocks)
{
    const cr_axis *w = l->s->w;
    for (int64_t x = 0, columns; x < w->out; x += columns) {
        int64_t rest = w->out - x;
        columns = rest >= 2 * COLUMNS ? COLUMNS : rest > COLUMNS ? (rest + 1) / 2 : rest;
        bool inner = columns == COLUMNS && x >= w->inner_begin && x + COLUMNS <= w->inner_end;
        blocks[inner ? 0 : columns](l, x);
    }
}

// At most half a kernel is outside on either side.
static bool has_small_edges(const cr_axis *w)
{
    int64_t behind = (w->out - 1) * w->stride + w->kernel - w->pad_before[0] - w->in;
    return w->in > 0 && w->pad_before[0] <= w->kernel / 2 && behind <= w->kernel / 2;
}

static bool is_fixed(const cr_axis *h, const cr_axis *w)
{
    return (w->kernel == 3 || w->kernel == 5) && w->stride <= 2 && w->dilation == 1 &&
           h->kernel == w->kernel && has_small_edges(w);
}

static void set_rows(line *l, int64_t y, int64_t rows, bool fixed)
{
    const cr_depthwise_rows *s = l->s;
    l->y = y;
    l->simple = !s->add && s->activation != CR_ACT_HARDSWISH && !(s->partial && !fixed);
    for (int64_t o = 0; o < rows; o++) {
        l->row_factor[o] = s->h->factor ? s->h->factor[y + o] : 1;
        if (s->partial && !(l->row_factor[o] > 0))
            l->simple = false;
        for (int64_t i = 0; i < s->h->kernel && fixed; i++)
            l->row[o * s->h->stride + i] = row_of(l, y + o, i);
    }
}

static void run(const cr_depthwise_rows *s)
{
    const cr_axis *h = s->h, *w = s->w;
    line l = {.s = s, .min = s->min, .max = s->max};
    bool fixed = is_fixed(h, w),
         pair = PAIRS && fixed && w->kernel == 3 && h->stride == w->stride && h->dilation == 1;
    const block_fn *one = fixed ? fixed_windows[w->kernel == 5][w->stride - 1] : any_window;
    bool sloped = s->activation == CR_ACT_RELU || s->activation == CR_ACT_PRELU;
    l.floor = s->min > -INFINITY;
    l.ceiling = s->max < INFINITY;
    for (int64_t y = s->row_begin, rows; y < s->row_end; y += rows) {
        rows = pair && s->row_end - y > 1 ? 2 : 1;
        for (int64_t part = 0; part < CR_BLOCK; part += CR_VECTOR) {
            l.part = part;
            l.in = s->in + part;
            l.outside = s->outside + part;
            l.weights = s->weights + part;
            l.bias = s->bias + part;
            l.out = s->out + y * w->out * CR_BLOCK + part;
            l.slope = sloped ? s->slopes + part : NULL;
            set_rows(&l, y, rows, fixed);
            run_line(&l, rows == 2 ? pairs[w->stride - 1] : one);
        }
    }
}

extern const cr_depthwise_blocked_kernels CR_ISA(cr_depthwise_blocked_kernels);
const cr_depthwise_blocked_kernels CR_ISA(cr_depthwise_blocked_kernels) = {.run = run};
