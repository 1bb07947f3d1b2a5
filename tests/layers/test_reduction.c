#include "tests/support/net.h"
#include "tests/test.h"

#define REDUCTION(fields) \
    "layer { name: 'r' type: 'Reduction' bottom: 'x' top: 'out' reduction_param { " fields " } }"
#define X                                                     \
    {                                                         \
        "x", SHAPE(2, 2, 2), VALUES(1, -2, 3, 4, -5, 6, 7, 8) \
    }

START_TEST(four_operations)
{
    NET_CHECK(.net = "layer { name: 'r' type: 'Reduction' bottom: 'x' top: 'out' }", .in = {X},
              .out = {{"out", SCALAR, VALUES(22)}});
    NET_CHECK(.net = REDUCTION("operation: SUM axis: 1"), .in = {X},
              .out = {{"out", SHAPE(2), VALUES(6, 16)}});
    NET_CHECK(.net = REDUCTION("operation: ASUM axis: 1"), .in = {X},
              .out = {{"out", SHAPE(2), VALUES(10, 26)}});
    NET_CHECK(.net = REDUCTION("operation: SUMSQ axis: 1"), .in = {X},
              .out = {{"out", SHAPE(2), VALUES(30, 174)}});
    NET_CHECK(.net = REDUCTION("operation: MEAN axis: 1"), .in = {X},
              .out = {{"out", SHAPE(2), VALUES(1.5, 4)}});
}
END_TEST

START_TEST(axes_and_coeff)
{
    NET_CHECK(.net = REDUCTION("axis: -1 coeff: 2"), .in = {X},
              .out = {{"out", SHAPE(2, 2), VALUES(-2, 14, 2, 30)}});
    NET_CHECK(.net = REDUCTION("axis: 2 operation: MEAN coeff: 10"), .in = {X},
              .out = {{"out", SHAPE(2, 2), VALUES(-5, 35, 5, 75)}});
    NET_CHECK(.net = REDUCTION("axis: -3 operation: MEAN coeff: -1"), .in = {X},
              .out = {{"out", SCALAR, VALUES(-2.75)}});
    NET_CHECK(.net = REDUCTION("axis: 1"), .in = {{"x", SHAPE(2, 0), NO_VALUES}},
              .out = {{"out", SHAPE(2), VALUES(0, 0)}});
}
END_TEST

START_TEST(long_rows_and_many_rows)
{
    enum { N = 3, LONG = 40000, MANY = 30000 };
    static float x[N * LONG], out[MANY];
    for (int i = 0; i < N * LONG; i++)
        x[i] = (float)(i / LONG + 1) * 0.5f;
    NET_CHECK(.net = REDUCTION("axis: 1"), .in = {{"x", SHAPE(N, LONG), x, N * LONG}},
              .out = {{"out", SHAPE(N), VALUES(20000, 40000, 60000)}});
    for (int i = 0; i < MANY; i++)
        out[i] = x[4 * i] * 4;
    NET_CHECK(.net = REDUCTION("axis: 2"), .in = {{"x", SHAPE(MANY / 100, 100, 4), x, N * LONG}},
              .out = {{"out", SHAPE(MANY / 100, 100), out, MANY}});
}
END_TEST

START_TEST(wrong_fields)
{
    NET_FAILS("axis 3 is out of range", .net = REDUCTION("axis: @3"), .in = {X});
    NET_FAILS("axis 0 is out of range", .net = REDUCTION(""), .in = {{"x", SCALAR, NO_VALUES}});
    NET_FAILS("operation", .net = REDUCTION("operation: @MAX"), .in = {X});
}
END_TEST

TEST_MAIN("layers/reduction", four_operations, axes_and_coeff, long_rows_and_many_rows, wrong_fields)
