#include "tests/support/net.h"
#include "tests/support/wire_writer.h"
#include "tests/test.h"

#define DECONV(fields) \
    "layer { name: 'd' type: 'Deconvolution' bottom: 'in' top: 'out' convolution_param { " fields " } }"
#define ONES " weight_filler { type: 'constant' value: 1 }"
#define IN_2X2                                          \
    {                                                   \
        {                                               \
            "in", SHAPE(1, 1, 2, 2), VALUES(1, 2, 3, 4) \
        }                                               \
    }

START_TEST(windows_overlap_and_add)
{
    NET_CHECK(.net = DECONV("num_output: 1 kernel_size: 3 stride: 2" ONES), .in = IN_2X2,
              .out = {{"out", SHAPE(1, 1, 5, 5),
                       VALUES(1, 1, 3, 2, 2, 1, 1, 3, 2, 2, 4, 4, 10, 6, 6, 3, 3, 7, 4, 4, 3, 3, 7, 4, 4)}});
    NET_CHECK(.net = DECONV("num_output: 1 kernel_size: 3 stride: 2 pad: 1" ONES), .in = IN_2X2,
              .out = {{"out", SHAPE(1, 1, 3, 3), VALUES(1, 3, 2, 4, 10, 6, 3, 7, 4)}});
}
END_TEST

START_TEST(sides_crop)
{
    NET_CHECK(.net = DECONV("num_output: 1 kernel_size: 2 stride: 2 pad_top: 1 pad_right: 2" ONES
                            " bias_filler { value: 0.5 }"),
              .in = IN_2X2, .out = {{"out", SHAPE(1, 1, 3, 2), VALUES(1.5, 1.5, 3.5, 3.5, 3.5, 3.5)}});
}
END_TEST

START_TEST(weights_are_in_out_h_w)
{
    ww w = {0};
    static const float weights[8] = {1, 10, 2, 20, 3, 30, 4, 40}, bias[2] = {.5, -.5};
    ww_net(&w, "n");
    ww_layer(&w, "d", "Deconvolution");
    ww_blob(&w, 4, (int64_t[]){2, 2, 1, 2}, weights); // 2 in, 2 out
    ww_blob(&w, 1, (int64_t[]){2}, bias);
    crema_file file = ww_file(&w);
    NET_CHECK(.net = DECONV("num_output: 2 kernel_h: 1 kernel_w: 2"), .weights = file.data,
              .weights_size = file.size, .in = {{"in", SHAPE(1, 2, 1, 1), VALUES(1, 100)}},
              .out = {{"out", SHAPE(1, 2, 1, 2), VALUES(301.5, 3010.5, 401.5, 4019.5)}});
    ww_free(&w);
}
END_TEST

START_TEST(groups_batches_and_other_axes)
{
    NET_CHECK(.net = DECONV("num_output: 2 group: 2 kernel_size: 2" ONES),
              .in = {{"in", SHAPE(2, 4, 1), VALUES(1, 2, 3, 4, 5, 6, 7, 8)}},
              .out = {{"out", SHAPE(2, 2, 2), VALUES(3, 3, 7, 7, 11, 11, 15, 15)}});
    NET_CHECK(.net = DECONV("num_output: 1 kernel_size: 2 axis: 2" ONES),
              .in = {{"in", SHAPE(2, 2, 1, 1), VALUES(1, 2, 3, 4)}},
              .out = {{"out", SHAPE(2, 2, 1, 2), VALUES(1, 1, 2, 2, 3, 3, 4, 4)}});
    NET_CHECK(.net = DECONV("num_output: 1 kernel_size: 1 kernel_size: 1 kernel_size: 2" ONES),
              .in = {{"in", SHAPE(1, 1, 1, 2, 1), VALUES(1, 2)}},
              .out = {{"out", SHAPE(1, 1, 1, 2, 2), VALUES(1, 1, 2, 2)}});
}
END_TEST

START_TEST(errors_name_the_field)
{
    NET_FAILS("a deconvolution has pad_rule EXPLICIT only",
              .net = DECONV("num_output: 1 kernel_size: 3 pad_rule: @SAME"), .in = IN_2X2);
    NET_FAILS("a deconvolution has pad_mode ZERO only",
              .net = DECONV("num_output: 1 kernel_size: 3 pad_mode: @REFLECT"), .in = IN_2X2);
    NET_FAILS("pad_value is given, but pad_mode is ZERO",
              .net = DECONV("num_output: 1 kernel_size: 3 pad_value: @2"), .in = IN_2X2);
    NET_FAILS("the output's height is 1 * (2 - 1) + 1 * (1 - 1) + 1 - 1 - 1 = 0",
              .net = DECONV("num_output: 1 kernel_size: @1 pad: 1"), .in = IN_2X2);
    NET_FAILS("group 2 does not divide the 1 channels",
              .net = DECONV("num_output: 2 group: @2 kernel_size: 1"), .in = IN_2X2);
}
END_TEST

TEST_MAIN("layers/deconvolution", windows_overlap_and_add, sides_crop, weights_are_in_out_h_w,
          groups_batches_and_other_axes, errors_name_the_field)
