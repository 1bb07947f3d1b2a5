/*
 * reshape.c - Reshape: the same values under another shape.
 *
 * Semantics of Caffe's reshape_layer.cpp: axes axis .. axis + num_axes - 1 of the bottom (num_axes -1: to the
 * end) give way to the dims of `shape`; 0 copies the bottom's dim at the place where it will stand, one -1 is
 * what is left. A negative axis counts from one BEHIND the end, so -1 appends.
 */
#include "crema.pb-c.h"
#include "layers/layer.h"

static const Crema__BlobShape *wanted(const cr_layer *layer)
{
    const Crema__ReshapeParameter *p = layer->param->reshape_param;
    return p ? p->shape : NULL;
}

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__ReshapeParameter *p = layer->param->reshape_param;
    const Crema__BlobShape *want = wanted(layer);
    bool inferred = false;
    for (size_t i = 0; want && i < want->n_dim; i++) {
        if (want->dim[i] < -1)
            return cr_layer_fail(layer, err, want, "dim", i,
                                 "dim %lld: a size, 0 (copy) or -1 (infer) is possible",
                                 (long long)want->dim[i]);
        if (want->dim[i] == -1 && inferred)
            return cr_layer_fail(layer, err, want, "dim", i, "only one dim can be -1");
        inferred = inferred || want->dim[i] == -1;
    }
    if (p && p->num_axes < -1)
        return cr_layer_fail(layer, err, p, "num_axes", 0,
                             "num_axes %d: a number, or -1 (to the end) is possible", p->num_axes);
    return CREMA_OK;
}

// The axes of the bottom that give way: [*start, *end).
static cr_status find_range(const cr_layer *layer, const cr_shape *in, int *start, int *end, cr_err *err)
{
    const Crema__ReshapeParameter *p = layer->param->reshape_param;
    int64_t axis = p ? p->axis : 0, n = p ? p->num_axes : -1;
    int64_t from = axis < 0 ? axis + in->rank + 1 : axis, to = n < 0 ? in->rank : from + n;
    if (from < 0 || from > in->rank)
        return cr_layer_fail(layer, err, p, "axis", 0,
                             "axis %lld is out of range: the bottom has %d axes, so %d to %d are possible",
                             (long long)axis, in->rank, -in->rank - 1, in->rank);
    if (to > in->rank)
        return cr_layer_fail(layer, err, p, "num_axes", 0,
                             "num_axes %lld from axis %lld: the bottom has %d axes", (long long)n,
                             (long long)from, in->rank);
    *start = (int)from;
    *end = (int)to;
    return CREMA_OK;
}

// Sizes that are given or copied; *inferred is the place of -1, or -1.
static cr_status fill_dims(const cr_layer *layer, const cr_shape *in, int start, int end, cr_shape *out,
                           int *inferred, cr_err *err)
{
    const Crema__BlobShape *want = wanted(layer);
    size_t n = want ? want->n_dim : 0;
    if (n > CR_MAX_RANK || start + (int)n + in->rank - end > CR_MAX_RANK)
        return cr_layer_fail(layer, err, want, "dim", 0, "the top has %zu axes; at most %d work",
                             n + (size_t)(start + in->rank - end), CR_MAX_RANK);
    *inferred = -1;
    out->rank = 0;
    for (int i = 0; i < start; i++)
        out->dim[out->rank++] = in->dim[i];
    for (size_t i = 0; i < n; i++) {
        int at = out->rank++;
        out->dim[at] = want->dim[i];
        if (want->dim[i] == -1)
            *inferred = at;
        if (want->dim[i] != 0)
            continue;
        if (at >= in->rank)
            return cr_layer_fail(layer, err, want, "dim", i,
                                 "dim 0 copies axis %d of the bottom, which has %d axes", at, in->rank);
        out->dim[at] = in->dim[at];
    }
    for (int i = end; i < in->rank; i++)
        out->dim[out->rank++] = in->dim[i];
    return CREMA_OK;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const cr_shape *in = &s->in[0];
    cr_shape *out = &s->out[0];
    int start = 0, end = 0, inferred = -1;
    cr_status status = find_range(layer, in, &start, &end, err);
    if (status == CREMA_OK)
        status = fill_dims(layer, in, start, end, out, &inferred, err);
    if (status != CREMA_OK)
        return status;
    int64_t count = cr_shape_count(in), rest = 1;
    bool fits = true;
    for (int i = 0; i < out->rank; i++)
        if (i != inferred)
            fits = fits && cr_i64_mul(rest, out->dim[i], &rest);
    if (inferred >= 0) {
        fits = fits && rest > 0 && count % rest == 0;
        if (fits)
            out->dim[inferred] = count / rest;
    } else {
        fits = fits && rest == count;
    }
    if (fits)
        return CREMA_OK;
    char from[CR_SHAPE_TEXT], to[CR_SHAPE_TEXT];
    return cr_layer_fail(layer, err, layer->param->reshape_param, "shape", 0,
                         "the %lld values of the bottom (%s) don't make a top of %s", (long long)count,
                         cr_shape_text(in, from, sizeof from), cr_shape_text(out, to, sizeof to));
}

const cr_layer_type cr_layer_reshape = {
    .name = "Reshape",
    .about = "the same values in another shape",
    .param = "reshape_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_VIEW,
    .setup = setup,
    .shape = shape,
};
