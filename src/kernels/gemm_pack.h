/*
 * gemm_pack.h - panels of weights, for files in isa/ only: what packs of products are made of.
 */
#ifndef CR_KERNELS_GEMM_PACK_H
#define CR_KERNELS_GEMM_PACK_H

#include <stdint.h>

#include "kernels/simd.h"

// Channels [0, rows) of weights (rows, k), each multiplied by its scale (NULL: 1), to pack (k, width); columns behind
// `rows` become 0.
void CR_ISA(cr_gemm_pack_panel)(const float *weights, const double *scale, int64_t rows, int64_t k,
                                float *pack, int64_t width);

#endif
