#include "tests/support/net.h"
#include "tests/test.h"

#define IM2COL(fields) \
    "layer { name: 'i' type: 'Im2col' bottom: 'x' top: 'out' convolution_param { " fields " } }"

START_TEST(windows_as_columns)
{
    NET_CHECK(.net = IM2COL("kernel_size: 2"), .in = {{"x", SHAPE(1, 1, 2, 3), VALUES(1, 2, 3, 4, 5, 6)}},
              .out = {{"out", SHAPE(1, 4, 1, 2), VALUES(1, 2, 2, 3, 4, 5, 5, 6)}});
    // two images of two channels, rows of a channel together
    NET_CHECK(.net = IM2COL("kernel_h: 1 kernel_w: 2"),
              .in = {{"x", SHAPE(2, 2, 1, 3), VALUES(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)}},
              .out = {
                  {"out", SHAPE(2, 4, 1, 2), VALUES(1, 2, 2, 3, 4, 5, 5, 6, 7, 8, 8, 9, 10, 11, 11, 12)}});
}
END_TEST

START_TEST(pad_stride_and_dilation)
{
    NET_CHECK(.net = IM2COL("kernel_size: 3 pad: 1 stride: 2"),
              .in = {{"x", SHAPE(1, 1, 3), VALUES(1, 2, 3)}},
              .out = {{"out", SHAPE(1, 3, 2), VALUES(0, 2, 1, 3, 2, 0)}});
    NET_CHECK(.net = IM2COL("kernel_size: 2 dilation: 2"), .in = {{"x", SHAPE(1, 1, 4), VALUES(1, 2, 3, 4)}},
              .out = {{"out", SHAPE(1, 2, 2), VALUES(1, 2, 3, 4)}});
    NET_CHECK(.net = IM2COL("kernel_size: 3 pad_rule: SAME pad_mode: CIRCULAR"),
              .in = {{"x", SHAPE(1, 1, 3), VALUES(1, 2, 3)}},
              .out = {{"out", SHAPE(1, 3, 3), VALUES(3, 1, 2, 1, 2, 3, 2, 3, 1)}});
}
END_TEST

START_TEST(axes_before_the_channels_are_batch)
{
    NET_CHECK(.net = IM2COL("kernel_size: 2 axis: -2"),
              .in = {{"x", SHAPE(2, 1, 2, 2), VALUES(1, 2, 3, 4, 5, 6, 7, 8)}}, .contiguous_only = true,
              .out = {{"out", SHAPE(2, 1, 4, 1), VALUES(1, 2, 3, 4, 5, 6, 7, 8)}});
    NET_CHECK(.net = IM2COL("kernel_size: 1 kernel_size: 2 axis: 0"),
              .in = {{"x", SHAPE(2, 1, 2), VALUES(1, 2, 3, 4)}}, .contiguous_only = true,
              .out = {{"out", SHAPE(4, 1, 1), VALUES(1, 2, 3, 4)}});
}
END_TEST

START_TEST(wrong_fields)
{
#define X {"x", SHAPE(1, 1, 3), NO_VALUES}
    NET_FAILS("convolution_param is missing",
              .net = "layer { name: 'i' type: 'Im2col' bottom: 'x' top: 'out' }", .in = {X});
    NET_FAILS("no spatial one behind the channels on axis 2", .net = IM2COL("kernel_size: 1 axis: @2"),
              .in = {X});
    NET_FAILS("axis 3 is out of range", .net = IM2COL("kernel_size: 1 axis: @3"), .in = {X});
    NET_FAILS("pad_mode PARTIAL scales the sums", .net = IM2COL("kernel_size: 1 pad_mode: @PARTIAL"),
              .in = {X});
    NET_FAILS("kernel_size", .net = IM2COL(""), .in = {X});
    NET_FAILS("which must be at least 1", .net = IM2COL("kernel_size: 4"), .in = {X});
}
END_TEST

TEST_MAIN("layers/im2col", windows_as_columns, pad_stride_and_dilation, axes_before_the_channels_are_batch,
          wrong_fields)
