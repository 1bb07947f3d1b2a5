/*
 * pairs_record.h - how long records of columns are (pairs.h), for files in kernels/isa/ only.
 */
#ifndef CR_KERNELS_PAIRS_RECORD_H
#define CR_KERNELS_PAIRS_RECORD_H

#include "kernels/gemm_tile.h"
#include "kernels/pairs.h"

enum { CR_PAIRS_RECORD_BLOCK = (int)CR_BLOCK * CR_PAIRS_ROWS }; // floats of a block of channels

// Behind a record that is not blocked, so much is written at most.
CR_INLINE int64_t cr_pairs_record_floats(int64_t k, int64_t positions)
{
    return (CR_PAIRS_HEAD + k * positions + 2 * CR_BLOCK - 1) / CR_BLOCK * CR_BLOCK;
}

float CR_ISA(cr_pairs_squares)(const float *from, int64_t n, int64_t step);
void CR_ISA(cr_pairs_wide_columns)(const cr_pairs_columns *c);
void CR_ISA(cr_pairs_deep_columns)(const cr_pairs_columns *c);

#endif
