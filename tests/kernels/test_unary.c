#include "base/cpu.h"
#include "kernels/kernels.h"
#include "kernels/unary.h"
#include "tests/test.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEP = 9973, LONG = 1 << 14 }; // every so many floats is tried

static double reference(const cr_unary *u, double x)
{
    switch (u->function) {
    case CR_UNARY_EXP:
        return (double)u->a * exp((double)(u->b * (float)x));
    case CR_UNARY_LOG:
        return (double)u->a * log((double)(u->b * (float)x + u->c));
    case CR_UNARY_SIGMOID:
        return 1 / (1 + exp(-x));
    case CR_UNARY_SWISH:
        return x / (1 + exp((double)(-u->a * (float)x)));
    case CR_UNARY_TANH:
        return tanh(x);
    case CR_UNARY_ELU:
        return x > 0 ? (double)u->a * x : (double)u->b * expm1(x);
    case CR_UNARY_BNLL:
        return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
    default:
        return x > 50 ? x : x * tanh(log1p(exp(x)));
    }
}

// Of `got`, in units of the last place of what is expected.
static double error_of(float got, double wanted)
{
    if (isnan(wanted) || isinf((float)wanted))
        return isnan(wanted) ? isnan(got) ? 0 : INFINITY : got == (float)wanted ? 0 : INFINITY;
    float near = fabsf((float)wanted);
    double unit = (double)nextafterf(near, INFINITY) - (double)near;
    if (isinf(unit))
        unit = (double)near - (double)nextafterf(near, 0);
    return fabs((double)got - wanted) / unit;
}

// Floats of both signs from the smallest to infinity.
static void check(const cr_kernels *kernels, cr_unary u, double allowed)
{
    static float in[LONG], out[LONG];
    u.in = in;
    u.out = out;
    for (uint64_t bits = 0; bits <= UINT32_MAX;) {
        for (u.n = 0; u.n < LONG && bits <= UINT32_MAX; bits += STEP) {
            uint32_t pattern = (uint32_t)bits;
            memcpy(&in[u.n++], &pattern, sizeof pattern);
        }
        kernels->unary->run(&u);
        for (int64_t i = 0; i < u.n; i++) {
            double wanted = reference(&u, (double)in[i]);
            // 1 / (1 + exp(-x)) has no denormals: the exponential overflows before.
            if (u.function == CR_UNARY_SIGMOID && wanted < (double)FLT_MIN && out[i] == 0)
                continue;
            if (!(error_of(out[i], wanted) <= allowed))
                ck_abort_msg("%s: function %d of %a is %a, not %a", kernels->name, u.function, (double)in[i],
                             (double)out[i], wanted);
        }
    }
}

static void check_all(cr_unary u, double allowed)
{
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++)
        if (cr_cpu_runs((*k)->name))
            check(*k, u, allowed);
}

START_TEST(exponentials_and_logarithms_of_all_sizes)
{
    check_all((cr_unary){.function = CR_UNARY_EXP, .a = 1, .b = 1}, 2);
    check_all((cr_unary){.function = CR_UNARY_LOG, .a = 1, .b = 1}, 2);
    check_all((cr_unary){.function = CR_UNARY_EXP, .a = 3, .b = -0.7f}, 3);
}
END_TEST

START_TEST(activations_of_all_sizes)
{
    check_all((cr_unary){.function = CR_UNARY_SIGMOID}, 3);
    check_all((cr_unary){.function = CR_UNARY_TANH}, 3);
    check_all((cr_unary){.function = CR_UNARY_ELU, .a = 1, .b = 1}, 3);
    check_all((cr_unary){.function = CR_UNARY_ELU, .a = 1.05f, .b = 1.7f}, 4);
    check_all((cr_unary){.function = CR_UNARY_BNLL}, 4);
}
END_TEST

START_TEST(gates)
{
    const float x[] = {-30, -5, -1, -0.01f, 0, 1e-20f, 0.3f, 2, 19.9f, 20.1f, 1e10f};
    enum { N = sizeof x / sizeof *x };
    float out[N];
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++)
        for (int f = 0; f < 2 && cr_cpu_runs((*k)->name); f++) {
            cr_unary u = {f ? CR_UNARY_MISH : CR_UNARY_SWISH, .a = 1.5f, .in = x, .out = out, .n = N};
            (*k)->unary->run(&u);
            for (int i = 0; i < N; i++)
                ck_assert(error_of(out[i], reference(&u, (double)x[i])) < 8);
        }
}
END_TEST

START_TEST(rows_of_any_length_in_place)
{
    const float beyond = 77;
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++)
        for (int64_t n = 0; n < 40 && cr_cpu_runs((*k)->name); n++) {
            float *x = malloc((size_t)(n + 1) * sizeof *x); // ASan watches
            for (int64_t i = 0; i < n; i++)
                x[i] = (float)i;
            x[n] = beyond;
            (*k)->unary->run(&(cr_unary){CR_UNARY_TANH, .in = x, .out = x, .n = n});
            for (int64_t i = 0; i < n; i++)
                ck_assert(fabsf(x[i] - tanhf((float)i)) < 1e-6f);
            ck_assert(x[n] == beyond);
            free(x);
        }
}
END_TEST

TEST_MAIN("kernels/unary", exponentials_and_logarithms_of_all_sizes, activations_of_all_sizes, gates,
          rows_of_any_length_in_place)
