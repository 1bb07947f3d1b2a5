/*
 * scale.c - Scale: x * s, or x * s + b with bias_term, where s and b cover some axes of x.
 *
 * s is a blob of the shape of axes [axis, axis + num_axes) (num_axes -1: to the end; 0: one number), or bottom
 * 1, whose own axes then count instead of num_axes; b always is a blob, so with two bottoms the only one.
 * bias_term is off unless it is given, and s is 1 without a filler (scale_layer.cpp).
 */
#include "crema.pb-c.h"
#include "layers/elementwise.h"
#include "layers/fold.h"

static const Crema__ScaleParameter none = CREMA__SCALE_PARAMETER__INIT;

static const Crema__ScaleParameter *param(const cr_layer *layer)
{
    return layer->param->scale_param ? layer->param->scale_param : &none;
}

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__ScaleParameter *p = param(layer);
    if (p->num_axes < -1)
        return cr_layer_fail(layer, err, layer->param->scale_param, "num_axes", 0,
                             "num_axes %d must be at least 0, or -1 for all axes to the end", p->num_axes);
    return CREMA_OK;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const Crema__ScaleParameter *p = param(layer);
    cr_shape scale = {0};
    cr_status status =
        cr_operand_shape(layer, layer->param->scale_param, s, p->axis, p->num_axes, &scale, err);
    if (status != CREMA_OK)
        return status;
    if (layer->n_in == 1)
        s->blob[s->n_blobs++] =
            (cr_blob_spec){.shape = scale, .what = "scale", .filler = p->filler, .fill = 1};
    if (p->bias_term)
        s->blob[s->n_blobs++] = (cr_blob_spec){.shape = scale, .what = "bias", .filler = p->bias_filler};
    return cr_shape_like_bottom(layer, s, err);
}

typedef struct operands {
    cr_operand scale, bias;
} operands;

static void scale_piece(const void *arg, const cr_piece *p)
{
    const operands *x = arg;
    for (int64_t row = 0; row < p->n; row++) {
        float scale = cr_operand_at(&x->scale, p->channel + row);
        for (int64_t i = row * p->inner; i < (row + 1) * p->inner; i++)
            p->out[i] = p->in[i] * scale;
    }
}

static void scale_bias_piece(const void *arg, const cr_piece *p)
{
    const operands *x = arg;
    for (int64_t row = 0; row < p->n; row++) {
        float scale = cr_operand_at(&x->scale, p->channel + row);
        float bias = cr_operand_at(&x->bias, p->channel + row);
        for (int64_t i = row * p->inner; i < (row + 1) * p->inner; i++)
            p->out[i] = p->in[i] * scale + bias;
    }
}

static void run(const cr_step *step, cr_run *run)
{
    const Crema__ScaleParameter *p = param(step->layer);
    cr_rows rows = cr_operand_rows(step, run, p->axis, p->num_axes);
    operands x = {0};
    x.scale = step->n_in > 1 ? cr_operand_bottom(cr_in(step, run, 1)) : cr_operand_blob(step->blob[0], &rows);
    if (p->bias_term)
        x.bias = cr_operand_blob(step->blob[step->n_blobs - 1], &rows);
    cr_elementwise(step, run, &rows, p->bias_term ? scale_bias_piece : scale_piece, &x);
}

static cr_status gives(const cr_step *step, const cr_preparing *prep, cr_fusion *what, bool *is, cr_err *err)
{
    const Crema__ScaleParameter *p = param(step->layer);
    cr_channel *channel;
    if (!cr_operand_is_by_channel(step, prep, p->axis))
        return CREMA_OK;
    cr_status status = cr_give_channels(step, prep, what, &channel, err);
    *is = channel != NULL;
    if (status != CREMA_OK || !*is)
        return status;
    bool one = step->blob_shape[0].rank == 0;
    for (int64_t c = 0; c < prep->tensor[step->in[0]].shape.dim[1]; c++) {
        channel[c].scale = step->blob[0][one ? 0 : c];
        channel[c].shift = p->bias_term ? step->blob[1][one ? 0 : c] : 0;
    }
    return CREMA_OK;
}

const cr_layer_type cr_layer_scale = {
    .name = "Scale",
    .about = "multiplies by learned values or another bottom, with a bias if asked for",
    .param = "scale_param",
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
