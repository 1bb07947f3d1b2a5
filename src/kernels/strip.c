/*
 * strip.c - fills strips (strip.h) through cr_window's tables.
 *
 * What a padded position reads depends on the position alone, whichever tap and output it belongs to, so any pair
 * of them tells. A line of a plane is
 *
 *     edge, run, edge        the run steps through an input line; edges are looked up, once for all lines
 *
 * An input line is read once, by whole vectors, and its run goes into all planes of its row at a time. Lines are
 * written in order: what one writes too much is overwritten by the next; behind the last one of a plane there is room
 * for it. Where output lines are whole vectors, planes are laid so that vectors of their runs do not cross cache lines.
 */
#include "kernels/strip.h"
#include "base/int.h"
#include "kernels/gather.h"
#include "kernels/kernels.h"

enum { EDGES = 64, LINE = 16, SOME_LINES = 32 };

// Columns of the planes, by phase.
typedef struct columns {
    int64_t begin[CR_STRIP_PHASES], n;    // where the run begins; its length is the same for all
    int64_t from;                         // the first input column of the run
    int64_t turn[CR_STRIP_PHASES];        // the phase reads the columns from + turn + i * stride
    int32_t edge[CR_STRIP_PHASES][EDGES]; // what is before the run, then what is behind it
} columns;

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

// Of a plane's line.
static int64_t width_of(const cr_axis *axis)
{
    return axis->out + reach(axis);
}

// Where the first input column of a phase stands in its plane.
static int64_t run_begin(const cr_axis *axis, int v, int64_t phase)
{
    return axis->pad_before[v] > phase ? cr_div_up(axis->pad_before[v] - phase, axis->stride) : 0;
}

static void set_run(const cr_axis *axis, int v, columns *c)
{
    int64_t width = width_of(axis);
    c->from = cr_i64_max(-axis->pad_before[v], 0);
    c->n = cr_i64_max(axis->in - c->from, 0) / axis->stride;
    for (int64_t phase = 0; phase < axis->stride; phase++) {
        int64_t begin = run_begin(axis, v, phase);
        c->turn[phase] = begin * axis->stride + phase - axis->pad_before[v] - c->from;
        c->begin[phase] = cr_i64_min(begin, width);
        c->n = cr_i64_min(c->n, width - c->begin[phase]);
    }
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
    for (int v = 0; v < (w->variant ? 2 : 1); v++) {
        columns c;
        set_run(&w->axis[1], v, &c);
        if (width_of(&w->axis[1]) - c.n > EDGES)
            return false;
    }
    return true;
}

cr_strip cr_strip_of(const cr_conv *conv, int64_t lines)
{
    const cr_axis *axis = conv->window->axis;
    cr_strip s = {.conv = conv, .lines = lines, .pitch = width_of(&axis[1])};
    int count = 0;
    if (axis[1].out % LINE == 0) {
        s.pitch = cr_round_up(s.pitch, LINE);
        for (int x = 0; x < axis[1].stride; x++)
            s.shift[x] = cr_round_up(run_begin(&axis[1], 0, x), LINE) - run_begin(&axis[1], 0, x);
    }
    s.plane_floats = (lines + reach(&axis[0])) * s.pitch + 2 * LINE;
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
                          s->shift[column % x->stride] + column / x->stride;
            }
}

static void set_columns(const cr_strip *s, int v, columns *c)
{
    const cr_axis *axis = &s->conv->window->axis[1];
    set_run(axis, v, c);
    for (int phase = 0; phase < axis->stride; phase++) {
        int64_t n = 0, begin = c->begin[phase], end = width_of(axis);
        for (int64_t at = 0; at < end; at++) {
            if (at == begin)
                at += c->n;
            if (at < end)
                c->edge[phase][n++] = index_at(axis, v, phase, at);
        }
    }
}

static void fill(float *to, int64_t n, float value)
{
    for (int64_t i = 0; i < n; i++)
        to[i] = value;
}

static void fill_edge(const float *from, const int32_t *edge, int64_t n, float outside, float *to)
{
    for (int64_t i = 0; i < n; i++)
        to[i] = edge[i] == CR_TAP_OUTSIDE ? outside : from[edge[i]];
}

// One line of all planes of a row's phase, from an input line.
static void fill_line(const cr_strip *s, const columns *c, const float *from, float *const *to)
{
    const cr_window *w = s->conv->window;
    float *run[CR_STRIP_PHASES];
    int64_t stride = w->axis[1].stride, width = width_of(&w->axis[1]);
    for (int64_t phase = 0; phase < stride; phase++)
        run[c->turn[phase]] = to[phase] ? to[phase] + c->begin[phase] : NULL;
    s->conv->kernels->gather->split(from + c->from, stride, run, c->n);
    for (int64_t phase = 0; phase < stride; phase++) {
        int64_t begin = c->begin[phase], end = begin + c->n;
        if (!to[phase])
            continue;
        fill_edge(from, c->edge[phase], begin, w->outside, to[phase]);
        fill_edge(from, c->edge[phase] + begin, width - end, w->outside, to[phase] + end);
    }
}

// Some lines of a strip: by variant of the padding, which line of the image each phase reads.
typedef struct lines {
    int64_t first, n; // of the strip
    int32_t row[2][SOME_LINES][CR_STRIP_PHASES];
} lines;

static void set_lines(const cr_strip *s, int64_t line, lines *l)
{
    const cr_axis *axis = &s->conv->window->axis[0];
    for (int v = 0; v < (s->conv->window->variant ? 2 : 1); v++)
        for (int64_t i = 0; i < l->n; i++)
            for (int phase = 0; phase < axis->stride; phase++)
                l->row[v][i][phase] = index_at(axis, v, phase, line + l->first + i);
}

// In the order of the image's lines.
static void fill_channel(const cr_strip *s, const lines *l, int v, const float *from, const columns *c,
                         float *to)
{
    const cr_axis *y = &s->conv->window->axis[0], *x = &s->conv->window->axis[1];
    to += l->first * s->pitch;
    for (int64_t i = 0; i < l->n; i++, to += s->pitch)
        for (int64_t row = 0; row < y->stride; row++) {
            float *line[CR_STRIP_PHASES];
            int32_t at = l->row[v][i][row];
            for (int64_t phase = 0; phase < x->stride; phase++) {
                int plane = s->planes[row][phase];
                line[phase] = plane < 0 ? NULL : to + plane * s->plane_floats + s->shift[phase];
                if (line[phase] && at == CR_TAP_OUTSIDE)
                    fill(line[phase], width_of(x), s->conv->window->outside);
            }
            if (at != CR_TAP_OUTSIDE)
                fill_line(s, c, from + at * x->in, line);
        }
}

void cr_strip_fill(const cr_strip *s, const cr_strip_part *part, float *to)
{
    const uint8_t *variants = s->conv->window->variant;
    columns of[2];
    lines l = {.first = 0};
    for (int v = 0; v < (variants ? 2 : 1); v++)
        set_columns(s, v, &of[v]);
    for (int64_t n = part->lines + reach(&s->conv->window->axis[0]); l.first < n; l.first += l.n) {
        l.n = cr_i64_min(n - l.first, SOME_LINES);
        set_lines(s, part->line, &l);
        for (int64_t c = part->begin; c < part->end; c++) {
            int v = variants ? variants[c] : 0;
            fill_channel(s, &l, v & 1, part->image + c * s->conv->in_count, &of[v >> 1 & 1],
                         to + (c - part->begin) * s->channel_floats);
        }
    }
}
