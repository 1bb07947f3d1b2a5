#include "tests/support/net.h"
#include "tests/test.h"

#define ELU(block) "layer { name: 'e' type: 'ELU' bottom: 'x' top: 'out' " block " }"

START_TEST(negative_values_bend_towards_minus_alpha)
{
    NET_CHECK(.net = ELU(""), .in = {{"x", SHAPE(2, 2), VALUES(2, 0, -1, -100)}}, .tolerance = 1e-6,
              .out = {{"out", SHAPE(2, 2), VALUES(2, 0, -0.63212056f, -1)}});
    NET_CHECK(.net = ELU("elu_param { alpha: 0.5 }"), .in = {{"x", SHAPE(2, 2), VALUES(2, 0, -1, -100)}},
              .tolerance = 1e-6, .out = {{"out", SHAPE(2, 2), VALUES(2, 0, -0.31606028f, -0.5)}});
}
END_TEST

START_TEST(small_values_keep_their_digits)
{
    NET_CHECK(.net = ELU(""), .in = {{"x", SHAPE(1, 1), VALUES(-1e-10f)}},
              .out = {{"out", SHAPE(1, 1), VALUES(-1e-10f)}});
}
END_TEST

TEST_MAIN("layers/elu", negative_values_bend_towards_minus_alpha, small_values_keep_their_digits)
