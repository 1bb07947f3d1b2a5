#include "tests/support/net.h"
#include "tests/test.h"

#include <math.h>

#define THRESHOLD(block) "layer { name: 't' type: 'Threshold' bottom: 'x' top: 'out' " block " }"

START_TEST(only_larger_values_give_1)
{
    NET_CHECK(.net = THRESHOLD(""), .in = {{"x", SHAPE(2, 2), VALUES(0, 0.1, -1, NAN)}},
              .out = {{"out", SHAPE(2, 2), VALUES(0, 1, 0, 0)}});
    NET_CHECK(.net = THRESHOLD("threshold_param { threshold: -1 }"),
              .in = {{"x", SHAPE(1, 3), VALUES(-2, -1, 0)}}, .out = {{"out", SHAPE(1, 3), VALUES(0, 0, 1)}});
}
END_TEST

TEST_MAIN("layers/threshold", only_larger_values_give_1)
