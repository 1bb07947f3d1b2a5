#include "tests/support/net.h"
#include "tests/test.h"

#include <math.h>

#define CLIP(block) "layer { name: 'c' type: 'Clip' bottom: 'x' top: 'out' " block " }"

START_TEST(values_stay_between_the_limits)
{
    NET_CHECK(.net = CLIP("clip_param { min: -1 max: 2 }"),
              .in = {{"x", SHAPE(2, 3), VALUES(-3, -1, 0, 1.5, 2, INFINITY)}},
              .out = {{"out", SHAPE(2, 3), VALUES(-1, -1, 0, 1.5, 2, 2)}});
}
END_TEST

START_TEST(nan_and_crossed_limits_give_min_as_in_caffe)
{
    NET_CHECK(.net = CLIP("clip_param { min: -1 max: 2 }"), .in = {{"x", SHAPE(1, 1), VALUES(NAN)}},
              .out = {{"out", SHAPE(1, 1), VALUES(-1)}});
    NET_CHECK(.net = CLIP("clip_param { min: @3 max: 2 }"), .in = {{"x", SHAPE(1, 3), VALUES(1, 2.5, 4)}},
              .out = {{"out", SHAPE(1, 3), VALUES(3, 3, 3)}}, .warns = "min 3 is above max 2");
}
END_TEST

START_TEST(both_limits_are_needed)
{
    NET_FAILS("both are missing", .net = "@layer { name: 'c' type: 'Clip' bottom: 'x' top: 'out' }",
              .in = {{"x", SHAPE(1), NO_VALUES}});
    NET_FAILS("max is missing", .net = CLIP("@clip_param { min: 1 }"), .in = {{"x", SHAPE(1), NO_VALUES}});
    NET_FAILS("min is missing", .net = CLIP("@clip_param { max: 1 }"), .in = {{"x", SHAPE(1), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/clip", values_stay_between_the_limits, nan_and_crossed_limits_give_min_as_in_caffe,
          both_limits_are_needed)
