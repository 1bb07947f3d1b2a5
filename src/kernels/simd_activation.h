/*
 * simd_activation.h - the activations of an epilogue (epilogue.h says what they are), for files in kernels/isa/.
 *
 * A kernel whose loop decides nothing inside takes the single functions; cr_activate is for one that asks for each
 * vector, or knows the activation when it is compiled. Bits are the same in all of them.
 */
#ifndef CR_KERNELS_SIMD_ACTIVATION_H
#define CR_KERNELS_SIMD_ACTIVATION_H

#include "kernels/epilogue.h"
#include "kernels/simd_math.h"

// max(x, 0) + slope * min(x, 0), as Caffe has it: slope 0 makes what is negative 0, not -0, and leaves -0 as it is.
CR_INLINE cr_vf cr_leaky_by(cr_vf x, cr_vf slope)
{
    return cr_select(x < 0, slope * x + (cr_vf){0}, x);
}

CR_INLINE cr_vf cr_leaky(cr_vf x, float slope)
{
    return cr_leaky_by(x, cr_repeat(slope));
}

CR_INLINE cr_vf cr_clip(cr_vf x, float min, float max)
{
    x = cr_select(x < min, cr_repeat(min), x);
    return cr_select(x > max, cr_repeat(max), x);
}

CR_INLINE cr_vf cr_hardswish(cr_vf x)
{
    return x * (cr_clip(x + 3, 0, 6) / 6);
}

// PARTIAL: what a sum becomes before anything is added or activated; factor 0: its window has nothing inside.
CR_INLINE cr_vf cr_apply_factor(cr_vf factor, cr_vf x, cr_vf bias)
{
    return cr_select(factor > 0, x * factor + bias, (cr_vf){0});
}

// slope: of the channel.
CR_INLINE cr_vf cr_activate(const cr_activation activation, float slope, float min, float max, cr_vf x)
{
    switch (activation) {
    case CR_ACT_RELU:
    case CR_ACT_PRELU:
        return cr_leaky(x, slope);
    case CR_ACT_CLIP:
        return cr_clip(x, min, max);
    case CR_ACT_SIGMOID:
        return cr_sigmoid(x);
    case CR_ACT_SWISH:
        return x * cr_sigmoid(slope * x);
    case CR_ACT_HARDSWISH:
        return cr_hardswish(x);
    default:
        return x;
    }
}

#endif
