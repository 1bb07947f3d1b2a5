#include "read/half.h"
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

TEST_MAIN("read/half", every_half_has_its_value, known_values)
