#include "base/cpu.h"
#include "base/mem.h"
#include "kernels/conv.h"
#include "kernels/dot.h"
#include "tests/support/geometry.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// Memory exactly as long as said, so that ASan watches.
static float *random_values(unsigned *seed, int64_t n)
{
    float *x = malloc((size_t)n * sizeof *x);
    for (int64_t i = 0; i < n; i++)
        x[i] = random_float(seed);
    return x;
}

static void check_kernel(const cr_kernels *kernels, int64_t m, int64_t n, int64_t k, bool add, unsigned *seed)
{
    cr_dot_product d = {
        .m = m, .n = n, .k = k, .w_step = k + rand_r(seed) % 3, .x_step = k + rand_r(seed) % 3};
    d.y_step = m + rand_r(seed) % 3;
    d.add = add;
    float *w = random_values(seed, d.w_step * m - (d.w_step - k)),
          *x = random_values(seed, d.x_step * n - (d.x_step - k));
    float *bias = random_values(seed, m), *y = random_values(seed, d.y_step * n),
          *before = malloc((size_t)(d.y_step * n) * sizeof *y);
    memcpy(before, y, (size_t)(d.y_step * n) * sizeof *y);
    d.w = w;
    d.x = x;
    d.y = y;
    d.bias = rand_r(seed) % 2 ? bias : NULL;
    kernels->dot->run(&d);
    for (int64_t i = 0; i < d.y_step * n; i++) {
        int64_t row = i % d.y_step;
        double sum = add || row >= m ? (double)before[i] : d.bias ? (double)bias[row] : 0;
        for (int64_t p = 0; p < k && row < m; p++)
            sum += (double)w[row * d.w_step + p] * (double)x[i / d.y_step * d.x_step + p];
        ck_assert(fabs(sum - (double)y[i]) < 1e-5);
    }
    free(w);
    free(x);
    free(bias);
    free(y);
    free(before);
}

START_TEST(dots_of_every_size_equal_the_definition)
{
    unsigned seed = 8;
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++)
        for (int i = 0; cr_cpu_runs((*k)->name) && i < 200; i++)
            check_kernel(*k, 1 + rand_r(&seed) % 10, 1 + rand_r(&seed) % 10, 1 + rand_r(&seed) % 60, i % 2,
                         &seed);
}
END_TEST

// In parts of k and in items of rows: against the definition, on one thread and on three.
static void check_dot(const cr_kernels *kernels, int64_t m, int64_t n, int64_t k, cr_pool *pool,
                      unsigned *seed)
{
    cr_arena arena = {0};
    cr_dot_product d = {.m = m, .n = n, .k = k, .w_step = k, .x_step = k + 1, .y_step = m + 2};
    d.w = random_floats(&arena, seed, m * k + 1);
    d.x = random_floats(&arena, seed, n * d.x_step + 1);
    d.bias = random_floats(&arena, seed, m);
    float *one = random_floats(&arena, seed, n * d.y_step + 1),
          *three = random_floats(&arena, seed, n * d.y_step + 1);
    memcpy(three, one, (size_t)(n * d.y_step + 1) * sizeof *one);
    d.y = one;
    cr_dot(kernels, &d, NULL);
    d.y = three;
    cr_dot(kernels, &d, pool);
    ck_assert_int_eq(memcmp(one, three, (size_t)(n * d.y_step + 1) * sizeof *one), 0);
    for (int64_t j = 0; j < n; j++)
        for (int64_t i = 0; i < m; i++) {
            double sum = (double)d.bias[i];
            for (int64_t p = 0; p < k; p++)
                sum += (double)d.w[i * k + p] * (double)d.x[j * d.x_step + p];
            ck_assert(fabs(sum - (double)one[i + j * d.y_step]) < 1e-4);
        }
    cr_arena_free(&arena);
}

START_TEST(products_of_every_size)
{
    static const int64_t size[][3] = {{1, 1, 1},    {5, 1, 0},    {3, 0, 4},     {100, 1, 700},
                                      {33, 3, 129}, {17, 70, 40}, {9, 70, 2001}, {600, 6, 90}};
    unsigned seed = 1;
    cr_pool *pool;
    ck_assert_int_eq(cr_pool_create(&pool, 3, NULL), CREMA_OK);
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++)
        for (size_t i = 0; cr_cpu_runs((*k)->name) && i < sizeof size / sizeof *size; i++)
            check_dot(*k, size[i][0], size[i][1], size[i][2], pool, &seed);
    cr_pool_free(pool);
}
END_TEST

START_TEST(a_window_over_the_whole_image)
{
    unsigned seed = 2;
    const char *why;
    cr_window_spec s = {.kernel = {5, 6}, .stride = {3, 1}, .dilation = {1, 1}};
    for (int group = 1; group <= 4; group += 3) {
        geometry_case g;
        ck_assert(geometry_make(&g, &s, 2, (int64_t[]){5, 6}, 3, 12, 20, group));
        g.conv.window = &g.window;
        g.conv.kernels = cr_kernels_choose(NULL, &why);
        ck_assert_ptr_eq(cr_conv_choose(&g.conv, NULL, &why), &cr_conv_dot);
        const cr_conv *c = &g.conv;
        int64_t n = c->images * c->out_image_stride;
        cr_conv_buffers b = {.in = random_floats(&g.arena, &seed, c->images * c->in_image_stride)};
        b.weights = random_floats(&g.arena, &seed, 20 * 12 / group * 30);
        b.bias = random_floats(&g.arena, &seed, 20);
        float *expected = random_floats(&g.arena, &seed, n);
        b.out = random_floats(&g.arena, &seed, n);
        geometry_convolve(&g, b.in, b.weights, b.bias, expected);
        cr_conv_dot.run(c, &b);
        for (int64_t i = 0; i < n; i++)
            if (i % c->out_image_stride < 20)
                ck_assert(fabsf(b.out[i] - expected[i]) < 2e-5f);
        cr_arena_free(&g.arena);
    }
}
END_TEST

START_TEST(what_it_refuses)
{
    geometry_case g;
    cr_window_spec s = {.kernel = {3}, .stride = {1}, .dilation = {1}, .pad_before = {1}, .pad_after = {1}};
    ck_assert(geometry_make(&g, &s, 1, (int64_t[]){1}, 1, 2, 2, 1)); // one output, but it reads padding
    g.conv.window = &g.window;
    ck_assert_str_eq(cr_conv_dot.accepts(&g.conv), "a window is not the whole image");
    cr_arena_free(&g.arena);
}
END_TEST

TEST_MAIN("kernels/dot", dots_of_every_size_equal_the_definition, products_of_every_size,
          a_window_over_the_whole_image, what_it_refuses)
