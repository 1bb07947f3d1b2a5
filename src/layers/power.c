/*
 * power.c - Power: (scale * x + shift) ^ power.
 *
 * Where power * scale is 0 the top is one constant that does not look at x: 1 if power is 0, else
 * shift ^ power, so that even a NaN disappears (power_layer.cpp). Without parameters it is the identity.
 */
#include "crema.pb-c.h"
#include "layers/elementwise.h"

#include <math.h>

typedef struct context {
    float power, scale, shift;
} context;

static const Crema__PowerParameter none = CREMA__POWER_PARAMETER__INIT;

static cr_status setup(cr_layer *layer, cr_err *err)
{
    (void)err;
    const Crema__PowerParameter *p = layer->param->power_param ? layer->param->power_param : &none;
    context *ctx = layer->ctx;
    ctx->power = p->power;
    ctx->scale = p->scale;
    ctx->shift = p->shift;
    return CREMA_OK;
}

static void piece(const void *arg, const cr_piece *p)
{
    const context *ctx = arg;
    int64_t n = p->n * p->inner;
    if (ctx->power * ctx->scale == 0) {
        float constant = ctx->power == 0 ? 1 : powf(ctx->shift, ctx->power);
        for (int64_t i = 0; i < n; i++)
            p->out[i] = constant;
        return;
    }
    for (int64_t i = 0; i < n; i++)
        p->out[i] = p->in[i] * ctx->scale + ctx->shift;
    if (ctx->power == 2) // what powf would find, but much faster
        for (int64_t i = 0; i < n; i++)
            p->out[i] *= p->out[i];
    else if (ctx->power != 1)
        for (int64_t i = 0; i < n; i++)
            p->out[i] = powf(p->out[i], ctx->power);
}

static void run(const cr_step *step, cr_run *run)
{
    cr_elementwise_plain(step, run, piece);
}

const cr_layer_type cr_layer_power = {
    .name = "Power",
    .about = "(scale x + shift) ^ power",
    .param = "power_param",
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
