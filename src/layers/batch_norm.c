/*
 * batch_norm.c - BatchNorm: (x - mean) / sqrt(variance + eps) per channel (axis 1; a bottom of one axis is one
 * channel).
 *
 * Blobs: sum of means, sum of variances, and the factor to divide both by, where 0 gives 0 (so that a net
 * without training passes x / sqrt(eps)). Files without the factor hold the real values.
 *
 * use_global_stats, unless given, is true in phase TEST and false in TRAIN; when false, mean and variance are
 * those of the batch. Caffe then also moves its averages, which no output shows; we leave them.
 * Source: batch_norm_layer.cpp.
 *
 * Two forks put a Scale behind it, in two more blobs: NVIDIA's with scale_bias, where mean and variance are the
 * real values whatever the factor says and eps is at least 1e-5 (files of its versions before 0.16 have
 * another order, told by a last blob of one value); Intel's with use_weight_bias.
 */
#include "crema.pb-c.h"
#include "layers/elementwise.h"

#include <math.h>

typedef struct context {
    bool batch_stats;
    bool nvidia, intel; // a scale and a bias follow
    bool no_bias;
    float eps;
} context;

// Which blob is what; -1: there is none.
typedef struct order {
    int mean, variance, factor, scale, bias;
} order;

static cr_status refuse(const cr_layer *layer, cr_err *err, const char *field)
{
    return cr_layer_fail(layer, err, layer->param->batch_norm_param, field, 0, "%s is not supported", field);
}

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__BatchNormParameter *p = layer->param->batch_norm_param;
    context *ctx = layer->ctx;
    ctx->batch_stats = p && p->has_use_global_stats ? !p->use_global_stats : layer->train;
    ctx->eps = p ? p->eps : 1e-5f;
    if (!p)
        return CREMA_OK;
    ctx->nvidia = p->scale_bias;
    ctx->intel = p->use_weight_bias && !p->scale_bias;
    ctx->no_bias = ctx->intel && p->has_bias_term && !p->bias_term;
    if (ctx->nvidia && ctx->eps < 1e-5f)
        ctx->eps = 1e-5f;
    return p->disable_mean ? refuse(layer, err, "disable_mean")
           : p->fused_relu ? refuse(layer, err, "fused_relu")
           : p->relu       ? refuse(layer, err, "relu")
                           : CREMA_OK;
}

static order order_of(const context *ctx, int n_blobs, bool last_is_one)
{
    if (ctx->nvidia && last_is_one)
        return (order){.scale = 0, .bias = 1, .mean = 2, .variance = 3, .factor = -1};
    order o = {
        .mean = 0, .variance = 1, .factor = n_blobs > 2 && !ctx->nvidia ? 2 : -1, .scale = -1, .bias = -1};
    if (ctx->nvidia || ctx->intel)
        o.scale = 3;
    if (o.scale > 0 && !ctx->no_bias)
        o.bias = 4;
    return o;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const context *ctx = layer->ctx;
    const cr_shape *in = &s->in[0];
    if (in->rank < 1)
        return cr_layer_fail(layer, err, NULL, "bottom", 0, "bottom \"%s\" has no axes", layer->in_name[0]);
    cr_shape channels = {.rank = 1, .dim = {in->rank == 1 ? 1 : in->dim[1]}};
    cr_shape one = {.rank = 1, .dim = {1}};
    bool old = ctx->nvidia && s->n_stored == 5 && cr_shape_count(&s->stored[4]) == 1 && channels.dim[0] != 1;
    s->n_blobs = ctx->nvidia ? 5 : ctx->intel ? (ctx->no_bias ? 4 : 5) : s->n_stored == 2 ? 2 : 3;
    for (int i = 0; i < s->n_blobs; i++) {
        s->blob[i] = (cr_blob_spec){.shape = channels, .what = "reserved"};
        if (old && cr_shape_count(&s->stored[i]) == channels.dim[0])
            s->blob[i].shape = s->stored[i]; // 1xCx1x1
    }
    order o = order_of(ctx, s->n_blobs, old);
    s->blob[o.mean].what = "mean";
    s->blob[o.variance].what = "variance";
    int single = old ? 4 : 2; // the factor, or what stands in its place
    if (single < s->n_blobs)
        s->blob[single] = (cr_blob_spec){.shape = one, .what = "factor"};
    const Crema__BatchNormParameter *p = layer->param->batch_norm_param;
    if (o.scale >= 0) {
        s->blob[o.scale].what = "scale";
        s->blob[o.scale].filler = ctx->nvidia ? p->scale_filler : p->filler;
        s->blob[o.scale].fill = 1;
    }
    if (o.bias >= 0) {
        s->blob[o.bias].what = "bias";
        s->blob[o.bias].filler = p->bias_filler;
    }
    return cr_shape_like_bottom(layer, s, err);
}

static cr_rows channel_rows(const cr_tensor *t)
{
    return t->shape.rank == 1 ? cr_rows_plain(t) : cr_rows_of(t, 1, 1);
}

typedef struct norm {
    cr_operand mean, variance, scale, bias; // data NULL: none
    float factor, eps;
    // For the statistics of the batch:
    const cr_tensor *in;
    cr_tensor *out;
    cr_rows rows;
} norm;

static cr_operand operand(const cr_step *step, const cr_rows *rows, int blob)
{
    return cr_operand_blob(blob < 0 ? NULL : step->blob[blob], rows);
}

static norm norm_of(const cr_step *step, const cr_run *run)
{
    const context *ctx = step->layer->ctx;
    cr_rows rows = channel_rows(cr_in(step, run, 0));
    int last = step->n_blobs - 1;
    bool old = ctx->nvidia && cr_shape_count(&step->blob_shape[last]) == 1 && rows.channels != 1;
    order o = order_of(ctx, step->n_blobs, old);
    norm x = {
        .in = cr_in(step, run, 0), .out = cr_out(step, run, 0), .rows = rows, .eps = ctx->eps, .factor = 1};
    if (o.factor >= 0)
        x.factor = step->blob[o.factor][0] == 0 ? 0 : 1 / step->blob[o.factor][0];
    x.mean = operand(step, &rows, o.mean);
    x.variance = operand(step, &rows, o.variance);
    x.scale = operand(step, &rows, o.scale);
    x.bias = operand(step, &rows, o.bias);
    return x;
}

static void normalize(const norm *x, int64_t channel, float mean, float variance, const float *in, float *out,
                      int64_t n)
{
    float deviation = sqrtf(variance + x->eps);
    for (int64_t i = 0; i < n; i++)
        out[i] = (in[i] - mean) / deviation;
    if (!x->scale.data)
        return;
    float scale = cr_operand_at(&x->scale, channel),
          bias = x->bias.data ? cr_operand_at(&x->bias, channel) : 0;
    for (int64_t i = 0; i < n; i++)
        out[i] = out[i] * scale + bias;
}

static void stored_piece(const void *arg, const cr_piece *p)
{
    const norm *x = arg;
    for (int64_t row = 0; row < p->n; row++) {
        int64_t channel = p->channel + row, at = row * p->inner;
        float mean = cr_operand_at(&x->mean, channel) * x->factor;
        float variance = cr_operand_at(&x->variance, channel) * x->factor;
        normalize(x, channel, mean, variance, p->in + at, p->out + at, p->inner);
    }
}

// One channel of all images. The variance is that of the differences to the mean, so it takes a second pass.
static void batch_item(void *ctx, int64_t channel, int slot)
{
    (void)slot;
    const norm *x = ctx;
    int64_t n = x->rows.inner, count = x->rows.images * n;
    const float *in = x->in->data + channel * n;
    float *out = x->out->data + channel * n;
    int64_t in_stride = x->in->image_stride, out_stride = x->out->image_stride;
    double sum = 0, squares = 0;
    for (int64_t image = 0; image < x->rows.images; image++)
        for (int64_t i = 0; i < n; i++)
            sum += in[image * in_stride + i];
    float mean = (float)(sum / (double)count);
    for (int64_t image = 0; image < x->rows.images; image++)
        for (int64_t i = 0; i < n; i++) {
            double d = in[image * in_stride + i] - mean;
            squares += d * d;
        }
    float variance = (float)(squares / (double)count);
    for (int64_t image = 0; image < x->rows.images; image++)
        normalize(x, channel, mean, variance, in + image * in_stride, out + image * out_stride, n);
}

static void run(const cr_step *step, cr_run *run)
{
    const context *ctx = step->layer->ctx;
    norm x = norm_of(step, run);
    if (ctx->batch_stats)
        cr_parallel(run->pool, x.rows.channels, batch_item, &x);
    else
        cr_elementwise(step, run, &x.rows, stored_piece, &x);
}

const cr_layer_type cr_layer_batch_norm = {
    .name = "BatchNorm",
    .param = "batch_norm_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_INPLACE | CR_STRIDED,
    .ctx_bytes = sizeof(context),
    .setup = setup,
    .shape = shape,
    .run = run,
};
