/*
 * convolution.c - Convolution, over any number of spatial axes.
 *
 * Fields, shapes and batch axes are conv_base.c's, padding is window.c's, the work is that of the algorithm in
 * kernels/conv.h that accepts first, or of the one that the context forces.
 */
#include "layers/conv_base.h"

static const cr_conv_kind kind = {0};

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    return cr_conv_base_shape(layer, s, &kind, err);
}

static cr_status prepare(cr_step *step, const cr_preparing *p, cr_err *err)
{
    return cr_conv_base_prepare_conv(step, p, &kind, err);
}

static unsigned takes(const cr_step *step, const cr_preparing *p)
{
    return cr_conv_base_takes(step, p, &kind);
}

static unsigned blocked(cr_step *step, const cr_preparing *p)
{
    return cr_conv_base_blocked(step, p, &kind);
}

const cr_layer_type cr_layer_convolution = {
    .name = "Convolution",
    .about = "convolution over any number of axes, with groups, dilation and padding rules",
    .param = "convolution_param",
    .in_min = 1,
    .in_max = CR_ANY,
    .out_min = 1,
    .out_max = CR_ANY,
    .out_equals_in = true,
    .flags = CR_STRIDED,
    .setup = cr_conv_base_setup,
    .shape = shape,
    .prepare = prepare,
    .run = cr_conv_base_run_conv,
    .takes = takes,
    .blocked = blocked,
    .may_gain_blocked = cr_conv_base_may_gain_blocked,
};
