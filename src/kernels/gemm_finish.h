/*
 * gemm_finish.h - from sums to outputs outside of the register tile, for files in kernels/isa/ only.
 *
 * Sums lie as tiles do, (positions, CR_TILE_WIDTH channels). On their way to plain outputs they are transposed first.
 * All of a block's epilogue is applied, PARTIAL's factors and the bias behind them included.
 */
#ifndef CR_KERNELS_GEMM_FINISH_H
#define CR_KERNELS_GEMM_FINISH_H

#include "kernels/gemm_tile.h"

// What a register tile can do by itself.
static inline bool cr_gemm_is_simple(const cr_epilogue *e)
{
    return e->activation == CR_ACT_NONE || e->activation == CR_ACT_CLIP ||
           (e->activation == CR_ACT_RELU && e->slope == 0);
}

// Where a channel's value of a position is in blocked outputs.
static inline int64_t cr_gemm_blocked_at(const cr_gemm_block *b, int64_t channel, int64_t position)
{
    return channel / CR_BLOCK * b->out_step + position * CR_BLOCK + channel % CR_BLOCK;
}

// What the tile itself clamps sums to.
static inline void cr_gemm_set_clamp(const cr_epilogue *e, cr_gemm_tile *t)
{
    t->floor = e->activation != CR_ACT_NONE;
    t->ceiling = e->activation == CR_ACT_CLIP;
    if (t->ceiling) {
        t->min = e->min;
        t->max = e->max;
    }
}

// A tile (rows, CR_TILE_WIDTH) to (CR_TILE_WIDTH, ...), `step` apart: whole vectors are written, so what stands behind
// the rows is lost.
void CR_ISA(cr_gemm_transpose)(const float *from, int64_t rows, int vectors, float *to, int64_t step);
// Plain outputs: n sums of each of the channels from `channel` on, for the positions from `position` on.
void CR_ISA(cr_gemm_finish_rows)(const cr_gemm_block *b, int64_t channel, int64_t channels, int64_t position,
                                 int64_t n, const float *sums, int64_t step);
// Blocked outputs: a tile of sums.
void CR_ISA(cr_gemm_finish_blocked)(const cr_gemm_block *b, int64_t channel, int vectors, int64_t position,
                                    int64_t rows, const float *sums);

#endif
