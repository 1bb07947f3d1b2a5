/*
 * dropout.c - Dropout: the identity, so a view.
 *
 * Training scales what it keeps by 1 / (1 - dropout_ratio), so nothing is left to do at test time. Caffe drops
 * at random in phase TRAIN; we warn and pass the values on.
 *
 * The Caffe of Fast R-CNN and its descendants has scale_train: when false, training does not scale, and phase
 * TEST multiplies by 1 - dropout_ratio. Bayesian SegNet's sample_weights_test drops at random in phase TEST too,
 * to sample a distribution whose mean is the identity: we run the mean, with a warning.
 */
#include "crema.pb-c.h"
#include "layers/elementwise.h"

typedef struct context {
    float factor;
} context;

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__DropoutParameter *p = layer->param->dropout_param;
    context *ctx = layer->ctx;
    ctx->factor = 1;
    if (p && p->sample_weights_test)
        cr_layer_warn(layer, p, "sample_weights_test", 0,
                      "asks for random drops at test time; their mean is run, which drops nothing");
    if (p && p->sqrt_scale)
        return cr_layer_fail(layer, err, p, "sqrt_scale", 0, "sqrt_scale is not supported");
    if (layer->train)
        cr_layer_warn(layer, NULL, NULL, 0, "drops nothing in phase TRAIN: all values pass as in phase TEST");
    if (p && !p->scale_train && !layer->train)
        ctx->factor = 1 - p->dropout_ratio;
    return CREMA_OK;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const context *ctx = layer->ctx;
    s->view = ctx->factor == 1;
    return cr_shape_like_bottom(layer, s, err);
}

static void piece(const void *arg, const cr_piece *p)
{
    float factor = ((const context *)arg)->factor;
    for (int64_t i = 0; i < p->n * p->inner; i++)
        p->out[i] = p->in[i] * factor;
}

static void run(const cr_step *step, cr_run *run)
{
    cr_elementwise_plain(step, run, piece);
}

const cr_layer_type cr_layer_dropout = {
    .name = "Dropout",
    .about = "training drops values; a test leaves all as they are",
    .param = "dropout_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_VIEW | CR_INPLACE | CR_STRIDED,
    .ctx_bytes = sizeof(context),
    .setup = setup,
    .shape = shape,
    .run = run,
};
