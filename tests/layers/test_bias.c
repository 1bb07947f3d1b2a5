#include "tests/support/layer_weights.h"
#include "tests/test.h"

#define BIAS(fields) "layer { name: 'b' type: 'Bias' bottom: 'x' top: 'out' bias_param { " fields " } }"
#define BIAS2(fields) \
    "layer { name: 'b' type: 'Bias' bottom: 'x' bottom: 'b' top: 'out' bias_param { " fields " } }"
#define X                                                   \
    {                                                       \
        "x", SHAPE(2, 2, 2), VALUES(1, 2, 3, 4, 5, 6, 7, 8) \
    }

START_TEST(channels_get_their_bias)
{
    ww w = layer_weights("b", "Bias", (net_blob[]){{"bias", SHAPE(2), VALUES(10, 100)}, {0}});
    NET_CHECK(.net = BIAS(""), .in = {X},
              .out = {{"out", SHAPE(2, 2, 2), VALUES(11, 12, 103, 104, 15, 16, 107, 108)}}, .weights = w.data,
              .weights_size = w.size);
    NET_CHECK(.net = BIAS("axis: 0"), .in = {X},
              .out = {{"out", SHAPE(2, 2, 2), VALUES(11, 12, 13, 14, 105, 106, 107, 108)}}, .weights = w.data,
              .weights_size = w.size);
    ww_free(&w);
    w = layer_weights("b", "Bias", (net_blob[]){{"bias", SCALAR, VALUES(10)}, {0}});
    NET_CHECK(.net = BIAS("num_axes: 0"), .in = {X},
              .out = {{"out", SHAPE(2, 2, 2), VALUES(11, 12, 13, 14, 15, 16, 17, 18)}}, .weights = w.data,
              .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(the_filler_defaults_to_0)
{
    NET_CHECK(.net = BIAS(""), .in = {X}, .out = {{"out", SHAPE(2, 2, 2), VALUES(1, 2, 3, 4, 5, 6, 7, 8)}});
    NET_CHECK(.net = BIAS("filler { value: 1 }"), .in = {X},
              .out = {{"out", SHAPE(2, 2, 2), VALUES(2, 3, 4, 5, 6, 7, 8, 9)}});
}
END_TEST

START_TEST(the_second_bottom_is_the_bias)
{
    NET_CHECK(.net = BIAS2("axis: 0"), .in = {X, {"b", SHAPE(2, 2), VALUES(10, 20, 30, 40)}},
              .out = {{"out", SHAPE(2, 2, 2), VALUES(11, 12, 23, 24, 35, 36, 47, 48)}});
}
END_TEST

START_TEST(axes_that_do_not_fit_are_refused)
{
    NET_FAILS("num_axes -3 must be",
              .net = "layer { name: 'b' type: 'Bias' bottom: 'x' top: 'out' bias_param { num_axes: @-3 } }",
              .in = {{"x", SHAPE(1, 2), NO_VALUES}});
    NET_FAILS("axis -4 is out of range",
              .net = "layer { name: 'b' type: 'Bias' bottom: 'x' top: 'out' bias_param { axis: @-4 } }",
              .in = {{"x", SHAPE(1, 2), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/bias", channels_get_their_bias, the_filler_defaults_to_0, the_second_bottom_is_the_bias,
          axes_that_do_not_fit_are_refused)
