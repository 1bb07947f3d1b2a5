/*
 * pooling.c - MAX and AVE pooling of any window; pooling_strips.c has the common ones.
 *
 *   flat    windows as wide as the channel (global pooling): they are contiguous.
 *   line    anything else: rows fold down into a line, which has the pads at its ends, then the line along itself.
 *
 *             pads | folded rows | pads      pads hold what changes nothing, or what the padding mode says
 */
#include "kernels/pooling.h"
#include "kernels/simd.h"

#include <float.h>

CR_INLINE cr_vf identity(const cr_pooling_method method)
{
    return cr_repeat(method == CR_POOLING_MAX ? -FLT_MAX : 0);
}

CR_INLINE cr_vf fold(const cr_pooling_method method, cr_vf acc, cr_vf x)
{
    return method == CR_POOLING_MAX ? cr_max(x, acc) : acc + x;
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

CR_INLINE void run_as(const cr_pooling_rows *r, const cr_pooling_method method)
{
    const cr_pooling_axis *h = &r->pooling->axis[0], *w = &r->pooling->axis[1];
    cr_pooling_rows one = *r;
    for (int64_t c = 0; c < r->channels; c++, one.in += h->in * w->in, one.out += h->out * w->out)
        if (!flat(&one, method))
            lines(&one, method);
}

static void run(const cr_pooling_rows *r)
{
    if (r->pooling->method == CR_POOLING_MAX)
        run_as(r, CR_POOLING_MAX);
    else
        run_as(r, CR_POOLING_AVE);
}

extern const cr_pooling_kernels CR_ISA(cr_pooling_kernels);
const cr_pooling_kernels CR_ISA(cr_pooling_kernels) = {.run = run};
