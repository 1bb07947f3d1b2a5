/*
 * unary.c - functions of one value: a loop for each, so that nothing is decided inside.
 */
#include "kernels/unary.h"
#include "kernels/simd_math.h"

// tanh(log(1 + e)) is a fraction of n = e^2 + 2 e; from 20 on it is 1, before e^2 is too large.
CR_INLINE cr_vf mish(cr_vf x)
{
    cr_vf e = cr_exp(cr_select(x > 20, cr_repeat(20), x)), n = e * (e + 2);
    return x * (n / (n + 2));
}

CR_INLINE cr_vf value(const cr_unary *u, const cr_unary_function function, cr_vf x)
{
    switch (function) {
    case CR_UNARY_EXP:
        return u->a * cr_exp(u->b * x);
    case CR_UNARY_LOG:
        return u->a * cr_ln(u->b * x + u->c);
    case CR_UNARY_SIGMOID:
        return cr_sigmoid(x);
    case CR_UNARY_SWISH:
        return x / (1 + cr_exp(-u->a * x));
    case CR_UNARY_TANH:
        return cr_tanh(x);
    case CR_UNARY_ELU:
        return cr_select(x > 0, u->a * x, u->b * cr_expm1(cr_select(x > 0, (cr_vf){0}, x)));
    case CR_UNARY_BNLL:
        return cr_select(x > 0, x, x - x) + cr_ln1p(cr_exp(-cr_abs(x)));
    default:
        return mish(x);
    }
}

CR_INLINE void run_as(const cr_unary *unary, const cr_unary_function function)
{
    cr_unary u = *unary;
    int64_t i = 0;
    for (; i + CR_VECTOR <= u.n; i += CR_VECTOR)
        cr_store(u.out + i, value(&u, function, cr_load(u.in + i)));
    if (i < u.n)
        cr_store_some(u.out + i, value(&u, function, cr_load_some(u.in + i, u.n - i)), u.n - i);
}

static void run(const cr_unary *u)
{
    switch (u->function) {
    case CR_UNARY_EXP:
        run_as(u, CR_UNARY_EXP);
        break;
    case CR_UNARY_LOG:
        run_as(u, CR_UNARY_LOG);
        break;
    case CR_UNARY_SIGMOID:
        run_as(u, CR_UNARY_SIGMOID);
        break;
    case CR_UNARY_SWISH:
        run_as(u, CR_UNARY_SWISH);
        break;
    case CR_UNARY_TANH:
        run_as(u, CR_UNARY_TANH);
        break;
    case CR_UNARY_ELU:
        run_as(u, CR_UNARY_ELU);
        break;
    case CR_UNARY_BNLL:
        run_as(u, CR_UNARY_BNLL);
        break;
    case CR_UNARY_MISH:
        run_as(u, CR_UNARY_MISH);
        break;
    }
}

extern const cr_unary_kernels CR_ISA(cr_unary_kernels);
const cr_unary_kernels CR_ISA(cr_unary_kernels) = {.run = run};
