#include "base/half.h"
#include "tests/test.h"

#include <math.h>

START_TEST(every_half_has_its_value)
{
    for (uint32_t half = 0; half < 0x10000; half++) {
        int exponent = (int)(half >> 10 & 31), mantissa = (int)(half & 0x3FF);
        float got = cr_half_to_float((uint16_t)half);
        ck_assert_int_eq(signbit(got) != 0, half >> 15);
        if (exponent == 31 && mantissa) {
            ck_assert(isnan(got));
            continue;
        }
        double want = exponent == 31  ? INFINITY
                      : exponent == 0 ? ldexp(mantissa, -24)
                                      : ldexp(1024 + mantissa, exponent - 25);
        ck_assert((double)fabsf(got) == want);
    }
}
END_TEST

START_TEST(known_values)
{
    ck_assert(cr_half_to_float(0x3C00) == 1.0f);
    ck_assert(cr_half_to_float(0xC000) == -2.0f);
    ck_assert(cr_half_to_float(0x7BFF) == 65504.0f);
    ck_assert(cr_half_to_float(0x0001) == 5.9604645e-8f);
    ck_assert(cr_half_to_float(0x3555) == 0.33325195f);
}
END_TEST

START_TEST(every_half_comes_back)
{
    for (uint32_t half = 0; half < 0x10000; half++) {
        uint16_t back = cr_half_from_float(cr_half_to_float((uint16_t)half));
        if ((half & 0x7C00) == 0x7C00 && (half & 0x3FF)) // a NaN
            ck_assert_int_eq(back, (half & 0x8000) | 0x7E00);
        else
            ck_assert_int_eq(back, half);
    }
}
END_TEST

// Between two halves the nearer one; in the middle the even one.
START_TEST(floats_are_rounded)
{
    for (uint32_t half = 0; half < 0x7BFF; half++) {
        float low = cr_half_to_float((uint16_t)half), high = cr_half_to_float((uint16_t)(half + 1));
        float middle = (low + high) / 2;
        ck_assert_int_eq(cr_half_from_float(middle), half + (half & 1));
        ck_assert_int_eq(cr_half_from_float(nextafterf(middle, 0)), half);
        ck_assert_int_eq(cr_half_from_float(nextafterf(middle, 1e6f)), half + 1);
        ck_assert_int_eq(cr_half_from_float(-nextafterf(middle, 0)), half | 0x8000);
    }
    ck_assert_int_eq(cr_half_from_float(65519.996f), 0x7BFF);
    ck_assert_int_eq(cr_half_from_float(65520), 0x7C00);
    ck_assert_int_eq(cr_half_from_float(-1e30f), 0xFC00);
    ck_assert_int_eq(cr_half_from_float(1e-30f), 0);
}
END_TEST

TEST_MAIN("base/half", every_half_has_its_value, known_values, every_half_comes_back, floats_are_rounded)
