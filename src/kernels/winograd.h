/*
 * winograd.h - the hot loops of winograd.c, one table of them per ISA level.
 *
 * Between their two ends (interleave.h) all data are blocked by channels: `lanes` channels of one position stand side by side and
 * are one vector. Points are counted row by row: q = i * n + j for n points an axis; a tile of m outputs of a window
 * of t taps an axis has n = m + t - 1.
 *
 *     slab  (rows, columns, lanes)              one block of input channels, padded
 *     v     (n * n, blocks, tiles, lanes)       its transform; what the tiles' products read
 *     u     (n * n, channels, width)            the transform of the weights, for `width` output channels
 *     y     (n * n, tiles, width)               the products of both (winograd_product.h)
 *     strip (rows, columns, lanes)              one block of output channels of a row of tiles
 */
#ifndef CR_KERNELS_WINOGRAD_H
#define CR_KERNELS_WINOGRAD_H

#include <stdint.h>

enum { CR_WINOGRAD_MAX_POINTS = 8, CR_WINOGRAD_MAX_TAPS = 5 };

// The six points: 0, +-P, +-R and infinity; and their squares.
#define CR_WINOGRAD_P 0.70710678118654752440
#define CR_WINOGRAD_R 1.41421356237309504880
#define CR_WINOGRAD_P2 0.5
#define CR_WINOGRAD_R2 2.0

// Tiles of one kind. Those at the end of an axis may need fewer points than the others (winograd.c).
typedef struct cr_winograd_tiles {
    int points, taps;       // of the algorithm, per axis
    int height, width;      // outputs that are computed of each of these tiles: 2, 4 or 6
    unsigned rows, columns; // a bit for each point that they have, per axis
    int64_t count;          // tiles side by side
    int64_t q_step;         // floats from one point to the next, in v or y
    int64_t tile_step;      // floats from one tile to the next there
    unsigned everywhere;    // bits of the columns of points that all tiles have
    int64_t narrow_shift;   // floats by which points of other columns are stored earlier
    int64_t row_step;       // floats from one row to the next, in the slab or strip
} cr_winograd_tiles;

typedef struct cr_winograd_weights {
    int points, taps; // per axis
    double g[CR_WINOGRAD_MAX_POINTS][CR_WINOGRAD_MAX_TAPS];
    int64_t channels, outputs, output_step;
    const double *scale; // by output channel; NULL: 1
    int64_t width;       // lanes or 2 * lanes
    int64_t q_step;      // floats from one point to the next in u
} cr_winograd_weights;

typedef struct cr_winograd_kernels {
    int lanes; // floats in a vector; a full panel of u is 2 vectors wide
    // u of a panel. w: a row for each of `outputs` output channels, output_step apart, with the taps of all channels;
    // the panel has room for `width`, and what is left is 0. g: how much each tap counts at each point.
    void (*weights)(const cr_winograd_weights *weights, const float *w, float *u);
    // Tiles from the slab to v, left to right.
    void (*input)(const cr_winograd_tiles *tiles, const float *slab, float *v);
    // Tiles from y to the strip, left to right.
    void (*output)(const cr_winograd_tiles *tiles, const float *y, float *strip);
} cr_winograd_kernels;

#endif
