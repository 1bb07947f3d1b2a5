/*
 * window.h - the geometry of everything that slides a window: the only home of padding.
 *
 * Reads kernel, stride, dilation, pads, pad_rule and pad_mode from a layer's parameters; computes output
 * sizes; builds the index tables that kernels read (cr_window). Definitions: Caffe's own for EXPLICIT and
 * ZERO; TensorFlow's SAME; Wu et al. 2019 for CORNERS; Liu et al. 2018 for PARTIAL; PyTorch and TensorFlow for
 * the mirrors.
 */
#ifndef CR_LAYERS_WINDOW_H
#define CR_LAYERS_WINDOW_H

#include "kernels/conv.h"
#include "layers/layer.h"

// What a layer's parameters say, before any shape is known.
typedef struct cr_window_spec {
    const void *message; // the parameter block, for the positions of errors
    int n_axes;          // 0: not known until the bottom's rank is (all values then hold for every axis)
    int64_t kernel[CR_MAX_AXES], stride[CR_MAX_AXES], dilation[CR_MAX_AXES];
    int64_t pad_before[CR_MAX_AXES], pad_after[CR_MAX_AXES];
    int rule; // Crema__PadRule
    int mode; // Crema__PadMode
    float pad_value;
    bool given_per_axis; // one value per axis stands in the file, so the rank is fixed
} cr_window_spec;

// From convolution_param. *_h and *_w count for 2 axes only; one value stands for all axes.
// n_axes < 0 when the rank is not known yet. Fails with the field that is wrong.
cr_status cr_window_spec_conv(const cr_layer *layer, int n_axes, cr_window_spec *spec, cr_err *err);
// From pooling_param: always 2 axes. Under global_pooling the kernel is 0 until the caller, who knows the
// bottom's shape, fills it in.
cr_status cr_window_spec_pool(const cr_layer *layer, cr_window_spec *spec, cr_err *err);
// From pad_param, for n_axes: a kernel of 1. `paddings` and `value` are the caller's.
cr_status cr_window_spec_pad(const cr_layer *layer, int n_axes, cr_window_spec *spec, cr_err *err);

// pad_mode MEAN_INTERP or MEAN_REFLECT: mean_padding.h pads, the tables can't.
bool cr_window_is_mean(const cr_window_spec *spec);

// d (k - 1) + 1: how many positions one window spans.
int64_t cr_window_extent(const cr_window_spec *spec, int axis);

// Output size of one axis for a convolution: (n + before + after - extent) / stride + 1 under EXPLICIT, with
// C's division as in Caffe; by the rule otherwise. Fails (showing the formula) where it is less than 1.
cr_status cr_window_out(const cr_layer *layer, const cr_window_spec *spec, int axis, int64_t in, int64_t *out,
                        cr_err *err);
// The same for a deconvolution: stride (n - 1) + extent - before - after.
cr_status cr_window_out_transposed(const cr_layer *layer, const cr_window_spec *spec, int axis, int64_t in,
                                   int64_t *out, cr_err *err);

// The amounts that a rule gives for an input size; for EXPLICIT the given ones. CORNERS: variant 0.
void cr_window_pads(const cr_window_spec *spec, int axis, int64_t in, int64_t *before, int64_t *after);

// Fails where the tables of this axis would be huge, or have nothing to read. cr_window_out and its twin ask it
// themselves; it is for callers that compute the output in another way.
cr_status cr_window_check(const cr_layer *layer, const cr_window_spec *spec, int axis, int64_t in,
                          int64_t out, cr_err *err);

// Builds the tables in the arena for `channels` input channels (CORNERS splits them), in the sizes in[] and
// out[], which cr_window_check has accepted. Any other failure than memory is a size that it would have refused.
cr_status cr_window_build(cr_arena *arena, const cr_window_spec *spec, int n_axes, const int64_t *in,
                          const int64_t *out, int64_t channels, cr_window *window, cr_err *err);

#endif
