/*
 * window_spec.c - reads window parameters and padding fields into a cr_window_spec, and checks them.
 *
 * convolution_param and pooling_param say the same things in different ways: lists or single values, or pairs
 * for height and width. Both are brought to `quantity` and `padding` first, so that the rules about them stand
 * here once: which fields exclude each other, how many values there may be, which rules and modes go together.
 *
 * Sources: Caffe's base_conv_layer.cpp and pooling_layer.cpp; our own padding fields. A padding field is never
 * ignored: what a layer or mode doesn't use is an error.
 */
#include "crema.pb-c.h"
#include "layers/window.h"

// Of a single value, as in Caffe, which keeps them in int. So products of two fit in int64.
#define MAX_VALUE ((int64_t)INT32_MAX)

// One quantity as the file gives it: a list, or a pair for height and width.
typedef struct quantity {
    const char *name, *name_h, *name_w;
    size_t n;
    const uint32_t *value;
    bool has_h, has_w;
    uint32_t h, w;
    int64_t least, fallback; // fallback < least: it must be given
    bool lone_h;             // h without w is fine, the other one is the fallback
} quantity;

// The padding fields, which stand in several messages.
typedef struct padding {
    quantity amount;
    bool has_value, has_side[4];
    uint32_t side[4]; // top, bottom, left, right
    int rule, mode;
    float value;
} padding;

static const char *const side_name[4] = {"pad_top", "pad_bottom", "pad_left", "pad_right"};

static const char *enum_name(const ProtobufCEnumDescriptor *type, int value)
{
    const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(type, value);
    return v ? v->name : "?";
}

static cr_status check_value(const cr_layer *layer, const void *message, const quantity *q, const char *field,
                             size_t index, uint32_t value, cr_err *err)
{
    if ((int64_t)value < q->least)
        return cr_layer_fail(layer, err, message, field, index, "%s %u is less than %lld", field, value,
                             (long long)q->least);
    if ((int64_t)value > MAX_VALUE)
        return cr_layer_fail(layer, err, message, field, index, "%s %u is too large; at most %lld works",
                             field, value, (long long)MAX_VALUE);
    return CREMA_OK;
}

// Notes in *n_axes how many axes the field implies, and fails where that is not the number known so far.
static cr_status fix_axes(const cr_layer *layer, const void *message, const char *field, size_t n,
                          int *n_axes, cr_err *err)
{
    if (n > CR_MAX_AXES)
        return cr_layer_fail(layer, err, message, field, CR_MAX_AXES, "%s has %zu values; at most %d work",
                             field, n, CR_MAX_AXES);
    if (*n_axes >= 0 && *n_axes != (int)n)
        return cr_layer_fail(layer, err, message, field, 0, "%s is for %zu spatial axes, but there %s %d",
                             field, n, *n_axes == 1 ? "is" : "are", *n_axes);
    *n_axes = (int)n;
    return CREMA_OK;
}

static cr_status read_pair(const cr_layer *layer, const void *message, const quantity *q, int *n_axes,
                           int64_t *value, cr_err *err)
{
    const char *first = q->has_h ? q->name_h : q->name_w;
    if (q->n > 0)
        return cr_layer_fail(layer, err, message, first, 0, "%s and %s exclude each other; give one of them",
                             first, q->name);
    if (!(q->has_h && q->has_w) && !q->lone_h)
        return cr_layer_fail(layer, err, message, first, 0, "%s is given without %s", first,
                             q->has_h ? q->name_w : q->name_h);
    cr_status status = fix_axes(layer, message, first, 2, n_axes, err);
    if (!status && q->has_h)
        status = check_value(layer, message, q, q->name_h, 0, q->h, err);
    if (!status && q->has_w)
        status = check_value(layer, message, q, q->name_w, 0, q->w, err);
    value[0] = q->has_h ? q->h : q->fallback;
    value[1] = q->has_w ? q->w : q->fallback;
    return status;
}

static cr_status read_quantity(const cr_layer *layer, const void *message, const quantity *q, int *n_axes,
                               int64_t value[CR_MAX_AXES], cr_err *err)
{
    for (int a = 0; a < CR_MAX_AXES; a++)
        value[a] = q->fallback;
    if (q->has_h || q->has_w)
        return read_pair(layer, message, q, n_axes, value, err);
    if (q->n == 0 && q->fallback<q->least && * n_axes> 0) // without axes there is no kernel, as in Caffe
        return cr_layer_fail(layer, err, message, q->name, 0, "%s is not given", q->name);
    for (size_t i = 0; i < q->n; i++) {
        cr_status status = check_value(layer, message, q, q->name, i, q->value[i], err);
        if (status)
            return status;
    }
    if (q->n > 1) {
        cr_status status = fix_axes(layer, message, q->name, q->n, n_axes, err);
        if (status)
            return status;
    }
    for (int a = 0; a < CR_MAX_AXES && q->n > 0; a++)
        value[a] = q->value[q->n == 1 ? 0 : (size_t)a < q->n ? (size_t)a : q->n - 1];
    return CREMA_OK;
}

static const char *given_side(const padding *p)
{
    for (int i = 0; i < 4; i++)
        if (p->has_side[i])
            return side_name[i];
    return NULL;
}

static const char *given_amount(const padding *p)
{
    const quantity *q = &p->amount;
    return q->n > 0 ? q->name : q->has_h ? q->name_h : q->has_w ? q->name_w : NULL;
}

static cr_status read_amounts(const cr_layer *layer, const padding *p, int *n_axes, cr_window_spec *spec,
                              cr_err *err)
{
    const char *side = given_side(p), *amount = given_amount(p);
    if (spec->rule != CREMA__PAD_RULE__EXPLICIT && (side || amount))
        return cr_layer_fail(layer, err, spec->message, side ? side : amount, 0,
                             "%s is given, but pad_rule %s decides how much to pad", side ? side : amount,
                             enum_name(&crema__pad_rule__descriptor, spec->rule));
    if (side && amount)
        return cr_layer_fail(layer, err, spec->message, side, 0, "%s and %s exclude each other", side,
                             amount);
    cr_status status = read_quantity(layer, spec->message, &p->amount, n_axes, spec->pad_before, err);
    for (int a = 0; a < CR_MAX_AXES; a++)
        spec->pad_after[a] = spec->pad_before[a];
    if (status || !side)
        return status;
    if ((status = fix_axes(layer, spec->message, side, 2, n_axes, err)))
        return status;
    for (int i = 0; i < 4; i++)
        if ((status = check_value(layer, spec->message, &p->amount, side_name[i], 0, p->side[i], err)))
            return status;
    for (int a = 0; a < 2; a++) {
        spec->pad_before[a] = p->side[2 * a];
        spec->pad_after[a] = p->side[2 * a + 1];
    }
    return CREMA_OK;
}

// Where a rule decides the amounts, they are compared when the bottom's size is known.
static cr_status check_mean(const cr_layer *layer, int n_axes, const cr_window_spec *spec, cr_err *err)
{
    const char *name = enum_name(&crema__pad_mode__descriptor, spec->mode);
    if (n_axes >= 0 && n_axes != 2)
        return cr_layer_fail(layer, err, spec->message, "pad_mode", 0,
                             "pad_mode %s is for 2 spatial axes, but there %s %d", name,
                             n_axes == 1 ? "is" : "are", n_axes);
    for (int a = 0; a < CR_MAX_AXES; a++)
        if (spec->pad_before[a] != spec->pad_after[a])
            return cr_layer_fail(layer, err, spec->message, "pad_mode", 0,
                                 "pad_mode %s needs equal pads on both sides, not %lld and %lld", name,
                                 (long long)spec->pad_before[a], (long long)spec->pad_after[a]);
    return CREMA_OK;
}

// What rules and modes ask of each other.
static cr_status check_padding(const cr_layer *layer, const padding *p, int n_axes,
                               const cr_window_spec *spec, cr_err *err)
{
    if (spec->rule < CREMA__PAD_RULE__EXPLICIT || spec->rule > CREMA__PAD_RULE__CORNERS)
        return cr_layer_fail(layer, err, spec->message, "pad_rule", 0, "pad_rule %d is not known",
                             spec->rule);
    if (spec->mode < CREMA__PAD_MODE__ZERO || spec->mode > CREMA__PAD_MODE__MEAN_REFLECT)
        return cr_layer_fail(layer, err, spec->message, "pad_mode", 0, "pad_mode %d is not known",
                             spec->mode);
    if (spec->rule == CREMA__PAD_RULE__CORNERS && spec->mode != CREMA__PAD_MODE__ZERO)
        return cr_layer_fail(layer, err, spec->message, "pad_mode", 0,
                             "pad_rule CORNERS pads with zeros only, not with pad_mode %s",
                             enum_name(&crema__pad_mode__descriptor, spec->mode));
    if (spec->rule == CREMA__PAD_RULE__CORNERS && n_axes >= 0 && n_axes != 2)
        return cr_layer_fail(layer, err, spec->message, "pad_rule", 0,
                             "pad_rule CORNERS is for 2 spatial axes, but there %s %d",
                             n_axes == 1 ? "is" : "are", n_axes);
    if (p->has_value && spec->mode != CREMA__PAD_MODE__CONSTANT)
        return cr_layer_fail(layer, err, spec->message, "pad_value", 0,
                             "pad_value is given, but pad_mode is %s and not CONSTANT",
                             enum_name(&crema__pad_mode__descriptor, spec->mode));
    return cr_window_is_mean(spec) ? check_mean(layer, n_axes, spec, err) : CREMA_OK;
}

static cr_status read_spec(const cr_layer *layer, const quantity *kernel, const quantity *stride,
                           const quantity *dilation, const padding *p, int n_axes, cr_window_spec *spec,
                           cr_err *err)
{
    bool known = n_axes >= 0;
    if (n_axes > CR_MAX_AXES)
        return cr_layer_fail(layer, err, spec->message, NULL, 0,
                             "the bottom has %d spatial axes; at most %d work", n_axes, CR_MAX_AXES);
    spec->rule = p->rule;
    spec->mode = p->mode;
    spec->pad_value = p->value;
    cr_status status = read_quantity(layer, spec->message, kernel, &n_axes, spec->kernel, err);
    if (!status)
        status = read_quantity(layer, spec->message, stride, &n_axes, spec->stride, err);
    if (!status)
        status = read_quantity(layer, spec->message, dilation, &n_axes, spec->dilation, err);
    if (!status)
        status = read_amounts(layer, p, &n_axes, spec, err);
    if (!status)
        status = check_padding(layer, p, n_axes, spec, err);
    spec->n_axes = n_axes < 0 ? 0 : n_axes;
    spec->given_per_axis = !known && n_axes >= 0;
    return status;
}

cr_status cr_window_spec_conv(const cr_layer *layer, int n_axes, cr_window_spec *spec, cr_err *err)
{
    const Crema__ConvolutionParameter *p = layer->param->convolution_param;
    *spec = (cr_window_spec){.message = p};
    if (!p)
        return cr_layer_fail(layer, err, NULL, NULL, 0, "convolution_param is missing");
    quantity kernel = {"kernel_size",
                       "kernel_h",
                       "kernel_w",
                       p->n_kernel_size,
                       p->kernel_size,
                       p->has_kernel_h,
                       p->has_kernel_w,
                       p->kernel_h,
                       p->kernel_w,
                       1,
                       0,
                       false};
    quantity stride = {"stride",        "stride_h",  "stride_w",  p->n_stride, p->stride, p->has_stride_h,
                       p->has_stride_w, p->stride_h, p->stride_w, 1,           1,         false};
    quantity dilation = {"dilation",
                         "dilation_h",
                         "dilation_w",
                         p->n_dilation,
                         p->dilation,
                         p->has_dilation_h,
                         p->has_dilation_w,
                         p->dilation_h,
                         p->dilation_w,
                         1,
                         1,
                         true};
    padding pad = {.amount = {"pad", "pad_h", "pad_w", p->n_pad, p->pad, p->has_pad_h, p->has_pad_w, p->pad_h,
                              p->pad_w, 0, 0, true},
                   .has_value = p->has_pad_value,
                   .has_side = {p->has_pad_top, p->has_pad_bottom, p->has_pad_left, p->has_pad_right},
                   .side = {p->pad_top, p->pad_bottom, p->pad_left, p->pad_right},
                   .rule = (int)p->pad_rule,
                   .mode = (int)p->pad_mode,
                   .value = p->pad_value};
    return read_spec(layer, &kernel, &stride, &dilation, &pad, n_axes, spec, err);
}

static cr_status check_global(const cr_layer *layer, const Crema__PoolingParameter *p,
                              const cr_window_spec *spec, cr_err *err)
{
    const char *bad = p->has_kernel_size ? "kernel_size" : p->has_kernel_h ? "kernel_h" : NULL;
    if (!bad && p->has_kernel_w)
        bad = "kernel_w";
    if (bad)
        return cr_layer_fail(layer, err, p, bad, 0, "%s and global_pooling exclude each other", bad);
    if (spec->rule != CREMA__PAD_RULE__EXPLICIT)
        return cr_layer_fail(layer, err, p, "pad_rule", 0,
                             "global_pooling pads nothing, so pad_rule %s is out",
                             enum_name(&crema__pad_rule__descriptor, spec->rule));
    for (int a = 0; a < 2; a++)
        if (spec->pad_before[a] != 0 || spec->pad_after[a] != 0 || spec->stride[a] != 1)
            return cr_layer_fail(layer, err, p, "global_pooling", 0,
                                 "global_pooling needs pad 0 and stride 1");
    return CREMA_OK;
}

cr_status cr_window_spec_pool(const cr_layer *layer, cr_window_spec *spec, cr_err *err)
{
    const Crema__PoolingParameter *p = layer->param->pooling_param;
    *spec = (cr_window_spec){.message = p};
    if (!p)
        return cr_layer_fail(layer, err, NULL, NULL, 0, "pooling_param is missing");
    // Caffe wants both of a pair for all three. Under global_pooling the kernel comes from the bottom.
    quantity kernel = {.name = "kernel_size", .name_h = "kernel_h", .name_w = "kernel_w", .least = 1};
    kernel.n = p->has_kernel_size ? 1 : 0;
    kernel.value = &p->kernel_size;
    kernel.has_h = p->has_kernel_h, kernel.h = p->kernel_h;
    kernel.has_w = p->has_kernel_w, kernel.w = p->kernel_w;
    quantity stride = {
        .name = "stride", .name_h = "stride_h", .name_w = "stride_w", .least = 1, .fallback = 1};
    stride.n = p->has_stride ? 1 : 0;
    stride.value = &p->stride;
    stride.has_h = p->has_stride_h, stride.h = p->stride_h;
    stride.has_w = p->has_stride_w, stride.w = p->stride_w;
    quantity dilation = {.name = "dilation", .least = 1, .fallback = 1};
    padding pad = {.amount = {"pad", "pad_h", "pad_w", p->has_pad ? 1 : 0, &p->pad, p->has_pad_h,
                              p->has_pad_w, p->pad_h, p->pad_w, 0, 0, false},
                   .has_value = p->has_pad_value,
                   .has_side = {p->has_pad_top, p->has_pad_bottom, p->has_pad_left, p->has_pad_right},
                   .side = {p->pad_top, p->pad_bottom, p->pad_left, p->pad_right},
                   .rule = (int)p->pad_rule,
                   .mode = (int)p->pad_mode,
                   .value = p->pad_value};
    if (pad.mode >= CREMA__PAD_MODE__PARTIAL)
        return cr_layer_fail(layer, err, p, "pad_mode", 0, "pad_mode %s is not defined for pooling",
                             enum_name(&crema__pad_mode__descriptor, pad.mode));
    if (p->global_pooling)
        kernel.least = 0;
    cr_status status = read_spec(layer, &kernel, &stride, &dilation, &pad, 2, spec, err);
    if (!status && p->global_pooling)
        status = check_global(layer, p, spec, err);
    return status;
}

cr_status cr_window_spec_pad(const cr_layer *layer, int n_axes, cr_window_spec *spec, cr_err *err)
{
    const Crema__PadParameter *p = layer->param->pad_param;
    *spec = (cr_window_spec){.message = p};
    quantity one = {.name = "kernel_size", .least = 1, .fallback = 1};
    padding pad = {.amount = {"pad", "pad_h", "pad_w", p->n_pad, p->pad, p->has_pad_h, p->has_pad_w, p->pad_h,
                              p->pad_w, 0, 0, true},
                   .has_value = p->has_pad_value,
                   .has_side = {p->has_pad_top, p->has_pad_bottom, p->has_pad_left, p->has_pad_right},
                   .side = {p->pad_top, p->pad_bottom, p->pad_left, p->pad_right},
                   .rule = (int)p->pad_rule,
                   .mode = (int)p->pad_mode,
                   .value = p->pad_value};
    if (pad.rule != CREMA__PAD_RULE__EXPLICIT)
        return cr_layer_fail(layer, err, p, "pad_rule", 0,
                             "pad_rule %s goes by a kernel, which a Pad layer has not; give the amounts",
                             enum_name(&crema__pad_rule__descriptor, pad.rule));
    if (pad.mode == CREMA__PAD_MODE__PARTIAL)
        return cr_layer_fail(layer, err, p, "pad_mode", 0,
                             "pad_mode PARTIAL scales sums of windows, of which a Pad layer has none");
    return read_spec(layer, &one, &one, &one, &pad, n_axes, spec, err);
}
