#include "tests/support/layer_weights.h"
#include "tests/test.h"

#define DW(type, fields) \
    "layer { name: 'c' type: '" type "' bottom: 'in' top: 'out' convolution_param { " fields " } }"
#define PLAIN "kernel_h: 1 kernel_w: 2 bias_term: false "
#define IN                                                              \
    {                                                                   \
        {                                                               \
            "in", SHAPE(2, 2, 1, 2), VALUES(1, 2, 3, 4, 10, 20, 30, 40) \
        }                                                               \
    }

// Channel 0 is weighed by 1 and 10, channel 1 by 100 and 1000.
static ww two_channels(void)
{
    return layer_weights("c", "any", (net_blob[]){{"w", SHAPE(2, 1, 1, 2), VALUES(1, 10, 100, 1000)}, {0}});
}

START_TEST(a_group_for_each_channel_where_no_group_is_given)
{
    static const char *const nets[] = {
        DW("DepthwiseConvolution", PLAIN "num_output: 2"), DW("ConvolutionDepthwise", PLAIN "num_output: 2"),
        DW("DepthwiseConv", PLAIN), DW("DepthwiseConvolution", PLAIN "num_output: 2 group: 2")};
    ww w = two_channels();
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++)
        NET_CHECK(.net = nets[i], .in = IN, .out = {{"out", SHAPE(2, 2, 1, 1), VALUES(21, 4300, 210, 43000)}},
                  .weights = w.data, .weights_size = w.size);
    ww_free(&w);
    NET_CHECK(.net = DW("DepthwiseConv", PLAIN "weight_filler { type: 'constant' value: 2 }"), .in = IN,
              .out = {{"out", SHAPE(2, 2, 1, 1), VALUES(6, 14, 60, 140)}});
}
END_TEST

START_TEST(a_group_that_is_given_counts)
{
    NET_CHECK(.net = DW("DepthwiseConvolution",
                        PLAIN "num_output: 2 group: 1 weight_filler { type: 'constant' value: 1 }"),
              .in = IN, .out = {{"out", SHAPE(2, 2, 1, 1), VALUES(10, 10, 100, 100)}});
}
END_TEST

START_TEST(groups_are_read_from_the_stored_weights)
{
    // (4, 2, 1, 1) for 4 channels: two groups of two
    ww w = layer_weights("c", "any",
                         (net_blob[]){{"w", SHAPE(4, 2, 1, 1), VALUES(1, 0, 0, 1, 1, 1, 1, 10)}, {0}});
    NET_CHECK(.net = DW("DepthwiseConvolution", "num_output: 4 kernel_size: 1 bias_term: false"),
              .in = {{"in", SHAPE(1, 4, 1, 1), VALUES(1, 2, 3, 4)}},
              .out = {{"out", SHAPE(1, 4, 1, 1), VALUES(1, 2, 7, 43)}}, .weights = w.data,
              .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(channel_multiplier_gives_channel_k_the_tops_k_times_multiplier_plus_q)
{
    ww w = layer_weights("c", "any",
                         (net_blob[]){{"w", SHAPE(4, 1, 1, 1), VALUES(1, 2, 3, 4)},
                                      {"b", SHAPE(4), VALUES(.5, 0, 0, 0)},
                                      {0}});
    NET_CHECK(.net = DW("DepthwiseConvolution", "kernel_size: 1 channel_multiplier: 2"),
              .in = {{"in", SHAPE(2, 2, 1, 1), VALUES(1, 10, 100, 1000)}},
              .out = {{"out", SHAPE(2, 4, 1, 1), VALUES(1.5, 2, 30, 40, 100.5, 200, 3000, 4000)}},
              .weights = w.data, .weights_size = w.size);
    NET_CHECK(.net =
                  DW("DepthwiseConvolution", "num_output: 4 kernel_size: 1 channel_multiplier: 2 stride: 2"),
              .in = {{"in", SHAPE(1, 2, 1, 3), VALUES(1, 0, 2, 10, 0, 20)}},
              .out = {{"out", SHAPE(1, 4, 1, 2), VALUES(1.5, 2.5, 2, 4, 30, 60, 40, 80)}}, .weights = w.data,
              .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(padding_is_that_of_a_convolution)
{
    NET_CHECK(.net = DW("DepthwiseConvolution", "kernel_h: 1 kernel_w: 3 pad_rule: SAME pad_mode: CIRCULAR "
                                                "weight_filler { type: 'constant' value: 1 }"),
              .in = {{"in", SHAPE(1, 2, 1, 4), VALUES(1, 2, 3, 4, 10, 20, 30, 40)}},
              .out = {{"out", SHAPE(1, 2, 1, 4), VALUES(7, 6, 9, 8, 70, 60, 90, 80)}});
}
END_TEST

START_TEST(wrong_fields)
{
    NET_FAILS("num_output 3 is not channel_multiplier 2 times the 2 channels of bottom \"in\"",
              .net = DW("DepthwiseConvolution", PLAIN "num_output: @3 channel_multiplier: 2"), .in = IN);
    NET_FAILS("a group for each of the 2 channels of bottom \"in\", not 1",
              .net = DW("DepthwiseConvolution", PLAIN "group: @1 channel_multiplier: 2"), .in = IN);
    NET_FAILS("channel_multiplier 0 is less than 1",
              .net = DW("DepthwiseConvolution", PLAIN "channel_multiplier: @0"), .in = IN);
    NET_FAILS("channel_multiplier 4000000000 makes too many channels",
              .net = DW("DepthwiseConvolution", PLAIN "channel_multiplier: @4000000000"), .in = IN);
    NET_FAILS("group 2 does not divide num_output 3",
              .net = DW("DepthwiseConvolution", PLAIN "num_output: 3"), .in = IN);
    NET_FAILS("num_output 0 is out of range", .net = DW("DepthwiseConv", PLAIN "num_output: @0"), .in = IN);
    NET_FAILS("has no channels", .net = DW("DepthwiseConv", PLAIN),
              .in = {{"in", SHAPE(1, 0, 1, 2), NO_VALUES}});
    NET_FAILS("channel_multiplier is for DepthwiseConvolution and SeparableConvolution",
              .net = DW("Convolution", PLAIN "num_output: 2 channel_multiplier: @2"), .in = IN);
}
END_TEST

TEST_MAIN("layers/depthwise_convolution", a_group_for_each_channel_where_no_group_is_given,
          a_group_that_is_given_counts, groups_are_read_from_the_stored_weights,
          channel_multiplier_gives_channel_k_the_tops_k_times_multiplier_plus_q,
          padding_is_that_of_a_convolution, wrong_fields)
