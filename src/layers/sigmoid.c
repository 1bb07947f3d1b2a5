/*
 * sigmoid.c - Sigmoid: 1 / (1 + exp(-x)).
 *
 * Caffe computes 0.5 tanh(x / 2) + 0.5, which is the same up to the last bits near 1 and loses all digits of
 * small results; ours keeps them.
 */
#include "layers/elementwise.h"

static void run(const cr_step *step, cr_run *run)
{
    cr_elementwise_unary(step, run, &(cr_unary){.function = CR_UNARY_SIGMOID});
}

static cr_status gives(const cr_step *step, const cr_preparing *p, cr_fusion *what, bool *is, cr_err *err)
{
    (void)step, (void)p, (void)err;
    what->epilogue.activation = CR_ACT_SIGMOID;
    *is = true;
    return CREMA_OK;
}

const cr_layer_type cr_layer_sigmoid = {
    .name = "Sigmoid",
    .about = "1 / (1 + exp(-x))",
    .param = "sigmoid_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_INPLACE | CR_STRIDED,
    .shape = cr_shape_like_bottom,
    .run = run,
    .gives = gives,
};
