/*
 * gemm_pack.c - panels of weights, by transposing squares.
 *
 *     weights, a row for each channel       panel, a row for each product
 *     c0: w0 w1 w2 ..                       w0: c0 c1 c2 ..
 *     c1: w0 w1 w2 ..               -->     w1: c0 c1 c2 ..
 *
 * Loading a net waits for this: squares are read and written line by line, where single floats would be scattered.
 */
#include "kernels/gemm_pack.h"

enum { MOST_LANES = 32 }; // of a panel, in whole vectors

// x * scale, lane by lane, each rounded once.
CR_INLINE cr_vf scaled(cr_vf x, const double *scale)
{
    float lane[CR_VECTOR];
    cr_store(lane, x);
    for (int i = 0; i < CR_VECTOR; i++)
        lane[i] = (float)(lane[i] * scale[i]);
    return cr_load(lane);
}

void CR_ISA(cr_gemm_pack_panel)(const float *weights, const double *scale, int64_t rows, int64_t k,
                                float *pack, int64_t width)
{
    double by[MOST_LANES];
    for (int64_t r = 0; r < MOST_LANES; r++)
        by[r] = scale && r < rows ? scale[r] : 1;
    for (int64_t p = 0; p < k; p += CR_VECTOR)
        for (int64_t r = 0; r < width; r += CR_VECTOR) {
            cr_vf x[CR_VECTOR];
            int64_t n = k - p < CR_VECTOR ? k - p : CR_VECTOR;
            int64_t lanes = width - r < CR_VECTOR ? width - r : CR_VECTOR;
            for (int64_t i = 0; i < CR_VECTOR; i++)
                x[i] = r + i < rows ? cr_load_some(weights + (r + i) * k + p, n) : (cr_vf){0};
            cr_transpose(x);
            for (int64_t i = 0; i < n; i++)
                cr_store_some(pack + (p + i) * width + r, scale ? scaled(x[i], by + r) : x[i], lanes);
        }
}
