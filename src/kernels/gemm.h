/*
 * gemm.h - the matrix product of one ISA level: what convolutions are made of.
 *
 *     out (m, n) = weights (m, k) * columns (k, n)         m output channels, n positions
 *
 * The register tile is a few rows by two vectors. A product can lie on it in two ways, each with a pack of its
 * own, made of panels, (k, width) each:
 *
 *   wide   rows are channels, vectors run along positions: large maps
 *          a panel has up to tile_rows channels; all panels have the same number, or one less
 *   deep   rows are positions, vectors run along channels: small maps, and activations in blocks of channels
 *          a panel has two vectors of channels; the last one has one, or on v4 one and a half, if that is enough,
 *          with zeros
 *          plain outputs are transposed when they are stored
 *
 * Sums run over k in order from 0, one multiply-add at a time, starting with the bias: every way of cutting
 * m, n and k gives the same bits, in both orientations.
 */
#ifndef CR_KERNELS_GEMM_H
#define CR_KERNELS_GEMM_H

#include "base/tensor.h"
#include "kernels/epilogue.h"
#include "kernels/kernels.h"

#include <stdbool.h>
#include <stddef.h>

enum { CR_GEMM_STARTS = 2 };

typedef struct cr_gemm_block {
    int64_t m, depth;               // channels, and products of each, of the whole pack
    int64_t panel_begin, panel_end; // at work
    int64_t k_begin, k_end;         // at work; `columns` starts with row k_begin
    int64_t n;                      // positions at work
    const float *weights;           // the pack
    const float *columns;           // rows column_step apart; wide: 64 bytes behind the last must be readable
    int64_t column_step;
    // deep: activations lie in blocks of CR_BLOCK channels (base/tensor.h). column_step and out_step are then from one
    // block to the next; k_begin and the panels' channels are multiples of CR_BLOCK.
    bool in_blocked, out_blocked;
    // wide: where each row of columns starts, instead of column_step; NULL: not so.
    const int64_t *rows;
    // wide: positions lie in lines of so many, which stand `pitch` apart in columns; pitch 0: side by side.
    int64_t line, pitch;
    // Of channel 0 and the first position at work. Output rows are out_step apart.
    const float *bias; // per channel; NULL: none
    float *out;
    int64_t out_step;
    const float
        *factor; // PARTIAL, per position, 64 bytes readable behind: sum * factor + bias, or 0 where it is 0
    // Where sums wait between parts of k, gemm->partial_floats() long; not touched when all of k is at work.
    float *partial;
    // deep, all of k at work, perhaps none: sums start with those of such buffers added to the bias, and end in another
    // one (or in one of them) instead of `out`. Panels at work, tiles of `cut` positions (0: n) of which n are at work.
    const float *starts[CR_GEMM_STARTS];
    int n_starts;
    float *sums; // NULL: to out
    int64_t cut;
    const cr_epilogue *epilogue; // add: as out, with out_step
} cr_gemm_block;

typedef struct cr_gemm_layout {
    int64_t (*panels)(int64_t m);
    size_t (*pack_bytes)(int64_t m, int64_t k);
    // weights (m, k), each row multiplied by its scale (NULL: 1). Packs need 4-byte alignment; 64 is faster.
    void (*pack)(const float *weights, const double *scale, int64_t m, int64_t k, float *pack);
    int64_t (*partial_floats)(int64_t panels, int64_t n);
    // out must overlap nothing else, except that residual may be out.
    void (*run)(const cr_gemm_block *block);
} cr_gemm_layout;

typedef struct cr_gemm_kernels {
    int tile_rows;
    cr_gemm_layout wide, deep;
    // wide.pack of a matrix (k, m) whose rows are `step` apart.
    void (*wide_pack_transposed)(const float *weights, int64_t m, int64_t k, int64_t step, float *pack);
} cr_gemm_kernels;

#endif
