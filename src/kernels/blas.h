/*
 * blas.h - single-precision matrix products. blas.c is the only file that knows <cblas.h>.
 *
 * Products are cut into blocks of C whose borders depend on the sizes alone, and each block is one serial
 * sgemm: the same bits for any number of threads. Any thread may call, also while others do.
 */
#ifndef CR_KERNELS_BLAS_H
#define CR_KERNELS_BLAS_H

#include "base/parallel.h"
#include <stdbool.h>

// Row-major: C (m, n) = alpha * A (m, k) * B (k, n) + beta * C. With beta 0, what stood in C does not count.
// trans_a: A lies in memory as (k, m); trans_b: B lies as (n, k). ld*: floats from one row in memory to the next.
typedef struct cr_gemm {
    bool trans_a, trans_b;
    int64_t m, n, k;
    int64_t lda, ldb, ldc;
    const float *a, *b;
    float *c;
    float alpha, beta;
} cr_gemm;

void cr_sgemm(const cr_gemm *gemm, cr_pool *pool);

// Makes the library allocate its buffers for every thread of the pool now, not in the first product.
cr_status cr_blas_warm_up(cr_pool *pool, cr_err *err);

#endif
