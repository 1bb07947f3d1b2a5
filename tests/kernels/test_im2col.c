#include "crema.pb-c.h"
#include "tests/support/geometry.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

static const float untouched = -12345;

// Pools are made once per test: starting threads costs more than the convolutions here.
static cr_pool *pool_of(int threads)
{
    static cr_pool *pools[4];
    if (threads > 1 && !pools[threads])
        ck_assert_int_eq(cr_pool_create(&pools[threads], threads, NULL), CREMA_OK);
    return pools[threads];
}

// Everything that one convolution needs, with random values.
typedef struct work {
    float *in, *weights, *bias, *expected, *out;
    int64_t n_out; // floats, gaps included
    void *scratch;
} work;

static work work_of(geometry_case *g, unsigned *seed, bool bias)
{
    const cr_conv *c = &g->conv;
    work w = {0};
    g->conv.window = &g->window;
    w.n_out = c->images * c->out_image_stride;
    w.in = random_floats(&g->arena, seed, c->images * c->in_image_stride);
    w.weights =
        random_floats(&g->arena, seed, c->out_channels * (c->in_channels / c->group) * c->kernel_count);
    w.bias = bias ? random_floats(&g->arena, seed, c->out_channels) : NULL;
    w.expected = random_floats(&g->arena, seed, w.n_out);
    w.out = random_floats(&g->arena, seed, w.n_out);
    geometry_convolve(g, w.in, w.weights, w.bias, w.expected);
    return w;
}

static void run(const geometry_case *g, work *w, int threads)
{
    const cr_conv_algorithm *a = &cr_conv_im2col;
    size_t bytes = a->scratch_bytes(&g->conv);
    for (int64_t i = 0; i < w->n_out; i++)
        w->out[i] = untouched;
    void *scratch = cr_alloc_aligned(bytes, 64); // exactly as long as promised, so that ASan watches
    memset(scratch, 0xFF, bytes);
    cr_conv_buffers b = {.in = w->in, .out = w->out, .weights = w->weights, .bias = w->bias};
    b.scratch = scratch;
    b.pool = pool_of(threads);
    a->run(&g->conv, &b);
    cr_free(scratch);
}

static void compare(const geometry_case *g, const work *w)
{
    const cr_conv *c = &g->conv;
    for (int64_t i = 0; i < w->n_out; i++) {
        bool gap = i % c->out_image_stride >= c->out_channels * c->out_count; // between images
        float expected = gap ? untouched : w->expected[i];
        if (!(fabs((double)w->out[i] - (double)expected) <= (gap ? 0 : 2e-5)))
            ck_abort_msg("output %lld: got %.9g, expected %.9g", (long long)i, (double)w->out[i],
                         (double)expected);
    }
}

// Runs, compares, and may demand the same bits from 2 and 3 threads, which takes longer.
static void check_case(geometry_case *g, unsigned *seed, bool bias, bool check_threads)
{
    work w = work_of(g, seed, bias);
    run(g, &w, 1);
    compare(g, &w);
    float *first = cr_arena_array(&g->arena, (size_t)w.n_out, sizeof *first);
    memcpy(first, w.out, (size_t)w.n_out * sizeof *first);
    for (int threads = 2; threads <= 3 && check_threads; threads++) {
        run(g, &w, threads);
        ck_assert_int_eq(memcmp(first, w.out, (size_t)w.n_out * sizeof *first), 0);
    }
}

static int check_random(unsigned seed, int n_axes, int rule, int mode, int tries)
{
    int done = 0;
    for (int i = 0; i < tries; i++) {
        geometry_case g;
        if (geometry_random(&g, &seed, n_axes, rule, mode)) {
            check_case(&g, &seed, i % 3 != 0, i % 8 == 0);
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

START_TEST(a_pointwise_convolution_needs_no_scratch)
{
    geometry_case g;
    unsigned seed = 3;
    cr_window_spec s = {.kernel = {1, 1}, .stride = {1, 1}, .dilation = {1, 2}};
    ck_assert(geometry_make(&g, &s, 2, (int64_t[]){5, 6}, 2, 6, 8, 2));
    check_case(&g, &seed, true, true);
    ck_assert_uint_eq(cr_conv_im2col.scratch_bytes(&g.conv), 0);
    cr_arena_free(&g.arena);
    // one window over the whole picture is a matrix product, too
    s = (cr_window_spec){.kernel = {5, 6}, .stride = {3, 1}, .dilation = {1, 1}};
    ck_assert(geometry_make(&g, &s, 2, (int64_t[]){5, 6}, 2, 12, 12, 12));
    check_case(&g, &seed, true, true);
    ck_assert_uint_eq(cr_conv_im2col.scratch_bytes(&g.conv), 0);
    cr_arena_free(&g.arena);
    // but not a strided or padded one
    s = (cr_window_spec){.kernel = {1, 1}, .stride = {1, 2}, .dilation = {1, 1}};
    ck_assert(geometry_make(&g, &s, 2, (int64_t[]){5, 6}, 1, 6, 8, 2));
    check_case(&g, &seed, true, true);
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
    check_case(&g, &seed, true, true);
    cr_arena_free(&g.arena);
    s = (cr_window_spec){.kernel = {3, 3}, .stride = {1, 1}, .dilation = {1, 1}};
    ck_assert(geometry_make(&g, &s, 2, (int64_t[]){5, 6}, 2, 0, 4, 2));
    check_case(&g, &seed, true, true); // the bias alone
    cr_arena_free(&g.arena);
    ck_assert(geometry_make(&g, &s, 2, (int64_t[]){5, 6}, 0, 2, 4, 2));
    check_case(&g, &seed, true, true);
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
    work w = work_of(&g, &seed, true);
    run(&g, &w, 1);
    for (int i = 0; i < GROUPS; i++) {
        ck_assert(geometry_make(&one, &s, 2, (int64_t[]){H, W}, 1, IN, OUT, 1));
        work part = work_of(&one, &seed, true);
        part.in = w.in + i * IN * H * W;
        part.weights = w.weights + i * OUT * IN * 6;
        part.bias = w.bias + i * OUT;
        run(&one, &part, 1);
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
    cr_window_spec s = {.kernel = {3}, .stride = {1}, .dilation = {1}, .pad_before = {1}, .pad_after = {1}};
    geometry_case g;
    ck_assert(geometry_make(&g, &s, 1, (int64_t[]){4}, 1, 1, 1, 1));
    g.conv.window = &g.window;
    float in[4] = {1, 2, 3, INFINITY}, weights[3] = {1, 1, 1}, out[4];
    work w = {.in = in, .weights = weights, .out = out, .n_out = 4};
    run(&g, &w, 1);
    ck_assert_float_eq(out[0], 3);
    ck_assert_float_eq(out[1], 6);
    ck_assert(isinf(out[2]) && isinf(out[3]));
    cr_arena_free(&g.arena);
}
END_TEST

TEST_MAIN("kernels/im2col", every_mode_equals_the_definition, every_rule_equals_the_definition,
          a_pointwise_convolution_needs_no_scratch, no_axes_and_no_channels,
          a_group_convolution_is_convolutions_side_by_side, the_matrix_of_a_channel_range,
          an_infinity_in_the_picture_does_not_leak_into_the_padding)
