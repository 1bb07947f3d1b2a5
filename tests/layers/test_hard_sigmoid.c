#include "tests/support/net.h"
#include "tests/test.h"

#define HARD_SIGMOID(block) "layer { name: 'h' type: 'HardSigmoid' bottom: 'x' top: 'out' " block " }"

START_TEST(a_line_between_0_and_1)
{
    NET_CHECK(.net = HARD_SIGMOID(""), .in = {{"x", SHAPE(2, 3), VALUES(-4, -2.5, 0, 1, 2.5, 4)}},
              .tolerance = 1e-6, .out = {{"out", SHAPE(2, 3), VALUES(0, 0, 0.5, 0.7, 1, 1)}});
}
END_TEST

START_TEST(alpha_and_beta_move_it)
{
    NET_CHECK(.net = HARD_SIGMOID("hard_sigmoid_param { alpha: -1 beta: 0.25 }"),
              .in = {{"x", SHAPE(1, 3), VALUES(0.125, 1, -1)}},
              .out = {{"out", SHAPE(1, 3), VALUES(0.125, 0, 1)}});
}
END_TEST

TEST_MAIN("layers/hard_sigmoid", a_line_between_0_and_1, alpha_and_beta_move_it)
