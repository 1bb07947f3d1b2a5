#include "tests/support/net.h"
#include "tests/test.h"

#include <math.h>

#define POOL(fields)                                                                                      \
    "layer { name: 'r' type: 'PSROIPooling' bottom: 'map' bottom: 'rois' top: 'out' psroi_pooling_param " \
    "{ " fields " } }"
#define ROI(...)                                    \
    {                                               \
        "rois", SHAPE(1, 5), VALUES(0, __VA_ARGS__) \
    }
#define ONE(...)                                      \
    {                                                 \
        "map", SHAPE(1, 1, 1, 4), VALUES(__VA_ARGS__) \
    }

// Eight channels of 2x2 cells; channel k holds 10 k + 0, 1, 2, 3. Bins are single cells.
START_TEST(each_bin_has_its_channel)
{
    NET_CHECK(.net = POOL("spatial_scale: 1 output_dim: 2 group_size: 2"),
              .in = {{"map", SHAPE(1, 8, 2, 2),
                      VALUES(0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23, 30, 31, 32, 33, 40, 41, 42, 43, 50,
                             51, 52, 53, 60, 61, 62, 63, 70, 71, 72, 73)},
                     ROI(0, 0, 1, 1)},
              .out = {{"out", SHAPE(1, 2, 2, 2), VALUES(0, 11, 22, 33, 40, 51, 62, 73)}});
}
END_TEST

// Rounded before scaling: 1.5 and 4.5 are 2 and 5, so cells 1 to 3; scaled first they would be 0 to 3.
START_TEST(corners_are_rounded_then_scaled)
{
    NET_CHECK(.net = POOL("spatial_scale: 0.5 output_dim: 1 group_size: 1"),
              .in = {ONE(100, 2, 4, 1000), ROI(1.5f, 0, 4.5f, 1)},
              .out = {{"out", SHAPE(1, 1, 1, 1), VALUES(3)}});
}
END_TEST

START_TEST(empty_and_tiny)
{
    NET_CHECK(.net = POOL("spatial_scale: 1 output_dim: 1 group_size: 1"),
              .in = {ONE(1, 2, 3, 4), ROI(9, 0, 12, 0)}, .out = {{"out", SHAPE(1, 1, 1, 1), VALUES(0)}});
    // Turned corners: 0.1 wide, from cell 2.
    NET_CHECK(.net = POOL("spatial_scale: 1 output_dim: 1 group_size: 1"),
              .in = {ONE(1, 2, 3, 4), ROI(2, 0, 0, 0)}, .out = {{"out", SHAPE(1, 1, 1, 1), VALUES(3)}});
    NET_CHECK(.net = POOL("spatial_scale: 1 output_dim: 1 group_size: 1"),
              .in = {ONE(1, 2, 3, 4), ROI(-INFINITY, NAN, INFINITY, NAN)},
              .out = {{"out", SHAPE(1, 1, 1, 1), NO_VALUES}});
}
END_TEST

START_TEST(images)
{
    NET_CHECK(.net = POOL("spatial_scale: 1 output_dim: 1 group_size: 1"),
              .in = {{"map", SHAPE(2, 1, 1, 2), VALUES(1, 2, 3, 5)},
                     {"rois", SHAPE(2, 5), VALUES(1, 0, 0, 1, 0, 0, 1, 0, 1, 0)}},
              .out = {{"out", SHAPE(2, 1, 1, 1), VALUES(4, 2)}});
}
END_TEST

#define FAILS(text, fields) NET_FAILS(text, .net = POOL(fields), .in = {ONE(0, 0, 0, 0), ROI(0, 0, 0, 0)})

START_TEST(errors)
{
    FAILS("needs spatial_scale, output_dim and group_size", "output_dim: 1 group_size: 1");
    FAILS("spatial_scale must be above 0", "spatial_scale: @nan output_dim: 1 group_size: 1");
    FAILS("output_dim must be above 0", "spatial_scale: 1 output_dim: @0 group_size: 1");
    FAILS("group_size must be above 0", "spatial_scale: 1 output_dim: 1 group_size: @-1");
    FAILS("bottom \"map\" has 1 channels; output_dim 2 with group_size 7 takes 2 * 7 * 7",
          "spatial_scale: 1 output_dim: 2 group_size: 7");
    FAILS("bottom \"map\" has 1 channels", "spatial_scale: 1 output_dim: 2147483647 group_size: 2147483647");
    NET_FAILS("rectangle 0 is in image -1", .net = POOL("spatial_scale: 1 output_dim: 1 group_size: 1"),
              .when_run = true, .in = {ONE(0, 0, 0, 0), {"rois", SHAPE(1, 5), VALUES(-1, 0, 0, 0, 0)}});
}
END_TEST

TEST_MAIN("layers/psroi_pooling", each_bin_has_its_channel, corners_are_rounded_then_scaled, empty_and_tiny,
          images, errors)
