/*
 * log.c - Log: the logarithm to a base of scale * x + shift; base -1, the default, is e.
 *
 * Semantics of Caffe's log_layer.cpp. Base 1 has no logarithm and is refused, as there.
 */
#include "crema.pb-c.h"
#include "layers/elementwise.h"

#include <math.h>

typedef struct context {
    float scale, shift, factor; // factor * log(scale * x + shift)
} context;

static const Crema__LogParameter none = CREMA__LOG_PARAMETER__INIT;

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__LogParameter *p = layer->param->log_param ? layer->param->log_param : &none;
    context *ctx = layer->ctx;
    if (!(p->base > 0 || p->base == -1) || isinf(p->base) || p->base == 1)
        return cr_layer_fail(layer, err, layer->param->log_param, "base", 0,
                             "base %g must be positive and not 1, or -1 for e", p->base);
    ctx->scale = p->scale;
    ctx->shift = p->shift;
    ctx->factor = p->base == -1 ? 1 : (float)(1 / log(p->base));
    return CREMA_OK;
}

static void run(const cr_step *step, cr_run *run)
{
    const context *ctx = step->layer->ctx;
    cr_elementwise_unary(
        step, run, &(cr_unary){.function = CR_UNARY_LOG, .a = ctx->factor, .b = ctx->scale, .c = ctx->shift});
}

const cr_layer_type cr_layer_log = {
    .name = "Log",
    .about = "logarithm of scale x + shift, to a base",
    .param = "log_param",
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
