#include "tests/support/net.h"
#include "tests/test.h"

#include <math.h>

#define TANH "layer { name: 't' type: 'TanH' bottom: 'x' top: 'out' }"

START_TEST(values)
{
    NET_CHECK(.net = TANH, .in = {{"x", SHAPE(2, 2), VALUES(0, 1, -1, 0.5)}},
              .out = {{"out", SHAPE(2, 2), VALUES(0, 0.7615942f, -0.7615942f, 0.4621172f)}},
              .tolerance = 1e-6);
}
END_TEST

START_TEST(ends_of_the_range)
{
    NET_CHECK(.net = TANH, .in = {{"x", SHAPE(1, 5), VALUES(200, -200, INFINITY, -INFINITY, NAN)}},
              .out = {{"out", SHAPE(1, 5), VALUES(1, -1, 1, -1, NAN)}});
}
END_TEST

TEST_MAIN("layers/tanh", values, ends_of_the_range)
