/*
 * bias.c - Bias: x + b, where b covers some axes of x and is repeated along the others.
 *
 * b is a blob of the shape of axes [axis, axis + num_axes) (num_axes -1: to the end; 0: one number), or bottom
 * 1, whose own axes then count instead of num_axes (bias_layer.cpp).
 */
#include "crema.pb-c.h"
#include "layers/elementwise.h"
#include "layers/fold.h"

static const Crema__BiasParameter none = CREMA__BIAS_PARAMETER__INIT;

static const Crema__BiasParameter *param(const cr_layer *layer)
{
    return layer->param->bias_param ? layer->param->bias_param : &none;
}

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__BiasParameter *p = param(layer);
    if (p->num_axes < -1)
        return cr_layer_fail(layer, err, layer->param->bias_param, "num_axes", 0,
                             "num_axes %d must be at least 0, or -1 for all axes to the end", p->num_axes);
    return CREMA_OK;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const Crema__BiasParameter *p = param(layer);
    cr_shape bias = {0};
    cr_status status = cr_operand_shape(layer, layer->param->bias_param, s, p->axis, p->num_axes, &bias, err);
    if (status != CREMA_OK)
        return status;
    if (layer->n_in == 1)
        s->blob[s->n_blobs++] = (cr_blob_spec){.shape = bias, .what = "bias", .filler = p->filler};
    return cr_shape_like_bottom(layer, s, err);
}

static void piece(const void *arg, const cr_piece *p)
{
    for (int64_t row = 0; row < p->n; row++) {
        float bias = cr_operand_at(arg, p->channel + row);
        for (int64_t i = row * p->inner; i < (row + 1) * p->inner; i++)
            p->out[i] = p->in[i] + bias;
    }
}

static void run(const cr_step *step, cr_run *run)
{
    const Crema__BiasParameter *p = param(step->layer);
    cr_rows rows = cr_operand_rows(step, run, p->axis, p->num_axes);
    cr_operand bias =
        step->n_in > 1 ? cr_operand_bottom(cr_in(step, run, 1)) : cr_operand_blob(step->blob[0], &rows);
    cr_elementwise(step, run, &rows, piece, &bias);
}

static cr_status gives(const cr_step *step, const cr_preparing *p, cr_fusion *what, bool *is, cr_err *err)
{
    cr_channel *channel;
    if (!cr_operand_is_by_channel(step, p, param(step->layer)->axis))
        return CREMA_OK;
    cr_status status = cr_give_channels(step, p, what, &channel, err);
    *is = channel != NULL;
    if (status != CREMA_OK || !*is)
        return status;
    bool one = step->blob_shape[0].rank == 0;
    for (int64_t c = 0; c < p->tensor[step->in[0]].shape.dim[1]; c++)
        channel[c].shift = step->blob[0][one ? 0 : c];
    return CREMA_OK;
}

const cr_layer_type cr_layer_bias = {
    .name = "Bias",
    .about = "adds learned values or another bottom",
    .param = "bias_param",
    .in_min = 1,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_INPLACE | CR_STRIDED,
    .setup = setup,
    .shape = shape,
    .run = run,
    .gives = gives,
};
