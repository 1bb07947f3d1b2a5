#include "base/cpu.h"
#include "crema.pb-c.h"
#include "kernels/conv.h"
#include "kernels/kernels.h"
#include "tests/support/conv_check.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

START_TEST(the_list_ends_with_im2col)
{
    int n = 0;
    while (cr_conv_algorithms[n])
        n++;
    ck_assert_int_ge(n, 1);
    ck_assert_ptr_eq(cr_conv_algorithms[n - 1], &cr_conv_im2col);
}
END_TEST

START_TEST(one_can_be_forced_by_name)
{
    cr_window window = {0};
    cr_conv conv = {.window = &window, .images = 1, .in_channels = 1, .out_channels = 1, .group = 1};
    conv.in_count = conv.out_count = conv.kernel_count = 1;
    const char *why = NULL;
    conv.kernels = cr_kernels_choose(NULL, &why);
    ck_assert_ptr_eq(cr_conv_choose(&conv, "im2col", &why), &cr_conv_im2col);
    ck_assert_ptr_nonnull(cr_conv_choose(&conv, NULL, &why));
    ck_assert_ptr_null(why);
    ck_assert_ptr_null(cr_conv_choose(&conv, "im2row", &why));
    ck_assert_ptr_nonnull(strstr(why, "no convolution algorithm of that name"));
}
END_TEST

typedef struct shape {
    int64_t kernel, size, in_channels, out_channels, group;
} shape;

// Plain activations, and blocked ones: in, out or both.
static void check_zeros(geometry_case *g, const conv_work *w)
{
    const char *why;
    for (int blocked = 0; blocked < 4; blocked++) {
        g->conv.in_blocked = blocked & 1;
        g->conv.out_blocked = blocked & 2;
        if (cr_conv_choose(&g->conv, w->algorithm->name, &why) != w->algorithm)
            continue;
        conv_work_run(w, 1);
        for (int64_t i = 0; i < w->n_out; i++)
            if (i % g->conv.out_image_stride < g->conv.out_channels * g->conv.out_count && signbit(w->out[i]))
                ck_abort_msg("%s %s, kernel %lld, activation %d: output %lld is %g", w->algorithm->name,
                             g->conv.kernels->name, (long long)g->spec.kernel[0], w->epilogue.activation,
                             (long long)i, (double)w->out[i]);
    }
}

static void check_zeros_of_shape(const shape *s, int mode, cr_activation activation, bool add)
{
    unsigned seed = 1;
    geometry_case g;
    int64_t size[2] = {s->size, s->size}, pad = s->kernel / 2;
    cr_window_spec spec = {
        .kernel = {s->kernel, s->kernel}, .stride = {1, 1}, .dilation = {1, 1}, .mode = mode};
    for (int a = 0; a < 2; a++)
        spec.pad_before[a] = spec.pad_after[a] = pad;
    ck_assert(geometry_make(&g, &spec, 2, size, 1, s->in_channels, s->out_channels, s->group));
    g.conv.window = &g.window;
    conv_work w = {.g = &g, .n_out = g.conv.out_image_stride};
    w.in = random_floats(&g.arena, &seed, g.conv.in_image_stride + 16);
    w.weights =
        random_floats(&g.arena, &seed, s->out_channels * s->in_channels / s->group * g.conv.kernel_count);
    w.out = random_floats(&g.arena, &seed, w.n_out);
    w.epilogue = (cr_epilogue){.activation = activation, .add_image_stride = g.conv.out_image_stride};
    w.epilogue.slopes = cr_arena_array(&g.arena, (size_t)s->out_channels, sizeof(float));
    w.epilogue.add = add ? random_floats(&g.arena, &seed, w.n_out) : NULL;
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++)
        for (int i = 0; cr_cpu_runs((*k)->name) && cr_conv_algorithms[i]; i++) {
            g.conv.kernels = *k;
            w.algorithm = cr_conv_algorithms[i];
            if (w.algorithm->epilogue)
                check_zeros(&g, &w);
        }
    cr_arena_free(&g.arena);
}

// What is negative becomes 0, not -0, by whatever algorithm.
START_TEST(zeros_have_no_sign)
{
    static const shape shapes[] = {
        {1, 9, 32, 32, 1}, {3, 9, 32, 32, 1}, {3, 11, 3, 32, 1}, {3, 11, 32, 32, 32}, {9, 12, 16, 16, 1}};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        for (int how = 0; how < 8; how++)
            check_zeros_of_shape(&shapes[i], how & 1 ? CREMA__PAD_MODE__PARTIAL : CREMA__PAD_MODE__ZERO,
                                 how & 2 ? CR_ACT_PRELU : CR_ACT_RELU, how & 4);
}
END_TEST

TEST_MAIN("kernels/conv", the_list_ends_with_im2col, one_can_be_forced_by_name, zeros_have_no_sign)
