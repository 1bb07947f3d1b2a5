/*
 * lrn.h - local response normalization: x / (k + alpha * sum of the squares around x) ^ beta.
 */
#ifndef CR_KERNELS_LRN_H
#define CR_KERNELS_LRN_H

#include <stdint.h>

// Windows reach `reach` values to either side; what lies outside is 0. out must not overlap in.
typedef struct cr_lrn {
    float alpha, beta, k;
    int64_t reach;
    const float *in;
    float *out;
} cr_lrn;

enum { CR_LRN_SLACK = 16 };

typedef struct cr_lrn_kernels {
    // The windows run over channels, which are `step` apart: n positions of each.
    void (*across)(const cr_lrn *lrn, int64_t channels, int64_t step, int64_t n);
    // The windows are squares in one channel. `line` has room for width + 2 * reach + CR_LRN_SLACK floats.
    void (*within)(const cr_lrn *lrn, int64_t height, int64_t width, float *line);
} cr_lrn_kernels;

#endif
