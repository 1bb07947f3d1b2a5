#include "tests/support/net.h"
#include "tests/test.h"

#include <math.h>

#define ARGMAX(fields) "layer { name: 'a' type: 'ArgMax' bottom: 'x' top: 'out' argmax_param { " fields " } }"

START_TEST(all_axes_behind_the_first_are_one)
{
    NET_CHECK(.net = "layer { name: 'a' type: 'ArgMax' bottom: 'x' top: 'out' }",
              .in = {{"x", SHAPE(2, 2, 2), VALUES(1, 4, 2, 3, 9, 5, 6, 7)}},
              .out = {{"out", SHAPE(2, 1, 1), VALUES(1, 0)}});
    NET_CHECK(.net = ARGMAX("top_k: 3"), .in = {{"x", SHAPE(2, 4), VALUES(1, 4, 2, 3, 9, 5, 6, 7)}},
              .out = {{"out", SHAPE(2, 1, 3), VALUES(1, 3, 2, 0, 3, 2)}});
    // axes of the bottom beyond the third leave ones
    NET_CHECK(.net = ARGMAX(""), .in = {{"x", SHAPE(1, 2, 1, 1, 2), VALUES(1, 4, 2, 3)}},
              .out = {{"out", SHAPE(1, 1, 1, 1, 1), VALUES(1)}});
    NET_CHECK(.net = ARGMAX(""), .in = {{"x", SHAPE(2), VALUES(7, 8)}},
              .out = {{"out", SHAPE(2, 1, 1), VALUES(0, 0)}});
}
END_TEST

START_TEST(values_beside_indices)
{
    NET_CHECK(.net = ARGMAX("top_k: 2 out_max_val: true"),
              .in = {{"x", SHAPE(2, 4), VALUES(1, 4, 2, 3, 9, 5, 6, 7)}},
              .out = {{"out", SHAPE(2, 2, 2), VALUES(1, 3, 4, 3, 0, 3, 9, 7)}});
    NET_CHECK(.net = ARGMAX("out_max_val: true"), .in = {{"x", SHAPE(2, 2), VALUES(1, 4, 9, 5)}},
              .out = {{"out", SHAPE(2, 2, 1), VALUES(1, 4, 0, 9)}});
}
END_TEST

START_TEST(along_an_axis)
{
#define X {"x", SHAPE(2, 3, 2), VALUES(1, 6, 3, 4, 2, 5, 0, 0, -1, 1, -2, 2)}
    NET_CHECK(.net = ARGMAX("axis: 1"), .in = {X}, .out = {{"out", SHAPE(2, 1, 2), VALUES(1, 0, 0, 2)}});
    NET_CHECK(.net = ARGMAX("axis: -2 top_k: 2"), .in = {X},
              .out = {{"out", SHAPE(2, 2, 2), VALUES(1, 0, 2, 2, 0, 2, 1, 1)}});
    // here values replace the indices
    NET_CHECK(.net = ARGMAX("axis: 1 out_max_val: true"), .in = {X},
              .out = {{"out", SHAPE(2, 1, 2), VALUES(3, 6, 0, 2)}});
    NET_CHECK(.net = ARGMAX("axis: 1 top_k: 3 out_max_val: true"), .in = {X},
              .out = {{"out", SHAPE(2, 3, 2), VALUES(3, 6, 2, 5, 1, 4, 0, 2, -1, 1, -2, 0)}});
    NET_CHECK(.net = ARGMAX("axis: 0"), .in = {X}, .contiguous_only = true,
              .out = {{"out", SHAPE(1, 3, 2), VALUES(0, 0, 0, 0, 0, 0)}});
    NET_CHECK(.net = ARGMAX("axis: 2"), .in = {X},
              .out = {{"out", SHAPE(2, 3, 1), VALUES(1, 1, 1, 1, 1, 1)}});
}
END_TEST

START_TEST(the_larger_index_wins_a_tie)
{
    NET_CHECK(.net = ARGMAX(""), .in = {{"x", SHAPE(1, 4), VALUES(2, 5, 5, 1)}},
              .out = {{"out", SHAPE(1, 1, 1), VALUES(2)}});
    NET_CHECK(.net = ARGMAX("top_k: 3"), .in = {{"x", SHAPE(1, 5), VALUES(5, 1, 5, 1, 5)}},
              .out = {{"out", SHAPE(1, 1, 3), VALUES(4, 2, 0)}});
    NET_CHECK(.net = ARGMAX("top_k: 4"), .in = {{"x", SHAPE(1, 4), VALUES(0, 0, 0, 0)}},
              .out = {{"out", SHAPE(1, 1, 4), VALUES(3, 2, 1, 0)}});
}
END_TEST

START_TEST(ranks_of_many)
{
    enum { N = 40, C = 1000, K = 1000 };
    static float x[N * C], out[N * K];
    for (int i = 0; i < N * C; i++)
        x[i] = (float)(i % C * 7 % C); // each of 0 .. 999 once
    for (int i = 0; i < N * C; i++)
        out[i / C * K + C - 1 - (int)x[i]] = (float)(i % C);
    NET_CHECK(.net = ARGMAX("top_k: 1000"), .in = {{"x", SHAPE(N, C), x, N * C}},
              .out = {{"out", SHAPE(N, 1, K), out, N * K}});
    static float nothing[N * C];
    for (int i = 0; i < N * C; i++)
        nothing[i] = NAN; // some order, and an end
    NET_CHECK(.net = ARGMAX("top_k: 1000"), .in = {{"x", SHAPE(N, C), nothing, N * C}},
              .out = {{"out", SHAPE(N, 1, K), NO_VALUES}});
}
END_TEST

START_TEST(wrong_fields)
{
    NET_FAILS("top_k 0 is less than 1", .net = ARGMAX("top_k: @0"), .in = {{"x", SHAPE(1, 4), NO_VALUES}});
    NET_FAILS("top_k 5 is more than the 4 values", .net = ARGMAX("top_k: @5"),
              .in = {{"x", SHAPE(1, 4), NO_VALUES}});
    NET_FAILS("top_k 4000000000 is more than the 2 values", .net = ARGMAX("axis: 0 top_k: @4000000000"),
              .in = {{"x", SHAPE(2, 4), NO_VALUES}});
    NET_FAILS("axis -3 is out of range", .net = ARGMAX("axis: @-3"), .in = {{"x", SHAPE(1, 4), NO_VALUES}});
    NET_FAILS("has no axes", .net = ARGMAX(""), .in = {{"x", SCALAR, NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/argmax", all_axes_behind_the_first_are_one, values_beside_indices, along_an_axis,
          the_larger_index_wins_a_tie, ranks_of_many, wrong_fields)
