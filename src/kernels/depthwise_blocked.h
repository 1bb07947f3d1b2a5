/*
 * depthwise_blocked.h - the loops of the depthwise convolution on blocked activations: some output rows of one block
 * of channels.
 *
 *     in       [c0..c15][c0..c15][c0..c15]...   a row: one vector for each position
 *     weights  [c0..c15]                        one for each tap
 *
 * Every product is that of two such vectors, so that rows of any length are alike, and a tap outside is nothing but
 * another address. The windows are cr_window's tables as they are.
 */
#ifndef CR_KERNELS_DEPTHWISE_BLOCKED_H
#define CR_KERNELS_DEPTHWISE_BLOCKED_H

#include "kernels/conv.h"

typedef struct cr_depthwise_rows {
    const cr_axis *h, *w;
    const float *in;      // (h->in, w->in, CR_BLOCK)
    const float *outside; // what stands for a row outside: (w->in or 1, CR_BLOCK)
    const float *weights; // (h->kernel, w->kernel, CR_BLOCK)
    const float *bias;    // (CR_BLOCK)
    bool partial;         // factors of the axes count; an axis without any has ones
    float *out;           // (h->out, w->out, CR_BLOCK)
    const float *add;     // as out, and may be out; NULL: none
    int64_t row_begin, row_end;
    cr_activation activation; // NONE, RELU, PRELU, CLIP, HARDSWISH
    float min, max;
    const float *slopes; // RELU, PRELU: (CR_BLOCK)
} cr_depthwise_rows;

typedef struct cr_depthwise_blocked_kernels {
    void (*run)(const cr_depthwise_rows *rows);
} cr_depthwise_blocked_kernels;

#endif
