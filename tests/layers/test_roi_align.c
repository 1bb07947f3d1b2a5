#include "tests/support/net.h"
#include "tests/test.h"

#include <math.h>

#define ALIGN(fields)                                                                                      \
    "layer { name: 'r' type: 'ROIAlign' bottom: 'map' bottom: 'rois' top: 'out' roi_align_param { " fields \
    " } }"
#define ROI(...)                                    \
    {                                               \
        "rois", SHAPE(1, 5), VALUES(0, __VA_ARGS__) \
    }
// Value 10 y + x at row y, column x: a point between cells reads 10 y + x.
#define MAP                                                                          \
    {                                                                                \
        "map", SHAPE(1, 1, 3, 4), VALUES(0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23) \
    }
#define ALIGNS(fields, roi, shape, ...)                                  \
    NET_CHECK(.net = ALIGN(fields), .in = {MAP, roi}, .tolerance = 1e-6, \
              .out = {{"out", shape, VALUES(__VA_ARGS__)}})

// One point in the middle of the bin: (0.75, 1).
START_TEST(corners_are_not_rounded)
{
    ALIGNS("pooled_h: 1 pooled_w: 1", ROI(0.5f, 0.25f, 1.5f, 1.25f), SHAPE(1, 1, 1, 1), 8.5f);
    ALIGNS("pooled_h: 1 pooled_w: 1 spatial_scale: 0.5", ROI(1, 0.5f, 3, 2.5f), SHAPE(1, 1, 1, 1), 8.5f);
}
END_TEST

// Bins of 1 x 1.5 cells: one row of points, two columns at a quarter and three quarters.
START_TEST(as_many_points_as_cells)
{
    ALIGNS("pooled_h: 2 pooled_w: 2", ROI(0, 0, 3, 2), SHAPE(1, 1, 2, 2), 5.75f, 7.25f, 15.75f, 17.25f);
}
END_TEST

START_TEST(at_least_one_cell)
{
    ALIGNS("pooled_h: 1 pooled_w: 1", ROI(1, 1, 0, 0), SHAPE(1, 1, 1, 1), 16.5f);
}
END_TEST

// The last cell goes on to the border of the map; outside of it there is nothing.
START_TEST(borders)
{
    ALIGNS("pooled_h: 1 pooled_w: 1", ROI(3, 2, 4, 3), SHAPE(1, 1, 1, 1), 23);
    ALIGNS("pooled_h: 1 pooled_w: 1", ROI(7, 7, 9, 9), SHAPE(1, 1, 1, 1), 0);
    // Cut to the first cell, but its point is a half of the whole bin away.
    ALIGNS("pooled_h: 1 pooled_w: 1", ROI(-1, 0, 1, 1), SHAPE(1, 1, 1, 1), 6);
    NET_CHECK(.net = ALIGN("pooled_h: 1 pooled_w: 2"), .in = {MAP, ROI(-INFINITY, NAN, INFINITY, 1e30f)},
              .out = {{"out", SHAPE(1, 1, 1, 2), NO_VALUES}});
}
END_TEST

START_TEST(images_and_channels)
{
    NET_CHECK(.net = ALIGN("pooled_h: 1 pooled_w: 1"),
              .in = {{"map", SHAPE(2, 2, 1, 1), VALUES(1, 2, 3, 4)},
                     {"rois", SHAPE(2, 5), VALUES(1, 0, 0, 1, 1, 0, 0, 0, 1, 1)}},
              .out = {{"out", SHAPE(2, 2, 1, 1), VALUES(3, 4, 1, 2)}});
}
END_TEST

START_TEST(errors)
{
    NET_FAILS("needs pooled_h and pooled_w, above 0", .net = ALIGN("pooled_h: 3 pooled_w: @0"),
              .in = {MAP, ROI(0, 0, 0, 0)});
    NET_FAILS("rectangle 0 is in image 3", .net = ALIGN("pooled_h: 1 pooled_w: 1"), .when_run = true,
              .in = {MAP, {"rois", SHAPE(1, 5), VALUES(3, 0, 0, 0, 0)}});
}
END_TEST

TEST_MAIN("layers/roi_align", corners_are_not_rounded, as_many_points_as_cells, at_least_one_cell, borders,
          images_and_channels, errors)
