/*
 * exp.c - Exp: base ^ (scale * x + shift); base -1, the default, is e.
 *
 * Computed as exp(x * scale * log(base)) * base ^ shift, as Caffe's exp_layer.cpp does: both factors are
 * worked out once.
 */
#include "crema.pb-c.h"
#include "layers/elementwise.h"

#include <math.h>

typedef struct context {
    float inner, outer; // outer * exp(inner * x)
} context;

static const Crema__ExpParameter none = CREMA__EXP_PARAMETER__INIT;

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__ExpParameter *p = layer->param->exp_param ? layer->param->exp_param : &none;
    context *ctx = layer->ctx;
    if (!(p->base > 0 || p->base == -1) || isinf(p->base))
        return cr_layer_fail(layer, err, layer->param->exp_param, "base", 0,
                             "base %g must be positive, or -1 for e", p->base);
    double log_base = p->base == -1 ? 1 : log(p->base);
    ctx->inner = (float)(p->scale * log_base);
    ctx->outer = p->shift == 0 ? 1 : (float)exp(p->shift * log_base);
    return CREMA_OK;
}

static void run(const cr_step *step, cr_run *run)
{
    const context *ctx = step->layer->ctx;
    cr_elementwise_unary(step, run, &(cr_unary){.function = CR_UNARY_EXP, .a = ctx->outer, .b = ctx->inner});
}

const cr_layer_type cr_layer_exp = {
    .name = "Exp",
    .about = "base ^ (scale x + shift)",
    .param = "exp_param",
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
