/*
 * dot.h - inner products of stored rows: InnerProduct, and convolutions of which one window is the whole image.
 */
#ifndef CR_KERNELS_DOT_H
#define CR_KERNELS_DOT_H

#include "base/parallel.h"
#include "kernels/gemm.h"

// gemm.h's dot on all threads. add must be false.
void cr_dot(const cr_kernels *kernels, const cr_gemm_dot *dot, cr_pool *pool);

#endif
