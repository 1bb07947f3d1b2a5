/*
 * blas.h - single-precision matrix products. blas.c is the only file that knows <cblas.h>.
 *
 * Products are cut into blocks of C whose borders depend on the sizes alone, and each block is one serial
 * sgemm: the same bits for any number of threads.
 */
#ifndef CR_KERNELS_BLAS_H
#define CR_KERNELS_BLAS_H

#include "base/parallel.h"
#include <stdbool.h>

typedef struct cr_gemm {
    bool trans_a, trans_b;
    int64_t m, n, k;
    int64_t lda, ldb, ldc;
    const float *a, *b;
    float *c; // row-major: C (m, n) = A (m, k) * B (k, n) + beta * C
    float alpha, beta;
} cr_gemm;

void cr_sgemm(const cr_gemm *gemm, cr_pool *pool);

#endif
