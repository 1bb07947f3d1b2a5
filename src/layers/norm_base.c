/*
 * norm_base.c - normalization of channels with stored statistics (element by element) or those of the batch
 * (one channel of all images is one item of work).
 */
#include "layers/norm_base.h"
#include "layers/fold.h"

#include <math.h>

cr_status cr_norm_channels(const cr_layer *layer, const cr_shape *in, int64_t *channels, cr_err *err)
{
    if (in->rank < 1)
        return cr_layer_fail(layer, err, NULL, "bottom", 0, "bottom \"%s\" has no axes", layer->in_name[0]);
    *channels = in->rank == 1 ? 1 : in->dim[1];
    return CREMA_OK;
}

typedef struct sweep {
    const cr_norm *norm;
    // For the statistics of the batch:
    const cr_tensor *in, *out;
    cr_rows rows;
} sweep;

static void normalize(const cr_norm *x, int64_t channel, float mean, float deviation, const float *in,
                      float *out, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = (in[i] - mean) / deviation;
    if (x->scale) {
        float scale = x->scale[channel], bias = x->bias ? x->bias[channel] : 0;
        for (int64_t i = 0; i < n; i++)
            out[i] = out[i] * scale + bias;
    }
    if (x->relu)
        for (int64_t i = 0; i < n; i++)
            out[i] = out[i] < 0 ? 0 : out[i];
}

static void stored_piece(const void *arg, const cr_piece *p)
{
    const sweep *s = arg;
    const cr_norm *x = s->norm;
    for (int64_t row = 0; row < p->n; row++) {
        int64_t channel = s->rows.channels == 1 ? 0 : p->channel + row, at = row * p->inner;
        float mean = x->mean ? x->mean[channel] * x->factor : 0;
        float deviation = x->variance ? sqrtf(x->variance[channel] * x->factor + x->eps) : 1;
        normalize(x, channel, mean, deviation, p->in + at, p->out + at, p->inner);
    }
}

// One channel of all images. The variance is that of the differences to the mean, so it takes a second pass.
static void batch_item(void *ctx, int64_t channel, int slot)
{
    (void)slot;
    const sweep *s = ctx;
    const cr_norm *x = s->norm;
    int64_t n = s->rows.inner, count = s->rows.images * n;
    const float *in = s->in->data + channel * n;
    float *out = s->out->data + channel * n;
    int64_t in_stride = s->in->image_stride, out_stride = s->out->image_stride;
    double sum = 0, squares = 0;
    for (int64_t image = 0; image < s->rows.images; image++)
        for (int64_t i = 0; i < n; i++)
            sum += in[image * in_stride + i];
    float mean = (float)(sum / (double)count);
    for (int64_t image = 0; image < s->rows.images; image++)
        for (int64_t i = 0; i < n; i++) {
            double d = in[image * in_stride + i] - mean;
            squares += d * d;
        }
    float variance = (float)(squares / (double)count);
    float deviation = sqrtf(variance + x->eps);
    for (int64_t image = 0; image < s->rows.images; image++)
        normalize(x, channel, mean, deviation, in + image * in_stride, out + image * out_stride, n);
    if (x->batch_mean)
        x->batch_mean[channel] = mean;
    if (x->batch_variance)
        x->batch_variance[channel] = variance;
}

cr_status cr_norm_give(const cr_step *step, const cr_preparing *p, const cr_norm *x, cr_fusion *what,
                       bool *is, cr_err *err)
{
    cr_channel *channel = NULL;
    cr_status status = x->batch_stats ? CREMA_OK : cr_give_channels(step, p, what, &channel, err);
    *is = channel != NULL;
    if (status != CREMA_OK || !*is)
        return status;
    for (int64_t c = 0; c < p->tensor[step->in[0]].shape.dim[1]; c++) {
        double deviation = x->variance ? sqrt((double)x->variance[c] * x->factor + x->eps) : 1;
        channel[c].center = x->mean ? (double)x->mean[c] * x->factor : 0;
        channel[c].scale = (x->scale ? x->scale[c] : 1) / deviation;
        channel[c].shift = x->scale && x->bias ? x->bias[c] : 0;
    }
    if (x->relu)
        what->epilogue.activation = CR_ACT_RELU;
    return CREMA_OK;
}

void cr_norm_run(const cr_step *step, cr_run *run, const cr_norm *norm)
{
    sweep s = {.norm = norm, .in = cr_in(step, run, 0), .out = cr_out(step, run, 0)};
    s.rows = s.in->shape.rank == 1 ? cr_rows_plain(s.in) : cr_rows_of(s.in, 1, 1);
    if (norm->batch_stats)
        cr_parallel(run->pool, s.rows.channels, batch_item, &s);
    else
        cr_elementwise(step, run, &s.rows, stored_piece, &s);
}
