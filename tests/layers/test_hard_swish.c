#include "tests/support/net.h"
#include "tests/test.h"

#define HARD_SWISH "layer { name: 'h' type: 'HardSwish' bottom: 'x' top: 'out' }"

START_TEST(the_gate_opens_from_minus_3_to_3)
{
    NET_CHECK(.net = HARD_SWISH, .in = {{"x", SHAPE(2, 3), VALUES(-4, -3, 0, 1.5, 3, 9)}}, .tolerance = 1e-6,
              .out = {{"out", SHAPE(2, 3), VALUES(0, 0, 0, 1.125, 3, 9)}});
}
END_TEST

START_TEST(hswish_is_another_name)
{
    NET_CHECK(.net = "layer { name: 'h' type: 'HSwish' bottom: 'x' top: 'out' }",
              .in = {{"x", SHAPE(1, 1), VALUES(-1.5)}}, .out = {{"out", SHAPE(1, 1), VALUES(-0.375)}},
              .tolerance = 1e-6);
}
END_TEST

TEST_MAIN("layers/hard_swish", the_gate_opens_from_minus_3_to_3, hswish_is_another_name)
