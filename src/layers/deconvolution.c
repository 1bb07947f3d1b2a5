/*
 * deconvolution.c - Deconvolution: the transpose of a convolution, over any number of spatial axes.
 *
 * Output stride (n - 1) + extent - pads, so a pad crops; weights (bottom channels, top channels / group,
 * taps), as in Caffe's deconv_layer.cpp. What a rule or a mode would pad here is not defined: only EXPLICIT
 * and ZERO are accepted.
 */
#include "crema.pb-c.h"
#include "layers/conv_base.h"

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__ConvolutionParameter *p = layer->param->convolution_param;
    if (p && p->pad_rule != CREMA__PAD_RULE__EXPLICIT)
        return cr_layer_fail(layer, err, p, "pad_rule", 0, "a deconvolution has pad_rule EXPLICIT only");
    if (p && p->pad_mode != CREMA__PAD_MODE__ZERO)
        return cr_layer_fail(layer, err, p, "pad_mode", 0, "a deconvolution has pad_mode ZERO only");
    return cr_conv_base_setup(layer, err);
}

static const cr_conv_kind kind = {.transposed = true};

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    return cr_conv_base_shape(layer, s, &kind, err);
}

static cr_status prepare(cr_step *step, const cr_preparing *p, cr_err *err)
{
    cr_conv_data *d;
    cr_status status = cr_conv_base_prepare(step, p, &kind, &d, err);
    if (status)
        return status;
    d->algorithm = &cr_deconv_col2im;
    return cr_conv_base_equip(step, p, d, err);
}

static void run(const cr_step *step, cr_run *r)
{
    cr_conv_base_run(step, r, true, cr_deconv_col2im.run);
}

const cr_layer_type cr_layer_deconvolution = {
    .name = "Deconvolution",
    .about = "transposed convolution",
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
