/*
 * spp.c - SPP, spatial pyramid pooling: level i pools into about 2^i x 2^i bins; the levels are flattened and
 * stand one behind the other.
 *
 * Semantics of Caffe's spp_layer.cpp: kernel and stride of level i are ceil(size / 2^i), pads are half of what is
 * missing for as many whole windows, rounded up, and the rest is Pooling's (so there may be fewer bins, pads must
 * be less than the kernel, and STOCHASTIC has none). With pyramid_height 1 the top is that of the pooling,
 * (n, c, 1, 1); else (n, features).
 */
#include "crema.pb-c.h"
#include "layers/pooling_base.h"

enum { MAX_LEVELS = 25 }; // 2^24 bins along an axis

typedef struct pyramid {
    int n_levels;
    int64_t offset[MAX_LEVELS]; // of the level in an image of the top
    cr_pooling_data level[MAX_LEVELS];
} pyramid;

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__SPPParameter *p = layer->param->spp_param;
    if (!p || !p->has_pyramid_height)
        return cr_layer_fail(layer, err, p, NULL, 0, "pyramid_height is not given");
    if (p->pyramid_height < 1)
        return cr_layer_fail(layer, err, p, "pyramid_height", 0, "pyramid_height 0 is less than 1");
    if ((unsigned)p->pool > CREMA__SPPPARAMETER__POOL_METHOD__STOCHASTIC)
        return cr_layer_fail(layer, err, p, "pool", 0, "pool %d is not known", (int)p->pool);
    if (p->pool == CREMA__SPPPARAMETER__POOL_METHOD__STOCHASTIC && layer->train) {
        cr_layer_fail(layer, err, p, "pool", 0,
                      "pool STOCHASTIC draws at random in the TRAIN phase; only TEST works");
        if (err)
            err->status = CREMA_ERR_UNSUPPORTED;
        return CREMA_ERR_UNSUPPORTED;
    }
    return CREMA_OK;
}

// The window and the output sizes of a level.
static cr_status measure(const cr_layer *layer, const cr_shape *bottom, int level, cr_window_spec *spec,
                         int64_t out[2], cr_err *err)
{
    const Crema__SPPParameter *p = layer->param->spp_param;
    *spec = (cr_window_spec){.message = p, .n_axes = 2};
    int64_t bins = (int64_t)1 << level;
    for (int a = 0; a < 2; a++) {
        int64_t in = bottom->dim[2 + a], kernel = (in + bins - 1) / bins;
        int64_t pad = (kernel * bins - in + 1) / 2;
        if (pad >= kernel)
            return cr_layer_fail(
                layer, err, p, "pyramid_height", 0,
                "level %d of the pyramid cuts %s %lld into %lld bins of %lld, whose pads, %lld, "
                "must be less than that",
                level + 1, a == 0 ? "height" : "width", (long long)in, (long long)bins, (long long)kernel,
                (long long)pad);
        spec->kernel[a] = spec->stride[a] = kernel;
        spec->dilation[a] = 1;
        spec->pad_before[a] = spec->pad_after[a] = pad;
    }
    if (p->pool == CREMA__SPPPARAMETER__POOL_METHOD__STOCHASTIC && cr_pooling_any_pad(spec))
        return cr_layer_fail(layer, err, p, "pool", 0,
                             "pool STOCHASTIC has no padding, but level %d of the pyramid needs some",
                             level + 1);
    for (int a = 0; a < 2; a++)
        out[a] = cr_pooling_size(spec, a, bottom->dim[2 + a], true);
    return CREMA_OK;
}

static cr_status check_bottom(const cr_layer *layer, const cr_shape *in, cr_err *err)
{
    char text[CR_SHAPE_TEXT];
    const Crema__SPPParameter *p = layer->param->spp_param;
    if (in->rank != 4 || in->dim[2] < 1 || in->dim[3] < 1)
        return cr_layer_fail(
            layer, err, layer->param, "bottom", 0,
            "bottom \"%s\" (%s) must have 4 axes: batch, channels, and height and width of at "
            "least 1",
            layer->in_name[0], cr_shape_text(in, text, sizeof text));
    if (p->pyramid_height > MAX_LEVELS || in->dim[2] > INT32_MAX || in->dim[3] > INT32_MAX)
        return cr_layer_fail(layer, err, p, "pyramid_height", 0,
                             "%u levels over a bottom of %s are too many; at most %d work", p->pyramid_height,
                             cr_shape_text(in, text, sizeof text), MAX_LEVELS);
    return CREMA_OK;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const cr_shape *in = &s->in[0];
    int levels = (int)layer->param->spp_param->pyramid_height;
    cr_status status = check_bottom(layer, in, err);
    int64_t bins = 0, out[2] = {0};
    for (int i = 0; i < levels && !status; i++) {
        cr_window_spec spec;
        status = measure(layer, in, i, &spec, out, err);
        bins += out[0] * out[1];
    }
    if (status)
        return status;
    s->out[0] = (cr_shape){.rank = 2, .dim = {in->dim[0]}};
    if (levels == 1)
        s->out[0] = (cr_shape){.rank = 4, .dim = {in->dim[0], in->dim[1], out[0], out[1]}};
    else if (!cr_i64_mul(in->dim[1], bins, &s->out[0].dim[1]))
        return cr_layer_fail(layer, err, NULL, NULL, 0, "the top is too large");
    return CREMA_OK;
}

static cr_status prepare(cr_step *step, const cr_preparing *p, cr_err *err)
{
    const cr_shape *bottom = &p->tensor[step->in[0]].shape;
    const Crema__SPPParameter *param = step->layer->param->spp_param;
    pyramid *d = cr_arena_alloc(p->arena, sizeof *d);
    if (!d)
        return cr_no_memory(err);
    step->data = d;
    int64_t offset = 0;
    for (; d->n_levels < (int)param->pyramid_height; d->n_levels++) {
        cr_pooling_data *level = &d->level[d->n_levels];
        cr_window_spec spec;
        int64_t out[2];
        cr_status status = measure(step->layer, bottom, d->n_levels, &spec, out, err);
        if (!status)
            status = cr_pooling_prepare(p, &spec, (cr_pooling_method)param->pool, bottom, out, level, err);
        if (status)
            return status;
        d->offset[d->n_levels] = offset;
        offset += bottom->dim[1] * out[0] * out[1];
        size_t bytes = cr_pooling_slot_bytes(&level->pooling);
        step->slot_bytes = step->slot_bytes < bytes ? bytes : step->slot_bytes;
    }
    return CREMA_OK;
}

static void run(const cr_step *step, cr_run *run)
{
    const pyramid *d = step->data;
    const cr_tensor *in = cr_in(step, run, 0), *out = cr_out(step, run, 0);
    for (int i = 0; i < d->n_levels; i++) {
        cr_pooling pooling = d->level[i].pooling;
        pooling.images = in->shape.dim[0]; // may be fewer than planned
        pooling.in_image_stride = in->image_stride;
        pooling.out_image_stride = out->image_stride;
        cr_pooling_run(&pooling, &(cr_pooling_buffers){.in = in->data,
                                                       .out = out->data + d->offset[i],
                                                       .slot_scratch = run->slot_scratch,
                                                       .slot_step = run->slot_bytes,
                                                       .pool = run->pool});
    }
}

const cr_layer_type cr_layer_spp = {
    .name = "SPP",
    .about = "spatial pyramid pooling",
    .param = "spp_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_STRIDED,
    .setup = setup,
    .shape = shape,
    .prepare = prepare,
    .run = run,
};
