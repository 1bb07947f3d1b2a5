/*
 * lrn.c - LRN: x / (k + alpha * mean of the squares around x) ^ beta.
 *
 * ACROSS_CHANNELS: the squares of local_size channels at the same position, divided by local_size.
 * WITHIN_CHANNEL: the squares of a local_size x local_size window of the same channel, divided by its full
 * area. Here Caffe (lrn_layer.cpp) puts a 1 in the place of k, whatever k says.
 * In both, what lies outside counts as 0 and does not change the divisor; local_size must be odd; the bottom
 * must have four axes.
 */
#include "kernels/lrn.h"
#include "crema.pb-c.h"
#include "kernels/kernels.h"
#include "layers/elementwise.h"

// Across channels a block of so many positions is normalized at a time: the channels of a window stay near.
enum { POSITIONS = 512 };

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

typedef struct lrn {
    const cr_run *run;
    const cr_kernels *kernels;
    const cr_tensor *in, *out;
    bool within;
    cr_lrn lrn;
    int64_t channels, height, width, positions;
    int64_t image_units, units, item_units; // a unit is a channel, or across channels a block of positions
} lrn;

static void run_unit(const lrn *l, int64_t unit, int slot)
{
    int64_t image = unit / l->image_units, first = unit % l->image_units;
    first *= l->within ? l->positions : POSITIONS;
    cr_lrn job = l->lrn;
    job.in = l->in->data + image * l->in->image_stride + first;
    job.out = l->out->data + image * l->out->image_stride + first;
    int64_t n = l->positions - first < POSITIONS ? l->positions - first : POSITIONS;
    char *line = l->run->slot_scratch + (size_t)slot * l->run->slot_bytes;
    if (l->within)
        l->kernels->lrn->within(&job, l->height, l->width, (float *)(void *)line);
    else
        l->kernels->lrn->across(&job, l->channels, l->positions, n);
}

static void run_item(void *arg, int64_t item, int slot)
{
    const lrn *l = arg;
    int64_t end = (item + 1) * l->item_units;
    for (int64_t unit = item * l->item_units; unit < end && unit < l->units; unit++)
        run_unit(l, unit, slot);
}

// Within a channel no window needs to reach beyond it.
static int64_t reach_of(const context *ctx, const cr_shape *in)
{
    int64_t most = in->dim[2] > in->dim[3] ? in->dim[2] : in->dim[3], reach = ctx->size / 2;
    return ctx->within && reach > most ? most : reach;
}

static cr_status prepare(cr_step *step, const cr_preparing *p, cr_err *err)
{
    const context *ctx = step->layer->ctx;
    const cr_shape *in = &p->tensor[step->in[0]].shape;
    if (!ctx->within)
        return CREMA_OK;
    size_t floats = (size_t)(in->dim[3] + 2 * reach_of(ctx, in) + CR_LRN_SLACK);
    return cr_size_mul(floats, sizeof(float), &step->slot_bytes) ? CREMA_OK : cr_no_memory(err);
}

static void run(const cr_step *step, cr_run *run)
{
    const context *ctx = step->layer->ctx;
    lrn l = {.run = run, .kernels = step->kernels, .in = cr_in(step, run, 0), .out = cr_out(step, run, 0)};
    const cr_shape *in = &l.in->shape;
    l.within = ctx->within;
    l.lrn = (cr_lrn){.alpha = ctx->alpha, .beta = ctx->beta, .k = ctx->k, .reach = reach_of(ctx, in)};
    l.channels = in->dim[1];
    l.height = in->dim[2];
    l.width = in->dim[3];
    l.positions = l.height * l.width;
    if (cr_shape_count(in) == 0)
        return;
    l.image_units = l.within ? l.channels : (l.positions + POSITIONS - 1) / POSITIONS;
    l.units = in->dim[0] * l.image_units;
    double floats = (double)cr_shape_count(in) / (double)l.units;
    l.item_units = cr_parallel_grain(l.units, floats * 0.6); // nanoseconds
    cr_parallel(run->pool, (l.units + l.item_units - 1) / l.item_units, run_item, &l);
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
