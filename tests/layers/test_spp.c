#include "tests/support/net.h"
#include "tests/test.h"

#define SPP(fields) "layer { name: 's' type: 'SPP' bottom: 'x' top: 'out' spp_param { " fields " } }"
#define X                                                                                     \
    {                                                                                         \
        "x", SHAPE(1, 1, 4, 4), VALUES(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16) \
    }

START_TEST(levels_one_behind_the_other)
{
    NET_CHECK(.net = SPP("pyramid_height: 2"), .in = {X},
              .out = {{"out", SHAPE(1, 5), VALUES(16, 6, 8, 14, 16)}});
    NET_CHECK(.net = SPP("pyramid_height: 2 pool: AVE"), .in = {X},
              .out = {{"out", SHAPE(1, 5), VALUES(8.5, 3.5, 5.5, 11.5, 13.5)}});
    // all channels of a level, then the next level
    NET_CHECK(.net = SPP("pyramid_height: 2"),
              .in = {{"x", SHAPE(2, 2, 2, 2), VALUES(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)}},
              .out = {{"out", SHAPE(2, 10),
                       VALUES(4, 8, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 9, 10, 11, 12, 13, 14, 15, 16)}});
}
END_TEST

START_TEST(one_level_keeps_four_axes)
{
    NET_CHECK(.net = SPP("pyramid_height: 1"), .in = {X}, .out = {{"out", SHAPE(1, 1, 1, 1), VALUES(16)}});
}
END_TEST

START_TEST(pads_make_windows_whole)
{
    // 3 into 2 bins: kernel 2, pad 1; AVE counts the pad
    NET_CHECK(.net = SPP("pyramid_height: 2 pool: AVE"),
              .in = {{"x", SHAPE(1, 1, 3, 3), VALUES(4, 4, 4, 8, 8, 8, 12, 12, 12)}},
              .out = {{"out", SHAPE(1, 5), VALUES(8, 1, 2, 5, 10)}});
}
END_TEST

START_TEST(stochastic)
{
    NET_CHECK(.net = SPP("pyramid_height: 1 pool: STOCHASTIC"),
              .in = {{"x", SHAPE(1, 1, 1, 2), VALUES(1, 3)}},
              .out = {{"out", SHAPE(1, 1, 1, 1), VALUES(2.5)}});
    NET_FAILS("pool STOCHASTIC has no padding, but level 2",
              .net = SPP("pyramid_height: 2 pool: @STOCHASTIC"), .in = {{"x", SHAPE(1, 1, 3, 3), NO_VALUES}});
    NET_FAILS("draws at random", .net = SPP("pyramid_height: 1 pool: @STOCHASTIC"), .in = {X}, .train = true);
}
END_TEST

START_TEST(wrong_fields)
{
    NET_FAILS("pyramid_height is not given", .net = "@layer { name: 's' type: 'SPP' bottom: 'x' top: 'out' }",
              .in = {X});
    NET_FAILS("pyramid_height 0 is less than 1", .net = SPP("pyramid_height: @0"), .in = {X});
    NET_FAILS("4000000000 levels over a bottom of 1x1x4x4 are too many",
              .net = SPP("pyramid_height: @4000000000"), .in = {X});
    // 4 into 8 bins of 1: pads of 2; Caffe's pooling refuses that too
    NET_FAILS("level 4 of the pyramid cuts height 4 into 8 bins of 1, whose pads, 2, must be less",
              .net = SPP("pyramid_height: @4"), .in = {X});
    NET_FAILS("must have 4 axes", .net = SPP("pyramid_height: 1"), .in = {{"x", SHAPE(1, 4, 4), NO_VALUES}});
    NET_FAILS("must have 4 axes", .net = SPP("pyramid_height: 1"),
              .in = {{"x", SHAPE(1, 1, 0, 4), NO_VALUES}});
    NET_FAILS("pool", .net = SPP("pyramid_height: 1 pool: @MIN"), .in = {X});
}
END_TEST

TEST_MAIN("layers/spp", levels_one_behind_the_other, one_level_keeps_four_axes, pads_make_windows_whole,
          stochastic, wrong_fields)
