#include "layers/window.h"
#include "tests/support/conv_layer.h"
#include "tests/test.h"

#include <string.h>

static Crema__ConvolutionParameter conv_param(void)
{
    static uint32_t three[1] = {3};
    Crema__ConvolutionParameter p;
    crema__convolution_parameter__init(&p);
    p.n_kernel_size = 1;
    p.kernel_size = three;
    return p;
}

static Crema__PoolingParameter pool_param(void)
{
    Crema__PoolingParameter p;
    crema__pooling_parameter__init(&p);
    p.has_kernel_size = true;
    p.kernel_size = 3;
    return p;
}

static cr_window_spec read_conv(Crema__ConvolutionParameter *p, int n_axes)
{
    conv_layer l;
    cr_window_spec spec;
    cr_err err = {0};
    cr_status status = cr_window_spec_conv(conv_layer_init(&l, p, NULL), n_axes, &spec, &err);
    ck_assert_msg(status == CREMA_OK, "%s", err.message);
    return spec;
}

static void refuse(Crema__ConvolutionParameter *conv, Crema__PoolingParameter *pool, int n_axes,
                   const char *text)
{
    conv_layer l;
    cr_window_spec spec;
    cr_err err = {0};
    const cr_layer *layer = conv_layer_init(&l, conv, pool);
    cr_status status =
        conv ? cr_window_spec_conv(layer, n_axes, &spec, &err) : cr_window_spec_pool(layer, &spec, &err);
    ck_assert_int_eq(status, CREMA_ERR_INPUT);
    ck_assert_int_eq(err.status, CREMA_ERR_INPUT);
    ck_assert_msg(strstr(err.message, text) != NULL, "\"%s\" is not in \"%s\"", text, err.message);
}

static void refuse_conv(Crema__ConvolutionParameter *p, int n_axes, const char *text)
{
    refuse(p, NULL, n_axes, text);
}

static void refuse_pool(Crema__PoolingParameter *p, const char *text)
{
    refuse(NULL, p, 2, text);
}

START_TEST(one_value_stands_for_all_axes)
{
    uint32_t two[1] = {2}, one[1] = {1}, five[1] = {5};
    Crema__ConvolutionParameter p = conv_param();
    p.n_stride = p.n_pad = p.n_dilation = 1;
    p.stride = two;
    p.pad = one;
    p.dilation = five;
    cr_window_spec s = read_conv(&p, 3);
    for (int a = 0; a < 3; a++) {
        ck_assert_int_eq(s.kernel[a], 3);
        ck_assert_int_eq(s.stride[a], 2);
        ck_assert_int_eq(s.dilation[a], 5);
        ck_assert_int_eq(s.pad_before[a], 1);
        ck_assert_int_eq(s.pad_after[a], 1);
    }
    ck_assert_int_eq(s.n_axes, 3);
    ck_assert(!s.given_per_axis);
}
END_TEST

START_TEST(stride_dilation_and_pad_have_defaults)
{
    Crema__ConvolutionParameter p = conv_param();
    cr_window_spec s = read_conv(&p, 2);
    ck_assert_int_eq(s.stride[1], 1);
    ck_assert_int_eq(s.dilation[1], 1);
    ck_assert_int_eq(s.pad_before[1], 0);
    ck_assert_int_eq(s.rule, CREMA__PAD_RULE__EXPLICIT);
    ck_assert_int_eq(s.mode, CREMA__PAD_MODE__ZERO);
}
END_TEST

START_TEST(a_value_per_axis_fixes_the_rank)
{
    uint32_t kernel[3] = {1, 2, 3}, stride[2] = {1, 2};
    Crema__ConvolutionParameter p = conv_param();
    p.n_kernel_size = 3;
    p.kernel_size = kernel;
    cr_window_spec s = read_conv(&p, -1);
    ck_assert_int_eq(s.n_axes, 3);
    ck_assert(s.given_per_axis);
    ck_assert_int_eq(s.kernel[2], 3);
    p.n_stride = 2;
    p.stride = stride;
    refuse_conv(&p, -1, "stride is for 2 spatial axes, but there are 3");
    p.n_stride = 0;
    refuse_conv(&p, 2, "kernel_size is for 3 spatial axes, but there are 2");
    refuse_conv(&p, 1, "but there is 1");
}
END_TEST

START_TEST(an_unknown_rank_stays_unknown_with_single_values)
{
    Crema__ConvolutionParameter p = conv_param();
    cr_window_spec s = read_conv(&p, -1);
    ck_assert_int_eq(s.n_axes, 0);
    ck_assert(!s.given_per_axis);
    ck_assert_int_eq(s.kernel[CR_MAX_AXES - 1], 3);
}
END_TEST

START_TEST(more_axes_than_work_are_refused)
{
    uint32_t many[CR_MAX_AXES + 1] = {1, 1, 1, 1, 1, 1, 1};
    Crema__ConvolutionParameter p = conv_param();
    refuse_conv(&p, CR_MAX_AXES + 1, "7 spatial axes");
    p.n_kernel_size = CR_MAX_AXES + 1;
    p.kernel_size = many;
    refuse_conv(&p, -1, "kernel_size has 7 values");
}
END_TEST

START_TEST(h_and_w_are_for_two_axes)
{
    Crema__ConvolutionParameter p = conv_param();
    p.n_kernel_size = 0;
    p.has_kernel_h = p.has_kernel_w = true;
    p.kernel_h = 3;
    p.kernel_w = 2;
    p.has_pad_h = true; // pad_w is 0 then, as in Caffe
    p.pad_h = 4;
    p.has_stride_h = p.has_stride_w = true;
    p.stride_h = 5;
    p.stride_w = 6;
    cr_window_spec s = read_conv(&p, 2);
    ck_assert_int_eq(s.kernel[0], 3);
    ck_assert_int_eq(s.kernel[1], 2);
    ck_assert_int_eq(s.pad_before[0], 4);
    ck_assert_int_eq(s.pad_after[0], 4);
    ck_assert_int_eq(s.pad_before[1], 0);
    ck_assert_int_eq(s.stride[0], 5);
    ck_assert_int_eq(s.stride[1], 6);
    refuse_conv(&p, 3, "kernel_h is for 2 spatial axes");
    p.has_stride_w = false;
    refuse_conv(&p, 2, "stride_h is given without stride_w");
}
END_TEST

START_TEST(lists_and_pairs_exclude_each_other)
{
    uint32_t one[1] = {1};
    Crema__ConvolutionParameter p = conv_param();
    p.has_kernel_h = p.has_kernel_w = true;
    p.kernel_h = p.kernel_w = 3;
    refuse_conv(&p, 2, "kernel_h and kernel_size exclude each other");
    p = conv_param();
    p.n_stride = 1;
    p.stride = one;
    p.has_stride_w = true;
    refuse_conv(&p, 2, "stride_w and stride exclude each other");
    p = conv_param();
    p.n_pad = 1;
    p.pad = one;
    p.has_pad_h = true;
    refuse_conv(&p, 2, "pad_h and pad exclude each other");
}
END_TEST

START_TEST(zero_and_huge_values_are_refused)
{
    uint32_t zero[2] = {1, 0}, huge[1] = {UINT32_MAX};
    Crema__ConvolutionParameter p = conv_param();
    p.n_stride = 2;
    p.stride = zero;
    refuse_conv(&p, 2, "stride 0 is less than 1");
    p = conv_param();
    p.n_dilation = 2;
    p.dilation = zero;
    refuse_conv(&p, 2, "dilation 0 is less than 1");
    p = conv_param();
    p.n_kernel_size = 2;
    p.kernel_size = zero;
    refuse_conv(&p, 2, "kernel_size 0 is less than 1");
    p = conv_param();
    p.n_pad = 1;
    p.pad = huge;
    refuse_conv(&p, 2, "pad 4294967295 is too large");
    p = conv_param();
    p.has_pad_left = true;
    p.pad_left = UINT32_MAX;
    refuse_conv(&p, 2, "pad_left 4294967295 is too large");
}
END_TEST

START_TEST(a_missing_kernel_or_block_is_an_error)
{
    Crema__ConvolutionParameter p = conv_param();
    p.n_kernel_size = 0;
    refuse_conv(&p, 2, "kernel_size is not given");
    read_conv(&p, 0); // no axes, no kernel: as in Caffe
    read_conv(&p, -1);
    conv_layer l;
    cr_window_spec spec;
    cr_err err;
    ck_assert_int_eq(cr_window_spec_conv(conv_layer_init(&l, NULL, NULL), 2, &spec, &err), CREMA_ERR_INPUT);
    ck_assert_int_eq(cr_window_spec_pool(conv_layer_init(&l, NULL, NULL), &spec, &err), CREMA_ERR_INPUT);
}
END_TEST

START_TEST(sides_pad_unequally)
{
    uint32_t one[1] = {1};
    Crema__ConvolutionParameter p = conv_param();
    p.has_pad_top = p.has_pad_right = true;
    p.pad_top = 2;
    p.pad_right = 5;
    cr_window_spec s = read_conv(&p, 2);
    ck_assert_int_eq(s.pad_before[0], 2);
    ck_assert_int_eq(s.pad_after[0], 0);
    ck_assert_int_eq(s.pad_before[1], 0);
    ck_assert_int_eq(s.pad_after[1], 5);
    refuse_conv(&p, 1, "pad_top is for 2 spatial axes");
    p.has_pad_w = true;
    refuse_conv(&p, 2, "pad_top and pad_w exclude each other");
    p.has_pad_w = false;
    p.n_pad = 1;
    p.pad = one;
    refuse_conv(&p, 2, "pad_top and pad exclude each other");
}
END_TEST

START_TEST(a_rule_excludes_amounts)
{
    uint32_t zero[1] = {0};
    Crema__ConvolutionParameter p = conv_param();
    p.has_pad_rule = true;
    p.pad_rule = CREMA__PAD_RULE__SAME;
    ck_assert_int_eq(read_conv(&p, 2).rule, CREMA__PAD_RULE__SAME);
    p.n_pad = 1;
    p.pad = zero;
    refuse_conv(&p, 2, "pad is given, but pad_rule SAME decides how much to pad");
    p.n_pad = 0;
    p.has_pad_w = true;
    refuse_conv(&p, 2, "pad_w is given, but pad_rule SAME");
    p.has_pad_w = false;
    p.has_pad_bottom = true;
    refuse_conv(&p, 2, "pad_bottom is given, but pad_rule SAME");
}
END_TEST

START_TEST(corners_is_for_zeros_and_two_axes)
{
    Crema__ConvolutionParameter p = conv_param();
    p.pad_rule = CREMA__PAD_RULE__CORNERS;
    read_conv(&p, 2);
    refuse_conv(&p, 3, "CORNERS is for 2 spatial axes, but there are 3");
    p.pad_mode = CREMA__PAD_MODE__REFLECT;
    refuse_conv(&p, 2, "CORNERS pads with zeros only, not with pad_mode REFLECT");
}
END_TEST

START_TEST(pad_value_needs_the_mode_that_uses_it)
{
    Crema__ConvolutionParameter p = conv_param();
    p.has_pad_value = true;
    p.pad_value = 0.5f;
    refuse_conv(&p, 2, "pad_value is given, but pad_mode is ZERO");
    p.pad_mode = CREMA__PAD_MODE__CONSTANT;
    ck_assert_float_eq(read_conv(&p, 2).pad_value, 0.5f);
}
END_TEST

START_TEST(mean_modes_are_for_two_axes_and_equal_pads)
{
    Crema__ConvolutionParameter p = conv_param();
    p.pad_mode = CREMA__PAD_MODE__MEAN_INTERP;
    ck_assert(cr_window_is_mean(&(cr_window_spec){.mode = read_conv(&p, 2).mode}));
    refuse_conv(&p, 1, "pad_mode MEAN_INTERP is for 2 spatial axes, but there is 1");
    refuse_conv(&p, 3, "pad_mode MEAN_INTERP is for 2 spatial axes, but there are 3");
    p.pad_mode = CREMA__PAD_MODE__MEAN_REFLECT;
    p.has_pad_left = true;
    p.pad_left = 1;
    refuse_conv(&p, 2, "needs equal pads on both sides, not 1 and 0");
}
END_TEST

START_TEST(enum_numbers_from_a_binary_file_are_checked)
{
    Crema__ConvolutionParameter p = conv_param();
    p.pad_rule = (Crema__PadRule)77;
    refuse_conv(&p, 2, "pad_rule 77 is not known");
    p = conv_param();
    p.pad_mode = (Crema__PadMode)(-3);
    refuse_conv(&p, 2, "pad_mode -3 is not known");
}
END_TEST

START_TEST(pooling_reads_its_own_block)
{
    Crema__PoolingParameter p = pool_param();
    p.has_stride_h = p.has_stride_w = true;
    p.stride_h = 2;
    p.stride_w = 3;
    p.has_pad = true;
    p.pad = 1;
    conv_layer l;
    cr_window_spec s;
    ck_assert_int_eq(cr_window_spec_pool(conv_layer_init(&l, NULL, &p), &s, NULL), CREMA_OK);
    ck_assert_int_eq(s.n_axes, 2);
    ck_assert_int_eq(s.kernel[1], 3);
    ck_assert_int_eq(s.stride[0], 2);
    ck_assert_int_eq(s.stride[1], 3);
    ck_assert_int_eq(s.pad_after[1], 1);
    ck_assert_int_eq(s.dilation[0], 1);
}
END_TEST

START_TEST(pooling_pairs_must_be_whole_and_lone)
{
    Crema__PoolingParameter p = pool_param();
    p.has_pad_h = true;
    refuse_pool(&p, "pad_h is given without pad_w");
    p = pool_param();
    p.has_kernel_w = true;
    refuse_pool(&p, "kernel_w and kernel_size exclude each other");
    p = pool_param();
    p.has_kernel_size = false;
    refuse_pool(&p, "kernel_size is not given");
    p = pool_param();
    p.has_stride = true;
    p.stride = 0;
    refuse_pool(&p, "stride 0 is less than 1");
}
END_TEST

START_TEST(global_pooling_takes_no_window)
{
    Crema__PoolingParameter p = pool_param();
    p.has_kernel_size = false;
    p.global_pooling = true;
    conv_layer l;
    cr_window_spec s;
    ck_assert_int_eq(cr_window_spec_pool(conv_layer_init(&l, NULL, &p), &s, NULL), CREMA_OK);
    ck_assert_int_eq(s.kernel[0], 0);
    p.has_pad = true; // 0 is fine, as in Caffe
    ck_assert_int_eq(cr_window_spec_pool(conv_layer_init(&l, NULL, &p), &s, NULL), CREMA_OK);
    p.pad = 1;
    refuse_pool(&p, "global_pooling needs pad 0 and stride 1");
    p.pad = 0;
    p.has_stride = true;
    p.stride = 2;
    refuse_pool(&p, "global_pooling needs pad 0 and stride 1");
    p.stride = 1;
    p.pad_rule = CREMA__PAD_RULE__SAME;
    p.has_pad = false;
    refuse_pool(&p, "global_pooling pads nothing");
    p = pool_param();
    p.global_pooling = true;
    refuse_pool(&p, "kernel_size and global_pooling exclude each other");
}
END_TEST

START_TEST(modes_that_pooling_does_not_have)
{
    Crema__PoolingParameter p = pool_param();
    p.pad_mode = CREMA__PAD_MODE__PARTIAL;
    refuse_pool(&p, "pad_mode PARTIAL is not defined for pooling");
    p.pad_mode = CREMA__PAD_MODE__MEAN_INTERP;
    refuse_pool(&p, "pad_mode MEAN_INTERP is not defined for pooling");
}
END_TEST

TEST_MAIN("layers/window_spec", one_value_stands_for_all_axes, stride_dilation_and_pad_have_defaults,
          a_value_per_axis_fixes_the_rank, an_unknown_rank_stays_unknown_with_single_values,
          more_axes_than_work_are_refused, h_and_w_are_for_two_axes, lists_and_pairs_exclude_each_other,
          zero_and_huge_values_are_refused, a_missing_kernel_or_block_is_an_error, sides_pad_unequally,
          a_rule_excludes_amounts, corners_is_for_zeros_and_two_axes, pad_value_needs_the_mode_that_uses_it,
          mean_modes_are_for_two_axes_and_equal_pads, enum_numbers_from_a_binary_file_are_checked,
          pooling_reads_its_own_block, pooling_pairs_must_be_whole_and_lone, global_pooling_takes_no_window,
          modes_that_pooling_does_not_have)
