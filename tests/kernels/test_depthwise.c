#include "crema.pb-c.h"
#include "kernels/depthwise.h"
#include "tests/support/conv_check.h"
#include "tests/test.h"

// A random window of the kernel's size (0: any) on a random map. False: no output under this spec.
static bool check_one(unsigned *seed, int n_axes, int kernel, int rule, int mode, int most_in)
{
    cr_window_spec s = {
        .rule = rule, .mode = mode, .pad_value = mode == CREMA__PAD_MODE__CONSTANT ? 0.75f : 0};
    geometry_case g;
    int64_t in[2], channels = rand_r(seed) % 3 ? 1 + rand_r(seed) % 5 : 20;
    for (int a = 0; a < n_axes; a++) {
        s.kernel[a] = kernel ? kernel : 1 + rand_r(seed) % 7;
        s.stride[a] = 1 + rand_r(seed) % (kernel ? 2 : 4);
        s.dilation[a] = rand_r(seed) % 3 ? 1 : 1 + rand_r(seed) % 3;
        in[a] = 1 + rand_r(seed) % most_in;
        if (rule == CREMA__PAD_RULE__EXPLICIT) {
            s.pad_before[a] = rand_r(seed) % 5;
            s.pad_after[a] = rand_r(seed) % 5;
        }
    }
    bool made = geometry_make(&g, &s, n_axes, in, 1 + rand_r(seed) % 2, channels,
                              channels * (rand_r(seed) % 3 ? 1 : 3), channels);
    g.conv.window = &g.window;
    if (made)
        conv_check(&g, &cr_conv_depthwise, seed, rand_r(seed) % 4, rand_r(seed) % 3 == 0,
                   rand_r(seed) % 8 == 0);
    cr_arena_free(&g.arena);
    return made;
}

static int check_some(unsigned seed, int rule, int mode, int most_in, int tries)
{
    int done = 0;
    for (int i = 0; i < tries; i++)
        for (int kernel = 0; kernel < 6; kernel += kernel ? 2 : 3)
            for (int n_axes = 1; n_axes <= 2; n_axes++)
                done += check_one(&seed, n_axes, kernel, rule, mode, most_in);
    return done;
}

START_TEST(every_mode_equals_the_definition)
{
    for (int mode = CREMA__PAD_MODE__ZERO; mode <= CREMA__PAD_MODE__PARTIAL; mode++)
        ck_assert_int_gt(check_some(100u + (unsigned)mode, CREMA__PAD_RULE__EXPLICIT, mode, 24, 12), 40);
}
END_TEST

START_TEST(every_rule_equals_the_definition)
{
    for (int rule = CREMA__PAD_RULE__VALID; rule <= CREMA__PAD_RULE__CORNERS; rule++)
        ck_assert_int_gt(check_some(200u + (unsigned)rule, rule, CREMA__PAD_MODE__ZERO, 24, 12), 20);
    ck_assert_int_gt(check_some(9, CREMA__PAD_RULE__SAME, CREMA__PAD_MODE__PARTIAL, 24, 8), 20);
}
END_TEST

// Rows of every length up to some vectors, and maps of several strips.
START_TEST(every_size_equals_the_definition)
{
    unsigned seed = 5;
    for (int64_t n = 1; n <= 70; n++)
        for (int stride = 1; stride <= 2; stride++) {
            geometry_case g;
            cr_window_spec s = {.kernel = {3, 3}, .stride = {stride, stride}, .dilation = {1, 1}};
            for (int a = 0; a < 2; a++)
                s.pad_before[a] = s.pad_after[a] = 1;
            ck_assert(geometry_make(&g, &s, 2, (int64_t[]){rand_r(&seed) % 120 + 1, n}, 1, 2, 2, 2));
            conv_check(&g, &cr_conv_depthwise, &seed, true, rand_r(&seed) % 2, rand_r(&seed) % 4 == 0);
            cr_arena_free(&g.arena);
        }
    check_some(6, CREMA__PAD_RULE__EXPLICIT, CREMA__PAD_MODE__REFLECT, 150, 3);
}
END_TEST

START_TEST(an_infinity_in_the_picture_does_not_leak_into_the_padding)
{
    conv_check_infinity(&cr_conv_depthwise, 1);
}
END_TEST

static const char *why_not(const cr_window_spec *s, int n_axes, int64_t size, int64_t channels, int64_t group)
{
    geometry_case g;
    const char *why;
    ck_assert(geometry_make(&g, s, n_axes, (int64_t[]){size, size, size}, 1, channels, channels, group));
    g.conv.window = &g.window;
    g.conv.kernels = cr_kernels_choose(NULL, &why);
    why = cr_conv_depthwise.accepts(&g.conv);
    cr_arena_free(&g.arena);
    return why;
}

START_TEST(what_it_refuses)
{
    cr_window_spec s = {.kernel = {3, 3, 3}, .stride = {1, 1, 1}, .dilation = {1, 1, 1}};
    ck_assert_ptr_null(why_not(&s, 2, 9, 4, 4));
    ck_assert_str_eq(why_not(&s, 2, 9, 4, 2), "a group has not one input channel");
    ck_assert_str_eq(why_not(&s, 3, 9, 4, 4), "it has not one or two axes");
    s.kernel[1] = CR_DEPTHWISE_MAX_COLUMNS + 1;
    ck_assert_str_eq(why_not(&s, 2, 99, 4, 4), "the kernel is wider than 64");
    s.kernel[1] = 3;
    s.stride[1] = 9;
    ck_assert_str_eq(why_not(&s, 2, 99, 4, 4), "the stride is more than 8");
    s.stride[1] = 1;
    s.dilation[0] = 4000;
    s.pad_before[0] = 9000;
    ck_assert_str_eq(why_not(&s, 2, 99, 4, 4), "a few rows do not fit the cache");
    s.dilation[0] = 1 << 21;
    s.pad_before[0] = 1 << 22;
    ck_assert_str_eq(why_not(&s, 2, 99, 4, 4), "an axis is too long");
}
END_TEST

static const cr_conv_algorithm *choice(const cr_window_spec *s, int64_t size, int64_t channels,
                                       int64_t outputs)
{
    geometry_case g;
    const char *why;
    ck_assert(geometry_make(&g, s, 2, (int64_t[]){size, size}, 1, channels, channels * outputs, channels));
    g.conv.window = &g.window;
    g.conv.kernels = cr_kernels_choose(NULL, &why);
    const cr_conv_algorithm *a = cr_conv_choose(&g.conv, NULL, &why);
    ck_assert_ptr_eq(cr_conv_choose(&g.conv, "depthwise", &why), &cr_conv_depthwise);
    cr_arena_free(&g.arena);
    return a;
}

START_TEST(many_outputs_of_a_channel_are_for_others)
{
    cr_window_spec s = {.dilation = {1, 1}};
    static const struct {
        int64_t kernel, stride, size, channels, outputs;
        const cr_conv_algorithm *a;
    } cases[] = {
        {3, 1, 224, 1, 1, &cr_conv_depthwise}, {3, 1, 56, 8, 32, &cr_conv_depthwise},
        {3, 1, 112, 1, 4, &cr_conv_depthwise}, {3, 1, 112, 1, 16, &cr_conv_direct},
        {5, 1, 112, 8, 8, &cr_conv_direct},    {3, 2, 224, 1, 32, &cr_conv_direct},
        {3, 2, 28, 1, 32, &cr_conv_depthwise}, {5, 2, 56, 1, 16, &cr_conv_direct},
        {7, 2, 224, 1, 64, &cr_conv_direct},   {7, 1, 28, 8, 4, &cr_conv_direct},
        {7, 1, 28, 8, 2, &cr_conv_depthwise},  {7, 2, 28, 1, 4, &cr_conv_depthwise},
        {2, 1, 28, 1, 32, &cr_conv_depthwise}, {4, 2, 112, 1, 16, &cr_conv_direct},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int a = 0; a < 2; a++) {
            s.kernel[a] = cases[i].kernel;
            s.stride[a] = cases[i].stride;
            s.pad_before[a] = s.pad_after[a] = cases[i].kernel / 2;
        }
        ck_assert_msg(choice(&s, cases[i].size, cases[i].channels, cases[i].outputs) == cases[i].a,
                      "case %zu", i);
    }
}
END_TEST

TEST_MAIN("kernels/depthwise", every_mode_equals_the_definition, every_rule_equals_the_definition,
          every_size_equals_the_definition, an_infinity_in_the_picture_does_not_leak_into_the_padding,
          what_it_refuses, many_outputs_of_a_channel_are_for_others)
