#include "tests/support/net.h"
#include "tests/test.h"

#define RESAMPLE(fields) \
    "layer { name: 'r' type: 'Resample' bottom: 'in' top: 'out' resample_param { " fields " } }"
#define SQUARE                                           \
    {                                                    \
        {                                                \
            "in", SHAPE(1, 1, 2, 2), VALUES(0, 4, 8, 12) \
        }                                                \
    }

// f = 1/2: places -1/4, 1/4, 3/4, 5/4; weights that fall outside are left out of the sum.
START_TEST(linear)
{
    NET_CHECK(.net = RESAMPLE("width: 4 height: 4"), .in = SQUARE,
              .out = {{"out", SHAPE(1, 1, 4, 4), VALUES(0, 1, 3, 4, 2, 3, 5, 6, 6, 7, 9, 10, 8, 9, 11, 12)}},
              .tolerance = 1e-6);
    NET_CHECK(.net = RESAMPLE("factor: 2 type: LINEAR"), .in = SQUARE,
              .out = {{"out", SHAPE(1, 1, 4, 4), VALUES(0, 1, 3, 4, 2, 3, 5, 6, 6, 7, 9, 10, 8, 9, 11, 12)}},
              .tolerance = 1e-6);
}
END_TEST

static const float sixteen[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

// f = 2: places 1/2 and 5/2. A triangle of reach 2 weighs 3, 3, 1 of 1/4 (and 1, 3, 3); of reach 1: 1/2, 1/2.
START_TEST(antialias_stretches_the_filter)
{
    // places are equal on both axes; rows are 4 apart: (0 * 3 + 1 * 3 + 2) / 7 = 5/7
    NET_CHECK(.net = RESAMPLE("width: 2 height: 2"), .in = {{"in", SHAPE(1, 1, 4, 4), sixteen, 16}},
              .out = {{"out", SHAPE(1, 1, 2, 2), VALUES(25 / 7.f, 36 / 7.f, 69 / 7.f, 80 / 7.f)}},
              .tolerance = 1e-6);
    NET_CHECK(.net = RESAMPLE("width: 2 height: 2 antialias: false"),
              .in = {{"in", SHAPE(1, 1, 4, 4), sixteen, 16}},
              .out = {{"out", SHAPE(1, 1, 2, 2), VALUES(2.5, 4.5, 10.5, 12.5)}}, .tolerance = 1e-6);
}
END_TEST

// f = 1/2, 1 row: fy = 1. Upstream adds half of the other axis' f: places 0, 1/2, 1, 3/2 along x (not -1/4, ...),
// and along y 0 + 1/4 - 1/2 = -1/4, where one row counts alone.
START_TEST(the_halves_are_exchanged_as_upstream)
{
    NET_CHECK(.net = RESAMPLE("width: 4 height: 1"), .in = {{"in", SHAPE(1, 1, 1, 2), VALUES(0, 4)}},
              .out = {{"out", SHAPE(1, 1, 1, 4), VALUES(0, 2, 4, 4)}}, .tolerance = 1e-6);
    // round(0), round(1/2) = 1, 1, round(3/2) = 2, which is outside: 1
    NET_CHECK(.net = RESAMPLE("width: 4 height: 1 type: NEAREST"),
              .in = {{"in", SHAPE(1, 1, 1, 2), VALUES(3, 4)}},
              .out = {{"out", SHAPE(1, 1, 1, 4), VALUES(3, 4, 4, 4)}});
}
END_TEST

START_TEST(nearest)
{
    NET_CHECK(.net = RESAMPLE("width: 4 height: 4 type: NEAREST"), .in = SQUARE,
              .out = {
                  {"out", SHAPE(1, 1, 4, 4), VALUES(0, 0, 4, 4, 0, 0, 4, 4, 8, 8, 12, 12, 8, 8, 12, 12)}});
    NET_CHECK(.net = RESAMPLE("width: 1 height: 1 type: NEAREST"), .in = SQUARE, // round(1/2) is 1
              .out = {{"out", SHAPE(1, 1, 1, 1), VALUES(12)}});
}
END_TEST

// Cubic, a = -1/2, at 1/2 between the middle two of four: -1, 9, 9, -1 of 16.
START_TEST(cubic)
{
    NET_CHECK(.net = RESAMPLE("width: 2 height: 2 type: CUBIC antialias: false"),
              .in = {{"in", SHAPE(1, 1, 4, 4), VALUES(16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16)}},
              // at 1/2 the taps 0, 1, 2 are inside: 9, 9, -1 of 17
              .out = {{"out", SHAPE(1, 1, 2, 2), VALUES(16 * 81 / 289.f, 0, 0, 16 * 81 / 289.f)}},
              .tolerance = 1e-6);
    // weight at 1/4: 1 + (1.5/4 - 2.5) / 16 = 0.8671875; at 3/4: 0.2265625; at 5/4: -0.0703125; 7/4: -0.0234375
    NET_CHECK(.net = RESAMPLE("width: 4 height: 4 type: CUBIC"),
              .in = {{"in", SHAPE(1, 1, 2, 2), VALUES(1, 0, 1, 0)}},
              .out = {{"out", SHAPE(1, 1, 4, 4),
                       VALUES(0.8671875f / 0.796875f, 0.8671875f / 1.09375f, 0.2265625f / 1.09375f,
                              -0.0703125f / 0.796875f, 0.8671875f / 0.796875f, 0.8671875f / 1.09375f,
                              0.2265625f / 1.09375f, -0.0703125f / 0.796875f, 0.8671875f / 0.796875f,
                              0.8671875f / 1.09375f, 0.2265625f / 1.09375f, -0.0703125f / 0.796875f,
                              0.8671875f / 0.796875f, 0.8671875f / 1.09375f, 0.2265625f / 1.09375f,
                              -0.0703125f / 0.796875f)}},
              .tolerance = 1e-5);
}
END_TEST

START_TEST(area_is_a_box)
{
    NET_CHECK(.net = RESAMPLE("width: 2 height: 2 type: AREA"),
              .in = {{"in", SHAPE(1, 1, 4, 4), sixteen, 16}},
              .out = {{"out", SHAPE(1, 1, 2, 2), VALUES(2.5, 4.5, 10.5, 12.5)}}, .tolerance = 1e-6);
}
END_TEST

#define RESAMPLE2(fields)                                                                                \
    "layer { name: 'r' type: 'Resample' bottom: 'in' bottom: 'like' top: 'out' resample_param { " fields \
    " } }"

START_TEST(a_second_bottom_gives_the_size)
{
    NET_CHECK(.net = RESAMPLE2("type: NEAREST width: 9 height: 9"),
              .in = {{"in", SHAPE(2, 1, 1, 1), VALUES(5, 6)}, {"like", SHAPE(1, 3, 2, 2), NO_VALUES}},
              .out = {{"out", SHAPE(2, 1, 2, 2), VALUES(5, 5, 5, 5, 6, 6, 6, 6)}});
}
END_TEST

START_TEST(images_and_channels)
{
    NET_CHECK(.net = RESAMPLE("width: 1 height: 1 antialias: false"),
              .in = {{"in", SHAPE(2, 2, 2, 2),
                      VALUES(1, 3, 1, 3, 10, 30, 10, 30, 5, 7, 5, 7, 50, 70, 50, 70)}},
              .out = {{"out", SHAPE(2, 2, 1, 1), VALUES(2, 20, 6, 60)}}, .tolerance = 1e-6);
}
END_TEST

START_TEST(wrong_fields)
{
    NET_FAILS("width is given without height", .net = RESAMPLE("width: @2"), .in = SQUARE);
    NET_FAILS("the top's height would be 0", .net = RESAMPLE("width: 2 height: @0"), .in = SQUARE);
    NET_FAILS("the top's width would be 4000000000", .net = RESAMPLE("width: @4000000000 height: 1"),
              .in = SQUARE);
    NET_FAILS("factor -1 must be above 0", .net = RESAMPLE("factor: @-1"), .in = SQUARE);
    NET_FAILS("factor nan must be above 0", .net = RESAMPLE("factor: @nan"), .in = SQUARE);
    NET_FAILS("the top's height would be 0", .net = RESAMPLE("factor: @0.1"), .in = SQUARE);
    NET_FAILS("must have 4 axes", .net = RESAMPLE("factor: 2"), .in = {{"in", SHAPE(2, 2), NO_VALUES}});
    NET_FAILS("height 0 of bottom \"in\"", .net = RESAMPLE("factor: 2"),
              .in = {{"in", SHAPE(1, 1, 0, 2), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/resample", linear, antialias_stretches_the_filter, the_halves_are_exchanged_as_upstream,
          nearest, cubic, area_is_a_box, a_second_bottom_gives_the_size, images_and_channels, wrong_fields)
