/*
 * winograd_weights.h - the transform of Winograd weights, which isa/winograd.c has in its table; for files in isa/ only.
 */
#ifndef CR_KERNELS_WINOGRAD_WEIGHTS_H
#define CR_KERNELS_WINOGRAD_WEIGHTS_H

#include "kernels/simd.h"
#include "kernels/winograd.h"

// `weights` of cr_winograd_kernels.
void CR_ISA(cr_winograd_transform)(const cr_winograd_weights *p, const float *w, float *u);

#endif
