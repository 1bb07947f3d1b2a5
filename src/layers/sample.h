/*
 * sample.h - planes read at any places, bilinearly: FlowWarp and SpatialTransformer.
 *
 * A layer says for each position of the top which four values of a plane count and how much, once for all
 * channels; then the channels run in parallel.
 */
#ifndef CR_LAYERS_SAMPLE_H
#define CR_LAYERS_SAMPLE_H

#include "layers/layer.h"

typedef struct cr_sample {
    int32_t at[4]; // in a plane of the bottom; at[0] < 0: the fill value
    float weight[4];
} cr_sample;

// Planes may have at most so many positions.
#define CR_SAMPLE_MAX ((int64_t)INT32_MAX)

// Fills the samples of row y of the top (width of them) for image n.
typedef void (*cr_sample_row_fn)(const void *arg, int64_t n, int64_t y, cr_sample *samples);

// Scratch for the samples of one image of the top.
cr_status cr_sample_scratch(cr_step *step, const cr_preparing *p, cr_err *err);
// Bottom 0 (n, c, h, w) to top 0.
void cr_sample_run(const cr_step *step, cr_run *run, cr_sample_row_fn row, const void *arg, float fill);

#endif
