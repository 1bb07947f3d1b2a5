/*
 * bnll.c - BNLL: log(1 + exp(x)), the smooth ReLU ("softplus").
 *
 * Computed as x + log(1 + exp(-x)) where x is positive, as Caffe's bnll_layer.cpp does, so that exp never
 * overflows.
 */
#include "layers/elementwise.h"

static void run(const cr_step *step, cr_run *run)
{
    cr_elementwise_unary(step, run, &(cr_unary){.function = CR_UNARY_BNLL});
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
