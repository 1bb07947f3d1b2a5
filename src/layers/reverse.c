/*
 * reverse.c - Reverse: the entries of an axis, or of several, in the opposite order.
 *
 * Semantics of reverse_layer.cpp: of caffe_ocr, which has one axis (default 0), and of Synopsys's fork, which
 * has any number of them, negative ones too. Several axes are each reversed in itself.
 */
#include "crema.pb-c.h"
#include "kernels/copy.h"
#include "layers/elementwise.h"

// Bit i of *axes: axis i is reversed.
static cr_status find_axes(const cr_layer *layer, int rank, unsigned *axes, cr_err *err)
{
    const Crema__ReverseParameter *p = layer->param->reverse_param;
    size_t n = p ? p->n_axis : 0;
    *axes = 0;
    for (size_t i = 0; i < (n ? n : 1); i++) {
        int axis, given = n ? p->axis[i] : 0;
        if (given < -rank || given >= rank)
            return cr_layer_fail(layer, err, p, "axis", i,
                                 "axis %d is out of range: the bottom has %d axes, so %d to %d are possible",
                                 given, rank, -rank, rank - 1);
        axis = given < 0 ? given + rank : given;
        if (*axes >> axis & 1)
            return cr_layer_fail(layer, err, p, "axis", i, "axis %d is named twice", given);
        *axes |= 1u << axis;
    }
    return CREMA_OK;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    unsigned axes;
    cr_status status = find_axes(layer, s->in[0].rank, &axes, err);
    if (status != CREMA_OK)
        return status;
    s->view = true; // unless an axis has something to reverse
    for (int i = 0; i < s->in[0].rank; i++)
        s->view = s->view && (!(axes >> i & 1) || s->in[0].dim[i] <= 1);
    return cr_shape_like_bottom(layer, s, err);
}

static void run(const cr_step *step, cr_run *run)
{
    const cr_tensor *in = cr_in(step, run, 0), *out = cr_out(step, run, 0);
    if (cr_shape_count(&in->shape) == 0)
        return;
    unsigned axes;
    find_axes(step->layer, in->shape.rank, &axes, NULL); // was fine in shape()
    cr_copy c = {.rank = in->shape.rank, .from = in->data, .to = out->data};
    cr_copy_steps(in, c.from_step);
    cr_copy_steps(out, c.to_step);
    for (int i = 0; i < c.rank; i++) {
        c.dim[i] = in->shape.dim[i];
        if (!(axes >> i & 1))
            continue;
        c.from += (c.dim[i] - 1) * c.from_step[i];
        c.from_step[i] = -c.from_step[i];
    }
    cr_copy_run(&c, run->pool);
}

const cr_layer_type cr_layer_reverse = {
    .name = "Reverse",
    .about = "an axis backwards",
    .param = "reverse_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_STRIDED,
    .shape = shape,
    .run = run,
};
