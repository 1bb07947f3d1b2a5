#include "base/cpu.h"
#include "crema.pb-c.h"
#include "kernels/kernels.h"
#include "tests/support/conv_check.h"
#include "tests/test.h"

#include <string.h>

typedef struct channels {
    int64_t in, out, group;
} channels;

// Plain output, and in blocks where the channels allow it. False: no output under this spec.
static bool check_one(const cr_window_spec *s, const int64_t *in, channels c, unsigned *seed)
{
    geometry_case g;
    bool made = geometry_make(&g, s, 2, in, 1 + rand_r(seed) % 2, c.group * c.in, c.group * c.out, c.group);
    for (int blocked = 0; blocked <= (c.out % CR_BLOCK == 0) && made; blocked++) {
        g.conv.out_blocked = blocked;
        conv_check(&g, &cr_conv_direct, seed, rand_r(seed) % 4, rand_r(seed) % 2, rand_r(seed) % 8 == 0);
    }
    cr_arena_free(&g.arena);
    return made;
}

static channels random_channels(unsigned *seed)
{
    channels c = {1 + rand_r(seed) % 8, 1 + rand_r(seed) % 40, 1 + rand_r(seed) % 2};
    if (rand_r(seed) % 2)
        c.out = (1 + rand_r(seed) % 3) * CR_BLOCK;
    return c;
}

static int check_some(unsigned seed, int rule, int mode, int tries)
{
    int done = 0;
    for (int i = 0; i < tries; i++) {
        cr_window_spec s = {
            .rule = rule, .mode = mode, .pad_value = mode == CREMA__PAD_MODE__CONSTANT ? 0.75f : 0};
        int64_t in[2];
        for (int a = 0; a < 2; a++) {
            s.kernel[a] = 1 + rand_r(&seed) % 7;
            s.stride[a] = 1 + rand_r(&seed) % 4;
            s.dilation[a] = rand_r(&seed) % 3 ? 1 : 2;
            in[a] = 1 + rand_r(&seed) % 50;
            if (rule == CREMA__PAD_RULE__EXPLICIT) {
                s.pad_before[a] = rand_r(&seed) % 5;
                s.pad_after[a] = rand_r(&seed) % 5;
            }
        }
        done += check_one(&s, in, random_channels(&seed), &seed);
    }
    return done;
}

START_TEST(every_mode_equals_the_definition)
{
    for (int mode = CREMA__PAD_MODE__ZERO; mode <= CREMA__PAD_MODE__PARTIAL; mode++)
        ck_assert_int_gt(check_some(100u + (unsigned)mode, CREMA__PAD_RULE__EXPLICIT, mode, 16), 8);
}
END_TEST

START_TEST(every_rule_equals_the_definition)
{
    for (int rule = CREMA__PAD_RULE__VALID; rule <= CREMA__PAD_RULE__CORNERS; rule++)
        ck_assert_int_gt(check_some(200u + (unsigned)rule, rule, CREMA__PAD_MODE__ZERO, 16), 4);
    ck_assert_int_gt(check_some(9, CREMA__PAD_RULE__SAME, CREMA__PAD_MODE__PARTIAL, 16), 8);
}
END_TEST

// Lines of every length up to some tiles, strips of one line and of several.
START_TEST(every_size_equals_the_definition)
{
    unsigned seed = 5;
    for (int64_t n = 1; n <= 70; n++) {
        cr_window_spec s = {.dilation = {1, 1}};
        for (int a = 0; a < 2; a++) {
            s.kernel[a] = 3;
            s.stride[a] = 1 + n % 2;
            s.pad_before[a] = s.pad_after[a] = 1;
        }
        ck_assert(check_one(&s, (int64_t[]){1 + rand_r(&seed) % 60, n}, (channels){1 + n % 3, n, 1}, &seed));
        ck_assert(check_one(&s, (int64_t[]){1 + rand_r(&seed) % 60, n}, (channels){3, 16, 1}, &seed));
    }
}
END_TEST

// The first layers of AlexNet and ResNet, made a little smaller.
START_TEST(large_windows_equal_the_definition)
{
    unsigned seed = 6;
    cr_window_spec s = {.kernel = {11, 11}, .stride = {4, 4}, .dilation = {1, 1}};
    ck_assert(check_one(&s, (int64_t[]){31, 131}, (channels){3, 32, 1}, &seed));
    for (int a = 0; a < 2; a++) {
        s.kernel[a] = 7;
        s.stride[a] = 2;
        s.pad_before[a] = s.pad_after[a] = 3;
    }
    ck_assert(check_one(&s, (int64_t[]){31, 112}, (channels){3, 16, 1}, &seed));
}
END_TEST

// Sums run in the same order: so `exact` plans may choose between the two.
START_TEST(bits_are_those_of_tiled)
{
    unsigned seed = 7;
    geometry_case g;
    cr_window_spec s = {.kernel = {5, 3}, .stride = {2, 1}, .dilation = {1, 1}, .pad_before = {2, 1}};
    ck_assert(geometry_make(&g, &s, 2, (int64_t[]){33, 45}, 1, 6, 20, 2));
    g.conv.window = &g.window;
    conv_work w = {.g = &g, .n_out = g.conv.out_image_stride};
    w.in = random_floats(&g.arena, &seed, g.conv.in_image_stride);
    w.weights = random_floats(&g.arena, &seed, 20 * 3 * 15);
    w.bias = random_floats(&g.arena, &seed, 20);
    w.epilogue.activation = CR_ACT_CLIP;
    w.epilogue.max = 1;
    float *out[2];
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++) {
        if (!cr_cpu_runs((*k)->name))
            continue;
        g.conv.kernels = *k;
        for (int i = 0; i < 2; i++) {
            w.algorithm = i ? &cr_conv_tiled : &cr_conv_direct;
            w.out = out[i] = random_floats(&g.arena, &seed, w.n_out);
            conv_work_run(&w, 1);
        }
        ck_assert_int_eq(memcmp(out[0], out[1], (size_t)w.n_out * sizeof *out[0]), 0);
    }
    cr_arena_free(&g.arena);
}
END_TEST

START_TEST(an_infinity_in_the_picture_does_not_leak_into_the_padding)
{
    conv_check_infinity(&cr_conv_direct, 2);
}
END_TEST

START_TEST(no_images)
{
    unsigned seed = 3;
    geometry_case g;
    cr_window_spec s = {.kernel = {3, 3}, .stride = {1, 1}, .dilation = {1, 1}};
    ck_assert(geometry_make(&g, &s, 2, (int64_t[]){5, 6}, 0, 2, 4, 2));
    conv_check(&g, &cr_conv_direct, &seed, true, true, true);
    cr_arena_free(&g.arena);
}
END_TEST

static const char *why_not(const cr_window_spec *s, int n_axes, int64_t size, channels c, bool blocked)
{
    geometry_case g;
    const char *why;
    ck_assert(geometry_make(&g, s, n_axes, (int64_t[]){size, size, size}, 1, c.in, c.out, c.group));
    g.conv.window = &g.window;
    g.conv.kernels = cr_kernels_choose(NULL, &why);
    g.conv.out_blocked = blocked;
    why = cr_conv_refusal(&cr_conv_direct, &g.conv);
    cr_arena_free(&g.arena);
    return why;
}

START_TEST(what_it_refuses)
{
    cr_window_spec s = {.kernel = {3, 3, 3}, .stride = {2, 2, 2}, .dilation = {1, 1, 1}};
    ck_assert_ptr_null(why_not(&s, 2, 9, (channels){3, 16, 1}, false));
    ck_assert_ptr_null(why_not(&s, 2, 9, (channels){3, 16, 1}, true));
    ck_assert_str_eq(why_not(&s, 2, 9, (channels){0, 16, 1}, false), "there are no channels");
    ck_assert_str_eq(why_not(&s, 2, 9, (channels){18, 16, 2}, false),
                     "a group has more than 8 input channels");
    ck_assert_str_eq(why_not(&s, 3, 9, (channels){3, 16, 1}, false), "it has not two axes");
    ck_assert_str_eq(why_not(&s, 2, 9, (channels){4, 16, 2}, true), "a block has channels of two groups");
    s.kernel[0] = s.stride[1] = 1;
    ck_assert_ptr_null(why_not(&s, 2, 9, (channels){3, 16, 1}, false));
    s.stride[1] = 2;
    ck_assert_str_eq(why_not(&s, 2, 9, (channels){3, 16, 1}, false), "its windows do not overlap");
    s.kernel[0] = 3;
    s.stride[0] = 1;
    s.stride[1] = 5;
    ck_assert_str_eq(why_not(&s, 2, 9, (channels){3, 16, 1}, false),
                     "the stride is more than 4, or the padding more than is usual");
    s.stride[1] = 1;
    s.pad_before[1] = 100;
    ck_assert_str_eq(why_not(&s, 2, 9, (channels){3, 16, 1}, false),
                     "the stride is more than 4, or the padding more than is usual");
    s.pad_before[1] = 0;
    s.dilation[0] = 4000;
    s.pad_before[0] = 9000;
    ck_assert_str_eq(why_not(&s, 2, 99, (channels){3, 16, 1}, false), "a line does not fit the cache");
    s.dilation[0] = 1 << 21;
    s.pad_before[0] = 1 << 22;
    ck_assert_str_eq(why_not(&s, 2, 99, (channels){3, 16, 1}, false), "an axis is too long");
}
END_TEST

TEST_MAIN("kernels/direct", every_mode_equals_the_definition, every_rule_equals_the_definition,
          every_size_equals_the_definition, large_windows_equal_the_definition, bits_are_those_of_tiled,
          an_infinity_in_the_picture_does_not_leak_into_the_padding, no_images, what_it_refuses)
