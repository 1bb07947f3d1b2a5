/*
 * tanh.c - TanH: the hyperbolic tangent.
 */
#include "layers/elementwise.h"

static void run(const cr_step *step, cr_run *run)
{
    cr_elementwise_unary(step, run, &(cr_unary){.function = CR_UNARY_TANH});
}

const cr_layer_type cr_layer_tanh = {
    .name = "TanH",
    .about = "hyperbolic tangent",
    .param = "tanh_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_INPLACE | CR_STRIDED,
    .shape = cr_shape_like_bottom,
    .run = run,
};
