#include "tests/support/layer_weights.h"
#include "tests/test.h"

#define ID(bottoms, fields) \
    "layer { name: 'i' type: 'InnerDistance' " bottoms " top: 'out' inner_distance_param { " fields " } }"
#define ONE "bottom: 'x'"
#define X                                          \
    {                                              \
        "x", SHAPE(2, 3), VALUES(1, 2, 3, 4, 5, 6) \
    }

static ww rows(bool bias)
{
    const net_blob blobs[] = {{"weights", SHAPE(2, 3), VALUES(0, 0, 0, 3, 0, 4)},
                              {bias ? "bias" : NULL, SHAPE(2), VALUES(10, 20)},
                              {0}};
    return layer_weights("i", "InnerDistance", blobs);
}

START_TEST(l2_is_squared)
{
    ww w = rows(false);
    NET_CHECK(.net = ID(ONE, "num_output: 2"), .in = {X},
              .out = {{"out", SHAPE(2, 2), VALUES(14, 9, 77, 30)}}, .weights = w.data,
              .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(l1_and_a_stored_bias)
{
    ww w = rows(true);
    NET_CHECK(.net = ID(ONE, "num_output: 2 distance_type: 'L1' bias_term: false"), .in = {X},
              .out = {{"out", SHAPE(2, 2), VALUES(16, 25, 25, 28)}}, .weights = w.data,
              .weights_size = w.size);
    ww_free(&w);
}
END_TEST

// Row (3, 0, 4) becomes (0.6, 0, 0.8).
START_TEST(normalize_divides_rows_by_their_length)
{
    ww w = layer_weights("i", "InnerDistance", (net_blob[]){{"weights", SHAPE(1, 3), VALUES(3, 0, 4)}, {0}});
    NET_CHECK(.net = ID(ONE, "num_output: 1 normalize: true distance_type: 'L1'"), .in = {X},
              .out = {{"out", SHAPE(2, 1), VALUES(4.6f, 13.6f)}}, .weights = w.data, .weights_size = w.size,
              .tolerance = 1e-6);
    ww_free(&w);
}
END_TEST

START_TEST(fillers_where_nothing_is_stored)
{
    NET_CHECK(.net = ID(ONE, "num_output: 1 weight_filler { value: 1 } bias_filler { value: 7 }"), .in = {X},
              .out = {{"out", SHAPE(2, 1), VALUES(12, 57)}});
    NET_CHECK(.net = ID(ONE, "num_output: 1 axis: -1 bias_term: false"),
              .in = {{"x", SHAPE(1, 2, 2), VALUES(1, 2, 3, 4)}},
              .out = {{"out", SHAPE(1, 2, 1), VALUES(5, 25)}});
}
END_TEST

START_TEST(rows_of_a_second_bottom_and_a_label_that_is_ignored)
{
    NET_CHECK(.net = ID("bottom: 'x' bottom: 'rows' bottom: 'label'", "num_output: 9 normalize: true"),
              .in = {X,
                     {"rows", SHAPE(3, 3), VALUES(1, 2, 3, 0, 0, 0, 4, 5, 7)},
                     {"label", SHAPE(2), VALUES(1, 1)}},
              .out = {{"out", SHAPE(2, 3), VALUES(0, 14, 34, 27, 77, 1)}});
}
END_TEST

START_TEST(wrong_fields)
{
    NET_FAILS("num_output must be given, and at least 1", .net = ID(ONE, "num_output: @0"), .in = {X});
    NET_FAILS("distance_type \"cos\" is not known; it is \"L1\" or \"L2\"",
              .net = ID(ONE, "num_output: 1 distance_type: @'cos'"), .in = {X});
    NET_FAILS("transpose is not supported", .net = ID(ONE, "num_output: 1 transpose: @true"), .in = {X});
    NET_FAILS("axis 2 is out of range", .net = ID(ONE, "num_output: 1 axis: @2"), .in = {X});
    NET_FAILS("bottom \"rows\" is 3x2; its rows must have the 3 values of the first bottom's",
              .net = ID("bottom: 'x' bottom: @'rows'", ""), .in = {X, {"rows", SHAPE(3, 2), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/inner_distance", l2_is_squared, l1_and_a_stored_bias,
          normalize_divides_rows_by_their_length, fillers_where_nothing_is_stored,
          rows_of_a_second_bottom_and_a_label_that_is_ignored, wrong_fields)
