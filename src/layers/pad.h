/*
 * pad.h - what Pad makes of its parameters for a bottom: for itself, and for converters.
 */
#ifndef CR_LAYERS_PAD_H
#define CR_LAYERS_PAD_H

#include "layers/mean_padding.h"

// step->data of a Pad that runs.
typedef struct cr_pad_data {
    cr_window window;            // over all axes of the bottom
    int mode;                    // Crema__PadMode, CONSTANT where a value is given
    const cr_mean_padding *mean; // or NULL: by the window's tables
} cr_pad_data;

#endif
