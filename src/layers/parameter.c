/*
 * parameter.c - Parameter: a blob of weights of parameter_param.shape as a top (Caffe's parameter_layer.hpp).
 * There is no filler: without a file the values are 0.
 */
#include "crema.pb-c.h"
#include "layers/blob_shape.h"

#include <string.h>

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__ParameterParameter *p = layer->param->parameter_param;
    return p && p->shape ? cr_blob_shape_check(layer, p->shape, err) : CREMA_OK;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    (void)err;
    const Crema__ParameterParameter *p = layer->param->parameter_param;
    s->out[0] = p && p->shape ? cr_blob_shape(p->shape) : (cr_shape){.rank = 0};
    s->blob[s->n_blobs++] = (cr_blob_spec){.shape = s->out[0], .what = "values"};
    return CREMA_OK;
}

static void run(const cr_step *step, cr_run *run)
{
    const cr_tensor *out = cr_out(step, run, 0);
    memcpy(out->data, step->blob[0], (size_t)cr_shape_count(&out->shape) * sizeof(float));
}

const cr_layer_type cr_layer_parameter = {
    .name = "Parameter",
    .about = "a learned blob as a top",
    .param = "parameter_param",
    .in_max = 0,
    .out_min = 1,
    .out_max = 1,
    .setup = setup,
    .shape = shape,
    .run = run,
};
