/*
 * epilogue.c - scale, sum and activation of a row of values, a vector at a time.
 *
 * One loop for each activation, so that nothing is decided inside; all of them read the operand and the scale where
 * there are any.
 */
#include "kernels/epilogue.h"
#include "kernels/simd_activation.h"

CR_INLINE void run_as(const cr_epilogue_row *r, const cr_activation activation)
{
    const float *in = r->in, *add = r->add;
    float *out = r->out;
    for (int64_t i = 0; i < r->n; i += CR_VECTOR) {
        int64_t lanes = r->n - i;
        bool whole = lanes >= CR_VECTOR;
        cr_vf x = whole ? cr_load(in + i) : cr_load_some(in + i, lanes);
        if (r->affine)
            x = (x - r->affine->center) * r->affine->scale + r->affine->rest;
        if (add)
            x += whole ? cr_load(add + i) : cr_load_some(add + i, lanes);
        x = cr_activate(activation, r->slope, r->min, r->max, x);
        if (whole)
            cr_store(out + i, x);
        else
            cr_store_some(out + i, x, lanes);
    }
}

static void run(const cr_epilogue_row *r)
{
    switch (r->activation) {
    case CR_ACT_NONE:
        run_as(r, CR_ACT_NONE);
        break;
    case CR_ACT_RELU:
    case CR_ACT_PRELU:
        run_as(r, CR_ACT_RELU);
        break;
    case CR_ACT_CLIP:
        run_as(r, CR_ACT_CLIP);
        break;
    case CR_ACT_SIGMOID:
        run_as(r, CR_ACT_SIGMOID);
        break;
    case CR_ACT_SWISH:
        run_as(r, CR_ACT_SWISH);
        break;
    case CR_ACT_HARDSWISH:
        run_as(r, CR_ACT_HARDSWISH);
        break;
    }
}

extern const cr_epilogue_kernels CR_ISA(cr_epilogue_kernels);
const cr_epilogue_kernels CR_ISA(cr_epilogue_kernels) = {.run = run};
