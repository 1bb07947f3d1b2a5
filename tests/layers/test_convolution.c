#include "tests/support/geometry.h"
#include "tests/support/net.h"
#include "tests/support/wire_writer.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

#define CONV(fields) \
    "layer { name: 'c' type: 'Convolution' bottom: 'in' top: 'out' convolution_param { " fields " } }"
#define ONES " weight_filler { type: 'constant' value: 1 }"

static const float nine[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
#define IN_3X3                               \
    {                                        \
        {                                    \
            "in", SHAPE(1, 1, 3, 3), nine, 9 \
        }                                    \
    }

START_TEST(sums_of_three_by_three)
{
    NET_CHECK(.net = CONV("num_output: 1 kernel_size: 3 pad: 1" ONES), .in = IN_3X3,
              .out = {{"out", SHAPE(1, 1, 3, 3), VALUES(12, 21, 16, 27, 45, 33, 24, 39, 28)}});
    NET_CHECK(.net = CONV("num_output: 2 kernel_size: 3" ONES " bias_filler { value: 0.5 }"), .in = IN_3X3,
              .out = {{"out", SHAPE(1, 2, 1, 1), VALUES(45.5, 45.5)}});
    NET_CHECK(.net = CONV("num_output: 1 kernel_size: 3 bias_term: false" ONES " bias_filler { value: 0.5 }"),
              .in = IN_3X3, .out = {{"out", SHAPE(1, 1, 1, 1), VALUES(45)}});
    NET_CHECK(.net =
                  CONV("num_output: 1 kernel_size: 2 dilation: 2 engine: CUDNN force_nd_im2col: true" ONES),
              .in = IN_3X3, .out = {{"out", SHAPE(1, 1, 1, 1), VALUES(20)}});
}
END_TEST

START_TEST(rules_and_modes_reach_the_kernel)
{
    NET_CHECK(.net = CONV("num_output: 1 kernel_size: 3 pad_rule: SAME pad_mode: REPLICATE" ONES),
              .in = {{"in", SHAPE(1, 1, 1, 3), VALUES(1, 2, 4)}},
              .out = {{"out", SHAPE(1, 1, 1, 3), VALUES(12, 21, 30)}});
    NET_CHECK(.net = CONV("num_output: 1 kernel_size: 3 pad: 1 pad_mode: PARTIAL" ONES
                          " bias_filler { value: 1 }"),
              .in = {{"in", SHAPE(1, 1, 1, 2), VALUES(1, 2)}},
              .out = {{"out", SHAPE(1, 1, 1, 2), VALUES(14.5, 14.5)}}, .tolerance = 1e-6);
    // a window with no tap inside gives 0, without the bias
    NET_CHECK(.net = CONV("num_output: 1 kernel_size: 1 pad_left: 1 pad_mode: PARTIAL" ONES
                          " bias_filler { value: 1 }"),
              .in = {{"in", SHAPE(1, 1, 1, 2), VALUES(1, 2)}},
              .out = {{"out", SHAPE(1, 1, 1, 3), VALUES(0, 2, 3)}});
    NET_CHECK(.net = CONV("num_output: 1 kernel_size: 2 group: 1 pad_rule: CORNERS" ONES),
              .in = {{"in", SHAPE(1, 4, 1, 1), VALUES(1, 10, 100, 1000)}},
              .out = {{"out", SHAPE(1, 1, 1, 1), VALUES(1111)}});
}
END_TEST

START_TEST(one_three_and_no_spatial_axes)
{
    NET_CHECK(.net = CONV("num_output: 1 kernel_size: 2 stride: 2 pad: 1" ONES),
              .in = {{"in", SHAPE(1, 1, 3), VALUES(1, 2, 4)}},
              .out = {{"out", SHAPE(1, 1, 2), VALUES(1, 6)}});
    NET_CHECK(.net = CONV("num_output: 1 kernel_size: 2 kernel_size: 1 kernel_size: 2" ONES),
              .in = {{"in", SHAPE(1, 1, 2, 2, 2), VALUES(1, 2, 3, 4, 5, 6, 7, 8)}},
              .out = {{"out", SHAPE(1, 1, 1, 2, 1), VALUES(14, 22)}});
    NET_CHECK(.net = CONV("num_output: 2" ONES), .in = {{"in", SHAPE(2, 3), VALUES(1, 2, 3, 4, 5, 6)}},
              .out = {{"out", SHAPE(2, 2), VALUES(6, 6, 15, 15)}});
}
END_TEST

// Of TSN; DeepLab calls them hole_h and hole_w.
START_TEST(dilation_by_axis)
{
    NET_CHECK(.net = CONV("num_output: 1 kernel_h: 1 kernel_w: 2 dilation_w: 2" ONES), .in = IN_3X3,
              .out = {{"out", SHAPE(1, 1, 3, 1), VALUES(4, 10, 16)}});
    NET_CHECK(.net = CONV("num_output: 1 kernel_h: 2 kernel_w: 1 hole_h: 2 hole_w: 1" ONES), .in = IN_3X3,
              .out = {{"out", SHAPE(1, 1, 1, 3), VALUES(8, 10, 12)}});
    NET_FAILS("dilation_h and dilation exclude each other",
              .net = CONV("num_output: 1 kernel_size: 1 dilation: 1 dilation_h: @1"), .in = IN_3X3);
}
END_TEST

START_TEST(axes_before_the_channels_are_batch)
{
    static const float in[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    NET_CHECK(.net = CONV("num_output: 1 kernel_size: 1 axis: 2" ONES),
              .in = {{"in", SHAPE(2, 2, 3, 1), in, 12}},
              .out = {{"out", SHAPE(2, 2, 1, 1), VALUES(6, 15, 24, 33)}});
    NET_CHECK(.net = CONV("num_output: 1 kernel_size: 2 axis: -2" ONES),
              .in = {{"in", SHAPE(2, 2, 3), in, 12}},
              .out = {{"out", SHAPE(2, 1, 2), VALUES(12, 16, 36, 40)}});
    NET_CHECK(.net = CONV("num_output: 1 kernel_size: 1 axis: 0" ONES),
              .in = {{"in", SHAPE(3, 2, 2), in, 12}},
              .out = {{"out", SHAPE(1, 2, 2), VALUES(15, 18, 21, 24)}});
}
END_TEST

START_TEST(every_bottom_has_its_top)
{
    NET_CHECK(.net = "layer { name: 'c' type: 'Convolution' bottom: 'a' bottom: 'b' top: 'x' top: 'y' "
                     "convolution_param { num_output: 1 kernel_h: 1 kernel_w: 2" ONES " } }",
              .in = {{"a", SHAPE(2, 1, 1, 3), VALUES(1, 2, 3, 4, 5, 6)},
                     {"b", SHAPE(2, 1, 1, 3), VALUES(10, 20, 30, 40, 50, 60)}},
              .out = {{"x", SHAPE(2, 1, 1, 2), VALUES(3, 5, 9, 11)},
                      {"y", SHAPE(2, 1, 1, 2), VALUES(30, 50, 90, 110)}});
}
END_TEST

START_TEST(weights_from_a_file_are_out_in_h_w)
{
    ww w = {0};
    static const float weights[8] = {1, 10, 100, 1000, 2, 20, 200, 2000}, bias[2] = {.5, -.5};
    ww_net(&w, "n");
    ww_layer(&w, "c", "Convolution");
    ww_blob(&w, 4, (int64_t[]){2, 2, 1, 2}, weights);
    ww_blob(&w, 1, (int64_t[]){2}, bias);
    crema_file file = ww_file(&w);
    NET_CHECK(.net = CONV("num_output: 2 kernel_h: 1 kernel_w: 2"), .weights = file.data,
              .weights_size = file.size, .in = {{"in", SHAPE(1, 2, 1, 3), VALUES(1, 2, 3, 4, 5, 6)}},
              .out = {{"out", SHAPE(1, 2, 1, 2), VALUES(5421.5, 6532.5, 10841.5, 13063.5)}});
    ww_free(&w);
}
END_TEST

START_TEST(a_group_convolution_is_convolutions_side_by_side)
{
    ww w = {0};
    unsigned seed = 11;
    cr_arena arena = {0};
    const float *weights = random_floats(&arena, &seed, 6 * 2 * 9), *bias = random_floats(&arena, &seed, 6);
    const float *in = random_floats(&arena, &seed, 4 * 5 * 5);
    ww_net(&w, "n");
    ww_layer(&w, "g", "Convolution");
    ww_blob(&w, 4, (int64_t[]){6, 2, 3, 3}, weights);
    ww_blob(&w, 1, (int64_t[]){6}, bias);
    ww_layer(&w, "c0", "Convolution");
    ww_blob(&w, 4, (int64_t[]){3, 2, 3, 3}, weights);
    ww_blob(&w, 1, (int64_t[]){3}, bias);
    ww_layer(&w, "c1", "Convolution");
    ww_blob(&w, 4, (int64_t[]){3, 2, 3, 3}, weights + 3 * 2 * 9);
    ww_blob(&w, 1, (int64_t[]){3}, bias + 3);
    crema_file file = ww_file(&w);
    static const float zeros[6 * 5 * 5];
    NET_CHECK(.net = "layer { name: 'g' type: 'Convolution' bottom: 'in' top: 'g'"
                     " convolution_param { num_output: 6 kernel_size: 3 pad: 1 group: 2 } }"
                     "layer { name: 's' type: 'Slice' bottom: 'in' top: 's0' top: 's1' }"
                     "layer { name: 'c0' type: 'Convolution' bottom: 's0' top: 'c0'"
                     " convolution_param { num_output: 3 kernel_size: 3 pad: 1 } }"
                     "layer { name: 'c1' type: 'Convolution' bottom: 's1' top: 'c1'"
                     " convolution_param { num_output: 3 kernel_size: 3 pad: 1 } }"
                     "layer { name: 'cat' type: 'Concat' bottom: 'c0' bottom: 'c1' top: 'c' }"
                     "layer { name: 'd' type: 'Eltwise' bottom: 'g' bottom: 'c' top: 'out'"
                     " eltwise_param { coeff: 1 coeff: -1 } }",
              .weights = file.data, .weights_size = file.size, .in = {{"in", SHAPE(1, 4, 5, 5), in, 100}},
              .out = {{"out", SHAPE(1, 6, 5, 5), zeros, 150}}, .tolerance = 1e-6);
    ww_free(&w);
    cr_arena_free(&arena);
}
END_TEST

START_TEST(an_algorithm_can_be_forced)
{
    NET_CHECK(.net = CONV("num_output: 1 kernel_size: 3" ONES), .in = IN_3X3,
              .out = {{"out", SHAPE(1, 1, 1, 1), VALUES(45)}}, .conv_algorithm = "im2col");
}
END_TEST

START_TEST(errors_name_the_field)
{
    NET_FAILS("group 3 does not divide num_output 64 (bottom \"in\" has 12 channels)",
              .net = CONV("num_output: 64 kernel_size: 1 group: @3"),
              .in = {{"in", SHAPE(1, 12, 2, 2), NO_VALUES}});
    NET_FAILS("group 4 does not divide the 6 channels of bottom \"in\"",
              .net = CONV("num_output: 8 kernel_size: 1 group: @4"),
              .in = {{"in", SHAPE(1, 6, 2, 2), NO_VALUES}});
    NET_FAILS("group 0 is less than 1", .net = CONV("num_output: 8 kernel_size: 1 group: @0"), .in = IN_3X3);
    NET_FAILS("num_output is not given", .net = CONV("kernel_size: 1"), .in = IN_3X3);
    NET_FAILS("num_output 0 is out of range", .net = CONV("num_output: @0 kernel_size: 1"), .in = IN_3X3);
    NET_FAILS("kernel_size is not given", .net = CONV("num_output: 1"), .in = IN_3X3);
    NET_FAILS("convolution_param is missing",
              .net = "layer { name: 'c' type: 'Convolution' bottom: 'in' top: 'out' }", .in = IN_3X3);
    NET_FAILS("the output's height is (3 + 0 + 0 - (1 * (7 - 1) + 1)) / 1 + 1 = -3",
              .net = CONV("num_output: 1 kernel_size: @7"), .in = IN_3X3);
    NET_FAILS("axis 4 is out of range", .net = CONV("num_output: 1 kernel_size: 1 axis: @4"), .in = IN_3X3);
    NET_FAILS("kernel_size is for 2 spatial axes, but there is 1",
              .net = CONV("num_output: 1 kernel_size: @1 kernel_size: 1"),
              .in = {{"in", SHAPE(1, 2, 3), NO_VALUES}});
    NET_FAILS("pad_w is given, but pad_rule SAME",
              .net = CONV("num_output: 1 kernel_size: 3 pad_rule: SAME pad_w: @1"), .in = IN_3X3);
    NET_FAILS("all bottoms must have one shape",
              .net = "layer { name: 'c' type: 'Convolution' bottom: 'a' bottom: @'b' top: 'x' top: 'y' "
                     "convolution_param { num_output: 1 kernel_size: 1 } }",
              .in = {{"a", SHAPE(1, 1, 2, 2), NO_VALUES}, {"b", SHAPE(1, 1, 2, 3), NO_VALUES}});
}
END_TEST

START_TEST(sizes_that_overflow_are_refused)
{
    NET_FAILS("overflow", .net = CONV("num_output: 2147483647 kernel_size: 4096 pad: 4095"),
              .in = {{"in", SHAPE(1, 1, 1, 1), NO_VALUES}});
    NET_FAILS("are too many", .net = CONV("num_output: 1 kernel_size: @3 pad: 2147483647"), .in = IN_3X3);
}
END_TEST

TEST_MAIN("layers/convolution", sums_of_three_by_three, rules_and_modes_reach_the_kernel,
          one_three_and_no_spatial_axes, axes_before_the_channels_are_batch, dilation_by_axis,
          every_bottom_has_its_top, weights_from_a_file_are_out_in_h_w,
          a_group_convolution_is_convolutions_side_by_side, an_algorithm_can_be_forced, errors_name_the_field,
          sizes_that_overflow_are_refused)
