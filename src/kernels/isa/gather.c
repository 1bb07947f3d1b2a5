/*
 * gather.c - rows of the im2col matrix for a range of positions.
 *
 *     positions   begin ....|............|........ end      lines of the output along the last axis
 *     a line      edge, run, edge                           the run is inside the input: no table
 *
 * Lines are written in order and runs by whole vectors, so what a run writes too much is overwritten by what
 * follows it; only the end of a row needs slack.
 */
#include "kernels/gather.h"
#include "kernels/simd.h"

#include <string.h>

// The row at work: its tap and variant on each axis.
typedef struct row {
    const cr_gather *g;
    int64_t tap[CR_MAX_AXES];
    int variant[CR_MAX_AXES];
    const float *from; // the channel
} row;

static void fill(float *to, int64_t n, float value)
{
    for (int64_t i = 0; i < n; i++)
        to[i] = value;
}

static void copy(const float *from, float *to, int64_t n)
{
    for (int64_t i = 0; i < n; i += CR_VECTOR)
        cr_store(to + i, cr_load(from + i));
}

// Of the last two vectors the second is read only if something in it is wanted.
static void copy_even(const float *from, float *to, int64_t n)
{
    for (int64_t i = 0; i < n; i += CR_VECTOR) {
        cr_vf low = cr_load(from + 2 * i);
        cr_vf high = n - i > CR_VECTOR / 2 ? cr_load(from + 2 * i + CR_VECTOR) : low;
        cr_store(to + i, cr_even(low, high));
    }
}

static void copy_run(const float *from, int64_t stride, float *to, int64_t n)
{
    if (stride == 1)
        copy(from, to, n);
    else if (stride == 2)
        copy_even(from, to, n);
    else
        for (int64_t i = 0; i < n; i++)
            to[i] = from[stride * i];
}

// Outputs [begin, end) of a line; `to` is that of `begin`.
static void gather_line(const row *r, int a, const float *from, int64_t begin, int64_t end, float *to)
{
    const cr_axis *axis = &r->g->window->axis[a];
    int v = r->variant[a];
    int64_t k = r->tap[a], o = begin;
    const int32_t *index = axis->index[v] + k * axis->out;
    int64_t run_begin = axis->run_begin[v][k], run_end = axis->run_end[v][k];
    float outside = r->g->window->outside;
    for (; o < end && o < run_begin; o++)
        to[o - begin] = index[o] == CR_TAP_OUTSIDE ? outside : from[index[o]];
    int64_t stop = run_end < end ? run_end : end;
    if (o < stop) {
        copy_run(from + index[o], axis->stride, to + o - begin, stop - o);
        o = stop;
    }
    for (; o < end; o++)
        to[o - begin] = index[o] == CR_TAP_OUTSIDE ? outside : from[index[o]];
}

// Where the input line of an output line starts; NULL: outside.
static const float *line_start(const row *r, int64_t line)
{
    const cr_window *w = r->g->window;
    int64_t at = 0, step = w->axis[w->n_axes - 1].in;
    for (int a = w->n_axes - 2; a >= 0; a--) {
        const cr_axis *axis = &w->axis[a];
        int64_t o = a > 0 ? line % axis->out : line;
        int32_t index = axis->index[r->variant[a]][r->tap[a] * axis->out + o];
        if (index == CR_TAP_OUTSIDE)
            return NULL;
        at += index * step;
        if (a > 0) {
            line /= axis->out;
            step *= axis->in;
        }
    }
    return r->from + at;
}

static void gather_row(const row *r, float *to)
{
    const cr_gather *g = r->g;
    const cr_window *w = g->window;
    if (w->n_axes == 0) {
        *to = *r->from;
        return;
    }
    int64_t length = w->axis[w->n_axes - 1].out, line = g->begin / length, begin = g->begin - line * length;
    for (int64_t left = g->end - g->begin; left > 0; line++) {
        int64_t n = length - begin < left ? length - begin : left;
        const float *from = line_start(r, line);
        if (from)
            gather_line(r, w->n_axes - 1, from, begin, begin + n, to);
        else
            fill(to, n, w->outside);
        to += n;
        left -= n;
        begin = 0;
    }
}

static void set_channel(row *r, int64_t channel)
{
    const cr_window *w = r->g->window;
    r->from = r->g->image + channel * r->g->in_count;
    for (int a = 0; a < w->n_axes; a++)
        r->variant[a] = w->variant ? w->variant[channel] >> a & 1 : 0;
}

// The next tap of the window; false: that was the last one.
static bool next_tap(row *r)
{
    const cr_window *w = r->g->window;
    for (int a = w->n_axes - 1; a >= 0; a--) {
        if (++r->tap[a] < w->axis[a].kernel)
            return true;
        r->tap[a] = 0;
    }
    return false;
}

static void run(const cr_gather *g)
{
    const cr_window *w = g->window;
    row r = {.g = g};
    int64_t channel = g->channel + g->row_begin / g->taps, tap = g->row_begin % g->taps;
    for (int a = w->n_axes - 1; a >= 0; a--) {
        r.tap[a] = tap % w->axis[a].kernel;
        tap /= w->axis[a].kernel;
    }
    set_channel(&r, channel);
    float *to = g->to;
    for (int64_t i = g->row_begin; i < g->row_end; i++, to += g->step) {
        gather_row(&r, to);
        if (!next_tap(&r) && i + 1 < g->row_end)
            set_channel(&r, ++channel);
    }
}

extern const cr_gather_kernels CR_ISA(cr_gather_kernels);
const cr_gather_kernels CR_ISA(cr_gather_kernels) = {.run = run};
