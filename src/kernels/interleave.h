/*
 * interleave.h - rows of a block of channels, to vectors whose lanes are channels and back: the ends of winograd.c
 * and fft.c.
 *
 *     channel 0   a0 a1 a2 ..      in: padded
 *     channel 1   b0 b1 b2 ..      --------->      a0 b0 c0 d0 | a1 b1 c1 d1 | a2 b2 c2 d2 | ..    (columns, lanes)
 *     channel 2   c0 c1 c2 ..      <---------
 *     channel 3   d0 d1 d2 ..      out: with PARTIAL's factors, bias and epilogue
 *
 * The convolution has two axes of stride and dilation 1, whose padding is the same for all channels. Columns and rows
 * are counted in the padded image on the way in, and in the output on the way out.
 */
#ifndef CR_KERNELS_INTERLEAVE_H
#define CR_KERNELS_INTERLEAVE_H

#include "kernels/conv.h"

enum { CR_INTERLEAVE_LANES = 16 }; // at most

// A row on its way out; arrays have `lanes` values, one a channel.
typedef struct cr_interleave_scatter {
    int64_t columns, channels; // channels <= lanes
    int64_t channel_step;      // floats between channels of the output, and of add
    const float *scale;        // what comes in is multiplied by; NULL: 1
    const float *bias;
    const float *slopes;         // of ReLU and PReLU
    const cr_epilogue *epilogue; // its activation is none of those with an exponential
} cr_interleave_scatter;

typedef struct cr_interleave_kernels {
    int lanes; // floats in a vector
    // to (columns, lanes) from position `at` of `lanes` channels, times scale; writes, and reads of each channel, a
    // multiple of `lanes` columns.
    void (*gather)(const float *const *channel, int64_t at, int64_t columns, float scale, float *to);
    // One row, with scale, bias and epilogue. add: what is added, or NULL; it may be `to`. Nothing but the row is read of add
    // and written.
    void (*scatter)(const cr_interleave_scatter *scatter, const float *from, const float *add, float *to);
} cr_interleave_kernels;

// A block of input channels of one image.
typedef struct cr_interleave_in {
    const cr_conv *conv;
    const float *channel[CR_INTERLEAVE_LANES];
    float scale; // of all that is read: 1, or what the caller sets
} cr_interleave_in;

// Channels from `first` on of the n that stand at `image`. Lanes behind the last channel repeat it.
void cr_interleave_set_in(cr_interleave_in *in, const cr_conv *conv, const float *image, int64_t first,
                          int64_t n);
// Columns [first, first + columns) of a row; what lies behind the last window is 0. Writes room for `lanes` columns
// more. False: all of it is 0.
bool cr_interleave_row_in(const cr_interleave_in *in, int64_t row, int64_t first, int64_t columns, float *to);

// A block of output channels.
typedef struct cr_interleave_out {
    const cr_conv *conv;
    const cr_conv_buffers *buffers;
    int64_t first;                 // channel
    cr_interleave_scatter scatter; // its columns, and scale, are set by the caller, for all rows
    float bias[CR_INTERLEAVE_LANES], slopes[CR_INTERLEAVE_LANES];
} cr_interleave_out;

// n channels from `first` on; *out keeps its place. epilogue: what is done on the way.
void cr_interleave_set_out(cr_interleave_out *out, const cr_conv *conv, const cr_conv_buffers *buffers,
                           const cr_epilogue *epilogue, int64_t first, int64_t n);
// Columns from x on of row y; `from` is used up.
void cr_interleave_row_out(const cr_interleave_out *out, int64_t image, int64_t y, int64_t x, float *from);

#endif
