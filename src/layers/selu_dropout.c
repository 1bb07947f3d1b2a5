/*
 * selu_dropout.c - SeLuDropout: the dropout that belongs to SeLu; the identity in phase TEST, so a view.
 *
 * In phase TRAIN it would put a constant in place of what it drops; we warn and pass the values on.
 */
#include "layers/elementwise.h"

static cr_status setup(cr_layer *layer, cr_err *err)
{
    (void)err;
    if (layer->train)
        cr_layer_warn(layer, NULL, NULL, 0, "drops nothing in phase TRAIN: all values pass as in phase TEST");
    return CREMA_OK;
}

const cr_layer_type cr_layer_selu_dropout = {
    .name = "SeLuDropout",
    .about = "dropout for SELU; a test leaves all as they are",
    .param = "selu_dropout_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_VIEW | CR_INPLACE | CR_STRIDED,
    .setup = setup,
    .shape = cr_shape_like_bottom,
};
