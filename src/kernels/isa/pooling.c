/*
 * pooling.c - MAX and AVE pooling of one channel.
 *
 *   strip   windows of 2x2 or 3x3, stride 1 or 2: a vector of outputs walks down the channel. The window's columns
 *           are folded as they are loaded, and a folded row waits in a register for the next outputs that want it.
 *           Only strips at the border ask which lanes are inside.
 *
 *             row y     [taps]-+
 *             row y+1   [taps]-+-fold-> out row o
 *             row y+2   [taps]-+------> out row o+1 begins with this one
 *
 *           Where a padding mode puts values outside, the rows that some outputs want are copied, pads and all,
 *           through the window's tables; then no strip is at a border.
 *
 *   flat    windows as wide as the channel (global pooling): they are contiguous.
 *   line    anything else: rows fold down into a line, which has the pads at its ends, then the line along itself.
 *
 *             pads | folded rows | pads      pads hold what changes nothing, or what the padding mode says
 */
#include "kernels/pooling.h"
#include "kernels/simd.h"

#include <float.h>

enum {
    LOADS = 3, // vectors that the taps of a row come from
    AHEAD = 8  // rows
};

CR_INLINE cr_vf identity(const cr_pooling_method method)
{
    return cr_repeat(method == CR_POOLING_MAX ? -FLT_MAX : 0);
}

CR_INLINE cr_vf fold(const cr_pooling_method method, cr_vf acc, cr_vf x)
{
    return method == CR_POOLING_MAX ? cr_max(x, acc) : acc + x;
}

/* ---- strips ---- */

// Copies of what the loop wants: the compiler thinks that every store may change what a pointer leads to.
typedef struct strip {
    const float *in; // what tap 0 of lane 0 reads in row 0, perhaps outside
    int64_t in_rows, in_width;
    int64_t top;         // the row that tap 0 of the first output reads
    float *out, *end;    // output of lane 0; where the rows at work end
    int64_t out_width;   // of a row
    int64_t lanes;       // outputs in a vector
    const float *spans;  // of the rows
    cr_vf span;          // of the columns
    cr_vi inside[LOADS]; // lanes of each load
} strip;

// Stride 2 takes the even lanes of two vectors, their odd ones, and the even ones again, moved by one lane.
CR_INLINE int64_t load_at(const int stride, int i)
{
    return stride == 1 ? i : i * CR_VECTOR;
}

CR_INLINE cr_vf tap_of(const cr_vf x[LOADS], const int stride, const int k)
{
    if (stride == 1)
        return x[k];
    if (k == 1)
        return cr_odd(x[0], x[1]);
    cr_vf even = cr_even(x[0], x[1]);
    return k == 0 ? even : cr_down(even, x[2]);
}

CR_INLINE cr_vf strip_row(const strip *s, const cr_pooling_method method, const int kernel, const int stride,
                          const bool whole, int64_t y)
{
    cr_vf acc = identity(method), x[LOADS];
    if (y < 0 || y >= s->in_rows)
        return acc;
    const float *p = s->in + y * s->in_width;
    __builtin_prefetch(p + AHEAD * s->in_width);
    if (stride == 2 && CR_VECTOR == 16)
        __builtin_prefetch(p + AHEAD * s->in_width + CR_VECTOR);
    CR_UNROLL
    for (int i = 0; i < kernel; i++)
        x[i] = !whole                  ? cr_load_lanes(p + load_at(stride, i), s->inside[i], identity(method))
               : i == 2 && stride == 2 ? cr_repeat(p[load_at(stride, i)])
                                       : cr_load(p + load_at(stride, i));
    CR_UNROLL
    for (int k = 0; k < kernel; k++)
        acc = fold(method, acc, tap_of(x, stride, k));
    return acc;
}

CR_INLINE void walk(strip s, const cr_pooling_method method, const int kernel, const int stride,
                    const bool whole)
{
    const int kept = kernel > stride ? kernel - stride : 0;
    cr_vf row[LOADS];
    CR_UNROLL
    for (int i = 0; i < kept; i++)
        row[i] = strip_row(&s, method, kernel, stride, whole, s.top + i);
    for (; s.out < s.end; s.out += s.out_width, s.top += stride) {
        CR_UNROLL
        for (int i = kept; i < kernel; i++)
            row[i] = strip_row(&s, method, kernel, stride, whole, s.top + i);
        cr_vf acc = row[0];
        CR_UNROLL
        for (int i = 1; i < kernel; i++)
            acc = fold(method, acc, row[i]);
        if (method == CR_POOLING_AVE)
            acc /= *s.spans++ * s.span;
        // A row shorter than a vector is written with lanes too many: the next row writes over them.
        if (s.end - s.out >= CR_VECTOR)
            cr_store(s.out, acc);
        else
            cr_store_some(s.out, acc, s.lanes);
        CR_UNROLL
        for (int i = 0; i < kept; i++)
            row[i] = row[i + stride];
    }
}

CR_INLINE void run_strip(const cr_pooling_rows *r, int64_t out, const cr_pooling_method method,
                         const int kernel, const int stride)
{
    const cr_pooling_axis *h = &r->pooling->axis[0], *w = &r->pooling->axis[1];
    int64_t first = out * stride - w->before[r->variant[1]];
    const int last = kernel - 1;
    strip s = {.in = r->in + first, .in_rows = h->in, .in_width = w->in, .out_width = w->out};
    s.top = r->begin * stride - h->before[r->variant[0]];
    s.out = r->out + r->begin * w->out + out;
    s.end = r->out + r->end * w->out;
    s.lanes = w->out - out < CR_VECTOR ? w->out - out : CR_VECTOR;
    s.spans = h->span[r->variant[0]] + r->begin;
    if (method == CR_POOLING_AVE)
        s.span = cr_load_some(w->span[r->variant[1]] + out, s.lanes);
    // The last load of stride 2 is wanted for one lane.
    int64_t reach = load_at(stride, last) + (last == 2 && stride == 2 ? 1 : CR_VECTOR);
    if (first >= 0 && first + reach <= w->in) {
        walk(s, method, kernel, stride, true);
        return;
    }
    for (int i = 0; i <= last; i++) {
        int64_t at = first + load_at(stride, i);
        s.inside[i] = cr_lanes(-at, w->in - at);
    }
    walk(s, method, kernel, stride, false);
}

// What stands at a place of the padded axis.
CR_INLINE int32_t mapped(const cr_axis *axis, int64_t at, const int stride)
{
    int64_t o = at / stride < axis->out ? at / stride : axis->out - 1;
    return axis->index[0][(at - o * stride) * axis->out + o];
}

// The last vector lies over the one before it.
CR_INLINE void copy_row(float *to, const float *from, int64_t n)
{
    int64_t i = 0;
    for (; i + CR_VECTOR <= n; i += CR_VECTOR)
        cr_store(to + i, cr_load(from + i));
    if (i < n && n >= CR_VECTOR)
        cr_store(to + n - CR_VECTOR, cr_load(from + n - CR_VECTOR));
    else if (i < n)
        cr_store_some(to, cr_load_some(from, n), n);
}

// Column x of n padded rows: that of the input column `at`, which stands in the rows already.
CR_INLINE void pad_column(const cr_pooling_rows *r, int64_t x, int32_t at, int64_t n, int64_t step)
{
    int64_t from = r->pooling->axis[1].before[0] + at;
    for (float *row = r->line; row < r->line + n * step; row += step)
        row[x] = at == CR_TAP_OUTSIDE ? r->pooling->window->outside : row[from];
}

// Rows [first, first + n) of the padded channel, `step` apart.
CR_INLINE void pad_rows(const cr_pooling_rows *r, int64_t first, int64_t n, int64_t step, const int stride)
{
    const cr_pooling_axis *w = &r->pooling->axis[1];
    const cr_window *window = r->pooling->window;
    int64_t width = (w->out - 1) * stride + w->kernel, before = w->before[0];
    for (int64_t i = 0; i < n; i++) {
        float *to = r->line + i * step + before;
        int32_t y = mapped(&window->axis[0], first + i, stride);
        if (y != CR_TAP_OUTSIDE)
            copy_row(to, r->in + y * w->in, w->in);
        for (int64_t x = 0; y == CR_TAP_OUTSIDE && x < w->in; x++)
            to[x] = window->outside;
    }
    for (int64_t x = 0; x < before && x < width; x++)
        pad_column(r, x, mapped(&window->axis[1], x, stride), n, step);
    for (int64_t x = before + w->in; x < width; x++)
        pad_column(r, x, mapped(&window->axis[1], x, stride), n, step);
}

// The last strip lies over the one before it, so that all are whole vectors.
CR_INLINE void run_strips(const cr_pooling_rows *r, const cr_pooling_method method, const int kernel,
                          const int stride)
{
    int64_t width = r->pooling->axis[1].out;
    for (int64_t out = 0; out < width; out += CR_VECTOR)
        run_strip(r, out + CR_VECTOR > width && width > CR_VECTOR ? width - CR_VECTOR : out, method, kernel,
                  stride);
}

// The same on a padded copy, some output rows at a time.
CR_INLINE void run_padded(const cr_pooling_rows *r, const cr_pooling_method method, const int kernel,
                          const int stride)
{
    int64_t step = cr_pooling_padded_step(r->pooling), most = cr_pooling_padded_rows(r->pooling);
    for (int64_t o = r->begin; o < r->end; o += most) {
        int64_t end = o + most < r->end ? o + most : r->end, n = (end - o - 1) * stride + kernel;
        pad_rows(r, o * stride, n, step, stride);
        cr_pooling copy = *r->pooling;
        copy.axis[0].before[0] = o * stride;
        copy.axis[1].before[0] = 0;
        copy.axis[0].in = n;
        copy.axis[1].in = step;
        cr_pooling_rows rows = {.pooling = &copy, .in = r->line, .out = r->out, .begin = o, .end = end};
        run_strips(&rows, method, kernel, stride);
    }
}

CR_INLINE void run_either(const cr_pooling_rows *r, const cr_pooling_method method, const int kernel,
                          const int stride)
{
    if (r->pooling->window)
        run_padded(r, method, kernel, stride);
    else
        run_strips(r, method, kernel, stride);
}

// False: other windows.
CR_INLINE bool strips(const cr_pooling_rows *r, const cr_pooling_method method)
{
    const cr_pooling *p = r->pooling;
    const cr_pooling_axis *h = &p->axis[0];
    if (!cr_pooling_is_strips(p))
        return false;
    if (h->kernel == 3 && h->stride == 1)
        run_either(r, method, 3, 1);
    else if (h->kernel == 3)
        run_either(r, method, 3, 2);
    else if (h->stride == 1)
        run_either(r, method, 2, 1);
    else
        run_either(r, method, 2, 2);
    return true;
}

/* ---- flat ---- */

CR_INLINE float fold_lanes(const cr_pooling_method method, cr_vf x)
{
    CR_UNROLL
    for (int n = CR_VECTOR; n > 1; n /= 2)
        x = fold(method, cr_even(x, x), cr_odd(x, x));
    return x[0];
}

CR_INLINE float fold_flat(const cr_pooling_method method, const float *in, int64_t n)
{
    cr_vf acc[4];
    int64_t i = 0;
    CR_UNROLL
    for (int v = 0; v < 4; v++)
        acc[v] = identity(method);
    for (; i + 4 * CR_VECTOR <= n; i += 4 * CR_VECTOR) {
        CR_UNROLL
        for (int v = 0; v < 4; v++)
            acc[v] = fold(method, acc[v], cr_load(in + i + v * CR_VECTOR));
    }
    for (; i + CR_VECTOR <= n; i += CR_VECTOR)
        acc[0] = fold(method, acc[0], cr_load(in + i));
    if (i < n)
        acc[1] = fold(method, acc[1], cr_load_lanes(in + i, cr_lanes(0, n - i), identity(method)));
    return fold_lanes(method, fold(method, fold(method, acc[0], acc[1]), fold(method, acc[2], acc[3])));
}

// False: other windows.
CR_INLINE bool flat(const cr_pooling_rows *r, const cr_pooling_method method)
{
    const cr_pooling_axis *h = &r->pooling->axis[0], *w = &r->pooling->axis[1];
    int vh = r->variant[0], vw = r->variant[1];
    if (r->pooling->window || w->out != 1 || w->begin[vw][0] != 0 || w->end[vw][0] != w->in)
        return false;
    for (int64_t o = r->begin; o < r->end; o++) {
        int64_t top = h->begin[vh][o];
        float acc = fold_flat(method, r->in + top * w->in, (h->end[vh][o] - top) * w->in);
        r->out[o] = method == CR_POOLING_AVE ? acc / (h->span[vh][o] * w->span[vw][0]) : acc;
    }
    return true;
}

/* ---- lines ---- */

// The row that tap k of output o reads, or NULL: one of the values outside.
CR_INLINE const float *tap_row(const cr_pooling_rows *r, int64_t o, int64_t k)
{
    const cr_pooling_axis *h = &r->pooling->axis[0];
    int64_t y = h->begin[r->variant[0]][o] + k;
    if (r->pooling->window) {
        y = r->pooling->window->axis[0].index[0][k * h->out + o];
        if (y == CR_TAP_OUTSIDE)
            return NULL;
    }
    return r->in + y * r->pooling->axis[1].in;
}

CR_INLINE cr_vf fold_down(const cr_pooling_rows *r, const cr_pooling_method method, int64_t o, int64_t x,
                          int64_t n)
{
    const cr_pooling_axis *h = &r->pooling->axis[0];
    int v = r->variant[0];
    int64_t taps = r->pooling->window ? h->kernel : h->end[v][o] - h->begin[v][o];
    cr_vf acc = identity(method);
    for (int64_t k = 0; k < taps; k++) {
        const float *row = tap_row(r, o, k);
        acc = fold(method, acc, row ? cr_load_some(row + x, n) : cr_repeat(r->pooling->window->outside));
    }
    return acc;
}

// `outside`: kernel values from outside, folded.
static void fill_pads(const cr_pooling_rows *r, float outside, float *line)
{
    const cr_pooling_axis *w = &r->pooling->axis[1];
    const cr_window *window = r->pooling->window;
    int64_t before = w->before[r->variant[1]], line_end = (w->out - 1) * w->stride + w->kernel;
    if (!window) {
        for (int64_t x = 0; x < before; x++)
            line[x] = outside;
        for (int64_t x = before + w->in; x < line_end; x++)
            line[x] = outside;
        return;
    }
    for (int64_t o = 0; o < w->out; o++) {
        int64_t at = o * w->stride;
        if (at >= before && at + w->kernel <= before + w->in)
            continue;
        for (int64_t k = 0; k < w->kernel; k++) {
            int32_t x = window->axis[1].index[0][k * w->out + o];
            if (at + k < before || at + k >= before + w->in)
                line[at + k] = x == CR_TAP_OUTSIDE ? outside : line[before + x];
        }
    }
}

CR_INLINE float outside_column(const cr_pooling_rows *r, const cr_pooling_method method)
{
    cr_vf acc = identity(method);
    for (int64_t k = 0; r->pooling->window && k < r->pooling->axis[0].kernel; k++)
        acc = fold(method, acc, cr_repeat(r->pooling->window->outside));
    return acc[0];
}

// n outputs' values for one tap. May read what stands behind the line.
CR_INLINE cr_vf tap(const float *line, int64_t stride, int64_t n)
{
    if (stride == 1)
        return cr_load(line);
    if (stride == 2)
        return cr_even(cr_load(line), cr_load(line + CR_VECTOR));
    cr_vf x = {0};
    for (int i = 0; i < n; i++)
        x[i] = line[i * stride];
    return x;
}

CR_INLINE void fold_along(const cr_pooling_rows *r, const cr_pooling_method method, int64_t o)
{
    const cr_pooling_axis *w = &r->pooling->axis[1];
    float span = r->pooling->axis[0].span[r->variant[0]][o], *out = r->out + o * w->out;
    for (int64_t i = 0; i < w->out; i += CR_VECTOR) {
        int64_t n = w->out - i < CR_VECTOR ? w->out - i : CR_VECTOR;
        cr_vf acc = identity(method);
        for (int64_t k = 0; k < w->kernel; k++)
            acc = fold(method, acc, tap(r->line + i * w->stride + k, w->stride, n));
        if (method == CR_POOLING_AVE)
            acc /= span * cr_load_some(w->span[r->variant[1]] + i, n);
        cr_store_some(out + i, acc, n);
    }
}

CR_INLINE void lines(const cr_pooling_rows *r, const cr_pooling_method method)
{
    const cr_pooling_axis *w = &r->pooling->axis[1];
    float outside = outside_column(r, method), *inner = r->line + w->before[r->variant[1]];
    if (!r->pooling->window)
        fill_pads(r, outside, r->line);
    for (int64_t o = r->begin; o < r->end; o++) {
        for (int64_t x = 0; x < w->in; x += CR_VECTOR) {
            int64_t n = w->in - x < CR_VECTOR ? w->in - x : CR_VECTOR;
            cr_store_some(inner + x, fold_down(r, method, o, x, n), n);
        }
        if (r->pooling->window)
            fill_pads(r, outside, r->line);
        fold_along(r, method, o);
    }
}

static void run(const cr_pooling_rows *r)
{
    if (r->pooling->method == CR_POOLING_MAX) {
        if (!strips(r, CR_POOLING_MAX) && !flat(r, CR_POOLING_MAX))
            lines(r, CR_POOLING_MAX);
    } else if (!strips(r, CR_POOLING_AVE) && !flat(r, CR_POOLING_AVE)) {
        lines(r, CR_POOLING_AVE);
    }
}

extern const cr_pooling_kernels CR_ISA(cr_pooling_kernels);
const cr_pooling_kernels CR_ISA(cr_pooling_kernels) = {.run = run};
