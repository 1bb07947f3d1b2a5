/*
 * simd_math.h - roots, exponentials and logarithms of vectors, for files in kernels/isa/.
 *
 *     exp(x) = 2^n exp(r), n = round(x / ln 2)        log(x) = n ln 2 + log(m), x = 2^n m, m in 0.7 .. 1.4
 *
 * The polynomials are those of the Cephes library (S. Moshier). Errors stay below 2 units in the last place
 * (tests/kernels/test_unary.c), infinities, zeros, denormals and NaN give what libm gives.
 */
#ifndef CR_KERNELS_SIMD_MATH_H
#define CR_KERNELS_SIMD_MATH_H

#include "kernels/simd.h"

#include <math.h>
#if defined(__aarch64__)
#include <arm_neon.h>
#endif

CR_INLINE cr_vf cr_sqrt(cr_vf x)
{
#if defined(__AVX512F__)
    return (cr_vf)_mm512_sqrt_ps((__m512)x);
#elif defined(__AVX__)
    return (cr_vf)_mm256_sqrt_ps((__m256)x);
#elif defined(__SSE__)
    return (cr_vf)_mm_sqrt_ps((__m128)x);
#else
    return (cr_vf)vsqrtq_f32((float32x4_t)x);
#endif
}

// 2^n, -126 <= n <= 127.
CR_INLINE cr_vf cr_power_of_2(cr_vi n)
{
    return (cr_vf)((n + 127) << 23);
}

// exp(x) = 2^n (1 + p): *n and p. x is within -104 .. 89, or a NaN.
CR_INLINE cr_vf cr_exp_parts(cr_vf x, cr_vi *n)
{
    const float round = 12582912; // 1.5 * 2^23: what is added to it is rounded to a whole number
    cr_vf shifted = x * 1.44269504088896341f + round, whole = shifted - round;
    *n = (cr_vi)shifted - 0x4b400000;
    cr_vf r = x - whole * 0.693359375f; // exact: the factor has few bits
    r = r + whole * 2.12194440e-4f;
    cr_vf p = r * 1.9875691500e-4f + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    return p * (r * r) + r;
}

CR_INLINE cr_vf cr_exp(cr_vf x)
{
    cr_vi n;
    x = cr_select(x < -104, cr_repeat(-104), x);
    x = cr_select(x > 89, cr_repeat(89), x);
    cr_vf y = 1 + cr_exp_parts(x, &n);
    cr_vi half = n >> 1; // in two steps, through denormals and to infinity
    return y * cr_power_of_2(half) * cr_power_of_2(n - half);
}

// exp(x) - 1 without loss near 0; for x <= 88.
CR_INLINE cr_vf cr_expm1(cr_vf x)
{
    cr_vi n;
    cr_vf low = cr_select(x < -40, cr_repeat(-40), x), p = cr_exp_parts(low, &n), power = cr_power_of_2(n);
    return power * p + (power - 1);
}

CR_INLINE cr_vf cr_ln(cr_vf x)
{
    cr_vi tiny = x < 1.17549435e-38f;
    cr_vf scaled = cr_select(x > 0, cr_select(tiny, x * 8388608, x), cr_repeat(1));
    cr_vi bits = (cr_vi)scaled - 0x3f3504f3; // sqrt(1/2) becomes 0
    cr_vi n = bits >> 23;
    cr_vf m = (cr_vf)((bits & 0x7fffff) + 0x3f3504f3) - 1;
    cr_vf e = __builtin_convertvector(n - (tiny & 23), cr_vf), z = m * m;
    cr_vf p = m * 7.0376836292e-2f - 1.1514610310e-1f;
    p = p * m + 1.1676998740e-1f;
    p = p * m - 1.2420140846e-1f;
    p = p * m + 1.4249322787e-1f;
    p = p * m - 1.6668057665e-1f;
    p = p * m + 2.0000714765e-1f;
    p = p * m - 2.4999993993e-1f;
    p = p * m + 3.3333331174e-1f;
    cr_vf y = p * m * z - e * 2.12194440e-4f;
    y = y - z * 0.5f;
    y = m + y + e * 0.693359375f;
    y = cr_select(x == 0, cr_repeat(-INFINITY), y);
    y = cr_select((x < 0) | (x != x), cr_repeat(NAN), y);
    return cr_select(x == INFINITY, x, y);
}

// log(1 + x), x >= 0, without loss near 0.
CR_INLINE cr_vf cr_ln1p(cr_vf x)
{
    cr_vf u = 1 + x;
    return cr_select(u == 1, x, cr_ln(u) * (x / (u - 1)));
}

CR_INLINE cr_vf cr_abs(cr_vf x)
{
    return (cr_vf)((cr_vi)x & 0x7fffffff);
}

CR_INLINE cr_vf cr_sigmoid(cr_vf x)
{
    return 1 / (1 + cr_exp(-x));
}

CR_INLINE cr_vf cr_tanh(cr_vf x)
{
    cr_vf size = cr_abs(x), z = x * x;
    cr_vf p = z * -5.70498872745e-3f + 2.06390887954e-2f;
    p = p * z - 5.37397155531e-2f;
    p = p * z + 1.33314422036e-1f;
    p = p * z - 3.33332819422e-1f;
    cr_vf far = 1 - 2 / (cr_exp(size + size) + 1);
    far = (cr_vf)((cr_vi)far | ((cr_vi)x & (int32_t)0x80000000));
    return cr_select(size < 0.625f, p * z * x + x, far);
}

#endif
