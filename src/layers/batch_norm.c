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
 */
#include "crema.pb-c.h"
#include "layers/elementwise.h"

#include <math.h>

typedef struct context {
    bool batch_stats;
    float eps;
} context;

static cr_status setup(cr_layer *layer, cr_err *err)
{
    (void)err;
    const Crema__BatchNormParameter *p = layer->param->batch_norm_param;
    context *ctx = layer->ctx;
    ctx->batch_stats = p && p->has_use_global_stats ? !p->use_global_stats : layer->train;
    ctx->eps = p ? p->eps : 1e-5f;
    return CREMA_OK;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const cr_shape *in = &s->in[0];
    if (in->rank < 1)
        return cr_layer_fail(layer, err, NULL, "bottom", 0, "bottom \"%s\" has no axes", layer->in_name[0]);
    cr_shape channels = {.rank = 1, .dim = {in->rank == 1 ? 1 : in->dim[1]}};
    s->blob[0] = (cr_blob_spec){.shape = channels, .what = "mean"};
    s->blob[1] = (cr_blob_spec){.shape = channels, .what = "variance"};
    s->blob[2] = (cr_blob_spec){.shape = {.rank = 1, .dim = {1}}, .what = "factor"};
    s->n_blobs = s->n_stored == 2 ? 2 : 3;
    return cr_shape_like_bottom(layer, s, err);
}

static cr_rows channel_rows(const cr_tensor *t)
{
    return t->shape.rank == 1 ? cr_rows_plain(t) : cr_rows_of(t, 1, 1);
}

typedef struct stored {
    cr_operand mean, variance;
    float factor, eps;
} stored;

static void stored_piece(const void *arg, const cr_piece *p)
{
    const stored *x = arg;
    for (int64_t row = 0; row < p->n; row++) {
        float mean = cr_operand_at(&x->mean, p->channel + row) * x->factor;
        float deviation = sqrtf(cr_operand_at(&x->variance, p->channel + row) * x->factor + x->eps);
        for (int64_t i = row * p->inner; i < (row + 1) * p->inner; i++)
            p->out[i] = (p->in[i] - mean) / deviation;
    }
}

static void run_stored(const cr_step *step, cr_run *run)
{
    const context *ctx = step->layer->ctx;
    cr_rows rows = channel_rows(cr_in(step, run, 0));
    stored x = {.factor = 1, .eps = ctx->eps};
    if (step->n_blobs > 2)
        x.factor = step->blob[2][0] == 0 ? 0 : 1 / step->blob[2][0];
    x.mean = cr_operand_blob(step->blob[0], &rows);
    x.variance = cr_operand_blob(step->blob[1], &rows);
    cr_elementwise(step, run, &rows, stored_piece, &x);
}

typedef struct batch {
    const cr_tensor *in;
    cr_tensor *out;
    cr_rows rows;
    float eps;
} batch;

// One channel of all images: three passes, as the variance is that of the differences to the mean.
static void batch_item(void *ctx, int64_t channel, int slot)
{
    (void)slot;
    const batch *b = ctx;
    int64_t n = b->rows.inner, count = b->rows.images * n;
    const float *in = b->in->data + channel * n;
    float *out = b->out->data + channel * n;
    int64_t in_stride = b->in->image_stride, out_stride = b->out->image_stride;
    double sum = 0, squares = 0;
    for (int64_t image = 0; image < b->rows.images; image++)
        for (int64_t i = 0; i < n; i++)
            sum += in[image * in_stride + i];
    float mean = (float)(sum / (double)count);
    for (int64_t image = 0; image < b->rows.images; image++)
        for (int64_t i = 0; i < n; i++) {
            double d = in[image * in_stride + i] - mean;
            squares += d * d;
        }
    float deviation = sqrtf((float)(squares / (double)count) + b->eps);
    for (int64_t image = 0; image < b->rows.images; image++)
        for (int64_t i = 0; i < n; i++)
            out[image * out_stride + i] = (in[image * in_stride + i] - mean) / deviation;
}

static void run(const cr_step *step, cr_run *run)
{
    const context *ctx = step->layer->ctx;
    if (!ctx->batch_stats) {
        run_stored(step, run);
        return;
    }
    batch b = {.in = cr_in(step, run, 0), .out = cr_out(step, run, 0), .eps = ctx->eps};
    b.rows = channel_rows(b.in);
    cr_parallel(run->pool, b.rows.channels, batch_item, &b);
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
