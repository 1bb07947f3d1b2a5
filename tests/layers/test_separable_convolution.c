#include "tests/support/layer_weights.h"
#include "tests/test.h"

#define SEP(fields)                                                                                      \
    "layer { name: 'c' type: 'SeparableConvolution' bottom: 'in' top: 'out' convolution_param { " fields \
    " } }"

// TensorFlow's depthwise filter f[0][w][k][q] of 1x2, 2 channels, multiplier 2, and pointwise filter p[0][0][j][r]
// with 4 inputs and 2 outputs, in the order in which TensorFlow stores them.
static const float depthwise_tf[8] = {1, 2, 3, 4, 10, 20, 30, 40},
                   pointwise_tf[8] = {1, 0, 1, 0, 0, 1, 0, 10};

static ww weights_from_tensorflow(void)
{
    float depthwise[8], pointwise[8];
    for (int w = 0; w < 2; w++)
        for (int k = 0; k < 2; k++)
            for (int q = 0; q < 2; q++)
                depthwise[(k * 2 + q) * 2 + w] = depthwise_tf[(w * 2 + k) * 2 + q];
    for (int j = 0; j < 4; j++)
        for (int r = 0; r < 2; r++)
            pointwise[r * 4 + j] = pointwise_tf[j * 2 + r];
    return layer_weights("c", "SeparableConvolution",
                         (net_blob[]){{"d", SHAPE(4, 1, 1, 2), depthwise, 8},
                                      {"p", SHAPE(2, 4, 1, 1), pointwise, 8},
                                      {"b", SHAPE(2), VALUES(.5, -.5)},
                                      {0}});
}

START_TEST(depthwise_then_pointwise_in_tensorflows_channel_order)
{
    ww w = weights_from_tensorflow();
    // image 0: the middle is 1 + 20, 2 + 40, 9 + 120, 12 + 160 = 21, 42, 129, 172
    NET_CHECK(.net = SEP("num_output: 2 channel_multiplier: 2 kernel_h: 1 kernel_w: 2"),
              .in = {{"in", SHAPE(2, 2, 1, 2), VALUES(1, 2, 3, 4, 0, 1, 1, 0)}},
              .out = {{"out", SHAPE(2, 2, 1, 1), VALUES(63.5, 1848.5, 30.5, 42.5)}}, .weights = w.data,
              .weights_size = w.size);
    ww_free(&w);
}
END_TEST

#define ONES " weight_filler { type: 'constant' value: 1 } "

START_TEST(stride_and_padding_are_the_depthwise_parts)
{
    NET_CHECK(.net = SEP("num_output: 1 kernel_size: 3 stride: 2 pad: 1" ONES),
              .in = {{"in", SHAPE(1, 2, 1, 4), VALUES(1, 2, 3, 4, 10, 20, 30, 40)}},
              .out = {{"out", SHAPE(1, 1, 1, 2), VALUES(33, 99)}});
    NET_CHECK(.net = SEP("num_output: 1 kernel_size: 3 pad_rule: SAME pad_mode: REPLICATE axis: -3" ONES),
              .in = {{"in", SHAPE(1, 1, 1, 3), VALUES(1, 2, 4)}},
              .out = {{"out", SHAPE(1, 1, 1, 3), VALUES(12, 21, 30)}});
    NET_CHECK(.net = SEP("num_output: 1 kernel_size: 2 bias_term: false" ONES),
              .in = {{"in", SHAPE(2, 2, 3), VALUES(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)}},
              .out = {{"out", SHAPE(2, 1, 2), VALUES(12, 16, 36, 40)}});
}
END_TEST

START_TEST(every_bottom_has_its_top)
{
    NET_CHECK(.net =
                  "layer { name: 'c' type: 'SeparableConvolution' bottom: 'a' bottom: 'b' top: 'x' top: 'y' "
                  "convolution_param { num_output: 1 kernel_size: 1" ONES "} }",
              .in = {{"a", SHAPE(1, 2, 1, 1), VALUES(1, 2)}, {"b", SHAPE(1, 2, 1, 1), VALUES(10, 20)}},
              .out = {{"x", SHAPE(1, 1, 1, 1), VALUES(3)}, {"y", SHAPE(1, 1, 1, 1), VALUES(30)}});
}
END_TEST

#define FAILS_IN .in = {{"in", SHAPE(1, 2, 3, 3), NO_VALUES}}

START_TEST(wrong_fields)
{
    NET_FAILS("num_output is not given", .net = SEP("kernel_size: 1"), FAILS_IN);
    NET_FAILS("channel_multiplier 0 is less than 1",
              .net = SEP("num_output: 1 kernel_size: 1 channel_multiplier: @0"), FAILS_IN);
    NET_FAILS("channel_multiplier 4000000000 makes too many channels",
              .net = SEP("num_output: 1 kernel_size: 1 channel_multiplier: @4000000000"), FAILS_IN);
    NET_FAILS("a group for each of the 2 channels of bottom \"in\", not 1",
              .net = SEP("num_output: 1 kernel_size: 1 group: @1"), FAILS_IN);
    NET_FAILS("axis 2: the channels must be axis 1", .net = SEP("num_output: 1 kernel_size: 1 axis: @2"),
              FAILS_IN);
    NET_FAILS("axis 4 is out of range", .net = SEP("num_output: 1 kernel_size: 1 axis: @4"), FAILS_IN);
    NET_FAILS("the output's height", .net = SEP("num_output: 1 kernel_size: @7"), FAILS_IN);
    NET_FAILS("convolution_param is missing",
              .net = "layer { name: 'c' type: 'SeparableConvolution' bottom: 'in' top: 'out' }", FAILS_IN);
}
END_TEST

TEST_MAIN("layers/separable_convolution", depthwise_then_pointwise_in_tensorflows_channel_order,
          stride_and_padding_are_the_depthwise_parts, every_bottom_has_its_top, wrong_fields)
