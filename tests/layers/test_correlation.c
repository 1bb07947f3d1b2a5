#include "tests/support/net.h"
#include "tests/test.h"

#define CORRELATION(fields)                                                     \
    "layer { name: 'c' type: 'Correlation' bottom: 'a' bottom: 'b' top: 'out' " \
    "correlation_param { " fields " } }"

START_TEST(no_displacement_is_a_mean_of_products_over_channels)
{
    NET_CHECK(.net = CORRELATION("kernel_size: 1 max_displacement: 0"),
              .in = {{"a", SHAPE(2, 2, 1, 2), VALUES(1, 2, 3, 4, 5, 6, 7, 8)},
                     {"b", SHAPE(2, 2, 1, 2), VALUES(1, 1, 1, 1, 2, 0, 2, 0)}},
              .out = {{"out", SHAPE(2, 1, 1, 2), VALUES(2, 3, 12, 0)}});
}
END_TEST

// One position: a is 2; b around it is 1..9. Channels go row by row of the displacements.
START_TEST(channels_are_displacements)
{
    NET_CHECK(.net = CORRELATION("kernel_size: 1 max_displacement: 1"),
              .in = {{"a", SHAPE(1, 1, 3, 3), VALUES(0, 0, 0, 0, 2, 0, 0, 0, 0)},
                     {"b", SHAPE(1, 1, 3, 3), VALUES(1, 2, 3, 4, 5, 6, 7, 8, 9)}},
              .out = {{"out", SHAPE(1, 9, 1, 1), VALUES(2, 4, 6, 8, 10, 12, 14, 16, 18)}});
    // in steps of 2: only the middle is left, for 1 / 2 is 0
    NET_CHECK(.net = CORRELATION("kernel_size: 1 max_displacement: 1 stride_2: 2 do_abs: true"),
              .in = {{"a", SHAPE(1, 1, 3, 3), VALUES(0, 0, 0, 0, 2, 0, 0, 0, 0)},
                     {"b", SHAPE(1, 1, 3, 3), VALUES(1, 2, 3, 4, 5, 6, 7, 8, 9)}},
              .out = {{"out", SHAPE(1, 1, 1, 1), VALUES(10)}});
}
END_TEST

START_TEST(the_padding_is_zero)
{
    NET_CHECK(.net = CORRELATION("kernel_size: 1 max_displacement: 1 pad: 1"),
              .in = {{"a", SHAPE(1, 1, 1, 2), VALUES(1, 2)}, {"b", SHAPE(1, 1, 1, 2), VALUES(3, 5)}},
              .out = {
                  {"out", SHAPE(1, 9, 1, 2), VALUES(0, 0, 0, 0, 0, 0, 0, 6, 3, 10, 5, 0, 0, 0, 0, 0, 0, 0)}});
    NET_CHECK(.net = CORRELATION("kernel_size: 1 max_displacement: 1 pad: 1 correlation_type: SUBTRACT"),
              .in = {{"a", SHAPE(1, 1, 1, 2), VALUES(1, 2)}, {"b", SHAPE(1, 1, 1, 2), VALUES(3, 5)}},
              .out = {
                  {"out", SHAPE(1, 9, 1, 2), VALUES(1, 2, 1, 2, 1, 2, 1, 1, 2, 3, 4, 2, 1, 2, 1, 2, 1, 2)}});
}
END_TEST

// A 3x3 patch without displacement: mean of nine products.
START_TEST(kernels_are_patches)
{
    NET_CHECK(.net = CORRELATION("kernel_size: 3 max_displacement: 0"),
              .in = {{"a", SHAPE(1, 1, 3, 4), VALUES(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 10)},
                     {"b", SHAPE(1, 1, 3, 4), VALUES(9, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 9)}},
              .out = {{"out", SHAPE(1, 1, 1, 2), VALUES(1, 11)}});
}
END_TEST

// 5 - 2 positions in steps of 2: ceil(3 / 2).
START_TEST(stride_1_leaves_positions_out)
{
    NET_CHECK(.net = CORRELATION("kernel_size: 1 max_displacement: 1 stride_1: 2 stride_2: 5 pad: 1"),
              .in = {{"a", SHAPE(1, 1, 1, 3), VALUES(1, 2, 3)}, {"b", SHAPE(1, 1, 1, 3), VALUES(4, 5, 6)}},
              .out = {{"out", SHAPE(1, 1, 1, 2), VALUES(4, 18)}});
    NET_CHECK(.net = CORRELATION("kernel_size: 1 max_displacement: 1 stride_1: 2 stride_2: 5 pad: 1 "
                                 "correlation_type: SUBTRACT"),
              .in = {{"a", SHAPE(1, 1, 1, 3), VALUES(1, 2, 3)}, {"b", SHAPE(1, 1, 1, 3), VALUES(4, 5, 7)}},
              .out = {{"out", SHAPE(1, 1, 1, 2), VALUES(3, 4)}});
}
END_TEST

#define BOTTOMS .in = {{"a", SHAPE(1, 1, 3, 3), NO_VALUES}, {"b", SHAPE(1, 1, 3, 3), NO_VALUES}}

START_TEST(wrong_fields)
{
    NET_FAILS("kernel_size is not given", .net = CORRELATION("max_displacement: 1"), BOTTOMS);
    NET_FAILS("max_displacement is not given", .net = CORRELATION("kernel_size: 1"), BOTTOMS);
    NET_FAILS("kernel_size 2 must be odd", .net = CORRELATION("kernel_size: @2 max_displacement: 1"),
              BOTTOMS);
    NET_FAILS("stride_1 0: 1 to 32768", .net = CORRELATION("kernel_size: 1 max_displacement: 1 stride_1: @0"),
              BOTTOMS);
    NET_FAILS("stride_2 0: 1 to", .net = CORRELATION("kernel_size: 1 max_displacement: 1 stride_2: @0"),
              BOTTOMS);
    NET_FAILS("max_displacement 4000000000: 0 to",
              .net = CORRELATION("kernel_size: 1 max_displacement: @4000000000"), BOTTOMS);
    NET_FAILS("pad 4000000000: 0 to",
              .net = CORRELATION("kernel_size: 1 max_displacement: 1 pad: @4000000000"), BOTTOMS);
    NET_FAILS("leaves -1 positions between borders of 2",
              .net = CORRELATION("kernel_size: 3 max_displacement: @1"), BOTTOMS);
    NET_FAILS("bottoms \"a\" (1x1x3x3) and \"b\" (1x1x3x4) must have one shape",
              .net = CORRELATION("kernel_size: 1 max_displacement: 1"),
              .in = {{"a", SHAPE(1, 1, 3, 3), NO_VALUES}, {"b", SHAPE(1, 1, 3, 4), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/correlation", no_displacement_is_a_mean_of_products_over_channels,
          channels_are_displacements, the_padding_is_zero, kernels_are_patches, stride_1_leaves_positions_out,
          wrong_fields)
