/*
 * batch_reindex.c - BatchReindex: entry i of the top is entry permutation[i] of bottom 0's first axis; bottom 1 is
 * the permutation, of any length, and may repeat entries (Caffe's batch_reindex_layer.cpp). An index that is no
 * entry is an error when running.
 */
#include "layers/layer.h"

#include <math.h>
#include <string.h>

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    char text[CR_SHAPE_TEXT];
    if (s->in[0].rank < 1)
        return cr_layer_fail(layer, err, layer->param, "bottom", 0, "bottom \"%s\" has no axes",
                             layer->in_name[0]);
    if (s->in[1].rank != 1)
        return cr_layer_fail(layer, err, layer->param, "bottom", 1,
                             "bottom \"%s\" (%s) must have one axis, with the indices", layer->in_name[1],
                             cr_shape_text(&s->in[1], text, sizeof text));
    s->out[0] = s->in[0];
    s->out[0].dim[0] = s->in[1].dim[0];
    return CREMA_OK;
}

static void run(const cr_step *step, cr_run *run)
{
    const cr_layer *layer = step->layer;
    const cr_tensor *in = cr_in(step, run, 0), *index = cr_in(step, run, 1), *out = cr_out(step, run, 0);
    int64_t n = cr_tensor_image_count(in);
    int64_t index_stride = cr_tensor_contiguous(index) ? 1 : index->image_stride;
    for (int64_t i = 0; i < index->shape.dim[0]; i++) {
        float at = truncf(index->data[i * index_stride]);
        if (!(at >= 0 && at < (float)in->shape.dim[0])) {
            cr_layer_fail(
                layer, run->err, layer->param, "bottom", 1,
                "index %g (value %lld of bottom \"%s\") is none of the %lld entries of bottom \"%s\"",
                (double)index->data[i * index_stride], (long long)i, layer->in_name[1],
                (long long)in->shape.dim[0], layer->in_name[0]);
            return;
        }
        memcpy(out->data + i * out->image_stride, in->data + (int64_t)at * in->image_stride,
               (size_t)n * sizeof(float));
    }
}

const cr_layer_type cr_layer_batch_reindex = {
    .name = "BatchReindex",
    .about = "entries of axis 0 picked by index",
    .in_min = 2,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_STRIDED,
    .shape = shape,
    .run = run,
};
