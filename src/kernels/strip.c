/*
 * strip.c - fills strips (strip.h) through cr_window's tables.
 *
 * What a padded position reads depends on the position alone, whichever tap and output it belongs to, so any pair
 * of them tells. A line of a plane is
 *
 *     edge, run, edge        the run steps through an input line; edges are looked up, once for all lines
 *
 * Planes are filled in the order of their addresses, by whole vectors: what one line writes too much is
 * overwritten by the next.
 */
#include "kernels/strip.h"
#include "kernels/gather.h"
#include "kernels/kernels.h"

enum { EDGES = 64, LINE = 16 };

// Columns of a plane.
typedef struct columns {
    int64_t run_begin, run_end, from; // `from`: the input column of run_begin
    int32_t edge[EDGES];              // those before the run, then those behind it
} columns;

static int64_t min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t max(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

// How far the last tap lies behind the first, in positions of its plane.
static int64_t reach(const cr_axis *axis)
{
    return (axis->kernel - 1) * axis->dilation / axis->stride;
}

// What position `at` of a plane reads: an input index, or outside; so where nothing reads it.
static int32_t index_at(const cr_axis *axis, int v, int phase, int64_t at)
{
    for (int64_t k = 0; k < axis->kernel; k++) {
        int64_t o = at - k * axis->dilation / axis->stride;
        if (k * axis->dilation % axis->stride == phase && o >= 0 && o < axis->out)
            return axis->index[v][k * axis->out + o];
    }
    return CR_TAP_OUTSIDE;
}

static void set_run(const cr_axis *axis, int v, int phase, int64_t pitch, columns *c)
{
    int64_t before = axis->pad_before[v] - phase, stride = axis->stride;
    int64_t begin = before > 0 ? (before + stride - 1) / stride : 0;
    int64_t end = axis->in + before > 0 ? (axis->in + before - 1) / stride + 1 : 0;
    c->run_begin = min(begin, pitch);
    c->run_end = max(min(end, pitch), c->run_begin);
    c->from = c->run_begin * stride - before;
}

static bool is_read(const cr_axis *axis, int phase)
{
    for (int64_t k = 0; k < axis->kernel; k++)
        if (k * axis->dilation % axis->stride == phase)
            return true;
    return false;
}

bool cr_strip_serves(const cr_conv *conv)
{
    const cr_window *w = conv->window;
    if (w->n_axes != 2 || w->axis[0].stride > CR_STRIP_PHASES || w->axis[1].stride > CR_STRIP_PHASES)
        return false;
    int64_t pitch = w->axis[1].out + reach(&w->axis[1]);
    for (int v = 0; v < (w->variant ? 2 : 1); v++)
        for (int phase = 0; phase < w->axis[1].stride; phase++) {
            columns c;
            set_run(&w->axis[1], v, phase, pitch, &c);
            if (pitch - (c.run_end - c.run_begin) > EDGES)
                return false;
        }
    return true;
}

cr_strip cr_strip_of(const cr_conv *conv, int64_t lines)
{
    const cr_axis *axis = conv->window->axis;
    cr_strip s = {.conv = conv, .lines = lines, .pitch = axis[1].out + reach(&axis[1])};
    int count = 0;
    s.plane_floats = (lines + reach(&axis[0])) * s.pitch;
    for (int y = 0; y < CR_STRIP_PHASES; y++)
        for (int x = 0; x < CR_STRIP_PHASES; x++)
            s.planes[y][x] = is_read(&axis[0], y) && is_read(&axis[1], x) ? count++ : -1;
    s.channel_floats =
        ((count * s.plane_floats + LINE - 1) / LINE | 1) * LINE; // not all in the same cache sets
    return s;
}

void cr_strip_rows(const cr_strip *s, int64_t channels, int64_t *rows)
{
    const cr_axis *y = &s->conv->window->axis[0], *x = &s->conv->window->axis[1];
    for (int64_t c = 0; c < channels; c++)
        for (int64_t i = 0; i < y->kernel; i++)
            for (int64_t j = 0; j < x->kernel; j++) {
                int64_t row = i * y->dilation, column = j * x->dilation;
                int plane = s->planes[row % y->stride][column % x->stride];
                *rows++ = c * s->channel_floats + plane * s->plane_floats + row / y->stride * s->pitch +
                          column / x->stride;
            }
}

static void set_columns(const cr_strip *s, int v, columns c[CR_STRIP_PHASES])
{
    const cr_axis *axis = &s->conv->window->axis[1];
    for (int phase = 0; phase < axis->stride; phase++, c++) {
        int n = 0;
        set_run(axis, v, phase, s->pitch, c);
        for (int64_t at = 0; at < s->pitch; at++)
            if (at < c->run_begin || at >= c->run_end)
                c->edge[n++] = index_at(axis, v, phase, at);
    }
}

static void fill(float *to, int64_t n, float value)
{
    for (int64_t i = 0; i < n; i++)
        to[i] = value;
}

// One line of a plane, from an input line.
static void fill_line(const cr_strip *s, const columns *c, const float *from, float *to)
{
    const cr_conv *conv = s->conv;
    const int32_t *edge = c->edge;
    float outside = conv->window->outside;
    for (int64_t at = 0; at < c->run_begin; at++, edge++)
        to[at] = *edge == CR_TAP_OUTSIDE ? outside : from[*edge];
    conv->kernels->gather->copy(from + c->from, conv->window->axis[1].stride, to + c->run_begin,
                                c->run_end - c->run_begin);
    for (int64_t at = c->run_end; at < s->pitch; at++, edge++)
        to[at] = *edge == CR_TAP_OUTSIDE ? outside : from[*edge];
}

static void fill_channel(const cr_strip *s, const cr_strip_part *part, int v, const float *from,
                         const columns *c, float *to)
{
    const cr_axis *y = &s->conv->window->axis[0], *x = &s->conv->window->axis[1];
    for (int row = 0; row < y->stride; row++)
        for (int column = 0; column < x->stride; column++) {
            if (s->planes[row][column] < 0)
                continue;
            float *line = to + s->planes[row][column] * s->plane_floats;
            for (int64_t i = 0; i < part->lines + reach(y); i++, line += s->pitch) {
                int32_t at = index_at(y, v, row, part->line + i);
                if (at == CR_TAP_OUTSIDE)
                    fill(line, s->pitch, s->conv->window->outside);
                else
                    fill_line(s, &c[column], from + at * x->in, line);
            }
        }
}

void cr_strip_fill(const cr_strip *s, const cr_strip_part *part, float *to)
{
    const uint8_t *variants = s->conv->window->variant;
    columns of[2][CR_STRIP_PHASES];
    for (int v = 0; v < (variants ? 2 : 1); v++)
        set_columns(s, v, of[v]);
    for (int64_t c = part->begin; c < part->end; c++, to += s->channel_floats) {
        int v = variants ? variants[c] : 0;
        fill_channel(s, part, v & 1, part->image + c * s->conv->in_count, of[v >> 1 & 1], to);
    }
}
