/*
 * separable_convolution.c - SeparableConvolution: a depthwise convolution, then a 1x1 convolution.
 *
 *     x (N, C, in) -- depthwise, channel_multiplier --> (N, C * mult, out) -- 1x1 --> (N, num_output, out)
 *
 * TensorFlow's separable_conv2d: kernel, stride, dilation and padding are the depthwise part's; nothing
 * stands between the two; the bias, if any, is added behind the second. Blobs, in Caffe order:
 *
 *     0  depthwise weights (C * mult, 1, kh, kw)    channel k * mult + q = TensorFlow's f[h][w][k][q]
 *     1  pointwise weights (num_output, C * mult, 1, 1), [r][j] = TensorFlow's f[0][0][j][r]
 *     2  bias (num_output), with bias_term
 *
 * From TensorFlow's arrays: the first is transposed by (2, 3, 0, 1) and reshaped, the second transposed by
 * (3, 2, 0, 1). Image by image, the middle stands in scratch.
 */
#include "crema.pb-c.h"
#include "kernels/kernels.h"
#include "layers/conv_base.h"

#include <stdio.h>

typedef struct separable {
    const cr_conv_data *depthwise;
    cr_window window; // of the second part
    cr_conv pointwise;
    const cr_conv_algorithm *pointwise_algorithm;
    size_t middle_offset; // in scratch
    size_t second_pack;   // in the pack
} separable;

static cr_status setup(cr_layer *layer, cr_err *err)
{
    cr_status status = cr_conv_base_setup_window(layer, err);
    const Crema__ConvolutionParameter *p = layer->param->convolution_param;
    if (status)
        return status;
    if (!p->has_num_output)
        return cr_layer_fail(layer, err, p, "num_output", 0, "num_output is not given");
    if (p->channel_multiplier < 1)
        return cr_layer_fail(layer, err, p, "channel_multiplier", 0, "channel_multiplier 0 is less than 1");
    return CREMA_OK;
}

// Of the depthwise part.
static cr_status channels(const cr_layer *layer, const cr_shaping *s, int64_t in_channels,
                          int64_t *out_channels, int64_t *group, cr_err *err)
{
    (void)s;
    const Crema__ConvolutionParameter *p = layer->param->convolution_param;
    if (in_channels < 1)
        return cr_layer_fail(layer, err, NULL, "bottom", 0, "bottom \"%s\" has no channels",
                             layer->in_name[0]);
    if (p->has_group && p->group != in_channels)
        return cr_layer_fail(layer, err, p, "group", 0,
                             "there is a group for each of the %lld channels of bottom \"%s\", not %u; leave "
                             "it out",
                             (long long)in_channels, layer->in_name[0], p->group);
    if (!cr_i64_mul(in_channels, p->channel_multiplier, out_channels) || *out_channels > INT32_MAX)
        return cr_layer_fail(layer, err, p, "channel_multiplier", 0,
                             "channel_multiplier %u makes too many channels of the %lld of bottom \"%s\"",
                             p->channel_multiplier, (long long)in_channels, layer->in_name[0]);
    *group = in_channels;
    return CREMA_OK;
}

static const cr_conv_kind kind = {.channels = channels};

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const Crema__ConvolutionParameter *p = layer->param->convolution_param;
    int axis;
    cr_status status = cr_layer_axis(layer, p, "axis", p->axis, s->in[0].rank, 0, &axis, err);
    if (!status && axis != 1)
        status = cr_layer_fail(layer, err, p, "axis", 0, "axis %d: the channels must be axis 1", p->axis);
    if (!status)
        status = cr_conv_base_shape(layer, s, &kind, err);
    if (status)
        return status;
    int64_t middle = s->out[0].dim[1], macs = layer->n_in;
    cr_blob_spec *w = &s->blob[1];
    *w = (cr_blob_spec){.what = "pointwise weights", .filler = p->weight_filler, .late = true};
    w->shape = (cr_shape){.rank = s->in[0].rank, .dim = {p->num_output, middle}};
    for (int i = 2; i < w->shape.rank; i++)
        w->shape.dim[i] = 1;
    s->blob[0].what = "depthwise weights";
    s->n_blobs = 2;
    if (p->bias_term)
        s->blob[s->n_blobs++] =
            (cr_blob_spec){.what = "bias", .filler = p->bias_filler, .shape = {1, {p->num_output}}};
    bool fits = cr_shape_valid(&w->shape) && cr_i64_mul(macs, cr_shape_count(&s->out[0]), &macs) &&
                cr_i64_mul(macs, p->num_output, &macs) && cr_i64_add(s->macs, macs, &s->macs);
    if (!fits)
        return cr_layer_fail(layer, err, p, "num_output", 0, "the layer's sizes overflow");
    for (int i = 0; i < layer->n_out; i++)
        s->out[i].dim[1] = p->num_output;
    return CREMA_OK;
}

static size_t pack_bytes(const cr_conv_algorithm *a, const cr_conv *conv)
{
    return a->pack_bytes ? (a->pack_bytes(conv) + 63) / 64 * 64 : 0;
}

static size_t slot_bytes(const cr_conv_algorithm *a, const cr_conv *conv)
{
    return a->slot_bytes ? a->slot_bytes(conv) : 0;
}

static int pack_kind(const cr_conv_algorithm *a, const cr_conv *conv)
{
    return a->pack_kind ? a->pack_kind(conv) : 0;
}

static void fill_pack(const void *arg, const float *const *values, void *pack)
{
    const separable *d = arg;
    const cr_conv_algorithm *a = d->depthwise->algorithm, *b = d->pointwise_algorithm;
    if (pack_bytes(a, &d->depthwise->conv) > 0)
        a->pack(&d->depthwise->conv, values[0], pack);
    if (pack_bytes(b, &d->pointwise) > 0)
        b->pack(&d->pointwise, values[1], (char *)pack + d->second_pack);
}

// A step has one pack: the second part's stands behind the first one's.
static cr_status get_pack(cr_step *step, const cr_preparing *p, separable *d, cr_err *err)
{
    const cr_conv_algorithm *a = d->depthwise->algorithm, *b = d->pointwise_algorithm;
    d->second_pack = pack_bytes(a, &d->depthwise->conv);
    size_t bytes = d->second_pack + pack_bytes(b, &d->pointwise);
    char key[96];
    snprintf(key, sizeof key, "%s %d %s %d %s", a->name, pack_kind(a, &d->depthwise->conv), b->name,
             pack_kind(b, &d->pointwise), p->kernels->name);
    step->packed[0] = d->second_pack > 0;
    step->packed[1] = bytes > d->second_pack;
    cr_pack_recipe recipe = {.key = key, .bytes = bytes, .fill = fill_pack, .arg = d};
    return bytes > 0 ? p->pack(p, step, &recipe, err) : CREMA_OK;
}

static cr_status prepare_pointwise(const cr_step *step, const cr_preparing *p, separable *d, cr_err *err)
{
    const cr_conv *first = &d->depthwise->conv;
    int n_axes = first->window->n_axes;
    cr_window_spec spec = {.n_axes = n_axes};
    int64_t size[CR_MAX_AXES];
    for (int a = 0; a < n_axes; a++) {
        spec.kernel[a] = spec.stride[a] = spec.dilation[a] = 1;
        size[a] = first->window->axis[a].out;
    }
    cr_conv *c = &d->pointwise;
    c->window = &d->window;
    c->images = c->group = c->kernel_count = 1;
    c->in_channels = first->out_channels;
    c->out_channels = step->layer->param->convolution_param->num_output;
    c->in_count = c->out_count = first->out_count;
    c->in_image_stride = c->in_channels * c->in_count;
    c->out_image_stride = c->out_channels * c->out_count;
    c->kernels = p->kernels;
    c->exact = first->exact;
    c->small_memory = first->small_memory;
    cr_status status = cr_window_build(p->arena, &spec, n_axes, size, size, c->in_channels, &d->window, err);
    const char *why;
    d->pointwise_algorithm = status ? NULL : cr_conv_choose(c, p->conv_algorithm, &why);
    if (!d->pointwise_algorithm)
        d->pointwise_algorithm = &cr_conv_im2col;
    return status;
}

static cr_status prepare(cr_step *step, const cr_preparing *p, cr_err *err)
{
    cr_conv_data *first;
    separable *d = cr_arena_alloc(p->arena, sizeof *d);
    if (!d)
        return cr_no_memory(err);
    cr_status status = cr_conv_base_prepare(step, p, &kind, &first, err);
    if (status)
        return status;
    first->conv.images = 1;
    if ((status = cr_conv_base_choose(step, p, first, err)))
        return status;
    d->depthwise = first;
    step->data = d;
    if ((status = prepare_pointwise(step, p, d, err)) || (status = get_pack(step, p, d, err)))
        return status;
    size_t first_slot = slot_bytes(first->algorithm, &first->conv);
    size_t second_slot = slot_bytes(d->pointwise_algorithm, &d->pointwise);
    step->slot_bytes = first_slot > second_slot ? first_slot : second_slot;
    size_t a = cr_conv_base_mean_bytes(first) + first->algorithm->scratch_bytes(&first->conv);
    size_t b = d->pointwise_algorithm->scratch_bytes(&d->pointwise);
    d->middle_offset = ((a > b ? a : b) + 63) / 64 * 64;
    size_t middle = (size_t)d->pointwise.in_image_stride * sizeof(float);
    step->implementation = first->algorithm->name;
    return cr_size_add(d->middle_offset, middle, &step->scratch_bytes) ? CREMA_OK : cr_no_memory(err);
}

static void run(const cr_step *step, cr_run *run)
{
    const separable *d = step->data;
    float *middle = (float *)((char *)run->scratch + d->middle_offset);
    cr_conv_buffers first = {.out = middle, .weights = step->blob[0], .scratch = run->scratch};
    cr_conv_buffers second = {.in = middle, .weights = step->blob[1], .scratch = run->scratch};
    first.pool = second.pool = run->pool;
    first.slot_scratch = second.slot_scratch = run->slot_scratch;
    first.slot_step = second.slot_step = run->slot_bytes;
    first.pack = step->pack;
    second.pack = step->pack ? (const char *)step->pack + d->second_pack : NULL;
    second.bias = step->n_blobs > 2 ? step->blob[2] : NULL;
    for (int i = 0; i < step->n_in; i++) {
        const cr_tensor *in = cr_in(step, run, i), *out = cr_out(step, run, i);
        for (int64_t n = 0; n < in->shape.dim[0]; n++) {
            first.in = in->data + n * in->image_stride;
            second.out = out->data + n * out->image_stride;
            cr_conv_base_call(d->depthwise, &d->depthwise->conv, &first, d->depthwise->algorithm->run);
            d->pointwise_algorithm->run(&d->pointwise, &second);
        }
    }
}

const cr_layer_type cr_layer_separable_convolution = {
    .name = "SeparableConvolution",
    .about = "depthwise convolution, then one of 1x1",
    .param = "convolution_param",
    .in_min = 1,
    .in_max = CR_ANY,
    .out_min = 1,
    .out_max = CR_ANY,
    .out_equals_in = true,
    .flags = CR_STRIDED,
    .setup = setup,
    .shape = shape,
    .prepare = prepare,
    .run = run,
};
