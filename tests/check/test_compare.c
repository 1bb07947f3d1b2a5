#include "check/compare.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

static cr_difference compare(const float *got, const float *expected, int n, cr_tolerance t)
{
    cr_difference d;
    cr_compare(got, expected, n, &t, &d);
    return d;
}

#define COMPARE(t, got, expected) compare(got, expected, sizeof(got) / sizeof(float), t)
#define F(...) ((const float[]){__VA_ARGS__})

START_TEST(the_three_tolerances_add_up)
{
    cr_tolerance t = {.atol = 0.5};
    ck_assert_int_eq(COMPARE(t, F(1.5f), F(1)).n_wrong, 0);
    ck_assert_int_eq(COMPARE(t, F(1.51f), F(1)).n_wrong, 1);
    t = (cr_tolerance){.rtol = 0.5};
    ck_assert_int_eq(COMPARE(t, F(-6), F(-4)).n_wrong, 0);
    ck_assert_int_eq(COMPARE(t, F(-6.1f), F(-4)).n_wrong, 1);
    t = (cr_tolerance){.rms = 0.5}; // RMS(3, 4, 0, 0) = 2.5
    ck_assert_int_eq(COMPARE(t, F(3, 4, 1.25f, 0), F(3, 4, 0, 0)).n_wrong, 0);
    ck_assert_int_eq(COMPARE(t, F(3, 4, 1.26f, 0), F(3, 4, 0, 0)).n_wrong, 1);
    t = (cr_tolerance){.rtol = 0.25, .atol = 1, .rms = 0.5};
    cr_difference d = COMPARE(t, F(8), F(4));
    ck_assert_double_eq_tol(d.allowed, 1 + 0.25 * 4 + 0.5 * 4, 1e-12);
    ck_assert_int_eq(d.n_wrong, 0);
    ck_assert_int_eq(COMPARE(t, F(8.001f), F(4)).n_wrong, 1);
}
END_TEST

START_TEST(double_arithmetic)
{
    cr_tolerance t = {.rtol = 1e-7};
    ck_assert_int_eq(COMPARE(t, F(16777216.f), F(16777218.f)).n_wrong, 1); // off by 1.19e-7
    ck_assert_int_eq(COMPARE((cr_tolerance){.rms = 1e-3}, F(3e38f), F(3e38f)).n_wrong, 0);
    ck_assert_int_eq(COMPARE((cr_tolerance){.rms = 1e-3}, F(3e38f, 0), F(3e38f, 1e30f)).n_wrong, 0);
}
END_TEST

START_TEST(nan_and_infinity)
{
    cr_tolerance t = {.rtol = 1, .atol = 1e30, .rms = 1};
    ck_assert_int_eq(COMPARE(t, F(NAN, INFINITY, -INFINITY), F(NAN, INFINITY, -INFINITY)).n_wrong, 0);
    ck_assert_int_eq(
        COMPARE(t, F(NAN, 0, INFINITY, -INFINITY, INFINITY, 1), F(0, NAN, 0, INFINITY, NAN, INFINITY))
            .n_wrong,
        6);
    // An infinite or NaN expected value must not widen what the others may differ by.
    t = (cr_tolerance){.rms = 0.1};
    ck_assert_int_eq(COMPARE(t, F(INFINITY, NAN, 5), F(INFINITY, NAN, 4)).n_wrong, 1);
}
END_TEST

START_TEST(the_worst_is_the_worst_against_its_tolerance)
{
    cr_tolerance t = {.rtol = 0.1, .atol = 0.1};
    cr_difference d = COMPARE(t, F(105, 1.5f, 0), F(100, 1, 0));
    ck_assert_int_eq(d.n_values, 3);
    ck_assert_int_eq(d.n_wrong, 1);
    ck_assert_int_eq(d.at, 1);
    ck_assert_double_eq(d.got, 1.5);
    ck_assert_double_eq(d.expected, 1);
    ck_assert_double_eq(d.error, 0.5);
    ck_assert_double_eq_tol(d.allowed, 0.2, 1e-12);
    ck_assert_double_eq_tol(d.ratio, 2.5, 1e-12);
    d = COMPARE(((cr_tolerance){0}), F(1, 2), F(1, 3));
    ck_assert_int_eq(d.at, 1);
    ck_assert(isinf(d.ratio));
    d = COMPARE(((cr_tolerance){0}), F(1, 2), F(1, 2));
    ck_assert_int_eq(d.at, 0);
    ck_assert_double_eq(d.ratio, 0);
    d = compare(NULL, NULL, 0, t);
    ck_assert_int_eq(d.n_wrong, 0);
    ck_assert_double_eq(d.ratio, 0);
}
END_TEST

START_TEST(places_become_indices)
{
    int64_t index[3];
    cr_unravel(&(cr_shape){3, {2, 3, 4}}, 17, index);
    ck_assert_mem_eq(index, ((int64_t[]){1, 1, 1}), sizeof index);
    cr_unravel(&(cr_shape){2, {0, 3}}, 0, index);
    ck_assert_mem_eq(index, ((int64_t[]){0, 0}), 2 * sizeof *index);
    cr_unravel(&(cr_shape){0}, 0, index);
}
END_TEST

TEST_MAIN("check/compare", the_three_tolerances_add_up, double_arithmetic, nan_and_infinity,
          the_worst_is_the_worst_against_its_tolerance, places_become_indices)
