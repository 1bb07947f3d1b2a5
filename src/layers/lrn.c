/*
 * lrn.c - LRN: x / (k + alpha * mean of the squares around x) ^ beta.
 *
 * ACROSS_CHANNELS: the squares of local_size channels at the same position, divided by local_size.
 * WITHIN_CHANNEL: the squares of a local_size x local_size window of the same channel, divided by its full
 * area. Here Caffe (lrn_layer.cpp) puts a 1 in the place of k, whatever k says.
 * In both, what lies outside counts as 0 and does not change the divisor; local_size must be odd; the bottom
 * must have four axes.
 *
 * Window sums slide: one square comes in, one goes out. They are doubles, in which the difference of large
 * sums does no harm.
 */
#include "crema.pb-c.h"
#include "layers/elementwise.h"

#include <math.h>

enum { POSITIONS = 128 };

static const Crema__LRNParameter none = CREMA__LRNPARAMETER__INIT;

typedef struct context {
    bool within;
    int64_t size;
    float alpha, beta, k; // alpha is divided by the number of squares already
} context;

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__LRNParameter *p = layer->param->lrn_param ? layer->param->lrn_param : &none;
    if (p->local_size % 2 == 0)
        return cr_layer_fail(layer, err, layer->param->lrn_param, "local_size", 0,
                             "local_size %u must be odd", p->local_size);
    context *ctx = layer->ctx;
    ctx->within = p->norm_region == CREMA__LRNPARAMETER__NORM_REGION__WITHIN_CHANNEL;
    ctx->size = p->local_size;
    float size = (float)ctx->size;
    ctx->alpha = p->alpha / (ctx->within ? size * size : size);
    ctx->beta = p->beta;
    ctx->k = ctx->within ? 1 : p->k;
    return CREMA_OK;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    char text[CR_SHAPE_TEXT];
    if (s->in[0].rank != 4)
        return cr_layer_fail(layer, err, NULL, "bottom", 0, "bottom \"%s\" (%s) must have 4 axes: n, c, h, w",
                             layer->in_name[0], cr_shape_text(&s->in[0], text, sizeof text));
    return cr_shape_like_bottom(layer, s, err);
}

static float normalized(const context *ctx, float x, double squares)
{
    float base = ctx->k + (float)(ctx->alpha * squares);
    if (ctx->beta == 0.75f) { // the default; powf would take most of the layer's time
        float r = 1 / sqrtf(base);
        return x * (r * sqrtf(r));
    }
    return x * powf(base, -ctx->beta);
}

static double square(float x)
{
    return (double)x * (double)x;
}

typedef struct lrn {
    const context *ctx;
    const cr_tensor *in;
    cr_tensor *out;
    int64_t channels, height, width, positions;
    int64_t blocks; // of positions, in an image
    double *column; // WITHIN_CHANNEL: (images, channels, width)
} lrn;

// All channels of one block of positions.
static void across_item(void *arg, int64_t item, int slot)
{
    (void)slot;
    const lrn *l = arg;
    int64_t image = item / l->blocks, first = item % l->blocks * POSITIONS;
    int64_t n = l->positions - first < POSITIONS ? l->positions - first : POSITIONS;
    const float *in = l->in->data + image * l->in->image_stride + first;
    float *out = l->out->data + image * l->out->image_stride + first;
    int64_t reach = l->ctx->size / 2; // to either side
    double sum[POSITIONS] = {0};
    for (int64_t c = 0; c < reach && c < l->channels; c++)
        for (int64_t i = 0; i < n; i++)
            sum[i] += square(in[c * l->positions + i]);
    for (int64_t c = 0; c < l->channels; c++) {
        if (c + reach < l->channels)
            for (int64_t i = 0; i < n; i++)
                sum[i] += square(in[(c + reach) * l->positions + i]);
        if (c - reach - 1 >= 0)
            for (int64_t i = 0; i < n; i++)
                sum[i] -= square(in[(c - reach - 1) * l->positions + i]);
        for (int64_t i = 0; i < n; i++)
            out[c * l->positions + i] = normalized(l->ctx, in[c * l->positions + i], sum[i]);
    }
}

// Adds (or takes away, with sign -1) the squares of row h, if there is such a row, to the sums of the columns.
static void add_row(const lrn *l, const float *plane, int64_t h, double sign, double *column)
{
    if (h < 0 || h >= l->height)
        return;
    for (int64_t w = 0; w < l->width; w++)
        column[w] += sign * square(plane[h * l->width + w]);
}

// One channel of one image: sums of columns slide down, the sum of a window slides along them.
static void within_item(void *arg, int64_t item, int slot)
{
    (void)slot;
    const lrn *l = arg;
    int64_t image = item / l->channels, c = item % l->channels, reach = l->ctx->size / 2;
    const float *in = l->in->data + image * l->in->image_stride + c * l->positions;
    float *out = l->out->data + image * l->out->image_stride + c * l->positions;
    double *column = l->column + item * l->width;
    for (int64_t w = 0; w < l->width; w++)
        column[w] = 0;
    for (int64_t h = 0; h < reach && h < l->height; h++)
        add_row(l, in, h, 1, column);
    for (int64_t h = 0; h < l->height; h++) {
        add_row(l, in, h + reach, 1, column);
        add_row(l, in, h - reach - 1, -1, column);
        double sum = 0;
        for (int64_t w = 0; w < reach && w < l->width; w++)
            sum += column[w];
        for (int64_t w = 0; w < l->width; w++) {
            if (w + reach < l->width)
                sum += column[w + reach];
            if (w - reach - 1 >= 0)
                sum -= column[w - reach - 1];
            out[h * l->width + w] = normalized(l->ctx, in[h * l->width + w], sum);
        }
    }
}

static cr_status prepare(cr_step *step, const cr_preparing *p, cr_err *err)
{
    const context *ctx = step->layer->ctx;
    const cr_shape *in = &p->tensor[step->in[0]].shape;
    if (!ctx->within || cr_shape_count(in) == 0)
        return CREMA_OK;
    size_t columns = (size_t)(in->dim[0] * in->dim[1] * in->dim[3]);
    return cr_size_mul(columns, sizeof(double), &step->scratch_bytes) ? CREMA_OK : cr_no_memory(err);
}

static void run(const cr_step *step, cr_run *run)
{
    lrn l = {.ctx = step->layer->ctx, .in = cr_in(step, run, 0), .out = cr_out(step, run, 0)};
    const cr_shape *in = &l.in->shape;
    l.channels = in->dim[1];
    l.height = in->dim[2];
    l.width = in->dim[3];
    l.positions = l.height * l.width;
    l.column = run->scratch;
    l.blocks = (l.positions + POSITIONS - 1) / POSITIONS;
    if (cr_shape_count(in) == 0)
        return;
    if (l.ctx->within)
        cr_parallel(run->pool, in->dim[0] * l.channels, within_item, &l);
    else
        cr_parallel(run->pool, in->dim[0] * l.blocks, across_item, &l);
}

// Not in place: a window reads what would be overwritten already.
const cr_layer_type cr_layer_lrn = {
    .name = "LRN",
    .about = "local response normalization, across or within channels",
    .param = "lrn_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_STRIDED,
    .ctx_bytes = sizeof(context),
    .setup = setup,
    .shape = shape,
    .prepare = prepare,
    .run = run,
};
