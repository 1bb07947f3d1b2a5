/*
 * mish.c - Mish: x * tanh(log(1 + exp(x))).
 *
 * A layer of Synopsys' Caffe and of the YOLO forks; without parameters. Where exp overflows, tanh is 1 and x
 * stays.
 */
#include "layers/elementwise.h"

static void run(const cr_step *step, cr_run *run)
{
    cr_elementwise_unary(step, run, &(cr_unary){.function = CR_UNARY_MISH});
}

const cr_layer_type cr_layer_mish = {
    .name = "Mish",
    .about = "x tanh(log(1 + exp(x)))",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_INPLACE | CR_STRIDED,
    .shape = cr_shape_like_bottom,
    .run = run,
};
