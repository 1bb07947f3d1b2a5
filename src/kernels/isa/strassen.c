/*
 * strassen.c - sums of rows: of the columns when a convolution runs, of the weights when they are packed.
 */
#include "kernels/strassen.h"
#include "kernels/simd.h"

typedef struct quarters {
    cr_vf b11, b12, b21, b22;
} quarters;

CR_INLINE void add(const cr_strassen_rows *r, int64_t at, const quarters *q)
{
    cr_vf t1 = q->b12 - q->b11, t2 = q->b22 - t1;
    cr_store(r->t1 + at, t1);
    cr_store(r->t2 + at, t2);
    cr_store(r->t3 + at, q->b22 - q->b12);
    cr_store(r->t4 + at, t2 - q->b21);
}

// Lanes that are there, of n from i on.
CR_INLINE cr_vf load_end(const float *from, int64_t i, int64_t n)
{
    if (i >= n)
        return (cr_vf){0};
    return cr_load_some(from + i, n - i < CR_VECTOR ? n - i : CR_VECTOR);
}

static void columns(const cr_strassen_rows *r)
{
    for (int64_t row = 0; row < r->rows; row++) {
        const float *b11 = r->b11 + row * r->b_step, *b12 = r->b12 + row * r->b_step;
        const float *b21 = r->b21 + row * r->b_step, *b22 = r->b22 + row * r->b_step;
        int64_t i = 0, at = row * r->t_step;
        for (; i + CR_VECTOR <= r->n_second; i += CR_VECTOR) {
            quarters q = {cr_load(b11 + i), cr_load(b12 + i), cr_load(b21 + i), cr_load(b22 + i)};
            add(r, at + i, &q);
        }
        for (; i < r->n; i += CR_VECTOR) {
            quarters q = {load_end(b11, i, r->n), load_end(b12, i, r->n_second), load_end(b21, i, r->n),
                          load_end(b22, i, r->n_second)};
            add(r, at + i, &q);
        }
    }
}

static void weights(const float *from, double times, int64_t n, double *sum)
{
    for (int64_t i = 0; i < n; i++)
        sum[i] += times * (double)from[i];
}

extern const cr_strassen_kernels CR_ISA(cr_strassen_kernels);
const cr_strassen_kernels CR_ISA(cr_strassen_kernels) = {.columns = columns, .weights = weights};
