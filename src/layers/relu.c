/*
 * relu.c - ReLU: max(x, 0) + negative_slope * min(x, 0).
 *
 * Computed as Caffe's relu_layer.cpp does, so a NaN stays a NaN, and -inf with slope 0 gives one.
 */
#include "crema.pb-c.h"
#include "layers/elementwise.h"

typedef struct context {
    float slope;
} context;

static cr_status setup(cr_layer *layer, cr_err *err)
{
    (void)err;
    const Crema__ReLUParameter *p = layer->param->relu_param;
    context *ctx = layer->ctx;
    ctx->slope = p ? p->negative_slope : 0;
    return CREMA_OK;
}

static void piece(const void *arg, const cr_piece *p)
{
    float slope = ((const context *)arg)->slope;
    for (int64_t i = 0; i < p->n * p->inner; i++) {
        float x = p->in[i];
        p->out[i] = (x < 0 ? 0 : x) + slope * (0 < x ? 0 : x);
    }
}

static void run(const cr_step *step, cr_run *run)
{
    cr_elementwise_plain(step, run, piece);
}

static cr_status gives(const cr_step *step, const cr_preparing *p, cr_fusion *what, bool *is, cr_err *err)
{
    const context *ctx = step->layer->ctx;
    (void)p, (void)err;
    what->epilogue = (cr_epilogue){.activation = CR_ACT_RELU, .slope = ctx->slope};
    *is = true;
    return CREMA_OK;
}

const cr_layer_type cr_layer_relu = {
    .name = "ReLU",
    .about = "max(x, 0), or a slope for negative values",
    .param = "relu_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_INPLACE | CR_STRIDED,
    .ctx_bytes = sizeof(context),
    .setup = setup,
    .shape = cr_shape_like_bottom,
    .run = run,
    .gives = gives,
};
