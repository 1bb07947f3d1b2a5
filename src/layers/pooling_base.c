/*
 * pooling_base.c - sizes and tables of pooling windows; the semantics stand in pooling.c.
 */
#include "layers/pooling_base.h"
#include "crema.pb-c.h"

#include <math.h>

bool cr_pooling_is_caffe(const cr_window_spec *spec)
{
    return spec->rule == CREMA__PAD_RULE__EXPLICIT && spec->mode == CREMA__PAD_MODE__ZERO;
}

bool cr_pooling_any_pad(const cr_window_spec *spec)
{
    return spec->pad_before[0] || spec->pad_before[1] || spec->pad_after[0] || spec->pad_after[1];
}

int64_t cr_pooling_size(const cr_window_spec *spec, int axis, int64_t in, bool up)
{
    int64_t before = spec->pad_before[axis], after = spec->pad_after[axis];
    float steps = (float)(in + before + after - spec->kernel[axis]) / (float)spec->stride[axis];
    int64_t out = (int64_t)(up ? ceilf(steps) : floorf(steps)) + 1;
    if (cr_pooling_any_pad(spec) && (out - 1) * spec->stride[axis] >= in + before)
        out--;
    return out;
}

static int64_t clamp(int64_t x, int64_t low, int64_t high)
{
    return x < low ? low : x > high ? high : x;
}

// window: the mode puts values outside, so all of a window counts.
static cr_status build_axis(cr_arena *arena, const cr_window_spec *spec, int64_t before, int64_t after,
                            bool window, cr_pooling_axis *axis, int v, cr_err *err)
{
    int64_t *begin = cr_arena_array(arena, (size_t)axis->out, sizeof *begin);
    int64_t *end = cr_arena_array(arena, (size_t)axis->out, sizeof *end);
    float *span = cr_arena_array(arena, (size_t)axis->out, sizeof *span);
    if (!begin || !end || !span)
        return cr_no_memory(err);
    for (int64_t o = 0; o < axis->out; o++) {
        int64_t from = o * axis->stride - before, to = from + axis->kernel;
        begin[o] = clamp(from, 0, axis->in);
        end[o] = clamp(to, begin[o], axis->in);
        int64_t n = window                      ? axis->kernel
                    : cr_pooling_is_caffe(spec) ? (to < axis->in + after ? to : axis->in + after) - from
                                                : end[o] - begin[o];
        span[o] = (float)n;
    }
    axis->before[v] = before;
    axis->begin[v] = begin;
    axis->end[v] = end;
    axis->span[v] = span;
    return CREMA_OK;
}

// Some window hangs over.
static bool any_outside(const cr_window_spec *spec, const int64_t in[2], const int64_t out[2])
{
    for (int a = 0; a < 2; a++) {
        int64_t before, after;
        cr_window_pads(spec, a, in[a], &before, &after);
        if (before > 0 || (out[a] - 1) * spec->stride[a] + spec->kernel[a] > in[a])
            return true;
    }
    return false;
}

cr_status cr_pooling_prepare(const cr_preparing *p, const cr_window_spec *spec, cr_pooling_method method,
                             const cr_shape *bottom, const int64_t out[2], cr_pooling_data *d, cr_err *err)
{
    cr_pooling *pool = &d->pooling;
    const int64_t *in = &bottom->dim[2];
    pool->method = method;
    pool->images = bottom->dim[0];
    pool->channels = bottom->dim[1];
    pool->kernels = p->kernels;
    bool corners = spec->rule == CREMA__PAD_RULE__CORNERS;
    cr_status status = CREMA_OK;
    if (spec->mode != CREMA__PAD_MODE__ZERO || corners)
        status = cr_window_build(p->arena, spec, 2, in, out, pool->channels, &d->window, err);
    pool->window = spec->mode != CREMA__PAD_MODE__ZERO && any_outside(spec, in, out) ? &d->window : NULL;
    pool->variant = d->window.variant;
    for (int a = 0; a < 2 && !status; a++) {
        int64_t before, after;
        cr_window_pads(spec, a, in[a], &before, &after);
        cr_pooling_axis *axis = &pool->axis[a];
        axis->in = in[a];
        axis->out = out[a];
        axis->kernel = spec->kernel[a];
        axis->stride = spec->stride[a];
        status = build_axis(p->arena, spec, before, after, pool->window != NULL, axis, 0, err);
        if (!status && corners)
            status = build_axis(p->arena, spec, after, before, false, axis, 1, err);
    }
    return status;
}
