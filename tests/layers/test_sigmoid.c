#include "tests/support/net.h"
#include "tests/test.h"

#include <math.h>

#define SIGMOID "layer { name: 's' type: 'Sigmoid' bottom: 'x' top: 'out' }"

START_TEST(values)
{
    NET_CHECK(.net = SIGMOID, .in = {{"x", SHAPE(2, 2), VALUES(0, 1, -1, 2)}},
              .out = {{"out", SHAPE(2, 2), VALUES(0.5f, 0.7310586f, 0.2689414f, 0.8807971f)}},
              .tolerance = 1e-6);
}
END_TEST

START_TEST(ends_of_the_range)
{
    NET_CHECK(.net = SIGMOID, .in = {{"x", SHAPE(1, 5), VALUES(200, -200, INFINITY, -INFINITY, NAN)}},
              .out = {{"out", SHAPE(1, 5), VALUES(1, 0, 1, 0, NAN)}});
}
END_TEST

TEST_MAIN("layers/sigmoid", values, ends_of_the_range)
