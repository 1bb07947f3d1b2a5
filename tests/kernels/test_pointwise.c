#include "kernels/kernels.h"
#include "tests/support/conv_check.h"
#include "tests/test.h"

static void check_shape(const cr_window_spec *s, int64_t height, int64_t width, int64_t in_channels,
                        int64_t out_channels, int64_t group, unsigned *seed)
{
    geometry_case g;
    ck_assert(geometry_make(&g, s, 2, (int64_t[]){height, width}, 1 + rand_r(seed) % 2, in_channels,
                            out_channels, group));
    conv_check(&g, &cr_conv_pointwise, seed, rand_r(seed) % 4, rand_r(seed) % 2, rand_r(seed) % 4 == 0);
    cr_arena_free(&g.arena);
}

START_TEST(pointwise_of_every_size)
{
    unsigned seed = 3;
    cr_window_spec s = {.kernel = {1, 1}, .stride = {1, 1}, .dilation = {1, 2}};
    for (int i = 0; i < 120; i++) {
        int64_t group = 1 + rand_r(&seed) % 2, in = 1 + rand_r(&seed) % 40, out = 1 + rand_r(&seed) % 70;
        check_shape(&s, 1 + rand_r(&seed) % 20, 1 + rand_r(&seed) % 20, group * in, group * out, group,
                    &seed);
    }
}
END_TEST

START_TEST(blocked_activations)
{
    unsigned seed = 5;
    cr_window_spec s = {.kernel = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}};
    for (int i = 0; i < 120; i++) {
        geometry_case g;
        int64_t size[] = {1 + rand_r(&seed) % 25, 1 + rand_r(&seed) % 25}, group = 1 + rand_r(&seed) % 2;
        bool in = i % 3 != 1, out = i % 3 != 0;
        int64_t in_channels = in ? CR_BLOCK * (1 + rand_r(&seed) % 4) : 1 + rand_r(&seed) % 60;
        int64_t out_channels = out ? CR_BLOCK * (1 + rand_r(&seed) % 6) : 1 + rand_r(&seed) % 90;
        ck_assert(geometry_make(&g, &s, 2, size, 1 + rand_r(&seed) % 2, group * in_channels,
                                group * out_channels, group));
        g.conv.in_blocked = in;
        g.conv.out_blocked = out;
        g.conv.kernels = cr_kernels_all[0];
        g.conv.window = &g.window;
        ck_assert_ptr_null(cr_conv_refusal(&cr_conv_pointwise, &g.conv));
        conv_check(&g, &cr_conv_pointwise, &seed, rand_r(&seed) % 4, rand_r(&seed) % 2,
                   rand_r(&seed) % 4 == 0);
        cr_arena_free(&g.arena);
    }
}
END_TEST

START_TEST(blocks_do_not_cross_groups)
{
    geometry_case g;
    cr_window_spec s = {.kernel = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}};
    ck_assert(geometry_make(&g, &s, 2, (int64_t[]){3, 3}, 1, 48, 48, 2));
    g.conv.window = &g.window;
    g.conv.kernels = cr_kernels_all[0];
    ck_assert_ptr_null(cr_conv_refusal(&cr_conv_pointwise, &g.conv));
    g.conv.in_blocked = true;
    ck_assert_str_eq(cr_conv_refusal(&cr_conv_pointwise, &g.conv), "blocks of inputs would cross groups");
    g.conv.in_blocked = false;
    g.conv.out_blocked = true;
    ck_assert_str_eq(cr_conv_refusal(&cr_conv_pointwise, &g.conv), "blocks of outputs would cross groups");
    cr_arena_free(&g.arena);
}
END_TEST

START_TEST(no_axes)
{
    geometry_case g;
    unsigned seed = 3;
    cr_window_spec s = {0};
    ck_assert(geometry_make(&g, &s, 0, NULL, 3, 6, 4, 2));
    conv_check(&g, &cr_conv_pointwise, &seed, true, true, true);
    cr_arena_free(&g.arena);
}
END_TEST

TEST_MAIN("kernels/pointwise", pointwise_of_every_size, blocked_activations, blocks_do_not_cross_groups,
          no_axes)
