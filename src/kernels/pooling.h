/*
 * pooling.h - pooling as a kernel sees it: per axis and output the part of the window inside the input.
 *
 * Padding never counts for MAX, and for AVE only in the divisor: both are the layer's to say, through `begin`,
 * `end` and `span`. Where a padding mode puts values outside, `window` tells which, and those tables rule.
 *
 * pooling.c cuts the work into items and does what is rare itself: masks, STOCHASTIC, absurd pads. MAX and AVE
 * are isa/pooling.c, and isa/pooling_strips.c for common windows.
 */
#ifndef CR_KERNELS_POOLING_H
#define CR_KERNELS_POOLING_H

#include "kernels/conv.h"
#include "kernels/kernels.h"

typedef enum cr_pooling_method { CR_POOLING_MAX, CR_POOLING_AVE, CR_POOLING_STOCHASTIC } cr_pooling_method;

typedef struct cr_pooling_axis {
    int64_t in, out, kernel, stride;
    // Per variant (0 and, under CORNERS, 1): the window of output o starts at o * stride - before[v], and
    // begin[v][o] .. end[v][o] is its part inside the input.
    int64_t before[2];
    const int64_t *begin[2], *end[2];
    // What AVE divides by is the product over the axes; not positive where Caffe's windows lie outside.
    const float *span[2];
} cr_pooling_axis;

typedef struct cr_pooling {
    cr_pooling_method method;
    cr_pooling_axis axis[2];
    const uint8_t *variant;  // as in cr_window
    const cr_window *window; // a mode that puts values outside; NULL: none
    int64_t images, channels;
    int64_t in_image_stride, out_image_stride, mask_image_stride;
    const cr_kernels *kernels; // of the chosen ISA level
} cr_pooling;

typedef struct cr_pooling_buffers {
    const float *in;
    float *out;
    float *mask; // MAX: where in the channel the winner stood, -1 if nowhere; or NULL
    cr_pool *pool;
    char *slot_scratch; // of the threads: slot s has its slot_bytes at slot_scratch + s * slot_step
    size_t slot_step;   // a multiple of 64
} cr_pooling_buffers;

size_t cr_pooling_slot_bytes(const cr_pooling *pooling);
// MAX starts from -FLT_MAX and takes what is greater, so NaN never wins; the first of equals wins. AVE is the
// sum by the spans. STOCHASTIC is sum(x^2) / sum(x), 0 where the sum is not positive.
void cr_pooling_run(const cr_pooling *pooling, const cr_pooling_buffers *buffers);

// The ends of rows, for windows that have loops of their own: 2x2 and 3x3 with stride 1 or 2, with at most one column
// outside to the left and `stride` to the right. Each is a column of the input, or CR_TAP_OUTSIDE.
typedef struct cr_pooling_sides {
    int32_t left, even, odd; // what tap 0 of the first output reads; the last even and odd tap of the last
} cr_pooling_sides;

// Output rows [begin, end) of some channels, by MAX or AVE.
typedef struct cr_pooling_rows {
    const cr_pooling *pooling;
    int variant[2];                // per axis
    const cr_pooling_sides *sides; // of this variant; for strips
    const float *in;               // the first channel
    float *out;                    // the first channel
    int64_t channels;              // one after the other; more than one: all rows are wanted
    int64_t begin, end;
    float *line; // cr_pooling_slot_bytes
} cr_pooling_rows;

typedef struct cr_pooling_kernels {
    void (*run)(const cr_pooling_rows *rows);
} cr_pooling_kernels;

// Only rows that have sides.
typedef struct cr_pooling_strip_kernels {
    void (*run)(const cr_pooling_rows *rows);
} cr_pooling_strip_kernels;

// Floats that the windows of one row span, pads included.
int64_t cr_pooling_line(const cr_pooling *pooling);
enum { CR_POOLING_LINE_SLACK = 32 }; // writable floats behind them

#endif
