/*
 * conv_base.c - parameters, shapes and buffers of Convolution and Deconvolution.
 *
 * Semantics are those of Caffe's base_conv_layer.cpp: the channels stand at `axis`, all axes behind it are
 * spatial, all before it are batch; every bottom gives one top with the same weights, and all bottoms have
 * one shape. `engine` and `force_nd_im2col` choose among Caffe's implementations and mean nothing here.
 */
#include "layers/conv_base.h"
#include "crema.pb-c.h"
#include "kernels/kernels.h"
#include "layers/fold.h"

#include <stdio.h>
#include <string.h>

// What the shape of a bottom makes of the parameters. `wide` are the convolution's input channels: the bottom's,
// or the top's of a deconvolution.
typedef struct geometry {
    cr_window_spec spec;
    int axis, n_axes;
    int64_t in[CR_MAX_AXES], out[CR_MAX_AXES]; // spatial sizes of bottom and top
    int64_t in_channels, out_channels, group;  // of bottom and top
} geometry;

cr_status cr_conv_base_setup_window(cr_layer *layer, cr_err *err)
{
    cr_window_spec spec;
    const Crema__ConvolutionParameter *p = layer->param->convolution_param;
    cr_status status = cr_window_spec_conv(layer, -1, &spec, err);
    if (status)
        return status;
    if (p->has_num_output && (p->num_output < 1 || p->num_output > INT32_MAX))
        return cr_layer_fail(layer, err, p, "num_output", 0, "num_output %u is out of range", p->num_output);
    if (p->group < 1)
        return cr_layer_fail(layer, err, p, "group", 0, "group 0 is less than 1");
    return CREMA_OK;
}

cr_status cr_conv_base_setup(cr_layer *layer, cr_err *err)
{
    cr_status status = cr_conv_base_setup_window(layer, err);
    const Crema__ConvolutionParameter *p = layer->param->convolution_param;
    if (status)
        return status;
    if (!p->has_num_output)
        return cr_layer_fail(layer, err, p, "num_output", 0, "num_output is not given");
    if (p->has_channel_multiplier)
        return cr_layer_fail(layer, err, p, "channel_multiplier", 0,
                             "channel_multiplier is for DepthwiseConvolution and SeparableConvolution");
    return CREMA_OK;
}

static cr_status check_group(const cr_layer *layer, const geometry *g, cr_err *err)
{
    const Crema__ConvolutionParameter *p = layer->param->convolution_param;
    if (g->out_channels % g->group != 0)
        return cr_layer_fail(layer, err, p, "group", 0,
                             "group %lld does not divide num_output %lld (bottom \"%s\" has %lld channels)",
                             (long long)g->group, (long long)g->out_channels, layer->in_name[0],
                             (long long)g->in_channels);
    if (g->in_channels % g->group != 0)
        return cr_layer_fail(layer, err, p, "group", 0,
                             "group %lld does not divide the %lld channels of bottom \"%s\"",
                             (long long)g->group, (long long)g->in_channels, layer->in_name[0]);
    return CREMA_OK;
}

static cr_status read_channels(const cr_layer *layer, const cr_shaping *s, const cr_conv_kind *kind,
                               geometry *g, cr_err *err)
{
    const Crema__ConvolutionParameter *p = layer->param->convolution_param;
    g->out_channels = p->num_output;
    g->group = p->group;
    cr_status status = CREMA_OK;
    if (kind->channels)
        status = kind->channels(layer, s, g->in_channels, &g->out_channels, &g->group, err);
    return status ? status : check_group(layer, g, err);
}

static cr_status read_geometry(const cr_layer *layer, const cr_shaping *s, const cr_shape *bottom,
                               const cr_conv_kind *kind, geometry *g, cr_err *err)
{
    const Crema__ConvolutionParameter *p = layer->param->convolution_param;
    cr_status status = cr_layer_axis(layer, p, "axis", p->axis, bottom->rank, 0, &g->axis, err);
    if (status)
        return status;
    g->n_axes = bottom->rank - g->axis - 1;
    if ((status = cr_window_spec_conv(layer, g->n_axes, &g->spec, err)))
        return status;
    g->in_channels = bottom->dim[g->axis];
    if ((status = read_channels(layer, s, kind, g, err)))
        return status;
    for (int a = 0; a < g->n_axes && !status; a++) {
        g->in[a] = bottom->dim[g->axis + 1 + a];
        status = (kind->transposed ? cr_window_out_transposed : cr_window_out)(layer, &g->spec, a, g->in[a],
                                                                               &g->out[a], err);
    }
    return status;
}

// Multiply-adds; and the check that nothing that is derived from the sizes overflows. Weights times positions
// bound the column matrix, of which there may be one per part of the groups; an empty axis must not hide that.
static cr_status count_macs(const cr_layer *layer, const geometry *g, const cr_shape *weights,
                            bool transposed, int64_t images, int64_t *macs, cr_err *err)
{
    enum { MATRICES = 64 };
    bool fits = true;
    int64_t bound = MATRICES * (int64_t)sizeof(float);
    *macs = images;
    for (int i = 0; i < weights->rank + g->n_axes; i++) {
        const int64_t *positions = transposed ? g->in : g->out;
        int64_t n = i < weights->rank ? weights->dim[i] : positions[i - weights->rank];
        fits = fits && cr_i64_mul(bound, n ? n : 1, &bound);
        fits = fits && cr_i64_mul(*macs, n, macs);
    }
    if (!fits)
        return cr_layer_fail(layer, err, g->spec.message, NULL, 0, "the layer's sizes overflow");
    return CREMA_OK;
}

static cr_status shape_weights(const cr_layer *layer, const geometry *g, bool transposed, cr_shaping *s,
                               cr_err *err)
{
    const Crema__ConvolutionParameter *p = layer->param->convolution_param;
    cr_blob_spec *w = &s->blob[0];
    *w = (cr_blob_spec){.what = "weights", .filler = p->weight_filler, .late = true};
    w->shape.rank = 2 + g->n_axes;
    w->shape.dim[0] = transposed ? g->in_channels : g->out_channels;
    w->shape.dim[1] = (transposed ? g->out_channels : g->in_channels) / g->group;
    for (int a = 0; a < g->n_axes; a++)
        w->shape.dim[2 + a] = g->spec.kernel[a];
    if (!cr_shape_valid(&w->shape))
        return cr_layer_fail(layer, err, p, NULL, 0, "the layer's sizes overflow");
    s->n_blobs = 1;
    if (p->bias_term) {
        s->blob[1] = (cr_blob_spec){.what = "bias", .filler = p->bias_filler};
        s->blob[1].shape = (cr_shape){1, {g->out_channels}};
        s->n_blobs = 2;
    }
    return CREMA_OK;
}

cr_status cr_conv_base_shape(const cr_layer *layer, cr_shaping *s, const cr_conv_kind *kind, cr_err *err)
{
    geometry g;
    const cr_shape *bottom = &s->in[0];
    char first[CR_SHAPE_TEXT], other[CR_SHAPE_TEXT];
    for (int i = 1; i < layer->n_in; i++)
        if (!cr_shape_equal(bottom, &s->in[i]))
            return cr_layer_fail(layer, err, NULL, "bottom", (size_t)i,
                                 "bottom \"%s\" is %s and \"%s\" is %s; all bottoms must have one shape",
                                 layer->in_name[0], cr_shape_text(bottom, first, sizeof first),
                                 layer->in_name[i], cr_shape_text(&s->in[i], other, sizeof other));
    cr_status status = read_geometry(layer, s, bottom, kind, &g, err);
    if (!status)
        status = shape_weights(layer, &g, kind->transposed, s, err);
    int64_t images = 0;
    if (!status && !cr_i64_mul(cr_shape_range(bottom, 0, g.axis), layer->n_in, &images))
        status = cr_layer_fail(layer, err, NULL, NULL, 0, "the layer's sizes overflow");
    if (!status)
        status = count_macs(layer, &g, &s->blob[0].shape, kind->transposed, images, &s->macs, err);
    if (status)
        return status;
    cr_shape out = *bottom;
    out.dim[g.axis] = g.out_channels;
    for (int a = 0; a < g.n_axes; a++)
        out.dim[g.axis + 1 + a] = g.out[a];
    for (int i = 0; i < layer->n_out; i++)
        s->out[i] = out;
    return CREMA_OK;
}

// The window then slides over the padded copy, whose size takes the place of in[].
static cr_status prepare_mean(cr_arena *arena, geometry *g, cr_conv_data *d, cr_err *err)
{
    cr_status status = cr_mean_padding_make(arena, &g->spec, g->in, &d->mean, err);
    if (status)
        return status;
    cr_mean_padding_size(d->mean, g->in);
    g->spec.rule = CREMA__PAD_RULE__VALID;
    g->spec.mode = CREMA__PAD_MODE__ZERO;
    return CREMA_OK;
}

size_t cr_conv_base_mean_bytes(const cr_conv_data *d)
{
    const cr_conv *c = &d->conv;
    size_t bytes = (size_t)(c->images * c->in_channels * c->in_count) * sizeof(float);
    return d->mean ? (bytes + 63) / 64 * 64 : 0;
}

static cr_status check_mean_bytes(const cr_conv_data *d, cr_err *err)
{
    const cr_conv *c = &d->conv;
    size_t bytes;
    bool fits = cr_size_mul((size_t)c->images, (size_t)c->in_channels, &bytes) &&
                cr_size_mul(bytes, (size_t)c->in_count, &bytes) && cr_size_mul(bytes, sizeof(float), &bytes);
    return fits && cr_fits_machine(bytes) ? CREMA_OK : cr_no_memory(err);
}

// Makes step->data, but for what is folded into the layer.
static cr_status describe(cr_step *step, const cr_preparing *p, const cr_conv_kind *kind, cr_err *err)
{
    cr_conv_data *d = cr_arena_alloc(p->arena, sizeof *d);
    if (!d)
        return cr_no_memory(err);
    bool transposed = kind->transposed;
    geometry g;
    const cr_tensor *bottom = &p->tensor[step->in[0]];
    const cr_shape *shape = &bottom->shape;
    cr_status status = read_geometry(step->layer, step->shaping, shape, kind, &g, err);
    if (!status && cr_window_is_mean(&g.spec))
        status = prepare_mean(p->arena, &g, d, err);
    if (status)
        return status;
    const int64_t *in = transposed ? g.out : g.in, *out = transposed ? g.in : g.out;
    cr_conv *c = &d->conv;
    c->window = &d->window;
    c->kernels = p->kernels;
    c->exact = p->exact;
    c->winograd_tolerance = p->winograd_tolerance;
    c->small_memory = p->small_memory;
    c->in_channels = transposed ? g.out_channels : g.in_channels;
    c->out_channels = transposed ? g.in_channels : g.out_channels;
    c->group = g.group;
    c->in_count = c->out_count = c->kernel_count = 1;
    for (int a = 0; a < g.n_axes; a++) {
        c->in_count *= in[a];
        c->out_count *= out[a];
        c->kernel_count *= g.spec.kernel[a];
    }
    // Only axis 0 may have a stride of its own. Where it is not the last batch axis, it is walked outside.
    d->batch_axis_0 = g.axis == 1;
    d->outer = g.axis > 1 ? shape->dim[0] : 1;
    c->images = g.axis > 1 ? cr_shape_range(shape, 1, g.axis) : g.axis == 1 ? shape->dim[0] : 1;
    c->in_image_stride = c->in_channels * (d->mean ? cr_mean_padding_in_count(d->mean) : c->in_count);
    c->out_image_stride = c->out_channels * c->out_count;
    status = cr_window_build(p->arena, &g.spec, g.n_axes, in, out, c->in_channels, &d->window, err);
    if (!status)
        step->data = d;
    return status;
}

cr_status cr_conv_base_prepare(cr_step *step, const cr_preparing *p, const cr_conv_kind *kind,
                               cr_conv_data **data, cr_err *err)
{
    cr_status status = step->data ? CREMA_OK : describe(step, p, kind, err);
    if (status)
        return status;
    cr_conv_data *d = *data = (cr_conv_data *)step->data; // from the arena, as describe() made it
    d->conv.in_blocked = p->tensor[step->in[0]].blocked;
    d->conv.out_blocked = p->tensor[step->out[0]].blocked;
    int64_t channels = kind->transposed ? d->conv.in_channels : d->conv.out_channels;
    if ((status = cr_fold(step, p, channels, &d->bias, &d->conv.scale, err)))
        return status;
    return d->mean ? check_mean_bytes(d, err) : CREMA_OK;
}

// The step's scratch, of which the algorithm needs `bytes`.
static cr_status set_scratch(cr_step *step, const cr_preparing *p, cr_conv_data *data, size_t bytes,
                             cr_err *err)
{
    data->own_scratch_bytes = cr_conv_base_mean_bytes(data) + (bytes + 63) / 64 * 64;
    step->scratch_bytes = data->own_scratch_bytes;
    if (data->batch_axis_0 || data->outer != 1)
        return CREMA_OK;
    for (int i = 0; i < step->n_in; i++)
        data->copied |=
            !cr_tensor_contiguous(&p->tensor[step->in[i]]) || !cr_tensor_contiguous(&p->tensor[step->out[i]]);
    const cr_conv *c = &data->conv;
    size_t copies = (size_t)(c->in_image_stride + c->out_image_stride) * sizeof(float);
    if (data->copied && !cr_size_add(step->scratch_bytes, copies, &step->scratch_bytes))
        return cr_no_memory(err);
    return CREMA_OK;
}

static cr_status add_scratch(cr_step *step, cr_conv_data *d, cr_err *err)
{
    const cr_fusion *f = step->fusion;
    if (!f || f->add < 0 || d->algorithm->epilogue)
        return CREMA_OK;
    d->add_copied = true;
    d->add_offset = (step->scratch_bytes + 63) / 64 * 64;
    size_t bytes = (size_t)cr_shape_count(&step->shaping->out[0]) * sizeof(float);
    return cr_size_add(d->add_offset, bytes, &step->scratch_bytes) ? CREMA_OK : cr_no_memory(err);
}

// Between a tensor with gaps and one without.
static void copy_entries(const float *from, int64_t from_stride, float *to, int64_t to_stride, int64_t n,
                         int64_t count)
{
    for (int64_t i = 0; i < n; i++)
        memcpy(to + i * to_stride, from + i * from_stride, (size_t)count * sizeof *to);
}

void cr_conv_base_call(const cr_conv_data *d, const cr_conv *conv, const cr_conv_buffers *buffers,
                       void (*fn)(const cr_conv *conv, const cr_conv_buffers *buffers))
{
    if (!d->mean) {
        fn(conv, buffers);
        return;
    }
    cr_conv padded = *conv;
    cr_conv_buffers b = *buffers;
    cr_mean_planes planes = {.in = b.in, .out = b.scratch, .images = conv->images};
    planes.channels = conv->in_channels;
    planes.in_image_stride = conv->in_image_stride;
    planes.out_image_stride = padded.in_image_stride = conv->in_channels * conv->in_count;
    cr_mean_padding_run(d->mean, &planes, b.pool);
    b.in = b.scratch;
    b.scratch = (char *)b.scratch + cr_conv_base_mean_bytes(d);
    fn(&padded, &b);
}

static void run_copied(const cr_conv_data *d, const cr_tensor *in, cr_tensor *out, cr_conv_buffers b,
                       void (*fn)(const cr_conv *conv, const cr_conv_buffers *buffers))
{
    int64_t in_entry = cr_tensor_image_count(in), out_entry = cr_tensor_image_count(out);
    float *in_copy = (float *)((char *)b.scratch + d->own_scratch_bytes);
    b.in = in_copy;
    b.out = in_copy + cr_shape_count(&in->shape);
    copy_entries(in->data, in->image_stride, in_copy, in_entry, in->shape.dim[0], in_entry);
    cr_conv_base_call(d, &d->conv, &b, fn);
    copy_entries(b.out, out_entry, out->data, out->image_stride, out->shape.dim[0], out_entry);
}

// The operand out of the way of the sums.
static void copy_add(const cr_conv_data *d, const cr_tensor *out, void *scratch, cr_epilogue *e)
{
    int64_t count = cr_tensor_image_count(out);
    float *to = (float *)((char *)scratch + d->add_offset);
    copy_entries(e->add, e->add_image_stride, to, count, cr_tensor_images(out), count);
    e->add = to;
    e->add_image_stride = count;
}

// For an algorithm that leaves the epilogue to others.
static void finish(const cr_conv_data *d, const cr_conv_buffers *b, const cr_tensor *out, cr_pool *pool)
{
    const cr_shape *shape = &out->shape;
    if (!b->epilogue || d->algorithm->epilogue)
        return;
    cr_epilogue_out o = {.data = out->data, .images = shape->dim[0], .channels = shape->dim[1]};
    o.count = cr_shape_range(shape, 2, shape->rank);
    o.image_stride = out->image_stride;
    cr_epilogue_apply(d->conv.kernels, b->epilogue, &o, pool);
}

void cr_conv_base_run(const cr_step *step, cr_run *run, bool transposed,
                      void (*fn)(const cr_conv *conv, const cr_conv_buffers *buffers))
{
    const cr_conv_data *d = step->data;
    cr_conv conv = d->conv;
    cr_epilogue epilogue;
    for (int i = 0; i < step->n_in; i++) {
        const cr_tensor *in = cr_in(step, run, i);
        cr_tensor *out = cr_out(step, run, i);
        cr_conv_buffers b = {.weights = d->weights_folded ? step->pack : step->blob[0], .bias = d->bias};
        b.pack = step->pack;
        b.scratch = run->scratch;
        b.slot_scratch = run->slot_scratch;
        b.slot_step = run->slot_bytes;
        b.pool = run->pool;
        b.epilogue = cr_step_epilogue(step, run, &epilogue);
        if (d->add_copied)
            copy_add(d, out, run->scratch, &epilogue);
        if (d->batch_axis_0) {
            conv.images = in->shape.dim[0]; // may be fewer than planned
            conv.in_image_stride = transposed ? out->image_stride : in->image_stride;
            conv.out_image_stride = transposed ? in->image_stride : out->image_stride;
        }
        for (int64_t o = 0; o < d->outer && !d->copied; o++) {
            b.in = in->data + o * in->image_stride;
            b.out = out->data + o * out->image_stride;
            cr_conv_base_call(d, &conv, &b, fn);
        }
        if (d->copied)
            run_copied(d, in, out, b, fn);
        finish(d, &b, out, run->pool);
    }
}

// Keeps why the algorithms before the chosen one do not run.
static cr_status list_refusals(cr_step *step, const cr_preparing *p, const cr_conv_data *data, cr_err *err)
{
    size_t n = 0;
    while (cr_conv_algorithms[n] != data->algorithm)
        n++;
    crema_refusal *list = cr_arena_array(p->arena, n, sizeof *list);
    if (!list)
        return cr_no_memory(err);
    for (size_t i = 0; i < n; i++) {
        const char *why = cr_conv_refusal(cr_conv_algorithms[i], &data->conv);
        list[i] = (crema_refusal){cr_conv_algorithms[i]->name, why ? why : "another was asked for"};
    }
    step->refusal = list;
    step->n_refusals = (int)n;
    return CREMA_OK;
}

cr_status cr_conv_base_choose(cr_step *step, const cr_preparing *p, cr_conv_data *data, cr_err *err)
{
    const char *why;
    data->algorithm = cr_conv_choose(&data->conv, p->conv_algorithm, &why);
    if (data->algorithm)
        return list_refusals(step, p, data, err);
    return cr_fail(err, CREMA_ERR_USAGE, NULL, "layer \"%s\" (%s): convolution algorithm \"%s\": %s",
                   step->layer->name, step->layer->type->name, p->conv_algorithm ? p->conv_algorithm : "",
                   why);
}

// A pack depends on the shape of the weights, which the layer fixes, and on what the key says.
static void fill_pack(const void *arg, const float *const *values, void *pack)
{
    const cr_conv_data *d = arg;
    d->algorithm->pack(&d->conv, values[0], pack);
}

static void fill_pack_rows(const void *arg, const float *weights, int64_t first, int64_t n, void *pack)
{
    const cr_conv_data *d = arg;
    d->algorithm->pack_rows(&d->conv, weights, first, n, pack);
}

static cr_status get_pack(cr_step *step, const cr_preparing *p, const cr_conv_data *d, size_t bytes,
                          cr_err *err)
{
    char key[64 + CR_FOLD_TEXT], fold[CR_FOLD_TEXT];
    int kind = d->algorithm->pack_kind ? d->algorithm->pack_kind(&d->conv) : 0;
    snprintf(key, sizeof key, "%s %s %d%s", d->algorithm->name, p->kernels->name, kind,
             cr_fold_key(step, p, fold));
    step->packed[0] = true;
    cr_pack_recipe recipe = {.key = key, .bytes = bytes, .fill = fill_pack, .arg = d};
    if (d->algorithm->pack_rows) {
        recipe.fill_rows = fill_pack_rows;
        recipe.rows = d->conv.out_channels;
        recipe.unit = d->algorithm->pack_unit(&d->conv);
    }
    return p->pack(p, step, &recipe, err);
}

cr_status cr_conv_base_equip(cr_step *step, const cr_preparing *p, cr_conv_data *d, cr_err *err)
{
    const cr_conv_algorithm *a = d->algorithm;
    cr_status status = CREMA_OK;
    step->implementation = a->name;
    step->slot_bytes = a->slot_bytes ? a->slot_bytes(&d->conv) : 0;
    size_t pack_bytes = a->pack_bytes ? a->pack_bytes(&d->conv) : 0;
    d->weights_folded = cr_folds(step) && pack_bytes == 0;
    if (pack_bytes > 0)
        status = get_pack(step, p, d, pack_bytes, err);
    else if (d->weights_folded)
        status = cr_fold_weights(step, p, d->conv.out_channels, err);
    if (status)
        return status;
    status = set_scratch(step, p, d, a->scratch_bytes(&d->conv), err);
    return status ? status : add_scratch(step, d, err);
}

cr_status cr_conv_base_prepare_conv(cr_step *step, const cr_preparing *p, const cr_conv_kind *kind,
                                    cr_err *err)
{
    cr_conv_data *d = NULL;
    cr_status status = cr_conv_base_prepare(step, p, kind, &d, err);
    if (!status)
        status = cr_conv_base_choose(step, p, d, err);
    return status ? status : cr_conv_base_equip(step, p, d, err);
}

// PARTIAL gives 0 where a window has nothing inside, and 0 must stay what later layers make of it.
static bool some_window_may_be_empty(const cr_preparing *p, const geometry *g)
{
    cr_window w;
    if (g->spec.mode != CREMA__PAD_MODE__PARTIAL)
        return false;
    if (cr_window_build(p->arena, &g->spec, g->n_axes, g->in, g->out, g->in_channels, &w, NULL) != CREMA_OK)
        return true;
    return cr_window_has_empty(&w);
}

unsigned cr_conv_base_takes(const cr_step *step, const cr_preparing *p, const cr_conv_kind *kind)
{
    geometry g;
    const cr_shape *bottom = &p->tensor[step->in[0]].shape;
    if (read_geometry(step->layer, step->shaping, bottom, kind, &g, NULL) != CREMA_OK || g.axis != 1)
        return 0;
    return some_window_may_be_empty(p, &g) ? CR_TAKES_ALL & ~CR_TAKES_AFFINE : CR_TAKES_ALL;
}

static const cr_conv_algorithm *choose_blocked(const cr_preparing *p, cr_conv *conv, bool in, bool out)
{
    const char *why;
    conv->in_blocked = in;
    conv->out_blocked = out;
    return cr_conv_choose(conv, p->conv_algorithm, &why);
}

bool cr_conv_base_may_gain_blocked(const cr_step *step, const cr_preparing *p)
{
    const cr_shape *weights = &step->shaping->blob[0].shape, *bottom = &p->tensor[step->in[0]].shape;
    return weights->dim[1] == 1 && bottom->rank > 1 && bottom->dim[1] == weights->dim[0];
}

unsigned cr_conv_base_blocked(cr_step *step, const cr_preparing *p, const cr_conv_kind *kind)
{
    if (step->n_in != 1 || describe(step, p, kind, NULL) != CREMA_OK)
        return 0;
    const cr_conv_data *d = step->data;
    if (!d->batch_axis_0 || d->mean)
        return 0;
    cr_conv conv = d->conv;
    conv.in_blocked = conv.out_blocked = true;
    if (!p->conv_algorithm && cr_conv_prefers_plain(&conv))
        return 0;
    const cr_conv_algorithm *both = choose_blocked(p, &conv, true, true);
    if (both && (both->blocked & CR_BLOCKED_BOTH))
        return CR_READS_BLOCKED | CR_WRITES_BLOCKED | CR_BLOCKED_BOTH;
    bool reads = choose_blocked(p, &conv, true, false), writes = choose_blocked(p, &conv, false, true);
    if (reads && (both || !writes))
        return CR_READS_BLOCKED | (writes ? CR_WRITES_BLOCKED : 0);
    return writes ? CR_WRITES_BLOCKED : 0;
}

void cr_conv_base_run_conv(const cr_step *step, cr_run *run)
{
    const cr_conv_data *d = step->data;
    cr_conv_base_run(step, run, false, d->algorithm->run);
}
