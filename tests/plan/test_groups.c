#include "tests/support/net.h"
#include "tests/test.h"

#define ADD(in, out) \
    "layer { name: '" out "' type: 'Eltwise' bottom: '" in "' bottom: '" in "' top: '" out "' }"
#define RESHAPE(in, out, dims)                                                                              \
    "layer { name: '" out "' type: 'Reshape' bottom: '" in "' top: '" out "' reshape_param { shape { " dims \
    " } } }"
#define CONCAT(a, b, out, axis)                                                                           \
    "layer { name: '" out "' type: 'Concat' bottom: '" a "' bottom: '" b "' top: '" out "' concat_param " \
    "{ axis: " axis " } }"

// A Concat of one image takes a view of something with two images, which must stay contiguous.
START_TEST(two_images_seen_as_one_in_a_concat)
{
    NET_CHECK(.net = ADD("a", "e") RESHAPE("e", "r", "dim: 1 dim: 6") CONCAT("p", "r", "out", "1"),
              .in = {{"a", SHAPE(2, 3), VALUES(1, 2, 3, 4, 5, 6)}, {"p", SHAPE(1, 1), VALUES(9)}},
              .out = {{"out", SHAPE(1, 7), VALUES(9, 2, 4, 6, 8, 10, 12)}}, .contiguous_only = true);
}
END_TEST

// The Concat's own top decides where its bottoms stand, not a view of it.
START_TEST(a_concat_seen_in_another_shape)
{
    NET_CHECK(.net =
                  ADD("a", "e") ADD("b", "f") CONCAT("e", "f", "c", "1") RESHAPE("c", "out", "dim: 1 dim: 4"),
              .in = {{"a", SHAPE(2, 1), VALUES(1, 2)}, {"b", SHAPE(2, 1), VALUES(3, 4)}},
              .out = {{"out", SHAPE(1, 4), VALUES(2, 6, 4, 8)}}, .contiguous_only = true);
    NET_CHECK(.net =
                  ADD("a", "e") ADD("b", "f") CONCAT("e", "f", "c", "0") RESHAPE("c", "out", "dim: 4 dim: 1"),
              .in = {{"a", SHAPE(1, 2), VALUES(1, 2)}, {"b", SHAPE(1, 2), VALUES(3, 4)}},
              .out = {{"out", SHAPE(4, 1), VALUES(2, 4, 6, 8)}}, .contiguous_only = true);
}
END_TEST

START_TEST(a_view_of_a_concat_in_a_concat)
{
    NET_CHECK(.net = ADD("a", "e") ADD("b", "f") CONCAT("e", "f", "c", "1") RESHAPE("c", "r", "dim: 4 dim: 1")
                  CONCAT("r", "q", "out", "1"),
              .in = {{"a", SHAPE(1, 2), VALUES(1, 2)},
                     {"b", SHAPE(1, 2), VALUES(3, 4)},
                     {"q", SHAPE(4, 1), VALUES(7, 7, 7, 7)}},
              .out = {{"out", SHAPE(4, 2), VALUES(2, 7, 4, 7, 6, 7, 8, 7)}}, .contiguous_only = true);
}
END_TEST

// The parts are placed by the Concat's own images, then a layer in place joins it with a view of other ones.
START_TEST(a_concat_changed_in_place_and_then_seen_in_another_shape)
{
    NET_CHECK(.net = ADD("a", "e") ADD("b", "f")
                  CONCAT("e", "f", "c", "1") "layer { name: 'r' type: 'ReLU' bottom: 'c' top: 'c' }" RESHAPE(
                      "c", "out", "dim: 4 dim: 1"),
              .in = {{"a", SHAPE(2, 1), VALUES(1, 2)}, {"b", SHAPE(2, 1), VALUES(3, -4)}},
              .out = {{"out", SHAPE(4, 1), VALUES(2, 6, 4, 0)}}, .contiguous_only = true);
}
END_TEST

TEST_MAIN("plan/groups", two_images_seen_as_one_in_a_concat, a_concat_seen_in_another_shape,
          a_view_of_a_concat_in_a_concat, a_concat_changed_in_place_and_then_seen_in_another_shape)
