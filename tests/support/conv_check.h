/*
 * conv_check.h - runs a convolution algorithm on random values and compares with the definition (geometry.h).
 */
#ifndef TESTS_SUPPORT_CONV_CHECK_H
#define TESTS_SUPPORT_CONV_CHECK_H

#include "tests/support/geometry.h"

typedef struct conv_work {
    const cr_conv_algorithm *algorithm;
    geometry_case *g;
    float *in, *weights, *bias, *expected, *out;
    double size;   // of sums without the epilogue, usually: errors go with it
    int64_t n_out; // floats, gaps included
    cr_epilogue epilogue;
    bool in_place; // the residual is the output
} conv_work;

// Random values for g, and what must come out of them.
conv_work conv_work_of(geometry_case *g, const cr_conv_algorithm *a, unsigned *seed, bool bias,
                       bool epilogue);
// Fills w->out from w->in; both are plain here, whatever the convolution's in_blocked and out_blocked ask of the
// algorithm. Pack and scratch are exactly as long as promised.
void conv_work_run(const conv_work *w, int threads);

// That packing in parts gives the bytes of `pack`. Each part's weights are exactly as long as promised.
void conv_check_parts(const cr_conv_algorithm *a, const cr_conv *conv, const float *weights,
                      const void *pack);

// Random values for g, on every level that the CPU has; nothing where the algorithm can't run it. epilogue: a random
// one; threads: the same bits from 1, 2 and 3.
void conv_check(geometry_case *g, const cr_conv_algorithm *a, unsigned *seed, bool bias, bool epilogue,
                bool threads);
// The same for random geometries, and how many of these there were.
int conv_check_random(const cr_conv_algorithm *a, unsigned seed, int n_axes, int rule, int mode, int tries);
// An infinity in the picture shows where a window has it, and not in the padding.
void conv_check_infinity(const cr_conv_algorithm *a, int n_axes);
// A run may have fewer images than g's plan, whose scratch and packs must do.
void conv_check_fewer_images(geometry_case *g, const cr_conv_algorithm *a);

#endif
