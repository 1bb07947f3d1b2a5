/*
 * strassen.h - the sums that Strassen's products are made of (strassen.c): of quarters of the columns, and of weights.
 */
#ifndef CR_KERNELS_STRASSEN_H
#define CR_KERNELS_STRASSEN_H

#include "kernels/kernels.h"

#include <stdint.h>

// Rows of the quarters of B, b_step apart, and of sums of them, t_step apart. They have n floats; those of B12 and B22
// have n_second, not more, and what they lack is 0.
typedef struct cr_strassen_rows {
    const float *b11, *b12, *b21, *b22;
    float *t1, *t2, *t3, *t4;
    int64_t rows, b_step, t_step, n, n_second;
} cr_strassen_rows;

typedef struct cr_strassen_kernels {
    // t1 = b12 - b11, t2 = b22 - t1, t3 = b22 - b12, t4 = t2 - b21. Whole vectors are written: t_step has room.
    void (*columns)(const cr_strassen_rows *rows);
    // sum[i] += times * from[i]
    void (*weights)(const float *from, double times, int64_t n, double *sum);
} cr_strassen_kernels;

#endif
