#include "tests/support/layer_weights.h"
#include "tests/test.h"

#define SCALE(fields) "layer { name: 's' type: 'Scale' bottom: 'x' top: 'out' scale_param { " fields " } }"
#define SCALE2(fields) \
    "layer { name: 's' type: 'Scale' bottom: 'x' bottom: 'f' top: 'out' scale_param { " fields " } }"
#define X                                                                  \
    {                                                                      \
        "x", SHAPE(2, 3, 2), VALUES(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12) \
    }

START_TEST(channels_are_scaled_and_there_is_no_bias_by_default)
{
    ww w = layer_weights("s", "Scale", (net_blob[]){{"scale", SHAPE(3), VALUES(1, 10, 100)}, {0}});
    NET_CHECK(.net = SCALE(""), .in = {X},
              .out = {{"out", SHAPE(2, 3, 2), VALUES(1, 2, 30, 40, 500, 600, 7, 8, 90, 100, 1100, 1200)}},
              .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(a_bias_is_the_second_blob)
{
    ww w = layer_weights(
        "s", "Scale",
        (net_blob[]){{"scale", SHAPE(3), VALUES(1, 10, 100)}, {"bias", SHAPE(3), VALUES(1, 2, 3)}, {0}});
    NET_CHECK(.net = SCALE("bias_term: true"), .in = {X},
              .out = {{"out", SHAPE(2, 3, 2), VALUES(2, 3, 32, 42, 503, 603, 8, 9, 92, 102, 1103, 1203)}},
              .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(axis_and_num_axes_choose_what_is_covered)
{
    ww w = layer_weights("s", "Scale", (net_blob[]){{"scale", SHAPE(2), VALUES(1, 10)}, {0}});
    NET_CHECK(.net = SCALE("axis: -1"), .in = {X},
              .out = {{"out", SHAPE(2, 3, 2), VALUES(1, 20, 3, 40, 5, 60, 7, 80, 9, 100, 11, 120)}},
              .weights = w.data, .weights_size = w.size);
    NET_CHECK(.net = SCALE("axis: 0"), .in = {X},
              .out = {{"out", SHAPE(2, 3, 2), VALUES(1, 2, 3, 4, 5, 6, 70, 80, 90, 100, 110, 120)}},
              .weights = w.data, .weights_size = w.size);
    ww_free(&w);
    w = layer_weights("s", "Scale", (net_blob[]){{"scale", SHAPE(3, 2), VALUES(1, 2, 3, 4, 5, 6)}, {0}});
    NET_CHECK(.net = SCALE("num_axes: -1"), .in = {X},
              .out = {{"out", SHAPE(2, 3, 2), VALUES(1, 4, 9, 16, 25, 36, 7, 16, 27, 40, 55, 72)}},
              .weights = w.data, .weights_size = w.size);
    ww_free(&w);
    w = layer_weights("s", "Scale", (net_blob[]){{"scale", SHAPE(2, 3), VALUES(1, 2, 3, 4, 5, 6)}, {0}});
    NET_CHECK(.net = SCALE("axis: 0 num_axes: 2"), .in = {X},
              .out = {{"out", SHAPE(2, 3, 2), VALUES(1, 2, 6, 8, 15, 18, 28, 32, 45, 50, 66, 72)}},
              .weights = w.data, .weights_size = w.size);
    ww_free(&w);
    w = layer_weights("s", "Scale",
                      (net_blob[]){{"scale", SCALAR, VALUES(2)}, {"bias", SCALAR, VALUES(1)}, {0}});
    NET_CHECK(.net = SCALE("num_axes: 0 bias_term: true"), .in = {X},
              .out = {{"out", SHAPE(2, 3, 2), VALUES(3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25)}},
              .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(fillers_default_to_1_and_0)
{
    NET_CHECK(.net = SCALE("bias_term: true"), .in = {{"x", SHAPE(1, 2), VALUES(3, 4)}},
              .out = {{"out", SHAPE(1, 2), VALUES(3, 4)}});
    NET_CHECK(.net = SCALE("bias_term: true filler { value: 2 } bias_filler { value: 5 }"),
              .in = {{"x", SHAPE(1, 2), VALUES(3, 4)}}, .out = {{"out", SHAPE(1, 2), VALUES(11, 13)}});
    NET_CHECK(.net = SCALE("filler { }"), .in = {{"x", SHAPE(1, 2), VALUES(3, 4)}},
              .out = {{"out", SHAPE(1, 2), VALUES(0, 0)}});
}
END_TEST

START_TEST(the_second_bottom_says_how_many_axes_it_covers)
{
    NET_CHECK(.net = SCALE2("axis: 0"), .in = {X, {"f", SHAPE(2, 3), VALUES(1, 2, 3, 4, 5, 6)}},
              .out = {{"out", SHAPE(2, 3, 2), VALUES(1, 2, 6, 8, 15, 18, 28, 32, 45, 50, 66, 72)}});
    NET_CHECK(.net = SCALE2(""), .in = {X, {"f", SHAPE(3), VALUES(1, 10, 100)}},
              .out = {{"out", SHAPE(2, 3, 2), VALUES(1, 2, 30, 40, 500, 600, 7, 8, 90, 100, 1100, 1200)}});
    NET_CHECK(.net = SCALE2("axis: 0"),
              .in = {X, {"f", SHAPE(2, 3, 2), VALUES(1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0)}},
              .out = {{"out", SHAPE(2, 3, 2), VALUES(1, 0, 3, 0, 5, 0, 7, 0, 9, 0, 11, 0)}});
    NET_CHECK(.net = SCALE2("axis: 7"), .in = {X, {"f", SCALAR, VALUES(2)}}, // whatever the axis
              .out = {{"out", SHAPE(2, 3, 2), VALUES(2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24)}});
}
END_TEST

START_TEST(with_two_bottoms_the_bias_is_the_only_blob)
{
    ww w = layer_weights("s", "Scale", (net_blob[]){{"bias", SHAPE(3), VALUES(1, 2, 3)}, {0}});
    NET_CHECK(.net = SCALE2("bias_term: true"), .in = {X, {"f", SHAPE(3), VALUES(1, 10, 100)}},
              .out = {{"out", SHAPE(2, 3, 2), VALUES(2, 3, 32, 42, 503, 603, 8, 9, 92, 102, 1103, 1203)}},
              .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

// Rows longer than a piece of work, and pieces of many rows.
START_TEST(large_bottoms)
{
    enum { N = 2, C = 3, HW = 40000, MANY = 20000 };
    float *in = calloc(N * C * HW, sizeof *in), *out = calloc(N * C * HW, sizeof *out);
    for (int i = 0; i < N * C * HW; i++) {
        in[i] = (float)(i % 1000);
        out[i] = in[i] * (float)(1 + i / HW % C) + (float)(1 + i / HW % C);
    }
    ww w = layer_weights(
        "s", "Scale",
        (net_blob[]){{"scale", SHAPE(C), VALUES(1, 2, 3)}, {"bias", SHAPE(C), VALUES(1, 2, 3)}, {0}});
    NET_CHECK(.net = SCALE("bias_term: true"), .in = {{"x", SHAPE(N, C, HW), in, N * C * HW}},
              .out = {{"out", SHAPE(N, C, HW), out, N * C * HW}}, .weights = w.data, .weights_size = w.size);
    for (int i = 0; i < MANY * C; i++)
        out[i] = in[i] * (float)(1 + i % C) + (float)(1 + i % C);
    NET_CHECK(.net = SCALE("bias_term: true"), .in = {{"x", SHAPE(MANY, C), in, MANY * C}},
              .out = {{"out", SHAPE(MANY, C), out, MANY * C}}, .weights = w.data, .weights_size = w.size);
    ww_free(&w);
    free(in);
    free(out);
}
END_TEST

#define FAIL_SCALE(bottoms, fields) \
    "layer { name: 's' type: 'Scale' " bottoms " top: 'out' scale_param { " fields " } }"

START_TEST(axes_that_do_not_fit_are_refused)
{
    NET_FAILS("axis 2 is out of range", .net = FAIL_SCALE("bottom: 'x'", "axis: @2"),
              .in = {{"x", SHAPE(1, 2), NO_VALUES}});
    NET_FAILS("num_axes -2 must be at least 0", .net = FAIL_SCALE("bottom: 'x'", "num_axes: @-2"),
              .in = {{"x", SHAPE(1, 2), NO_VALUES}});
    NET_FAILS("2 axes from axis 1 reach beyond bottom \"x\" (1x2)",
              .net = FAIL_SCALE("bottom: 'x'", "num_axes: @2"), .in = {{"x", SHAPE(1, 2), NO_VALUES}});
    NET_FAILS("2 axes from axis 1 reach beyond bottom \"x\" (1x2)",
              .net = FAIL_SCALE("bottom: 'x' bottom: 'f'", "axis: @1"),
              .in = {{"x", SHAPE(1, 2), NO_VALUES}, {"f", SHAPE(1, 2), NO_VALUES}});
    NET_FAILS("bottom \"f\" (3) does not match bottom \"x\" (1x2) from axis 1",
              .net = FAIL_SCALE("bottom: 'x' bottom: 'f'", "axis: @1"),
              .in = {{"x", SHAPE(1, 2), NO_VALUES}, {"f", SHAPE(3), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/scale", channels_are_scaled_and_there_is_no_bias_by_default, a_bias_is_the_second_blob,
          axis_and_num_axes_choose_what_is_covered, fillers_default_to_1_and_0,
          the_second_bottom_says_how_many_axes_it_covers, with_two_bottoms_the_bias_is_the_only_blob,
          large_bottoms, axes_that_do_not_fit_are_refused)
