/*
 * selu.c - SeLU: lambda * x where x is positive, lambda * alpha * (exp(x) - 1) elsewhere.
 *
 * The "self-normalizing" ELU; forks write its type in several ways. selu_param may give other constants than
 * those of its paper (arXiv 1706.02515).
 */
#include "crema.pb-c.h"
#include "layers/elementwise.h"

typedef struct context {
    float alpha, lambda;
} context;

static const Crema__SeLuParameter none = {.lambda = 1.050700987f, .alpha = 1.67326324f};

static cr_status setup(cr_layer *layer, cr_err *err)
{
    (void)err;
    const Crema__SeLuParameter *p = layer->param->selu_param ? layer->param->selu_param : &none;
    context *ctx = layer->ctx;
    ctx->alpha = p->alpha;
    ctx->lambda = p->lambda;
    return CREMA_OK;
}

static void run(const cr_step *step, cr_run *run)
{
    const context *ctx = step->layer->ctx;
    cr_elementwise_unary(
        step, run, &(cr_unary){.function = CR_UNARY_ELU, .a = ctx->lambda, .b = ctx->lambda * ctx->alpha});
}

const cr_layer_type cr_layer_selu = {
    .name = "SeLU",
    .about = "scaled ELU that keeps mean and variance",
    .aliases = {"SeLu", "SELU"},
    .param = "selu_param",
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
