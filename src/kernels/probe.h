/*
 * probe.h - what a core can do at best: the loops that measure it (inspect/limits.c has the clock).
 */
#ifndef CR_KERNELS_PROBE_H
#define CR_KERNELS_PROBE_H

#include "kernels/kernels.h"

#include <stdint.h>

enum { CR_PROBE_FLOATS = 256 }; // buffers are a multiple of it

typedef struct cr_probe_kernels {
    // `turns` rounds of multiply-adds on registers, in chains that do not wait for each other. Returns how many
    // operations that were (a multiply-add is two); *result is what came out, so that nothing can be left out.
    double (*multiply_add)(int64_t turns, float *result);
    float (*add_up)(const float *from, int64_t n);         // the sum of n floats
    void (*copy)(const float *from, int64_t n, float *to); // without non-temporal stores, as kernels do
} cr_probe_kernels;

#endif
