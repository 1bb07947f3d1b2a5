/*
 * epilogue.h - what is done to the values of a convolution or an inner product on their way out.
 *
 *     out = activation(sum + bias + add)
 *
 * The planner makes layers that follow (a residual sum, an activation) part of the one before, so that their
 * values never go through memory on their own. An algorithm that says so applies the epilogue while its tile is in
 * registers; cr_epilogue_apply does it afterwards for one that does not.
 */
#ifndef CR_KERNELS_EPILOGUE_H
#define CR_KERNELS_EPILOGUE_H

#include "base/parallel.h"

#include <stdint.h>

struct cr_kernels;

typedef enum cr_activation {
    CR_ACT_NONE,
    CR_ACT_RELU,  // x < 0 ? slope * x : x, and no -0 for x < 0; a NaN stays one
    CR_ACT_PRELU, // the same with slopes[channel]
    CR_ACT_CLIP,  // to [min, max]; a NaN stays one
    CR_ACT_SIGMOID,
    CR_ACT_SWISH,    // x * sigmoid(slope * x)
    CR_ACT_HARDSWISH // x * clip(x + 3, 0, 6) / 6
} cr_activation;

typedef struct cr_epilogue {
    const float *add; // the residual operand, laid out like the output; NULL: none
    int64_t add_image_stride;
    cr_activation activation;
    float slope, min, max;
    const float *slopes; // per output channel
} cr_epilogue;

// The values of an output: `count` floats for each channel, channels side by side, images image_stride apart.
typedef struct cr_epilogue_out {
    float *data;
    int64_t images, channels, count, image_stride;
} cr_epilogue_out;

// e, which may be NULL, in two: what is done on the way out, and an activation with an exponential, for which values
// are passed over once more.
void cr_epilogue_split(const cr_epilogue *e, cr_epilogue *now, cr_epilogue *later);

// Applies add and activation to values that already have their bias. e may be NULL.
void cr_epilogue_apply(const struct cr_kernels *kernels, const cr_epilogue *e, const cr_epilogue_out *out,
                       cr_pool *pool);

// (x - center) * scale + rest
typedef struct cr_affine {
    float center, scale, rest;
} cr_affine;

// n values of one channel: out = activation(affine(in) + add). out may be in or add.
typedef struct cr_epilogue_row {
    const float *in, *add; // add NULL: none
    float *out;
    int64_t n;
    const cr_affine *affine; // NULL: x as it is
    cr_activation activation;
    float slope, min, max; // of this channel
} cr_epilogue_row;

// The activation of a channel; nothing else is set.
cr_epilogue_row cr_epilogue_row_of(const cr_epilogue *e, int64_t channel);

typedef struct cr_epilogue_kernels {
    void (*run)(const cr_epilogue_row *row);
} cr_epilogue_kernels;

#endif
