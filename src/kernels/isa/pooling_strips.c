/*
 * pooling_strips.c - MAX and AVE pooling by windows of 2x2 or 3x3 with stride 1 or 2.
 *
 * A vector of outputs walks down the channel. The window's columns are folded as they are loaded, and a folded row waits
 * in a register for the next outputs that want it:
 *
 *     row y     [taps]-+
 *     row y+1   [taps]-+-fold-> out row o
 *     row y+2   [taps]-+------> out row o+1 begins with this one
 *
 * Strips inside of a row load its taps side by side. Those at its ends put in what stands beside it: a value, or the
 * column that the padding mode says. Where a row lies in two vectors, each tap is a permutation of these, whatever stands
 * outside (`small`).
 *
 * A row outside that a padding mode repeats is in a register most of the time, folded, for modes look near the border;
 * CIRCULAR, and some with stride 2, fold a row or two more than ZERO.
 *
 * What strips are is found out once for all channels.
 */
#include "base/int.h"
#include "kernels/pooling.h"
#include "kernels/simd.h"

#include <float.h>

enum {
    TAPS = 3,    // of a row, at most
    AHEAD = 8,   // rows
    NEAR = 4096, // floats that stay in the L1 cache
    STRIPS = 8,  // side by side, that are set at a time
};

// What one tap of one output reads: at[from] in the row that begins at `from`, or always *at, a value outside.
typedef struct side {
    const float *at;
    int64_t mask; // of from
} side;

typedef struct strip {
    void (*walk)(const struct strip *s, int64_t first, int64_t n);
    const float *in;     // what tap 0 of lane 0 reads in row 0, perhaps outside; small: row 0
    int64_t width, size; // of a row, of a channel
    int64_t top;         // the row that tap 0 of the first output reads, from `in`
    const int32_t *rows; // which row each tap of an output reads, out_rows apart; NULL: none outside counts
    int64_t out_rows;
    cr_vf outside, outside_row; // outside_row: folded
    float *out, *end;           // output of lane 0; where the last channel ends
    int64_t out_width;          // of a row
    int64_t out_size;           // of a channel
    int64_t n_rows;             // of the output
    int64_t lanes;              // outputs in a vector
    const float *spans;         // of the rows
    cr_vf span;                 // of the columns
    side left, even, odd;       // tap 0 of a row's first output; the last even and odd tap of the last
    cr_vi low, high;            // the lanes inside of each load
    cr_vi last;                 // that of the row's last output
    cr_vi column[TAPS];         // small: what each tap reads
} strip;

// What is known to the compiler. A strip with the first output of a row and one with the last, of which a tap is
// outside, are `left` and `right`. One that is both, or small, may have lanes too many.
typedef struct kind {
    cr_pooling_method method;
    int kernel, stride;
    bool small, left, right;
} kind;

// Rows that are folded: those of the output before, then those of this one.
typedef struct folded {
    cr_vf row[2 * TAPS];
    int64_t top;       // the row that tap 0 of this one reads
    cr_vf first[TAPS]; // of the first output
} folded;

CR_INLINE cr_vf fold(const cr_pooling_method method, cr_vf acc, cr_vf x)
{
    return method == CR_POOLING_MAX ? cr_max(x, acc) : acc + x;
}

/* ---- a row ---- */

CR_INLINE const float *beside(const side *s, int64_t from)
{
    return s->at + (from & s->mask);
}

CR_INLINE void load_small(const strip *s, const kind k, int64_t from, cr_vf tap[TAPS])
{
    const float *p = s->in + from;
    cr_vf low = cr_load_lanes(p, s->low, s->outside), high = low;
    if (k.stride == 2)
        high = cr_load_lanes(p + CR_VECTOR, s->high, s->outside);
    CR_UNROLL
    for (int i = 0; i < k.kernel; i++)
        tap[i] = cr_pick(low, high, s->column[i]);
}

// Stride 1: the taps read neighbours. One vector is loaded (the middle tap of three), and moved for the tap that
// would stick out.
CR_INLINE void load_neighbours(const strip *s, const kind k, int64_t from, cr_vf tap[TAPS])
{
    const float *p = s->in + from;
    const int last = k.kernel - 1, middle = k.kernel == 3 || k.left ? 1 : 0;
    cr_vf right = {0};
    if (k.right)
        right = cr_repeat(*beside(last == 1 ? &s->odd : &s->even, from));
    tap[middle] = k.left && k.right ? cr_load_lanes(p + middle, s->low, right) : cr_load(p + middle);
    if (middle > 0)
        tap[0] = k.left ? cr_up(tap[1], cr_repeat(*beside(&s->left, from))) : cr_load(p);
    if (middle < last)
        tap[last] = k.right ? cr_down(tap[middle], right) : cr_load(p + last);
}

// Stride 2: the taps read every second lane of two vectors, which begin with tap 0 or 1.
CR_INLINE void load_seconds(const strip *s, const kind k, int64_t from, cr_vf tap[TAPS])
{
    const int first = k.kernel == 3 || k.left ? 1 : 0, even_tap = k.kernel == 3 ? 2 : 0;
    const float *p = s->in + from, *p_low = p + first, *p_high = p_low + CR_VECTOR;
    cr_vf low = k.left && k.right ? cr_load_lanes(p_low, s->low, (cr_vf){0}) : cr_load(p_low);
    cr_vf high = k.right ? cr_load_lanes(p_high, s->high, (cr_vf){0}) : cr_load(p_high);
    tap[first] = cr_even(low, high);
    tap[first + 1] = cr_odd(low, high);
    if (first == 1)
        tap[0] = cr_up(tap[2], cr_repeat(k.left ? *beside(&s->left, from) : *p));
    if (k.right) {
        tap[1] = cr_repeat_lanes(beside(&s->odd, from), s->last, tap[1]);
        tap[even_tap] = cr_repeat_lanes(beside(&s->even, from), s->last, tap[even_tap]);
    }
}

CR_INLINE cr_vf fold_row(const strip *s, const kind k, int64_t from)
{
    cr_vf tap[TAPS];
    __builtin_prefetch(s->in + from + AHEAD * s->width);
    if (k.stride == 2 && CR_VECTOR == 16)
        __builtin_prefetch(s->in + from + AHEAD * s->width + CR_VECTOR);
    if (k.small)
        load_small(s, k, from, tap);
    else if (k.stride == 1)
        load_neighbours(s, k, from, tap);
    else
        load_seconds(s, k, from, tap);
    cr_vf acc = k.method == CR_POOLING_MAX ? fold(k.method, cr_repeat(-FLT_MAX), tap[0]) : tap[0];
    CR_UNROLL
    for (int i = 1; i < k.kernel; i++)
        acc = fold(k.method, acc, tap[i]);
    return acc;
}

CR_INLINE bool is_inside(const strip *s, int64_t from)
{
    return __builtin_expect((uint64_t)from < (uint64_t)s->size, true);
}

// The row outside that a tap of output o reads, folded. Rows [begin, end) of f->row are known, counted from `top`; and
// those of the first output where the output before is (begin < 0).
CR_INLINE cr_vf outside_row(const strip *s, const kind k, int64_t o, const int tap, const folded *f,
                            const int begin, const int end)
{
    int32_t y = s->rows ? s->rows[tap * s->out_rows + o] : CR_TAP_OUTSIDE;
    if (y == CR_TAP_OUTSIDE)
        return s->outside_row;
    int64_t from = y * s->width;
    CR_UNROLL
    for (int i = 1 - TAPS; i < TAPS; i++)
        if (i >= begin && i < end && from == f->top + i * s->width)
            return f->row[k.stride + i];
    if (begin < 0) {
        CR_UNROLL
        for (int i = 0; i < k.kernel; i++)
            if (from == s->top + i * s->width)
                return f->first[i];
    }
    return fold_row(s, k, from);
}

/* ---- walking down ---- */

CR_INLINE cr_vf fold_rows(const strip *s, const kind k, int64_t o, const cr_vf *row)
{
    cr_vf acc = row[0];
    CR_UNROLL
    for (int i = 1; i < k.kernel; i++)
        acc = fold(k.method, acc, row[i]);
    if (k.method == CR_POOLING_AVE)
        acc /= s->spans[o] * s->span;
    return acc;
}

// A row shorter than a vector is written with lanes too many: the next row writes over them.
CR_INLINE void store_row(const strip *s, const kind k, cr_vf acc, float *out)
{
    if (!(k.small || (k.left && k.right)) || s->end - out >= CR_VECTOR)
        cr_store(out, acc);
    else
        cr_store_some(out, acc, s->lanes);
}

CR_INLINE cr_vf row_of(const strip *s, const kind k, int64_t o, const int tap, const folded *f,
                       const int begin, const int end)
{
    int64_t from = f->top + tap * s->width;
    return is_inside(s, from) ? fold_row(s, k, from) : outside_row(s, k, o, tap, f, begin, end);
}

// Rows that no output wants any more are forgotten.
CR_INLINE void walk_channel(const strip *s, const kind k)
{
    const int kept = k.kernel - k.stride;
    float *out = s->out;
    folded f;
    f.top = s->top;
    CR_UNROLL
    for (int i = kept - 1; i >= 0; i--)
        f.row[k.stride + i] = row_of(s, k, 0, i, &f, i + 1, kept);
    for (int64_t o = 0; o < s->n_rows; o++, out += s->out_width, f.top += k.stride * s->width) {
        CR_UNROLL
        for (int i = kept; i < k.kernel; i++)
            f.row[k.stride + i] = row_of(s, k, o, i, &f, 0, i);
        store_row(s, k, fold_rows(s, k, o, f.row + k.stride), out);
        CR_UNROLL
        for (int i = 0; i < kept; i++)
            f.row[k.stride + i] = f.row[2 * k.stride + i];
    }
}

// A row outside costs as much as another output here, so more is kept: the output before, and the first.
CR_INLINE void walk_small_channel(const strip *s, const kind k)
{
    const int kept = k.kernel - k.stride;
    float *out = s->out;
    folded f;
    f.top = s->top;
    CR_UNROLL
    for (int i = k.kernel - 1; i >= 0; i--)
        f.row[k.stride + i] = f.first[i] = row_of(s, k, 0, i, &f, i + 1, k.kernel);
    store_row(s, k, fold_rows(s, k, 0, f.row + k.stride), out);
    for (int64_t o = 1; o < s->n_rows; o++) {
        out += s->out_width;
        f.top += k.stride * s->width;
        CR_UNROLL
        for (int i = 0; i < k.kernel; i++)
            f.row[i] = f.row[i + k.stride];
        CR_UNROLL
        for (int i = kept; i < k.kernel; i++)
            f.row[k.stride + i] = row_of(s, k, o, i, &f, -k.stride, i);
        store_row(s, k, fold_rows(s, k, o, f.row + k.stride), out);
    }
}

// In copies of what the loop wants: the compiler thinks that every store may change what a pointer leads to.
CR_INLINE void walk(const strip *shared, int64_t first, int64_t n, const kind k)
{
    strip s = *shared;
    int64_t step = first * s.size, out_step = first * s.out_size;
    for (int64_t c = n; c >= 0; c--) {
        s.in += step;
        s.out += out_step;
        if (k.left)
            s.left.at += step & s.left.mask;
        if (k.right) {
            s.even.at += step & s.even.mask;
            s.odd.at += step & s.odd.mask;
        }
        step = s.size;
        out_step = s.out_size;
        if (c > 0 && k.small)
            walk_small_channel(&s, k);
        else if (c > 0)
            walk_channel(&s, k);
    }
}

// A function for every kind, so that what it works with has names and can be registers.
enum { INNER, LEFT, RIGHT, BOTH, SMALL, PLACES };
// clang-format off
#define IS(place, a) ((place) == (a) || (place) == BOTH)
#define KIND(m, k, s, p) (const kind){CR_POOLING_##m, k, s, (p) == SMALL, IS(p, LEFT), IS(p, RIGHT)}
#define WALK(m, k, s, p) \
    static void CR_ISA(walk_##m##_##k##_##s##_##p)(const strip *t, int64_t c, int64_t n) { walk(t, c, n, KIND(m, k, s, p)); }
#define WALKS(m, k, s) \
    WALK(m, k, s, INNER) WALK(m, k, s, LEFT) WALK(m, k, s, RIGHT) WALK(m, k, s, BOTH) WALK(m, k, s, SMALL)
WALKS(MAX, 2, 1) WALKS(MAX, 2, 2) WALKS(MAX, 3, 1) WALKS(MAX, 3, 2)
WALKS(AVE, 2, 1) WALKS(AVE, 2, 2) WALKS(AVE, 3, 1) WALKS(AVE, 3, 2)

#define NAME(m, k, s, p) CR_ISA(walk_##m##_##k##_##s##_##p)
#define NAMES(m, k, s) \
    {NAME(m, k, s, INNER), NAME(m, k, s, LEFT), NAME(m, k, s, RIGHT), NAME(m, k, s, BOTH), NAME(m, k, s, SMALL)}
static void (*const walks[2][2][2][PLACES])(const strip *s, int64_t first, int64_t n) = {
    [CR_POOLING_MAX] = {{NAMES(MAX, 2, 1), NAMES(MAX, 2, 2)}, {NAMES(MAX, 3, 1), NAMES(MAX, 3, 2)}},
    [CR_POOLING_AVE] = {{NAMES(AVE, 2, 1), NAMES(AVE, 2, 2)}, {NAMES(AVE, 3, 1), NAMES(AVE, 3, 2)}},
};
// clang-format on

/* ---- what strips are ---- */

static side side_of(const cr_pooling_rows *r, int32_t column, const float *outside)
{
    return column == CR_TAP_OUTSIDE ? (side){outside, 0} : (side){r->in + column, -1};
}

// begin: the column that the loads begin with.
static void set_columns(const cr_pooling_rows *r, int64_t begin, const float *outside, strip *s)
{
    int64_t end = s->width - begin;
    s->low = cr_lanes(-begin, end);
    s->high = cr_lanes(-begin - CR_VECTOR, end - CR_VECTOR);
    s->last = cr_lanes(s->lanes - 1, s->lanes);
    s->left = side_of(r, r->sides->left, outside);
    s->even = side_of(r, r->sides->even, outside);
    s->odd = side_of(r, r->sides->odd, outside);
}

static void set_small(const cr_pooling_rows *r, strip *s)
{
    const cr_pooling_axis *w = &r->pooling->axis[1];
    const cr_window *window = r->pooling->window;
    s->in = r->in;
    s->low = cr_lanes(0, w->in);
    s->high = cr_lanes(0, w->in - CR_VECTOR);
    for (int64_t k = 0; k < w->kernel; k++) {
        s->column[k] = (cr_vi){0};
        for (int64_t o = 0; o < w->out; o++) {
            int64_t x = o * w->stride + k - w->before[r->variant[1]];
            if (window)
                x = window->axis[1].index[0][k * w->out + o];
            s->column[k][o] = (int32_t)(x < 0 || x > w->in ? w->in : x);
        }
    }
}

// For outputs from `out` on. Returns which of `walks` it is for.
static int set_place(const cr_pooling_rows *r, int64_t out, const float *outside, strip *s)
{
    const cr_pooling_axis *w = &r->pooling->axis[1];
    if (CR_PICKS && w->in < w->stride * CR_VECTOR && w->out <= CR_VECTOR) {
        set_small(r, s);
        return SMALL;
    }
    int64_t first = out * w->stride - w->before[r->variant[1]];
    bool part = s->lanes < CR_VECTOR, left = part || first < 0;
    int64_t taps = w->stride == 2 && left ? 3 : w->kernel; // that are loaded
    bool right = part || first + (CR_VECTOR - 1) * w->stride + taps > w->in;
    s->in = r->in + first;
    if (left || right)
        set_columns(r, first + (w->kernel == 3 || left ? 1 : 0), outside, s);
    return left && right ? BOTH : left ? LEFT : right ? RIGHT : INNER;
}

static void set_strip(const cr_pooling_rows *r, int64_t out, strip *s)
{
    static const float nothing[] = {[CR_POOLING_MAX] = -FLT_MAX, [CR_POOLING_AVE] = 0};
    const cr_pooling_method method = r->pooling->method;
    const cr_pooling_axis *h = &r->pooling->axis[0], *w = &r->pooling->axis[1];
    const cr_window *window = r->pooling->window;
    const float *outside = window ? &window->outside : &nothing[method];
    s->width = w->in;
    s->size = h->in * w->in;
    s->top = (r->begin * h->stride - h->before[r->variant[0]]) * w->in;
    s->rows = window ? window->axis[0].index[0] + r->begin : NULL;
    s->out_rows = h->out;
    s->outside = s->outside_row = cr_repeat(*outside);
    for (int64_t k = 1; k < w->kernel; k++)
        s->outside_row = fold(method, s->outside_row, s->outside);
    s->out = r->out + r->begin * w->out + out;
    s->out_width = w->out;
    s->out_size = h->out * w->out;
    s->end = r->out + (r->channels - 1) * s->out_size + r->end * w->out;
    s->n_rows = r->end - r->begin;
    s->lanes = w->out - out < CR_VECTOR ? w->out - out : CR_VECTOR;
    s->spans = h->span[r->variant[0]] + r->begin;
    s->span = cr_load_some(w->span[r->variant[1]] + out, s->lanes);
    int place = set_place(r, out, outside, s);
    s->walk = walks[method][w->kernel - 2][w->stride - 1][place];
}

// The last strip lies over the one before it, so that all are whole vectors. Where a row has several, they take turns with
// a few channels, which the next strip then finds in the cache.
static void run(const cr_pooling_rows *r)
{
    int64_t width = r->pooling->axis[1].out, last = width - CR_VECTOR;
    int64_t size = r->pooling->axis[0].in * r->pooling->axis[1].in, some = cr_i64_max(NEAR / (size + 1), 1);
    strip s[STRIPS];
    if (last <= 0) {
        set_strip(r, 0, s);
        s->walk(s, 0, r->channels);
        return;
    }
    for (int64_t out = 0; out < width;) {
        int n = 0;
        for (; out < width && n < STRIPS; out += CR_VECTOR)
            set_strip(r, out < last ? out : last, &s[n++]);
        for (int64_t c = 0; c < r->channels; c += some)
            for (int i = 0; i < n; i++)
                s[i].walk(&s[i], c, cr_i64_min(r->channels - c, some));
    }
}

extern const cr_pooling_strip_kernels CR_ISA(cr_pooling_strip_kernels);
const cr_pooling_strip_kernels CR_ISA(cr_pooling_strip_kernels) = {.run = run};
