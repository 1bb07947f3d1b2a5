/*
 * direct.h - the loops of convolutions with few input channels, on a strip (strip.h): some output lines.
 *
 *     for each of the k products (channel, tap), what one output reads lies beside what the next one reads:
 *
 *     strip  [. . . . . . . . . . . .]        plain    vector of positions * each of 16 weights
 *               ^ rows[p] + position          blocked  vector of 16 weights * each of some positions
 *
 * One pack serves both: panels of 16 output channels, (k, 16) each, with zeros behind the last channel. What is a
 * vector decides how the tile of sums lies in registers, and it is what the output wants: nothing is transposed.
 */
#ifndef CR_KERNELS_DIRECT_H
#define CR_KERNELS_DIRECT_H

#include "kernels/epilogue.h"
#include "kernels/kernels.h"

#include <stdbool.h>

// One panel of output channels, on a strip.
typedef struct cr_direct_block {
    const float *strip;  // 64 bytes behind it must be readable
    const int64_t *rows; // (k): where position 0 of each product is
    int64_t k;
    int64_t lines, line, pitch; // position (y, x) of `lines` lines is at y * pitch + x
    const float *weights;       // (k, 16)
    int64_t channels;           // 1 to 16; blocked: 16
    // Of the first channel and the first position.
    const float *bias; // per channel; NULL: none
    const float
        *factor; // PARTIAL, per position, 64 bytes readable behind: sum * factor + bias, or 0 where it is 0
    float *out;  // lines without gaps; plain: channels out_step apart
    int64_t out_step;
    const cr_epilogue *epilogue; // `add` lies as out, and may be out
} cr_direct_block;

typedef struct cr_direct_kernels {
    void (*plain)(const cr_direct_block *block);
    void (*blocked)(const cr_direct_block *block);
} cr_direct_kernels;

#endif
