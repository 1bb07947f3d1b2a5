/*
 * gather.h - a part of the im2col matrix, which is never made as a whole.
 */
#ifndef CR_KERNELS_GATHER_H
#define CR_KERNELS_GATHER_H

#include "kernels/conv.h"
#include "kernels/kernels.h"

typedef struct cr_gather {
    const cr_window *window;
    const float *image;         // its channel 0
    int64_t in_count, taps;     // positions of a channel, taps of a window
    int64_t channel;            // row 0 of the matrix is tap 0 of this one
    int64_t row_begin, row_end; // rows (channel, tap) to be made
    int64_t begin, end;         // positions
    float *to;                  // row row_begin, position `begin`
    int64_t step;               // floats from row to row
} cr_gather;

typedef struct cr_gather_kernels {
    // What every tap reads at every position. May read 64 bytes behind the image, and writes up to
    // CR_GATHER_SLACK floats behind each row: step must leave room for them.
    void (*run)(const cr_gather *gather);
    // to[phase][i] = from[i * stride + phase], n values for each phase below stride whose `to` is not NULL. The same
    // liberties.
    void (*split)(const float *from, int64_t stride, float *const *to, int64_t n);
} cr_gather_kernels;

enum { CR_GATHER_SLACK = 16 };

#endif
