#include "tests/support/net.h"
#include "tests/test.h"

#include <math.h>

#define INTERP(fields) \
    "layer { name: 'i' type: 'Interp' bottom: 'in' top: 'out' interp_param { " fields " } }"
#define ROW                                          \
    {                                                \
        {                                            \
            "in", SHAPE(1, 1, 1, 3), VALUES(1, 2, 4) \
        }                                            \
    }

START_TEST(corners_stay_corners)
{
    NET_CHECK(.net = INTERP("height: 3 width: 3"), .in = {{"in", SHAPE(1, 1, 2, 2), VALUES(1, 2, 3, 4)}},
              .out = {{"out", SHAPE(1, 1, 3, 3), VALUES(1, 1.5, 2, 2, 2.5, 3, 3, 3.5, 4)}});
    NET_CHECK(.net = INTERP("height: 1 width: 5"), .in = ROW,
              .out = {{"out", SHAPE(1, 1, 1, 5), VALUES(1, 1.5, 2, 3, 4)}});
    NET_CHECK(.net = INTERP("height: 1 width: 2"), .in = ROW,
              .out = {{"out", SHAPE(1, 1, 1, 2), VALUES(1, 4)}});
    NET_CHECK(.net = INTERP("height: 2 width: 1"), .in = ROW, // one output reads position 0
              .out = {{"out", SHAPE(1, 1, 2, 1), VALUES(1, 1)}});
    NET_CHECK(.net = INTERP("height: 1 width: 3"), .in = ROW,
              .out = {{"out", SHAPE(1, 1, 1, 3), VALUES(1, 2, 4)}});
}
END_TEST

START_TEST(images_and_channels)
{
    NET_CHECK(.net = INTERP("height: 1 width: 3"),
              .in = {{"in", SHAPE(2, 2, 1, 2), VALUES(1, 3, 10, 30, 5, 7, 50, 70)}},
              .out = {{"out", SHAPE(2, 2, 1, 3), VALUES(1, 2, 3, 10, 20, 30, 5, 6, 7, 50, 60, 70)}});
}
END_TEST

START_TEST(zoom_and_shrink)
{
    // 3 + 2 * (3 - 1) = 7, not 9
    NET_CHECK(.net = INTERP("zoom_factor: 3"), .in = ROW,
              .out = {{"out", SHAPE(1, 1, 1, 7), VALUES(1, 4 / 3.f, 5 / 3.f, 2, 8 / 3.f, 10 / 3.f, 4)}},
              .tolerance = 1e-6);
    // (5 - 1) / 2 + 1 = 3; 4 positions give (4 - 1) / 2 + 1 = 2
    NET_CHECK(.net = INTERP("shrink_factor: 2"), .in = {{"in", SHAPE(1, 1, 1, 5), VALUES(1, 2, 3, 4, 5)}},
              .out = {{"out", SHAPE(1, 1, 1, 3), VALUES(1, 3, 5)}});
    NET_CHECK(.net = INTERP("shrink_factor: 2"), .in = {{"in", SHAPE(1, 1, 1, 4), VALUES(1, 2, 3, 4)}},
              .out = {{"out", SHAPE(1, 1, 1, 2), VALUES(1, 4)}});
    // both: 5 shrink to 3, which zoom to 5
    NET_CHECK(.net = INTERP("shrink_factor: 2 zoom_factor: 2"),
              .in = {{"in", SHAPE(1, 1, 1, 5), VALUES(1, 5, 3, 5, 9)}},
              .out = {{"out", SHAPE(1, 1, 1, 5), VALUES(1, 5, 3, 5, 9)}});
}
END_TEST

START_TEST(one_factor_comes_before_height_and_width_but_both_come_behind)
{
    NET_CHECK(.net = INTERP("height: 1 width: 2 zoom_factor: 2"), .in = ROW,
              .out = {{"out", SHAPE(1, 1, 1, 5), VALUES(1, 1.5, 2, 3, 4)}});
    NET_CHECK(.net = INTERP("height: 1 width: 3 shrink_factor: 2"), .in = ROW,
              .out = {{"out", SHAPE(1, 1, 1, 2), VALUES(1, 4)}});
    NET_CHECK(.net = INTERP("height: 1 width: 2 shrink_factor: 2 zoom_factor: 9"), .in = ROW,
              .out = {{"out", SHAPE(1, 1, 1, 2), VALUES(1, 4)}});
}
END_TEST

START_TEST(pads_cut)
{
    NET_CHECK(.net = INTERP("height: 1 width: 3 pad_beg: -1"),
              .in = {{"in", SHAPE(1, 1, 2, 3), VALUES(9, 9, 9, 9, 2, 4)}},
              .out = {{"out", SHAPE(1, 1, 1, 3), VALUES(2, 3, 4)}});
    NET_CHECK(.net = INTERP("zoom_factor: 1 pad_beg: -1 pad_end: -1"),
              .in = {{"in", SHAPE(1, 1, 3, 4), VALUES(0, 0, 0, 0, 0, 5, 6, 0, 0, 0, 0, 0)}},
              .out = {{"out", SHAPE(1, 1, 1, 2), VALUES(5, 6)}});
}
END_TEST

#define INTERP2(fields) \
    "layer { name: 'i' type: 'Interp' bottom: 'in' bottom: 'like' top: 'out' interp_param { " fields " } }"

START_TEST(a_second_bottom_gives_the_size)
{
    NET_CHECK(.net = INTERP2("use_blob_size: true"),
              .in = {{"in", SHAPE(1, 1, 1, 3), VALUES(1, 2, 4)}, {"like", SHAPE(1, 2, 1, 5), NO_VALUES}},
              .out = {{"out", SHAPE(1, 1, 1, 5), VALUES(1, 1.5, 2, 3, 4)}});
    NET_FAILS("height and a second bottom both say the size", .net = INTERP2("height: @1 width: 1"),
              .in = {{"in", SHAPE(1, 1, 1, 3), NO_VALUES}, {"like", SHAPE(1, 2, 1, 5), NO_VALUES}});
}
END_TEST

// Values beside an output do not count where their weight is 0.
START_TEST(infinity_stays_where_it_is)
{
    NET_CHECK(.net = INTERP("height: 1 width: 3"), .in = {{"in", SHAPE(1, 1, 1, 2), VALUES(1, INFINITY)}},
              .out = {{"out", SHAPE(1, 1, 1, 3), VALUES(1, INFINITY, INFINITY)}});
}
END_TEST

// More rows than a piece of work has.
START_TEST(large)
{
    enum { H = 150, W = 3 };
    float in[2 * W], out[H * W];
    for (int x = 0; x < W; x++) {
        in[x] = (float)x;
        in[W + x] = (float)(x + H - 1);
    }
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            out[y * W + x] = (float)(x + y);
    NET_CHECK(.net = INTERP("height: 150 width: 3"), .in = {{"in", SHAPE(1, 1, 2, W), in, 2 * W}},
              .out = {{"out", SHAPE(1, 1, H, W), out, H * W}}, .tolerance = 1e-5);
}
END_TEST

START_TEST(wrong_fields)
{
    NET_FAILS("pad_beg 1: a pad of Interp cuts", .net = INTERP("zoom_factor: 2 pad_beg: @1"), .in = ROW);
    NET_FAILS("pad_end 1: a pad of Interp cuts", .net = INTERP("zoom_factor: 2 pad_end: @1"), .in = ROW);
    NET_FAILS("zoom_factor 0 is less than 1", .net = INTERP("zoom_factor: @0"), .in = ROW);
    NET_FAILS("shrink_factor -1 is less than 1", .net = INTERP("shrink_factor: @-1"), .in = ROW);
    NET_FAILS("the size is not given", .net = INTERP("height: @3"), .in = ROW);
    NET_FAILS("the size is not given",
              .net = "layer { name: 'i' type: 'Interp' bottom: 'in' top: 'out' @interp_param { } }",
              .in = ROW);
    NET_FAILS("interp_param is missing", .net = "layer { name: 'i' type: 'Interp' bottom: 'in' top: 'out' }",
              .in = ROW);
    NET_FAILS("the height goes from 1 to -5", .net = INTERP("height: @-5 width: 2"), .in = ROW);
    NET_FAILS("the width goes from 3 to 4294967295", .net = INTERP("zoom_factor: @2147483647"), .in = ROW);
    NET_FAILS("cut by pad_beg and pad_end, leaves -2", .net = INTERP("zoom_factor: 2 pad_beg: @-3"),
              .in = ROW);
    NET_FAILS("use_blob_size needs a second bottom", .net = INTERP("use_blob_size: @true"), .in = ROW);
    NET_FAILS("full_zoom is not supported", .net = INTERP("zoom_factor: 2 full_zoom: @true"), .in = ROW);
    NET_FAILS("must have 4 axes", .net = INTERP("zoom_factor: 2"), .in = {{"in", SHAPE(1, 1, 3), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/interp", corners_stay_corners, images_and_channels, zoom_and_shrink,
          one_factor_comes_before_height_and_width_but_both_come_behind, pads_cut,
          a_second_bottom_gives_the_size, infinity_stays_where_it_is, large, wrong_fields)
