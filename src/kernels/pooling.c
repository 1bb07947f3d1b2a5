/*
 * pooling.c - MAX, AVE and STOCHASTIC pooling over two axes.
 *
 * MAX and AVE are separable: a row of outputs first folds its input rows into one line, then folds the line
 * along the width. Both loops run over neighbours, without a look at any border: inner outputs are those whose
 * window is whole, the few others go one by one.
 *
 *     rows begin .. end of a channel  --fold down-->  line (in width)  --fold along-->  a row of outputs
 *
 * A mask, STOCHASTIC, and modes that put values outside take the plain way: window by window.
 * Channels are cut into a fixed number of parts; threads that run at the same time have a line each.
 */
#include "kernels/pooling.h"

#include <float.h>

enum { PARTS = 64 };

typedef struct work {
    const cr_pooling *pooling;
    const cr_pooling_buffers *buffers;
    int64_t planes, parts;
} work;

static work work_of(const cr_pooling *pooling, const cr_pooling_buffers *buffers)
{
    work w = {.pooling = pooling, .buffers = buffers, .planes = pooling->images * pooling->channels};
    w.parts = w.planes < PARTS ? w.planes : PARTS;
    return w;
}

static inline float fold(cr_pooling_method method, float acc, float x)
{
    if (method == CR_POOLING_MAX)
        return x > acc ? x : acc;
    return acc + x;
}

static inline void fold_down(cr_pooling_method method, const float *restrict rows, int64_t n_rows,
                             int64_t width, float *restrict line)
{
    for (int64_t x = 0; x < width; x++)
        line[x] = method == CR_POOLING_MAX ? -FLT_MAX : 0;
    for (int64_t y = 0; y < n_rows; y++)
        for (int64_t x = 0; x < width; x++)
            line[x] = fold(method, line[x], rows[y * width + x]);
}

// Whole windows: output i folds line[i * stride ... + kernel).
static inline void fold_inner(cr_pooling_method method, const float *restrict line, int64_t stride,
                              int64_t kernel, float *restrict out, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = fold(method, method == CR_POOLING_MAX ? -FLT_MAX : 0, line[i * stride]);
    for (int64_t k = 1; k < kernel; k++)
        for (int64_t i = 0; i < n; i++)
            out[i] = fold(method, out[i], line[i * stride + k]);
}

static inline void fold_edge(cr_pooling_method method, const cr_pooling_axis *axis, int v, int64_t first,
                             int64_t last, const float *line, float *out)
{
    for (int64_t o = first; o < last; o++) {
        float acc = method == CR_POOLING_MAX ? -FLT_MAX : 0;
        for (int64_t x = axis->begin[v][o]; x < axis->end[v][o]; x++)
            acc = fold(method, acc, line[x]);
        out[o] = acc;
    }
}

static inline void fold_along(cr_pooling_method method, const cr_pooling_axis *axis, int v, const float *line,
                              float *out)
{
    int64_t first = axis->inner_begin[v], n = axis->inner_end[v] - first;
    fold_edge(method, axis, v, 0, first, line, out);
    fold_edge(method, axis, v, first + n, axis->out, line, out);
    if (n == 0)
        return;
    line += axis->begin[v][first];
    if (axis->stride == 1) // a constant stride makes the loop a vector loop
        fold_inner(method, line, 1, axis->kernel, out + first, n);
    else if (axis->stride == 2)
        fold_inner(method, line, 2, axis->kernel, out + first, n);
    else
        fold_inner(method, line, axis->stride, axis->kernel, out + first, n);
}

// AVE: a row of sums by their windows' sizes.
static void divide(const cr_pooling_axis *axis, int v, int64_t rows, float *out)
{
    int64_t first = axis->inner_begin[v], last = axis->inner_end[v];
    float whole = (float)(rows * axis->kernel);
    for (int64_t o = 0; o < first; o++)
        out[o] /= (float)(rows * axis->span[v][o]);
    for (int64_t o = first; o < last; o++)
        out[o] /= whole;
    for (int64_t o = last; o < axis->out; o++)
        out[o] /= (float)(rows * axis->span[v][o]);
}

static inline void fold_plane(cr_pooling_method method, const cr_pooling *p, int bits, const float *in,
                              float *line, float *out)
{
    const cr_pooling_axis *h = &p->axis[0], *w = &p->axis[1];
    int vh = bits & 1, vw = bits >> 1 & 1;
    for (int64_t y = 0; y < h->out; y++, out += w->out) {
        int64_t top = h->begin[vh][y];
        fold_down(method, in + top * w->in, h->end[vh][y] - top, w->in, line);
        fold_along(method, w, vw, line, out);
        if (method == CR_POOLING_AVE)
            divide(w, vw, h->span[vh][y], out);
    }
}

// What one window has seen.
typedef struct seen {
    float most, sum, squares;
    int64_t winner;
} seen;

static void see(seen *s, float x, int64_t at)
{
    if (x > s->most) {
        s->most = x;
        s->winner = at;
    }
    s->sum += x;
    s->squares += x * x;
}

static void store(const cr_pooling *p, const seen *s, int64_t span, float *out, float *mask)
{
    if (p->method == CR_POOLING_MAX)
        *out = s->most;
    else if (p->method == CR_POOLING_AVE)
        *out = s->sum / (float)span;
    else
        *out = s->sum > 0 ? s->squares / s->sum : 0;
    if (mask)
        *mask = (float)s->winner;
}

static void plain_plane(const cr_pooling *p, int bits, const float *in, float *out, float *mask)
{
    const cr_pooling_axis *h = &p->axis[0], *w = &p->axis[1];
    int vh = bits & 1, vw = bits >> 1 & 1;
    for (int64_t o = 0; o < h->out * w->out; o++) {
        int64_t oy = o / w->out, ox = o % w->out;
        seen s = {.most = -FLT_MAX, .winner = -1};
        for (int64_t y = h->begin[vh][oy]; y < h->end[vh][oy]; y++)
            for (int64_t x = w->begin[vw][ox]; x < w->end[vw][ox]; x++)
                see(&s, in[y * w->in + x], y * w->in + x);
        store(p, &s, h->span[vh][oy] * w->span[vw][ox], out + o, mask ? mask + o : NULL);
    }
}

// Windows that see values outside: every tap counts.
static void filled_plane(const cr_pooling *p, const float *in, float *out, float *mask)
{
    const cr_axis *h = &p->window->axis[0], *w = &p->window->axis[1];
    for (int64_t o = 0; o < h->out * w->out; o++) {
        seen s = {.most = -FLT_MAX, .winner = -1};
        for (int64_t k = 0; k < h->kernel * w->kernel; k++) {
            int32_t y = h->index[0][k / w->kernel * h->out + o / w->out];
            int32_t x = w->index[0][k % w->kernel * w->out + o % w->out];
            bool outside = y == CR_TAP_OUTSIDE || x == CR_TAP_OUTSIDE;
            int64_t at = outside ? -1 : y * w->in + x;
            see(&s, outside ? p->window->outside : in[at], at);
        }
        store(p, &s, h->kernel * w->kernel, out + o, mask ? mask + o : NULL);
    }
}

static void run_plane(const work *w, int64_t plane, float *line)
{
    const cr_pooling *p = w->pooling;
    const cr_pooling_axis *y = &p->axis[0], *x = &p->axis[1];
    int64_t image = plane / p->channels, channel = plane % p->channels;
    int bits = p->variant ? p->variant[channel] : 0;
    const float *in = w->buffers->in + image * p->in_image_stride + channel * y->in * x->in;
    float *out = w->buffers->out + image * p->out_image_stride + channel * y->out * x->out;
    float *mask = w->buffers->mask;
    if (mask)
        mask += image * p->mask_image_stride + channel * y->out * x->out;
    if (p->window)
        filled_plane(p, in, out, mask);
    else if (mask || p->method == CR_POOLING_STOCHASTIC)
        plain_plane(p, bits, in, out, mask);
    else if (p->method == CR_POOLING_MAX)
        fold_plane(CR_POOLING_MAX, p, bits, in, line, out);
    else
        fold_plane(CR_POOLING_AVE, p, bits, in, line, out);
}

static void run_part(void *ctx, int64_t part, int slot)
{
    const work *w = ctx;
    float *line = (float *)w->buffers->scratch + slot * w->pooling->axis[1].in;
    int64_t end = w->planes * (part + 1) / w->parts;
    for (int64_t plane = w->planes * part / w->parts; plane < end; plane++)
        run_plane(w, plane, line);
}

size_t cr_pooling_scratch_bytes(const cr_pooling *pooling)
{
    work w = work_of(pooling, NULL);
    return (size_t)(w.parts * pooling->axis[1].in) * sizeof(float);
}

void cr_pooling_run(const cr_pooling *pooling, const cr_pooling_buffers *buffers)
{
    work w = work_of(pooling, buffers);
    cr_parallel(buffers->pool, w.parts, run_part, &w);
}
