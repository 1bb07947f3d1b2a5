#include "tests/support/layer_weights.h"
#include "tests/test.h"

#define DB(fields) \
    "layer { name: 'd' type: 'DenseBlock' bottom: 'x' top: 'out' denseblock_param { " fields " } }"
#define ONE SHAPE(1, 1, 1, 1)
#define TWO SHAPE(1, 2, 1, 1)
#define FOUR SHAPE(1, 4, 1, 1)
#define UNIT 0.99999f // with eps 1e-5 it divides by 1

// Only the first tap of filter 0; of filter 1 the middle one: channel 0 plus ten times channel 1.
static ww two_transitions(float mean, float variance, float factor)
{
    return layer_weights("d", "DenseBlock",
                         (net_blob[]){{"filter 0", SHAPE(1, 1, 3, 3), VALUES(1, 0, 0, 0, 0, 0, 0, 0, 0)},
                                      {"filter 1", SHAPE(1, 2, 3, 3),
                                       VALUES(0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 0)},
                                      {"scale 0", ONE, VALUES(1)},
                                      {"scale 1", TWO, VALUES(1, 2)},
                                      {"bias 0", ONE, VALUES(0)},
                                      {"bias 1", TWO, VALUES(0, -1)},
                                      {"mean 0", ONE, VALUES(0)},
                                      {"mean 1", TWO, VALUES(0, mean)},
                                      {"variance 0", ONE, VALUES(variance)},
                                      {"variance 1", TWO, VALUES(variance, variance)},
                                      {"factor", SHAPE(1), VALUES(factor)},
                                      {0}});
}

// x 1 2 3 4: filter 0 reads one down and to the right, so 4 0 0 0; then x + 10 relu(2 (4 - 1) - 1) and so on.
#define X                                                        \
    {                                                            \
        "x", SHAPE(2, 1, 2, 2), VALUES(1, 2, 3, 4, -1, 2, 3, -4) \
    }
#define OUT                                                                                   \
    {                                                                                         \
        "out", SHAPE(2, 3, 2, 2),                                                             \
            VALUES(1, 2, 3, 4, 4, 0, 0, 0, 51, 2, 3, 4, -1, 2, 3, -4, 0, 0, 0, 0, 0, 2, 3, 0) \
    }

START_TEST(filters_are_turned_and_a_factor_of_0_means_real_statistics)
{
    ww w = two_transitions(1, UNIT, 0);
    NET_CHECK(.net = DB("numTransition: 2 growthRate: 1 initChannel: 64"), .in = {X}, .out = {OUT},
              .weights = w.data, .weights_size = w.size, .tolerance = 1e-5);
    ww_free(&w);
}
END_TEST

START_TEST(another_factor_divides_means_and_variances)
{
    ww w = two_transitions(2, 2 * UNIT, 2);
    NET_CHECK(.net = DB("numTransition: 2 growthRate: 1"), .in = {X}, .out = {OUT}, .weights = w.data,
              .weights_size = w.size, .tolerance = 1e-5);
    ww_free(&w);
}
END_TEST

// The 1x1 filters make x, 2 x, 3 x and -x, which bn' takes to 0; the middle taps of the 3x3 one add them up.
START_TEST(bottleneck)
{
    ww w = layer_weights("d", "DenseBlock",
                         (net_blob[]){{"filter 3x3", SHAPE(1, 4, 3, 3),
                                       VALUES(0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
                                              0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0)},
                                      {"scale", ONE, VALUES(1)},
                                      {"bias", ONE, VALUES(0)},
                                      {"mean", ONE, VALUES(0)},
                                      {"variance", ONE, VALUES(UNIT)},
                                      {"filter 1x1", SHAPE(4, 1, 1, 1), VALUES(1, 2, 3, -1)},
                                      {"scale'", FOUR, VALUES(1, 1, 1, 1)},
                                      {"bias'", FOUR, VALUES(100, 0, 0, 0)},
                                      {"mean'", FOUR, VALUES(0, 1, 0, 0)},
                                      {"variance'", FOUR, VALUES(UNIT, UNIT, UNIT, UNIT)},
                                      {"factor", SHAPE(1), VALUES(0)},
                                      {0}});
    NET_CHECK(.net = DB("numTransition: 1 growthRate: 1 use_BC: true"),
              .in = {{"x", SHAPE(1, 1, 2, 2), VALUES(1, 2, 3, 4)}},
              .out = {{"out", SHAPE(1, 2, 2, 2), VALUES(1, 2, 3, 4, 105, 111, 117, 123)}}, .weights = w.data,
              .weights_size = w.size, .tolerance = 1e-5);
    ww_free(&w);
}
END_TEST

START_TEST(fillers_where_nothing_is_stored)
{
    NET_CHECK(.net = DB("numTransition: 1 growthRate: 2 Filter_Filler { value: 1 } "
                        "BN_Scaler_Filler { value: 1 } BN_Bias_Filler { value: 1 }"),
              .in = {{"x", SHAPE(1, 1, 1, 3), VALUES(1, 2, 3)}},
              .out = {{"out", SHAPE(1, 3, 1, 3), VALUES(1, 2, 3, 5, 9, 7, 5, 9, 7)}}, .tolerance = 1e-4);
}
END_TEST

START_TEST(wrong_fields)
{
    NET_FAILS("numTransition must be 1 to 1000, not 0", .net = DB("numTransition: @0 growthRate: 1"),
              .in = {X});
    NET_FAILS("numTransition must be 1 to 1000, not 2000000000",
              .net = DB("numTransition: @2000000000 growthRate: 1"), .in = {X});
    NET_FAILS("growthRate must be at least 1, not -1", .net = DB("numTransition: 1 growthRate: @-1"),
              .in = {X});
    NET_FAILS("denseblock_param must be given",
              .net = "@layer { name: 'd' type: 'DenseBlock' bottom: 'x' top: 'out' }", .in = {X});
    NET_FAILS("the layer's sizes overflow",
              .net = DB("numTransition: 1000 growthRate: @2147483647 use_BC: true"), .in = {X});
    NET_FAILS("bottom \"x\" is 2x3; it must have 4 axes",
              .net = "layer { name: 'd' type: 'DenseBlock' bottom: @'x' top: 'out' "
                     "denseblock_param { numTransition: 1 growthRate: 1 } }",
              .in = {{"x", SHAPE(2, 3), NO_VALUES}});
    NET_FAILS("is run in phase TEST only", .net = DB("numTransition: 1 growthRate: 1"), .in = {X},
              .train = true);
}
END_TEST

START_TEST(another_number_of_blobs)
{
    ww w = two_transitions(1, 1, 0);
    NET_FAILS("the net wants 6", .net = DB("numTransition: 1 growthRate: 1"), .in = {X}, .weights = w.data,
              .weights_size = w.size);
    ww_free(&w);
}
END_TEST

TEST_MAIN("layers/dense_block", filters_are_turned_and_a_factor_of_0_means_real_statistics,
          another_factor_divides_means_and_variances, bottleneck, fillers_where_nothing_is_stored,
          wrong_fields, another_number_of_blobs)
