/*
 * split.c - Split: the bottom under several names.
 *
 * Caffe puts these in by itself where a blob has several readers; here many readers are normal, so it only
 * comes from files that were written out with Caffe's own splits.
 */
#include "layers/layer.h"

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    (void)err;
    for (int i = 0; i < layer->n_out; i++)
        s->out[i] = s->in[0];
    return CREMA_OK;
}

const cr_layer_type cr_layer_split = {
    .name = "Split",
    .about = "copies of a bottom",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = CR_ANY,
    .flags = CR_VIEW,
    .shape = shape,
};
