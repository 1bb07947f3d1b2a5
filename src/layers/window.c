/*
 * window.c - output sizes and the index tables of cr_window.
 *
 * The idea: a rule says how much to pad, a mode says which position an index outside of the input reads. Both
 * are turned into one table per axis, so kernels know neither. Axes are independent; only CORNERS ties them,
 * through a bit per axis and channel.
 *
 * Sources: Caffe's conv_layer.cpp for the output size (the division is C's, toward zero: a kernel a little
 * larger than the padded input still gives one output); TensorFlow for SAME; Wu et al. 2019 for CORNERS; Liu
 * et al. 2018 for PARTIAL. Mirrors are periodic, so pads may be wider than the input.
 *
 * Contract: window_spec.c has checked the fields. Sizes are checked when the output is computed, and bounded
 * so that the tables stay small and no sum can overflow.
 */
#include "layers/window.h"
#include "crema.pb-c.h"

// Entries of one axis' index table. A parameter can ask for 2^62; nothing useful comes near 2^24.
#define MAX_TABLE ((int64_t)1 << 24)
// Of an axis: the tables hold int32, as Caffe's own sizes do.
#define MAX_SIZE ((int64_t)INT32_MAX)

static const char *mode_name(int mode)
{
    const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(&crema__pad_mode__descriptor, mode);
    return v ? v->name : "?";
}

static const char *axis_name(const cr_window_spec *spec, int axis)
{
    static const char *const name[CR_MAX_AXES] = {"axis 0", "axis 1", "axis 2", "axis 3", "axis 4", "axis 5"};
    if (spec->n_axes == 2)
        return axis == 0 ? "height" : "width";
    return name[axis];
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

bool cr_window_is_mean(const cr_window_spec *spec)
{
    return spec->mode == CREMA__PAD_MODE__MEAN_INTERP || spec->mode == CREMA__PAD_MODE__MEAN_REFLECT;
}

int64_t cr_window_extent(const cr_window_spec *spec, int axis)
{
    return spec->dilation[axis] * (spec->kernel[axis] - 1) + 1;
}

void cr_window_pads(const cr_window_spec *spec, int axis, int64_t in, int64_t *before, int64_t *after)
{
    int64_t extent = cr_window_extent(spec, axis), stride = spec->stride[axis], total = 0;
    *before = *after = 0;
    switch (spec->rule) {
    case CREMA__PAD_RULE__EXPLICIT:
        *before = spec->pad_before[axis];
        *after = spec->pad_after[axis];
        break;
    case CREMA__PAD_RULE__SAME:
    case CREMA__PAD_RULE__SAME_LOWER:
        total = (in + stride - 1) / stride * stride - stride + extent - in;
        if (total < 0)
            total = 0;
        *before = spec->rule == CREMA__PAD_RULE__SAME ? total / 2 : total - total / 2;
        *after = total - *before;
        break;
    case CREMA__PAD_RULE__FULL:
        *before = *after = extent - 1;
        break;
    case CREMA__PAD_RULE__CORNERS:
        *before = (extent - 1) / 2;
        *after = extent - 1 - *before;
        break;
    default: // VALID
        break;
    }
}

// The field that gives the kernel, for the position of an error about sizes.
static const char *kernel_field(const cr_layer *layer)
{
    const Crema__ConvolutionParameter *c = layer->param->convolution_param;
    const Crema__PoolingParameter *p = layer->param->pooling_param;
    if (c)
        return c->has_kernel_h ? "kernel_h" : "kernel_size";
    return p && p->has_kernel_h ? "kernel_h" : "kernel_size";
}

static cr_status check_mean(const cr_layer *layer, const cr_window_spec *spec, int axis, int64_t in,
                            cr_err *err)
{
    int64_t before, after;
    cr_window_pads(spec, axis, in, &before, &after);
    if (before != after)
        return cr_layer_fail(layer, err, spec->message, "pad_rule", 0,
                             "pad_mode %s needs equal pads on both sides of the %s, not %lld and %lld",
                             mode_name(spec->mode), axis_name(spec, axis), (long long)before,
                             (long long)after);
    if (in <= 2 * before)
        return cr_layer_fail(layer, err, spec->message, "pad_mode", 0,
                             "pad_mode %s with pad %lld needs a bottom of more than %lld, and its %s is %lld",
                             mode_name(spec->mode), (long long)before, (long long)(2 * before),
                             axis_name(spec, axis), (long long)in);
    return CREMA_OK;
}

cr_status cr_window_check(const cr_layer *layer, const cr_window_spec *spec, int axis, int64_t in,
                          int64_t out, cr_err *err)
{
    if (in > MAX_SIZE || out > MAX_TABLE / spec->kernel[axis])
        return cr_layer_fail(layer, err, spec->message, kernel_field(layer), 0,
                             "%lld windows of %lld along %s are too many (%lld are possible)", (long long)out,
                             (long long)spec->kernel[axis], axis_name(spec, axis),
                             (long long)(MAX_TABLE / spec->kernel[axis]));
    if (in == 0 && spec->mode != CREMA__PAD_MODE__ZERO && spec->mode != CREMA__PAD_MODE__CONSTANT)
        return cr_layer_fail(layer, err, spec->message, "pad_mode", 0,
                             "the bottom's %s is 0, which leaves nothing for pad_mode %s",
                             axis_name(spec, axis), mode_name(spec->mode));
    return cr_window_is_mean(spec) ? check_mean(layer, spec, axis, in, err) : CREMA_OK;
}

cr_status cr_window_out(const cr_layer *layer, const cr_window_spec *spec, int axis, int64_t in, int64_t *out,
                        cr_err *err)
{
    int64_t before, after, extent = cr_window_extent(spec, axis), stride = spec->stride[axis];
    if (in < 0 || in > MAX_SIZE)
        return cr_layer_fail(layer, err, spec->message, NULL, 0, "%s %lld of the bottom is too large",
                             axis_name(spec, axis), (long long)in);
    cr_window_pads(spec, axis, in, &before, &after);
    int64_t room = in + before + after - extent;
    // Under EXPLICIT as Caffe does it. A rule leaves no window hanging over; SAME gives ceil(in / stride).
    *out = (spec->rule == CREMA__PAD_RULE__EXPLICIT ? room / stride : floor_div(room, stride)) + 1;
    if (*out < 1)
        return cr_layer_fail(layer, err, spec->message, kernel_field(layer), 0,
                             "the output's %s is (%lld + %lld + %lld - (%lld * (%lld - 1) + 1)) / %lld + 1 = "
                             "%lld (bottom + pads - kernel's extent, by stride), which must be at least 1",
                             axis_name(spec, axis), (long long)in, (long long)before, (long long)after,
                             (long long)spec->dilation[axis], (long long)spec->kernel[axis],
                             (long long)stride, (long long)*out);
    return cr_window_check(layer, spec, axis, in, *out, err);
}

cr_status cr_window_out_transposed(const cr_layer *layer, const cr_window_spec *spec, int axis, int64_t in,
                                   int64_t *out, cr_err *err)
{
    int64_t extent = cr_window_extent(spec, axis), stride = spec->stride[axis];
    int64_t before = spec->pad_before[axis], after = spec->pad_after[axis];
    if (in < 0 || in > MAX_TABLE)
        return cr_layer_fail(layer, err, spec->message, NULL, 0, "%s %lld of the bottom is too large",
                             axis_name(spec, axis), (long long)in);
    *out = stride * (in - 1) + extent - before - after;
    if (*out < 1)
        return cr_layer_fail(
            layer, err, spec->message, kernel_field(layer), 0,
            "the output's %s is %lld * (%lld - 1) + %lld * (%lld - 1) + 1 - %lld - %lld = %lld "
            "(stride, bottom, dilation, kernel, pads), which must be at least 1",
            axis_name(spec, axis), (long long)stride, (long long)in, (long long)spec->dilation[axis],
            (long long)spec->kernel[axis], (long long)before, (long long)after, (long long)*out);
    return cr_window_check(layer, spec, axis, *out, in, err);
}

// The position in 0 .. n-1 that position i reads under the mode, or CR_TAP_OUTSIDE.
static int32_t read_position(int mode, int64_t i, int64_t n)
{
    if (i >= 0 && i < n)
        return (int32_t)i;
    int64_t period;
    switch (mode) {
    case CREMA__PAD_MODE__REFLECT:
        if (n == 1)
            return 0;
        period = 2 * (n - 1);
        i = (i % period + period) % period;
        return (int32_t)(i < n ? i : period - i);
    case CREMA__PAD_MODE__SYMMETRIC:
        period = 2 * n;
        i = (i % period + period) % period;
        return (int32_t)(i < n ? i : period - 1 - i);
    case CREMA__PAD_MODE__REPLICATE:
        return (int32_t)(i < 0 ? 0 : n - 1);
    case CREMA__PAD_MODE__CIRCULAR:
        return (int32_t)((i % n + n) % n);
    default: // ZERO, CONSTANT, PARTIAL
        return CR_TAP_OUTSIDE;
    }
}

static int64_t clamp(int64_t x, int64_t low, int64_t high)
{
    return x < low ? low : x > high ? high : x;
}

// The tables of one axis in variant v, whose pads are set.
static cr_status build_variant(cr_arena *arena, int mode, cr_axis *axis, int v, cr_err *err)
{
    int32_t *index = cr_arena_array(arena, (size_t)(axis->kernel * axis->out), sizeof *index);
    int64_t *begin = cr_arena_array(arena, (size_t)axis->kernel, sizeof *begin);
    int64_t *end = cr_arena_array(arena, (size_t)axis->kernel, sizeof *end);
    if (!index || !begin || !end)
        return cr_no_memory(err);
    for (int64_t k = 0; k < axis->kernel; k++) {
        int64_t at = k * axis->dilation - axis->pad_before[v]; // what output 0 reads
        begin[k] = clamp(-floor_div(at, axis->stride), 0, axis->out);
        end[k] = clamp(floor_div(axis->in - 1 - at, axis->stride) + 1, begin[k], axis->out);
        for (int64_t o = 0; o < axis->out; o++)
            index[k * axis->out + o] = read_position(mode, at + o * axis->stride, axis->in);
        if (begin[k] > axis->inner_begin)
            axis->inner_begin = begin[k];
        if (end[k] < axis->inner_end)
            axis->inner_end = end[k];
    }
    axis->index[v] = index;
    axis->run_begin[v] = begin;
    axis->run_end[v] = end;
    return CREMA_OK;
}

static cr_status build_factor(cr_arena *arena, cr_axis *axis, cr_err *err)
{
    float *factor = cr_arena_array(arena, (size_t)axis->out, sizeof *factor);
    if (!factor)
        return cr_no_memory(err);
    for (int64_t o = 0; o < axis->out; o++) {
        int64_t inside = 0;
        for (int64_t k = 0; k < axis->kernel; k++)
            inside += o >= axis->run_begin[0][k] && o < axis->run_end[0][k];
        factor[o] = inside ? (float)axis->kernel / (float)inside : 0;
    }
    axis->factor = factor;
    return CREMA_OK;
}

static cr_status build_axis(cr_arena *arena, const cr_window_spec *spec, int a, cr_axis *axis, cr_err *err)
{
    axis->inner_end = axis->out;
    cr_window_pads(spec, a, axis->in, &axis->pad_before[0], &axis->pad_after[0]);
    axis->pad_before[1] = axis->pad_after[0];
    axis->pad_after[1] = axis->pad_before[0];
    cr_status status = build_variant(arena, spec->mode, axis, 0, err);
    if (!status && spec->rule == CREMA__PAD_RULE__CORNERS)
        status = build_variant(arena, spec->mode, axis, 1, err);
    if (!status && spec->mode == CREMA__PAD_MODE__PARTIAL)
        status = build_factor(arena, axis, err);
    if (axis->inner_end < axis->inner_begin)
        axis->inner_end = axis->inner_begin;
    return status;
}

// CORNERS: four runs of channels, the first channels % 4 of them one longer. Variant 0 pads the big half
// behind (bottom, right), 1 before (top, left); the groups are bottom-right, top-left, bottom-left, top-right.
static cr_status build_corners(cr_arena *arena, int64_t channels, cr_window *window, cr_err *err)
{
    static const uint8_t bits[4] = {0, 3, 2, 1};
    uint8_t *variant = cr_arena_array(arena, (size_t)channels, 1);
    if (!variant)
        return cr_no_memory(err);
    int64_t c = 0;
    for (int64_t g = 0; g < 4; g++)
        for (int64_t i = channels / 4 + (g < channels % 4); i > 0; i--)
            variant[c++] = bits[g];
    window->variant = variant;
    return CREMA_OK;
}

cr_status cr_window_build(cr_arena *arena, const cr_window_spec *spec, int n_axes, const int64_t *in,
                          const int64_t *out, int64_t channels, cr_window *window, cr_err *err)
{
    *window = (cr_window){.n_axes = n_axes};
    window->outside = spec->mode == CREMA__PAD_MODE__CONSTANT ? spec->pad_value : 0;
    for (int a = 0; a < n_axes; a++) {
        cr_axis *axis = &window->axis[a];
        axis->in = in[a];
        axis->out = out[a];
        axis->kernel = spec->kernel[a];
        axis->stride = spec->stride[a];
        axis->dilation = spec->dilation[a];
        if (axis->in < 0 || axis->in > MAX_SIZE || axis->out < 0 || axis->kernel < 1 ||
            axis->out > MAX_TABLE / axis->kernel)
            return cr_fail(err, CREMA_ERR_UNSUPPORTED, NULL,
                           "a window of %lld at %lld positions is too large", (long long)axis->kernel,
                           (long long)axis->out);
        cr_status status = build_axis(arena, spec, a, axis, err);
        if (status)
            return status;
        // Where no window hangs over, a partial convolution is a plain one.
        window->partial |= axis->factor && (axis->inner_begin > 0 || axis->inner_end < axis->out);
    }
    if (spec->rule == CREMA__PAD_RULE__CORNERS)
        return build_corners(arena, channels, window, err);
    return CREMA_OK;
}
