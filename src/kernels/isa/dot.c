/*
 * dot.c - inner products of rows: vectors run along the sum.
 *
 *        x: columns   [....................]      a block keeps rows * columns vectors of sums and goes along
 *     w: rows         [....................]      all rows at once; at the end each is one lane of a square of
 *                     [....................]      vectors, which is transposed and added up
 *
 * One column: memory sets the pace. Four rows at a time are as many streams as any prefetcher follows.
 */
#include "kernels/dot.h"
#include "kernels/simd.h"

// CR_REGISTERS 32: 4 x 4 sums and 8 operands. 16: 2 x 4 and 6.
enum { DOT_ROWS = CR_REGISTERS / 8, DOT_COLUMNS = 4 };

// y of a block: the lanes of each sum, a square of vectors at a time.
static void finish(const cr_dot_product *d, int64_t i0, int64_t j0, int rows, int n, const cr_vf *sum)
{
    for (int first = 0; first < n; first += CR_VECTOR) {
        cr_vf row[CR_VECTOR], total = {0};
        float lane[CR_VECTOR];
        CR_UNROLL
        for (int i = 0; i < CR_VECTOR; i++)
            row[i] = first + i < n ? sum[first + i] : (cr_vf){0};
        cr_transpose(row);
        CR_UNROLL
        for (int i = 0; i < CR_VECTOR; i++)
            total += row[i];
        cr_store(lane, total);
        for (int i = first; i < n && i < first + CR_VECTOR; i++) {
            int64_t row_at = i0 + i % rows;
            float *y = &d->y[row_at + (j0 + i / rows) * d->y_step];
            *y = lane[i - first] + (d->add ? *y : d->bias ? d->bias[row_at] : 0);
        }
    }
}

CR_INLINE void block(const cr_dot_product *d, int64_t i0, int64_t j0, const int rows, const int columns)
{
    cr_vf sum[DOT_COLUMNS * DOT_ROWS];
    const float *w = d->w + i0 * d->w_step, *x = d->x + j0 * d->x_step;
    int64_t p = 0;
    CR_UNROLL
    for (int i = 0; i < rows * columns; i++)
        sum[i] = (cr_vf){0};
    for (; p + CR_VECTOR <= d->k; p += CR_VECTOR) {
        cr_vf value[DOT_COLUMNS];
        CR_UNROLL
        for (int j = 0; j < columns; j++)
            value[j] = cr_load(x + j * d->x_step + p);
        CR_UNROLL
        for (int i = 0; i < rows; i++) {
            cr_vf weight = cr_load(w + i * d->w_step + p);
            CR_UNROLL
            for (int j = 0; j < columns; j++)
                sum[j * rows + i] += weight * value[j];
        }
    }
    if (p < d->k) {
        CR_UNROLL
        for (int i = 0; i < rows; i++) {
            cr_vf weight = cr_load_some(w + i * d->w_step + p, d->k - p);
            CR_UNROLL
            for (int j = 0; j < columns; j++)
                sum[j * rows + i] += weight * cr_load_some(x + j * d->x_step + p, d->k - p);
        }
    }
    finish(d, i0, j0, rows, rows * columns, sum);
}

CR_INLINE void rows_of(const cr_dot_product *d, int64_t i, const int rows)
{
    int64_t j = 0;
    for (; j + DOT_COLUMNS <= d->n; j += DOT_COLUMNS)
        block(d, i, j, rows, DOT_COLUMNS);
    switch (d->n - j) {
    case 3:
        block(d, i, j, rows, 3);
        break;
    case 2:
        block(d, i, j, rows, 2);
        break;
    case 1:
        block(d, i, j, rows, 1);
        break;
    }
}

static void run(const cr_dot_product *d)
{
    int64_t i = 0;
    for (; i + DOT_ROWS <= d->m; i += DOT_ROWS)
        rows_of(d, i, DOT_ROWS);
    for (; i < d->m; i++)
        rows_of(d, i, 1);
}

extern const cr_dot_kernels CR_ISA(cr_dot_kernels);
const cr_dot_kernels CR_ISA(cr_dot_kernels) = {.run = run};
