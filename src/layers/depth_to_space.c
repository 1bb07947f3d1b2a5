/*
 * depth_to_space.c - DepthToSpace: blocks of channels become blocks of positions.
 *
 * (C, H, W) becomes (C / b^2, H b, W b): channel (y b + x) d + k at (i, j) goes to channel k at (i b + y, j
 * b + x), with d = C / b^2. That is TensorFlow's order, in the layer of Synopsys' Caffe; ONNX calls it DCR.
 */
#include "crema.pb-c.h"
#include "layers/blocks.h"
#include "layers/resize.h"

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__DepthToSpaceParameter *p = layer->param->depth_to_space_param;
    if (!p || !p->has_block_size)
        return cr_layer_fail(layer, err, p, NULL, 0, "block_size is not given (in depth_to_space_param)");
    if (p->block_size < 1 || p->block_size > INT16_MAX)
        return cr_layer_fail(layer, err, p, "block_size", 0, "block_size %u: 1 to %d are possible",
                             p->block_size, INT16_MAX);
    return CREMA_OK;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const Crema__DepthToSpaceParameter *p = layer->param->depth_to_space_param;
    cr_status status = cr_need_planes(layer, s, 0, err);
    if (status)
        return status;
    int64_t b = p->block_size;
    const int64_t *in = s->in[0].dim;
    if (in[1] % (b * b) != 0)
        return cr_layer_fail(layer, err, p, "block_size", 0,
                             "the %lld channels of bottom \"%s\" must be a multiple of block_size %u squared",
                             (long long)in[1], layer->in_name[0], p->block_size);
    s->out[0] = s->in[0];
    s->out[0].dim[1] = in[1] / (b * b);
    if (!cr_i64_mul(in[2], b, &s->out[0].dim[2]) || !cr_i64_mul(in[3], b, &s->out[0].dim[3]))
        return cr_layer_fail(layer, err, p, "block_size", 0, "block_size %u makes the top too large",
                             p->block_size);
    s->view = b == 1;
    return CREMA_OK;
}

static void run(const cr_step *step, cr_run *run)
{
    const int64_t *in = cr_in(step, run, 0)->shape.dim;
    cr_blocks blocks = {.c = in[1], .h = in[2], .w = in[3]};
    blocks.b = step->layer->param->depth_to_space_param->block_size;
    cr_blocks_run(step, run, &blocks);
}

const cr_layer_type cr_layer_depth_to_space = {
    .name = "DepthToSpace",
    .about = "channels become blocks of positions",
    .param = "depth_to_space_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_STRIDED,
    .setup = setup,
    .shape = shape,
    .run = run,
};
