/*
 * threshold.c - Threshold: 1 where x is larger than the threshold (0 by default), 0 elsewhere.
 *
 * Equal is not larger (threshold_layer.cpp).
 */
#include "crema.pb-c.h"
#include "layers/elementwise.h"

typedef struct context {
    float threshold;
} context;

static cr_status setup(cr_layer *layer, cr_err *err)
{
    (void)err;
    const Crema__ThresholdParameter *p = layer->param->threshold_param;
    context *ctx = layer->ctx;
    ctx->threshold = p ? p->threshold : 0;
    return CREMA_OK;
}

static void piece(const void *arg, const cr_piece *p)
{
    const context *ctx = arg;
    for (int64_t i = 0; i < p->n * p->inner; i++)
        p->out[i] = p->in[i] > ctx->threshold ? 1 : 0;
}

static void run(const cr_step *step, cr_run *run)
{
    cr_elementwise_plain(step, run, piece);
}

const cr_layer_type cr_layer_threshold = {
    .name = "Threshold",
    .about = "1 above a threshold, else 0",
    .param = "threshold_param",
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
