/*
 * pooling.c - Pooling over height and width.
 *
 * pad_rule EXPLICIT with pad_mode ZERO is Caffe's pooling_layer.cpp, with its oddities:
 *   - the size is ceil((H + pads - kernel) / stride) + 1 in float arithmetic (or floor, by round_mode, or by a
 *     fork's ceil_mode: false); only where some pad is not 0, a last window that would start behind the image
 *     is dropped, on either axis. Without pads it stays, and may be empty: MAX gives -FLT_MAX then, AVE 0/0;
 *   - AVE divides by the window's part inside of image and pads;
 *   - STOCHASTIC is that of Caffe's GPU code for the TEST phase, sum(x^2) / sum(x).
 * A rule fixes the size instead, and AVE divides by what is inside the image. A mode that puts values outside
 * goes on for ever, so a window that hangs over sees them; AVE divides by the whole window then.
 */
#include "crema.pb-c.h"
#include "layers/pooling_base.h"

static cr_status check_method(const cr_layer *layer, const Crema__PoolingParameter *p,
                              const cr_window_spec *spec, cr_err *err)
{
    if ((unsigned)p->pool > CREMA__POOLING_PARAMETER__POOL_METHOD__STOCHASTIC)
        return cr_layer_fail(layer, err, p, "pool", 0, "pool %d is not known", (int)p->pool);
    if (layer->n_out > 1 && p->pool != CREMA__POOLING_PARAMETER__POOL_METHOD__MAX)
        return cr_layer_fail(layer, err, NULL, "top", 1, "the second top, a mask, is for pool MAX only");
    if (p->pool != CREMA__POOLING_PARAMETER__POOL_METHOD__STOCHASTIC)
        return CREMA_OK;
    if (!cr_pooling_is_caffe(spec) || cr_pooling_any_pad(spec))
        return cr_layer_fail(layer, err, p, "pool", 0, "pool STOCHASTIC has no padding");
    if (layer->train) {
        cr_layer_fail(layer, err, p, "pool", 0,
                      "pool STOCHASTIC draws at random in the TRAIN phase; only TEST works");
        if (err)
            err->status = CREMA_ERR_UNSUPPORTED;
        return CREMA_ERR_UNSUPPORTED;
    }
    return CREMA_OK;
}

// Fields of forks that change the result and that are not implemented must not be passed over.
static cr_status check_forks(const cr_layer *layer, const Crema__PoolingParameter *p, cr_err *err)
{
    const char *field = p->has_avg_include_pad && !p->avg_include_pad ? "avg_include_pad"
                        : p->torch_pooling                            ? "torch_pooling"
                                                                      : NULL;
    for (size_t i = 0; i < p->n_dilation && !field; i++)
        if (p->dilation[i] != 1)
            field = "dilation";
    return field ? cr_layer_fail(layer, err, p, field, 0, "%s of a Caffe fork is not implemented", field)
                 : CREMA_OK;
}

// The field that says how much the axis is padded.
static const char *pad_field(const Crema__PoolingParameter *p, int a)
{
    if (p->has_pad || p->has_pad_h)
        return p->has_pad ? "pad" : a == 0 ? "pad_h" : "pad_w";
    if (a == 0)
        return p->has_pad_top ? "pad_top" : "pad_bottom";
    return p->has_pad_left ? "pad_left" : "pad_right";
}

static cr_status setup(cr_layer *layer, cr_err *err)
{
    static const char *const name[2] = {"height", "width"};
    const Crema__PoolingParameter *p = layer->param->pooling_param;
    cr_window_spec *spec = layer->ctx;
    cr_status status = cr_window_spec_pool(layer, spec, err);
    if (!status)
        status = check_method(layer, p, spec, err);
    if (!status)
        status = check_forks(layer, p, err);
    // A window on the pad alone would be empty. Modes with values there have no such window.
    for (int a = 0; a < 2 && !status && cr_pooling_is_caffe(spec) && !p->global_pooling; a++)
        if (spec->pad_before[a] >= spec->kernel[a] || spec->pad_after[a] >= spec->kernel[a])
            status = cr_layer_fail(layer, err, p, pad_field(p, a), 0,
                                   "pads %lld and %lld along the %s must be less than the kernel %lld",
                                   (long long)spec->pad_before[a], (long long)spec->pad_after[a], name[a],
                                   (long long)spec->kernel[a]);
    return status;
}

// Output size under EXPLICIT.
static cr_status caffe_out(const cr_layer *layer, const cr_window_spec *spec, int a, int64_t in, int64_t *out,
                           cr_err *err)
{
    const Crema__PoolingParameter *p = layer->param->pooling_param;
    int64_t before = spec->pad_before[a], after = spec->pad_after[a];
    bool up = p->round_mode != CREMA__POOLING_PARAMETER__ROUND_MODE__FLOOR && p->ceil_mode;
    *out = cr_pooling_size(spec, a, in, up);
    if (*out < 1)
        return cr_layer_fail(
            layer, err, p, p->has_kernel_h ? "kernel_h" : "kernel_size", 0,
            "the output's %s is %s((%lld + %lld + %lld - %lld) / %lld) + 1 = %lld (bottom + pads - "
            "kernel, by stride), which must be at least 1",
            a == 0 ? "height" : "width", up ? "ceil" : "floor", (long long)in, (long long)before,
            (long long)after, (long long)spec->kernel[a], (long long)spec->stride[a], (long long)*out);
    if (spec->mode != CREMA__PAD_MODE__ZERO)
        return cr_window_check(layer, spec, a, in, *out, err);
    if (in > INT32_MAX || *out > CR_POOLING_MAX_OUT)
        return cr_layer_fail(layer, err, p, NULL, 0,
                             "%lld windows along the %s are too many (%lld are possible)", (long long)*out,
                             a == 0 ? "height" : "width", (long long)CR_POOLING_MAX_OUT);
    return CREMA_OK;
}

// The window and the output sizes for a bottom.
static cr_status measure(const cr_layer *layer, const cr_shape *bottom, cr_window_spec *spec, int64_t out[2],
                         cr_err *err)
{
    const Crema__PoolingParameter *p = layer->param->pooling_param;
    *spec = *(const cr_window_spec *)layer->ctx;
    if (bottom->rank != 4)
        return cr_layer_fail(layer, err, p, NULL, 0,
                             "bottom \"%s\" has %d axes; pooling needs 4 (batch, channels, height, width)",
                             layer->in_name[0], bottom->rank);
    cr_status status = CREMA_OK;
    for (int a = 0; a < 2 && !status; a++) {
        int64_t in = bottom->dim[2 + a];
        if (p->global_pooling)
            spec->kernel[a] = in;
        if (in < 1)
            return cr_layer_fail(layer, err, p, NULL, 0, "bottom \"%s\" has %s 0", layer->in_name[0],
                                 a == 0 ? "height" : "width");
        status = spec->rule == CREMA__PAD_RULE__EXPLICIT ? caffe_out(layer, spec, a, in, &out[a], err)
                                                         : cr_window_out(layer, spec, a, in, &out[a], err);
    }
    return status;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    cr_window_spec spec;
    int64_t out[2];
    cr_status status = measure(layer, &s->in[0], &spec, out, err);
    for (int i = 0; i < layer->n_out && !status; i++) {
        s->out[i] = s->in[0];
        s->out[i].dim[2] = out[0];
        s->out[i].dim[3] = out[1];
    }
    return status;
}

static cr_status prepare(cr_step *step, const cr_preparing *p, cr_err *err)
{
    const cr_shape *bottom = &p->tensor[step->in[0]].shape;
    cr_window_spec spec;
    int64_t out[2];
    cr_status status = measure(step->layer, bottom, &spec, out, err);
    if (status)
        return status;
    cr_pooling_data *d = cr_arena_alloc(p->arena, sizeof *d);
    if (!d)
        return cr_no_memory(err);
    step->data = d;
    cr_pooling_method method = (cr_pooling_method)step->layer->param->pooling_param->pool;
    if ((status = cr_pooling_prepare(p, &spec, method, bottom, out, d, err)))
        return status;
    step->slot_bytes = cr_pooling_slot_bytes(&d->pooling);
    return CREMA_OK;
}

static void run(const cr_step *step, cr_run *r)
{
    const cr_pooling_data *d = step->data;
    cr_pooling pooling = d->pooling;
    pooling.images = cr_in(step, r, 0)->shape.dim[0]; // may be fewer than planned
    cr_pooling_buffers b = {.in = cr_in(step, r, 0)->data, .out = cr_out(step, r, 0)->data};
    b.slot_scratch = r->slot_scratch;
    b.slot_step = r->slot_bytes;
    b.pool = r->pool;
    pooling.in_image_stride = cr_in(step, r, 0)->image_stride;
    pooling.out_image_stride = cr_out(step, r, 0)->image_stride;
    if (step->n_out > 1) {
        b.mask = cr_out(step, r, 1)->data;
        pooling.mask_image_stride = cr_out(step, r, 1)->image_stride;
    }
    cr_pooling_run(&pooling, &b);
}

const cr_layer_type cr_layer_pooling = {
    .name = "Pooling",
    .about = "maximum or average of windows, or of the whole map",
    .param = "pooling_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 2,
    .flags = CR_STRIDED,
    .ctx_bytes = sizeof(cr_window_spec),
    .setup = setup,
    .shape = shape,
    .prepare = prepare,
    .run = run,
};
