/*
 * upsample.c - Upsample: three layers of one name.
 *
 * - SegNet's, with a mask as bottom 1 (the second top of a MAX pooling): the top is 0, but that mask[i]
 *   says where in its plane value i goes; of several at one place the last one counts. The top's size is
 *   upsample_h and upsample_w, or else the bottom's times scale (2 by default) or scale_h and scale_w, less
 *   one row or column with pad_out_h or pad_out_w (which ask for a scale of 2).
 * - YOLO's, with one bottom: each position becomes scale x scale equal ones (scale 1 by default), on the
 *   last two axes.
 * - Ascend's, with one bottom and a stride: stride (or stride_h, stride_w) repeats, and scale multiplies
 *   the values, as in darknet.
 *
 * Sources: upsample_layer.cpp of caffe-segnet and of MobileNet-YOLO; the manual of Ascend's converter.
 */
#include "crema.pb-c.h"
#include "layers/resize.h"

#include <string.h>

static const Crema__UpsampleParameter none = CREMA__UPSAMPLE_PARAMETER__INIT;

typedef struct context {
    bool mask;
    int64_t scale[2]; // of height and width; the mask's size is given where these are 0
    int64_t less[2];  // rows and columns taken away again
    int64_t size[2];
    float factor;
} context;

#define MAX_SCALE ((int64_t)1 << 24)

static cr_status check_scale(const cr_layer *layer, const char *field, uint32_t value, uint32_t least,
                             cr_err *err)
{
    if (value < least || value > MAX_SCALE)
        return cr_layer_fail(layer, err, layer->param->upsample_param, field, 0,
                             "%s %u: %u to %lld are possible", field, value, least, (long long)MAX_SCALE);
    return CREMA_OK;
}

// scale_h and scale_w, or scale for both.
static cr_status read_scale(const cr_layer *layer, const Crema__UpsampleParameter *p, uint32_t fallback,
                            uint32_t least, context *ctx, cr_err *err)
{
    bool pair = p->has_scale_h || p->has_scale_w;
    if (pair && !(p->has_scale_h && p->has_scale_w))
        return cr_layer_fail(layer, err, p, p->has_scale_h ? "scale_h" : "scale_w", 0,
                             "%s is given without %s", p->has_scale_h ? "scale_h" : "scale_w",
                             p->has_scale_h ? "scale_w" : "scale_h");
    if (pair && p->has_scale)
        return cr_layer_fail(layer, err, p, "scale", 0,
                             "scale and scale_h, scale_w exclude each other; give one of them");
    uint32_t scale = p->has_scale ? p->scale : fallback;
    ctx->scale[0] = pair ? p->scale_h : scale;
    ctx->scale[1] = pair ? p->scale_w : scale;
    cr_status status = check_scale(layer, pair ? "scale_h" : "scale", (uint32_t)ctx->scale[0], least, err);
    return status ? status
                  : check_scale(layer, pair ? "scale_w" : "scale", (uint32_t)ctx->scale[1], least, err);
}

static cr_status setup_mask(const cr_layer *layer, const Crema__UpsampleParameter *p, context *ctx,
                            cr_err *err)
{
    static const char *const pad_name[2] = {"pad_out_h", "pad_out_w"};
    const char *stride = p->has_stride ? "stride" : p->has_stride_h ? "stride_h" : "stride_w";
    if (p->has_stride || p->has_stride_h || p->has_stride_w)
        return cr_layer_fail(layer, err, p, stride, 0, "%s is for an Upsample without a mask", stride);
    ctx->mask = true;
    if (p->has_upsample_h && p->has_upsample_w) { // the other fields mean nothing then
        ctx->size[0] = p->upsample_h;
        ctx->size[1] = p->upsample_w;
        cr_status status = check_scale(layer, "upsample_h", p->upsample_h, 1, err);
        return status ? status : check_scale(layer, "upsample_w", p->upsample_w, 1, err);
    }
    cr_status status = read_scale(layer, p, 2, 1, ctx, err);
    ctx->less[0] = p->pad_out_h;
    ctx->less[1] = p->pad_out_w;
    for (int a = 0; a < 2 && !status; a++)
        if (ctx->less[a] && ctx->scale[a] != 2)
            status = cr_layer_fail(layer, err, p, pad_name[a], 0, "%s needs a scale of 2, not %lld",
                                   pad_name[a], (long long)ctx->scale[a]);
    return status;
}

static cr_status setup_repeat(cr_layer *layer, const Crema__UpsampleParameter *p, context *ctx, cr_err *err)
{
    const char *wrong = p->has_upsample_h   ? "upsample_h"
                        : p->has_upsample_w ? "upsample_w"
                        : p->pad_out_h      ? "pad_out_h"
                        : p->pad_out_w      ? "pad_out_w"
                                            : NULL;
    if (wrong)
        return cr_layer_fail(layer, err, p, wrong, 0,
                             "%s is for an Upsample with two bottoms, the second of which is the mask of a "
                             "Pooling",
                             wrong);
    ctx->factor = 1;
    layer->reading = "YOLO: each position is repeated";
    if (!p->has_stride && !p->has_stride_h && !p->has_stride_w)
        return read_scale(layer, p, 1, 1, ctx, err);
    layer->reading = "Ascend: each position is repeated stride times, scale multiplies values";
    if (p->has_scale_h || p->has_scale_w)
        return cr_layer_fail(layer, err, p, p->has_scale_h ? "scale_h" : "scale_w", 0,
                             "%s and a stride exclude each other", p->has_scale_h ? "scale_h" : "scale_w");
    ctx->factor = p->has_scale ? (float)p->scale : 1;
    ctx->scale[0] = p->has_stride_h ? p->stride_h : p->stride;
    ctx->scale[1] = p->has_stride_w ? p->stride_w : p->stride;
    cr_status status =
        check_scale(layer, p->has_stride_h ? "stride_h" : "stride", (uint32_t)ctx->scale[0], 1, err);
    return status
               ? status
               : check_scale(layer, p->has_stride_w ? "stride_w" : "stride", (uint32_t)ctx->scale[1], 1, err);
}

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__UpsampleParameter *p = layer->param->upsample_param ? layer->param->upsample_param : &none;
    if (layer->n_in == 1)
        return setup_repeat(layer, p, layer->ctx, err);
    layer->reading = "SegNet: a mask says where values go";
    return setup_mask(layer, p, layer->ctx, err);
}

static cr_status shape_mask(const cr_layer *layer, const context *ctx, cr_shaping *s, cr_err *err)
{
    char a[CR_SHAPE_TEXT], b[CR_SHAPE_TEXT];
    cr_status status = cr_need_planes(layer, s, 0, err);
    if (status)
        return status;
    if (!cr_shape_equal(&s->in[0], &s->in[1]))
        return cr_layer_fail(layer, err, NULL, "bottom", 1,
                             "the mask \"%s\" (%s) must have the shape of bottom \"%s\" (%s)",
                             layer->in_name[1], cr_shape_text(&s->in[1], a, sizeof a), layer->in_name[0],
                             cr_shape_text(&s->in[0], b, sizeof b));
    s->out[0] = s->in[0];
    for (int i = 0; i < 2; i++)
        if (ctx->scale[0])
            s->out[0].dim[2 + i] = s->in[0].dim[2 + i] * ctx->scale[i] - ctx->less[i];
        else
            s->out[0].dim[2 + i] = ctx->size[i];
    return CREMA_OK;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const context *ctx = layer->ctx;
    for (int i = 0; i < s->in[0].rank; i++) // so that products with a scale can't overflow
        if (s->in[0].dim[i] > INT32_MAX)
            return cr_layer_fail(layer, err, NULL, "bottom", 0, "axis %d of bottom \"%s\" is too large", i,
                                 layer->in_name[0]);
    if (ctx->mask)
        return shape_mask(layer, ctx, s, err);
    int rank = s->in[0].rank;
    if (rank < 3)
        return cr_layer_fail(layer, err, NULL, "bottom", 0, "bottom \"%s\" has %d axes and needs at least 3",
                             layer->in_name[0], rank);
    s->out[0] = s->in[0];
    for (int i = 0; i < 2; i++) {
        int64_t *dim = &s->out[0].dim[rank - 2 + i];
        *dim *= ctx->scale[i];
        if (*dim > CR_RESIZE_MAX)
            return cr_layer_fail(layer, err, layer->param->upsample_param, NULL, 0,
                                 "axis %d of the top would be %lld long; at most %lld works", rank - 2 + i,
                                 (long long)*dim, (long long)CR_RESIZE_MAX);
    }
    s->view = ctx->scale[0] == 1 && ctx->scale[1] == 1 && ctx->factor == 1;
    return CREMA_OK;
}

/* ---- the mask ---- */

typedef struct mask_job {
    const cr_tensor *in, *mask;
    cr_tensor *out;
    int64_t channels, in_count, out_count;
    int64_t *wrong; // per plane: the first position whose mask is out of range, or -1
} mask_job;

static void mask_item(void *arg, int64_t item, int slot)
{
    (void)slot;
    const mask_job *j = arg;
    int64_t image = item / j->channels, channel = item % j->channels;
    const float *in = j->in->data + image * j->in->image_stride + channel * j->in_count;
    const float *mask = j->mask->data + image * j->mask->image_stride + channel * j->in_count;
    float *out = j->out->data + image * j->out->image_stride + channel * j->out_count;
    memset(out, 0, (size_t)j->out_count * sizeof *out);
    j->wrong[item] = -1;
    for (int64_t i = 0; i < j->in_count; i++) {
        // As a cast to int: toward zero. NaN is in no range.
        if (mask[i] > -1 && mask[i] < (float)j->out_count && (int64_t)mask[i] < j->out_count)
            out[(int64_t)mask[i]] = in[i];
        else if (j->wrong[item] < 0)
            j->wrong[item] = i;
    }
}

static void run_mask(const cr_step *step, cr_run *run)
{
    mask_job j = {.in = cr_in(step, run, 0), .mask = cr_in(step, run, 1), .out = cr_out(step, run, 0)};
    j.channels = j.in->shape.dim[1];
    j.in_count = cr_shape_range(&j.in->shape, 2, 4);
    j.out_count = cr_shape_range(&j.out->shape, 2, 4);
    j.wrong = run->scratch;
    int64_t planes = j.in->shape.dim[0] * j.channels;
    cr_parallel(run->pool, planes, mask_item, &j);
    for (int64_t p = 0; p < planes; p++) {
        if (j.wrong[p] < 0)
            continue;
        int64_t image = p / j.channels, channel = p % j.channels, i = j.wrong[p];
        float value = j.mask->data[image * j.mask->image_stride + channel * j.in_count + i];
        cr_layer_fail(step->layer, run->err, NULL, "bottom", 1,
                      "mask \"%s\"[%lld,%lld,%lld] is %g, which is no position of the top's %lld: is it the "
                      "mask of a Pooling whose bottom has the top's size?",
                      step->layer->in_name[1], (long long)image, (long long)channel, (long long)i,
                      (double)value, (long long)j.out_count);
        return;
    }
}

/* ---- repeating ---- */

typedef struct repeat {
    cr_resize resize;
    float factor;
} repeat;

static cr_status prepare(cr_step *step, const cr_preparing *p, cr_err *err)
{
    const context *ctx = step->layer->ctx;
    const cr_shape *in = &p->tensor[step->in[0]].shape;
    size_t planes;
    if (ctx->mask) {
        planes = (size_t)(in->dim[0] * in->dim[1]);
        return cr_size_mul(planes, sizeof(int64_t), &step->scratch_bytes) ? CREMA_OK : cr_no_memory(err);
    }
    repeat *r = cr_arena_alloc(p->arena, sizeof *r);
    if (!r)
        return cr_no_memory(err);
    step->data = r;
    r->factor = ctx->factor;
    r->resize.in_height = in->dim[in->rank - 2];
    r->resize.in_width = in->dim[in->rank - 1];
    cr_status status = cr_taps_repeat(p->arena, r->resize.in_height, ctx->scale[0], &r->resize.row, err);
    if (!status)
        status = cr_taps_repeat(p->arena, r->resize.in_width, ctx->scale[1], &r->resize.column, err);
    return status ? status : cr_resize_prepare(step, &r->resize, cr_shape_range(in, 0, in->rank - 2), err);
}

static void run(const cr_step *step, cr_run *run)
{
    const context *ctx = step->layer->ctx;
    const repeat *r = step->data;
    if (ctx->mask)
        run_mask(step, run);
    else
        cr_resize_run(step, run, &r->resize, r->factor);
}

const cr_layer_type cr_layer_upsample = {
    .name = "Upsample",
    .about = "enlarging: by stored positions of a pooling, or by repetition",
    .param = "upsample_param",
    .in_min = 1,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_STRIDED,
    .ctx_bytes = sizeof(context),
    .setup = setup,
    .shape = shape,
    .prepare = prepare,
    .run = run,
};
