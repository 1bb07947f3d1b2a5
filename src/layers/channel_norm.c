/*
 * channel_norm.c - ChannelNorm: the length of the vector of channels at each position; one channel is left.
 *
 * A layer of FlowNet 2: sqrt of the sum of squares along axis 1. No parameters.
 */
#include "layers/layer.h"

#include <math.h>

enum { POSITIONS = 256 }; // in one item of work

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    char text[CR_SHAPE_TEXT];
    if (s->in[0].rank < 2)
        return cr_layer_fail(layer, err, layer->param, "bottom", 0,
                             "sums along axis 1, which bottom \"%s\" (%s) does not have", layer->in_name[0],
                             cr_shape_text(&s->in[0], text, sizeof text));
    s->out[0] = s->in[0];
    s->out[0].dim[1] = 1;
    return CREMA_OK;
}

typedef struct norm {
    const cr_tensor *in, *out;
    int64_t channels, inner, blocks; // blocks of positions in an image
} norm;

static void item(void *ctx, int64_t index, int slot)
{
    (void)slot;
    const norm *s = ctx;
    int64_t image = index / s->blocks, from = index % s->blocks * POSITIONS;
    int64_t n = s->inner - from < POSITIONS ? s->inner - from : POSITIONS;
    const float *in = s->in->data + image * s->in->image_stride + from;
    float *out = s->out->data + image * s->out->image_stride + from;
    double sum[POSITIONS] = {0};
    for (int64_t c = 0; c < s->channels; c++, in += s->inner)
        for (int64_t i = 0; i < n; i++)
            sum[i] += (double)in[i] * in[i];
    for (int64_t i = 0; i < n; i++)
        out[i] = (float)sqrt(sum[i]);
}

static void run(const cr_step *step, cr_run *run)
{
    norm s = {.in = cr_in(step, run, 0), .out = cr_out(step, run, 0)};
    s.channels = s.in->shape.dim[1];
    s.inner = cr_shape_range(&s.in->shape, 2, s.in->shape.rank);
    s.blocks = (s.inner + POSITIONS - 1) / POSITIONS;
    cr_parallel(run->pool, s.in->shape.dim[0] * s.blocks, item, &s);
}

const cr_layer_type cr_layer_channel_norm = {
    .name = "ChannelNorm",
    .about = "L2 norm across channels (FlowNet2)",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_STRIDED,
    .shape = shape,
    .run = run,
};
