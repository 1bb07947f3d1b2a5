/*
 * abs_val.c - AbsVal: |x|.
 *
 * Semantics of Caffe's absval_layer.cpp. It has no parameters.
 */
#include "layers/elementwise.h"

#include <math.h>

static void piece(const void *arg, const cr_piece *p)
{
    (void)arg;
    for (int64_t i = 0; i < p->n * p->inner; i++)
        p->out[i] = fabsf(p->in[i]);
}

static void run(const cr_step *step, cr_run *run)
{
    cr_elementwise_plain(step, run, piece);
}

const cr_layer_type cr_layer_abs_val = {
    .name = "AbsVal",
    .about = "absolute value",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_INPLACE | CR_STRIDED,
    .shape = cr_shape_like_bottom,
    .run = run,
};
