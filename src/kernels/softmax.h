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
    int64_t n;                 // positions; each has a softmax of its own
    int64_t in_next, out_next; // between positions: 1, or anything where channels lie side by side
} cr_softmax_block;

typedef struct cr_softmax_kernels {
    void (*run)(const cr_softmax_block *block);
} cr_softmax_kernels;

#endif
