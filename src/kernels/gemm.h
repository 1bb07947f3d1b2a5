/*
 * gemm.h - the matrix product of one ISA level: what the convolution algorithms and InnerProduct are made of.
 */
#ifndef CR_KERNELS_GEMM_H
#define CR_KERNELS_GEMM_H

#include "kernels/kernels.h"

#include <stdbool.h>
#include <stdint.h>

// One register tile: C[i][j] (+)= sum over p of a[p * a_step + i] * b[p * b_step + j].
typedef struct cr_gemm_tile {
    int rows, vectors; // 1 <= rows <= tile_rows, vectors 1 or 2: columns by the vector
    int64_t k;
    const float *a, *b;
    int64_t a_step, b_step;
    float *c; // rows of whole vectors, c_step floats apart
    int64_t c_step;
    bool add; // to what stands in c
} cr_gemm_tile;

typedef struct cr_gemm_kernels {
    int tile_rows;
    // a, b and c need 4-byte alignment; all vectors of b and c must be readable, and c must overlap neither.
    void (*tile)(const cr_gemm_tile *tile);
} cr_gemm_kernels;

#endif
