/*
 * pooling_base.h - what Pooling and SPP share: Caffe's output size, and the tables that the kernel reads.
 */
#ifndef CR_LAYERS_POOLING_BASE_H
#define CR_LAYERS_POOLING_BASE_H

#include "kernels/pooling.h"
#include "layers/window.h"

// Outputs along an axis: their tables must stay small.
#define CR_POOLING_MAX_OUT ((int64_t)1 << 24)

// What prepare leaves in step->data.
typedef struct cr_pooling_data {
    cr_pooling pooling;
    cr_window window;
} cr_pooling_data;

// pad_rule EXPLICIT with pad_mode ZERO: windows as in Caffe.
bool cr_pooling_is_caffe(const cr_window_spec *spec);
bool cr_pooling_any_pad(const cr_window_spec *spec);
// Caffe's output size, in float arithmetic, rounded up or down; perhaps less than 1.
int64_t cr_pooling_size(const cr_window_spec *spec, int axis, int64_t in, bool up);
// Fills *d for bottom (n, c, h, w) and the output sizes; strides are for run() to set.
cr_status cr_pooling_prepare(const cr_preparing *p, const cr_window_spec *spec, cr_pooling_method method,
                             const cr_shape *bottom, const int64_t out[2], cr_pooling_data *d, cr_err *err);

#endif
