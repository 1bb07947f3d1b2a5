#include "tests/support/net.h"
#include "tests/test.h"

#include <math.h>

#define REPEAT(fields) \
    "layer { name: 'u' type: 'Upsample' bottom: 'in' top: 'out' upsample_param { " fields " } }"
#define MASK(fields)                                                                                     \
    "layer { name: 'u' type: 'Upsample' bottom: 'in' bottom: 'mask' top: 'out' upsample_param { " fields \
    " } }"
#define IN                                              \
    {                                                   \
        {                                               \
            "in", SHAPE(2, 1, 1, 2), VALUES(1, 2, 3, 4) \
        }                                               \
    }

START_TEST(one_bottom_repeats)
{
    NET_CHECK(.net = REPEAT("scale: 2"), .in = IN,
              .out = {{"out", SHAPE(2, 1, 2, 4), VALUES(1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4)}});
    NET_CHECK(.net = REPEAT("scale_h: 1 scale_w: 3"), .in = IN,
              .out = {{"out", SHAPE(2, 1, 1, 6), VALUES(1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4)}});
    NET_CHECK(.net = REPEAT("scale: 2"), .in = {{"in", SHAPE(2, 1, 2), VALUES(1, 2, 3, 4)}},
              .out = {{"out", SHAPE(2, 2, 4), VALUES(1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4)}},
              .contiguous_only = true);
    NET_CHECK(.net = REPEAT("scale: 2"), .in = {{"in", SHAPE(1, 1, 2, 1, 1), VALUES(1, 2)}},
              .out = {{"out", SHAPE(1, 1, 2, 2, 2), VALUES(1, 1, 1, 1, 2, 2, 2, 2)}});
}
END_TEST

START_TEST(the_scale_of_one_bottom_is_1_by_default)
{
    NET_CHECK(.net = "layer { name: 'u' type: 'Upsample' bottom: 'in' top: 'out' }", .in = IN,
              .out = {{"out", SHAPE(2, 1, 1, 2), VALUES(1, 2, 3, 4)}});
}
END_TEST

START_TEST(with_a_stride_the_scale_multiplies_values)
{
    NET_CHECK(.net = REPEAT("scale: 1 stride: 2"), .in = IN,
              .out = {{"out", SHAPE(2, 1, 2, 4), VALUES(1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4)}});
    NET_CHECK(.net = REPEAT("scale: 3 stride_h: 1 stride_w: 2"), .in = IN,
              .out = {{"out", SHAPE(2, 1, 1, 4), VALUES(3, 3, 6, 6, 9, 9, 12, 12)}});
    NET_CHECK(.net = REPEAT("scale: 3 stride: 1"), .in = IN,
              .out = {{"out", SHAPE(2, 1, 1, 2), VALUES(3, 6, 9, 12)}});
}
END_TEST

#define MASK_IN                                           \
    {                                                     \
        {"in", SHAPE(1, 2, 1, 2), VALUES(1, 2, 3, 4)},    \
        {                                                 \
            "mask", SHAPE(1, 2, 1, 2), VALUES(5, 0, 3, 3) \
        }                                                 \
    }

START_TEST(a_mask_says_where_values_go)
{
    // of two at one place the last one counts
    NET_CHECK(.net = MASK(""), .in = MASK_IN,
              .out = {{"out", SHAPE(1, 2, 2, 4), VALUES(2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0)}});
    NET_CHECK(.net = MASK("scale: 2 pad_out_h: true pad_out_w: true upsample_w: 3 upsample_h: 2"),
              .in = MASK_IN, .out = {{"out", SHAPE(1, 2, 2, 3), VALUES(2, 0, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0)}});
    NET_CHECK(.net = MASK("scale_h: 2 scale_w: 4"), .in = MASK_IN,
              .out = {{"out", SHAPE(1, 2, 2, 8),
                       VALUES(2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, //
                              0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)}});
    NET_CHECK(.net = MASK("pad_out_w: true"),
              .in = {{"in", SHAPE(1, 1, 1, 2), VALUES(1, 2)}, {"mask", SHAPE(1, 1, 1, 2), VALUES(5, 2.9)}},
              .out = {{"out", SHAPE(1, 1, 2, 3), VALUES(0, 0, 2, 0, 0, 1)}});
}
END_TEST

START_TEST(what_a_pooling_took_goes_back)
{
    NET_CHECK(.net = "layer { name: 'p' type: 'Pooling' bottom: 'x' top: 'in' top: 'mask' "
                     "pooling_param { kernel_size: 2 stride: 2 } }" MASK("scale: 2"),
              .in = {{"x", SHAPE(2, 1, 2, 4), VALUES(1, 2, 7, 3, 4, 3, 6, 5, 9, 0, 0, 0, 0, 0, 0, 8)}},
              .out = {{"out", SHAPE(2, 1, 2, 4), VALUES(0, 0, 7, 0, 4, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 8)}});
}
END_TEST

#define BAD_MASK(value)                                 \
    {                                                   \
        {"in", SHAPE(1, 1, 1, 2), VALUES(1, 2)},        \
        {                                               \
            "mask", SHAPE(1, 1, 1, 2), VALUES(1, value) \
        }                                               \
    }

START_TEST(a_mask_out_of_range_fails_the_run)
{
    NET_FAILS("mask \"mask\"[0,0,1] is 8, which is no position of the top's 8", .net = MASK(""),
              .in = BAD_MASK(8), .when_run = true);
    NET_FAILS("mask \"mask\"[0,0,1] is -1", .net = MASK(""), .in = BAD_MASK(-1), .when_run = true);
    NET_FAILS("mask \"mask\"[0,0,1] is nan", .net = MASK(""), .in = BAD_MASK(NAN), .when_run = true);
    NET_FAILS("mask \"mask\"[0,0,1] is 1e+30", .net = MASK(""), .in = BAD_MASK(1e30f), .when_run = true);
}
END_TEST

START_TEST(wrong_fields)
{
    NET_FAILS("scale 0: 1 to 16777216 are possible", .net = REPEAT("scale: @0"), .in = IN);
    NET_FAILS("scale 4000000000: 1 to", .net = REPEAT("scale: @4000000000"), .in = IN);
    NET_FAILS("scale_h is given without scale_w", .net = REPEAT("scale_h: @2"), .in = IN);
    NET_FAILS("scale and scale_h, scale_w exclude each other", .net = MASK("scale: @2 scale_h: 2 scale_w: 2"),
              .in = MASK_IN);
    NET_FAILS("upsample_h is for an Upsample with two bottoms", .net = REPEAT("upsample_h: @2 upsample_w: 2"),
              .in = IN);
    NET_FAILS("pad_out_h is for an Upsample with two bottoms", .net = REPEAT("pad_out_h: @true"), .in = IN);
    NET_FAILS("pad_out_w needs a scale of 2, not 3", .net = MASK("scale: 3 pad_out_w: @true"), .in = MASK_IN);
    NET_FAILS("upsample_h 0: 1 to", .net = MASK("upsample_h: @0 upsample_w: 1"), .in = MASK_IN);
    NET_FAILS("stride is for an Upsample without a mask", .net = MASK("stride: @2"), .in = MASK_IN);
    NET_FAILS("stride 0: 1 to", .net = REPEAT("stride: @0"), .in = IN);
    NET_FAILS("axis 3 of the top would be 33554432 long", .net = REPEAT("scale_h: 1 scale_w: 16777216"),
              .in = IN);
    NET_FAILS("the mask \"mask\" (1x1x2x2) must have the shape of bottom \"in\" (1x1x1x2)", .net = MASK(""),
              .in = {{"in", SHAPE(1, 1, 1, 2), NO_VALUES}, {"mask", SHAPE(1, 1, 2, 2), NO_VALUES}});
    NET_FAILS("has 2 axes and needs at least 3", .net = REPEAT("scale: 2"),
              .in = {{"in", SHAPE(2, 2), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/upsample", one_bottom_repeats, the_scale_of_one_bottom_is_1_by_default,
          with_a_stride_the_scale_multiplies_values, a_mask_says_where_values_go,
          what_a_pooling_took_goes_back, a_mask_out_of_range_fails_the_run, wrong_fields)
