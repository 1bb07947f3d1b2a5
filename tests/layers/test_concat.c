#include "tests/support/net.h"
#include "tests/test.h"

#define CONCAT(fields) "layer { name: 'c' type: 'Concat' bottom: 'a' bottom: 'b' top: 'out' " fields " }"

START_TEST(channels_by_default)
{
    NET_CHECK(.net = CONCAT(""),
              .in = {{"a", SHAPE(2, 1, 2), VALUES(1, 2, 3, 4)},
                     {"b", SHAPE(2, 2, 2), VALUES(5, 6, 7, 8, 9, 10, 11, 12)}},
              .out = {{"out", SHAPE(2, 3, 2), VALUES(1, 2, 5, 6, 7, 8, 3, 4, 9, 10, 11, 12)}});
}
END_TEST

START_TEST(images)
{
    const float all[] = {1, 2, 3, 4, 5, 6};
    NET_CHECK(.net = CONCAT("concat_param { axis: 0 }"),
              .in = {{"a", SHAPE(1, 2), all, 2}, {"b", SHAPE(2, 2), all + 2, 4}},
              .out = {{"out", SHAPE(3, 2), all, 6}});
    NET_CHECK(.net = CONCAT("concat_param { axis: -2 }"),
              .in = {{"a", SHAPE(1, 2), all, 2}, {"b", SHAPE(2, 2), all + 2, 4}},
              .out = {{"out", SHAPE(3, 2), all, 6}});
}
END_TEST

START_TEST(the_last_axis_by_a_negative_number)
{
    NET_CHECK(.net = CONCAT("concat_param { axis: -1 }"),
              .in = {{"a", SHAPE(2, 2, 1), VALUES(1, 2, 3, 4)},
                     {"b", SHAPE(2, 2, 2), VALUES(5, 6, 7, 8, 9, 10, 11, 12)}},
              .out = {{"out", SHAPE(2, 2, 3), VALUES(1, 5, 6, 2, 7, 8, 3, 9, 10, 4, 11, 12)}});
}
END_TEST

START_TEST(concat_dim_is_the_old_name)
{
    NET_CHECK(.net = CONCAT("concat_param { concat_dim: 0 }"),
              .in = {{"a", SHAPE(1, 2), VALUES(1, 2)}, {"b", SHAPE(1, 2), VALUES(3, 4)}},
              .out = {{"out", SHAPE(2, 2), VALUES(1, 2, 3, 4)}});
}
END_TEST

START_TEST(one_bottom_is_the_top)
{
    NET_CHECK(.net = "layer { name: 'c' type: 'Concat' bottom: 'a' top: 'out' }",
              .in = {{"a", SHAPE(2, 2), VALUES(1, 2, 3, 4)}},
              .out = {{"out", SHAPE(2, 2), VALUES(1, 2, 3, 4)}});
}
END_TEST

START_TEST(the_same_bottom_twice)
{
    NET_CHECK(.net = "layer { name: 'c' type: 'Concat' bottom: 'a' bottom: 'a' top: 'out' }",
              .in = {{"a", SHAPE(2, 2), VALUES(1, 2, 3, 4)}},
              .out = {{"out", SHAPE(2, 4), VALUES(1, 2, 1, 2, 3, 4, 3, 4)}});
}
END_TEST

START_TEST(an_empty_bottom_adds_nothing)
{
    NET_CHECK(.net = CONCAT(""),
              .in = {{"a", SHAPE(2, 0), NO_VALUES}, {"b", SHAPE(2, 2), VALUES(1, 2, 3, 4)}},
              .out = {{"out", SHAPE(2, 2), VALUES(1, 2, 3, 4)}});
}
END_TEST

// A bottom that others read too, and a concat of concats.
START_TEST(nested)
{
    NET_CHECK(.net = CONCAT("") "layer { name: 'd' type: 'Concat' bottom: 'b' bottom: 'out' bottom: 'a' "
                                "top: 'all' }",
              .in = {{"a", SHAPE(2, 1), VALUES(1, 2)}, {"b", SHAPE(2, 2), VALUES(3, 4, 5, 6)}},
              .out = {{"out", SHAPE(2, 3), VALUES(1, 3, 4, 2, 5, 6)},
                      {"all", SHAPE(2, 6), VALUES(3, 4, 1, 3, 4, 1, 5, 6, 2, 5, 6, 2)}});
}
END_TEST

START_TEST(errors_name_the_field)
{
    NET_FAILS("layer \"c\" (Concat): axis 3 is out of range: the bottom has 3 axes, so -3 to 2 are possible",
              .net = CONCAT("concat_param { axis: @3 }"),
              .in = {{"a", SHAPE(1, 2, 2), NO_VALUES}, {"b", SHAPE(1, 2, 2), NO_VALUES}});
    NET_FAILS("axis -4 is out of range", .net = CONCAT("concat_param { axis: @-4 }"),
              .in = {{"a", SHAPE(1, 2, 2), NO_VALUES}, {"b", SHAPE(1, 2, 2), NO_VALUES}});
    NET_FAILS("concat_dim 3 is out of range", .net = CONCAT("concat_param { concat_dim: @3 }"),
              .in = {{"a", SHAPE(1, 2, 2), NO_VALUES}, {"b", SHAPE(1, 2, 2), NO_VALUES}});
    NET_FAILS("axis and concat_dim are two names of one thing",
              .net = CONCAT("concat_param { axis: 1 concat_dim: @1 }"),
              .in = {{"a", SHAPE(1, 2, 2), NO_VALUES}, {"b", SHAPE(1, 2, 2), NO_VALUES}});
}
END_TEST

START_TEST(bottoms_that_do_not_fit_are_both_named)
{
    NET_FAILS("bottom \"a\" (1x2x2) and bottom \"b\" (1x2x3) must be equal but for axis 1",
              .net = "layer { name: 'c' type: 'Concat' bottom: 'a' bottom: @'b' top: 'out' }",
              .in = {{"a", SHAPE(1, 2, 2), NO_VALUES}, {"b", SHAPE(1, 2, 3), NO_VALUES}});
    NET_FAILS("bottom \"a\" (1x2x2) and bottom \"b\" (1x2) must be equal but for axis 1", .net = CONCAT(""),
              .in = {{"a", SHAPE(1, 2, 2), NO_VALUES}, {"b", SHAPE(1, 2), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/concat", channels_by_default, images, the_last_axis_by_a_negative_number,
          concat_dim_is_the_old_name, one_bottom_is_the_top, the_same_bottom_twice,
          an_empty_bottom_adds_nothing, nested, errors_name_the_field, bottoms_that_do_not_fit_are_both_named)
