/*
 * bnll.c - BNLL: log(1 + exp(x)), the smooth ReLU ("softplus").
 *
 * Computed as x + log(1 + exp(-x)) where x is positive, as Caffe's bnll_layer.cpp does, so that exp never
 * overflows.
 */
#include "layers/elementwise.h"

#include <math.h>

static void piece(const void *arg, const cr_piece *p)
{
    (void)arg;
    for (int64_t i = 0; i < p->n * p->inner; i++) {
        float x = p->in[i];
        p->out[i] = (x > 0 ? x : 0) + log1pf(expf(x > 0 ? -x : x));
    }
}

static void run(const cr_step *step, cr_run *run)
{
    cr_elementwise_plain(step, run, piece);
}

const cr_layer_type cr_layer_bnll = {
    .name = "BNLL",
    .about = "log(1 + exp(x))",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_INPLACE | CR_STRIDED,
    .shape = cr_shape_like_bottom,
    .run = run,
};
