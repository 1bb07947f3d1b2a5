#include "tests/support/net.h"
#include "tests/test.h"

#include <math.h>

#define LOG(block) "layer { name: 'l' type: 'Log' bottom: 'x' top: 'out' " block " }"

START_TEST(the_base_is_e_unless_given)
{
    NET_CHECK(.net = LOG(""), .in = {{"x", SHAPE(2, 2), VALUES(1, 2.7182818f, 0, -1)}}, .tolerance = 1e-6,
              .out = {{"out", SHAPE(2, 2), VALUES(0, 1, -INFINITY, NAN)}});
}
END_TEST

START_TEST(scale_comes_before_shift)
{
    NET_CHECK(.net = LOG("log_param { base: 2 scale: 3 shift: 2 }"),
              .in = {{"x", SHAPE(3, 1), VALUES(0, 2, 10)}}, .tolerance = 1e-6,
              .out = {{"out", SHAPE(3, 1), VALUES(1, 3, 5)}});
    NET_CHECK(.net = LOG("log_param { base: 0.5 }"), .in = {{"x", SHAPE(1, 1), VALUES(8)}}, .tolerance = 1e-6,
              .out = {{"out", SHAPE(1, 1), VALUES(-3)}});
}
END_TEST

START_TEST(the_base_must_have_logarithms)
{
    NET_FAILS("base 1 must be positive and not 1, or -1 for e", .net = LOG("log_param { base: @1 }"),
              .in = {{"x", SHAPE(1), NO_VALUES}});
    NET_FAILS("base 0 must", .net = LOG("log_param { base: @0 }"), .in = {{"x", SHAPE(1), NO_VALUES}});
    NET_FAILS("base inf must", .net = LOG("log_param { base: @inf }"), .in = {{"x", SHAPE(1), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/log", the_base_is_e_unless_given, scale_comes_before_shift, the_base_must_have_logarithms)
