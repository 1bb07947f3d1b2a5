/*
 * silence.c - Silence: takes any number of bottoms and does nothing.
 *
 * In a net it keeps blobs that nobody reads from being outputs.
 */
#include "layers/layer.h"

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    (void)layer;
    (void)s;
    (void)err;
    return CREMA_OK;
}

static void run(const cr_step *step, cr_run *run)
{
    (void)step;
    (void)run;
}

const cr_layer_type cr_layer_silence = {
    .name = "Silence",
    .about = "reads bottoms so that they are no outputs",
    .in_min = 1,
    .in_max = CR_ANY,
    .out_min = 0,
    .out_max = 0,
    .flags = CR_STRIDED,
    .shape = shape,
    .run = run,
};
