/*
 * hard_swish.c - HardSwish: x * min(max(x + 3, 0), 6) / 6.
 *
 * A layer of Synopsys' Caffe, and of forks for MobileNet v3 that call it HSwish; without parameters.
 */
#include "layers/elementwise.h"

static void piece(const void *arg, const cr_piece *p)
{
    (void)arg;
    for (int64_t i = 0; i < p->n * p->inner; i++) {
        float x = p->in[i];
        float gate = x + 3 < 0 ? 0 : x + 3 > 6 ? 6 : x + 3;
        p->out[i] = x * gate * (1.0f / 6);
    }
}

static void run(const cr_step *step, cr_run *run)
{
    cr_elementwise_plain(step, run, piece);
}

static cr_status gives(const cr_step *step, const cr_preparing *p, cr_fusion *what, bool *is, cr_err *err)
{
    (void)step, (void)p, (void)err;
    what->epilogue.activation = CR_ACT_HARDSWISH;
    *is = true;
    return CREMA_OK;
}

const cr_layer_type cr_layer_hard_swish = {
    .name = "HardSwish",
    .about = "x relu6(x + 3) / 6",
    .aliases = {"HSwish"},
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_INPLACE | CR_STRIDED,
    .shape = cr_shape_like_bottom,
    .run = run,
    .gives = gives,
};
