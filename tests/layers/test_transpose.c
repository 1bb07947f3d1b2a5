#include "tests/support/net.h"
#include "tests/test.h"

#define TRANSPOSE(fields) \
    "layer { name: 't' type: 'Transpose' bottom: 'x' top: 'out' transpose_param { " fields " } }"

// Axis i of the top is axis dim[i] of the bottom; the inverse order would give 3x1x2.
START_TEST(dim_says_where_an_axis_comes_from)
{
    NET_CHECK(.net = TRANSPOSE("dim: 1 dim: 2 dim: 0"),
              .in = {{"x", SHAPE(2, 1, 3), VALUES(0, 1, 2, 3, 4, 5)}},
              .out = {{"out", SHAPE(1, 3, 2), VALUES(0, 3, 1, 4, 2, 5)}});
}
END_TEST

START_TEST(steps_first)
{
    NET_CHECK(.net = TRANSPOSE("dim: 3 dim: 2 dim: 0 dim: 1"),
              .in = {{"x", SHAPE(1, 2, 1, 3), VALUES(0, 1, 2, 3, 4, 5)}},
              .out = {{"out", SHAPE(3, 1, 1, 2), VALUES(0, 3, 1, 4, 2, 5)}});
}
END_TEST

START_TEST(nothing_moves)
{
    NET_CHECK(.net = TRANSPOSE("dim: 0 dim: 1"), .in = {{"x", SHAPE(2, 2), VALUES(0, 1, 2, 3)}},
              .out = {{"out", SHAPE(2, 2), VALUES(0, 1, 2, 3)}});
}
END_TEST

START_TEST(errors_name_the_field)
{
    const net_blob x = {"x", SHAPE(2, 3, 4), NO_VALUES};
    NET_FAILS("layer \"t\" (Transpose): dim must be given: the order of all axes",
              .net = "layer { name: 't' type: 'Transpose' bottom: 'x' top: 'out' @transpose_param { } }",
              .in = {x});
    NET_FAILS("dim must be given: the order of all axes",
              .net = "@layer { name: 't' type: 'Transpose' bottom: 'x' top: 'out' }", .in = {x});
    NET_FAILS("dim names 2 axes, the bottom has 3", .net = TRANSPOSE("dim: @1 dim: 0"), .in = {x});
    NET_FAILS("dim 3: with 3 axes, 0 to 2 exist", .net = TRANSPOSE("dim: 0 dim: @3 dim: 1"), .in = {x});
    NET_FAILS("dim -1: with 3 axes, 0 to 2 exist", .net = TRANSPOSE("dim: @-1 dim: 0 dim: 1"), .in = {x});
    NET_FAILS("dim has axis 1 twice", .net = TRANSPOSE("dim: 1 dim: 0 dim: @1"), .in = {x});
    NET_FAILS("dim 8: with 10 axes, 0 to 9 exist",
              .net = TRANSPOSE("dim: 0 dim: 1 dim: 2 dim: 3 dim: 4 dim: 5 dim: 6 dim: 7 dim: @8 dim: 9"),
              .in = {x});
}
END_TEST

TEST_MAIN("layers/transpose", dim_says_where_an_axis_comes_from, steps_first, nothing_moves,
          errors_name_the_field)
