/*
 * pairs.h - matrix products by Winograd's inner product (S. Winograd, 1968): for two multiply-adds one, and two additions.
 *
 *     a1 b1 + a2 b2 = (a1 + b2) (a2 + b1) - a1 a2 - b1 b2
 *
 * a: weights of a channel, b: what a position has. Sums of a1 a2 belong to a channel, those of b1 b2 to a position: both
 * are made once, and sums start with them. Of three products two are done so and the third as always: then adders and
 * multipliers have the same work, where they stand side by side (cr_kernels.adds_beside), and three products take the
 * time of two.
 *
 * What it costs is accuracy: b1 b2 is added and taken away again. So that these sums stay small,
 *   - a and b are brought to about the same size, by powers of two: weights when they are packed, row by row; columns
 *     when they are copied, by a scale that is the caller's
 *   - every second pair is done with differences, (a1 - b2) (a2 - b1), which changes the sign of what has to go: sums of
 *     positive values do not grow.
 * Where a position has values that are far larger than the scale says, or infinite, all products of its tile are done
 * as always.
 *
 * As in gemm.h, a product lies wide (rows of a tile are channels) or deep (rows are positions). Columns are copied to
 * records, one for each tile of positions, as long as there is work with them:
 *
 *     -b1 b2 of each position | 1 / scale, whether it is plain | (k, positions), or blocks of (positions, CR_BLOCK)
 *
 * and a pack is made of panels:
 *
 *     -a1 a2 of each channel | 1 / scale of each channel | (k, channels)
 *
 * In a block of 16 products those 3i and 3i + 1 are pairs; the last one, and those behind the last block, are alone.
 */
#ifndef CR_KERNELS_PAIRS_H
#define CR_KERNELS_PAIRS_H

#include "kernels/gemm.h"

// The head of a record, in floats.
enum { CR_PAIRS_UNSCALE = 2 * CR_BLOCK, CR_PAIRS_PLAIN, CR_PAIRS_HEAD = 3 * CR_BLOCK };

// The columns of one tile.
typedef struct cr_pairs_columns {
    const float *from; // the first channel, or block of channels; what is behind it is `step` apart
    int64_t step, k;
    bool blocked;      // deep only
    const int32_t *at; // where each of the positions stands, from `from` on
    int64_t n;         // positions
    float scale;
    float *record;
} cr_pairs_columns;

// A product of columns that are in records: tiles [tile_begin, tile_end) of those that n positions have.
typedef struct cr_pairs_block {
    // columns: the records of these tiles, column_step apart; n: all positions, of which the first is the first of `out`.
    // k is not cut, and there is no factor.
    cr_gemm_block g;
    int64_t tile_begin, tile_end;
} cr_pairs_block;

typedef struct cr_pairs_layout {
    int64_t panel; // channels, of all but the last one
    size_t (*pack_bytes)(int64_t m, int64_t k);
    void (*pack)(const float *weights, const double *scale, int64_t m, int64_t k,
                 float *pack); // as cr_gemm_layout's
    int64_t (*tiles)(int64_t n);
    int64_t (*position)(int64_t n, int64_t tile); // the first one of a tile of those that n positions have
    int64_t (*record_floats)(int64_t k);
    void (*columns)(const cr_pairs_columns *c);
    void (*run)(const cr_pairs_block *b);
} cr_pairs_layout;

typedef struct cr_pairs_kernels {
    // The sum of squares of n lines of 16 floats, `step` floats apart.
    float (*squares)(const float *from, int64_t n, int64_t step);
    cr_pairs_layout wide, deep;
} cr_pairs_kernels;

// What the sum of a channel or position starts with, of its values p and p + 1 of k: this times their product. 0: they are
// no pair. The signs of every second block are the others.
static inline float cr_pairs_sign(int64_t p, int64_t k)
{
    static const float signs[CR_BLOCK] = {-1, 0, 0, 1, 0, 0, -1, 0, 0, 1, 0, 0, -1};
    int64_t block = p / CR_BLOCK;
    float sign = block < k / CR_BLOCK ? signs[p % CR_BLOCK] : 0;
    return block % 2 != 0 ? -sign : sign;
}

#endif
