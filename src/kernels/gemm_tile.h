/*
 * gemm_tile.h - the register tile of a matrix product, for files in kernels/isa/ only.
 *
 *            b: 2 vectors           every step of k: 2 loads, and per row a broadcast from memory
 *            [........][........]   and 2 multiply-adds
 *   a: rows
 *      *     [........][........]   the tile stays in registers: 28 of 32 with 512-bit vectors,
 *      *     [........][........]   12 of 16 with the older levels
 *      *     [........][........]
 *
 * What is simple is done to the sums in registers: bias (they start with it), PARTIAL's factors, residual, ReLU, Clip.
 *
 * While a tile is at work, lines are prefetched, with each step of k: those that a later tile reads, and those of one
 * row of the tile's own outputs. (All outputs at once would hold up the loads; none, the stores of the next tile.)
 */
#ifndef CR_KERNELS_GEMM_TILE_H
#define CR_KERNELS_GEMM_TILE_H

#include "kernels/gemm.h"
#include "kernels/simd.h"

// CR_TILE_HALVES: there are tiles of one and a half vectors; a multiply-add of half a vector takes half the time there.
#if defined(__AVX512F__)
#define CR_TILE_ROWS 14
#define CR_TILE_HALVES 1
#define CR_PAIRS_ROWS 12
#elif defined(__aarch64__)
#define CR_TILE_ROWS 12
#define CR_TILE_HALVES 0
#define CR_PAIRS_ROWS 4
#else
#define CR_TILE_ROWS 6
#define CR_TILE_HALVES 0
#define CR_PAIRS_ROWS 4
#endif

enum {
    CR_LINE = 16, // floats
    CR_TILE_VECTORS = 2,
    CR_TILE_WIDTH = CR_TILE_VECTORS * CR_VECTOR,
    CR_HALF_VECTOR = CR_VECTOR / 2
};

typedef struct cr_gemm_tile {
    int64_t k, a_step, b_step;
    const float *a, *b;  // a[p * a_step + row], b[p * b_step + column]
    const int64_t *rows; // or b[rows[p] + column]
    const float *bias;   // per row: what the sums start with; NULL: with the row of `begin`
    const float *begin;  // (rows, CR_TILE_WIDTH), or one row for all: begin_step is 0
    int64_t begin_step;
    const float *starts[CR_GEMM_STARTS]; // (rows, CR_TILE_WIDTH): added to that
    int n_starts;
    float *sums;           // (rows, CR_TILE_WIDTH)
    float *out;            // where finished sums go; NULL: to `sums`
    const float *residual; // as out; may be NULL
    const float *ahead;    // prefetched: one line for each step of k, ahead_step apart
    int64_t ahead_step;
    // Outputs of this tile or of its neighbours, prefetched: one row with each step of k.
    const float *fetch;
    int64_t fetch_rows, fetch_row, fetch_vector;
    int64_t out_row, out_vector; // steps in out from a row to the next, from a vector to the next
    bool floor, ceiling;         // clamp to min, max
    float min, max;
    // Pairs: what finished sums are multiplied by, and for all, before `shift` is added; per row where the tile lies wide,
    // per column where it lies deep.
    const float *unscale, *shift;
    float unscale_all;
    const float *factor;    // PARTIAL: per position of out; NULL: none
    const float *late_bias; // per row: added to what was multiplied by it
} cr_gemm_tile;

// [rows - 1][whether rows of a are CR_BLOCK apart, not 1][half vectors of b - 2]: a function for every size.
extern void (*const CR_ISA(cr_gemm_tiles)[CR_TILE_ROWS][2][2 * CR_TILE_VECTORS - 1])(const cr_gemm_tile *t);

// Pairs (pairs.h): sums start with `bias` and `begin` both. Rows of a stand CR_PAIRS_ROWS apart, or as blocks of them have
// them. Functions for every size: [rows - 1][CR_PAIRS_WIDE ..][vectors - 1]
enum { CR_PAIRS_WIDE, CR_PAIRS_DEEP, CR_PAIRS_DEEP_BLOCKED, CR_PAIRS_TILES };
extern void (*const CR_ISA(cr_pairs_tiles)[CR_PAIRS_ROWS][CR_PAIRS_TILES][CR_TILE_VECTORS])(
    const cr_gemm_tile *t);

#endif
