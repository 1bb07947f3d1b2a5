#include "tests/support/net.h"
#include "tests/test.h"

#define SLICE(fields) "layer { name: 's' type: 'Slice' bottom: 'a' top: 'x' top: 'y' " fields " }"

START_TEST(equal_parts_of_the_channels_by_default)
{
    NET_CHECK(.net = SLICE(""), .in = {{"a", SHAPE(2, 2, 2), VALUES(1, 2, 3, 4, 5, 6, 7, 8)}},
              .out = {{"x", SHAPE(2, 1, 2), VALUES(1, 2, 5, 6)}, {"y", SHAPE(2, 1, 2), VALUES(3, 4, 7, 8)}});
}
END_TEST

START_TEST(images)
{
    NET_CHECK(.net = SLICE("slice_param { axis: 0 slice_point: 1 }"),
              .in = {{"a", SHAPE(3, 2), VALUES(1, 2, 3, 4, 5, 6)}},
              .out = {{"x", SHAPE(1, 2), VALUES(1, 2)}, {"y", SHAPE(2, 2), VALUES(3, 4, 5, 6)}});
    NET_CHECK(.net = SLICE("slice_param { axis: -2 slice_point: 2 }"),
              .in = {{"a", SHAPE(3, 2), VALUES(1, 2, 3, 4, 5, 6)}},
              .out = {{"x", SHAPE(2, 2), VALUES(1, 2, 3, 4)}, {"y", SHAPE(1, 2), VALUES(5, 6)}});
}
END_TEST

START_TEST(points_on_the_last_axis_by_a_negative_number)
{
    NET_CHECK(.net = "layer { name: 's' type: 'Slice' bottom: 'a' top: 'x' top: 'y' top: 'z' "
                     "slice_param { axis: -1 slice_point: 1 slice_point: 3 } }",
              .in = {{"a", SHAPE(2, 1, 4), VALUES(1, 2, 3, 4, 5, 6, 7, 8)}},
              .out = {{"x", SHAPE(2, 1, 1), VALUES(1, 5)},
                      {"y", SHAPE(2, 1, 2), VALUES(2, 3, 6, 7)},
                      {"z", SHAPE(2, 1, 1), VALUES(4, 8)}});
}
END_TEST

START_TEST(slice_dim_is_the_old_name)
{
    NET_CHECK(.net = SLICE("slice_param { slice_dim: 0 }"), .in = {{"a", SHAPE(2, 2), VALUES(1, 2, 3, 4)}},
              .out = {{"x", SHAPE(1, 2), VALUES(1, 2)}, {"y", SHAPE(1, 2), VALUES(3, 4)}});
}
END_TEST

START_TEST(one_top_is_the_bottom)
{
    NET_CHECK(.net = "layer { name: 's' type: 'Slice' bottom: 'a' top: 'x' }",
              .in = {{"a", SHAPE(2, 3), VALUES(1, 2, 3, 4, 5, 6)}},
              .out = {{"x", SHAPE(2, 3), VALUES(1, 2, 3, 4, 5, 6)}});
}
END_TEST

START_TEST(the_last_top_may_be_empty)
{
    NET_CHECK(.net = SLICE("slice_param { slice_point: 2 }"), .in = {{"a", SHAPE(2, 2), VALUES(1, 2, 3, 4)}},
              .out = {{"x", SHAPE(2, 2), VALUES(1, 2, 3, 4)}, {"y", SHAPE(2, 0), NO_VALUES}});
}
END_TEST

// A part is changed in place: the others and the whole keep their values.
START_TEST(parts_are_changed_without_touching_the_rest)
{
    NET_CHECK(.net = SLICE("") "layer { name: 'e' type: 'Eltwise' bottom: 'x' bottom: 'y' top: 'x' }"
                               "layer { name: 'f' type: 'Eltwise' bottom: 'a' bottom: 'a' top: 'twice' }",
              .in = {{"a", SHAPE(2, 2), VALUES(1, 2, 3, 4)}},
              .out = {{"x", SHAPE(2, 1), VALUES(3, 7)},
                      {"y", SHAPE(2, 1), VALUES(2, 4)},
                      {"twice", SHAPE(2, 2), VALUES(2, 4, 6, 8)}});
}
END_TEST

START_TEST(errors_name_the_field)
{
    NET_FAILS("layer \"s\" (Slice): axis 2 is out of range: the bottom has 2 axes, so -2 to 1 are possible",
              .net = SLICE("slice_param { axis: @2 }"), .in = {{"a", SHAPE(2, 2), NO_VALUES}});
    NET_FAILS("slice_dim 2 is out of range", .net = SLICE("slice_param { slice_dim: @2 }"),
              .in = {{"a", SHAPE(2, 2), NO_VALUES}});
    NET_FAILS("axis and slice_dim are two names of one thing",
              .net = SLICE("slice_param { axis: 1 slice_dim: @1 }"), .in = {{"a", SHAPE(2, 2), NO_VALUES}});
    NET_FAILS("2 tops can't share the 3 entries of axis 1 equally", .net = "@" SLICE(""),
              .in = {{"a", SHAPE(2, 3), NO_VALUES}});
    NET_FAILS("2 tops can't share the 0 entries of axis 1 equally", .net = SLICE(""),
              .in = {{"a", SHAPE(2, 0), NO_VALUES}});
}
END_TEST

START_TEST(points_are_checked)
{
    NET_FAILS("2 tops need 1 slice_point, not 2",
              .net = SLICE("slice_param { slice_point: @1 slice_point: 2 }"),
              .in = {{"a", SHAPE(2, 3), NO_VALUES}});
    NET_FAILS("slice_point 0 must be above 0", .net = SLICE("slice_param { slice_point: @0 }"),
              .in = {{"a", SHAPE(2, 3), NO_VALUES}});
    NET_FAILS("slice_point 2 must be above 2",
              .net = "layer { name: 's' type: 'Slice' bottom: 'a' top: 'x' top: 'y' top: 'z' "
                     "slice_param { slice_point: 2 slice_point: @2 } }",
              .in = {{"a", SHAPE(2, 3), NO_VALUES}});
    NET_FAILS("slice_point 4 is behind the end of axis 1, which has 3 entries",
              .net = SLICE("slice_param { slice_point: @4 }"), .in = {{"a", SHAPE(2, 3), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/slice", equal_parts_of_the_channels_by_default, images,
          points_on_the_last_axis_by_a_negative_number, slice_dim_is_the_old_name, one_top_is_the_bottom,
          the_last_top_may_be_empty, parts_are_changed_without_touching_the_rest, errors_name_the_field,
          points_are_checked)
