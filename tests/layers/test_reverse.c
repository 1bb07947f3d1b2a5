#include "tests/support/net.h"
#include "tests/test.h"

#define REVERSE(fields) \
    "layer { name: 'r' type: 'Reverse' bottom: 'x' top: 'out' reverse_param { " fields " } }"
#define X                                                                 \
    {                                                                     \
        "x", SHAPE(2, 2, 3), VALUES(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11) \
    }

START_TEST(axis_0_by_default)
{
    const net_blob out = {"out", SHAPE(2, 2, 3), VALUES(6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5)};
    NET_CHECK(.net = REVERSE(""), .in = {X}, .out = {out});
    NET_CHECK(.net = "layer { name: 'r' type: 'Reverse' bottom: 'x' top: 'out' }", .in = {X}, .out = {out});
    NET_CHECK(.net = REVERSE("axis: -3"), .in = {X}, .out = {out});
}
END_TEST

START_TEST(an_inner_axis)
{
    NET_CHECK(.net = REVERSE("axis: 1"), .in = {X},
              .out = {{"out", SHAPE(2, 2, 3), VALUES(3, 4, 5, 0, 1, 2, 9, 10, 11, 6, 7, 8)}});
}
END_TEST

START_TEST(the_last_axis)
{
    NET_CHECK(.net = REVERSE("axis: -1"), .in = {X},
              .out = {{"out", SHAPE(2, 2, 3), VALUES(2, 1, 0, 5, 4, 3, 8, 7, 6, 11, 10, 9)}});
}
END_TEST

START_TEST(several_axes)
{
    NET_CHECK(.net = REVERSE("axis: 2 axis: 0"), .in = {X},
              .out = {{"out", SHAPE(2, 2, 3), VALUES(8, 7, 6, 11, 10, 9, 2, 1, 0, 5, 4, 3)}});
    NET_CHECK(.net = REVERSE("axis: 1 axis: -1"), .in = {X},
              .out = {{"out", SHAPE(2, 2, 3), VALUES(5, 4, 3, 2, 1, 0, 11, 10, 9, 8, 7, 6)}});
}
END_TEST

// What a row in the copy's loops is: long rows, and an axis of one entry that changes nothing.
START_TEST(long_rows)
{
    enum { N = 40000 };
    static float in[2 * N], out[2 * N], back[2 * N];
    for (int i = 0; i < 2 * N; i++) {
        in[i] = (float)i;
        out[(i + N) % (2 * N)] = (float)i;
        back[2 * N - 1 - i] = (float)i;
    }
    NET_CHECK(.net = REVERSE("axis: 0"), .in = {{"x", SHAPE(2, N), in, 2 * N}},
              .out = {{"out", SHAPE(2, N), out, 2 * N}});
    NET_CHECK(.net = REVERSE("axis: 0 axis: 1"), .in = {{"x", SHAPE(2, N), in, 2 * N}},
              .out = {{"out", SHAPE(2, N), back, 2 * N}});
    NET_CHECK(.net = REVERSE("axis: 0"), .in = {{"x", SHAPE(1, N), in, N}},
              .out = {{"out", SHAPE(1, N), in, N}});
}
END_TEST

START_TEST(in_place_is_a_wish)
{
    NET_CHECK(.net = "layer { name: 'r' type: 'Reverse' bottom: 'x' top: 'x' reverse_param { axis: 1 } }",
              .in = {{"x", SHAPE(1, 3), VALUES(1, 2, 3)}}, .out = {{"x", SHAPE(1, 3), VALUES(3, 2, 1)}},
              .contiguous_only = true);
}
END_TEST

START_TEST(errors_name_the_field)
{
    NET_FAILS("layer \"r\" (Reverse): axis 3 is out of range: the bottom has 3 axes, so -3 to 2 are possible",
              .net = REVERSE("axis: 0 axis: @3"), .in = {X});
    NET_FAILS("axis -4 is out of range", .net = REVERSE("axis: @-4"), .in = {X});
    NET_FAILS("axis -3 is named twice", .net = REVERSE("axis: 0 axis: @-3"), .in = {X});
}
END_TEST

TEST_MAIN("layers/reverse", axis_0_by_default, an_inner_axis, the_last_axis, several_axes, long_rows,
          in_place_is_a_wish, errors_name_the_field)
