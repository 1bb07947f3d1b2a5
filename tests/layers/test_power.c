#include "tests/support/net.h"
#include "tests/test.h"

#include <math.h>

#define POWER(block) "layer { name: 'p' type: 'Power' bottom: 'x' top: 'out' " block " }"

START_TEST(without_parameters_nothing_happens)
{
    NET_CHECK(.net = POWER(""), .in = {{"x", SHAPE(2, 2), VALUES(1, -2, 0, INFINITY)}},
              .out = {{"out", SHAPE(2, 2), VALUES(1, -2, 0, INFINITY)}});
}
END_TEST

START_TEST(scale_and_shift_come_before_the_power)
{
    NET_CHECK(.net = POWER("power_param { power: 2 scale: 3 shift: 1 }"),
              .in = {{"x", SHAPE(2, 1), VALUES(1, -1)}}, .out = {{"out", SHAPE(2, 1), VALUES(16, 4)}});
    NET_CHECK(.net = POWER("power_param { power: 3 }"), .in = {{"x", SHAPE(2, 1), VALUES(2, -2)}},
              .out = {{"out", SHAPE(2, 1), VALUES(8, -8)}});
    NET_CHECK(.net = POWER("power_param { power: 0.5 shift: 1 }"), .in = {{"x", SHAPE(2, 1), VALUES(8, -2)}},
              .out = {{"out", SHAPE(2, 1), VALUES(3, NAN)}});
    NET_CHECK(.net = POWER("power_param { power: -1 }"), .in = {{"x", SHAPE(2, 1), VALUES(4, 0)}},
              .out = {{"out", SHAPE(2, 1), VALUES(0.25, INFINITY)}});
}
END_TEST

START_TEST(the_constant_does_not_look_at_x)
{
    NET_CHECK(.net = POWER("power_param { power: 0 scale: 2 shift: 5 }"),
              .in = {{"x", SHAPE(1, 2), VALUES(NAN, 3)}}, .out = {{"out", SHAPE(1, 2), VALUES(1, 1)}});
    NET_CHECK(.net = POWER("power_param { power: 2 scale: 0 shift: 5 }"),
              .in = {{"x", SHAPE(1, 2), VALUES(INFINITY, 3)}}, .out = {{"out", SHAPE(1, 2), VALUES(25, 25)}});
    NET_CHECK(.net = POWER("power_param { power: 0 scale: 0 shift: 0 }"),
              .in = {{"x", SHAPE(1, 1), VALUES(3)}}, .out = {{"out", SHAPE(1, 1), VALUES(1)}});
}
END_TEST

TEST_MAIN("layers/power", without_parameters_nothing_happens, scale_and_shift_come_before_the_power,
          the_constant_does_not_look_at_x)
