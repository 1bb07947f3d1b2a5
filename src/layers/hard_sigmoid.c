/*
 * hard_sigmoid.c - HardSigmoid: min(max(alpha * x + beta, 0), 1); alpha is 0.2 and beta 0.5 by default.
 *
 * A layer of Synopsys' Caffe.
 */
#include "crema.pb-c.h"
#include "layers/elementwise.h"

typedef struct context {
    float alpha, beta;
} context;

static cr_status setup(cr_layer *layer, cr_err *err)
{
    (void)err;
    const Crema__HardSigmoidParameter *p = layer->param->hard_sigmoid_param;
    context *ctx = layer->ctx;
    ctx->alpha = p ? p->alpha : 0.2f;
    ctx->beta = p ? p->beta : 0.5f;
    return CREMA_OK;
}

static void piece(const void *arg, const cr_piece *p)
{
    const context *ctx = arg;
    for (int64_t i = 0; i < p->n * p->inner; i++) {
        float x = p->in[i];
        float y = ctx->alpha * x + ctx->beta;
        p->out[i] = y <= 0 ? 0 : y > 1 ? 1 : y;
    }
}

static void run(const cr_step *step, cr_run *run)
{
    cr_elementwise_plain(step, run, piece);
}

const cr_layer_type cr_layer_hard_sigmoid = {
    .name = "HardSigmoid",
    .about = "a straight line limited to 0 and 1",
    .param = "hard_sigmoid_param",
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
