/*
 * geometry.h - random convolutions for kernel tests, with their windows and a direct convolution in double.
 */
#ifndef TESTS_SUPPORT_GEOMETRY_H
#define TESTS_SUPPORT_GEOMETRY_H

#include "kernels/conv.h"
#include "layers/window.h"

typedef struct geometry_case {
    cr_window_spec spec;
    cr_window window; // tables in `arena`
    cr_conv conv;
    cr_arena arena;
} geometry_case;

float random_float(unsigned *seed); // -1 .. 1
// An array of n random floats in the arena.
float *random_floats(cr_arena *arena, unsigned *seed, int64_t n);

// A window of stride and dilation 1, without pads but by the rule.
cr_window_spec geometry_spec(int rule, int mode, int64_t height, int64_t width);
// Builds window and conv from spec, input sizes and channels. False: no output under this spec.
bool geometry_make(geometry_case *g, const cr_window_spec *spec, int n_axes, const int64_t *in,
                   int64_t images, int64_t in_channels, int64_t out_channels, int64_t group);
// A random one; mode and rule are given. False as above.
bool geometry_random(geometry_case *g, unsigned *seed, int n_axes, int rule, int mode);

// The definition, computed from spec without its tables: what position i (of output o and tap k) reads along
// an axis, or -1. `variant` is CORNERS' choice for the axis.
int64_t geometry_read(const geometry_case *g, int axis, int variant, int64_t o, int64_t k);
// Direct convolution in double, rounded once. bias may be NULL.
void geometry_convolve(const geometry_case *g, const float *in, const float *weights, const float *bias,
                       float *out);

#endif
