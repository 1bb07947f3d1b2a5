/*
 * elu.c - ELU: x where it is positive, alpha * (exp(x) - 1) elsewhere; alpha is 1 by default.
 *
 * Semantics of Caffe's elu_layer.cpp. expm1 keeps the digits of small x that exp(x) - 1 loses.
 */
#include "crema.pb-c.h"
#include "layers/elementwise.h"

typedef struct context {
    float alpha;
} context;

static cr_status setup(cr_layer *layer, cr_err *err)
{
    (void)err;
    const Crema__ELUParameter *p = layer->param->elu_param;
    context *ctx = layer->ctx;
    ctx->alpha = p ? p->alpha : 1;
    return CREMA_OK;
}

static void run(const cr_step *step, cr_run *run)
{
    const context *ctx = step->layer->ctx;
    cr_elementwise_unary(step, run, &(cr_unary){.function = CR_UNARY_ELU, .a = 1, .b = ctx->alpha});
}

const cr_layer_type cr_layer_elu = {
    .name = "ELU",
    .about = "x, or alpha (exp(x) - 1) for negative values",
    .param = "elu_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_INPLACE | CR_STRIDED,
    .ctx_bytes = sizeof(context),
    .setup = setup,
    .shape = cr_shape_like_bottom,
    .run = run,
};
