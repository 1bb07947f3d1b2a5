/*
 * product.h - a convolution as a matrix product: what `pointwise` and `tiled` have in common.
 *
 *     out (m, n) = weights (m, k) * columns (k, n)      per image and group
 *
 * Small maps lie deep, large ones wide (gemm.h). How the columns come about, and how m, n and k are cut, is the
 * algorithm's own.
 */
#ifndef CR_KERNELS_PRODUCT_H
#define CR_KERNELS_PRODUCT_H

#include "kernels/conv.h"
#include "kernels/gemm.h"

typedef struct cr_product {
    const cr_conv *conv;
    const cr_conv_buffers *buffers;
    const cr_gemm_layout *layout;
    int64_t m, n, k; // of a group
    int64_t panels;
    size_t pack_bytes; // of a group
} cr_product;

// buffers: NULL before there are any.
cr_product cr_product_of(const cr_conv *conv, const cr_conv_buffers *buffers);
bool cr_product_is_deep(const cr_conv *conv);
// Positions that blocks should be a multiple of.
int64_t cr_product_unit(const cr_conv *conv);

// For rows of cr_conv_algorithm: the pack of all groups.
size_t cr_product_pack_bytes(const cr_conv *conv);
int cr_product_pack_kind(const cr_conv *conv);
void cr_product_pack(const cr_conv *conv, const float *weights, void *to);
int64_t cr_product_pack_unit(const cr_conv *conv);
void cr_product_pack_rows(const cr_conv *conv, const float *weights, int64_t first, int64_t n, void *to);

// All channels of a group, positions from `position` on; columns, n and panels are the caller's. The block points
// at *epilogue, which is filled for it.
cr_gemm_block cr_product_block(const cr_product *p, cr_epilogue *epilogue, int64_t image, int64_t group,
                               int64_t position);

#endif
