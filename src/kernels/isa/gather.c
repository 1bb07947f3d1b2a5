/*
 * gather.c - rows of the im2col matrix for a range of positions.
 *
 *     positions   begin ....|............|........ end      lines of the output along the last axis
 *     a line      edge, run, edge                           the run is inside the input: no table
 *
 * What a tap reads is the same in every channel: it is written down once, as a list of pieces to copy or to
 * fill, and the list is played for all channels. Pieces are in order and written by whole vectors: what one
 * writes too much is overwritten by the next; only the end of a row needs slack.
 */
#include "kernels/gather.h"
#include "kernels/simd.h"

#include <stddef.h>

enum { PIECES = 64 };

typedef struct piece {
    int64_t from; // in the channel; -1: the value outside
    int64_t to, n;
} piece;

// A tap at work, in channels of one variant.
typedef struct tap {
    const cr_gather *g;
    int64_t number, at[CR_MAX_AXES];
    int64_t channel_begin, channel_end; // from g->channel on
    int variant;                        // bit a: of axis a
    int n;
    piece piece[PIECES];
} tap;

/* ---- playing the list ---- */

// Every fourth float: of the last four vectors those are read of which something is wanted.
static void copy_fourth(const float *from, float *to, int64_t n)
{
    for (int64_t i = 0; i < n; i += CR_VECTOR, from += 4 * CR_VECTOR) {
        cr_vf x[4];
        int64_t last = 4 * (n - i - 1);
        CR_UNROLL
        for (int v = 0; v < 4; v++)
            x[v] = v * CR_VECTOR <= last ? cr_load(from + v * CR_VECTOR) : (cr_vf){0};
        cr_store(to + i, cr_even(cr_even(x[0], x[1]), cr_even(x[2], x[3])));
    }
}

static void fill(float *to, int64_t n, float value)
{
    for (int64_t i = 0; i < n; i += CR_VECTOR)
        cr_store(to + i, cr_repeat(value));
}

CR_INLINE void copy(const float *from, const int64_t stride, float *to, int64_t n)
{
    if (stride == 1)
        cr_copy(from, to, n);
    else if (stride == 2)
        cr_copy_even(from, to, n);
    else if (stride == 4)
        copy_fourth(from, to, n);
    else
        for (int64_t i = 0; i < n; i++)
            to[i] = from[stride * i];
}

static void split_two(const float *from, float *const *to, int64_t n)
{
    float *even = to[0], *odd = to[1];
    for (int64_t i = 0; i < n; i += CR_VECTOR) {
        cr_vf low = cr_load(from + 2 * i);
        cr_vf high = n - i > CR_VECTOR / 2 ? cr_load(from + 2 * i + CR_VECTOR) : low;
        cr_store(even + i, cr_even(low, high));
        cr_store(odd + i, cr_odd(low, high));
    }
}

static void split_four(const float *from, float *const *to, int64_t n)
{
    for (int64_t i = 0; i < n; i += CR_VECTOR, from += 4 * CR_VECTOR) {
        cr_vf x[4];
        CR_UNROLL
        for (int v = 0; v < 4; v++)
            x[v] = v * CR_VECTOR < 4 * (n - i) ? cr_load(from + v * CR_VECTOR) : (cr_vf){0};
        cr_vf even[2] = {cr_even(x[0], x[1]), cr_even(x[2], x[3])};
        cr_vf odd[2] = {cr_odd(x[0], x[1]), cr_odd(x[2], x[3])};
        cr_store(to[0] + i, cr_even(even[0], even[1]));
        cr_store(to[1] + i, cr_even(odd[0], odd[1]));
        cr_store(to[2] + i, cr_odd(even[0], even[1]));
        cr_store(to[3] + i, cr_odd(odd[0], odd[1]));
    }
}

static void split(const float *from, int64_t stride, float *const *to, int64_t n)
{
    bool all = true;
    for (int64_t phase = 0; phase < stride; phase++)
        all = all && to[phase];
    if (all && stride == 2)
        split_two(from, to, n);
    else if (all && stride == 4)
        split_four(from, to, n);
    else
        for (int64_t phase = 0; phase < stride; phase++)
            if (to[phase])
                copy(from + phase, stride, to[phase], n);
}

CR_INLINE void play_channel(const tap *t, const float *from, float *to, const int64_t stride)
{
    for (int i = 0; i < t->n; i++) {
        const piece *p = &t->piece[i];
        if (p->from < 0)
            fill(to + p->to, p->n, t->g->window->outside);
        else
            copy(from + p->from, stride, to + p->to, p->n);
    }
}

static void play(tap *t)
{
    const cr_gather *g = t->g;
    const cr_window *w = g->window;
    int64_t stride = w->n_axes ? w->axis[w->n_axes - 1].stride : 1;
    for (int64_t c = t->channel_begin; c < t->channel_end; c++) {
        const float *from = g->image + (g->channel + c) * g->in_count;
        float *to = g->to + (c * g->taps + t->number - g->row_begin) * g->step;
        if (stride == 1)
            play_channel(t, from, to, 1);
        else if (stride == 2)
            play_channel(t, from, to, 2);
        else if (stride == 4)
            play_channel(t, from, to, 4);
        else
            play_channel(t, from, to, stride);
    }
    t->n = 0;
}

/* ---- writing it ---- */

static void add(tap *t, int64_t from, int64_t to, int64_t n)
{
    piece *last = &t->piece[t->n - 1];
    if (t->n > 0 && from < 0 && last->from < 0) {
        last->n += n;
        return;
    }
    if (t->n == PIECES)
        play(t);
    t->piece[t->n++] = (piece){from, to, n};
}

// Outputs [begin, end) of a line whose input line starts at `from`.
static void add_line(tap *t, int64_t from, int64_t begin, int64_t end, int64_t to)
{
    int a = t->g->window->n_axes - 1, v = t->variant >> a & 1;
    const cr_axis *axis = &t->g->window->axis[a];
    int64_t k = t->at[a], run_begin = axis->run_begin[v][k], run_end = axis->run_end[v][k];
    const int32_t *index = axis->index[v] + k * axis->out;
    for (int64_t o = begin; o < end;) {
        int64_t n = 1;
        if (o >= run_begin && o < run_end)
            n = (run_end < end ? run_end : end) - o;
        add(t, index[o] == CR_TAP_OUTSIDE ? -1 : from + index[o], to + o - begin, n);
        o += n;
    }
}

// Where the input line of an output line starts, or -1: outside.
static int64_t line_start(const tap *t, int64_t line)
{
    const cr_window *w = t->g->window;
    int64_t at = 0, step = w->axis[w->n_axes - 1].in;
    for (int a = w->n_axes - 2; a >= 0; a--) {
        const cr_axis *axis = &w->axis[a];
        int32_t index = axis->index[t->variant >> a & 1][t->at[a] * axis->out + line % axis->out];
        if (index == CR_TAP_OUTSIDE)
            return -1;
        at += index * step;
        step *= axis->in;
        line /= axis->out;
    }
    return at;
}

static void gather_tap(tap *t)
{
    const cr_gather *g = t->g;
    int n_axes = g->window->n_axes;
    int64_t length = n_axes ? g->window->axis[n_axes - 1].out : 1;
    for (int64_t p = g->begin; p < g->end;) {
        int64_t line = p / length, begin = p - line * length;
        int64_t n = length - begin < g->end - p ? length - begin : g->end - p;
        int64_t from = n_axes ? line_start(t, line) : 0;
        if (from >= 0 && n_axes > 0)
            add_line(t, from, begin, begin + n, p - g->begin);
        else
            add(t, from, p - g->begin, n);
        p += n;
    }
    play(t);
}

// All channels that have this tap among the rows, those of one variant at a time.
static void gather_channels(tap *t)
{
    const cr_gather *g = t->g;
    const uint8_t *variant = g->window->variant;
    int64_t begin = (g->row_begin - t->number + g->taps - 1) / g->taps;
    int64_t end = (g->row_end - t->number + g->taps - 1) / g->taps;
    while (begin < end) {
        t->channel_begin = begin;
        t->variant = variant ? variant[g->channel + begin] : 0;
        while (variant && ++begin < end && variant[g->channel + begin] == t->variant)
            ;
        t->channel_end = variant ? begin : end;
        gather_tap(t);
        begin = t->channel_end;
    }
}

static void run(const cr_gather *g)
{
    tap t = {.g = g};
    for (; t.number < g->taps; t.number++) {
        int64_t rest = t.number;
        for (int a = g->window->n_axes - 1; a >= 0; a--) {
            t.at[a] = rest % g->window->axis[a].kernel;
            rest /= g->window->axis[a].kernel;
        }
        gather_channels(&t);
    }
}

extern const cr_gather_kernels CR_ISA(cr_gather_kernels);
const cr_gather_kernels CR_ISA(cr_gather_kernels) = {.run = run, .split = split};
