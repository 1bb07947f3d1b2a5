/*
 * continuation_indicator.c - ContinuationIndicator: the `cont` bottom of a recurrent layer, for sequences
 * that all start at step 0: 0 for the first step, 1 for the others. The top is (time_step, batch_size).
 *
 * A layer of the WarpCTC fork, which has no bottom. In descendants a bottom may stand in for batch_size: then
 * its axis 0 counts.
 */
#include "crema.pb-c.h"
#include "layers/layer.h"

static const Crema__ContinuationIndicatorParameter none = CREMA__CONTINUATION_INDICATOR_PARAMETER__INIT;

static const Crema__ContinuationIndicatorParameter *param(const cr_layer *layer)
{
    const Crema__ContinuationIndicatorParameter *p = layer->param->continuation_indicator_param;
    return p ? p : &none;
}

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__ContinuationIndicatorParameter *p = param(layer);
    const void *block = layer->param->continuation_indicator_param;
    if (p->time_step == 0)
        return cr_layer_fail(layer, err, block, p->has_time_step ? "time_step" : NULL, 0,
                             "time_step must be given and at least 1");
    if (p->batch_size == 0 && (layer->n_in == 0 || p->has_batch_size))
        return cr_layer_fail(layer, err, block, p->has_batch_size ? "batch_size" : NULL, 0,
                             "batch_size must be given and at least 1, unless a bottom has it as axis 0");
    return CREMA_OK;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const Crema__ContinuationIndicatorParameter *p = param(layer);
    s->out[0] = (cr_shape){.rank = 2, .dim = {p->time_step, p->batch_size}};
    if (p->has_batch_size)
        return CREMA_OK;
    if (s->in[0].rank == 0)
        return cr_layer_fail(layer, err, layer->param, "bottom", 0,
                             "bottom \"%s\" has no axis 0 to be the batch_size", layer->in_name[0]);
    s->out[0].dim[1] = s->in[0].dim[0];
    return CREMA_OK;
}

static void run(const cr_step *step, cr_run *run)
{
    const cr_tensor *out = cr_out(step, run, 0);
    for (int64_t t = 0; t < out->shape.dim[0]; t++)
        for (int64_t n = 0; n < out->shape.dim[1]; n++)
            out->data[t * out->image_stride + n] = t == 0 ? 0 : 1;
}

const cr_layer_type cr_layer_continuation_indicator = {
    .name = "ContinuationIndicator",
    .about = "0 at the start of each sequence, else 1",
    .param = "continuation_indicator_param",
    .in_min = 0,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_STRIDED,
    .setup = setup,
    .shape = shape,
    .run = run,
};
