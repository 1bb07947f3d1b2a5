#include "tests/support/net.h"
#include "tests/test.h"

#define RELU6(block) "layer { name: 'r' type: 'ReLU6' bottom: 'x' top: 'out' " block " }"

START_TEST(values_end_at_6)
{
    NET_CHECK(.net = RELU6(""), .in = {{"x", SHAPE(2, 2), VALUES(-1, 2, 6, 7)}},
              .out = {{"out", SHAPE(2, 2), VALUES(0, 2, 6, 6)}});
}
END_TEST

START_TEST(the_slope_counts_before_the_limit)
{
    NET_CHECK(.net = RELU6("relu6_param { negative_slope: -2 }"),
              .in = {{"x", SHAPE(1, 3), VALUES(-1, -4, 9)}}, .out = {{"out", SHAPE(1, 3), VALUES(2, 6, 6)}});
}
END_TEST

TEST_MAIN("layers/relu6", values_end_at_6, the_slope_counts_before_the_limit)
