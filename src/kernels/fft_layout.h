/*
 * fft_layout.h - how fft.c cuts a convolution: tiles, spectra, buffers; and what that costs.
 */
#ifndef CR_KERNELS_FFT_LAYOUT_H
#define CR_KERNELS_FFT_LAYOUT_H

#include "kernels/conv.h"
#include "kernels/fft.h"

typedef struct cr_fft_layout {
    const cr_conv *conv;
    const cr_fft_kernels *kernels;
    const cr_axis *axis; // two
    bool depthwise;      // then all channels are one group
    int64_t groups;
    int64_t channels, outputs; // of a group
    int64_t in_blocks, out_blocks;
    int size[2];                    // of a tile's transform
    int64_t reach[2];               // outputs of a tile
    int64_t columns;                // tiles in a row of them
    int64_t image_tiles, all_tiles; // of an image, of all
    int64_t bins;
    int64_t most_tiles; // of a block; not depthwise
    // Floats.
    int64_t row_step, z_all, line_all, slot_all;
    int64_t v_tile, y_tile, v_bin, y_bin; // from one tile or bin to the next
    int64_t u_bin, u_block, u_group;      // from one bin, block of outputs or group to the next
} cr_fft_layout;

// Why a convolution has no layout, or NULL.
const char *cr_fft_refusal(const cr_conv *conv);
cr_fft_layout cr_fft_lay_out(const cr_conv *conv);
// With sizes that were chosen before: the choice takes time.
cr_fft_layout cr_fft_lay_out_as(const cr_conv *conv, int height, int width);
// Why other algorithms are to be preferred, or NULL. For what is not refused.
const char *cr_fft_loses(const cr_conv *conv);

#endif
