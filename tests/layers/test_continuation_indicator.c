#include "tests/support/net.h"
#include "tests/test.h"

#define INDICATOR(bottom, block) \
    "layer { name: 'c' type: 'ContinuationIndicator' " bottom " top: 'out' " block " }"
#define X                           \
    {                               \
        "x", SHAPE(2, 3), NO_VALUES \
    }

START_TEST(the_first_step_of_each_sequence_is_0)
{
    NET_CHECK(.net = INDICATOR(
                  "",
                  "continuation_indicator_param { time_step: 3 batch_size: 2 }") "layer { name: 's' type: "
                                                                                 "'Silence' bottom: 'x' }",
              .in = {X}, .out = {{"out", SHAPE(3, 2), VALUES(0, 0, 1, 1, 1, 1)}}, .strict = true);
    NET_CHECK(.net = INDICATOR(
                  "",
                  "continuation_indicator_param { time_step: 1 batch_size: 2 }") "layer { name: 's' type: "
                                                                                 "'Silence' bottom: 'x' }",
              .in = {X}, .out = {{"out", SHAPE(1, 2), VALUES(0, 0)}});
}
END_TEST

START_TEST(a_bottom_may_give_the_batch_size)
{
    NET_CHECK(.net = INDICATOR("bottom: 'x'", "continuation_indicator_param { time_step: 2 }"), .in = {X},
              .out = {{"out", SHAPE(2, 2), VALUES(0, 0, 1, 1)}});
    NET_CHECK(.net = INDICATOR("bottom: 'x'", "continuation_indicator_param { time_step: 2 batch_size: 1 }"),
              .in = {X}, .out = {{"out", SHAPE(2, 1), VALUES(0, 1)}});
}
END_TEST

START_TEST(sizes_are_needed)
{
    NET_FAILS("time_step must be given", .net = "@" INDICATOR("", ""), .in = {X});
    NET_FAILS("time_step must be given",
              .net = INDICATOR("", "continuation_indicator_param { time_step: @0 batch_size: 1 }"),
              .in = {X});
    NET_FAILS("batch_size must be given",
              .net = INDICATOR("", "@continuation_indicator_param { time_step: 4 }"), .in = {X});
    NET_FAILS("batch_size must be given",
              .net = INDICATOR("bottom: 'x'", "continuation_indicator_param { time_step: 1 batch_size: @0 }"),
              .in = {X});
    NET_FAILS("no axis 0", .net = INDICATOR("bottom: @'x'", "continuation_indicator_param { time_step: 1 }"),
              .in = {{"x", SCALAR, NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/continuation_indicator", the_first_step_of_each_sequence_is_0,
          a_bottom_may_give_the_batch_size, sizes_are_needed)
