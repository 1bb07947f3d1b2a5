#include "tests/support/net.h"
#include "tests/test.h"

#define SWISH(block) "layer { name: 's' type: 'Swish' bottom: 'x' top: 'out' " block " }"

START_TEST(x_is_multiplied_by_its_sigmoid)
{
    NET_CHECK(.net = SWISH(""), .in = {{"x", SHAPE(2, 2), VALUES(0, 1, -1, 1000)}}, .tolerance = 1e-6,
              .out = {{"out", SHAPE(2, 2), VALUES(0, 0.73105858f, -0.26894142f, 1000)}});
}
END_TEST

START_TEST(beta_is_inside_the_sigmoid)
{
    NET_CHECK(.net = SWISH("swish_param { beta: 2 }"), .in = {{"x", SHAPE(1, 2), VALUES(1, -1000)}},
              .tolerance = 1e-6, .out = {{"out", SHAPE(1, 2), VALUES(0.88079708f, 0)}});
    NET_CHECK(.net = SWISH("swish_param { beta: 0 }"), .in = {{"x", SHAPE(1, 2), VALUES(1, -4)}},
              .out = {{"out", SHAPE(1, 2), VALUES(0.5, -2)}});
}
END_TEST

TEST_MAIN("layers/swish", x_is_multiplied_by_its_sigmoid, beta_is_inside_the_sigmoid)
