/*
 * transpose.c - Transpose: axis i of the top is axis dim[i] of the bottom.
 *
 * Semantics of transpose_layer.cpp in caffe_ocr. Unlike Permute it wants every axis named, in bottoms of any
 * number of axes.
 */
#include "crema.pb-c.h"
#include "layers/permute.h"

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__TransposeParameter *p = layer->param->transpose_param;
    if (!p || p->n_dim == 0)
        return cr_layer_fail(layer, err, p, "dim", 0, "dim must be given: the order of all axes");
    for (size_t i = 0; i < p->n_dim; i++) {
        if (p->dim[i] < 0 || p->dim[i] >= CR_MAX_RANK || (size_t)p->dim[i] >= p->n_dim)
            return cr_layer_fail(layer, err, p, "dim", i, "dim %d: with %zu axes, 0 to %zu exist", p->dim[i],
                                 p->n_dim, p->n_dim - 1);
        for (size_t j = 0; j < i; j++)
            if (p->dim[i] == p->dim[j])
                return cr_layer_fail(layer, err, p, "dim", i, "dim has axis %d twice", p->dim[i]);
    }
    return CREMA_OK;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const Crema__TransposeParameter *p = layer->param->transpose_param;
    if (p->n_dim != (size_t)s->in[0].rank)
        return cr_layer_fail(layer, err, p, "dim", 0, "dim names %zu axes, the bottom has %d", p->n_dim,
                             s->in[0].rank);
    cr_permute_shape(s, p->dim);
    return CREMA_OK;
}

static void run(const cr_step *step, cr_run *run)
{
    cr_permute_run(step, run, step->layer->param->transpose_param->dim);
}

const cr_layer_type cr_layer_transpose = {
    .name = "Transpose",
    .about = "axes in another order (caffe_ocr)",
    .param = "transpose_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_STRIDED,
    .setup = setup,
    .shape = shape,
    .run = run,
};
