/*
 * swish.c - Swish: x * sigmoid(beta * x); beta is 1 by default.
 *
 * Semantics of Caffe's swish_layer.cpp.
 */
#include "crema.pb-c.h"
#include "layers/elementwise.h"

typedef struct context {
    float beta;
} context;

static cr_status setup(cr_layer *layer, cr_err *err)
{
    (void)err;
    const Crema__SwishParameter *p = layer->param->swish_param;
    context *ctx = layer->ctx;
    ctx->beta = p ? p->beta : 1;
    return CREMA_OK;
}

static void run(const cr_step *step, cr_run *run)
{
    const context *ctx = step->layer->ctx;
    cr_elementwise_unary(step, run, &(cr_unary){.function = CR_UNARY_SWISH, .a = ctx->beta});
}

static cr_status gives(const cr_step *step, const cr_preparing *p, cr_fusion *what, bool *is, cr_err *err)
{
    const context *ctx = step->layer->ctx;
    (void)p, (void)err;
    what->epilogue = (cr_epilogue){.activation = CR_ACT_SWISH, .slope = ctx->beta};
    *is = true;
    return CREMA_OK;
}

const cr_layer_type cr_layer_swish = {
    .name = "Swish",
    .about = "x sigmoid(beta x)",
    .param = "swish_param",
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
