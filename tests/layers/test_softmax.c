#include "tests/support/net.h"
#include "tests/test.h"

#include <math.h>

#define SOFTMAX(fields) "layer { name: 's' type: 'Softmax' bottom: 'x' top: 'out' " fields " }"
#define LN2 0.69314718f
#define LN6 1.79175947f

START_TEST(along_axis_1)
{
    NET_CHECK(.net = SOFTMAX(""),
              .in = {{"x", SHAPE(2, 3, 2), VALUES(0, 5, LN2, 5, 0, 5, LN6, 0, 0, 0, 0, LN6)}},
              .out = {{"out", SHAPE(2, 3, 2),
                       VALUES(0.25, 1 / 3.f, 0.5, 1 / 3.f, 0.25, 1 / 3.f, 0.75, 0.125, 0.125, 0.125, 0.125,
                              0.75)}},
              .tolerance = 1e-6);
}
END_TEST

START_TEST(along_other_axes)
{
    NET_CHECK(.net = SOFTMAX("softmax_param { axis: -1 }"),
              .in = {{"x", SHAPE(1, 2, 2), VALUES(0, 0, LN6, LN2)}},
              .out = {{"out", SHAPE(1, 2, 2), VALUES(0.5, 0.5, 0.75, 0.25)}}, .tolerance = 1e-6);
    NET_CHECK(.net = SOFTMAX("softmax_param { axis: 0 }"), .in = {{"x", SHAPE(2, 2), VALUES(0, LN6, 0, LN2)}},
              .out = {{"out", SHAPE(2, 2), VALUES(0.5, 0.75, 0.5, 0.25)}}, .tolerance = 1e-6);
}
END_TEST

START_TEST(large_values_do_not_overflow)
{
    NET_CHECK(.net = SOFTMAX(""), .in = {{"x", SHAPE(1, 3), VALUES(1000, 1000, -1000)}},
              .out = {{"out", SHAPE(1, 3), VALUES(0.5, 0.5, 0)}});
    NET_CHECK(.net = SOFTMAX(""), .in = {{"x", SHAPE(1, 2), VALUES(-1000, -1000)}},
              .out = {{"out", SHAPE(1, 2), VALUES(0.5, 0.5)}});
}
END_TEST

START_TEST(one_channel_is_1)
{
    NET_CHECK(.net = SOFTMAX(""), .in = {{"x", SHAPE(1, 1, 2), VALUES(3, NAN)}},
              .out = {{"out", SHAPE(1, 1, 2), VALUES(1, NAN)}});
}
END_TEST

// More positions and more units than one block or item has.
START_TEST(many_positions)
{
    enum { N = 3, C = 2, HW = 150 };
    static float in[N * C * HW], out[N * C * HW];
    for (int n = 0; n < N; n++)
        for (int i = 0; i < HW; i++) {
            in[n * C * HW + HW + i] = i % 3 == n ? LN2 * 2 : 0;
            out[n * C * HW + i] = i % 3 == n ? 0.2f : 0.5f;
            out[n * C * HW + HW + i] = i % 3 == n ? 0.8f : 0.5f;
        }
    NET_CHECK(.net = SOFTMAX(""), .in = {{"x", SHAPE(N, C, HW), in, N * C * HW}},
              .out = {{"out", SHAPE(N, C, HW), out, N * C * HW}}, .tolerance = 1e-6);
    for (int i = 0; i < N * C * HW; i++) // the same again with the channels last
        in[i] = i % 2 ? LN2 * 2 : 0, out[i] = i % 2 ? 0.8f : 0.2f;
    NET_CHECK(.net = SOFTMAX("softmax_param { axis: 2 }"), .in = {{"x", SHAPE(N, HW, C), in, N * C * HW}},
              .out = {{"out", SHAPE(N, HW, C), out, N * C * HW}}, .tolerance = 1e-6);
}
END_TEST

START_TEST(an_axis_that_is_not_there_is_refused)
{
    NET_FAILS("axis 2 is out of range",
              .net = "layer { name: 's' type: 'Softmax' bottom: 'x' top: 'out' softmax_param { axis: @2 } }",
              .in = {{"x", SHAPE(1, 2), NO_VALUES}});
    NET_FAILS("axis 1 is out of range", .net = "@layer { name: 's' type: 'Softmax' bottom: 'x' top: 'out' }",
              .in = {{"x", SHAPE(2), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/softmax", along_axis_1, along_other_axes, large_values_do_not_overflow, one_channel_is_1,
          many_positions, an_axis_that_is_not_there_is_refused)
