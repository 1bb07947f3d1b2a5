#include "tests/support/net.h"
#include "tests/test.h"

#include <math.h>

#define WARP(fields) "layer { name: 'w' type: 'FlowWarp' bottom: 'in' bottom: 'flow' top: 'out' " fields " }"

// 1 2 3
// 4 5 6
static const float six[6] = {1, 2, 3, 4, 5, 6};

START_TEST(channel_0_of_the_flow_goes_along_the_width)
{
    NET_CHECK(.net = WARP(""),
              .in = {{"in", SHAPE(1, 1, 2, 3), six, 6},
                     {"flow", SHAPE(1, 2, 2, 3), VALUES(1, 0, -1, 0.5, 0, 0, 0, 1, 0.5, 0, 0, -0.5)}},
              .out = {{"out", SHAPE(1, 1, 2, 3), VALUES(2, 5, 3.5, 4.5, 5, 4.5)}});
}
END_TEST

// Between the last position and the border the last one counts alone; at the border and outside the fill value.
START_TEST(borders)
{
    NET_CHECK(.net = WARP("flow_warp_param { fill_value: ZERO }"),
              .in = {{"in", SHAPE(1, 1, 2, 3), six, 6},
                     {"flow", SHAPE(1, 2, 2, 3), VALUES(-0.25, 0, 0.75, 0, 0, 1, 0, -1, 0, 0.75, 1, 0)}},
              .out = {{"out", SHAPE(1, 1, 2, 3), VALUES(0, 0, 3, 4, 0, 0)}});
    NET_CHECK(.net = WARP("flow_warp_param { fill_value: NaN }"),
              .in = {{"in", SHAPE(1, 1, 1, 3), VALUES(1, 2, 3)},
                     {"flow", SHAPE(1, 2, 1, 3), VALUES(-1, 0, 1, 0, 0, 0)}},
              .out = {{"out", SHAPE(1, 1, 1, 3), VALUES(NAN, 2, NAN)}});
    NET_CHECK(.net = WARP(""),
              .in = {{"in", SHAPE(1, 1, 1, 3), VALUES(1, 2, 3)},
                     {"flow", SHAPE(1, 2, 1, 3), VALUES(NAN, INFINITY, 1e30, 0, 0, NAN)}},
              .out = {{"out", SHAPE(1, 1, 1, 3), VALUES(0, 0, 0)}});
}
END_TEST

START_TEST(images_and_channels)
{
    NET_CHECK(.net = WARP(""),
              .in = {{"in", SHAPE(2, 2, 1, 2), VALUES(1, 2, 10, 20, 3, 4, 30, 40)},
                     {"flow", SHAPE(2, 2, 1, 2), VALUES(0.5, 0, 0, 0, 1, -1, 0, 0)}},
              .out = {{"out", SHAPE(2, 2, 1, 2), VALUES(1.5, 2, 15, 20, 4, 3, 40, 30)}});
}
END_TEST

START_TEST(bottoms_that_do_not_fit)
{
    NET_FAILS("the flow \"flow\" (1x3x2x3) must have 2 channels", .net = WARP(""),
              .in = {{"in", SHAPE(1, 1, 2, 3), NO_VALUES}, {"flow", SHAPE(1, 3, 2, 3), NO_VALUES}});
    NET_FAILS("and else the shape of bottom \"in\" (1x1x2x3)", .net = WARP(""),
              .in = {{"in", SHAPE(1, 1, 2, 3), NO_VALUES}, {"flow", SHAPE(1, 2, 3, 3), NO_VALUES}});
    NET_FAILS("must have 4 axes", .net = WARP(""),
              .in = {{"in", SHAPE(1, 2, 3), NO_VALUES}, {"flow", SHAPE(1, 2, 3), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/flow_warp", channel_0_of_the_flow_goes_along_the_width, borders, images_and_channels,
          bottoms_that_do_not_fit)
