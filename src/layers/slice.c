/*
 * slice.c - Slice: an axis of the bottom cut into tops.
 *
 * Semantics of Caffe's slice_layer.cpp: slice_param.axis (default 1) may be negative; slice_dim is its old name
 * and both together are an error. slice_point gives where each top but the first starts; without it the
 * parts are equal. The last top may be empty. One top is the bottom.
 *
 * The planner makes the tops views of the bottom where it can; run() is for where it can't.
 */
#include "crema.pb-c.h"
#include "kernels/copy.h"
#include "layers/layer.h"

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__SliceParameter *p = layer->param->slice_param;
    if (!p)
        return CREMA_OK;
    if (p->has_axis && p->has_slice_dim)
        return cr_layer_fail(layer, err, p, "slice_dim", 0,
                             "axis and slice_dim are two names of one thing; give one of them");
    size_t n = p->n_slice_point;
    if (n > 0 && n + 1 != (size_t)layer->n_out)
        return cr_layer_fail(layer, err, p, "slice_point", 0, "%d tops need %d slice_point, not %zu",
                             layer->n_out, layer->n_out - 1, n);
    for (size_t i = 0; i < n; i++)
        if (p->slice_point[i] <= (i ? p->slice_point[i - 1] : 0))
            return cr_layer_fail(layer, err, p, "slice_point", i, "slice_point %u must be above %u",
                                 p->slice_point[i], i ? p->slice_point[i - 1] : 0);
    return CREMA_OK;
}

static cr_status find_axis(const cr_layer *layer, int rank, int *axis, cr_err *err)
{
    const Crema__SliceParameter *p = layer->param->slice_param;
    if (p && p->has_slice_dim)
        return cr_layer_axis(layer, p, "slice_dim", p->slice_dim, rank, 0, axis, err);
    return cr_layer_axis(layer, p, "axis", p ? p->axis : 1, rank, 0, axis, err);
}

static cr_status cut_equal(const cr_layer *layer, cr_shaping *s, int axis, cr_err *err)
{
    int64_t size = s->in[0].dim[axis];
    if (size % layer->n_out != 0 || size < layer->n_out)
        return cr_layer_fail(layer, err, layer->param->slice_param, NULL, 0,
                             "%d tops can't share the %lld entries of axis %d equally; slice_point cuts "
                             "elsewhere",
                             layer->n_out, (long long)size, axis);
    for (int i = 0; i < layer->n_out; i++)
        s->out[i].dim[axis] = size / layer->n_out;
    return CREMA_OK;
}

static cr_status cut_at_points(const cr_layer *layer, cr_shaping *s, int axis, cr_err *err)
{
    const Crema__SliceParameter *p = layer->param->slice_param;
    int64_t size = s->in[0].dim[axis], from = 0;
    for (int i = 0; i < layer->n_out; i++) {
        int64_t to = i + 1 < layer->n_out ? p->slice_point[i] : size;
        if (to > size)
            return cr_layer_fail(layer, err, p, "slice_point", (size_t)i,
                                 "slice_point %lld is behind the end of axis %d, which has %lld entries",
                                 (long long)to, axis, (long long)size);
        s->out[i].dim[axis] = to - from;
        from = to;
    }
    return CREMA_OK;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const Crema__SliceParameter *p = layer->param->slice_param;
    int axis;
    cr_status status = find_axis(layer, s->in[0].rank, &axis, err);
    if (status != CREMA_OK)
        return status;
    for (int i = 0; i < layer->n_out; i++)
        s->out[i] = s->in[0];
    s->view_axis = axis;
    s->view = layer->n_out == 1;
    if (p && p->n_slice_point > 0)
        return cut_at_points(layer, s, axis, err);
    return cut_equal(layer, s, axis, err);
}

static void run(const cr_step *step, cr_run *run)
{
    const cr_tensor *in = cr_in(step, run, 0);
    int axis;
    find_axis(step->layer, in->shape.rank, &axis, NULL); // was fine in shape()
    cr_copy c = {.rank = in->shape.rank};
    cr_copy_steps(in, c.from_step);
    c.from = in->data;
    for (int i = 0; i < step->n_out; i++) {
        const cr_tensor *out = cr_out(step, run, i);
        for (int k = 0; k < c.rank; k++)
            c.dim[k] = out->shape.dim[k];
        cr_copy_steps(out, c.to_step);
        c.to = out->data;
        cr_copy_run(&c, run->pool);
        c.from += out->shape.dim[axis] * c.from_step[axis];
    }
}

const cr_layer_type cr_layer_slice = {
    .name = "Slice",
    .about = "a bottom cut into tops along an axis",
    .param = "slice_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = CR_ANY,
    .flags = CR_SLICE | CR_STRIDED,
    .setup = setup,
    .shape = shape,
    .run = run,
};
