/*
 * depthwise_convolution.c - DepthwiseConvolution: a convolution with a group for each channel.
 *
 * Three forks have it under three names; on the CPU all of them are Caffe's convolution with group =
 * channels, so fields, padding and weights are those of Convolution. Some files leave `group` out: then it
 * is what the stored weights (top channels, channels / group, taps) say, or without stored weights the
 * bottom's channels. A `group` that is given counts as it stands.
 *
 * Ours is channel_multiplier, as in TensorFlow's depthwise_conv2d: channel k gives the top's channels
 * k * multiplier + q; num_output may be absent then. From TensorFlow's filter f[h][w][k][q] the weights are
 * (k * multiplier + q, 0, h, w) = f[h][w][k][q]: transpose by (2, 3, 0, 1), then reshape to
 * (channels * multiplier, 1, h, w).
 */
#include "crema.pb-c.h"
#include "layers/conv_base.h"

static cr_status setup(cr_layer *layer, cr_err *err)
{
    cr_status status = cr_conv_base_setup_window(layer, err);
    const Crema__ConvolutionParameter *p = layer->param->convolution_param;
    if (!status && p->has_channel_multiplier && p->channel_multiplier < 1)
        return cr_layer_fail(layer, err, p, "channel_multiplier", 0, "channel_multiplier 0 is less than 1");
    return status;
}

static cr_status multiply(const cr_layer *layer, int64_t in_channels, int64_t *out_channels, int64_t *group,
                          cr_err *err)
{
    const Crema__ConvolutionParameter *p = layer->param->convolution_param;
    int64_t made;
    if (!cr_i64_mul(in_channels, p->channel_multiplier, &made) || made > INT32_MAX)
        return cr_layer_fail(layer, err, p, "channel_multiplier", 0,
                             "channel_multiplier %u makes too many channels of the %lld of bottom \"%s\"",
                             p->channel_multiplier, (long long)in_channels, layer->in_name[0]);
    if (p->has_num_output && p->num_output != made)
        return cr_layer_fail(layer, err, p, "num_output", 0,
                             "num_output %u is not channel_multiplier %u times the %lld channels of bottom "
                             "\"%s\"; leave it out",
                             p->num_output, p->channel_multiplier, (long long)in_channels, layer->in_name[0]);
    if (p->has_group && p->group != in_channels)
        return cr_layer_fail(layer, err, p, "group", 0,
                             "with channel_multiplier there is a group for each of the %lld channels of "
                             "bottom \"%s\", not %u; leave it out",
                             (long long)in_channels, layer->in_name[0], p->group);
    *group = in_channels;
    *out_channels = made;
    return CREMA_OK;
}

static cr_status channels(const cr_layer *layer, const cr_shaping *s, int64_t in_channels,
                          int64_t *out_channels, int64_t *group, cr_err *err)
{
    const Crema__ConvolutionParameter *p = layer->param->convolution_param;
    if (in_channels < 1)
        return cr_layer_fail(layer, err, NULL, "bottom", 0, "bottom \"%s\" has no channels",
                             layer->in_name[0]);
    if (p->has_channel_multiplier)
        return multiply(layer, in_channels, out_channels, group, err);
    const cr_shape *stored = s->n_stored > 0 && s->stored[0].rank > 1 ? &s->stored[0] : NULL;
    *out_channels = p->has_num_output ? p->num_output : stored ? stored->dim[0] : in_channels;
    if (p->has_group)
        return CREMA_OK;
    bool divides = stored && stored->dim[1] > 0 && in_channels % stored->dim[1] == 0;
    *group = divides ? in_channels / stored->dim[1] : in_channels;
    return CREMA_OK;
}

static const cr_conv_kind kind = {.channels = channels};

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const Crema__ConvolutionParameter *p = layer->param->convolution_param;
    cr_status status = cr_conv_base_shape(layer, s, &kind, err);
    if (!status && p->has_channel_multiplier)
        s->reading = "channel_multiplier filters for each channel";
    else if (!status && !p->has_group)
        s->reading =
            s->blob[0].shape.dim[1] == 1 ? "a group for each channel" : "groups as in the stored weights";
    return status;
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

const cr_layer_type cr_layer_depthwise_convolution = {
    .name = "DepthwiseConvolution",
    .about = "convolution of each channel on its own",
    .aliases = {"ConvolutionDepthwise", "DepthwiseConv"},
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
    .run = cr_conv_base_run_conv,
    .takes = takes,
    .blocked = blocked,
    .may_gain_blocked = cr_conv_base_may_gain_blocked,
};
