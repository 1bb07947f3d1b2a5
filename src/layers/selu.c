/*
 * selu.c - SeLU: lambda * x where x is positive, lambda * alpha * (exp(x) - 1) elsewhere.
 *
 * The "self-normalizing" ELU; forks write its type in several ways. selu_param may give other constants than
 * those of its paper (arXiv 1706.02515).
 */
#include "crema.pb-c.h"
#include "layers/elementwise.h"

#include <math.h>

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

static void piece(const void *arg, const cr_piece *p)
{
    const context *ctx = arg;
    for (int64_t i = 0; i < p->n * p->inner; i++) {
        float x = p->in[i];
        p->out[i] = ctx->lambda * (x > 0 ? x : ctx->alpha * expm1f(x));
    }
}

static void run(const cr_step *step, cr_run *run)
{
    cr_elementwise_plain(step, run, piece);
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
