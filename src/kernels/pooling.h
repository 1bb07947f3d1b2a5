/*
 * pooling.h - pooling as a kernel sees it: per axis and output the part of the window inside the input.
 *
 * Padding never counts for MAX, and for AVE only in the divisor: both are the layer's to say, through `begin`,
 * `end` and `span`. Where a padding mode puts values outside, `window` tells which, and those tables rule.
 */
#ifndef CR_KERNELS_POOLING_H
#define CR_KERNELS_POOLING_H

#include "kernels/conv.h"

typedef enum cr_pooling_method { CR_POOLING_MAX, CR_POOLING_AVE, CR_POOLING_STOCHASTIC } cr_pooling_method;

typedef struct cr_pooling_axis {
    int64_t in, out, kernel, stride;
    // Per output and variant (0 and, under CORNERS, 1): the window inside the input, and what AVE divides by (the
    // product over the axes; not positive where Caffe's windows lie outside).
    const int64_t *begin[2], *end[2], *span[2];
    // Outputs with the whole window inside: begin[inner_begin[v]] and then every stride.
    int64_t inner_begin[2], inner_end[2];
} cr_pooling_axis;

typedef struct cr_pooling {
    cr_pooling_method method;
    cr_pooling_axis axis[2];
    const uint8_t *variant;  // as in cr_window
    const cr_window *window; // a mode that puts values outside; NULL: none
    int64_t images, channels;
    int64_t in_image_stride, out_image_stride, mask_image_stride;
} cr_pooling;

typedef struct cr_pooling_buffers {
    const float *in;
    float *out;
    float *mask; // MAX: where in the channel the winner stood, -1 if nowhere; or NULL
    void *scratch;
    cr_pool *pool;
} cr_pooling_buffers;

size_t cr_pooling_scratch_bytes(const cr_pooling *pooling);
// MAX starts from -FLT_MAX and takes what is greater, so NaN never wins; the first of equals wins. AVE is the
// sum by the spans. STOCHASTIC is sum(x^2) / sum(x), 0 where the sum is not positive.
void cr_pooling_run(const cr_pooling *pooling, const cr_pooling_buffers *buffers);

#endif
