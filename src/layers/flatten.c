/*
 * flatten.c - Flatten: axes `axis` to `end_axis` become one.
 *
 * Semantics of Caffe's flatten_layer.cpp. end_axis may be axis - 1: then an axis of length 1 is put in.
 */
#include "crema.pb-c.h"
#include "layers/layer.h"

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const Crema__FlattenParameter *p = layer->param->flatten_param;
    const cr_shape *in = &s->in[0];
    int axis, end;
    cr_status status = cr_layer_axis(layer, p, "axis", p ? p->axis : 1, in->rank, 0, &axis, err);
    if (status == CREMA_OK)
        status = cr_layer_axis(layer, p, "end_axis", p ? p->end_axis : -1, in->rank, 0, &end, err);
    if (status != CREMA_OK)
        return status;
    if (end + 1 < axis)
        return cr_layer_fail(layer, err, p, p->has_end_axis ? "end_axis" : "axis", 0,
                             "end_axis %d is before axis %d", end, axis);
    int rank = in->rank - (end - axis);
    if (rank > CR_MAX_RANK)
        return cr_layer_fail(layer, err, p, "end_axis", 0, "the top has %d axes; at most %d work", rank,
                             CR_MAX_RANK);
    cr_shape *out = &s->out[0];
    out->rank = rank;
    for (int i = 0; i < axis; i++)
        out->dim[i] = in->dim[i];
    out->dim[axis] = cr_shape_range(in, axis, end + 1);
    for (int i = end + 1; i < in->rank; i++)
        out->dim[axis + i - end] = in->dim[i];
    return CREMA_OK;
}

const cr_layer_type cr_layer_flatten = {
    .name = "Flatten",
    .about = "a range of axes becomes one",
    .param = "flatten_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_VIEW,
    .shape = shape,
};
