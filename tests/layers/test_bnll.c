#include "tests/support/net.h"
#include "tests/test.h"

#include <math.h>

#define BNLL "layer { name: 'b' type: 'BNLL' bottom: 'x' top: 'out' }"

START_TEST(is_a_smooth_relu)
{
    NET_CHECK(.net = BNLL, .in = {{"x", SHAPE(2, 2), VALUES(0, 1, -1, -20)}}, .tolerance = 1e-6,
              .out = {{"out", SHAPE(2, 2), VALUES(0.69314718f, 1.31326169f, 0.31326169f, 2.0611537e-9f)}});
}
END_TEST

START_TEST(large_values_do_not_overflow)
{
    NET_CHECK(.net = BNLL, .in = {{"x", SHAPE(1, 3), VALUES(1000, -1000, INFINITY)}},
              .out = {{"out", SHAPE(1, 3), VALUES(1000, 0, INFINITY)}});
}
END_TEST

TEST_MAIN("layers/bnll", is_a_smooth_relu, large_values_do_not_overflow)
