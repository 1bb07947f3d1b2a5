/*
 * table.c - the table of one ISA level, and of others that have its functions: see table_zen4.c.
 */
#include "kernels/kernels.h"
#include "kernels/simd.h"

#ifndef CR_TABLE
#define CR_TABLE CR_ISA_LEVEL
#define CR_ADDS_BESIDE false
#endif

extern const struct cr_direct_kernels CR_ISA(cr_direct_kernels);
extern const struct cr_dot_kernels CR_ISA(cr_dot_kernels);
extern const struct cr_epilogue_kernels CR_ISA(cr_epilogue_kernels);
extern const struct cr_fft_kernels CR_ISA(cr_fft_kernels);
extern const struct cr_depthwise_kernels CR_ISA(cr_depthwise_kernels);
extern const struct cr_depthwise_blocked_kernels CR_ISA(cr_depthwise_blocked_kernels);
extern const struct cr_gemm_kernels CR_ISA(cr_gemm_kernels);
extern const struct cr_interleave_kernels CR_ISA(cr_interleave_kernels);
extern const struct cr_winograd_kernels CR_ISA(cr_winograd_kernels);
extern const struct cr_winograd_product_kernels CR_ISA(cr_winograd_product_kernels);
extern const struct cr_gather_kernels CR_ISA(cr_gather_kernels);
extern const struct cr_probe_kernels CR_ISA(cr_probe_kernels);
extern const struct cr_pooling_kernels CR_ISA(cr_pooling_kernels);
extern const struct cr_pooling_strip_kernels CR_ISA(cr_pooling_strip_kernels);
extern const struct cr_lrn_kernels CR_ISA(cr_lrn_kernels);
extern const struct cr_softmax_kernels CR_ISA(cr_softmax_kernels);
extern const struct cr_pairs_kernels CR_ISA(cr_pairs_kernels);
extern const struct cr_strassen_kernels CR_ISA(cr_strassen_kernels);
extern const struct cr_unary_kernels CR_ISA(cr_unary_kernels);

extern const cr_kernels CR_ISA_EXPAND(cr_kernels, CR_TABLE);
const cr_kernels CR_ISA_EXPAND(cr_kernels, CR_TABLE) = {
    .name = CR_TEXT(CR_TABLE),
    .vector = CR_VECTOR,
    .adds_beside = CR_ADDS_BESIDE,
    .gemm = &CR_ISA(cr_gemm_kernels),
    .direct = &CR_ISA(cr_direct_kernels),
    .dot = &CR_ISA(cr_dot_kernels),
    .epilogue = &CR_ISA(cr_epilogue_kernels),
    .winograd = &CR_ISA(cr_winograd_kernels),
    .winograd_product = &CR_ISA(cr_winograd_product_kernels),
    .fft = &CR_ISA(cr_fft_kernels),
    .depthwise = &CR_ISA(cr_depthwise_kernels),
    .depthwise_blocked = &CR_ISA(cr_depthwise_blocked_kernels),
    .interleave = &CR_ISA(cr_interleave_kernels),
    .gather = &CR_ISA(cr_gather_kernels),
    .probe = &CR_ISA(cr_probe_kernels),
    .pooling = &CR_ISA(cr_pooling_kernels),
    .pooling_strips = &CR_ISA(cr_pooling_strip_kernels),
    .lrn = &CR_ISA(cr_lrn_kernels),
    .softmax = &CR_ISA(cr_softmax_kernels),
    .pairs = &CR_ISA(cr_pairs_kernels),
    .strassen = &CR_ISA(cr_strassen_kernels),
    .unary = &CR_ISA(cr_unary_kernels),
};
