#include "base/mem.h"
#include "kernels/blas.h"
#include "tests/test.h"

#include <math.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

// Numbers that floats hold exactly, so that sums of a few thousand products are exact in any order.
static float *small_integers(int64_t n, unsigned seed)
{
    float *v = malloc((size_t)n * sizeof *v);
    for (int64_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        v[i] = (float)((int)(seed >> 24) % 7 - 3);
    }
    return v;
}

static float *noise(int64_t n, unsigned seed)
{
    float *v = malloc((size_t)n * sizeof *v);
    for (int64_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        v[i] = (float)(seed >> 8) / (float)(1 << 24) - 0.5f;
    }
    return v;
}

static float at(const float *x, bool trans, int64_t ld, int64_t row, int64_t column)
{
    return trans ? x[column * ld + row] : x[row * ld + column];
}

// One product against three loops, all bits; `gap` makes the strides longer than the rows.
static void expect_product(int64_t m, int64_t n, int64_t k, int trans, int64_t gap, float alpha, float beta)
{
    cr_gemm g = {
        .trans_a = trans & 1, .trans_b = trans & 2, .m = m, .n = n, .k = k, .alpha = alpha, .beta = beta};
    g.lda = (g.trans_a ? m : k) + gap;
    g.ldb = (g.trans_b ? k : n) + gap;
    g.ldc = n + gap;
    float *a = small_integers((g.trans_a ? k : m) * g.lda, 1),
          *b = small_integers((g.trans_b ? n : k) * g.ldb, 2);
    float *c = small_integers(m * g.ldc, 3), *want = small_integers(m * g.ldc, 3);
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < n; j++) {
            float sum = 0;
            for (int64_t p = 0; p < k; p++)
                sum += at(a, g.trans_a, g.lda, i, p) * at(b, g.trans_b, g.ldb, p, j);
            want[i * g.ldc + j] = alpha * sum + (beta == 0 ? 0 : beta * want[i * g.ldc + j]);
            if (beta == 0)
                c[i * g.ldc + j] = NAN; // must not count
        }
    }
    g.a = a;
    g.b = b;
    g.c = c;
    cr_sgemm(&g, NULL);
    for (int64_t i = 0; i < m * g.ldc; i++)
        ck_assert_msg(c[i] == want[i], "%dx%dx%d trans %d gap %d: c[%d] is %g, not %g", (int)m, (int)n,
                      (int)k, trans, (int)gap, (int)i, (double)c[i], (double)want[i]);
    free(a);
    free(b);
    free(c);
    free(want);
}

START_TEST(products_are_right_for_every_transposition)
{
    static const int64_t shape[][3] = {{1, 1, 1},   {2, 3, 4},  {17, 33, 9},  {5, 1, 7},   {1, 5, 7},
                                       {64, 70, 3}, {1, 40, 1}, {40, 1, 300}, {1, 2, 900}, {3, 1030, 40}};
    for (size_t i = 0; i < sizeof shape / sizeof *shape; i++)
        for (int trans = 0; trans < 4; trans++)
            for (int gap = 0; gap < 4; gap += 3) {
                expect_product(shape[i][0], shape[i][1], shape[i][2], trans, gap, 1, 0);
                expect_product(shape[i][0], shape[i][1], shape[i][2], trans, gap, 2, 1);
                expect_product(shape[i][0], shape[i][1], shape[i][2], trans, gap, -1, 0.5f);
            }
}
END_TEST

START_TEST(products_that_are_cut_are_right)
{
    for (int trans = 0; trans < 4; trans++) {
        expect_product(19, 1100, 130, trans, 1, 1, 1); // cut along n
        expect_product(1027, 23, 97, trans, 0, 1, 0);  // along m
        expect_product(1001, 1, 700, trans, 1, 1, 1);  // matrix times vector
        expect_product(1, 1001, 700, trans, 0, 1, 0);
        expect_product(5, 1030, 700, trans, 2, 1, 1); // few rows: a vector at a time
    }
}
END_TEST

START_TEST(an_empty_sum_leaves_beta_times_c)
{
    for (int64_t m = 1; m < 3; m++) {
        float c[4] = {1, 2, NAN, 4};
        cr_gemm g = {.m = m, .n = 2, .lda = 1, .ldb = 2, .ldc = 2, .c = c, .alpha = 1, .beta = 3};
        cr_sgemm(&g, NULL);
        ck_assert(c[0] == 3 && c[1] == 6);
        c[2] = NAN;
        g.beta = 0;
        cr_sgemm(&g, NULL);
        ck_assert(c[0] == 0 && c[1] == 0 && (m == 2 ? c[2] == 0 : isnan(c[2])));
    }
}
END_TEST

START_TEST(an_empty_result_touches_nothing)
{
    float c = 5;
    cr_gemm g = {.m = 0, .n = 3, .k = 2, .lda = 2, .ldb = 3, .ldc = 3, .c = &c, .alpha = 1};
    cr_sgemm(&g, NULL);
    g.m = 3;
    g.n = 0;
    cr_sgemm(&g, NULL);
    ck_assert(c == 5);
}
END_TEST

START_TEST(the_bits_do_not_depend_on_the_number_of_threads)
{
    static const int64_t shape[][3] = {{64, 3136, 76},  {512, 49, 408},  {256, 196, 304},
                                       {1000, 1, 1024}, {1, 1000, 1024}, {4, 1000, 512}};
    cr_pool *pool[2] = {0};
    ck_assert_int_eq(cr_pool_create(&pool[0], 2, NULL), CREMA_OK);
    ck_assert_int_eq(cr_pool_create(&pool[1], 3, NULL), CREMA_OK);
    for (size_t i = 0; i < sizeof shape / sizeof *shape; i++) {
        cr_gemm g = {.m = shape[i][0], .n = shape[i][1], .k = shape[i][2], .alpha = 1};
        g.lda = g.k;
        g.ldb = g.ldc = g.n;
        float *a = noise(g.m * g.k, 1), *b = noise(g.k * g.n, 2), *c[3];
        g.a = a;
        g.b = b;
        for (int t = 0; t < 3; t++) {
            c[t] = malloc((size_t)(g.m * g.n) * sizeof(float));
            g.c = c[t];
            cr_sgemm(&g, t ? pool[t - 1] : NULL);
            ck_assert_int_eq(memcmp(c[0], c[t], (size_t)(g.m * g.n) * sizeof(float)), 0);
        }
        for (int t = 0; t < 3; t++)
            free(c[t]);
        free(a);
        free(b);
    }
    cr_pool_free(pool[0]);
    cr_pool_free(pool[1]);
}
END_TEST

// Small enough for many calls a second, large enough for the library's shared buffers.
enum { CALLS = 1500, SIDE = 112 };
typedef struct caller {
    const float *a, *b, *want;
    int wrong;
} caller;

static void *call_often(void *arg)
{
    caller *x = arg;
    float *c = malloc(SIDE * SIDE * sizeof *c);
    for (int i = 0; i < CALLS; i++) {
        cr_gemm g = {.m = SIDE, .n = SIDE, .k = SIDE, .lda = SIDE, .ldb = SIDE, .ldc = SIDE, .alpha = 1};
        g.a = x->a;
        g.b = x->b;
        g.c = c;
        if (i % 3 == 0)
            g.n = 1;
        memset(c, 0, SIDE * SIDE * sizeof *c);
        cr_sgemm(&g, NULL);
        for (int64_t row = 0; row < SIDE; row++)
            x->wrong += memcmp(&c[row * SIDE], &x->want[row * SIDE], (size_t)g.n * sizeof *c) != 0;
    }
    free(c);
    return NULL;
}

START_TEST(several_threads_may_call_at_once)
{
    float *a = small_integers(SIDE * SIDE, 1), *b = small_integers(SIDE * SIDE, 2);
    float *want = malloc(SIDE * SIDE * sizeof *want);
    cr_gemm g = {
        .m = SIDE, .n = SIDE, .k = SIDE, .lda = SIDE, .ldb = SIDE, .ldc = SIDE, .alpha = 1, .a = a, .b = b};
    g.c = want;
    cr_sgemm(&g, NULL);
    caller x[3];
    pthread_t thread[3];
    for (int i = 0; i < 3; i++) {
        x[i] = (caller){.a = a, .b = b, .want = want};
        ck_assert_int_eq(pthread_create(&thread[i], NULL, call_often, &x[i]), 0);
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(thread[i], NULL);
        ck_assert_int_eq(x[i].wrong, 0);
    }
    free(a);
    free(b);
    free(want);
}
END_TEST

START_TEST(strides_over_32_bits_work)
{
    int64_t ld = ((int64_t)1 << 31) + 5;
    size_t bytes = (size_t)(ld + 8) * sizeof(float);
    float *a = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (a == MAP_FAILED)
        return; // a machine that does not give the addresses
    a[0] = 1;
    a[1] = 2;
    a[ld] = 3;
    a[ld + 1] = 4;
    float b[2] = {10, 1}, c[4] = {0};
    cr_gemm g = {.m = 2, .n = 1, .k = 2, .lda = ld, .ldb = 1, .ldc = 1, .a = a, .b = b, .c = c, .alpha = 1};
    cr_sgemm(&g, NULL);
    ck_assert(c[0] == 12 && c[1] == 34);
    munmap(a, bytes);
}
END_TEST

START_TEST(warming_up_reaches_every_thread)
{
    cr_pool *pool = NULL;
    ck_assert_int_eq(cr_blas_warm_up(NULL, NULL), CREMA_OK);
    ck_assert_int_eq(cr_pool_create(&pool, 4, NULL), CREMA_OK);
    ck_assert_int_eq(cr_blas_warm_up(pool, NULL), CREMA_OK);
    cr_pool_free(pool);
}
END_TEST

TEST_MAIN("kernels/blas", products_are_right_for_every_transposition, products_that_are_cut_are_right,
          an_empty_sum_leaves_beta_times_c, an_empty_result_touches_nothing,
          the_bits_do_not_depend_on_the_number_of_threads, several_threads_may_call_at_once,
          strides_over_32_bits_work, warming_up_reaches_every_thread)
