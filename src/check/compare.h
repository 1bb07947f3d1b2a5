/*
 * compare.h - the values of a blob against the expected ones.
 */
#ifndef CR_CHECK_COMPARE_H
#define CR_CHECK_COMPARE_H

#include "base/tensor.h"
#include "check/manifest.h"

// All values of a blob, and the one that is worst against its tolerance.
typedef struct cr_difference {
    int64_t n_values, n_wrong;
    int64_t at; // of the worst value; 0 where all are exact
    double got, expected, error, allowed;
    double ratio; // error / allowed; infinite where nothing is allowed; above 1: wrong
} cr_difference;

void cr_compare(const float *got, const float *expected, int64_t n, const cr_tolerance *tolerance,
                cr_difference *out);
// The index along each axis of the value at a place in the blob.
void cr_unravel(const cr_shape *shape, int64_t at, int64_t *index);

#endif
