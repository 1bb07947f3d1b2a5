/*
 * reorg.c - Reorg: darknet's reordering between positions and channels.
 *
 * Semantics of reorg_layer.cpp in MobileNet-YOLO and Intel's Caffe, which are darknet's. The top of a
 * bottom (C, H, W) is (C s^2, H / s, W / s), or with reverse (C / s^2, H s, W s). Reverse is what one
 * expects: channel (y s + x) d + k at (i, j) goes to channel k at (i s + y, j s + x). But without reverse
 * the indices are computed as if the bottom's values were (C / s^2, H s, W s), although they are not: so
 * values move between rows and channels in an odd way, that the weights of YOLO 2 have learned, and C must
 * be a multiple of s^2 too.
 */
#include "crema.pb-c.h"
#include "layers/blocks.h"
#include "layers/resize.h"

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__ReorgParameter *p = layer->param->reorg_param;
    if (!p || !p->has_stride)
        return cr_layer_fail(layer, err, p, NULL, 0, "stride is not given (in reorg_param)");
    if (p->stride < 1 || p->stride > INT16_MAX)
        return cr_layer_fail(layer, err, p, "stride", 0, "stride %u: 1 to %d are possible", p->stride,
                             INT16_MAX);
    return CREMA_OK;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const Crema__ReorgParameter *p = layer->param->reorg_param;
    cr_status status = cr_need_planes(layer, s, 0, err);
    if (status)
        return status;
    int64_t b = p->stride;
    const int64_t *in = s->in[0].dim;
    if (in[1] % (b * b) != 0)
        return cr_layer_fail(layer, err, p, "stride", 0,
                             "the %lld channels of bottom \"%s\" must be a multiple of stride %u squared",
                             (long long)in[1], layer->in_name[0], p->stride);
    if (!p->reverse && (in[2] % b != 0 || in[3] % b != 0))
        return cr_layer_fail(layer, err, p, "stride", 0,
                             "stride %u does not divide height %lld and width %lld of bottom \"%s\"",
                             p->stride, (long long)in[2], (long long)in[3], layer->in_name[0]);
    s->out[0] = s->in[0];
    int64_t *out = s->out[0].dim;
    bool fits = true;
    if (p->reverse) {
        out[1] = in[1] / (b * b);
        fits = cr_i64_mul(in[2], b, &out[2]) && cr_i64_mul(in[3], b, &out[3]);
    } else {
        fits = cr_i64_mul(in[1], b * b, &out[1]);
        out[2] = in[2] / b;
        out[3] = in[3] / b;
    }
    if (!fits)
        return cr_layer_fail(layer, err, p, "stride", 0, "stride %u makes the top too large", p->stride);
    s->view = b == 1;
    return CREMA_OK;
}

static void run(const cr_step *step, cr_run *run)
{
    const Crema__ReorgParameter *p = step->layer->param->reorg_param;
    const int64_t *in = cr_in(step, run, 0)->shape.dim;
    cr_blocks blocks = {.b = p->stride, .c = in[1], .h = in[2], .w = in[3], .to_channels = !p->reverse};
    cr_blocks_run(step, run, &blocks);
}

const cr_layer_type cr_layer_reorg = {
    .name = "Reorg",
    .about = "blocks of positions become channels (YOLO 2)",
    .param = "reorg_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_STRIDED,
    .setup = setup,
    .shape = shape,
    .run = run,
};
