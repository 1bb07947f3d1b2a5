#include "tests/support/net.h"
#include "tests/test.h"

#define EXP(block) "layer { name: 'e' type: 'Exp' bottom: 'x' top: 'out' " block " }"

START_TEST(the_base_is_e_unless_given)
{
    NET_CHECK(.net = EXP(""), .in = {{"x", SHAPE(2, 1), VALUES(0, 1)}}, .tolerance = 1e-6,
              .out = {{"out", SHAPE(2, 1), VALUES(1, 2.7182818f)}});
    NET_CHECK(.net = EXP("exp_param { base: -1 scale: 2 shift: -1 }"),
              .in = {{"x", SHAPE(2, 1), VALUES(0, 1)}}, .tolerance = 1e-6,
              .out = {{"out", SHAPE(2, 1), VALUES(0.36787944f, 2.7182818f)}});
}
END_TEST

START_TEST(scale_comes_before_shift)
{
    NET_CHECK(.net = EXP("exp_param { base: 2 scale: 3 shift: 1 }"),
              .in = {{"x", SHAPE(2, 2), VALUES(0, 1, 2, -1)}}, .tolerance = 1e-6,
              .out = {{"out", SHAPE(2, 2), VALUES(2, 16, 128, 0.25)}});
}
END_TEST

START_TEST(the_base_must_be_positive)
{
    NET_FAILS("base 0 must be positive, or -1 for e", .net = EXP("exp_param { base: @0 }"),
              .in = {{"x", SHAPE(1), NO_VALUES}});
    NET_FAILS("base -2 must", .net = EXP("exp_param { base: @-2 }"), .in = {{"x", SHAPE(1), NO_VALUES}});
    NET_FAILS("base inf must", .net = EXP("exp_param { base: @inf }"), .in = {{"x", SHAPE(1), NO_VALUES}});
    NET_FAILS("base nan must", .net = EXP("exp_param { base: @nan }"), .in = {{"x", SHAPE(1), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/exp", the_base_is_e_unless_given, scale_comes_before_shift, the_base_must_be_positive)
