/*
 * gemm.c - the register tile of the matrix product.
 *
 *            b: 2 vectors           every step of k: 2 loads, and per row a broadcast from memory
 *            [........][........]   and 2 multiply-adds
 *   a: rows
 *      *     [........][........]   the tile stays in registers: 28 of 32 with 512-bit vectors,
 *      *     [........][........]   12 of 16 with the older levels
 *      *     [........][........]
 */
#include "kernels/gemm.h"
#include "kernels/simd.h"

#if defined(__AVX512F__)
#define TILE_ROWS 14
#elif defined(__aarch64__)
#define TILE_ROWS 12
#else
#define TILE_ROWS 6
#endif

enum { VECTORS = 2 };

CR_INLINE void run(const cr_gemm_tile *t, const int rows, const int vectors)
{
    cr_vf sum[TILE_ROWS][VECTORS];
    const float *a = t->a, *b = t->b;
    int64_t a_step = t->a_step, b_step = t->b_step;
    CR_UNROLL
    for (int i = 0; i < rows; i++) {
        CR_UNROLL
        for (int j = 0; j < vectors; j++)
            sum[i][j] = t->add ? cr_load(t->c + i * t->c_step + j * CR_VECTOR) : (cr_vf){0};
    }
    for (int64_t p = t->k; p > 0; p--) {
        cr_vf column[VECTORS];
        CR_UNROLL
        for (int j = 0; j < vectors; j++)
            column[j] = cr_load(b + j * CR_VECTOR);
        CR_UNROLL
        for (int i = 0; i < rows; i++) {
            CR_UNROLL
            for (int j = 0; j < vectors; j++)
                sum[i][j] += a[i] * column[j];
        }
        a += a_step;
        b += b_step;
    }
    CR_UNROLL
    for (int i = 0; i < rows; i++) {
        CR_UNROLL
        for (int j = 0; j < vectors; j++)
            cr_store(t->c + i * t->c_step + j * CR_VECTOR, sum[i][j]);
    }
}

// A function for every size, so that the sums have names and can be registers.
// clang-format off
#define TILE_1(r) static void CR_ISA(tile_##r##_1)(const cr_gemm_tile *t) { run(t, r, 1); }
#define TILE_2(r) static void CR_ISA(tile_##r##_2)(const cr_gemm_tile *t) { run(t, r, 2); }
TILE_1(1) TILE_1(2) TILE_1(3) TILE_1(4) TILE_1(5) TILE_1(6)
TILE_2(1) TILE_2(2) TILE_2(3) TILE_2(4) TILE_2(5) TILE_2(6)
#if TILE_ROWS > 6
TILE_1(7) TILE_1(8) TILE_1(9) TILE_1(10) TILE_1(11) TILE_1(12)
TILE_2(7) TILE_2(8) TILE_2(9) TILE_2(10) TILE_2(11) TILE_2(12)
#endif
#if TILE_ROWS > 12
TILE_1(13) TILE_1(14)
TILE_2(13) TILE_2(14)
#endif

#define PAIR(r) {CR_ISA(tile_##r##_1), CR_ISA(tile_##r##_2)}
static void (*const tiles[TILE_ROWS][VECTORS])(const cr_gemm_tile *t) = {
    PAIR(1), PAIR(2), PAIR(3), PAIR(4), PAIR(5), PAIR(6),
#if TILE_ROWS > 6
    PAIR(7), PAIR(8), PAIR(9), PAIR(10), PAIR(11), PAIR(12),
#endif
#if TILE_ROWS > 12
    PAIR(13), PAIR(14),
#endif
};
// clang-format on

static void tile(const cr_gemm_tile *t)
{
    tiles[t->rows - 1][t->vectors - 1](t);
}

extern const cr_gemm_kernels CR_ISA(cr_gemm_kernels);
const cr_gemm_kernels CR_ISA(cr_gemm_kernels) = {.tile_rows = TILE_ROWS, .tile = tile};
