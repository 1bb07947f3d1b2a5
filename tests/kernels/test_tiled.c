#include "crema.pb-c.h"
#include "kernels/kernels.h"
#include "tests/support/conv_check.h"
#include "tests/test.h"

START_TEST(every_mode_equals_the_definition)
{
    for (int mode = CREMA__PAD_MODE__ZERO; mode <= CREMA__PAD_MODE__PARTIAL; mode++)
        for (int n_axes = 1; n_axes <= 3; n_axes++)
            ck_assert_int_gt(conv_check_random(&cr_conv_tiled, 100u + (unsigned)mode, n_axes,
                                               CREMA__PAD_RULE__EXPLICIT, mode, 25),
                             10);
}
END_TEST

START_TEST(every_rule_equals_the_definition)
{
    for (int rule = CREMA__PAD_RULE__VALID; rule <= CREMA__PAD_RULE__CORNERS; rule++)
        ck_assert_int_gt(
            conv_check_random(&cr_conv_tiled, 200u + (unsigned)rule, 2, rule, CREMA__PAD_MODE__ZERO, 30), 10);
    ck_assert_int_gt(
        conv_check_random(&cr_conv_tiled, 9, 2, CREMA__PAD_RULE__SAME, CREMA__PAD_MODE__REFLECT, 20), 10);
    ck_assert_int_gt(
        conv_check_random(&cr_conv_tiled, 9, 2, CREMA__PAD_RULE__FULL, CREMA__PAD_MODE__PARTIAL, 20), 10);
}
END_TEST

static void check_shape(const cr_conv_algorithm *a, const cr_window_spec *s, int64_t height, int64_t width,
                        int64_t in_channels, int64_t out_channels, int64_t group, unsigned *seed)
{
    geometry_case g;
    ck_assert(geometry_make(&g, s, 2, (int64_t[]){height, width}, 1 + rand_r(seed) % 2, in_channels,
                            out_channels, group));
    conv_check(&g, a, seed, rand_r(seed) % 4, rand_r(seed) % 2, rand_r(seed) % 4 == 0);
    cr_arena_free(&g.arena);
}

// Maps on both sides of what lies deep, computed apart and together, k in one part and in several.
START_TEST(tiled_of_every_size)
{
    unsigned seed = 4;
    for (int i = 0; i < 40; i++) {
        cr_window_spec s = {.pad_before = {rand_r(&seed) % 2, 1}, .pad_after = {1, rand_r(&seed) % 2}};
        for (int a = 0; a < 2; a++) {
            s.kernel[a] = 2 + rand_r(&seed) % 2;
            s.stride[a] = 1 + rand_r(&seed) % 4;
            s.dilation[a] = 1;
        }
        check_shape(&cr_conv_tiled, &s, 4 + rand_r(&seed) % 40, 4 + rand_r(&seed) % 40,
                    1 + rand_r(&seed) % 20, 1 + rand_r(&seed) % 40, 1, &seed);
    }
    cr_window_spec s = {
        .kernel = {3, 3}, .stride = {1, 1}, .dilation = {1, 1}, .pad_before = {1, 1}, .pad_after = {1, 1}};
    check_shape(&cr_conv_tiled, &s, 5, 7, 400, 5, 1, &seed);   // together, k cut
    check_shape(&cr_conv_tiled, &s, 30, 37, 100, 3, 1, &seed); // apart, k cut
    check_shape(&cr_conv_tiled, &s, 18, 18, 200, 3, 1, &seed); // wide, together, k cut
}
END_TEST

// Large maps of few channels are read in strips; k in one part and in several.
START_TEST(tiled_in_strips)
{
    unsigned seed = 5;
    for (int mode = CREMA__PAD_MODE__ZERO; mode <= CREMA__PAD_MODE__PARTIAL; mode++)
        for (int i = 0; i < 4; i++) {
            cr_window_spec s = {.mode = mode, .pad_value = mode == CREMA__PAD_MODE__CONSTANT ? 0.5f : 0};
            for (int a = 0; a < 2; a++) {
                s.kernel[a] = 4 + rand_r(&seed) % 3;
                s.stride[a] = 1 + rand_r(&seed) % 3;
                s.dilation[a] = 1 + rand_r(&seed) % 2;
                s.pad_before[a] = rand_r(&seed) % 3;
                s.pad_after[a] = rand_r(&seed) % 3;
            }
            check_shape(&cr_conv_tiled, &s, 30 + rand_r(&seed) % 20, 90 + rand_r(&seed) % 30, 4,
                        2 * (1 + rand_r(&seed) % 5), 1 + i % 2, &seed);
        }
    cr_window_spec s = {
        .rule = CREMA__PAD_RULE__CORNERS, .kernel = {2, 2}, .stride = {1, 1}, .dilation = {1, 1}};
    check_shape(&cr_conv_tiled, &s, 20, 32, 8, 5, 1, &seed);
    check_shape(&cr_conv_tiled, &s, 16, 37, 200, 3, 1, &seed); // k cut
}
END_TEST

START_TEST(no_axes_and_no_images)
{
    geometry_case g;
    unsigned seed = 3;
    cr_window_spec s = {0};
    ck_assert(geometry_make(&g, &s, 0, NULL, 3, 6, 4, 2));
    conv_check(&g, &cr_conv_tiled, &seed, true, true, true);
    cr_arena_free(&g.arena);
    s = (cr_window_spec){.kernel = {3, 3}, .stride = {1, 1}, .dilation = {1, 1}};
    ck_assert(geometry_make(&g, &s, 2, (int64_t[]){5, 6}, 0, 2, 4, 2));
    conv_check(&g, &cr_conv_tiled, &seed, true, true, true);
    cr_arena_free(&g.arena);
}
END_TEST

START_TEST(what_they_refuse)
{
    geometry_case g;
    const char *why;
    cr_window_spec s = {.kernel = {1, 1}, .stride = {1, 2}, .dilation = {1, 1}};
    ck_assert(geometry_make(&g, &s, 2, (int64_t[]){5, 6}, 1, 9, 4, 1));
    g.conv.window = &g.window;
    g.conv.kernels = cr_kernels_choose(NULL, &why);
    ck_assert_str_eq(cr_conv_pointwise.accepts(&g.conv), "the stride is not 1");
    ck_assert_ptr_eq(cr_conv_choose(&g.conv, NULL, &why), &cr_conv_tiled);
    cr_arena_free(&g.arena);
    ck_assert(geometry_make(&g, &s, 2, (int64_t[]){5, 6}, 1, 0, 4, 1));
    g.conv.window = &g.window;
    g.conv.kernels = cr_kernels_choose(NULL, &why);
    ck_assert_ptr_eq(cr_conv_choose(&g.conv, NULL, &why), &cr_conv_im2col);
    cr_arena_free(&g.arena);
}
END_TEST

START_TEST(an_infinity_in_the_picture_does_not_leak_into_the_padding)
{
    conv_check_infinity(&cr_conv_tiled, 1);
}
END_TEST

TEST_MAIN("kernels/tiled", every_mode_equals_the_definition, every_rule_equals_the_definition,
          tiled_of_every_size, tiled_in_strips, no_axes_and_no_images, what_they_refuse,
          an_infinity_in_the_picture_does_not_leak_into_the_padding)
