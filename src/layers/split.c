/*
 * split.c - Split: the bottom under several names.
 *
 * Caffe puts these in by itself where a blob has several readers; here many readers are normal, so it only
 * comes from files that were written out with Caffe's own splits.
 */
#include "kernels/copy.h"
#include "layers/layer.h"

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    (void)err;
    for (int i = 0; i < layer->n_out; i++)
        s->out[i] = s->in[0];
    return CREMA_OK;
}

static void run(const cr_step *step, cr_run *run)
{
    for (int i = 0; i < step->n_out; i++)
        cr_copy_flat(cr_in(step, run, 0), cr_out(step, run, i), run->pool);
}

const cr_layer_type cr_layer_split = {
    .name = "Split",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = CR_ANY,
    .flags = CR_VIEW | CR_STRIDED,
    .shape = shape,
    .run = run,
};
