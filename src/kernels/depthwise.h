/*
 * depthwise.h - the loops of the depthwise convolution, on a strip: some output rows of one channel.
 *
 * The common windows, 3x3 with at most one column outside on either side, read the input as it lies (`direct`).
 * All others read a padded copy (`run`):
 *
 *   input rows           a padded copy of what the strip reads              output rows
 *   [............]  pad  [pp............pp] for stride 1                run  [............]
 *   [............]  -->  [even columns][odd columns] for stride 2, ...  -->  [............]
 *
 * The copy is made through cr_window's tables, so that `run` knows no padding: column tap k of outputs x, x + 1, ...
 * reads neighbours, in the phase (k * dilation) % stride from (k * dilation) / stride + x on. A phase is what every
 * stride-th column of a padded row makes.
 */
#ifndef CR_KERNELS_DEPTHWISE_H
#define CR_KERNELS_DEPTHWISE_H

#include "kernels/epilogue.h"
#include "kernels/kernels.h"

#include <stdbool.h>

enum { CR_DEPTHWISE_MAX_COLUMNS = 64 }; // taps of a row

// How a channel's rows are copied. Maps say which row or column of the input is read, or CR_TAP_OUTSIDE.
typedef struct cr_depthwise_pad {
    const float *channel; // rows in_step apart
    int64_t in_step;
    const int32_t *row_map; // of the first row to be made
    int64_t rows;
    const int32_t *column_map; // laid out like a padded row
    int64_t stride, phase_step;
    // Per phase: its columns, of which [run_begin, run_end) read the input from run_from on, `stride` apart.
    const struct cr_depthwise_phase {
        int64_t columns, run_begin, run_end, run_from;
    } * phase;
    float outside;
    float *to; // rows stride * phase_step apart; vectors may be written behind the last
} cr_depthwise_pad;

typedef struct cr_depthwise_strip {
    int64_t kernel_h, kernel_w, stride, dilation; // stride and dilation of rows
    const float *weights;                         // (kernel_h, kernel_w)
    float bias;
    // run: the padded row that row tap 0 of output row 0 reads, and where each column tap reads in it.
    const float *from;
    int64_t from_step;
    const int64_t *column;
    // direct: the input's rows, in_step apart; which of them each row tap reads; what CR_TAP_OUTSIDE stands for: a
    // row of in_step and 32 more floats. Column tap 0 of output 0 reads position 0, or, with left_pad, `left`; the
    // last tap of the last output reads the input, too, or, with right_pad, `right`. Both are columns or
    // CR_TAP_OUTSIDE.
    const float *channel, *outside_row;
    int64_t in_step;
    const int32_t *row_map;
    bool left_pad, right_pad;
    int32_t left, right;
    const float *row_factor, *column_factor; // PARTIAL, else NULL; a vector is readable behind column_factor
    bool empty;                              // a factor may be 0
    float *out;                              // (rows, columns), contiguous
    int64_t rows, columns;
    const float *add;         // as out, and may be out; NULL: none
    cr_activation activation; // NONE, RELU, PRELU (with `slope`), CLIP, HARDSWISH
    float slope, min, max;
} cr_depthwise_strip;

typedef struct cr_depthwise_kernels {
    // All may read 64 bytes behind the input.
    void (*pad)(const cr_depthwise_pad *pad);
    void (*run)(const cr_depthwise_strip *strip);
    void (*direct)(const cr_depthwise_strip *strip); // 3x3, dilation 1, stride 1 or 2 on both axes
    // The same in vectors of half the length, where a CPU computes just as much with them; NULL: none.
    const struct cr_depthwise_kernels *narrow;
} cr_depthwise_kernels;

#endif
