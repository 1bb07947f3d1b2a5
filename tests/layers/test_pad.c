#include "tests/support/net.h"
#include "tests/test.h"

#define PAD(fields) "layer { name: 'p' type: 'Pad' bottom: 'in' top: 'out' pad_param { " fields " } }"
#define ROW                                             \
    {                                                   \
        {                                               \
            "in", SHAPE(1, 1, 1, 4), VALUES(1, 2, 3, 4) \
        }                                               \
    }

START_TEST(amounts)
{
    NET_CHECK(.net = PAD("pad: 1"), .in = {{"in", SHAPE(2, 1, 1, 1), VALUES(5, 6)}},
              .out = {
                  {"out", SHAPE(2, 1, 3, 3), VALUES(0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0)}});
    NET_CHECK(.net = PAD("pad: 0 pad: 2"), .in = ROW,
              .out = {{"out", SHAPE(1, 1, 1, 8), VALUES(0, 0, 1, 2, 3, 4, 0, 0)}});
    NET_CHECK(.net = PAD("pad_w: 1"), .in = ROW,
              .out = {{"out", SHAPE(1, 1, 1, 6), VALUES(0, 1, 2, 3, 4, 0)}});
    NET_CHECK(.net = PAD("pad_left: 1 pad_b: 1"), .in = ROW,
              .out = {{"out", SHAPE(1, 1, 2, 5), VALUES(0, 1, 2, 3, 4, 0, 0, 0, 0, 0)}});
    NET_CHECK(.net = PAD("pad: 0"), .in = ROW, .out = {{"out", SHAPE(1, 1, 1, 4), VALUES(1, 2, 3, 4)}});
    NET_CHECK(.net = PAD("pad: 1"), .in = {{"in", SHAPE(1, 2, 2), VALUES(1, 2, 3, 4)}},
              .out = {{"out", SHAPE(1, 2, 4), VALUES(0, 1, 2, 0, 0, 3, 4, 0)}});
    NET_CHECK(.net = PAD("pad: 1 pad: 0 pad: 0"), .in = {{"in", SHAPE(1, 1, 1, 1, 2), VALUES(1, 2)}},
              .out = {{"out", SHAPE(1, 1, 3, 1, 2), VALUES(0, 0, 1, 2, 0, 0)}});
}
END_TEST

START_TEST(modes)
{
    NET_CHECK(.net = PAD("pad: 0 pad: 2 pad_mode: CONSTANT pad_value: 7"), .in = ROW,
              .out = {{"out", SHAPE(1, 1, 1, 8), VALUES(7, 7, 1, 2, 3, 4, 7, 7)}});
    NET_CHECK(.net = PAD("pad: 0 pad: 2 pad_mode: REFLECT"), .in = ROW,
              .out = {{"out", SHAPE(1, 1, 1, 8), VALUES(3, 2, 1, 2, 3, 4, 3, 2)}});
    NET_CHECK(.net = PAD("pad: 0 pad: 2 pad_mode: SYMMETRIC"), .in = ROW,
              .out = {{"out", SHAPE(1, 1, 1, 8), VALUES(2, 1, 1, 2, 3, 4, 4, 3)}});
    NET_CHECK(.net = PAD("pad: 0 pad: 2 pad_mode: REPLICATE"), .in = ROW,
              .out = {{"out", SHAPE(1, 1, 1, 8), VALUES(1, 1, 1, 2, 3, 4, 4, 4)}});
    NET_CHECK(.net = PAD("pad: 0 pad: 2 pad_mode: CIRCULAR"), .in = ROW,
              .out = {{"out", SHAPE(1, 1, 1, 8), VALUES(3, 4, 1, 2, 3, 4, 1, 2)}});
    NET_CHECK(.net = PAD("pad: 1 pad_mode: REFLECT"), .in = {{"in", SHAPE(1, 1, 2, 2), VALUES(1, 2, 3, 4)}},
              .out = {{"out", SHAPE(1, 1, 4, 4), VALUES(4, 3, 4, 3, 2, 1, 2, 1, 4, 3, 4, 3, 2, 1, 2, 1)}});
    NET_CHECK(.net = PAD("pad: 0 pad: 3 pad_mode: CIRCULAR"), .in = {{"in", SHAPE(1, 1, 1, 2), VALUES(1, 2)}},
              .out = {{"out", SHAPE(1, 1, 1, 8), VALUES(2, 1, 2, 1, 2, 1, 2, 1)}}); // wider than the bottom
}
END_TEST

START_TEST(images_and_channels)
{
    NET_CHECK(.net = PAD("pad_right: 1 pad_mode: REPLICATE"),
              .in = {{"in", SHAPE(2, 2, 1, 2), VALUES(1, 2, 3, 4, 5, 6, 7, 8)}},
              .out = {{"out", SHAPE(2, 2, 1, 3), VALUES(1, 2, 2, 3, 4, 4, 5, 6, 6, 7, 8, 8)}});
}
END_TEST

START_TEST(paddings_are_for_all_axes)
{
    NET_CHECK(.net =
                  PAD("paddings: 0 paddings: 0 paddings: 0 paddings: 1 paddings: 1 paddings: 0 paddings: 1 "
                      "paddings: 2 value: 9"),
              .in = {{"in", SHAPE(2, 1, 1, 1), VALUES(1, 2)}},
              .out = {{"out", SHAPE(2, 2, 2, 4),
                       VALUES(9, 9, 9, 9, 9, 1, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, //
                              9, 9, 9, 9, 9, 2, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9)}});
    NET_CHECK(.net = PAD("paddings: [1, 0, 0, 1]"), .in = {{"in", SHAPE(1, 2), VALUES(1, 2)}},
              .out = {{"out", SHAPE(2, 3), VALUES(0, 0, 0, 1, 2, 0)}}, .contiguous_only = true);
    NET_CHECK(.net = PAD("paddings: [0, 0, 1, 1] pad_mode: CIRCULAR"),
              .in = {{"in", SHAPE(1, 3), VALUES(1, 2, 3)}},
              .out = {{"out", SHAPE(1, 5), VALUES(3, 1, 2, 3, 1)}});
    NET_CHECK(.net = PAD("paddings: [1, 1] constant_values: -1"), .in = {{"in", SHAPE(2), VALUES(1, 2)}},
              .out = {{"out", SHAPE(4), VALUES(-1, 1, 2, -1)}}, .contiguous_only = true);
}
END_TEST

START_TEST(wrong_fields)
{
    NET_FAILS("pad_rule SAME goes by a kernel, which a Pad layer has not", .net = PAD("pad_rule: @SAME"),
              .in = ROW);
    NET_FAILS("pad_mode PARTIAL scales sums of windows", .net = PAD("pad: 1 pad_mode: @PARTIAL"), .in = ROW);
    NET_FAILS("pad_value is given, but pad_mode is ZERO", .net = PAD("pad: 1 pad_value: @1"), .in = ROW);
    NET_FAILS("value is given, but pad_mode is not CONSTANT",
              .net = PAD("pad: 1 value: @1 pad_mode: REFLECT"), .in = ROW);
    NET_FAILS("pad_h and pad exclude each other", .net = PAD("pad: 1 pad_h: @1"), .in = ROW);
    NET_FAILS("paddings and the pad fields exclude each other", .net = PAD("paddings: [@1, 1] pad: 1"),
              .in = ROW);
    NET_FAILS("paddings has 3 values; it takes two for each axis", .net = PAD("paddings: [1, 1, @1]"),
              .in = ROW);
    NET_FAILS("paddings has 2 values, and the 4 axes of bottom \"in\" take 8",
              .net = PAD("paddings: [@1, 1]"), .in = ROW);
    NET_FAILS("paddings 4000000000 is too large", .net = PAD("paddings: [1, @4000000000]"), .in = ROW);
    NET_FAILS("pad is for 3 spatial axes, but there are 2", .net = PAD("pad: [@1, 1, 1]"), .in = ROW);
    NET_FAILS("along axis 2 are too many", .net = PAD("pad: 2000000000"), .in = ROW);
    NET_FAILS("the bottom's axis 3 is 0", .net = PAD("pad: 1 pad_mode: @CIRCULAR"),
              .in = {{"in", SHAPE(1, 1, 1, 0), NO_VALUES}});
    NET_FAILS("must have 3 to 6 axes", .net = PAD("pad: 1"), .in = {{"in", SHAPE(2, 2), NO_VALUES}});
    NET_FAILS("pad_param is missing", .net = "layer { name: 'p' type: 'Pad' bottom: 'in' top: 'out' }",
              .in = ROW);
}
END_TEST

TEST_MAIN("layers/pad", amounts, modes, images_and_channels, paddings_are_for_all_axes, wrong_fields)
