#include "crema.pb-c.h"
#include "kernels/kernels.h"
#include "tests/support/conv_check.h"
#include "tests/test.h"

#include <string.h>

static const cr_conv_algorithm *const blocked = &cr_conv_depthwise_blocked;

static void set_blocked(geometry_case *g)
{
    g->conv.window = &g->window;
    g->conv.in_blocked = g->conv.out_blocked = true;
}

// A random window of the kernel's size (0: any) on a random map. False: no output under this spec.
static bool check_one(unsigned *seed, int n_axes, int kernel, int rule, int mode, int most_in)
{
    cr_window_spec s = {
        .rule = rule, .mode = mode, .pad_value = mode == CREMA__PAD_MODE__CONSTANT ? 0.75f : 0};
    geometry_case g;
    int64_t in[2], channels = CR_BLOCK * (1 + rand_r(seed) % 3), stride = 1 + rand_r(seed) % 2;
    bool alike = rand_r(seed) % 4 > 0; // then a kernel of 3 or 5 has a loop of its own
    for (int a = 0; a < n_axes; a++) {
        s.kernel[a] = kernel ? kernel : 1 + rand_r(seed) % 7;
        s.stride[a] = alike ? stride : 1 + rand_r(seed) % 4;
        s.dilation[a] = alike ? 1 : 1 + rand_r(seed) % 3;
        in[a] = 1 + rand_r(seed) % most_in;
        if (rule == CREMA__PAD_RULE__EXPLICIT) {
            s.pad_before[a] = rand_r(seed) % 5;
            s.pad_after[a] = rand_r(seed) % 5;
        }
    }
    bool made = geometry_make(&g, &s, n_axes, in, 1 + rand_r(seed) % 2, channels, channels, channels);
    set_blocked(&g);
    if (made)
        conv_check(&g, blocked, seed, rand_r(seed) % 4, rand_r(seed) % 2, rand_r(seed) % 8 == 0);
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
    for (int rule = CREMA__PAD_RULE__VALID; rule < CREMA__PAD_RULE__CORNERS; rule++)
        ck_assert_int_gt(check_some(200u + (unsigned)rule, rule, CREMA__PAD_MODE__ZERO, 24, 12), 20);
    ck_assert_int_gt(check_some(9, CREMA__PAD_RULE__SAME, CREMA__PAD_MODE__PARTIAL, 24, 8), 20);
}
END_TEST

// Widths that are some of the kernels' runs of columns and every rest, on maps of one row and of many.
START_TEST(every_size_equals_the_definition)
{
    unsigned seed = 5;
    for (int64_t n = 1; n <= 40; n++)
        for (int kernel = 3; kernel <= 5; kernel += 2)
            for (int stride = 1; stride <= 2; stride++) {
                geometry_case g;
                cr_window_spec s = {
                    .kernel = {kernel, kernel}, .stride = {stride, stride}, .dilation = {1, 1}};
                int64_t rows = rand_r(&seed) % 3 ? n : 1 + rand_r(&seed) % 60;
                for (int a = 0; a < 2; a++)
                    s.pad_before[a] = s.pad_after[a] = kernel / 2;
                ck_assert(geometry_make(&g, &s, 2, (int64_t[]){rows, n}, 1, CR_BLOCK, CR_BLOCK, CR_BLOCK));
                set_blocked(&g);
                conv_check(&g, blocked, &seed, true, rand_r(&seed) % 2, rand_r(&seed) % 4 == 0);
                cr_arena_free(&g.arena);
            }
}
END_TEST

// Enough work to be cut, into strips of one block and into blocks.
START_TEST(cuts_do_not_change_the_bits)
{
    unsigned seed = 6;
    for (int64_t blocks = 1; blocks <= 40; blocks += 13) {
        geometry_case g;
        cr_window_spec s = {
            .kernel = {3, 3}, .stride = {1, 1}, .dilation = {1, 1}, .mode = CREMA__PAD_MODE__REFLECT};
        int64_t n = blocks == 1 ? 150 : 20, channels = blocks * CR_BLOCK;
        s.pad_before[0] = s.pad_before[1] = 1;
        ck_assert(geometry_make(&g, &s, 2, (int64_t[]){n, n + 1}, 2, channels, channels, channels));
        set_blocked(&g);
        conv_check(&g, blocked, &seed, true, true, true);
        cr_arena_free(&g.arena);
    }
}
END_TEST

static float *copy_of(const geometry_case *g, const conv_work *w, float *out)
{
    return memcpy(out, w->out, (size_t)(g->conv.images * g->conv.out_image_stride) * sizeof *out);
}

// Plain and blocked activations give the same sums, bit by bit.
START_TEST(bits_are_those_of_plain_activations)
{
    unsigned seed = 7;
    const char *why;
    for (int mode = CREMA__PAD_MODE__ZERO; mode <= CREMA__PAD_MODE__PARTIAL; mode++)
        for (int kernel = 3; kernel <= 7; kernel += 2) {
            geometry_case g;
            cr_window_spec s = {
                .kernel = {kernel, kernel}, .stride = {1, 1}, .dilation = {1, 1}, .mode = mode};
            for (int a = 0; a < 2; a++)
                s.pad_before[a] = s.pad_after[a] = kernel / 2;
            ck_assert(geometry_make(&g, &s, 2, (int64_t[]){9, 17}, 1, 32, 32, 32));
            g.conv.window = &g.window;
            g.conv.kernels = cr_kernels_choose(NULL, &why);
            conv_work w = {.algorithm = &cr_conv_depthwise, .g = &g};
            w.n_out = g.conv.out_image_stride;
            w.in = random_floats(&g.arena, &seed, g.conv.in_image_stride);
            w.weights = random_floats(&g.arena, &seed, 32 * g.conv.kernel_count);
            w.bias = random_floats(&g.arena, &seed, 32);
            w.out = random_floats(&g.arena, &seed, w.n_out);
            w.epilogue.activation = CR_ACT_PRELU;
            w.epilogue.slopes = random_floats(&g.arena, &seed, 32);
            conv_work_run(&w, 1);
            float *plain = copy_of(&g, &w, random_floats(&g.arena, &seed, w.n_out));
            w.algorithm = blocked;
            set_blocked(&g);
            conv_work_run(&w, 1);
            ck_assert_int_eq(memcmp(plain, w.out, (size_t)(32 * g.conv.out_count) * sizeof *plain), 0);
            cr_arena_free(&g.arena);
        }
}
END_TEST

START_TEST(an_infinity_in_the_picture_does_not_leak_into_the_padding)
{
    conv_check_infinity(blocked, 1);
}
END_TEST

START_TEST(weights_are_scaled_when_packed)
{
    cr_window_spec s = {.kernel = {2}, .stride = {1}, .dilation = {1}};
    geometry_case g;
    ck_assert(geometry_make(&g, &s, 1, (int64_t[]){2}, 1, CR_BLOCK, CR_BLOCK, CR_BLOCK));
    set_blocked(&g);
    double scale[CR_BLOCK] = {2, 10};
    float weights[2 * CR_BLOCK] = {1, 2, 3, 4}, pack[2 * CR_BLOCK];
    g.conv.scale = scale;
    ck_assert_uint_eq(blocked->pack_bytes(&g.conv), sizeof pack);
    blocked->pack(&g.conv, weights, pack);
    ck_assert_float_eq(pack[0], 2);
    ck_assert_float_eq(pack[CR_BLOCK], 4);
    ck_assert_float_eq(pack[1], 30);
    ck_assert_float_eq(pack[CR_BLOCK + 1], 40);
    cr_arena_free(&g.arena);
}
END_TEST

static const char *why_not(const cr_window_spec *s, int n_axes, int64_t out_channels, int64_t group,
                           bool lies)
{
    geometry_case g;
    const char *why;
    ck_assert(geometry_make(&g, s, n_axes, (int64_t[]){9, 9, 9}, 1, 32, out_channels, group));
    set_blocked(&g);
    g.conv.in_blocked = g.conv.out_blocked = lies;
    g.conv.kernels = cr_kernels_choose(NULL, &why);
    why = cr_conv_refusal(blocked, &g.conv);
    cr_arena_free(&g.arena);
    return why;
}

START_TEST(what_it_refuses)
{
    cr_window_spec s = {.kernel = {3, 3, 3}, .stride = {1, 1, 1}, .dilation = {1, 1, 1}};
    ck_assert_ptr_null(why_not(&s, 2, 32, 32, true));
    ck_assert_str_eq(why_not(&s, 2, 32, 32, false), "channels do not lie in blocks");
    ck_assert_str_eq(why_not(&s, 2, 32, 16, true), "a group has not one input channel");
    ck_assert_str_eq(why_not(&s, 2, 64, 32, true), "a channel has several outputs");
    ck_assert_str_eq(why_not(&s, 3, 32, 32, true), "it has not one or two axes");
    s.rule = CREMA__PAD_RULE__CORNERS;
    ck_assert_str_eq(why_not(&s, 2, 32, 32, true), "the padding is not the same for all channels");
    s.rule = CREMA__PAD_RULE__EXPLICIT;

    geometry_case g;
    const char *why;
    ck_assert(geometry_make(&g, &s, 2, (int64_t[]){9, 9}, 1, 20, 20, 20));
    set_blocked(&g);
    g.conv.kernels = cr_kernels_choose(NULL, &why);
    ck_assert_str_eq(cr_conv_refusal(blocked, &g.conv), "16 does not divide the channels");
    cr_arena_free(&g.arena);
}
END_TEST

TEST_MAIN("kernels/depthwise_blocked", every_mode_equals_the_definition, every_rule_equals_the_definition,
          every_size_equals_the_definition, cuts_do_not_change_the_bits, bits_are_those_of_plain_activations,
          an_infinity_in_the_picture_does_not_leak_into_the_padding, weights_are_scaled_when_packed,
          what_it_refuses)
