/*
 * kernels.h - the hot loops of one ISA level, as a table of functions.
 *
 *   src/kernels/isa/gemm.c --+-- -march=x86-64-v4 --> cr_gemm_kernels_v4 --+
 *                            +-- -march=x86-64-v3 --> cr_gemm_kernels_v3   +--> cr_kernels_v4
 *                            +-- ...                                       |
 *   src/kernels/isa/depthwise.c ...                                       --+
 *
 * Each file in isa/ is written once, in GNU C vector extensions (simd.h), and compiled once per level; each
 * such compile exports one const table, the struct that its header describes. isa/table.c joins them. A level
 * is chosen when a context is made, and reaches the kernels through the plan. zen4 has the functions of v4, for
 * processors that want other algorithms.
 *
 * A new family of kernels: isa/NAME.c, a header with its struct, a field below, a line in isa/table.c.
 */
#ifndef CR_KERNELS_KERNELS_H
#define CR_KERNELS_KERNELS_H

#include <stdbool.h>

struct cr_depthwise_kernels;
struct cr_depthwise_blocked_kernels;
struct cr_direct_kernels;
struct cr_dot_kernels;
struct cr_epilogue_kernels;
struct cr_fft_kernels;
struct cr_gather_kernels;
struct cr_gemm_kernels;
struct cr_interleave_kernels;
struct cr_probe_kernels;
struct cr_lrn_kernels;
struct cr_pairs_kernels;
struct cr_pooling_kernels;
struct cr_pooling_strip_kernels;
struct cr_softmax_kernels;
struct cr_strassen_kernels;
struct cr_unary_kernels;
struct cr_winograd_kernels;
struct cr_winograd_product_kernels;

typedef struct cr_kernels {
    const char *name; // "zen4", "v4", "v3", "v2", "neon"
    int vector;       // floats in one vector
    // Additions run beside multiply-adds, on units of their own: sums may be had for nothing.
    bool adds_beside;
    const struct cr_gemm_kernels *gemm;
    const struct cr_direct_kernels *direct;
    const struct cr_dot_kernels *dot;
    const struct cr_epilogue_kernels *epilogue;
    const struct cr_winograd_kernels *winograd;
    const struct cr_winograd_product_kernels *winograd_product;
    const struct cr_fft_kernels *fft;
    const struct cr_gather_kernels *gather;
    const struct cr_interleave_kernels *interleave;
    const struct cr_depthwise_kernels *depthwise;
    const struct cr_depthwise_blocked_kernels *depthwise_blocked;
    const struct cr_probe_kernels *probe; // measures the machine
    const struct cr_pooling_kernels *pooling;
    const struct cr_pooling_strip_kernels *pooling_strips;
    const struct cr_lrn_kernels *lrn;
    const struct cr_softmax_kernels *softmax;
    const struct cr_pairs_kernels *pairs;
    const struct cr_strassen_kernels *strassen;
    const struct cr_unary_kernels *unary;
} cr_kernels;

// All levels that were compiled, best first; NULL-ended. This CPU need not run all of them.
extern const cr_kernels *const cr_kernels_all[];

// The level of that name, or the best for NULL; NULL: *why says what is wrong.
const cr_kernels *cr_kernels_choose(const char *name, const char **why);

#endif
