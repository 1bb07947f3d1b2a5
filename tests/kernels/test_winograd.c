#include "base/cpu.h"
#include "crema.pb-c.h"
#include "kernels/kernels.h"
#include "tests/support/conv_check.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

// Errors grow with what was summed up, so they are taken relative to the root mean square of the outputs.
static void compare(const conv_work *w)
{
    const geometry_case *g = w->g;
    const cr_conv *c = &g->conv;
    const cr_axis *y = &g->window.axis[0], *x = &g->window.axis[1];
    double squares = 0, worst = 0, all = 0;
    int64_t n = 0;
    for (int64_t i = 0; i < w->n_out; i++) {
        if (i % c->out_image_stride >= c->out_channels * c->out_count) // between images
            continue;
        double error = fabs((double)w->out[i] - (double)w->expected[i]);
        worst = error <= worst ? worst : error; // NaN stays
        all += error * error;
        squares += (double)w->expected[i] * (double)w->expected[i];
        n++;
    }
    double scale = sqrt(squares / (double)n);
    double bound = c->winograd_tolerance > 0 ? (double)c->winograd_tolerance : 2e-5;
    if (!(worst <= bound * scale && sqrt(all / (double)n) <= bound * scale / 6))
        ck_abort_msg("%s, %lldx%lldx%lld from %lldx%lld, mode %d, pads %lld %lld: worst error %.3g, root "
                     "mean square %.3g of %.3g",
                     c->kernels->name, (long long)c->in_channels, (long long)y->out, (long long)x->out,
                     (long long)y->in, (long long)x->in, g->spec.mode, (long long)y->pad_before[0],
                     (long long)x->pad_before[0], worst, sqrt(all / (double)n), scale);
}

// At every level that this CPU runs; the same bits from 1, 2 and 3 threads.
static void check_case(geometry_case *g, unsigned *seed, bool bias)
{
    conv_work w = conv_work_of(g, &cr_conv_winograd, seed, bias, false);
    float *first = cr_arena_array(&g->arena, (size_t)w.n_out, sizeof *first);
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++) {
        if (!cr_cpu_runs((*k)->name))
            continue;
        g->conv.kernels = *k;
        ck_assert_ptr_null(cr_conv_winograd.accepts(&g->conv));
        conv_work_run(&w, 1);
        compare(&w);
        memcpy(first, w.out, (size_t)w.n_out * sizeof *first);
        for (int threads = 2; threads <= 3; threads++) {
            conv_work_run(&w, threads);
            ck_assert_int_eq(memcmp(first, w.out, (size_t)w.n_out * sizeof *first), 0);
        }
    }
}

static cr_window_spec square_spec(int rule, int mode, int64_t kernel)
{
    return geometry_spec(rule, mode, kernel, kernel);
}

static int check_random(unsigned seed, int rule, int mode, int tries)
{
    int done = 0;
    for (int i = 0; i < tries; i++) {
        geometry_case g;
        cr_window_spec s = square_spec(rule, mode, i % 2 ? 5 : 3);
        int64_t in[2], group = rand_r(&seed) % 4 == 0 ? 2 : 1;
        for (int a = 0; a < 2; a++) {
            in[a] = 1 + rand_r(&seed) % 19;
            if (rule == CREMA__PAD_RULE__EXPLICIT) {
                int most =
                    mode == CREMA__PAD_MODE__PARTIAL ? (int)s.kernel[a] - 1 : 3; // no window without an input
                s.pad_before[a] = rand_r(&seed) % (most + 1);
                s.pad_after[a] = rand_r(&seed) % (most + 1);
            }
        }
        int64_t in_group = 16 + rand_r(&seed) % 20, out_group = 16 + rand_r(&seed) % 36;
        if (geometry_make(&g, &s, 2, in, 1 + rand_r(&seed) % 3, group * in_group, group * out_group, group)) {
            check_case(&g, &seed, i % 3 != 0);
            done++;
        }
        cr_arena_free(&g.arena);
    }
    return done;
}

START_TEST(every_mode_equals_the_definition)
{
    for (int mode = CREMA__PAD_MODE__ZERO; mode <= CREMA__PAD_MODE__PARTIAL; mode++)
        ck_assert_int_gt(check_random(100u + (unsigned)mode, CREMA__PAD_RULE__EXPLICIT, mode, 7), 3);
}
END_TEST

START_TEST(every_rule_equals_the_definition)
{
    for (int rule = CREMA__PAD_RULE__VALID; rule <= CREMA__PAD_RULE__CORNERS; rule++)
        ck_assert_int_gt(check_random(200u + (unsigned)rule, rule, CREMA__PAD_MODE__ZERO, 6), 3);
}
END_TEST

// Sizes of maps with tiles of all kinds, one block and many, several images in a block, and wide rows.
START_TEST(every_cut_of_the_map_equals_the_definition)
{
    static const int64_t sizes[][4] = {{14, 14, 16, 64}, {13, 15, 3, 16}, {7, 7, 9, 40},   {6, 5, 20, 16},
                                       {30, 33, 2, 32},  {9, 201, 1, 16}, {70, 66, 1, 16}, {2, 130, 1, 33}};
    unsigned seed = 1;
    for (size_t i = 0; i < 2 * (sizeof sizes / sizeof sizes[0]); i++) {
        geometry_case g;
        cr_window_spec s = square_spec(CREMA__PAD_RULE__SAME, CREMA__PAD_MODE__ZERO, i % 2 ? 5 : 3);
        ck_assert(geometry_make(&g, &s, 2, sizes[i / 2], sizes[i / 2][2], sizes[i / 2][3], 17, 1));
        check_case(&g, &seed, true);
        cr_arena_free(&g.arena);
    }
}
END_TEST

// Tiles that end an axis may want 1, 2, 3 or all of their outputs, and differ between rows and columns.
START_TEST(every_end_of_an_axis_equals_the_definition)
{
    unsigned seed = 7;
    for (int64_t i = 0; i < 32; i++) {
        geometry_case g;
        int64_t in[2] = {17 + i % 4, 17 + i / 4 % 4};
        cr_window_spec s = square_spec(CREMA__PAD_RULE__SAME, CREMA__PAD_MODE__ZERO, i < 16 ? 3 : 5);
        ck_assert(geometry_make(&g, &s, 2, in, 2, 16, 16, 1));
        check_case(&g, &seed, true);
        cr_arena_free(&g.arena);
    }
}
END_TEST

// So many that each block of each is an item, in one block or in several.
START_TEST(many_small_groups_equal_the_definition)
{
    static const int64_t sizes[][4] = {{14, 14, 8, 8}, {7, 7, 16, 11}, {30, 33, 8, 8}};
    unsigned seed = 4;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        geometry_case g;
        cr_window_spec s = square_spec(CREMA__PAD_RULE__SAME, CREMA__PAD_MODE__ZERO, 3);
        ck_assert(geometry_make(&g, &s, 2, sizes[i], 1, 12 * sizes[i][2], 12 * sizes[i][3], 12));
        check_case(&g, &seed, true);
        cr_arena_free(&g.arena);
    }
}
END_TEST

// The error grows like the root of the number of channels.
START_TEST(many_channels_stay_within_bounds)
{
    unsigned seed = 2;
    geometry_case g;
    cr_window_spec s = square_spec(CREMA__PAD_RULE__SAME, CREMA__PAD_MODE__ZERO, 3);
    ck_assert(geometry_make(&g, &s, 2, (int64_t[]){12, 12}, 1, 384, 16, 1));
    check_case(&g, &seed, true);
    cr_arena_free(&g.arena);
}
END_TEST

// A run may have fewer images than the plan, whose scratch and packs must do.
START_TEST(fewer_images_need_no_more_scratch)
{
    for (int64_t size = 1; size < 70; size += 3) {
        int64_t group = size % 2 ? 1 : 8;
        geometry_case g;
        cr_window_spec s = square_spec(CREMA__PAD_RULE__SAME, CREMA__PAD_MODE__ZERO, 3);
        ck_assert(geometry_make(&g, &s, 2, (int64_t[]){size, size}, 9, 64, 64, group));
        conv_check_fewer_images(&g, &cr_conv_winograd);
        cr_arena_free(&g.arena);
    }
}
END_TEST

// Fused or in a pass of its own, the epilogue gives the same bits; so it does where the operand is the output.
static void check_epilogue(conv_work *w, const cr_epilogue *e)
{
    const cr_conv *c = &w->g->conv;
    cr_epilogue_out out = {w->expected, c->images, c->out_channels, c->out_count, c->out_image_stride};
    w->epilogue = (cr_epilogue){.activation = CR_ACT_NONE};
    conv_work_run(w, 1);
    memcpy(w->expected, w->out, (size_t)w->n_out * sizeof *w->out);
    cr_epilogue_apply(c->kernels, e, &out, NULL);
    w->epilogue = *e;
    for (int i = 0; i < (e->add ? 2 : 1); i++) {
        w->in_place = i;
        conv_work_run(w, 2);
        for (int64_t k = 0; k < c->images; k++)
            ck_assert_int_eq(memcmp(w->out + k * c->out_image_stride, w->expected + k * c->out_image_stride,
                                    (size_t)(c->out_channels * c->out_count) * sizeof *w->out),
                             0);
    }
}

START_TEST(the_epilogue_is_applied_on_the_way)
{
    unsigned seed = 5;
    geometry_case g;
    cr_window_spec s = square_spec(CREMA__PAD_RULE__SAME, CREMA__PAD_MODE__ZERO, 3);
    ck_assert(geometry_make(&g, &s, 2, (int64_t[]){17, 21}, 2, 32, 2 * 41, 2));
    conv_work w = conv_work_of(&g, &cr_conv_winograd, &seed, true, false);
    cr_epilogue e = {.slope = 0.25f, .min = -1, .max = 2, .add_image_stride = g.conv.out_image_stride};
    const float *add = random_floats(&g.arena, &seed, w.n_out);
    e.slopes = random_floats(&g.arena, &seed, g.conv.out_channels);
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++) {
        if (!cr_cpu_runs((*k)->name))
            continue;
        g.conv.kernels = *k;
        for (int i = 0; i < 2 * (CR_ACT_HARDSWISH + 1); i++) {
            e.activation = (cr_activation)(i / 2);
            e.add = i % 2 ? add : NULL;
            check_epilogue(&w, &e);
        }
    }
    cr_arena_free(&g.arena);
}
END_TEST

// Where all that a sum reads is 0, or all its weights are, nothing but the bias comes out.
START_TEST(zeros_leave_no_errors)
{
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++) {
        unsigned seed = 8;
        geometry_case g;
        cr_window_spec s = square_spec(CREMA__PAD_RULE__SAME, CREMA__PAD_MODE__ZERO, 3);
        if (!cr_cpu_runs((*k)->name))
            continue;
        ck_assert(geometry_make(&g, &s, 2, (int64_t[]){24, 24}, 1, 32, 40, 1));
        g.conv.kernels = *k;
        conv_work w = conv_work_of(&g, &cr_conv_winograd, &seed, true, false);
        for (int64_t i = 0; i < 32 * 24 * 24; i++)
            w.in[i] = i / 24 % 24 < 8 ? w.in[i] : 0;
        memset(w.weights + 33 * 32 * 9, 0, 32 * 9 * sizeof *w.weights);
        conv_work_run(&w, 1);
        for (int64_t i = 0; i < w.n_out; i++)
            if (i / 24 % 24 >= 12 || i / (24 * 24) == 33)
                ck_assert_msg(w.out[i] == w.bias[i / (24 * 24)], "%s: %g", (*k)->name, (double)w.out[i]);
        cr_arena_free(&g.arena);
    }
}
END_TEST

static void multiply(float *x, int64_t n, float by)
{
    for (int64_t i = 0; i < n; i++)
        x[i] *= by;
}

// Inputs and weights of any size, and an offset that they all have.
START_TEST(values_may_be_large_and_small)
{
    static const float sizes[][3] = {{1e3f, 1e-3f, 0}, {1e-18f, 1, 0},    {1e15f, 1e10f, 0},
                                     {1, 1e-15f, 0},   {1e-3f, 1e3f, 50}, {0, 1, 0}};
    unsigned seed = 9;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        geometry_case g;
        cr_window_spec s = square_spec(CREMA__PAD_RULE__SAME, CREMA__PAD_MODE__ZERO, 3);
        ck_assert(geometry_make(&g, &s, 2, (int64_t[]){14, 15}, 2, 48, 40, 1));
        conv_work w = conv_work_of(&g, &cr_conv_winograd, &seed, false, false);
        int64_t n = g.conv.images * g.conv.in_image_stride;
        multiply(w.in, n, sizes[i][0]);
        multiply(w.weights, 40 * 48 * 9, sizes[i][1]);
        for (int64_t k = 0; k < n; k++)
            w.in[k] += sizes[i][2];
        geometry_convolve(&g, w.in, w.weights, NULL, w.expected);
        for (const cr_kernels *const *k = cr_kernels_all; *k; k++) {
            if (!cr_cpu_runs((*k)->name))
                continue;
            g.conv.kernels = *k;
            conv_work_run(&w, 1);
            compare(&w);
        }
        cr_arena_free(&g.arena);
    }
}
END_TEST

// What is infinite in an image stays there.
START_TEST(images_do_not_share_infinities)
{
    unsigned seed = 10;
    geometry_case g;
    cr_window_spec s = square_spec(CREMA__PAD_RULE__SAME, CREMA__PAD_MODE__ZERO, 3);
    ck_assert(geometry_make(&g, &s, 2, (int64_t[]){7, 7}, 2, 32, 32, 1));
    conv_work w = conv_work_of(&g, &cr_conv_winograd, &seed, false, false);
    w.in[g.conv.in_image_stride] = INFINITY;
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++) {
        if (!cr_cpu_runs((*k)->name))
            continue;
        g.conv.kernels = *k;
        conv_work_run(&w, 1);
        for (int64_t i = 0; i < 32 * 49; i++)
            ck_assert_msg(fabs((double)w.out[i] - (double)w.expected[i]) < 1e-4, "%s: %d: %g, not %g",
                          (*k)->name, (int)i, (double)w.out[i], (double)w.expected[i]);
        ck_assert(!isfinite(w.out[g.conv.out_image_stride]));
    }
    cr_arena_free(&g.arena);
}
END_TEST

START_TEST(tiles_of_6_need_leave)
{
    static const int64_t sizes[][3] = {{30, 36, 1}, {30, 35, 2}, {24, 50, 1}};
    unsigned seed = 6;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        geometry_case g;
        cr_window_spec s = square_spec(CREMA__PAD_RULE__SAME, CREMA__PAD_MODE__REFLECT, 3);
        ck_assert(geometry_make(&g, &s, 2, sizes[i], sizes[i][2], 20, 35, 1));
        g.conv.window = &g.window;
        ck_assert_int_eq(cr_conv_winograd.pack_kind(&g.conv), 4);
        g.conv.winograd_tolerance = 1e-4f;
        ck_assert_int_eq(cr_conv_winograd.pack_kind(&g.conv), 6);
        check_case(&g, &seed, true);
        cr_arena_free(&g.arena);
    }
}
END_TEST

static const char *refusal(int64_t kernel, int64_t stride, int64_t dilation, int64_t channels, bool exact)
{
    geometry_case g;
    const char *why;
    cr_window_spec s = square_spec(CREMA__PAD_RULE__SAME, CREMA__PAD_MODE__ZERO, 3);
    s.kernel[0] = s.kernel[1] = kernel;
    s.stride[1] = stride;
    s.dilation[0] = dilation;
    ck_assert(geometry_make(&g, &s, 2, (int64_t[]){20, 20}, 1, channels, 32, 1));
    g.conv.window = &g.window;
    g.conv.kernels = cr_kernels_choose(NULL, &why);
    g.conv.exact = exact;
    why = cr_conv_winograd.accepts(&g.conv);
    cr_arena_free(&g.arena);
    return why;
}

START_TEST(it_refuses_what_it_is_not_for)
{
    ck_assert_ptr_null(refusal(3, 1, 1, 16, false));
    ck_assert_ptr_null(refusal(5, 1, 1, 16, false));
    ck_assert_ptr_nonnull(refusal(4, 1, 1, 16, false));
    ck_assert_ptr_nonnull(refusal(7, 1, 1, 16, false));
    ck_assert_ptr_nonnull(refusal(3, 2, 1, 16, false));
    ck_assert_ptr_nonnull(refusal(3, 1, 2, 16, false));
    ck_assert_ptr_null(refusal(3, 1, 1, 8, false));
    ck_assert_ptr_nonnull(refusal(3, 1, 1, 7, false));
    ck_assert_ptr_nonnull(refusal(3, 1, 1, 16, true));
}
END_TEST

TEST_MAIN("kernels/winograd", every_mode_equals_the_definition, every_rule_equals_the_definition,
          every_cut_of_the_map_equals_the_definition, every_end_of_an_axis_equals_the_definition,
          many_small_groups_equal_the_definition, many_channels_stay_within_bounds,
          fewer_images_need_no_more_scratch, the_epilogue_is_applied_on_the_way, zeros_leave_no_errors,
          values_may_be_large_and_small, images_do_not_share_infinities, tiles_of_6_need_leave,
          it_refuses_what_it_is_not_for)
