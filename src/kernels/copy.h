/*
 * copy.h - copies between tensors of any strides: the whole work of Concat, Slice, Crop and Permute.
 *
 * A copy is a loop nest: per axis a length and how far one step goes in the source and in the target. Axes
 * that stay together are merged, rows that are contiguous on both sides go by memcpy, and where source and
 * target run along different axes the two are transposed in tiles.
 */
#ifndef CR_KERNELS_COPY_H
#define CR_KERNELS_COPY_H

#include "base/parallel.h"
#include "base/tensor.h"

typedef struct cr_copy {
    int rank;
    int64_t dim[CR_MAX_RANK];                             // target order: best with decreasing to_step
    int64_t from_step[CR_MAX_RANK], to_step[CR_MAX_RANK]; // from_step may be negative: the axis backwards
    const float *from;
    float *to; // no overlap with from; the very same place means that there is nothing to do
} cr_copy;

void cr_copy_run(const cr_copy *copy, cr_pool *pool);

// Floats from one entry of each axis to the next.
void cr_copy_steps(const cr_tensor *t, int64_t step[CR_MAX_RANK]);

#endif
