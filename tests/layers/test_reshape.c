#include "tests/support/net.h"
#include "tests/test.h"

#define RESHAPE(fields) \
    "layer { name: 'r' type: 'Reshape' bottom: 'a' top: 'out' reshape_param { " fields " } }"

static const float v[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

// The bottom is 2x6.
#define GIVES(fields, ...) \
    NET_CHECK(.net = RESHAPE(fields), .in = {{"a", SHAPE(2, 6), v, 12}}, .out = {{"out", __VA_ARGS__, v, 12}})
#define FAILS(text, fields) NET_FAILS(text, .net = RESHAPE(fields), .in = {{"a", SHAPE(2, 6), NO_VALUES}})

START_TEST(sizes_copies_and_the_rest)
{
    GIVES("shape { dim: 3 dim: 4 }", SHAPE(3, 4));
    GIVES("shape { dim: 0 dim: 0 }", SHAPE(2, 6));
    GIVES("shape { dim: 0 dim: 3 dim: 2 }", SHAPE(2, 3, 2));
    GIVES("shape { dim: 0 dim: -1 dim: 2 }", SHAPE(2, 3, 2));
    GIVES("shape { dim: -1 }", SHAPE(12));
    GIVES("shape { dim: 2 dim: 0 dim: 1 }", SHAPE(2, 6, 1));
}
END_TEST

START_TEST(a_range_of_axes)
{
    GIVES("shape { dim: 3 dim: 2 } axis: 1", SHAPE(2, 3, 2));
    GIVES("shape { dim: 3 dim: -1 } axis: 1 num_axes: 1", SHAPE(2, 3, 2));
    GIVES("shape { dim: 2 dim: 1 } axis: 0 num_axes: 1", SHAPE(2, 1, 6));
    GIVES("shape { dim: 0 dim: 1 } axis: 1 num_axes: -1", SHAPE(2, 6, 1));
}
END_TEST

START_TEST(an_axis_is_put_in)
{
    GIVES("shape { dim: 1 } axis: 1 num_axes: 0", SHAPE(2, 1, 6));
    GIVES("shape { dim: 1 } axis: 2 num_axes: 0", SHAPE(2, 6, 1));
}
END_TEST

START_TEST(two_images_become_one)
{
    NET_CHECK(.net = RESHAPE("shape { dim: -1 dim: 12 }"), .in = {{"a", SHAPE(2, 6), v, 12}},
              .out = {{"out", SHAPE(1, 12), v, 12}});
    NET_CHECK(.net = RESHAPE("shape { dim: 1 } axis: 0 num_axes: 0"), .in = {{"a", SHAPE(2, 6), v, 12}},
              .out = {{"out", SHAPE(1, 2, 6), v, 12}});
}
END_TEST

// -1 is behind the last axis, -2 is the last axis.
START_TEST(negative_axes_count_from_behind_the_end)
{
    GIVES("shape { dim: 1 } axis: -1", SHAPE(2, 6, 1));
    GIVES("shape { dim: 1 } axis: -1 num_axes: 0", SHAPE(2, 6, 1));
    GIVES("shape { dim: 3 dim: 2 } axis: -2", SHAPE(2, 3, 2));
    GIVES("shape { dim: 4 dim: 3 } axis: -3", SHAPE(4, 3));
}
END_TEST

START_TEST(no_shape_drops_axes_of_length_1)
{
    NET_CHECK(.net = RESHAPE("axis: 1 num_axes: 2"), .in = {{"a", SHAPE(2, 1, 1, 6), v, 12}},
              .out = {{"out", SHAPE(2, 6), v, 12}});
    NET_CHECK(.net = RESHAPE(""), .in = {{"a", SHAPE(1, 1), v, 1}}, .out = {{"out", SCALAR, v, 1}});
}
END_TEST

START_TEST(empty_blobs)
{
    NET_CHECK(.net = RESHAPE("shape { dim: 0 dim: 3 dim: -1 }"), .in = {{"a", SHAPE(2, 0), NO_VALUES}},
              .out = {{"out", SHAPE(2, 3, 0), NO_VALUES}});
    NET_FAILS("the 0 values of the bottom (0x6) don't make a top of 0x-1x6",
              .net = RESHAPE("@shape { dim: 0 dim: -1 dim: 6 }"), .in = {{"a", SHAPE(0, 6), NO_VALUES}});
}
END_TEST

START_TEST(errors_name_the_field)
{
    FAILS("layer \"r\" (Reshape): the 12 values of the bottom (2x6) don't make a top of 5x2",
          "@shape { dim: 5 dim: 2 }");
    FAILS("the 12 values of the bottom (2x6) don't make a top of 5x-1", "@shape { dim: 5 dim: -1 }");
    FAILS("the 12 values of the bottom (2x6) don't make a top of 9223372036854775807x2",
          "@shape { dim: 9223372036854775807 dim: 2 }");
    FAILS("dim -2: a size, 0 (copy) or -1 (infer) is possible", "shape { dim: 2 dim: @-2 }");
    FAILS("only one dim can be -1", "shape { dim: -1 dim: @-1 }");
    FAILS("dim 0 copies axis 2 of the bottom, which has 2 axes", "shape { dim: 2 dim: 6 dim: @0 }");
    FAILS("axis 3 is out of range: the bottom has 2 axes, so -3 to 2 are possible",
          "shape { dim: 1 } axis: @3");
    FAILS("axis -4 is out of range", "shape { dim: 1 } axis: @-4");
    FAILS("num_axes 2 from axis 1: the bottom has 2 axes", "shape { dim: 6 } axis: 1 num_axes: @2");
    FAILS("num_axes -2: a number, or -1 (to the end) is possible", "shape { dim: 6 } num_axes: @-2");
    FAILS("the top has 9 axes; at most 8 work",
          "shape { dim: @2 dim: 6 dim: 1 dim: 1 dim: 1 dim: 1 dim: 1 dim: 1 dim: 1 }");
}
END_TEST

TEST_MAIN("layers/reshape", sizes_copies_and_the_rest, a_range_of_axes, an_axis_is_put_in,
          two_images_become_one, negative_axes_count_from_behind_the_end, no_shape_drops_axes_of_length_1,
          empty_blobs, errors_name_the_field)
