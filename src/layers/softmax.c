/*
 * softmax.c - Softmax: exp(x - max) / sum along one axis (default 1).
 *
 *     data (outer, channels, inner): for each outer entry, all channels of up to POSITIONS inner positions are
 *     one unit, so that the loops run along memory; an item of work is one or several units.
 */
#include "layers/softmax.h"
#include "crema.pb-c.h"
#include "kernels/softmax.h"
#include "layers/elementwise.h"

enum { POSITIONS = 64 };

static const Crema__SoftmaxParameter none = CREMA__SOFTMAX_PARAMETER__INIT;

static cr_status axis_of(const cr_layer *layer, const cr_shape *in, int *axis, cr_err *err)
{
    const Crema__SoftmaxParameter *p = layer->param->softmax_param;
    return cr_layer_axis(layer, p, "axis", p ? p->axis : none.axis, in->rank, 0, axis, err);
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    int axis;
    cr_status status = axis_of(layer, &s->in[0], &axis, err);
    return status == CREMA_OK ? cr_shape_like_bottom(layer, s, err) : status;
}

typedef struct softmax {
    const cr_kernels *kernels;
    const float *in;
    float *out;
    int64_t outer, channels, inner;
    int64_t image_outer;             // outer entries of an image
    int64_t in_stride, out_stride;   // between images
    int64_t in_channel, out_channel; // between channels
    int64_t blocks;                  // units of one outer entry
    int64_t item_units;
} softmax;

static void unit(const softmax *s, int64_t index)
{
    int64_t outer = index / s->blocks, first = index % s->blocks * POSITIONS;
    int64_t image = outer / s->image_outer;
    int64_t within = outer % s->image_outer * s->channels * s->inner + first;
    s->kernels->softmax->run(
        &(cr_softmax_block){.in = s->in + image * s->in_stride + within,
                            .out = s->out + image * s->out_stride + within,
                            .channels = s->channels,
                            .in_step = s->in_channel,
                            .out_step = s->out_channel,
                            .n = s->inner - first < POSITIONS ? s->inner - first : POSITIONS});
}

static void item(void *ctx, int64_t index, int slot)
{
    (void)slot;
    const softmax *s = ctx;
    int64_t end = (index + 1) * s->item_units, units = s->outer * s->blocks;
    for (int64_t u = index * s->item_units; u < end && u < units; u++)
        unit(s, u);
}

void cr_softmax(const cr_kernels *kernels, const cr_tensor *in, const cr_tensor *out, int axis, cr_pool *pool)
{
    const cr_shape *shape_in = &in->shape;
    if (cr_shape_count(shape_in) == 0)
        return;
    softmax s = {.kernels = kernels,
                 .in = in->data,
                 .out = out->data,
                 .in_stride = in->image_stride,
                 .out_stride = out->image_stride};
    s.outer = cr_shape_range(shape_in, 0, axis);
    s.image_outer = cr_shape_range(shape_in, 1, axis);
    s.channels = shape_in->dim[axis];
    s.inner = cr_shape_range(shape_in, axis + 1, shape_in->rank);
    s.in_channel = axis == 0 ? in->image_stride : s.inner;
    s.out_channel = axis == 0 ? out->image_stride : s.inner;
    s.blocks = (s.inner + POSITIONS - 1) / POSITIONS;
    int64_t units = s.outer * s.blocks,
            unit_floats = s.channels * (s.inner < POSITIONS ? s.inner : POSITIONS);
    s.item_units = cr_parallel_grain(units, (double)unit_floats * 0.7 + 20); // nanoseconds
    cr_parallel(pool, (units + s.item_units - 1) / s.item_units, item, &s);
}

static void run(const cr_step *step, cr_run *run)
{
    const cr_tensor *in = cr_in(step, run, 0);
    int axis;
    if (axis_of(step->layer, &in->shape, &axis, NULL) == CREMA_OK)
        cr_softmax(step->kernels, in, cr_out(step, run, 0), axis, run->pool);
}

const cr_layer_type cr_layer_softmax = {
    .name = "Softmax",
    .about = "exp(x) divided by its sum along an axis",
    .param = "softmax_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_INPLACE | CR_STRIDED,
    .shape = shape,
    .run = run,
};
