#include "tests/support/net.h"
#include "tests/test.h"

#define MISH "layer { name: 'm' type: 'Mish' bottom: 'x' top: 'out' }"

START_TEST(x_times_tanh_of_softplus)
{
    NET_CHECK(.net = MISH, .in = {{"x", SHAPE(2, 2), VALUES(0, 1, -1, -3)}}, .tolerance = 1e-6,
              .out = {{"out", SHAPE(2, 2), VALUES(0, 0.86509839f, -0.30340146f, -0.14564745f)}});
}
END_TEST

START_TEST(large_values_stay)
{
    NET_CHECK(.net = MISH, .in = {{"x", SHAPE(1, 2), VALUES(1000, -1000)}},
              .out = {{"out", SHAPE(1, 2), VALUES(1000, 0)}});
}
END_TEST

TEST_MAIN("layers/mish", x_times_tanh_of_softplus, large_values_stay)
