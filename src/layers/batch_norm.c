/*
 * batch_norm.c - BatchNorm: (x - mean) / sqrt(variance + eps) per channel, in all the layouts that forks of
 * Caffe gave its blobs.
 *
 *   bvlc        3   mean, variance, factor      both are divided by the factor (batch_norm_layer.cpp)
 *   two         2   mean, variance              real values: files that other tools made
 *   intel       4-5 mean, variance, factor, scale[, bias]    as bvlc, then scale and bias (use_weight_bias)
 *   nvidia      5   mean, variance, factor, scale, bias      real values whatever the factor (scale_bias)
 *   nvidia_old  5   scale, bias, mean, variance, one value   its versions before 0.16
 *
 * The fields choose the layout, and where they are silent the number and shapes of the blobs in the file.
 *
 * A factor of 0 makes mean and variance 0, so that a net without training passes x / sqrt(eps). But NVIDIA's
 * Caffe also saved real statistics with a factor of 0, and no training of BVLC's leaves a variance beside such a
 * factor: that is a warning, and the option factor_0_is_1 takes the values as they are.
 *
 * use_global_stats, unless given, is true in phase TEST and false in TRAIN; when false, mean and variance are
 * those of the batch. Caffe then also moves its averages, which no output shows; we leave them. NVIDIA's eps
 * is at least 1e-5. A relu (Intel) or fused_relu (OpenCL) follows it all.
 */
#include "crema.pb-c.h"
#include "layers/norm_base.h"

typedef enum layout { BVLC, TWO, INTEL, NVIDIA, NVIDIA_OLD } layout;

static const char *const reading[] = {[BVLC] = "mean, variance, factor",
                                      [TWO] = "mean, variance; no factor",
                                      [INTEL] = "Intel's: mean, variance, factor, scale, bias",
                                      [NVIDIA] = "NVIDIA's: mean, variance, ignored factor, scale, bias",
                                      [NVIDIA_OLD] = "NVIDIA's before 0.16: scale, bias, mean, variance"};

typedef struct context {
    bool batch_stats, relu;
    bool scale_bias, weight_bias, no_bias; // the fields of NVIDIA and Intel
    bool fillers;                          // of NVIDIA's scale and bias
    float eps;
} context;

// Which blob is what; -1: there is none.
typedef struct order {
    int n, mean, variance, factor, scale, bias;
} order;

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__BatchNormParameter *p = layer->param->batch_norm_param;
    context *ctx = layer->ctx;
    ctx->batch_stats = p && p->has_use_global_stats ? !p->use_global_stats : layer->train;
    ctx->eps = p ? p->eps : 1e-5f;
    if (!p)
        return CREMA_OK;
    ctx->scale_bias = p->scale_bias;
    ctx->weight_bias = p->use_weight_bias && !p->scale_bias;
    ctx->no_bias = ctx->weight_bias && p->has_bias_term && !p->bias_term;
    ctx->fillers = p->scale_filler || p->bias_filler;
    ctx->relu = p->relu || p->fused_relu;
    if (p->disable_mean)
        return cr_layer_fail(layer, err, p, "disable_mean", 0, "disable_mean is not supported");
    return CREMA_OK;
}

// For n blobs, n 0: none are known. From blobs in a file and from those that shape() asked for, the same.
static layout layout_of(const context *ctx, int n, const cr_shape *shape, int64_t channels)
{
    if (n == 5 && !ctx->weight_bias && cr_shape_count(&shape[4]) == 1 &&
        (channels != 1 || shape[0].rank == 4))
        return NVIDIA_OLD;
    if (ctx->scale_bias || (ctx->fillers && (n == 0 || n == 5)))
        return NVIDIA;
    if (ctx->weight_bias || n == 4 || n == 5)
        return INTEL;
    return n == 2 ? TWO : BVLC;
}

static order order_of(const context *ctx, layout l, int n)
{
    switch (l) {
    case NVIDIA_OLD:
        return (order){.n = 5, .scale = 0, .bias = 1, .mean = 2, .variance = 3, .factor = -1};
    case NVIDIA:
        return (order){.n = 5, .mean = 0, .variance = 1, .factor = -1, .scale = 3, .bias = 4};
    case INTEL:
        if (ctx->no_bias || n == 4)
            return (order){.n = 4, .mean = 0, .variance = 1, .factor = 2, .scale = 3, .bias = -1};
        return (order){.n = 5, .mean = 0, .variance = 1, .factor = 2, .scale = 3, .bias = 4};
    case TWO:
        return (order){.n = 2, .mean = 0, .variance = 1, .factor = -1, .scale = -1, .bias = -1};
    default:
        return (order){.n = 3, .mean = 0, .variance = 1, .factor = 2, .scale = -1, .bias = -1};
    }
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const context *ctx = layer->ctx;
    cr_shape channels = {.rank = 1}, one = {.rank = 1, .dim = {1}};
    cr_status status = cr_norm_channels(layer, &s->in[0], &channels.dim[0], err);
    if (status != CREMA_OK)
        return status;
    layout l = layout_of(ctx, s->n_stored, s->stored, channels.dim[0]);
    order o = order_of(ctx, l, s->n_stored);
    s->n_blobs = o.n;
    s->reading = reading[l];
    for (int i = 0; i < o.n; i++) {
        s->blob[i] = (cr_blob_spec){.shape = channels, .what = "factor"};
        if (l == NVIDIA_OLD && cr_shape_count(&s->stored[i]) == channels.dim[0])
            s->blob[i].shape = s->stored[i]; // 1xCx1x1
    }
    if (o.n > 2)
        s->blob[l == NVIDIA_OLD ? 4 : 2].shape = one;
    s->blob[o.mean].what = "mean";
    s->blob[o.variance].what = "variance";
    const Crema__BatchNormParameter *p = layer->param->batch_norm_param;
    if (o.scale >= 0) {
        s->blob[o.scale].what = "scale";
        s->blob[o.scale].filler = !p ? NULL : l == INTEL ? p->filler : p->scale_filler;
        s->blob[o.scale].fill = 1;
    }
    if (o.bias >= 0) {
        s->blob[o.bias].what = "bias";
        s->blob[o.bias].filler = p ? p->bias_filler : NULL;
    }
    return cr_shape_like_bottom(layer, s, err);
}

static order order_of_step(const cr_step *step, int64_t channels)
{
    const context *ctx = step->layer->ctx;
    return order_of(ctx, layout_of(ctx, step->n_blobs, step->blob_shape, channels), step->n_blobs);
}

static bool has_variance(const cr_step *step, const order *o)
{
    int64_t n = cr_shape_count(&step->blob_shape[o->variance]);
    for (int64_t i = 0; i < n; i++)
        if (step->blob[o->variance][i] != 0)
            return true;
    return false;
}

static int64_t channels_of(const cr_tensor *in)
{
    return in->shape.rank == 1 ? 1 : in->shape.dim[1];
}

// What mean and variance are multiplied by. Warns, so it is asked for once, by prepare() or by gives().
static float factor_of(const cr_step *step, const cr_preparing *p)
{
    const context *ctx = step->layer->ctx;
    order o = order_of_step(step, channels_of(&p->tensor[step->in[0]]));
    float stored = o.factor >= 0 ? step->blob[o.factor][0] : 1;
    if (stored != 0)
        return 1 / stored;
    if (ctx->batch_stats || !has_variance(step, &o))
        return 0;
    if (!p->factor_0_is_1)
        cr_layer_warn(
            step->layer, NULL, NULL, 0,
            "its factor is 0 though its variances are not: mean and variance count as 0, as in BVLC's "
            "Caffe; if NVIDIA's Caffe saved this file, they are real and factor_0_is_1 has to be set");
    return p->factor_0_is_1 ? 1 : 0;
}

static cr_status prepare(cr_step *step, const cr_preparing *p, cr_err *err)
{
    float *factor = cr_arena_alloc(p->arena, sizeof *factor);
    if (!factor)
        return cr_no_memory(err);
    step->data = factor;
    *factor = factor_of(step, p);
    return CREMA_OK;
}

static cr_norm norm_of(const cr_step *step, int64_t channels, float factor)
{
    const context *ctx = step->layer->ctx;
    order o = order_of_step(step, channels);
    cr_norm norm = {.factor = factor, .eps = ctx->eps, .batch_stats = ctx->batch_stats, .relu = ctx->relu};
    norm.mean = step->blob[o.mean];
    norm.variance = step->blob[o.variance];
    norm.scale = o.scale < 0 ? NULL : step->blob[o.scale];
    norm.bias = o.bias < 0 ? NULL : step->blob[o.bias];
    if (o.factor < 0 && o.scale >= 0 && norm.eps < 1e-5f) // NVIDIA's
        norm.eps = 1e-5f;
    return norm;
}

cr_norm cr_batch_norm_of(const cr_step *step, int64_t channels)
{
    return norm_of(step, channels, *(const float *)step->data);
}

static cr_status gives(const cr_step *step, const cr_preparing *p, cr_fusion *what, bool *is, cr_err *err)
{
    const context *ctx = step->layer->ctx;
    const cr_tensor *in = &p->tensor[step->in[0]];
    if (ctx->batch_stats || in->shape.rank < 2)
        return CREMA_OK;
    cr_norm norm = norm_of(step, channels_of(in), factor_of(step, p));
    return cr_norm_give(step, p, &norm, what, is, err);
}

static void run(const cr_step *step, cr_run *run)
{
    cr_norm norm = cr_batch_norm_of(step, channels_of(cr_in(step, run, 0)));
    cr_norm_run(step, run, &norm);
}

const cr_layer_type cr_layer_batch_norm = {
    .name = "BatchNorm",
    .about = "(x - mean) / deviation per channel, in the layouts of all forks",
    .aliases = {"CuDNNBatchNorm"},
    .param = "batch_norm_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_INPLACE | CR_STRIDED,
    .ctx_bytes = sizeof(context),
    .setup = setup,
    .shape = shape,
    .prepare = prepare,
    .run = run,
    .gives = gives,
};
