/*
 * relu6.c - ReLU6: min(max(x, 0) + negative_slope * min(x, 0), 6).
 *
 * A layer of the forks for MobileNets. Its block is relu6_param, with the fields of relu_param.
 */
#include "crema.pb-c.h"
#include "layers/elementwise.h"

typedef struct context {
    float slope;
} context;

static cr_status setup(cr_layer *layer, cr_err *err)
{
    (void)err;
    const Crema__ReLUParameter *p = layer->param->relu6_param;
    context *ctx = layer->ctx;
    ctx->slope = p ? p->negative_slope : 0;
    return CREMA_OK;
}

static void piece(const void *arg, const cr_piece *p)
{
    const context *ctx = arg;
    for (int64_t i = 0; i < p->n * p->inner; i++) {
        float x = p->in[i];
        float y = (x < 0 ? 0 : x) + ctx->slope * (0 < x ? 0 : x);
        p->out[i] = y > 6 ? 6 : y;
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
    what->epilogue = (cr_epilogue){.activation = CR_ACT_CLIP, .min = 0, .max = 6};
    *is = ctx->slope == 0;
    return CREMA_OK;
}

const cr_layer_type cr_layer_relu6 = {
    .name = "ReLU6",
    .about = "x limited to 0 and 6",
    .param = "relu6_param",
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
