/*
 * input.c - Input: tops that the caller feeds.
 *
 * input_param.shape counts 0 (the caller gives the shapes), 1 (for all tops) or one per top, as in Caffe's
 * input_layer.cpp.
 */
#include "crema.pb-c.h"
#include "layers/blob_shape.h"

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__InputParameter *p = layer->param->input_param;
    size_t n = p ? p->n_shape : 0;
    if (n > 1 && n != (size_t)layer->n_out)
        return cr_layer_fail(
            layer, err, p, "shape", 1,
            "input_param has %zu shapes for %d tops; give none, one for all, or one for each", n,
            layer->n_out);
    cr_status status = CREMA_OK;
    for (size_t i = 0; i < n && !status; i++)
        status = cr_blob_shape_check(layer, p->shape[i], err);
    return status;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    (void)err;
    const Crema__InputParameter *p = layer->param->input_param;
    for (int i = 0; i < layer->n_out; i++) {
        if (!p || p->n_shape == 0)
            s->out[i].rank = -1;
        else
            s->out[i] = cr_blob_shape(p->shape[p->n_shape == 1 ? 0 : i]);
    }
    return CREMA_OK;
}

const cr_layer_type cr_layer_input = {
    .name = "Input",
    .about = "an input of the net, with its shape",
    .param = "input_param",
    .in_max = 0,
    .out_min = 1,
    .out_max = CR_ANY,
    .flags = CR_SOURCE,
    .setup = setup,
    .shape = shape,
};
