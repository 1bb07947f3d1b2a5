#include "tests/support/net.h"
#include "tests/test.h"

#define FLATTEN(fields) "layer { name: 'f' type: 'Flatten' bottom: 'a' top: 'out' " fields " }"

static const float six[] = {1, 2, 3, 4, 5, 6}, twelve[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

START_TEST(all_behind_the_images_by_default)
{
    NET_CHECK(.net = FLATTEN(""), .in = {{"a", SHAPE(2, 3, 2), twelve, 12}},
              .out = {{"out", SHAPE(2, 6), twelve, 12}});
}
END_TEST

START_TEST(axes_from_either_end)
{
    NET_CHECK(.net = FLATTEN("flatten_param { axis: 0 end_axis: 1 }"),
              .in = {{"a", SHAPE(2, 3, 2), twelve, 12}}, .out = {{"out", SHAPE(6, 2), twelve, 12}});
    NET_CHECK(.net = FLATTEN("flatten_param { axis: -3 end_axis: -2 }"),
              .in = {{"a", SHAPE(2, 3, 2), twelve, 12}}, .out = {{"out", SHAPE(6, 2), twelve, 12}});
    NET_CHECK(.net = FLATTEN("flatten_param { axis: 1 end_axis: 2 }"),
              .in = {{"a", SHAPE(2, 3, 2, 1), twelve, 12}}, .out = {{"out", SHAPE(2, 6, 1), twelve, 12}});
    NET_CHECK(.net = FLATTEN("flatten_param { axis: 0 }"), .in = {{"a", SHAPE(2, 3, 2), twelve, 12}},
              .out = {{"out", SHAPE(12), twelve, 12}});
}
END_TEST

START_TEST(one_axis_stays)
{
    NET_CHECK(.net = FLATTEN("flatten_param { axis: 1 end_axis: 1 }"), .in = {{"a", SHAPE(2, 3), six, 6}},
              .out = {{"out", SHAPE(2, 3), six, 6}});
}
END_TEST

START_TEST(an_end_just_before_the_axis_puts_one_in)
{
    NET_CHECK(.net = FLATTEN("flatten_param { axis: 1 end_axis: 0 }"), .in = {{"a", SHAPE(2, 3), six, 6}},
              .out = {{"out", SHAPE(2, 1, 3), six, 6}});
}
END_TEST

START_TEST(a_part_of_the_channels_is_flattened)
{
    NET_CHECK(.net = "layer { name: 's' type: 'Slice' bottom: 'a' top: 'x' top: 'y' }"
                     "layer { name: 'f' type: 'Flatten' bottom: 'y' top: 'out' flatten_param { axis: 0 } }",
              .in = {{"a", SHAPE(2, 2, 3), twelve, 12}},
              .out = {{"out", SHAPE(6), VALUES(4, 5, 6, 10, 11, 12)}});
}
END_TEST

START_TEST(errors_name_the_field)
{
    NET_FAILS("layer \"f\" (Flatten): axis 2 is out of range: the bottom has 2 axes, so -2 to 1 are possible",
              .net = FLATTEN("flatten_param { axis: @2 }"), .in = {{"a", SHAPE(2, 3), NO_VALUES}});
    NET_FAILS("axis 1 is out of range", .net = "@" FLATTEN(""), .in = {{"a", SHAPE(6), NO_VALUES}});
    NET_FAILS("end_axis -3 is out of range", .net = FLATTEN("flatten_param { end_axis: @-3 }"),
              .in = {{"a", SHAPE(2, 3), NO_VALUES}});
    NET_FAILS("end_axis 0 is before axis 2", .net = FLATTEN("flatten_param { axis: 2 end_axis: @0 }"),
              .in = {{"a", SHAPE(2, 3, 1), NO_VALUES}});
    NET_FAILS("the top has 9 axes; at most 8 work", .net = FLATTEN("flatten_param { axis: 1 end_axis: @0 }"),
              .in = {{"a", SHAPE(1, 1, 1, 1, 1, 1, 1, 1), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/flatten", all_behind_the_images_by_default, axes_from_either_end, one_axis_stays,
          an_end_just_before_the_axis_puts_one_in, a_part_of_the_channels_is_flattened, errors_name_the_field)
