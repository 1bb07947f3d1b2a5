/*
 * shuffle_channel.c - ShuffleChannel: the channels, seen as (group, C / group), are transposed.
 *
 * The top's channel j * group + i is the bottom's i * (C / group) + j, as in shuffle_channel_layer.cpp of the
 * ShuffleNet fork. Channels are axis 1.
 */
#include "crema.pb-c.h"
#include "kernels/copy.h"
#include "layers/layer.h"

static int64_t group_of(const cr_layer *layer)
{
    const Crema__ShuffleChannelParameter *p = layer->param->shuffle_channel_param;
    return p ? p->group : 1;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const Crema__ShuffleChannelParameter *p = layer->param->shuffle_channel_param;
    int64_t group = group_of(layer);
    if (s->in[0].rank < 2)
        return cr_layer_fail(layer, err, NULL, "bottom", 0, "bottom \"%s\" has %d axes and needs at least 2",
                             layer->in_name[0], s->in[0].rank);
    int64_t channels = s->in[0].dim[1];
    if (group < 1 || channels % group != 0)
        return cr_layer_fail(layer, err, p, "group", 0,
                             "group %lld does not divide the %lld channels of bottom \"%s\"",
                             (long long)group, (long long)channels, layer->in_name[0]);
    s->out[0] = s->in[0];
    s->view = group == 1 || group == channels;
    return CREMA_OK;
}

static void run(const cr_step *step, cr_run *run)
{
    const cr_tensor *in = cr_in(step, run, 0), *out = cr_out(step, run, 0);
    int64_t group = group_of(step->layer), n = in->shape.dim[1] / group;
    int64_t inner = cr_shape_range(&in->shape, 2, in->shape.rank);
    cr_copy c = {.rank = 4,
                 .dim = {in->shape.dim[0], n, group, inner},
                 .from_step = {in->image_stride, inner, n * inner, 1},
                 .to_step = {out->image_stride, group * inner, inner, 1},
                 .from = in->data,
                 .to = out->data};
    cr_copy_run(&c, run->pool);
}

const cr_layer_type cr_layer_shuffle_channel = {
    .name = "ShuffleChannel",
    .about = "channels of groups interleaved (ShuffleNet)",
    .param = "shuffle_channel_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_STRIDED,
    .shape = shape,
    .run = run,
};
