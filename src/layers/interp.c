/*
 * interp.c - Interp: bilinear resizing in which the corners stay corners.
 *
 * Semantics of interp_layer.cpp of DeepLab and PSPNet. pad_beg and pad_end, 0 or less, cut the bottom on
 * both axes first. Then, in this order: shrink_factor s alone gives (n - 1) / s + 1; zoom_factor z alone
 * gives n + (n - 1)(z - 1); height and width give themselves; both factors shrink, then zoom. A field
 * counts when it is in the file, whatever its value. With a second bottom, whose height and width are
 * taken, none of these may stand (use_blob_size of other forks says the same). Output o reads the input at
 * o (n - 1) / (out - 1), in float arithmetic as there; one output reads position 0.
 */
#include "crema.pb-c.h"
#include "layers/resize.h"

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__InterpParameter *p = layer->param->interp_param;
    if (!p && layer->n_in < 2)
        return cr_layer_fail(layer, err, NULL, NULL, 0,
                             "interp_param is missing: give height and width, zoom_factor or shrink_factor");
    if (!p)
        return CREMA_OK;
    if (p->pad_beg > 0 || p->pad_end > 0)
        return cr_layer_fail(layer, err, p, p->pad_beg > 0 ? "pad_beg" : "pad_end", 0,
                             "%s %d: a pad of Interp cuts, so it must be 0 or less",
                             p->pad_beg > 0 ? "pad_beg" : "pad_end",
                             p->pad_beg > 0 ? p->pad_beg : p->pad_end);
    if (p->has_zoom_factor && p->zoom_factor < 1)
        return cr_layer_fail(layer, err, p, "zoom_factor", 0, "zoom_factor %d is less than 1",
                             p->zoom_factor);
    if (p->has_shrink_factor && p->shrink_factor < 1)
        return cr_layer_fail(layer, err, p, "shrink_factor", 0, "shrink_factor %d is less than 1",
                             p->shrink_factor);
    if (p->full_zoom)
        return cr_layer_fail(layer, err, p, "full_zoom", 0, "full_zoom is not supported");
    if (p->use_blob_size && layer->n_in < 2)
        return cr_layer_fail(layer, err, p, "use_blob_size", 0,
                             "use_blob_size needs a second bottom that has the size");
    return CREMA_OK;
}

// The field that says the size, for the positions of errors.
static const char *size_field(const Crema__InterpParameter *p)
{
    return p->has_zoom_factor     ? "zoom_factor"
           : p->has_shrink_factor ? "shrink_factor"
           : p->has_height        ? "height"
                                  : "width";
}

// The output's size along one axis of which n positions are left; `given` is height or width.
static int64_t size_of(const Crema__InterpParameter *p, int64_t n, int64_t given)
{
    bool both = p->has_height && p->has_width, shrinks = p->has_shrink_factor, zooms = p->has_zoom_factor;
    if (both && shrinks == zooms)
        return given;
    if (shrinks)
        n = (n - 1) / p->shrink_factor + 1;
    return zooms ? n + (n - 1) * (p->zoom_factor - 1) : n;
}

static cr_status check_fields(const cr_layer *layer, const Crema__InterpParameter *p, cr_err *err)
{
    bool any = p && (p->has_zoom_factor || p->has_shrink_factor || p->has_height || p->has_width);
    if (layer->n_in == 2 && any)
        return cr_layer_fail(layer, err, p, size_field(p), 0,
                             "%s and a second bottom both say the size; only one may", size_field(p));
    if (layer->n_in == 1 && !(p->has_zoom_factor || p->has_shrink_factor || (p->has_height && p->has_width)))
        return cr_layer_fail(layer, err, p, any ? size_field(p) : NULL, 0,
                             "the size is not given: it takes height and width, zoom_factor, shrink_factor, "
                             "or a second bottom");
    return CREMA_OK;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    static const char *const axis_name[2] = {"height", "width"};
    const Crema__InterpParameter *p = layer->param->interp_param;
    cr_status status = cr_need_planes(layer, s, 0, err);
    if (!status)
        status = check_fields(layer, p, err);
    if (!status && layer->n_in == 2)
        status = cr_need_planes(layer, s, 1, err);
    if (status)
        return status;
    s->out[0] = s->in[0];
    for (int a = 0; a < 2; a++) {
        int64_t n = s->in[0].dim[2 + a] + (p ? (int64_t)p->pad_beg + p->pad_end : 0);
        if (n < 1)
            return cr_layer_fail(layer, err, p,
                                 p && p->pad_beg   ? "pad_beg"
                                 : p && p->pad_end ? "pad_end"
                                                   : NULL,
                                 0,
                                 "the bottom's %s %lld, cut by pad_beg and pad_end, leaves %lld, which must "
                                 "be at least 1",
                                 axis_name[a], (long long)s->in[0].dim[2 + a], (long long)n);
        int64_t out = layer->n_in == 2 ? s->in[1].dim[2 + a] : size_of(p, n, a == 0 ? p->height : p->width);
        if (n > CR_RESIZE_MAX || out < 1 || out > CR_RESIZE_MAX)
            return cr_layer_fail(layer, err, p, layer->n_in == 2 ? NULL : size_field(p), 0,
                                 "the %s goes from %lld to %lld, and 1 to %lld are possible", axis_name[a],
                                 (long long)n, (long long)out, (long long)CR_RESIZE_MAX);
        s->out[0].dim[2 + a] = out;
    }
    s->view = cr_shape_equal(&s->in[0], &s->out[0]) && (!p || (p->pad_beg == 0 && p->pad_end == 0));
    return CREMA_OK;
}

static cr_status build_taps(cr_arena *arena, int64_t in, int64_t out, cr_taps *taps, cr_err *err)
{
    cr_status status = cr_taps_alloc(arena, in, out, in == out ? 1 : 2, taps, err);
    float ratio = out > 1 ? (float)(in - 1) / (float)(out - 1) : 0;
    for (int64_t o = 0; !status && o < out; o++) {
        float at = in == out ? (float)o : ratio * (float)o;
        int64_t first = in == out ? o : (int64_t)at;
        if (first > in - 1) // rounded up
            first = in - 1;
        float rest = in == out ? 0 : at - (float)first;
        taps->first[o] = (int32_t)first;
        taps->n[o] = rest > 0 && first < in - 1 ? 2 : 1;
        taps->weight[o * taps->width] = taps->n[o] == 2 ? 1 - rest : 1;
        if (taps->n[o] == 2)
            taps->weight[o * taps->width + 1] = rest;
    }
    return status;
}

static cr_status prepare(cr_step *step, const cr_preparing *p, cr_err *err)
{
    const Crema__InterpParameter *param = step->layer->param->interp_param;
    const cr_shape *in = &p->tensor[step->in[0]].shape, *out = &p->tensor[step->out[0]].shape;
    cr_resize *r = cr_arena_alloc(p->arena, sizeof *r);
    if (!r)
        return cr_no_memory(err);
    int64_t cut = param ? -((int64_t)param->pad_beg + param->pad_end) : 0;
    r->in_height = in->dim[2];
    r->in_width = in->dim[3];
    r->row_offset = r->column_offset = param ? -(int64_t)param->pad_beg : 0;
    step->data = r;
    cr_status status = build_taps(p->arena, in->dim[2] - cut, out->dim[2], &r->row, err);
    if (!status)
        status = build_taps(p->arena, in->dim[3] - cut, out->dim[3], &r->column, err);
    return status ? status : cr_resize_prepare(step, r, in->dim[0] * in->dim[1], err);
}

static void run(const cr_step *step, cr_run *run)
{
    cr_resize_run(step, run, step->data, 1);
}

const cr_layer_type cr_layer_interp = {
    .name = "Interp",
    .about = "bilinear resizing that keeps the corners",
    .param = "interp_param",
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
