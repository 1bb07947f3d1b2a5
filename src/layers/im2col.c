/*
 * im2col.c - Im2col: the column matrix of a convolution as a top: (n, channels * taps, output positions).
 *
 * Semantics of Caffe's im2col_layer.cpp: convolution_param says the window, the axes behind its `axis` are
 * spatial, those before it are batch; the rows of channel c are c * taps and following. What the padding modes
 * put outside the input is in the columns; PARTIAL scales sums, of which there are none here.
 */
#include "crema.pb-c.h"
#include "layers/window.h"

typedef struct geometry {
    cr_window_spec spec;
    int axis, n_axes;
    int64_t in[CR_MAX_AXES], out[CR_MAX_AXES];
} geometry;

static cr_status setup(cr_layer *layer, cr_err *err)
{
    cr_window_spec spec;
    cr_status status = cr_window_spec_conv(layer, -1, &spec, err);
    if (!status && spec.mode == CREMA__PAD_MODE__PARTIAL)
        return cr_layer_fail(layer, err, layer->param->convolution_param, "pad_mode", 0,
                             "pad_mode PARTIAL scales the sums of a convolution, and Im2col has none");
    if (!status && cr_window_is_mean(&spec))
        return cr_layer_fail(layer, err, layer->param->convolution_param, "pad_mode", 0,
                             "Im2col has no pad_mode MEAN_INTERP or MEAN_REFLECT; a Pad layer before it has");
    return status;
}

static cr_status measure(const cr_layer *layer, const cr_shape *bottom, geometry *g, cr_err *err)
{
    const Crema__ConvolutionParameter *p = layer->param->convolution_param;
    cr_status status = cr_layer_axis(layer, p, "axis", p->axis, bottom->rank, 0, &g->axis, err);
    if (status)
        return status;
    g->n_axes = bottom->rank - g->axis - 1;
    if (g->n_axes < 1)
        return cr_layer_fail(layer, err, p, "axis", 0,
                             "bottom \"%s\" has %d axes, so no spatial one behind the channels on axis %d",
                             layer->in_name[0], bottom->rank, g->axis);
    status = cr_window_spec_conv(layer, g->n_axes, &g->spec, err);
    for (int a = 0; a < g->n_axes && !status; a++) {
        g->in[a] = bottom->dim[g->axis + 1 + a];
        status = cr_window_out(layer, &g->spec, a, g->in[a], &g->out[a], err);
    }
    return status;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    geometry g;
    cr_status status = measure(layer, &s->in[0], &g, err);
    if (status)
        return status;
    cr_shape *out = &s->out[0];
    *out = s->in[0];
    for (int a = 0; a < g.n_axes; a++) {
        out->dim[g.axis + 1 + a] = g.out[a];
        if (!cr_i64_mul(out->dim[g.axis], g.spec.kernel[a], &out->dim[g.axis]))
            return cr_layer_fail(layer, err, g.spec.message, NULL, 0, "the layer's sizes overflow");
    }
    return CREMA_OK;
}

static cr_status prepare(cr_step *step, const cr_preparing *p, cr_err *err)
{
    const cr_shape *bottom = &p->tensor[step->in[0]].shape;
    cr_window *window = cr_arena_alloc(p->arena, sizeof *window);
    geometry g;
    if (!window)
        return cr_no_memory(err);
    step->data = window;
    cr_status status = measure(step->layer, bottom, &g, err);
    if (status)
        return status;
    return cr_window_build(p->arena, &g.spec, g.n_axes, g.in, g.out, bottom->dim[g.axis], window, err);
}

static void run(const cr_step *step, cr_run *run)
{
    const cr_window *window = step->data;
    const cr_tensor *in = cr_in(step, run, 0), *out = cr_out(step, run, 0);
    int axis = in->shape.rank - window->n_axes - 1;
    int64_t in_step = cr_shape_range(&in->shape, axis, in->shape.rank);
    int64_t out_step = cr_shape_range(&out->shape, axis, in->shape.rank);
    int64_t n = cr_shape_range(&in->shape, 0, axis);
    for (int64_t i = 0; i < n && out_step > 0; i++)
        cr_im2col(window, in->data + i * in_step, 0, in->shape.dim[axis], out->data + i * out_step,
                  run->pool);
}

const cr_layer_type cr_layer_im2col = {
    .name = "Im2col",
    .about = "the windows of a convolution as columns",
    .param = "convolution_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .setup = setup,
    .shape = shape,
    .prepare = prepare,
    .run = run,
};
