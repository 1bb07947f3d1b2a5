/*
 * mean_padding.c - distribution padding (Nguyen et al., ICIP 2019).
 *
 * With pads (ph, pw), Y is X averaged over windows of (2 ph + 1) x (2 pw + 1), only those that lie inside. Z is Y
 * enlarged bilinearly: MEAN_INTERP to the padded size, MEAN_REFLECT to X's own size and then mirrored outwards
 * without repeating the edge. The result is Z, with X in its middle.
 *
 * Output i of the enlargement to n samples reads position r (i + 1) - 1 of its m inputs, r = m / n, not below 0: as
 * the authors' code has it, neither aligned at the corners nor at the pixels' halves. Between two positions, that
 * lie side by side, a mean and the next one share all but their ends; so along an axis a sample is
 *
 *     (1 - f) x[s] + x[s + 1] + ... + x[s + 2 p] + f x[s + 2 p + 1],   over 2 p + 1
 *
 * and both axes together are its product. Only the border is computed.
 */
#include "layers/mean_padding.h"
#include "crema.pb-c.h"

#include <string.h>

// A sample of an axis: its first tap, and the part of the last one.
typedef struct sample {
    int64_t start;
    float part;
} sample;

typedef struct axis {
    int64_t in, pad, out;
    const sample *at; // (out)
} axis;

struct cr_mean_padding {
    axis axis[2];
};

static int64_t mirror(int64_t i, int64_t n)
{
    if (i < 0)
        i = -i;
    return i < n ? i : 2 * (n - 1) - i;
}

static cr_status make_axis(cr_arena *arena, int mode, axis *a, cr_err *err)
{
    sample *at = cr_arena_array(arena, (size_t)a->out, sizeof *at);
    if (!at)
        return cr_no_memory(err);
    bool reflect = mode == CREMA__PAD_MODE__MEAN_REFLECT;
    int64_t means = a->in - 2 * a->pad, enlarged = reflect ? a->in : a->out;
    for (int64_t i = 0; i < a->out; i++) {
        int64_t sample_of = reflect ? mirror(i - a->pad, a->in) : i;
        double position = (double)means / (double)enlarged * (double)(sample_of + 1) - 1;
        position = position > 0 ? position : 0;
        int64_t start = (int64_t)position;
        at[i] =
            start >= means - 1 ? (sample){means - 1, 0} : (sample){start, (float)(position - (double)start)};
    }
    a->at = at;
    return CREMA_OK;
}

cr_status cr_mean_padding_make(cr_arena *arena, const cr_window_spec *spec, const int64_t in[2],
                               const cr_mean_padding **made, cr_err *err)
{
    cr_mean_padding *mean = cr_arena_alloc(arena, sizeof *mean);
    if (!mean)
        return cr_no_memory(err);
    *made = mean;
    for (int a = 0; a < 2; a++) {
        int64_t before, after;
        cr_window_pads(spec, a, in[a], &before, &after);
        mean->axis[a] = (axis){.in = in[a], .pad = before, .out = in[a] + 2 * before};
        cr_status status = make_axis(arena, spec->mode, &mean->axis[a], err);
        if (status)
            return status;
    }
    return CREMA_OK;
}

void cr_mean_padding_size(const cr_mean_padding *mean, int64_t size[2])
{
    size[0] = mean->axis[0].out;
    size[1] = mean->axis[1].out;
}

int64_t cr_mean_padding_in_count(const cr_mean_padding *mean)
{
    return mean->axis[0].in * mean->axis[1].in;
}

typedef struct job {
    const cr_mean_padding *mean;
    const cr_mean_planes *planes;
} job;

static float weight(const axis *a, int64_t o, int64_t tap)
{
    return tap == 0 ? 1 - a->at[o].part : tap == 2 * a->pad + 1 ? a->at[o].part : 1;
}

// Taps of a sample: the last one may lie outside where it has no part.
static int64_t taps(const axis *a, int64_t o)
{
    return 2 * a->pad + 1 + (a->at[o].part > 0);
}

void cr_mean_padding_weights(const cr_mean_padding *mean, int which, float *weights)
{
    const axis *a = &mean->axis[which];
    for (int64_t o = 0; o < a->out; o++, weights += a->in) {
        for (int64_t i = 0; i < a->in; i++)
            weights[i] = 0;
        for (int64_t tap = 0; tap < taps(a, o); tap++)
            weights[a->at[o].start + tap] = weight(a, o, tap) / (float)(2 * a->pad + 1);
    }
}

static float border(const cr_mean_padding *mean, const float *in, int64_t y, int64_t x)
{
    const axis *rows = &mean->axis[0], *columns = &mean->axis[1];
    float sum = 0;
    for (int64_t i = 0; i < taps(rows, y); i++) {
        const float *line = in + (rows->at[y].start + i) * columns->in + columns->at[x].start;
        float part = 0;
        for (int64_t j = 0; j < taps(columns, x); j++)
            part += weight(columns, x, j) * line[j];
        sum += weight(rows, y, i) * part;
    }
    return sum / (float)((2 * rows->pad + 1) * (2 * columns->pad + 1));
}

static void pad_plane(const cr_mean_padding *mean, const float *in, float *out)
{
    const axis *rows = &mean->axis[0], *columns = &mean->axis[1];
    for (int64_t y = 0; y < rows->out; y++, out += columns->out) {
        bool inside = y >= rows->pad && y < rows->pad + rows->in;
        int64_t left = inside ? columns->pad : columns->out,
                right = inside ? columns->pad + columns->in : left;
        for (int64_t x = 0; x < left; x++)
            out[x] = border(mean, in, y, x);
        if (inside)
            memcpy(out + left, in + (y - rows->pad) * columns->in, (size_t)columns->in * sizeof *out);
        for (int64_t x = right; x < columns->out; x++)
            out[x] = border(mean, in, y, x);
    }
}

static void plane_item(void *ctx, int64_t item, int slot)
{
    (void)slot;
    const job *j = ctx;
    const cr_mean_planes *p = j->planes;
    int64_t image = item / p->channels, channel = item % p->channels;
    int64_t out_count = j->mean->axis[0].out * j->mean->axis[1].out;
    pad_plane(j->mean, p->in + image * p->in_image_stride + channel * cr_mean_padding_in_count(j->mean),
              p->out + image * p->out_image_stride + channel * out_count);
}

void cr_mean_padding_run(const cr_mean_padding *mean, const cr_mean_planes *planes, cr_pool *pool)
{
    job j = {mean, planes};
    cr_parallel(pool, planes->images * planes->channels, plane_item, &j);
}
