#include "crema.pb-c.h"
#include "kernels/kernels.h"
#include "tests/support/conv_check.h"
#include "tests/test.h"

#include <string.h>

START_TEST(every_mode_equals_the_definition)
{
    for (int mode = CREMA__PAD_MODE__ZERO; mode <= CREMA__PAD_MODE__PARTIAL; mode++)
        for (int n_axes = 1; n_axes <= 3; n_axes++)
            ck_assert_int_gt(conv_check_random(&cr_conv_im2col, 100u + (unsigned)mode, n_axes,
                                               CREMA__PAD_RULE__EXPLICIT, mode, 25),
                             10);
}
END_TEST

START_TEST(every_rule_equals_the_definition)
{
    for (int rule = CREMA__PAD_RULE__VALID; rule <= CREMA__PAD_RULE__CORNERS; rule++)
        ck_assert_int_gt(
            conv_check_random(&cr_conv_im2col, 200u + (unsigned)rule, 2, rule, CREMA__PAD_MODE__ZERO, 30),
            10);
    ck_assert_int_gt(
        conv_check_random(&cr_conv_im2col, 9, 2, CREMA__PAD_RULE__SAME, CREMA__PAD_MODE__REFLECT, 20), 10);
    ck_assert_int_gt(
        conv_check_random(&cr_conv_im2col, 9, 2, CREMA__PAD_RULE__FULL, CREMA__PAD_MODE__PARTIAL, 20), 10);
}
END_TEST

START_TEST(a_pointwise_convolution_needs_no_scratch)
{
    geometry_case g;
    unsigned seed = 3;
    cr_window_spec s = {.kernel = {1, 1}, .stride = {1, 1}, .dilation = {1, 2}};
    ck_assert(geometry_make(&g, &s, 2, (int64_t[]){5, 6}, 2, 6, 8, 2));
    conv_check(&g, &cr_conv_im2col, &seed, true, false, true);
    ck_assert_uint_eq(cr_conv_im2col.scratch_bytes(&g.conv), 0);
    cr_arena_free(&g.arena);
    // one window over the whole picture is a matrix product, too
    s = (cr_window_spec){.kernel = {5, 6}, .stride = {3, 1}, .dilation = {1, 1}};
    ck_assert(geometry_make(&g, &s, 2, (int64_t[]){5, 6}, 2, 12, 12, 12));
    conv_check(&g, &cr_conv_im2col, &seed, true, false, true);
    ck_assert_uint_eq(cr_conv_im2col.scratch_bytes(&g.conv), 0);
    cr_arena_free(&g.arena);
    // but not a strided or padded one
    s = (cr_window_spec){.kernel = {1, 1}, .stride = {1, 2}, .dilation = {1, 1}};
    ck_assert(geometry_make(&g, &s, 2, (int64_t[]){5, 6}, 1, 6, 8, 2));
    conv_check(&g, &cr_conv_im2col, &seed, true, false, true);
    ck_assert_uint_gt(cr_conv_im2col.scratch_bytes(&g.conv), 0);
    cr_arena_free(&g.arena);
}
END_TEST

START_TEST(no_axes_and_no_channels)
{
    geometry_case g;
    unsigned seed = 3;
    cr_window_spec s = {0};
    ck_assert(geometry_make(&g, &s, 0, NULL, 3, 6, 4, 2));
    conv_check(&g, &cr_conv_im2col, &seed, true, false, true);
    cr_arena_free(&g.arena);
    s = (cr_window_spec){.kernel = {3, 3}, .stride = {1, 1}, .dilation = {1, 1}};
    ck_assert(geometry_make(&g, &s, 2, (int64_t[]){5, 6}, 2, 0, 4, 2));
    conv_check(&g, &cr_conv_im2col, &seed, true, false, true); // the bias alone
    cr_arena_free(&g.arena);
    ck_assert(geometry_make(&g, &s, 2, (int64_t[]){5, 6}, 0, 2, 4, 2));
    conv_check(&g, &cr_conv_im2col, &seed, true, false, true);
    cr_arena_free(&g.arena);
}
END_TEST

START_TEST(a_group_convolution_is_convolutions_side_by_side)
{
    enum { GROUPS = 3, IN = 2, OUT = 4, H = 7, W = 6 };
    unsigned seed = 5;
    cr_window_spec s = {
        .kernel = {3, 2}, .stride = {2, 1}, .dilation = {1, 2}, .pad_before = {1, 2}, .pad_after = {1, 2}};
    geometry_case g, one;
    ck_assert(geometry_make(&g, &s, 2, (int64_t[]){H, W}, 1, GROUPS * IN, GROUPS * OUT, GROUPS));
    conv_work w = conv_work_of(&g, &cr_conv_im2col, &seed, true, false);
    g.conv.kernels = cr_kernels_all[0];
    conv_work_run(&w, 1);
    for (int i = 0; i < GROUPS; i++) {
        ck_assert(geometry_make(&one, &s, 2, (int64_t[]){H, W}, 1, IN, OUT, 1));
        conv_work part = conv_work_of(&one, &cr_conv_im2col, &seed, true, false);
        one.conv.kernels = cr_kernels_all[0];
        part.in = w.in + i * IN * H * W;
        part.weights = w.weights + i * OUT * IN * 6;
        part.bias = w.bias + i * OUT;
        conv_work_run(&part, 1);
        int64_t n = OUT * one.conv.out_count;
        ck_assert_int_eq(memcmp(part.out, w.out + i * n, (size_t)n * sizeof(float)), 0);
        cr_arena_free(&one.arena);
    }
    cr_arena_free(&g.arena);
}
END_TEST

START_TEST(the_matrix_of_a_channel_range)
{
    // rows are (channel, tap): what the tap reads at every position
    cr_window_spec s = {.kernel = {1, 2}, .stride = {1, 1}, .dilation = {1, 1}, .pad_before = {0, 1}};
    geometry_case g;
    ck_assert(geometry_make(&g, &s, 2, (int64_t[]){2, 2}, 1, 3, 1, 1));
    static const float image[12] = {0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8};
    static const float expected[16] = {0, 1, 0, 3, 1, 2, 3, 4, 0, 5, 0, 7, 5, 6, 7, 8};
    float col[16];
    cr_im2col(&g.window, image, 1, 2, col, NULL);
    for (int i = 0; i < 16; i++)
        ck_assert_float_eq(col[i], expected[i]);
    cr_arena_free(&g.arena);
}
END_TEST

START_TEST(an_infinity_in_the_picture_does_not_leak_into_the_padding)
{
    conv_check_infinity(&cr_conv_im2col, 1);
}
END_TEST

TEST_MAIN("kernels/im2col", every_mode_equals_the_definition, every_rule_equals_the_definition,
          a_pointwise_convolution_needs_no_scratch, no_axes_and_no_channels,
          a_group_convolution_is_convolutions_side_by_side, the_matrix_of_a_channel_range,
          an_infinity_in_the_picture_does_not_leak_into_the_padding)
