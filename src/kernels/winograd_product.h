/*
 * winograd_product.h - the products of winograd.c, one table of them per ISA level: y = v * u for one point.
 *
 *     v (blocks, tiles, lanes)     a block is `lanes` input channels; one is a tile's part of it
 *     u (channels, width)          and for pairs one row more: the weights' sums
 *     y (tiles, width)
 *
 * Pairs: Winograd had two tricks. This is that of 1968, which halves the multiplications of an inner product:
 *
 *     a1 b1 + a2 b2 = (a1 + b2) (a2 + b1) - a1 a2 - b1 b2
 *
 * What is subtracted is summed up once per column of u and once per tile. isa/winograd_product.c says which channels
 * are pairs. a and b must be of about the same size, or the sums lose what the products need. pairs.h has the same for
 * other convolutions.
 */
#ifndef CR_KERNELS_WINOGRAD_PRODUCT_H
#define CR_KERNELS_WINOGRAD_PRODUCT_H

#include <stdint.h>

typedef struct cr_winograd_product {
    int64_t tiles, channels;
    int64_t block_step; // floats from one block of channels to the next in v
    int64_t y_step;     // floats from one tile to the next in y
    int vectors;        // 1 or 2: the width of u, in vectors
    const float *sums;  // of pairs: by tile
} cr_winograd_product;

typedef struct cr_winograd_product_kernels {
    // y, aligned to `lanes` floats, all of them.
    void (*product)(const cr_winograd_product *product, const float *v, const float *u, float *y);
    // The same by pairs; NULL: this level has none. Tiles of zeros give zeros.
    void (*pairs)(const cr_winograd_product *product, const float *v, const float *u, float *y);
    // The weights' sums of pairs: the last row of u from the others. channels, vectors: as in cr_winograd_product.
    void (*weight_sums)(int64_t channels, int vectors, float *u);
    // The tiles' sums of pairs.
    void (*tile_sums)(const cr_winograd_product *product, const float *v, float *sums);
} cr_winograd_product_kernels;

#endif
