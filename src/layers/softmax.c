/*
 * softmax.c - Softmax: exp(x - max) / sum along one axis (default 1).
 *
 *     data (outer, channels, inner): all channels of up to POSITIONS positions are one unit, an item of work is one or
 *     several units.
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

// A group is some positions, each with a softmax of its own: those behind the axis, or where nothing is behind it those
// before it.
typedef struct softmax {
    const cr_kernels *kernels;
    const float *in;
    float *out;
    int64_t groups, channels, positions;
    int64_t image_groups, group_step; // groups of an image, which are so far apart
    int64_t in_stride, out_stride;    // between images
    int64_t in_channel, out_channel;  // between channels
    int64_t in_next, out_next;        // between positions
    int64_t blocks;                   // units of one group
    int64_t item_units;
} softmax;

static void unit(const softmax *s, int64_t index)
{
    int64_t group = index / s->blocks, first = index % s->blocks * POSITIONS;
    int64_t image = group / s->image_groups, at = group % s->image_groups * s->group_step;
    s->kernels->softmax->run(
        &(cr_softmax_block){.in = s->in + image * s->in_stride + at + first * s->in_next,
                            .out = s->out + image * s->out_stride + at + first * s->out_next,
                            .channels = s->channels,
                            .in_step = s->in_channel,
                            .out_step = s->out_channel,
                            .n = s->positions - first < POSITIONS ? s->positions - first : POSITIONS,
                            .in_next = s->in_next,
                            .out_next = s->out_next});
}

static void item(void *ctx, int64_t index, int slot)
{
    (void)slot;
    const softmax *s = ctx;
    int64_t end = (index + 1) * s->item_units, units = s->groups * s->blocks;
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
    int64_t outer = cr_shape_range(shape_in, 0, axis), image_outer = cr_shape_range(shape_in, 1, axis);
    s.channels = shape_in->dim[axis];
    s.positions = cr_shape_range(shape_in, axis + 1, shape_in->rank);
    s.in_channel = axis == 0 ? in->image_stride : s.positions;
    s.out_channel = axis == 0 ? out->image_stride : s.positions;
    s.groups = outer;
    s.image_groups = image_outer;
    s.group_step = s.channels * s.positions;
    s.in_next = s.out_next = 1;
    if (s.positions == 1 && axis > 0) {
        bool images = image_outer == 1; // the positions are the images
        s.groups = images ? 1 : outer / image_outer;
        s.image_groups = 1;
        s.positions = images ? outer : image_outer;
        s.in_next = images ? in->image_stride : s.channels;
        s.out_next = images ? out->image_stride : s.channels;
    }
    s.blocks = (s.positions + POSITIONS - 1) / POSITIONS;
    int64_t units = s.groups * s.blocks;
    int64_t unit_floats = s.channels * (s.positions < POSITIONS ? s.positions : POSITIONS);
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
