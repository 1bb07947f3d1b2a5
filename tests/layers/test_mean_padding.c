#include "tests/support/net.h"
#include "tests/test.h"

#include <math.h>

#define PAD(fields) "layer { name: 'p' type: 'Pad' bottom: 'in' top: 'out' pad_param { " fields " } }"
#define CONV(fields)                                                                                   \
    "layer { name: 'c' type: 'Convolution' bottom: 'in' top: 'out' convolution_param { num_output: 1 " \
    "bias_term: false weight_filler { type: 'constant' value: 1 } " fields " } }"
#define ROW                                             \
    {                                                   \
        {                                               \
            "in", SHAPE(1, 1, 1, 4), VALUES(1, 2, 3, 4) \
        }                                               \
    }

// Means of a b c and b c d are 2 and 3: enlarged to 6 they are read at 0 and 1; enlarged to 4 at 0, 0, 1/2 and 1,
// of which the border mirrors the second and the third.
START_TEST(a_row)
{
    NET_CHECK(.net = PAD("pad: 0 pad: 1 pad_mode: MEAN_INTERP"), .in = ROW,
              .out = {{"out", SHAPE(1, 1, 1, 6), VALUES(2, 1, 2, 3, 4, 3)}});
    NET_CHECK(.net = PAD("pad: 0 pad: 1 pad_mode: MEAN_REFLECT"), .in = ROW,
              .out = {{"out", SHAPE(1, 1, 1, 6), VALUES(2, 1, 2, 3, 4, 2.5f)}});
}
END_TEST

enum { IMAGES = 2, CHANNELS = 3, HEIGHT = 7, WIDTH = 9, MOST = 13 };

static int mirror(int i, int n)
{
    return i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i;
}

// The enlarged means as the paper has them: all means first, then two of them on each axis.
static double mean(const float *plane, int y, int x, int ph, int pw)
{
    double sum = 0;
    for (int i = 0; i <= 2 * ph; i++)
        for (int j = 0; j <= 2 * pw; j++)
            sum += plane[(y + i) * WIDTH + x + j];
    return sum / ((2 * ph + 1) * (2 * pw + 1));
}

static double position(int i, int n, int pad, bool reflect)
{
    int means = n - 2 * pad, to = reflect ? n : n + 2 * pad;
    return fmax(0, (double)means / to * ((reflect ? mirror(i - pad, n) : i) + 1) - 1);
}

static double enlarged(const float *plane, int i, int j, int ph, int pw, bool reflect)
{
    double y = position(i, HEIGHT, ph, reflect), x = position(j, WIDTH, pw, reflect);
    int y0 = (int)y, x0 = (int)x, y1 = y > y0 ? y0 + 1 : y0, x1 = x > x0 ? x0 + 1 : x0;
    double top = (1 - (x - x0)) * mean(plane, y0, x0, ph, pw) + (x - x0) * mean(plane, y0, x1, ph, pw);
    double low = (1 - (x - x0)) * mean(plane, y1, x0, ph, pw) + (x - x0) * mean(plane, y1, x1, ph, pw);
    return (1 - (y - y0)) * top + (y - y0) * low;
}

static void reference(const float *in, int ph, int pw, bool reflect, float *out)
{
    int height = HEIGHT + 2 * ph, width = WIDTH + 2 * pw;
    for (int p = 0; p < IMAGES * CHANNELS; p++, in += HEIGHT * WIDTH)
        for (int i = 0; i < height; i++)
            for (int j = 0; j < width; j++, out++) {
                int y = i - ph, x = j - pw;
                bool inside = y >= 0 && y < HEIGHT && x >= 0 && x < WIDTH;
                *out = inside ? in[y * WIDTH + x] : (float)enlarged(in, i, j, ph, pw, reflect);
            }
}

static void check_images(const char *net, int ph, int pw, bool reflect)
{
    float in[IMAGES * CHANNELS * HEIGHT * WIDTH], out[IMAGES * CHANNELS * MOST * MOST];
    uint32_t state = 1;
    for (size_t i = 0; i < sizeof in / sizeof *in; i++) {
        state = state * 1664525 + 1013904223;
        in[i] = (float)(state >> 8) / (float)(1 << 23) - 1;
    }
    reference(in, ph, pw, reflect, out);
    crema_shape shape = SHAPE(IMAGES, CHANNELS, HEIGHT + 2 * ph, WIDTH + 2 * pw);
    NET_CHECK(.net = net, .tolerance = 1e-6,
              .in = {{"in", SHAPE(IMAGES, CHANNELS, HEIGHT, WIDTH), in, sizeof in / sizeof *in}},
              .out = {{"out", shape, out, (size_t)(IMAGES * CHANNELS * shape.dim[2] * shape.dim[3])}});
}

START_TEST(images)
{
    check_images(PAD("pad: 1 pad_mode: MEAN_INTERP"), 1, 1, false);
    check_images(PAD("pad: 3 pad: 2 pad_mode: MEAN_INTERP"), 3, 2, false);
    check_images(PAD("pad: 1 pad_mode: MEAN_REFLECT"), 1, 1, true);
    check_images(PAD("pad: 2 pad: 0 pad_mode: MEAN_REFLECT"), 2, 0, true);
}
END_TEST

// The sums of three of 2 1 2 3 4 3; and batch axes before the channels.
START_TEST(convolutions)
{
    NET_CHECK(.net = CONV("kernel_h: 1 kernel_w: 3 pad_w: 1 pad_mode: MEAN_INTERP"), .in = ROW,
              .out = {{"out", SHAPE(1, 1, 1, 4), VALUES(5, 6, 9, 10)}}, .allow_missing = true);
    NET_CHECK(.net = CONV("kernel_h: 1 kernel_w: 3 pad_rule: SAME pad_mode: MEAN_INTERP"), .in = ROW,
              .out = {{"out", SHAPE(1, 1, 1, 4), VALUES(5, 6, 9, 10)}}, .allow_missing = true);
    NET_CHECK(.net = CONV("kernel_h: 1 kernel_w: 3 stride_w: 2 stride_h: 1 pad_w: 1 pad_mode: MEAN_REFLECT"),
              .in = {{"in", SHAPE(2, 1, 1, 4), VALUES(1, 2, 3, 4, 2, 4, 6, 8)}},
              .out = {{"out", SHAPE(2, 1, 1, 2), VALUES(5, 9, 10, 18)}}, .allow_missing = true);
    NET_CHECK(.net = CONV("axis: 2 kernel_h: 1 kernel_w: 3 pad_w: 1 pad_mode: MEAN_INTERP"),
              .in = {{"in", SHAPE(2, 1, 1, 1, 4), VALUES(1, 2, 3, 4, 2, 4, 6, 8)}},
              .out = {{"out", SHAPE(2, 1, 1, 1, 4), VALUES(5, 6, 9, 10, 10, 12, 18, 20)}},
              .allow_missing = true);
    NET_CHECK(.net = CONV("axis: 0 kernel_h: 1 kernel_w: 3 pad_w: 1 pad_mode: MEAN_INTERP"),
              .in = {{"in", SHAPE(1, 1, 4), VALUES(1, 2, 3, 4)}},
              .out = {{"out", SHAPE(1, 1, 4), VALUES(5, 6, 9, 10)}}, .allow_missing = true);
    NET_CHECK(.net = "layer { name: 'c' type: 'SeparableConvolution' bottom: 'in' top: 'out' "
                     "convolution_param { num_output: 1 kernel_h: 1 kernel_w: 3 pad_w: 1 bias_term: false "
                     "pad_mode: MEAN_INTERP weight_filler { type: 'constant' value: 1 } } }",
              .in = {{"in", SHAPE(2, 1, 1, 4), VALUES(1, 2, 3, 4, 2, 4, 6, 8)}},
              .out = {{"out", SHAPE(2, 1, 1, 4), VALUES(5, 6, 9, 10, 10, 12, 18, 20)}},
              .allow_missing = true);
}
END_TEST

START_TEST(what_has_no_meaning_is_refused)
{
    NET_FAILS("pad_mode MEAN_INTERP with pad 2 needs a bottom of more than 4, and its width is 4",
              .net = PAD("pad: 0 pad: 2 pad_mode: @MEAN_INTERP"), .in = ROW);
    NET_FAILS("pad_mode MEAN_REFLECT needs equal pads on both sides of the width, not 0 and 1",
              .net = CONV("kernel_h: 1 kernel_w: 2 pad_mode: MEAN_REFLECT pad_rule: @SAME"), .in = ROW);
    NET_FAILS("pad_mode MEAN_INTERP is for 2 spatial axes, but there is 1",
              .net = PAD("pad: 1 pad_mode: @MEAN_INTERP"), .in = {{"in", SHAPE(1, 1, 4), NO_VALUES}});
    NET_FAILS("paddings are for all axes and this pad_mode is for two",
              .net =
                  PAD("paddings: 0 paddings: 0 paddings: 0 paddings: 0 paddings: 0 paddings: 0 paddings: 1 "
                      "paddings: 1 pad_mode: @MEAN_REFLECT"),
              .in = ROW);
    NET_FAILS("Im2col has no pad_mode MEAN_INTERP",
              .net = "layer { name: 'i' type: 'Im2col' bottom: 'in' top: 'out' convolution_param { "
                     "kernel_size: 3 pad: 1 pad_mode: @MEAN_INTERP } }",
              .in = ROW);
}
END_TEST

TEST_MAIN("layers/mean_padding", a_row, images, convolutions, what_has_no_meaning_is_refused)
