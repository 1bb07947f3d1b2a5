#include "base/cpu.h"
#include "crema.pb-c.h"
#include "kernels/kernels.h"
#include "tests/support/geometry.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

static const float untouched = -12345;

static cr_pool *pool_of(int threads)
{
    static cr_pool *pools[4];
    if (threads > 1 && !pools[threads])
        ck_assert_int_eq(cr_pool_create(&pools[threads], threads, NULL), CREMA_OK);
    return pools[threads];
}

// n random floats, and 64 readable bytes behind them.
static float *padded_floats(cr_arena *arena, unsigned *seed, int64_t n)
{
    return random_floats(arena, seed, n + 16);
}

typedef struct work {
    const cr_conv_algorithm *algorithm;
    geometry_case *g;
    float *in, *weights, *bias, *expected, *out;
    int64_t n_out; // floats, gaps included
    cr_epilogue epilogue;
    bool in_place; // the residual is the output
} work;

static float activate(const cr_epilogue *e, int64_t channel, float x)
{
    float y = x + 3 < 0 ? 0 : x + 3 > 6 ? 6 : x + 3;
    switch (e->activation) {
    case CR_ACT_RELU:
        return x < 0 ? e->slope * x : x;
    case CR_ACT_PRELU:
        return x < 0 ? e->slopes[channel] * x : x;
    case CR_ACT_CLIP:
        return x < e->min ? e->min : x > e->max ? e->max : x;
    case CR_ACT_SIGMOID:
        return 1 / (1 + expf(-x));
    case CR_ACT_SWISH:
        return x / (1 + expf(-e->slope * x));
    case CR_ACT_HARDSWISH:
        return x * y / 6;
    default:
        return x;
    }
}

static void random_epilogue(work *w, unsigned *seed)
{
    const cr_conv *c = &w->g->conv;
    cr_epilogue *e = &w->epilogue;
    e->activation = (cr_activation)(rand_r(seed) % 7);
    e->slope = rand_r(seed) % 2 ? 0.25f : 0;
    e->min = -0.5f;
    e->max = 0.75f;
    e->slopes = random_floats(&w->g->arena, seed, c->out_channels);
    w->in_place = rand_r(seed) % 2;
    if (rand_r(seed) % 2) {
        e->add = random_floats(&w->g->arena, seed, w->n_out);
        e->add_image_stride = c->out_image_stride;
    }
    for (int64_t i = 0; i < w->n_out; i++) {
        float *x = &w->expected[i];
        *x = activate(e, i % c->out_image_stride / (c->out_count ? c->out_count : 1),
                      *x + (e->add ? e->add[i] : 0));
    }
}

static work work_of(geometry_case *g, const cr_conv_algorithm *a, unsigned *seed, bool bias, bool epilogue)
{
    const cr_conv *c = &g->conv;
    work w = {.algorithm = a, .g = g};
    g->conv.window = &g->window;
    w.n_out = c->images * c->out_image_stride;
    w.in = padded_floats(&g->arena, seed, c->images * c->in_image_stride);
    w.weights =
        random_floats(&g->arena, seed, c->out_channels * (c->in_channels / c->group) * c->kernel_count);
    w.bias = bias ? random_floats(&g->arena, seed, c->out_channels) : NULL;
    w.expected = random_floats(&g->arena, seed, w.n_out);
    w.out = random_floats(&g->arena, seed, w.n_out);
    geometry_convolve(g, w.in, w.weights, w.bias, w.expected);
    if (epilogue)
        random_epilogue(&w, seed);
    return w;
}

// Memory exactly as long as promised, so that ASan watches, and full of NaN.
static void *memory(size_t bytes)
{
    void *p = cr_alloc_aligned(bytes ? bytes : 64, 64);
    memset(p, 0xFF, bytes);
    return p;
}

static void run(const work *w, int threads)
{
    const cr_conv *c = &w->g->conv;
    const cr_conv_algorithm *a = w->algorithm;
    cr_conv_buffers b = {.in = w->in, .out = w->out, .weights = w->weights, .bias = w->bias};
    cr_epilogue e = w->epilogue;
    void *pack = memory(a->pack_bytes(c)), *scratch = memory(a->scratch_bytes(c));
    b.slot_step = a->slot_bytes ? (a->slot_bytes(c) + 63) / 64 * 64 : 0;
    b.slot_scratch = memory((size_t)threads * b.slot_step);
    b.scratch = scratch;
    b.pool = pool_of(threads);
    b.pack = pack;
    b.epilogue = e.activation || e.add ? &e : NULL;
    for (int64_t i = 0; i < w->n_out; i++)
        w->out[i] = w->in_place && e.add ? e.add[i] : untouched;
    if (w->in_place && e.add)
        e.add = w->out;
    a->pack(c, w->weights, pack);
    a->run(c, &b);
    cr_free(pack);
    cr_free(scratch);
    cr_free(b.slot_scratch);
}

static void compare(const work *w)
{
    const cr_conv *c = &w->g->conv;
    for (int64_t i = 0; i < w->n_out; i++) {
        if (i % c->out_image_stride >= c->out_channels * c->out_count) { // between images
            ck_assert(w->in_place || w->out[i] == untouched);
            continue;
        }
        double wanted = (double)w->expected[i], scale = fabs(wanted) > 1 ? fabs(wanted) : 1;
        if (!(fabs((double)w->out[i] - wanted) <= 3e-5 * scale))
            ck_abort_msg("%s %s: output %lld: got %.9g, expected %.9g", w->algorithm->name, c->kernels->name,
                         (long long)i, (double)w->out[i], wanted);
    }
}

// On every level that the CPU has; and the same bits for any number of threads.
static void check_case(geometry_case *g, const cr_conv_algorithm *a, unsigned *seed, bool bias, bool epilogue,
                       bool check_threads)
{
    work w = work_of(g, a, seed, bias, epilogue);
    float *first = cr_arena_array(&g->arena, (size_t)w.n_out + 1, sizeof *first);
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++) {
        if (!cr_cpu_runs((*k)->name))
            continue;
        g->conv.kernels = *k;
        if (a->accepts(&g->conv))
            return;
        run(&w, 1);
        compare(&w);
        memcpy(first, w.out, (size_t)w.n_out * sizeof *first);
        for (int threads = 2; threads <= 3 && check_threads; threads++) {
            run(&w, threads);
            ck_assert_int_eq(memcmp(first, w.out, (size_t)w.n_out * sizeof *first), 0);
        }
    }
}

static int check_random(unsigned seed, int n_axes, int rule, int mode, int tries)
{
    int done = 0;
    for (int i = 0; i < tries; i++) {
        geometry_case g;
        if (geometry_random(&g, &seed, n_axes, rule, mode)) {
            check_case(&g, &cr_conv_tiled, &seed, i % 3 != 0, i % 4 == 0, i % 8 == 0);
            done++;
        }
        cr_arena_free(&g.arena);
    }
    return done;
}

START_TEST(every_mode_equals_the_definition)
{
    for (int mode = CREMA__PAD_MODE__ZERO; mode <= CREMA__PAD_MODE__PARTIAL; mode++)
        for (int n_axes = 1; n_axes <= 3; n_axes++)
            ck_assert_int_gt(check_random(100u + (unsigned)mode, n_axes, CREMA__PAD_RULE__EXPLICIT, mode, 25),
                             10);
}
END_TEST

START_TEST(every_rule_equals_the_definition)
{
    for (int rule = CREMA__PAD_RULE__VALID; rule <= CREMA__PAD_RULE__CORNERS; rule++)
        ck_assert_int_gt(check_random(200u + (unsigned)rule, 2, rule, CREMA__PAD_MODE__ZERO, 30), 10);
    ck_assert_int_gt(check_random(9, 2, CREMA__PAD_RULE__SAME, CREMA__PAD_MODE__REFLECT, 20), 10);
    ck_assert_int_gt(check_random(9, 2, CREMA__PAD_RULE__FULL, CREMA__PAD_MODE__PARTIAL, 20), 10);
}
END_TEST

static void check_shape(const cr_conv_algorithm *a, const cr_window_spec *s, int64_t height, int64_t width,
                        int64_t in_channels, int64_t out_channels, int64_t group, unsigned *seed)
{
    geometry_case g;
    ck_assert(geometry_make(&g, s, 2, (int64_t[]){height, width}, 1 + rand_r(seed) % 2, in_channels,
                            out_channels, group));
    check_case(&g, a, seed, rand_r(seed) % 4, rand_r(seed) % 2, rand_r(seed) % 4 == 0);
    cr_arena_free(&g.arena);
}

START_TEST(pointwise_of_every_size)
{
    unsigned seed = 3;
    cr_window_spec s = {.kernel = {1, 1}, .stride = {1, 1}, .dilation = {1, 2}};
    for (int i = 0; i < 120; i++) {
        int64_t group = 1 + rand_r(&seed) % 2, in = 1 + rand_r(&seed) % 40, out = 1 + rand_r(&seed) % 70;
        check_shape(&cr_conv_pointwise, &s, 1 + rand_r(&seed) % 20, 1 + rand_r(&seed) % 20, group * in,
                    group * out, group, &seed);
    }
}
END_TEST

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

START_TEST(no_axes_and_no_images)
{
    geometry_case g;
    unsigned seed = 3;
    cr_window_spec s = {0};
    ck_assert(geometry_make(&g, &s, 0, NULL, 3, 6, 4, 2));
    check_case(&g, &cr_conv_tiled, &seed, true, true, true);
    check_case(&g, &cr_conv_pointwise, &seed, true, true, true);
    cr_arena_free(&g.arena);
    s = (cr_window_spec){.kernel = {3, 3}, .stride = {1, 1}, .dilation = {1, 1}};
    ck_assert(geometry_make(&g, &s, 2, (int64_t[]){5, 6}, 0, 2, 4, 2));
    check_case(&g, &cr_conv_tiled, &seed, true, true, true);
    cr_arena_free(&g.arena);
}
END_TEST

START_TEST(what_they_refuse)
{
    geometry_case g;
    const char *why;
    cr_window_spec s = {.kernel = {1, 1}, .stride = {1, 2}, .dilation = {1, 1}};
    ck_assert(geometry_make(&g, &s, 2, (int64_t[]){5, 6}, 1, 2, 4, 1));
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
    cr_window_spec s = {.kernel = {3}, .stride = {1}, .dilation = {1}, .pad_before = {1}, .pad_after = {1}};
    geometry_case g;
    const char *why;
    ck_assert(geometry_make(&g, &s, 1, (int64_t[]){4}, 1, 1, 1, 1));
    g.conv.window = &g.window;
    g.conv.kernels = cr_kernels_choose(NULL, &why);
    float in[20] = {1, 2, 3, INFINITY}, weights[3] = {1, 1, 1}, out[4];
    work w = {.algorithm = &cr_conv_tiled, .g = &g, .in = in, .weights = weights, .out = out, .n_out = 4};
    run(&w, 1);
    ck_assert_float_eq(out[0], 3);
    ck_assert_float_eq(out[1], 6);
    ck_assert(isinf(out[2]) && isinf(out[3]));
    cr_arena_free(&g.arena);
}
END_TEST

TEST_MAIN("kernels/conv_gemm", every_mode_equals_the_definition, every_rule_equals_the_definition,
          pointwise_of_every_size, tiled_of_every_size, no_axes_and_no_images, what_they_refuse,
          an_infinity_in_the_picture_does_not_leak_into_the_padding)
