/*
 * conv_base.h - what Convolution, Deconvolution and the depthwise layers share: they read convolution_param, and
 * each is one cr_conv.
 *
 * A deconvolution is kept as the convolution whose transpose it is: that convolution's input is the
 * deconvolution's top, and its output channels are the bottom's.
 */
#ifndef CR_LAYERS_CONV_BASE_H
#define CR_LAYERS_CONV_BASE_H

#include "layers/mean_padding.h"

// What sets a layer apart from the others that read convolution_param.
typedef struct cr_conv_kind {
    bool transposed;
    // Sets the top's channels and the groups; NULL: num_output and group, as the file gives them.
    cr_status (*channels)(const cr_layer *layer, const cr_shaping *s, int64_t in_channels,
                          int64_t *out_channels, int64_t *group, cr_err *err);
} cr_conv_kind;

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
    // The algorithm is done with the sums before their operand is added, and the top may be the operand's buffer: it
    // is copied to scratch before, behind all else.
    bool add_copied;
    size_t add_offset;
    const float *bias;   // with what is folded into it; NULL: none
    bool weights_folded; // the step's pack is the weights themselves
    const cr_conv_algorithm *algorithm;
    // Where not NULL, the bottom is padded into the first part of scratch, and the window needs no pads.
    const cr_mean_padding *mean;
} cr_conv_data;

// Checks what needs no shape; and the same where num_output may be absent.
cr_status cr_conv_base_setup(cr_layer *layer, cr_err *err);
cr_status cr_conv_base_setup_window(cr_layer *layer, cr_err *err);
// Output shapes, weights and cost.
cr_status cr_conv_base_shape(const cr_layer *layer, cr_shaping *s, const cr_conv_kind *kind, cr_err *err);
// Fills *data, tables included; step->data points at it. Then the caller picks an algorithm.
cr_status cr_conv_base_prepare(cr_step *step, const cr_preparing *p, const cr_conv_kind *kind,
                               cr_conv_data **data, cr_err *err);
// The same for a convolution, algorithm and scratch included.
cr_status cr_conv_base_prepare_conv(cr_step *step, const cr_preparing *p, const cr_conv_kind *kind,
                                    cr_err *err);
// For a row's takes(): what the weights and the epilogue of a convolution can do.
unsigned cr_conv_base_takes(const cr_step *step, const cr_preparing *p, const cr_conv_kind *kind);
// For a row's blocked(): what some algorithm that accepts the convolution can do. step->data is then what prepare fills.
unsigned cr_conv_base_blocked(cr_step *step, const cr_preparing *p, const cr_conv_kind *kind);
// For a row's may_gain_blocked(): depthwise convolutions.
bool cr_conv_base_may_gain_blocked(const cr_step *step, const cr_preparing *p);
// data->algorithm for data->conv: the first that accepts, or the forced one. Sets the step's refusals.
cr_status cr_conv_base_choose(cr_step *step, const cr_preparing *p, cr_conv_data *data, cr_err *err);
// Sets the step's pack and scratch to what data->algorithm needs.
cr_status cr_conv_base_equip(cr_step *step, const cr_preparing *p, cr_conv_data *data, cr_err *err);
// Calls fn for the images of buffers->in; pads them before, where the mode asks for that, into the first
// cr_conv_base_mean_bytes of scratch, for the planned number of images.
size_t cr_conv_base_mean_bytes(const cr_conv_data *data);
void cr_conv_base_call(const cr_conv_data *data, const cr_conv *conv, const cr_conv_buffers *buffers,
                       void (*fn)(const cr_conv *conv, const cr_conv_buffers *buffers));
// Runs data->algorithm over all bottoms.
void cr_conv_base_run_conv(const cr_step *step, cr_run *run);
// Calls fn for every bottom, and for every entry of axis 0 where that is not one step of the convolution.
void cr_conv_base_run(const cr_step *step, cr_run *run, bool transposed,
                      void (*fn)(const cr_conv *conv, const cr_conv_buffers *buffers));

#endif
