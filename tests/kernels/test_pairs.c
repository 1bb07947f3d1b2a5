#include "base/cpu.h"
#include "kernels/kernels.h"
#include "tests/support/conv_check.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

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
    const char *why;
    ck_assert_ptr_nonnull(cr_conv_choose(&g.conv, "pairs", &why));
    conv_check(&g, &cr_conv_pairs, seed, rand_r(seed) % 4, rand_r(seed) % 2, rand_r(seed) % 2);
    cr_arena_free(&g.arena);
}

// Products that are no whole number of blocks, single channels and positions, panels of one vector.
START_TEST(plain_of_every_size)
{
    unsigned seed = 3;
    for (int i = 0; i < 24; i++) {
        sizes s = {.in = 1 + rand_r(&seed) % 90, .out = 1 + rand_r(&seed) % 90, .stride = 1 + i % 3};
        s.height = 1 + rand_r(&seed) % 12;
        s.width = 1 + rand_r(&seed) % 12;
        check(&s, &seed);
    }
}
END_TEST

// Maps that lie wide, their last tile with any number of positions.
START_TEST(large_plain_maps)
{
    unsigned seed = 8;
    for (int i = 0; i < 12; i++) {
        sizes s = {.in = 1 + rand_r(&seed) % 90, .out = 1 + rand_r(&seed) % 60, .stride = 1 + i % 3 / 2};
        s.height = s.stride * (17 + rand_r(&seed) % 9);
        s.width = s.stride * (17 + rand_r(&seed) % 9);
        check(&s, &seed);
    }
}
END_TEST

START_TEST(blocks_of_every_size)
{
    unsigned seed = 4;
    for (int i = 0; i < 24; i++) {
        sizes s = {
            .in = 16 * (1 + rand_r(&seed) % 7), .out = 16 * (1 + rand_r(&seed) % 7), .stride = 1 + i % 2};
        s.height = 1 + rand_r(&seed) % 15;
        s.width = 1 + rand_r(&seed) % 15;
        s.in_blocked = i % 3 != 0;
        s.out_blocked = i % 3 != 1;
        check(&s, &seed);
    }
}
END_TEST

// Several strips, several items of panels.
START_TEST(strips)
{
    unsigned seed = 5;
    const sizes all[] = {{512, 96, 24, 27, 1, true, true}, {700, 70, 19, 23, 1, false, false}};
    for (int i = 0; i < 2; i++)
        check(&all[i], &seed);
}
END_TEST

START_TEST(one_axis_and_three)
{
    unsigned seed = 6;
    cr_window_spec spec = {.kernel = {1, 1, 1}, .stride = {2, 1, 3}, .dilation = {1, 1, 1}};
    for (spec.n_axes = 1; spec.n_axes <= 3; spec.n_axes++) {
        geometry_case g;
        ck_assert(geometry_make(&g, &spec, spec.n_axes, (int64_t[]){5, 4, 7}, 2, 40, 35, 1));
        conv_check(&g, &cr_conv_pairs, &seed, true, true, true);
        cr_arena_free(&g.arena);
    }
}
END_TEST

START_TEST(refusals)
{
    sizes s = {.in = 128, .out = 128, .height = 14, .width = 14, .stride = 1};
    geometry_case g = make(&s, 1);
    cr_conv *c = &g.conv;
    c->window = &g.window;
    ck_assert_ptr_null(cr_conv_refusal(&cr_conv_pairs, c));
    c->exact = true;
    ck_assert_str_eq(cr_conv_refusal(&cr_conv_pairs, c), "it rounds more than a direct sum does");
    c->exact = false;
    c->group = 2;
    ck_assert_str_eq(cr_conv_refusal(&cr_conv_pairs, c), "it has groups");
    c->group = 1;
    c->in_channels = 0;
    ck_assert_str_eq(cr_conv_refusal(&cr_conv_pairs, c), "there are no channels");
    c->in_channels = 48;
    ck_assert_str_eq(cr_conv_refusal(&cr_conv_pairs, c), "it has few channels");
    c->out_count = 1000; // more of them are needed on small maps
    ck_assert_ptr_null(cr_conv_refusal(&cr_conv_pairs, c));
    c->in_blocked = true;
    c->in_channels = 72;
    ck_assert_str_eq(cr_conv_refusal(&cr_conv_pairs, c), "the last block of inputs is not full");
    c->in_channels = 64;
    ck_assert_ptr_null(cr_conv_refusal(&cr_conv_pairs, c));
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++) {
        c->kernels = *k;
        const char *why = cr_conv_refusal(&cr_conv_pairs, c);
        ck_assert((*k)->adds_beside == !why);
        ck_assert(!why || strcmp(why, "the processor does not add beside its multiply-adds") == 0);
    }
    cr_arena_free(&g.arena);
}
END_TEST

/* ---- values ---- */

// Outputs of pairs and of im2col, for inputs that `fill` makes of random ones.
typedef struct outputs {
    geometry_case g;
    float *in, *pairs, *im2col;
    int64_t n;
} outputs;

static outputs compute(void (*fill)(float *in, int64_t n), float weight, bool blocked)
{
    sizes s = {.in = 64, .out = 48, .height = 5, .width = 9, .stride = 1};
    outputs o = {.g = make(&s, 1)};
    unsigned seed = 7;
    const char *why;
    cr_arena *arena = &o.g.arena;
    cr_conv *c = &o.g.conv;
    c->kernels = cr_kernels_choose(NULL, &why);
    c->window = &o.g.window;
    o.n = 48 * 45;
    o.in = random_floats(arena, &seed, 64 * 45);
    o.pairs = random_floats(arena, &seed, o.n);
    o.im2col = random_floats(arena, &seed, o.n);
    float *weights = random_floats(arena, &seed, 64 * 48), *bias = random_floats(arena, &seed, 48);
    for (int i = 0; i < 64 * 48; i++)
        weights[i] *= weight;
    fill(o.in, 64 * 45);
    conv_work w = {.algorithm = &cr_conv_im2col, .g = &o.g, .in = o.in, .weights = weights, .bias = bias};
    w.n_out = o.n;
    w.out = o.im2col;
    conv_work_run(&w, 1);
    c->in_blocked = c->out_blocked = blocked;
    w.algorithm = &cr_conv_pairs;
    w.out = o.pairs;
    conv_work_run(&w, 1);
    return o;
}

// By the root mean square of what should be there.
static double largest_error(const outputs *o)
{
    double squares = 0, error = 0;
    for (int64_t i = 0; i < o->n; i++) {
        squares += (double)o->im2col[i] * (double)o->im2col[i];
        error = fmax(error, fabs((double)o->pairs[i] - (double)o->im2col[i]));
    }
    return error / sqrt(squares / (double)o->n);
}

static void fill_large(float *in, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        in[i] = fabsf(in[i]) * 3e5f;
}

static void fill_small(float *in, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        in[i] *= 3e-5f;
}

static void fill_positive(float *in, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        in[i] = in[i] + 5;
}

// Inputs and weights of quite other sizes, and inputs that have all the same sign, cost no accuracy.
START_TEST(sizes_of_values_do_not_matter)
{
    void (*const fills[])(float *, int64_t) = {fill_large, fill_small, fill_positive};
    for (int i = 0; i < 12; i++) {
        outputs o = compute(fills[i % 3], i / 3 % 2 ? 1 : 1e-4f, i / 6);
        ck_assert_double_lt(largest_error(&o), 1e-5);
        cr_arena_free(&o.g.arena);
    }
}
END_TEST

static void fill_zero(float *in, int64_t n)
{
    memset(in, 0, (size_t)n * sizeof *in);
}

static void fill_huge(float *in, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        in[i] *= 1e30f;
}

// No power of two would help: the products are done as always, and have the bits of others.
START_TEST(nothing_and_too_much)
{
    void (*const fills[])(float *, int64_t) = {fill_zero, fill_huge};
    for (int i = 0; i < 4; i++) {
        outputs o = compute(fills[i % 2], 1, i / 2);
        ck_assert_double_lt(largest_error(&o), 1e-6);
        cr_arena_free(&o.g.arena);
    }
}
END_TEST

// Channels 20 and 41 of positions 3 and 30.
static void fill_infinite(float *in, int64_t n)
{
    (void)n;
    in[20 * 45 + 3] = INFINITY;
    in[41 * 45 + 30] = NAN;
}

static void fill_infinite_pair(float *in, int64_t n)
{
    (void)n;
    in[16 * 45 + 3] = INFINITY;
    in[49 * 45 + 30] = 1e30f;
}

// They stay where they are: in outputs of their own positions.
START_TEST(infinities_and_nans_stay_where_they_are)
{
    void (*const fills[])(float *, int64_t) = {fill_infinite, fill_infinite_pair};
    for (int i = 0; i < 4; i++) {
        outputs o = compute(fills[i % 2], 1, i / 2);
        for (int64_t k = 0; k < o.n; k++) {
            float got = o.pairs[k], wanted = o.im2col[k];
            if (isfinite(wanted))
                ck_assert_float_le(fabsf(got - wanted), 3e-5f * fmaxf(1, fabsf(wanted)));
            else
                ck_assert(isnan(wanted) ? isnan(got) : got == wanted);
        }
        cr_arena_free(&o.g.arena);
    }
}
END_TEST

TEST_MAIN("kernels/pairs", plain_of_every_size, large_plain_maps, blocks_of_every_size, strips,
          one_axis_and_three, refusals, sizes_of_values_do_not_matter, nothing_and_too_much,
          infinities_and_nans_stay_where_they_are)
