/*
 * input.c - Input: tops that the caller feeds.
 *
 * input_param.shape counts 0 (the caller gives the shapes), 1 (for all tops) or one per top, as in Caffe's
 * input_layer.cpp.
 */
#include "crema.pb-c.h"
#include "layers/layer.h"

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__InputParameter *p = layer->param->input_param;
    size_t n = p ? p->n_shape : 0;
    if (n > 1 && n != (size_t)layer->n_out)
        return cr_layer_fail(
            layer, err, p, "shape", 1,
            "input_param has %zu shapes for %d tops; give none, one for all, or one for each", n,
            layer->n_out);
    for (size_t i = 0; i < n; i++) {
        const Crema__BlobShape *s = p->shape[i];
        if (s->n_dim > CR_MAX_RANK)
            return cr_layer_fail(layer, err, s, "dim", CR_MAX_RANK,
                                 "a shape of %zu axes is too long; at most %d work", s->n_dim, CR_MAX_RANK);
        for (size_t j = 0; j < s->n_dim; j++)
            if (s->dim[j] < 0)
                return cr_layer_fail(layer, err, s, "dim", j, "dim %lld is negative", (long long)s->dim[j]);
    }
    return CREMA_OK;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    (void)err;
    const Crema__InputParameter *p = layer->param->input_param;
    for (int i = 0; i < layer->n_out; i++) {
        if (!p || p->n_shape == 0) {
            s->out[i].rank = -1;
            continue;
        }
        const Crema__BlobShape *b = p->shape[p->n_shape == 1 ? 0 : i];
        s->out[i].rank = (int)b->n_dim;
        for (size_t j = 0; j < b->n_dim; j++)
            s->out[i].dim[j] = b->dim[j];
    }
    return CREMA_OK;
}

const cr_layer_type cr_layer_input = {
    .name = "Input",
    .param = "input_param",
    .in_max = 0,
    .out_min = 1,
    .out_max = CR_ANY,
    .flags = CR_SOURCE,
    .setup = setup,
    .shape = shape,
};
