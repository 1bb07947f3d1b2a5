/*
 * filter.c - Filter: of each bottom but the last those entries of axis 0 for which the last, the selector, is
 * not 0; how many is known only when running.
 *
 * Semantics of Caffe's filter_layer.cpp: the selector has one value per entry, and all bottoms have as many
 * entries. Where none is selected, the tops have 0 entries.
 */
#include "layers/layer.h"

#include <string.h>

static cr_status setup(cr_layer *layer, cr_err *err)
{
    if (layer->n_out != layer->n_in - 1)
        return cr_layer_fail(
            layer, err, layer->param, "top", 0,
            "has %d bottoms and %d tops; it takes a top for each bottom but the last, the selector",
            layer->n_in, layer->n_out);
    if (layer->n_out > 32)
        return cr_layer_fail(layer, err, layer->param, "top", 32, "has %d tops; at most 32 work",
                             layer->n_out);
    return CREMA_OK;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const cr_shape *selector = &s->in[layer->n_out];
    char text[CR_SHAPE_TEXT];
    if (selector->rank < 1 || cr_shape_range(selector, 1, selector->rank) != 1)
        return cr_layer_fail(layer, err, layer->param, "bottom", (size_t)layer->n_out,
                             "the selector \"%s\" (%s) must have 1 on every axis but the first",
                             layer->in_name[layer->n_out], cr_shape_text(selector, text, sizeof text));
    for (int i = 0; i < layer->n_out; i++) {
        if (s->in[i].rank < 1 || s->in[i].dim[0] != selector->dim[0])
            return cr_layer_fail(layer, err, layer->param, "bottom", (size_t)i,
                                 "bottom \"%s\" (%s) must have as many entries as the selector \"%s\", %lld",
                                 layer->in_name[i], cr_shape_text(&s->in[i], text, sizeof text),
                                 layer->in_name[layer->n_out], (long long)selector->dim[0]);
        s->out[i] = s->in[i];
        s->dynamic |= 1u << i;
    }
    return CREMA_OK;
}

static void run(const cr_step *step, cr_run *run)
{
    const cr_tensor *selector = cr_in(step, run, step->n_out);
    int64_t step_floats = cr_tensor_contiguous(selector) ? 1 : selector->image_stride;
    for (int i = 0; i < step->n_out; i++) {
        const cr_tensor *in = cr_in(step, run, i);
        cr_tensor *out = cr_out(step, run, i);
        size_t bytes = (size_t)cr_tensor_image_count(in) * sizeof(float);
        int64_t n = 0;
        for (int64_t j = 0; j < in->shape.dim[0]; j++)
            if (selector->data[j * step_floats] != 0)
                memcpy(out->data + n++ * out->image_stride, in->data + j * in->image_stride, bytes);
        out->shape.dim[0] = n;
    }
}

const cr_layer_type cr_layer_filter = {
    .name = "Filter",
    .about = "entries of axis 0 that a selector does not leave out",
    .in_min = 2,
    .in_max = CR_ANY,
    .out_min = 1,
    .out_max = CR_ANY,
    .flags = CR_STRIDED,
    .setup = setup,
    .shape = shape,
    .run = run,
};
