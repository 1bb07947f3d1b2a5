/*
 * resample.c - Resample: resizing as FlowNet 2 does it, which is neither align-corners nor quite
 * half-pixel.
 *
 * Upstream runs on the GPU only; these are the arithmetics of its resample_layer.cu. With fx = width in /
 * out and fy likewise, output (x, y) reads around x fx + fy / 2 - 0.5 and y fy + fx / 2 - 0.5 - the halves
 * are exchanged there, which shows where fx and fy differ - with the weights of a triangle (LINEAR) or a
 * cubic (CUBIC, a = -0.5), divided by their sum over the taps inside the bottom. If either axis shrinks and
 * antialias is on, each axis' filter is stretched by its own f (or squeezed, where that axis grows).
 * NEAREST rounds half away from zero; a place outside, which upstream reads all the same, is the nearest
 * one inside here. AREA, which upstream names but refuses, is its box filter of width 1.
 *
 * The size is that of bottom 1, or height and width; factor, which upstream ignores, counts where these
 * are absent: floor(size * factor).
 */
#include "crema.pb-c.h"
#include "layers/resize.h"

#include <math.h>

static const Crema__ResampleParameter none = CREMA__RESAMPLE_PARAMETER__INIT;

static const Crema__ResampleParameter *param(const cr_layer *layer)
{
    return layer->param->resample_param ? layer->param->resample_param : &none;
}

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__ResampleParameter *p = param(layer);
    if (p->has_width != p->has_height && layer->n_in == 1)
        return cr_layer_fail(layer, err, p, p->has_width ? "width" : "height", 0, "%s is given without %s",
                             p->has_width ? "width" : "height", p->has_width ? "height" : "width");
    if (p->has_factor && !(p->factor > 0 && p->factor <= (float)CR_RESIZE_MAX))
        return cr_layer_fail(layer, err, p, "factor", 0, "factor %g must be above 0, and at most %lld",
                             (double)p->factor, (long long)CR_RESIZE_MAX);
    return CREMA_OK;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    static const char *const axis_name[2] = {"height", "width"};
    const Crema__ResampleParameter *p = param(layer);
    cr_status status = cr_need_planes(layer, s, 0, err);
    if (!status && layer->n_in == 2)
        status = cr_need_planes(layer, s, 1, err);
    if (status)
        return status;
    s->out[0] = s->in[0];
    for (int a = 0; a < 2; a++) {
        const char *field = layer->n_in == 2 ? NULL : p->has_height ? axis_name[a] : "factor";
        int64_t in = s->in[0].dim[2 + a], out;
        if (in < 1 || in > CR_RESIZE_MAX)
            return cr_layer_fail(layer, err, NULL, "bottom", 0,
                                 "%s %lld of bottom \"%s\": 1 to %lld are possible", axis_name[a],
                                 (long long)in, layer->in_name[0], (long long)CR_RESIZE_MAX);
        if (layer->n_in == 2)
            out = s->in[1].dim[2 + a];
        else if (p->has_height)
            out = a == 0 ? p->height : p->width;
        else
            out = (int64_t)((double)in * (double)p->factor);
        if (out < 1 || out > CR_RESIZE_MAX)
            return cr_layer_fail(layer, err, layer->param->resample_param, field, 0,
                                 "the top's %s would be %lld, and 1 to %lld are possible", axis_name[a],
                                 (long long)out, (long long)CR_RESIZE_MAX);
        s->out[0].dim[2 + a] = out;
    }
    return CREMA_OK;
}

static float cubic(float x)
{
    x = fabsf(x);
    if (x <= 1)
        return (1.5f * x - 2.5f) * x * x + 1;
    return x < 2 ? ((2.5f - 0.5f * x) * x - 4) * x + 2 : 0;
}

static float coefficient(int type, float x)
{
    if (type == CREMA__RESAMPLE_PARAMETER__RESAMPLE_TYPE__CUBIC)
        return cubic(x);
    if (type == CREMA__RESAMPLE_PARAMETER__RESAMPLE_TYPE__AREA)
        return x >= -0.5f && x < 0.5f ? 1 : 0;
    return fabsf(x) <= 1 ? 1 - fabsf(x) : 0;
}

static int64_t clamp(int64_t x, int64_t low, int64_t high)
{
    return x < low ? low : x > high ? high : x;
}

// One axis: how far one output goes (f), the other axis' f, and 1 / the filter's stretch.
typedef struct axis {
    int64_t in, out;
    float f, other, a;
    int type;
} axis;

static int64_t reach_of(const axis *x)
{
    int width = x->type == CREMA__RESAMPLE_PARAMETER__RESAMPLE_TYPE__CUBIC ? 4 : 2;
    if (x->type == CREMA__RESAMPLE_PARAMETER__RESAMPLE_TYPE__AREA)
        width = 1;
    return x->f < 1 ? 2 : (int64_t)ceilf((float)width / x->a);
}

static void nearest_taps(const axis *x, cr_taps *taps)
{
    for (int64_t o = 0; o < x->out; o++) {
        float at = (float)o * x->f + x->other / 2 - 0.5f;
        taps->first[o] = (int32_t)clamp((int64_t)roundf(at), 0, x->in - 1);
        taps->n[o] = 1;
        taps->weight[o] = 1;
    }
}

// The taps inside with a weight, divided by their sum. Where no tap is left the output is 0, as upstream.
static void filter_taps(const axis *x, int64_t reach, cr_taps *taps)
{
    for (int64_t o = 0; o < x->out; o++) {
        float at = (float)o * x->f + x->other / 2 - 0.5f, sum = 0, *weight = taps->weight + o * taps->width;
        int64_t middle = (int64_t)roundf(at), first = 0, n = 0;
        for (int64_t i = clamp(middle - reach, 0, x->in); i <= middle + reach && i < x->in; i++) {
            float w = coefficient(x->type, x->a * (at - (float)i));
            if (n == 0 && w == 0)
                continue;
            if (n == 0)
                first = i;
            weight[n++] = w;
            sum += w;
        }
        while (n > 1 && weight[n - 1] == 0)
            n--;
        for (int64_t t = 0; t < n; t++)
            weight[t] = sum != 0 ? weight[t] / sum : 0;
        taps->first[o] = (int32_t)first;
        taps->n[o] = n > 0 ? (int32_t)n : 1;
    }
}

static cr_status build_taps(cr_arena *arena, const axis *x, cr_taps *taps, cr_err *err)
{
    bool nearest = x->type == CREMA__RESAMPLE_PARAMETER__RESAMPLE_TYPE__NEAREST;
    int64_t reach = nearest ? 0 : reach_of(x), width = 2 * reach + 1;
    cr_status status = cr_taps_alloc(arena, x->in, x->out, width < x->in ? width : x->in, taps, err);
    if (status)
        return status;
    if (nearest)
        nearest_taps(x, taps);
    else
        filter_taps(x, reach, taps);
    return CREMA_OK;
}

static cr_status prepare(cr_step *step, const cr_preparing *p, cr_err *err)
{
    const Crema__ResampleParameter *rp = param(step->layer);
    const cr_shape *in = &p->tensor[step->in[0]].shape, *out = &p->tensor[step->out[0]].shape;
    cr_resize *r = cr_arena_alloc(p->arena, sizeof *r);
    if (!r)
        return cr_no_memory(err);
    float fy = (float)in->dim[2] / (float)out->dim[2], fx = (float)in->dim[3] / (float)out->dim[3];
    bool antialias = (fx > 1 || fy > 1) && rp->antialias;
    axis y = {in->dim[2], out->dim[2], fy, fx, 1 / (antialias ? fy : 1), (int)rp->type};
    axis x = {in->dim[3], out->dim[3], fx, fy, 1 / (antialias ? fx : 1), (int)rp->type};
    r->in_height = in->dim[2];
    r->in_width = in->dim[3];
    step->data = r;
    cr_status status = build_taps(p->arena, &y, &r->row, err);
    if (!status)
        status = build_taps(p->arena, &x, &r->column, err);
    return status ? status : cr_resize_prepare(step, r, in->dim[0] * in->dim[1], err);
}

static void run(const cr_step *step, cr_run *run)
{
    cr_resize_run(step, run, step->data, 1);
}

const cr_layer_type cr_layer_resample = {
    .name = "Resample",
    .about = "resizing: nearest, linear or cubic (FlowNet2)",
    .param = "resample_param",
    .in_min = 1,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_STRIDED,
    .setup = setup,
    .shape = shape,
    .prepare = prepare,
    .run = run,
};
