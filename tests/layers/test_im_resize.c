#include "tests/support/net.h"
#include "tests/test.h"

#include <math.h>

#define RESIZE(fields) \
    "layer { name: 'r' type: 'ImResize' bottom: 'map' top: 'out' imresize_param { " fields " } }"

// Middles at -0.25, 0.25, 0.75, ... of cells (0, 8, 0, 0): weights of d = 0.25 are (-0.0703125, 0.8671875,
// 0.2265625, -0.0234375); at -0.25 the polynomial of cell 0 goes on: d = -0.25 has (0.1953125, 0.8203125,
// 0.0234375, -0.0390625).
START_TEST(cubic)
{
    NET_CHECK(.net = RESIZE("factor: 2"), .in = {{"map", SHAPE(1, 1, 1, 4), VALUES(0, 8, 0, 0)}},
              .tolerance = 1e-6, .contiguous_only = true,
              .out = {{"out", SHAPE(1, 1, 2, 8),
                       VALUES(0.1875f, 1.8125f, 6.9375f, 6.9375f, 1.8125f, -0.5625f, -0.1875f, 0, 0.1875f,
                              1.8125f, 6.9375f, 6.9375f, 1.8125f, -0.5625f, -0.1875f, 0)}});
}
END_TEST

START_TEST(channels_and_a_target)
{
    NET_CHECK(.net = RESIZE("target_spatial_height: 1 target_spatial_width: 3"),
              .in = {{"map", SHAPE(1, 2, 1, 3), VALUES(1, 2, 3, 4, 5, 6)}}, .contiguous_only = true,
              .out = {{"out", SHAPE(1, 2, 1, 3), VALUES(1, 2, 3, 4, 5, 6)}});
    NET_CHECK(.net = RESIZE(""), .in = {{"map", SHAPE(1, 1, 2, 2), NO_VALUES}}, .contiguous_only = true,
              .out = {{"out", SHAPE(1, 1, 368, 368), NO_VALUES}});
}
END_TEST

// The second image covers half: floor(4 / 2 * 0.5) = 1 cell off at each end.
START_TEST(images_are_scales_of_one_picture)
{
    NET_CHECK(.net = RESIZE("target_spatial_height: 1 target_spatial_width: 2 scale_gap: 0.5"),
              .in = {{"map", SHAPE(2, 1, 1, 4), VALUES(4, 4, 4, 4, 99, 2, 6, 99)}}, .contiguous_only = true,
              .tolerance = 1e-6, .out = {{"out", SHAPE(1, 1, 1, 2), VALUES(3, 5)}});
}
END_TEST

#define FAILS(text, fields) \
    NET_FAILS(text, .net = RESIZE(fields), .in = {{"map", SHAPE(2, 1, 4, 4), NO_VALUES}})

START_TEST(errors)
{
    FAILS("factor must be above 0", "factor: @-1");
    FAILS("factor must be above 0", "factor: @nan");
    FAILS("the top would have no height", "factor: @0.1");
    FAILS("image 0 covers 1.5 of the map", "factor: 1 start_scale: @1.5");
    FAILS("image 1 covers 0 of the map", "factor: 1 scale_gap: @1");
    FAILS("image 1 covers 1.5 of the map", "factor: 1 scale_gap: @-0.5");
    FAILS("start_scale and scale_gap must be numbers", "scale_gap: @inf");
}
END_TEST

TEST_MAIN("layers/im_resize", cubic, channels_and_a_target, images_are_scales_of_one_picture, errors)
