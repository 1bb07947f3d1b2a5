/*
 * dot.h - inner products of stored rows: InnerProduct, and convolutions of which one window is the whole image.
 */
#ifndef CR_KERNELS_DOT_H
#define CR_KERNELS_DOT_H

#include "kernels/epilogue.h"
#include "kernels/kernels.h"

#include <stdbool.h>

// y[i][j] = sum over p of w[i][p] * x[j][p] (+ bias[i]): rows of both lie along the sum. Nothing is read past rows.
typedef struct cr_dot_product {
    int64_t m, n, k;
    const float *w, *x;
    int64_t w_step, x_step;
    const float *bias; // (m) or NULL
    float *y;          // y[i][j] at y[i + j * y_step]
    int64_t y_step;
    bool add;                    // to what stands in y; then bias is not looked at
    const cr_epilogue *epilogue; // for cr_dot; channels are rows, images columns; NULL: none
} cr_dot_product;

typedef struct cr_dot_kernels {
    void (*run)(const cr_dot_product *dot); // y must overlap nothing else; without the epilogue
} cr_dot_kernels;

// The same on all threads. add must be false.
void cr_dot(const cr_kernels *kernels, const cr_dot_product *dot, cr_pool *pool);

#endif
