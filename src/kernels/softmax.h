/*
 * softmax.h - exp(x - max) / sum over channels.
 */
#ifndef CR_KERNELS_SOFTMAX_H
#define CR_KERNELS_SOFTMAX_H

#include <stdint.h>

// out may be in.
typedef struct cr_softmax_block {
    const float *in;
    float *out;
    int64_t channels;
    int64_t in_step, out_step; // between channels
    int64_t n;                 // positions, side by side; each has a softmax of its own
} cr_softmax_block;

typedef struct cr_softmax_kernels {
    void (*run)(const cr_softmax_block *block);
} cr_softmax_kernels;

#endif
