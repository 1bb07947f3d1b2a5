/*
 * concat.c - Concat: bottoms one behind the other along an axis.
 *
 * Semantics of Caffe's concat_layer.cpp: concat_param.axis (default 1) may be negative; concat_dim is its old
 * name and both together are an error; the bottoms may differ along that axis only. One bottom is the top.
 *
 * The planner lets the bottoms be written straight into the top where it can; run() is for where it can't.
 */
#include "crema.pb-c.h"
#include "kernels/copy.h"
#include "layers/layer.h"

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__ConcatParameter *p = layer->param->concat_param;
    if (p && p->has_axis && p->has_concat_dim)
        return cr_layer_fail(layer, err, p, "concat_dim", 0,
                             "axis and concat_dim are two names of one thing; give one of them");
    return CREMA_OK;
}

static cr_status find_axis(const cr_layer *layer, int rank, int *axis, cr_err *err)
{
    const Crema__ConcatParameter *p = layer->param->concat_param;
    if (p && p->has_concat_dim)
        return cr_layer_axis(layer, p, "concat_dim", p->concat_dim, rank, 0, axis, err);
    return cr_layer_axis(layer, p, "axis", p ? p->axis : 1, rank, 0, axis, err);
}

static bool fits(const cr_shape *a, const cr_shape *b, int axis)
{
    if (a->rank != b->rank)
        return false;
    for (int i = 0; i < a->rank; i++)
        if (i != axis && a->dim[i] != b->dim[i])
            return false;
    return true;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    int axis;
    cr_status status = find_axis(layer, s->in[0].rank, &axis, err);
    if (status != CREMA_OK)
        return status;
    cr_shape *out = &s->out[0];
    *out = s->in[0];
    for (int i = 1; i < layer->n_in; i++) {
        char first[CR_SHAPE_TEXT], other[CR_SHAPE_TEXT];
        if (!fits(&s->in[0], &s->in[i], axis))
            return cr_layer_fail(layer, err, layer->param, "bottom", (size_t)i,
                                 "bottom \"%s\" (%s) and bottom \"%s\" (%s) must be equal but for axis %d",
                                 layer->in_name[0], cr_shape_text(&s->in[0], first, sizeof first),
                                 layer->in_name[i], cr_shape_text(&s->in[i], other, sizeof other), axis);
        if (!cr_i64_add(out->dim[axis], s->in[i].dim[axis], &out->dim[axis]))
            return cr_layer_fail(layer, err, NULL, NULL, 0, "the top is too large");
    }
    s->view_axis = axis;
    s->view = layer->n_in == 1;
    return CREMA_OK;
}

static void run(const cr_step *step, cr_run *run)
{
    const cr_tensor *out = cr_out(step, run, 0);
    int axis;
    find_axis(step->layer, out->shape.rank, &axis, NULL); // was fine in shape()
    cr_copy c = {.rank = out->shape.rank};
    cr_copy_steps(out, c.to_step);
    c.to = out->data;
    for (int i = 0; i < step->n_in; i++) {
        const cr_tensor *in = cr_in(step, run, i);
        for (int k = 0; k < c.rank; k++)
            c.dim[k] = in->shape.dim[k];
        cr_copy_steps(in, c.from_step);
        c.from = in->data;
        cr_copy_run(&c, run->pool);
        c.to += in->shape.dim[axis] * c.to_step[axis];
    }
}

const cr_layer_type cr_layer_concat = {
    .name = "Concat",
    .about = "bottoms one behind the other along an axis",
    .param = "concat_param",
    .in_min = 1,
    .in_max = CR_ANY,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_CONCAT | CR_STRIDED,
    .setup = setup,
    .shape = shape,
    .run = run,
};
