/*
 * pooling.c - MAX and AVE pooling of one channel.
 *
 *   strip   windows of 2x2 or 3x3, stride 1 or 2: a vector of outputs walks down the channel. The window's columns
 *           are folded as they are loaded, and a folded row waits in a register for the next outputs that want it.
 *           Only strips at the border ask which lanes are inside, and what stands beside these.
 *
 *             row y     [taps]-+
 *             row y+1   [taps]-+-fold-> out row o
 *             row y+2   [taps]-+------> out row o+1 begins with this one
 *
 *           Without a padding mode, or with CONSTANT, one value stands outside; the other modes say by the window's
 *           tables which row of the input a row outside is, and which column the one at either side.
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
    TAPS = 3, // of a row, at most
    AHEAD = 8 // rows
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

// What one tap of one output reads in every row.
typedef struct side {
    int64_t at; // a column of the input
    cr_vi is;   // lanes that it is for: none if the value outside is read
} side;

// Copies of what the loop wants: the compiler thinks that every store may change what a pointer leads to.
typedef struct strip {
    const float *in;     // what tap 0 of lane 0 reads in row 0, perhaps outside
    int64_t width, size; // of a row, of the channel
    int64_t top;         // the row that tap 0 of the first output reads, from `in`
    const int32_t *rows; // which row each tap of an output reads, out_rows apart; NULL: none outside counts
    int64_t out_rows;
    cr_vf outside, outside_row; // outside_row: folded
    side left, even, odd;       // tap 0 of a row's first output; the last even and odd tap of the last
    float *out, *end;           // output of lane 0; where the rows at work end
    int64_t out_width;          // of a row
    int64_t lanes;              // outputs in a vector
    const float *spans;         // of the rows
    cr_vf span;                 // of the columns
    cr_vi low, high;            // the lanes inside of each load
} strip;

// Where a strip stands in its rows, for the compiler. A strip that is both may have lanes too many.
typedef struct place {
    bool left, right; // it has the first output of a row; the last, of which a tap is outside
} place;

CR_INLINE cr_vf beside(const float *row, const side *s, cr_vf other)
{
    return cr_repeat_lanes(row + s->at, s->is, other);
}

// Stride 1: the taps read neighbours. One vector is loaded (the middle tap of three), and moved for the tap that
// would stick out.
CR_INLINE void load_neighbours(const strip *s, const int kernel, const place at, const float *p,
                               cr_vf tap[TAPS])
{
    const int last = kernel - 1, middle = kernel == 3 || at.left ? 1 : 0;
    cr_vf right = at.right ? beside(p, last == 1 ? &s->odd : &s->even, s->outside) : s->outside;
    tap[middle] = at.left && at.right ? cr_load_lanes(p + middle, s->low, right) : cr_load(p + middle);
    if (middle > 0)
        tap[0] = at.left ? cr_up(tap[1], beside(p, &s->left, s->outside)) : cr_load(p);
    if (middle < last)
        tap[last] = at.right ? cr_down(tap[middle], right) : cr_load(p + last);
}

// Stride 2: the taps read every second lane of two vectors, which begin with tap 0 or 1.
CR_INLINE void load_seconds(const strip *s, const int kernel, const place at, const float *p, cr_vf tap[TAPS])
{
    const int first = kernel == 3 || at.left ? 1 : 0;
    cr_vf low, high, right = s->outside;
    if (at.right)
        right = beside(p, &s->even, beside(p, &s->odd, right));
    low = at.left && at.right ? cr_load_lanes(p + first, s->low, right) : cr_load(p + first);
    high = at.right ? cr_load_lanes(p + first + CR_VECTOR, s->high, right) : cr_load(p + first + CR_VECTOR);
    tap[first] = cr_even(low, high);
    tap[first + 1] = cr_odd(low, high);
    if (first == 1)
        tap[0] = cr_up(tap[2], at.left ? beside(p, &s->left, s->outside) : cr_repeat(*p));
}

// The row that a tap of output o reads, folded.
CR_INLINE cr_vf strip_row(const strip *s, const cr_pooling_method method, const int kernel, const int stride,
                          const place at, int64_t o, const int row)
{
    int64_t from = s->top + row * s->width;
    if ((uint64_t)from >= (uint64_t)s->size) {
        int32_t y = s->rows ? s->rows[row * s->out_rows + o] : CR_TAP_OUTSIDE;
        if (y == CR_TAP_OUTSIDE)
            return s->outside_row;
        from = y * s->width;
    }
    const float *p = s->in + from;
    __builtin_prefetch(p + AHEAD * s->width);
    if (stride == 2 && CR_VECTOR == 16)
        __builtin_prefetch(p + AHEAD * s->width + CR_VECTOR);
    cr_vf tap[TAPS];
    if (stride == 1)
        load_neighbours(s, kernel, at, p, tap);
    else
        load_seconds(s, kernel, at, p, tap);
    cr_vf acc = method == CR_POOLING_MAX ? fold(method, identity(method), tap[0]) : tap[0];
    CR_UNROLL
    for (int k = 1; k < kernel; k++)
        acc = fold(method, acc, tap[k]);
    return acc;
}

CR_INLINE void walk(strip s, const cr_pooling_method method, const int kernel, const int stride,
                    const place at)
{
    const int kept = kernel > stride ? kernel - stride : 0;
    cr_vf row[TAPS];
    CR_UNROLL
    for (int i = 0; i < kept; i++)
        row[i] = strip_row(&s, method, kernel, stride, at, 0, i);
    for (int64_t o = 0; s.out < s.end; s.out += s.out_width, s.top += stride * s.width, o++) {
        CR_UNROLL
        for (int i = kept; i < kernel; i++)
            row[i] = strip_row(&s, method, kernel, stride, at, o, i);
        cr_vf acc = row[0];
        CR_UNROLL
        for (int i = 1; i < kernel; i++)
            acc = fold(method, acc, row[i]);
        if (method == CR_POOLING_AVE)
            acc /= s.spans[o] * s.span;
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

// In a strip that begins at column `first`.
CR_INLINE side side_of(int32_t column, int64_t first, cr_vi lanes)
{
    bool outside = column == CR_TAP_OUTSIDE;
    return (side){(outside ? 0 : column) - first, outside ? (cr_vi){0} : lanes};
}

// shift: the tap that loads begin with.
CR_INLINE void set_columns(const cr_pooling_rows *r, int64_t first, const int shift, const int stride,
                           strip *s)
{
    const cr_pooling_sides *sides = r->sides;
    int64_t end = r->pooling->axis[1].in - first - shift;
    cr_vi all = cr_lanes(0, CR_VECTOR), every_second = (cr_vi)cr_zip_low((cr_vf)all, (cr_vf){0});
    cr_vi even = shift == 0 ? every_second : ~every_second;
    s->low = cr_lanes(-first - shift, end);
    s->high = cr_lanes(-first - shift - CR_VECTOR, end - CR_VECTOR);
    s->left = side_of(sides->left, first, all);
    s->even = side_of(sides->even, first, stride == 1 ? all : even);
    s->odd = side_of(sides->odd, first, stride == 1 ? all : ~even);
}

CR_INLINE void run_strip(const cr_pooling_rows *r, int64_t out, const cr_pooling_method method,
                         const int kernel, const int stride)
{
    static const float nothing[] = {[CR_POOLING_MAX] = -FLT_MAX, [CR_POOLING_AVE] = 0};
    const cr_pooling_axis *h = &r->pooling->axis[0], *w = &r->pooling->axis[1];
    const cr_window *window = r->pooling->window;
    int64_t first = out * stride - w->before[r->variant[1]];
    strip s = {.in = r->in + first, .width = w->in, .size = h->in * w->in, .out_width = w->out};
    s.top = (r->begin * stride - h->before[r->variant[0]]) * w->in;
    s.rows = window ? window->axis[0].index[0] + r->begin : NULL;
    s.out_rows = h->out;
    s.outside = cr_repeat(window ? window->outside : nothing[method]);
    s.outside_row = identity(method);
    CR_UNROLL
    for (int k = 0; k < kernel; k++)
        s.outside_row = fold(method, s.outside_row, s.outside);
    s.out = r->out + r->begin * w->out + out;
    s.end = r->out + r->end * w->out;
    s.lanes = w->out - out < CR_VECTOR ? w->out - out : CR_VECTOR;
    s.spans = h->span[r->variant[0]] + r->begin;
    if (method == CR_POOLING_AVE)
        s.span = cr_load_some(w->span[r->variant[1]] + out, s.lanes);
    bool part = s.lanes < CR_VECTOR, left = part || first < 0;
    int taps = stride == 2 && left ? 3 : kernel; // that are loaded
    bool right = part || first + (CR_VECTOR - 1) * stride + taps > w->in;
    if (left || right)
        set_columns(r, first, kernel == 3 || left ? 1 : 0, stride, &s);
    if (left && right)
        walk(s, method, kernel, stride, (place){true, true});
    else if (left)
        walk(s, method, kernel, stride, (place){true, false});
    else if (right)
        walk(s, method, kernel, stride, (place){false, true});
    else
        walk(s, method, kernel, stride, (place){false, false});
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

// False: other windows.
CR_INLINE bool strips(const cr_pooling_rows *r, const cr_pooling_method method)
{
    const cr_pooling_axis *h = &r->pooling->axis[0];
    if (!r->sides)
        return false;
    if (h->kernel == 3 && h->stride == 1)
        run_strips(r, method, 3, 1);
    else if (h->kernel == 3)
        run_strips(r, method, 3, 2);
    else if (h->stride == 1)
        run_strips(r, method, 2, 1);
    else
        run_strips(r, method, 2, 2);
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
