/*
 * norm_base.h - what BatchNorm and BN share: (x - mean) / sqrt(variance + eps) * scale + bias per channel.
 *
 * Channels are axis 1; a bottom of one axis is one channel. Mean and variance are stored, or those of the
 * batch, or not there at all; so are scale and bias.
 */
#ifndef CR_LAYERS_NORM_BASE_H
#define CR_LAYERS_NORM_BASE_H

#include "layers/elementwise.h"

typedef struct cr_norm {
    const float *mean, *variance; // stored, both or neither; NULL: 0, and nothing is divided
    const float *scale, *bias;    // NULL: 1 and 0
    float factor;                 // mean and variance are multiplied by it
    float eps;
    bool batch_stats;                   // mean and variance are those of the batch, whatever is stored
    bool relu;                          // max(y, 0) behind it all
    float *batch_mean, *batch_variance; // with batch_stats: written by channel, unless NULL
} cr_norm;

// The number of channels of a bottom; fails where it has no axes.
cr_status cr_norm_channels(const cr_layer *layer, const cr_shape *in, int64_t *channels, cr_err *err);

// For gives(): the same as scale, shift and ReLU; not with the statistics of the batch.
cr_status cr_norm_give(const cr_step *step, const cr_preparing *p, const cr_norm *norm, cr_fusion *what,
                       bool *is, cr_err *err);

// Runs it over bottom 0, into top 0; in place or not.
void cr_norm_run(const cr_step *step, cr_run *run, const cr_norm *norm);

// What a prepared step of BatchNorm (of so many channels) or BN computes: for run(), and for converters.
cr_norm cr_batch_norm_of(const cr_step *step, int64_t channels);
cr_norm cr_bn_of(const cr_step *step);

#endif
