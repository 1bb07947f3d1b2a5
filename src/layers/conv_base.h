/*
 * conv_base.h - what Convolution and Deconvolution share: both read convolution_param, both are one cr_conv.
 *
 * A deconvolution is kept as the convolution whose transpose it is: that convolution's input is the
 * deconvolution's top, and its output channels are the bottom's.
 */
#ifndef CR_LAYERS_CONV_BASE_H
#define CR_LAYERS_CONV_BASE_H

#include "layers/window.h"

// What prepare leaves in step->data.
typedef struct cr_conv_data {
    cr_window window;
    cr_conv conv;
    bool batch_axis_0; // the images are axis 0, whose stride the tensors give
    int64_t outer;     // entries of axis 0 where the images are those of the axes behind it; else 1
    // The channels are axis 0, and some tensor has a gap between them: each bottom is copied to scratch, and each
    // top made there, behind the algorithm's own part.
    bool copied;
    size_t own_scratch_bytes;
    const cr_conv_algorithm *algorithm; // NULL for a deconvolution
} cr_conv_data;

// Checks what needs no shape.
cr_status cr_conv_base_setup(cr_layer *layer, cr_err *err);
// Output shapes, weights and cost.
cr_status cr_conv_base_shape(const cr_layer *layer, cr_shaping *s, bool transposed, cr_err *err);
// Fills *data, tables included; step->data points at it. Then the caller picks an algorithm.
cr_status cr_conv_base_prepare(cr_step *step, const cr_preparing *p, bool transposed, cr_conv_data **data,
                               cr_err *err);
// Sets the step's scratch, of which the algorithm needs `bytes`.
cr_status cr_conv_base_scratch(cr_step *step, const cr_preparing *p, cr_conv_data *data, size_t bytes,
                               cr_err *err);
// Calls fn for every bottom, and for every entry of axis 0 where that is not one step of the convolution.
void cr_conv_base_run(const cr_step *step, cr_run *run, bool transposed,
                      void (*fn)(const cr_conv *conv, const cr_conv_buffers *buffers));

#endif
