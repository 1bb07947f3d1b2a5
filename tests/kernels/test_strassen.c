#include "base/cpu.h"
#include "kernels/kernels.h"
#include "tests/support/conv_check.h"
#include "tests/test.h"

typedef struct sizes {
    int64_t in, out, height, width, stride;
    bool in_blocked, out_blocked;
} sizes;

static geometry_case make(const sizes *s, int64_t images)
{
    geometry_case g;
    cr_window_spec spec = {
        .kernel = {1, 1}, .stride = {s->stride, s->stride}, .dilation = {1, 1}, .n_axes = 2};
    ck_assert(geometry_make(&g, &spec, 2, (int64_t[]){s->height, s->width}, images, s->in, s->out, 1));
    g.conv.in_blocked = s->in_blocked;
    g.conv.out_blocked = s->out_blocked;
    g.conv.kernels = cr_kernels_all[0];
    return g;
}

static void check(const sizes *s, unsigned *seed)
{
    geometry_case g = make(s, 1 + rand_r(seed) % 2);
    g.conv.window = &g.window;
    ck_assert_ptr_null(cr_conv_refusal(&cr_conv_strassen, &g.conv));
    conv_check(&g, &cr_conv_strassen, seed, rand_r(seed) % 4, rand_r(seed) % 2, rand_r(seed) % 2);
    cr_arena_free(&g.arena);
}

// Even and odd numbers of positions, in one or several strips and parts; groups of rows of one vector and more.
START_TEST(positions_and_channels_of_every_size)
{
    unsigned seed = 3;
    for (int i = 0; i < 9; i++) {
        sizes s = {.in = 32 * (8 + rand_r(&seed) % 6), .out = 32 * (9 + rand_r(&seed) % 5), .stride = 1};
        s.height = 9 + rand_r(&seed) % 6;
        s.width = 11 + rand_r(&seed) % 6;
        s.in_blocked = i % 4 != 0;
        s.out_blocked = rand_r(&seed) % 2;
        if (!s.in_blocked)
            s.in += 192;
        check(&s, &seed);
    }
}
END_TEST

START_TEST(strips)
{
    unsigned seed = 4;
    const sizes all[] = {
        {.in = 512, .out = 160, .height = 25, .width = 33, .stride = 1, .in_blocked = true},
        {.in = 1024, .out = 224, .height = 14, .width = 18, .stride = 1},
        {256, 928, 19, 21, 1, true, true},
    };
    for (int i = 0; i < 3; i++)
        check(&all[i], &seed);
}
END_TEST

START_TEST(strides)
{
    unsigned seed = 5;
    for (int i = 0; i < 6; i++) {
        sizes s = {.in = 512, .out = 256 + 32 * (rand_r(&seed) % 3), .stride = 2 + i % 3};
        s.height = 10 * s.stride + rand_r(&seed) % 6;
        s.width = 10 * s.stride + rand_r(&seed) % 6;
        s.in_blocked = rand_r(&seed) % 2;
        s.out_blocked = rand_r(&seed) % 2;
        check(&s, &seed);
    }
}
END_TEST

// Large maps of plain activations, or little work, are left to others; so is what must be exact or small.
START_TEST(refusals)
{
    sizes s = {.in = 512, .out = 512, .height = 14, .width = 14, .stride = 1};
    const char *slow = "it would not be faster with so many channels and positions";
    geometry_case g = make(&s, 1);
    cr_conv *c = &g.conv;
    c->window = &g.window;
    ck_assert_ptr_null(cr_conv_refusal(&cr_conv_strassen, c));
    c->exact = true;
    ck_assert_str_eq(cr_conv_refusal(&cr_conv_strassen, c), "it rounds more than a direct sum does");
    c->exact = false;
    c->small_memory = true;
    ck_assert_ptr_nonnull(cr_conv_refusal(&cr_conv_strassen, c));
    c->small_memory = false;
    c->in_channels = 128;
    ck_assert_str_eq(cr_conv_refusal(&cr_conv_strassen, c), slow);
    c->in_channels = 496;
    ck_assert_str_eq(cr_conv_refusal(&cr_conv_strassen, c), "32 does not divide the channels");
    c->in_channels = 512;
    c->group = 2;
    ck_assert_str_eq(cr_conv_refusal(&cr_conv_strassen, c), "it has groups");
    c->group = 1;
    c->out_count = 49;
    ck_assert_str_eq(cr_conv_refusal(&cr_conv_strassen, c), slow);
    c->out_count = 784;
    ck_assert_str_eq(cr_conv_refusal(&cr_conv_strassen, c), slow);
    c->in_blocked = true;
    ck_assert_ptr_null(cr_conv_refusal(&cr_conv_strassen, c));
    c->in_channels = 1 << 15;
    ck_assert_str_eq(cr_conv_refusal(&cr_conv_strassen, c), "its sums would not stay in the cache");
    cr_arena_free(&g.arena);
}
END_TEST

// Scratch that the threads share, and that of each, have bounds that no size of map passes.
START_TEST(scratch_is_small)
{
    for (int64_t k = 256; k <= 2048; k *= 2)
        for (int64_t side = 10; side < 200; side += 7) {
            sizes s = {.in = k, .out = 512, .height = side, .width = side, .stride = 1, .in_blocked = true};
            geometry_case g = make(&s, 1);
            g.conv.window = &g.window;
            if (!cr_conv_refusal(&cr_conv_strassen, &g.conv)) {
                ck_assert_int_lt((int64_t)cr_conv_strassen.scratch_bytes(&g.conv), 1 << 20);
                ck_assert_int_lt((int64_t)cr_conv_strassen.slot_bytes(&g.conv), 1 << 18);
            }
            cr_arena_free(&g.arena);
        }
}
END_TEST

TEST_MAIN("kernels/strassen", positions_and_channels_of_every_size, strips, strides, refusals,
          scratch_is_small)
