/*
 * crop.c - Crop: cuts axes `axis` and behind of bottom 0 to the sizes of bottom 1.
 *
 * Semantics of Caffe's crop_layer.cpp: axis is 2 by default; offset is missing (0), one for all the cut axes,
 * or one for each. Bottom 1 gives sizes only.
 */
#include "crema.pb-c.h"
#include "kernels/copy.h"
#include "layers/layer.h"

static int64_t offset_at(const Crema__CropParameter *p, int i)
{
    if (!p || p->n_offset == 0)
        return 0;
    return p->offset[p->n_offset == 1 ? 0 : i];
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const Crema__CropParameter *p = layer->param->crop_param;
    const cr_shape *in = &s->in[0], *like = &s->in[1];
    int axis;
    cr_status status = cr_layer_axis(layer, p, "axis", p ? p->axis : 2, in->rank, 0, &axis, err);
    if (status != CREMA_OK)
        return status;
    if (p && p->n_offset > 1 && p->n_offset != (size_t)(in->rank - axis))
        return cr_layer_fail(layer, err, p, "offset", 0,
                             "%zu offsets: none, one, or one for each of the %d axes from %d on are possible",
                             p->n_offset, in->rank - axis, axis);
    if (like->rank < in->rank)
        return cr_layer_fail(layer, err, layer->param, "bottom", 1,
                             "bottom \"%s\" has %d axes, too few to give sizes for the %d of bottom \"%s\"",
                             layer->in_name[1], like->rank, in->rank, layer->in_name[0]);
    s->out[0] = *in;
    for (int i = axis; i < in->rank; i++) {
        int64_t offset = offset_at(p, i - axis);
        if (in->dim[i] - offset < like->dim[i])
            return cr_layer_fail(
                layer, err, p, "offset", p && p->n_offset > 1 ? (size_t)(i - axis) : 0,
                "axis %d: size %lld from offset %lld does not fit into the %lld of bottom \"%s\"", i,
                (long long)like->dim[i], (long long)offset, (long long)in->dim[i], layer->in_name[0]);
        s->out[0].dim[i] = like->dim[i];
    }
    s->view = cr_shape_equal(in, &s->out[0]);
    return CREMA_OK;
}

static void run(const cr_step *step, cr_run *run)
{
    const Crema__CropParameter *p = step->layer->param->crop_param;
    const cr_tensor *in = cr_in(step, run, 0), *out = cr_out(step, run, 0);
    int axis;
    cr_layer_axis(step->layer, p, "axis", p ? p->axis : 2, in->shape.rank, 0, &axis, NULL);
    cr_copy c = {.rank = in->shape.rank, .from = in->data, .to = out->data};
    cr_copy_steps(in, c.from_step);
    cr_copy_steps(out, c.to_step);
    for (int i = 0; i < c.rank; i++) {
        c.dim[i] = out->shape.dim[i];
        if (i >= axis)
            c.from += offset_at(p, i - axis) * c.from_step[i];
    }
    cr_copy_run(&c, run->pool);
}

const cr_layer_type cr_layer_crop = {
    .name = "Crop",
    .about = "the part of a bottom that has the size of another one, at an offset",
    .param = "crop_param",
    .in_min = 2,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_STRIDED,
    .shape = shape,
    .run = run,
};
