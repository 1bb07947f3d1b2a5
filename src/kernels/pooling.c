/*
 * pooling.c - cuts pooling into items, and runs what has no kernel of its own.
 *
 * An item is some channels, or where channels are large a band of output rows of one. MAX and AVE go to the ISA
 * level's kernel. A mask, STOCHASTIC, and pads so wide that a line with them would take much memory go the plain
 * way: window by window.
 */
#include "kernels/pooling.h"
#include "base/int.h"

#include <float.h>

enum { MAX_PADS = 1 << 16 }; // floats of a line outside the input

typedef struct work {
    const cr_pooling *pooling;
    const cr_pooling_buffers *buffers;
    int64_t planes, item_planes; // channels of all images
    int64_t bands, band_rows;    // of a channel
    bool plain, has_sides;
    cr_pooling_sides sides[2]; // per variant
} work;

/* ---- the plain way ---- */

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

static void store(const cr_pooling *p, const seen *s, float span, float *out, float *mask)
{
    if (p->method == CR_POOLING_MAX)
        *out = s->most;
    else if (p->method == CR_POOLING_AVE)
        *out = s->sum / span;
    else
        *out = s->sum > 0 ? s->squares / s->sum : 0;
    if (mask)
        *mask = (float)s->winner;
}

static void see_window(const cr_pooling_rows *r, int64_t oy, int64_t ox, seen *s)
{
    const cr_pooling_axis *h = &r->pooling->axis[0], *w = &r->pooling->axis[1];
    int vh = r->variant[0], vw = r->variant[1];
    for (int64_t y = h->begin[vh][oy]; y < h->end[vh][oy]; y++)
        for (int64_t x = w->begin[vw][ox]; x < w->end[vw][ox]; x++)
            see(s, r->in[y * w->in + x], y * w->in + x);
}

// Where the mode puts values outside every tap counts.
static void see_taps(const cr_pooling_rows *r, int64_t oy, int64_t ox, seen *s)
{
    const cr_window *window = r->pooling->window;
    const cr_axis *h = &window->axis[0], *w = &window->axis[1];
    for (int64_t k = 0; k < h->kernel * w->kernel; k++) {
        int32_t y = h->index[0][k / w->kernel * h->out + oy], x = w->index[0][k % w->kernel * w->out + ox];
        bool outside = y == CR_TAP_OUTSIDE || x == CR_TAP_OUTSIDE;
        int64_t at = outside ? -1 : y * w->in + x;
        see(s, outside ? window->outside : r->in[at], at);
    }
}

static void run_plain(const cr_pooling_rows *r, float *mask)
{
    const cr_pooling_axis *h = &r->pooling->axis[0], *w = &r->pooling->axis[1];
    for (int64_t o = r->begin * w->out; o < r->end * w->out; o++) {
        int64_t oy = o / w->out, ox = o % w->out;
        seen s = {.most = -FLT_MAX, .winner = -1};
        if (r->pooling->window)
            see_taps(r, oy, ox, &s);
        else
            see_window(r, oy, ox, &s);
        store(r->pooling, &s, h->span[r->variant[0]][oy] * w->span[r->variant[1]][ox], r->out + o,
              mask ? mask + o : NULL);
    }
}

/* ---- items ---- */

int64_t cr_pooling_line(const cr_pooling *pooling)
{
    const cr_pooling_axis *w = &pooling->axis[1];
    int64_t before = w->before[0] > w->before[1] ? w->before[0] : w->before[1];
    int64_t windows = (w->out - 1) * w->stride + w->kernel;
    return before + w->in > windows ? before + w->in : windows;
}

static bool has_sides(const cr_pooling *p)
{
    const cr_pooling_axis *y = &p->axis[0], *x = &p->axis[1];
    if (x->kernel != y->kernel || x->stride != y->stride || (x->kernel != 2 && x->kernel != 3) ||
        x->stride > 2)
        return false;
    for (int v = 0; v < (p->variant ? 2 : 1); v++) {
        int64_t behind = (x->out - 1) * x->stride + x->kernel - x->before[v] - x->in;
        if (x->before[v] > 1 || behind > x->stride)
            return false;
    }
    return true;
}

// The column that a tap of an output reads, or CR_TAP_OUTSIDE.
static int32_t column_of(const cr_pooling *p, int v, int64_t tap, int64_t o)
{
    const cr_pooling_axis *x = &p->axis[1];
    if (p->window)
        return p->window->axis[1].index[0][tap * x->out + o];
    int64_t at = o * x->stride + tap - x->before[v];
    return at < 0 || at >= x->in ? CR_TAP_OUTSIDE : (int32_t)at;
}

static cr_pooling_sides sides_of(const cr_pooling *p, int v)
{
    int64_t last = p->axis[1].out - 1;
    return (cr_pooling_sides){.left = column_of(p, v, 0, 0),
                              .even = column_of(p, v, p->axis[1].kernel == 3 ? 2 : 0, last),
                              .odd = column_of(p, v, 1, last)};
}

static bool plain(const cr_pooling *p, bool mask)
{
    return mask || p->method == CR_POOLING_STOCHASTIC || cr_pooling_line(p) - p->axis[1].in > MAX_PADS;
}

// Channels plane, plane + 1, ... of one image and one variant, or a band of rows of one.
static void run_planes(const work *w, int64_t plane, int64_t planes, int64_t band, float *line)
{
    const cr_pooling *p = w->pooling;
    const cr_pooling_axis *y = &p->axis[0], *x = &p->axis[1];
    int64_t image = plane / p->channels, channel = plane % p->channels;
    int bits = p->variant ? p->variant[channel] : 0;
    cr_pooling_rows rows = {
        .pooling = p, .variant = {bits & 1, bits >> 1 & 1}, .channels = planes, .line = line};
    rows.sides = w->has_sides ? &w->sides[rows.variant[1]] : NULL;
    rows.in = w->buffers->in + image * p->in_image_stride + channel * y->in * x->in;
    rows.out = w->buffers->out + image * p->out_image_stride + channel * y->out * x->out;
    rows.begin = band * w->band_rows;
    rows.end = cr_i64_min(rows.begin + w->band_rows, y->out);
    float *mask = w->buffers->mask;
    if (!w->plain && w->has_sides)
        p->kernels->pooling_strips->run(&rows);
    else if (!w->plain)
        p->kernels->pooling->run(&rows);
    else
        run_plain(&rows, mask ? mask + image * p->mask_image_stride + channel * y->out * x->out : NULL);
}

// How many channels from this one on are of one image and one variant.
static int64_t alike(const work *w, int64_t plane, int64_t end)
{
    const cr_pooling *p = w->pooling;
    int64_t channel = plane % p->channels, n = 1, most = cr_i64_min(end - plane, p->channels - channel);
    if (w->plain)
        return 1;
    while (n < most && (!p->variant || p->variant[channel + n] == p->variant[channel]))
        n++;
    return n;
}

static void run_item(void *ctx, int64_t item, int slot)
{
    const work *w = ctx;
    float *line = (float *)(void *)(w->buffers->slot_scratch + (size_t)slot * w->buffers->slot_step);
    int64_t band = item % w->bands, plane = item / w->bands * w->item_planes;
    int64_t end = cr_i64_min(plane + w->item_planes, w->planes);
    for (int64_t n; plane < end; plane += n) {
        n = alike(w, plane, end);
        run_planes(w, plane, n, band, line);
    }
}

size_t cr_pooling_slot_bytes(const cr_pooling *pooling)
{
    if (plain(pooling, false) || has_sides(pooling))
        return 0;
    return (size_t)(cr_pooling_line(pooling) + CR_POOLING_LINE_SLACK) * sizeof(float);
}

void cr_pooling_run(const cr_pooling *pooling, const cr_pooling_buffers *buffers)
{
    work w = {.pooling = pooling, .buffers = buffers, .planes = pooling->images * pooling->channels};
    const cr_pooling_axis *y = &pooling->axis[0], *x = &pooling->axis[1];
    w.plain = plain(pooling, buffers->mask != NULL);
    w.has_sides = has_sides(pooling);
    for (int v = 0; w.has_sides && v < (pooling->variant ? 2 : 1); v++)
        w.sides[v] = sides_of(pooling, v);
    // The plain way takes a step for each value of a window, the others less than one for eight.
    double taps = (double)(y->out * x->out) * (double)(y->end[0][y->out / 2] - y->begin[0][y->out / 2]) *
                  (double)(x->end[0][x->out / 2] - x->begin[0][x->out / 2]);
    double row_ns = (w.plain ? 1 : 0.03) * taps / (double)y->out + 1;
    w.band_rows = cr_parallel_grain(w.planes * y->out, row_ns);
    w.item_planes = w.band_rows / y->out;
    if (w.item_planes < 1)
        w.item_planes = 1;
    else
        w.band_rows = y->out;
    w.bands = (y->out + w.band_rows - 1) / w.band_rows;
    cr_parallel(buffers->pool, (w.planes + w.item_planes - 1) / w.item_planes * w.bands, run_item, &w);
}
