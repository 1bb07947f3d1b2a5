#include "layers/window.h"
#include "tests/support/conv_layer.h"
#include "tests/support/net.h"
#include "tests/test.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

#define POOL(fields) \
    "layer { name: 'p' type: 'Pooling' bottom: 'in' top: 'out' pooling_param { " fields " } }"
#define MASKED(fields) \
    "layer { name: 'p' type: 'Pooling' bottom: 'in' top: 'out' top: 'mask' pooling_param { " fields " } }"

static const float sixteen[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
#define IN_4X4                                   \
    {                                            \
        {                                        \
            "in", SHAPE(1, 1, 4, 4), sixteen, 16 \
        }                                        \
    }

START_TEST(max_and_ave_of_two_by_two)
{
    NET_CHECK(.net = POOL("kernel_size: 2 stride: 2"), .in = IN_4X4,
              .out = {{"out", SHAPE(1, 1, 2, 2), VALUES(6, 8, 14, 16)}});
    NET_CHECK(.net = POOL("pool: AVE kernel_size: 2 stride: 2"), .in = IN_4X4,
              .out = {{"out", SHAPE(1, 1, 2, 2), VALUES(3.5, 5.5, 11.5, 13.5)}});
    NET_CHECK(.net = POOL("kernel_h: 1 kernel_w: 3 stride_h: 3 stride_w: 1"), .in = IN_4X4,
              .out = {{"out", SHAPE(1, 1, 2, 2), VALUES(3, 4, 15, 16)}});
}
END_TEST

START_TEST(the_size_is_rounded_up_unless_told)
{
    NET_CHECK(.net = POOL("kernel_size: 3 stride: 2"), .in = IN_4X4,
              .out = {{"out", SHAPE(1, 1, 2, 2), VALUES(11, 12, 15, 16)}});
    NET_CHECK(.net = POOL("kernel_size: 3 stride: 2 round_mode: FLOOR"), .in = IN_4X4,
              .out = {{"out", SHAPE(1, 1, 1, 1), VALUES(11)}});
    NET_CHECK(.net = POOL("kernel_size: 3 stride: 2 ceil_mode: false"), .in = IN_4X4,
              .out = {{"out", SHAPE(1, 1, 1, 1), VALUES(11)}});
    NET_FAILS("torch_pooling of a Caffe fork is not implemented",
              .net = POOL("kernel_size: 3 stride: 2 torch_pooling: @true"), .in = IN_4X4);
    NET_FAILS("avg_include_pad of a Caffe fork is not implemented",
              .net = POOL("kernel_size: 3 stride: 2 avg_include_pad: @false"), .in = IN_4X4);
    NET_FAILS("dilation of a Caffe fork is not implemented",
              .net = POOL("kernel_size: 3 stride: 2 dilation: @2"), .in = IN_4X4);
    NET_CHECK(.net = POOL("kernel_size: 7 stride: 4"), .in = IN_4X4, // ceil(-3 / 4) + 1
              .out = {{"out", SHAPE(1, 1, 1, 1), VALUES(16)}});
}
END_TEST

extern const cr_layer_type cr_layer_pooling;

START_TEST(the_size_is_computed_in_float)
{
    // 2^24 + 1 is 2^24 as float, so ceil((2^24 + 1) / 2^23) is 2
    Crema__PoolingParameter p;
    crema__pooling_parameter__init(&p);
    p.has_kernel_size = p.has_stride = true;
    p.kernel_size = 1;
    p.stride = 1 << 23;
    conv_layer l;
    conv_layer_init(&l, NULL, &p);
    cr_window_spec spec;
    l.layer.type = &cr_layer_pooling;
    l.layer.ctx = &spec;
    l.layer.n_out = 1;
    ck_assert_int_eq(cr_layer_pooling.setup(&l.layer, NULL), CREMA_OK);
    crema_shape in = SHAPE(1, 1, 1, (1 << 24) + 2), out;
    cr_shaping s = {.in = &in, .out = &out};
    ck_assert_int_eq(cr_layer_pooling.shape(&l.layer, &s, NULL), CREMA_OK);
    ck_assert_int_eq(out.dim[3], 3);
}
END_TEST

START_TEST(a_pad_clips_the_last_window_on_both_axes)
{
    // 7x3 in: without the clip, ceil(7 / 2) + 1 = 5 rows; the pad stands on one axis only
    static const float in[21] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21};
    NET_CHECK(.net = POOL("kernel_h: 2 kernel_w: 1 stride: 2 pad_h: 1 pad_w: 0"),
              .in = {{"in", SHAPE(1, 1, 7, 3), in, 21}},
              .out = {{"out", SHAPE(1, 1, 4, 2), VALUES(1, 3, 7, 9, 13, 15, 19, 21)}});
    // width 4, kernel 1, stride 2: 3 windows without a pad anywhere, 2 with one on the other axis
    NET_CHECK(.net = POOL("kernel_h: 2 kernel_w: 1 stride: 2 pad_h: 1 pad_w: 0"), .in = IN_4X4,
              .out = {{"out", SHAPE(1, 1, 3, 2), VALUES(1, 3, 9, 11, 13, 15)}});
}
END_TEST

START_TEST(an_empty_last_window_without_a_pad)
{
    NET_CHECK(.net = POOL("kernel_size: 1 stride: 2"), .in = IN_4X4,
              .out = {{"out", SHAPE(1, 1, 3, 3),
                       VALUES(1, 3, -FLT_MAX, 9, 11, -FLT_MAX, -FLT_MAX, -FLT_MAX, -FLT_MAX)}});
    NET_CHECK(.net = POOL("pool: AVE kernel_size: 1 stride: 2"), .in = IN_4X4,
              .out = {{"out", SHAPE(1, 1, 3, 3), VALUES(1, 3, NAN, 9, 11, NAN, NAN, NAN, NAN)}});
    NET_CHECK(.net = MASKED("kernel_size: 1 stride: 2"), .in = IN_4X4,
              .out = {{"mask", SHAPE(1, 1, 3, 3), VALUES(0, 2, -1, 8, 10, -1, -1, -1, -1)}});
}
END_TEST

START_TEST(ave_divides_by_the_window_inside_image_and_pad)
{
    NET_CHECK(.net = POOL("pool: AVE kernel_size: 3 stride: 2 pad: 1"),
              .in = {{"in", SHAPE(1, 1, 4, 4), VALUES(9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9)}},
              .out = {{"out", SHAPE(1, 1, 3, 3), VALUES(4, 6, 3, 6, 9, 4.5, 3, 4.5, 2.25)}},
              .tolerance = 1e-6);
}
END_TEST

START_TEST(sides_pad_pooling)
{
    NET_CHECK(.net = POOL("kernel_size: 2 stride: 2 pad_top: 1 pad_left: 0 pad_bottom: 1 pad_right: 0"),
              .in = IN_4X4, .out = {{"out", SHAPE(1, 1, 3, 2), VALUES(2, 4, 10, 12, 14, 16)}});
    NET_CHECK(.net = POOL("pool: AVE kernel_size: 2 stride: 2 pad_top: 1"),
              .in = IN_4X4, // 3 rows of ceil((5-2)/2)+1
              .out = {{"out", SHAPE(1, 1, 3, 2), VALUES(.75, 1.75, 7.5, 9.5, 13.5, 15.5)}});
}
END_TEST

START_TEST(global_pooling)
{
    NET_CHECK(.net = POOL("pool: AVE global_pooling: true"), .in = IN_4X4,
              .out = {{"out", SHAPE(1, 1, 1, 1), VALUES(8.5)}});
    NET_CHECK(.net = POOL("global_pooling: true"),
              .in = {{"in", SHAPE(2, 2, 1, 3), VALUES(1, 3, 2, 6, 5, 4, 7, 9, 8, -1, -2, -3)}},
              .out = {{"out", SHAPE(2, 2, 1, 1), VALUES(3, 6, 9, -1)}});
}
END_TEST

START_TEST(nan_never_wins_and_all_nan_is_the_lowest)
{
    NET_CHECK(.net = POOL("kernel_size: 2 stride: 2"),
              .in = {{"in", SHAPE(1, 1, 2, 4), VALUES(NAN, 1, NAN, NAN, -2, NAN, -INFINITY, NAN)}},
              .out = {{"out", SHAPE(1, 1, 1, 2), VALUES(1, -FLT_MAX)}});
    NET_CHECK(.net = POOL("pool: AVE kernel_size: 2 stride: 2"),
              .in = {{"in", SHAPE(1, 1, 2, 4), VALUES(NAN, 1, 1, INFINITY, 1, 1, 1, 1)}},
              .out = {{"out", SHAPE(1, 1, 1, 2), VALUES(NAN, INFINITY)}});
}
END_TEST

START_TEST(the_mask_names_the_first_winner)
{
    NET_CHECK(.net = MASKED("kernel_size: 2 stride: 1 pad: 1"),
              .in = {{"in", SHAPE(1, 2, 2, 2), VALUES(5, 5, 3, 5, NAN, -INFINITY, NAN, 2)}},
              .out = {{"out", SHAPE(1, 2, 3, 3),
                       VALUES(5, 5, 5, 5, 5, 5, 3, 5, 5, -FLT_MAX, -FLT_MAX, -FLT_MAX, -FLT_MAX, 2, 2,
                              -FLT_MAX, 2, 2)},
                      {"mask", SHAPE(1, 2, 3, 3),
                       VALUES(0, 0, 1, 0, 0, 1, 2, 3, 3, -1, -1, -1, -1, 3, 3, -1, 3, 3)}});
}
END_TEST

START_TEST(stochastic_is_weighted_by_itself)
{
    NET_CHECK(.net = POOL("pool: STOCHASTIC kernel_size: 2 stride: 2"),
              .in = {{"in", SHAPE(1, 1, 2, 4), VALUES(1, 2, 0, 0, 3, 4, -1, 0)}},
              .out = {{"out", SHAPE(1, 1, 1, 2), VALUES(3, 0)}});
    NET_FAILS("STOCHASTIC draws at random", .net = POOL("pool: @STOCHASTIC kernel_size: 2"), .in = IN_4X4,
              .train = true);
    NET_FAILS("pool STOCHASTIC has no padding", .net = POOL("pool: @STOCHASTIC kernel_size: 2 pad: 1"),
              .in = IN_4X4);
    NET_FAILS("pool STOCHASTIC has no padding",
              .net = POOL("pool: @STOCHASTIC kernel_size: 2 pad_rule: SAME"), .in = IN_4X4);
}
END_TEST

START_TEST(a_rule_fixes_the_size)
{
    NET_CHECK(.net = POOL("kernel_size: 3 stride: 2 pad_rule: VALID"), .in = IN_4X4,
              .out = {{"out", SHAPE(1, 1, 1, 1), VALUES(11)}});
    NET_CHECK(.net = POOL("pool: AVE kernel_size: 3 stride: 2 pad_rule: SAME"),
              .in = IN_4X4, // by taps inside
              .out = {{"out", SHAPE(1, 1, 2, 2), VALUES(6, 7.5, 12, 13.5)}});
    NET_CHECK(.net = POOL("pool: AVE kernel_size: 3 stride: 2 pad_rule: SAME_LOWER"), .in = IN_4X4,
              .out = {{"out", SHAPE(1, 1, 2, 2), VALUES(3.5, 5, 9.5, 11)}});
    NET_CHECK(.net = POOL("kernel_size: 2 stride: 4 pad_rule: FULL"), .in = IN_4X4,
              .out = {{"out", SHAPE(1, 1, 2, 2), VALUES(1, 4, 13, 16)}});
}
END_TEST

START_TEST(corners_pads_each_channel_group_its_own_way)
{
    static const float in[16] = {1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4}; // 4 channels of 2x2
    NET_CHECK(.net = POOL("pool: AVE kernel_size: 2 pad_rule: CORNERS"),
              .in = {{"in", SHAPE(1, 4, 2, 2), in, 16}},
              .out = {{"out", SHAPE(1, 4, 2, 2),
                       VALUES(2.5, 3, 3.5, 4, // windows reach to the bottom and right
                              1, 1.5, 2, 2.5, // top, left
                              2, 2.5, 3, 3.5, // bottom, left
                              1.5, 2, 2.5, 3)}});
}
END_TEST

START_TEST(modes_put_values_outside)
{
    static const float in[4] = {1, 2, 3, 6};
    NET_CHECK(.net = POOL("pool: AVE kernel_h: 1 kernel_w: 2 stride: 1 pad_h: 0 pad_w: 1 pad_mode: CIRCULAR"),
              .in = {{"in", SHAPE(1, 1, 1, 4), in, 4}},
              .out = {{"out", SHAPE(1, 1, 1, 5), VALUES(3.5, 1.5, 2.5, 4.5, 3.5)}});
    NET_CHECK(.net = POOL("pool: AVE kernel_h: 1 kernel_w: 2 stride: 1 pad_h: 0 pad_w: 1 pad_mode: CONSTANT "
                          "pad_value: 10"),
              .in = {{"in", SHAPE(1, 1, 1, 4), in, 4}},
              .out = {{"out", SHAPE(1, 1, 1, 5), VALUES(5.5, 1.5, 2.5, 4.5, 8)}});
    NET_CHECK(.net = MASKED("kernel_h: 1 kernel_w: 3 pad_rule: SAME pad_mode: CONSTANT pad_value: 4"),
              .in = {{"in", SHAPE(1, 1, 1, 4), in, 4}},
              .out = {{"out", SHAPE(1, 1, 1, 4), VALUES(4, 3, 6, 6)},
                      {"mask", SHAPE(1, 1, 1, 4), VALUES(-1, 2, 3, 3)}});
    NET_CHECK(.net = MASKED("kernel_h: 1 kernel_w: 2 stride: 1 pad_left: 2 pad_mode: REFLECT"), // 3 2 1 2 3 6
              .in = {{"in", SHAPE(1, 1, 1, 4), in, 4}},
              .out = {{"out", SHAPE(1, 1, 1, 5), VALUES(3, 2, 2, 3, 6)},
                      {"mask", SHAPE(1, 1, 1, 5), VALUES(2, 1, 1, 2, 3)}});
    // MAX does not see zeros in the ZERO mode, but it sees a CONSTANT
    NET_CHECK(.net = POOL("kernel_size: 2 pad_rule: SAME"), .in = {{"in", SHAPE(1, 1, 1, 1), VALUES(-5)}},
              .out = {{"out", SHAPE(1, 1, 1, 1), VALUES(-5)}});
    NET_CHECK(.net = POOL("kernel_size: 2 pad_rule: SAME pad_mode: CONSTANT"),
              .in = {{"in", SHAPE(1, 1, 1, 1), VALUES(-5)}}, .out = {{"out", SHAPE(1, 1, 1, 1), VALUES(0)}});
}
END_TEST

// Random values against the definition, over widths that have edges, inner runs and tails of vectors.
static void check_random(int64_t h, int64_t w, int k, int s, int p, unsigned *seed)
{
    float in[2 * 30 * 30], most[2 * 40 * 40], mean[2 * 40 * 40];
    char net_max[200], net_ave[200];
    int64_t oh = (h + 2 * p - k + s - 1) / s + 1, ow = (w + 2 * p - k + s - 1) / s + 1;
    oh -= p && (oh - 1) * s >= h + p;
    ow -= p && (ow - 1) * s >= w + p;
    for (int64_t i = 0; i < 2 * h * w; i++)
        in[i] = (float)(rand_r(seed) % 1000) / 100;
    for (int64_t o = 0; o < 2 * oh * ow; o++) {
        int64_t y = o / ow % oh * s - p, x = o % ow * s - p;
        int64_t bottom = y + k < h + p ? y + k : h + p, right = x + k < w + p ? x + k : w + p;
        double sum = 0;
        most[o] = -FLT_MAX;
        for (int64_t i = y; i < bottom; i++)
            for (int64_t j = x; j < right; j++)
                if (i >= 0 && j >= 0 && i < h && j < w) {
                    float value = in[(o / (oh * ow) * h + i) * w + j];
                    sum += (double)value;
                    most[o] = value > most[o] ? value : most[o];
                }
        mean[o] = (float)(sum / (double)((bottom - y) * (right - x)));
    }
    snprintf(net_max, sizeof net_max, POOL("kernel_size: %d stride: %d pad: %d"), k, s, p);
    snprintf(net_ave, sizeof net_ave, POOL("pool: AVE kernel_size: %d stride: %d pad: %d"), k, s, p);
    size_t n_in = (size_t)(2 * h * w), n_out = (size_t)(2 * oh * ow);
    NET_CHECK(.net = net_max, .in = {{"in", SHAPE(1, 2, h, w), in, n_in}},
              .out = {{"out", SHAPE(1, 2, oh, ow), most, n_out}});
    NET_CHECK(.net = net_ave, .in = {{"in", SHAPE(1, 2, h, w), in, n_in}},
              .out = {{"out", SHAPE(1, 2, oh, ow), mean, n_out}}, .tolerance = 1e-5);
}

START_TEST(random_windows_equal_the_definition)
{
    unsigned seed = 4;
    for (int i = 0; i < 12; i++) {
        int k = 1 + rand_r(&seed) % 5;
        check_random(k + rand_r(&seed) % 25, k + rand_r(&seed) % 25, k, 1 + rand_r(&seed) % k,
                     rand_r(&seed) % k, &seed);
    }
}
END_TEST

START_TEST(errors_name_the_field)
{
    NET_FAILS("pads 3 and 3 along the height must be less than the kernel 3",
              .net = POOL("kernel_size: 3 pad: @3"), .in = IN_4X4);
    NET_FAILS("pads 0 and 2 along the width must be less than the kernel 2",
              .net = POOL("kernel_size: 2 pad_right: @2"), .in = IN_4X4);
    NET_FAILS("the output's height is ceil((4 + 0 + 0 - 6) / 1) + 1 = -1", .net = POOL("kernel_size: @6"),
              .in = IN_4X4);
    NET_FAILS("is for pool MAX only", .net = MASKED("pool: AVE kernel_size: 2"), .in = IN_4X4);
    NET_FAILS("has 3 axes; pooling needs 4", .net = POOL("kernel_size: 2"),
              .in = {{"in", SHAPE(1, 4, 4), NO_VALUES}});
    NET_FAILS("has width 0", .net = POOL("global_pooling: true"),
              .in = {{"in", SHAPE(1, 1, 4, 0), NO_VALUES}});
    NET_FAILS("pad_mode PARTIAL is not defined for pooling", .net = POOL("kernel_size: 2 pad_mode: @PARTIAL"),
              .in = IN_4X4);
    NET_FAILS("are too many", .net = POOL("kernel_size: 2000000000 pad: 1999999999"), .in = IN_4X4);
    NET_FAILS("are too many", .net = POOL("kernel_size: @9 pad: 1999999999 pad_mode: CIRCULAR"),
              .in = IN_4X4);
    NET_FAILS("pooling_param is missing",
              .net = "layer { name: 'p' type: 'Pooling' bottom: 'in' top: 'out' }", .in = IN_4X4);
}
END_TEST

TEST_MAIN("layers/pooling", max_and_ave_of_two_by_two, the_size_is_rounded_up_unless_told,
          the_size_is_computed_in_float, a_pad_clips_the_last_window_on_both_axes,
          an_empty_last_window_without_a_pad, ave_divides_by_the_window_inside_image_and_pad,
          sides_pad_pooling, global_pooling, nan_never_wins_and_all_nan_is_the_lowest,
          the_mask_names_the_first_winner, stochastic_is_weighted_by_itself, a_rule_fixes_the_size,
          corners_pads_each_channel_group_its_own_way, modes_put_values_outside,
          random_windows_equal_the_definition, errors_name_the_field)
