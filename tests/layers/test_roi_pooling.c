#include "tests/support/net.h"
#include "tests/test.h"

#include <float.h>
#include <math.h>

#define POOL(fields)                                                                                  \
    "layer { name: 'r' type: 'ROIPooling' bottom: 'map' bottom: 'rois' top: 'out' roi_pooling_param " \
    "{ " fields " } }"
#define MAP                                                                    \
    {                                                                          \
        "map", SHAPE(1, 1, 3, 4), VALUES(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11) \
    }
#define ROI(...)                                    \
    {                                               \
        "rois", SHAPE(1, 5), VALUES(0, __VA_ARGS__) \
    }
#define POOLS(fields, roi, shape, ...) \
    NET_CHECK(.net = POOL(fields), .in = {MAP, roi}, .out = {{"out", shape, VALUES(__VA_ARGS__)}})

START_TEST(both_corners_belong_to_the_rectangle)
{
    POOLS("pooled_h: 1 pooled_w: 2", ROI(0, 0, 3, 2), SHAPE(1, 1, 1, 2), 9, 11);
    POOLS("pooled_h: 1 pooled_w: 1", ROI(1, 1, 1, 1), SHAPE(1, 1, 1, 1), 5);
}
END_TEST

// 3 cells in 2 bins: floor(1.5) to ceil(1.5), so the middle one is in both.
START_TEST(neighbours_may_share_cells)
{
    POOLS("pooled_h: 2 pooled_w: 1", ROI(0, 0, 0, 2), SHAPE(1, 1, 2, 1), 4, 8);
}
END_TEST

// 1 * 0.5 is cell 1, where rounding to even would give 0; -1 * 0.5 is -1.
START_TEST(halves_are_rounded_away_from_zero)
{
    POOLS("pooled_h: 1 pooled_w: 1 spatial_scale: 0.5", ROI(1, 1, 1, 1), SHAPE(1, 1, 1, 1), 5);
    POOLS("pooled_h: 1 pooled_w: 2 spatial_scale: 0.5", ROI(-1, 0, 1, 0), SHAPE(1, 1, 1, 2), 0, 1);
}
END_TEST

START_TEST(outside_is_empty_and_turned_corners_are_one_cell)
{
    POOLS("pooled_h: 1 pooled_w: 1", ROI(10, 10, 12, 12), SHAPE(1, 1, 1, 1), 0);
    POOLS("pooled_h: 1 pooled_w: 1", ROI(2, 1, 0, 0), SHAPE(1, 1, 1, 1), 6);
    POOLS("pooled_h: 1 pooled_w: 1", ROI(-INFINITY, -1e30f, INFINITY, 1e30f), SHAPE(1, 1, 1, 1), 11);
    POOLS("pooled_h: 1 pooled_w: 1", ROI(NAN, NAN, NAN, NAN), SHAPE(1, 1, 1, 1), 0);
}
END_TEST

START_TEST(what_is_no_number_never_wins)
{
    NET_CHECK(.net = POOL("pooled_h: 1 pooled_w: 2"),
              .in = {{"map", SHAPE(1, 1, 1, 4), VALUES(NAN, -2, -INFINITY, NAN)}, ROI(0, 0, 3, 0)},
              .out = {{"out", SHAPE(1, 1, 1, 2), VALUES(-2, -FLT_MAX)}});
}
END_TEST

START_TEST(images_channels_and_longer_rows)
{
    NET_CHECK(.net = POOL("pooled_size: 1"),
              .in = {{"map", SHAPE(2, 2, 1, 2), VALUES(1, 2, 3, 4, 5, 6, 7, 8)},
                     {"rois", SHAPE(3, 6),
                      VALUES(1, 0, 0, 0, 0, 99, -0.9f, 0, 0, 1, 0, 99, 1.9f, 1, 0, 1, 0, 99)}},
              .out = {{"out", SHAPE(3, 2, 1, 1), VALUES(5, 7, 2, 4, 6, 8)}});
    NET_CHECK(.net = POOL("pooled_size: 1 pooled_size: 2"),
              .in = {{"map", SHAPE(1, 1, 1, 2), VALUES(1, 2)}, ROI(0, 0, 1, 0)},
              .out = {{"out", SHAPE(1, 1, 1, 2), VALUES(1, 2)}});
}
END_TEST

#define FAILS(text, fields) \
    NET_FAILS(text, .net = POOL(fields), .in = {MAP, {"rois", SHAPE(2, 5), NO_VALUES}})

START_TEST(errors)
{
    FAILS("pooled_h and pooled_w must be above 0", "pooled_h: 3 pooled_w: @0");
    FAILS("pooled_h and pooled_w must be above 0", "pooled_size: @0");
    FAILS("give pooled_h and pooled_w, or pooled_size", "pooled_h: 3 pooled_w: 3 pooled_size: @3");
    FAILS("too large", "pooled_h: 4294967295 pooled_w: 4294967295");
    NET_FAILS("bottom \"rois\" is 2x4; rectangles are rows of 5 values", .net = POOL("pooled_size: 1"),
              .in = {MAP, {"rois", SHAPE(2, 4), NO_VALUES}});
    NET_FAILS("bottom \"map\" is 3x4; a map has 4 axes", .net = POOL("pooled_size: 1"),
              .in = {{"map", SHAPE(3, 4), NO_VALUES}, {"rois", SHAPE(2, 5), NO_VALUES}});
    NET_FAILS("rectangle 1 is in image 1; bottom \"map\" has 1 images", .net = POOL("pooled_size: 1"),
              .when_run = true, .in = {MAP, {"rois", SHAPE(2, 5), VALUES(0, 0, 0, 0, 0, 1, 0, 0, 0, 0)}});
    NET_FAILS("rectangle 0 is in image nan", .net = POOL("pooled_size: 1"), .when_run = true,
              .in = {MAP, {"rois", SHAPE(1, 5), VALUES(NAN, 0, 0, 0, 0)}});
}
END_TEST

TEST_MAIN("layers/roi_pooling", both_corners_belong_to_the_rectangle, neighbours_may_share_cells,
          halves_are_rounded_away_from_zero, outside_is_empty_and_turned_corners_are_one_cell,
          what_is_no_number_never_wins, images_channels_and_longer_rows, errors)
