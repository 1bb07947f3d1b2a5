/*
 * blas.c - matrix products over OpenBLAS.
 *
 * A product is cut along the longer side of C. Every cut makes OpenBLAS pack the other operand once more, so
 * blocks are long: a cut product on one thread costs 1-3% more than an uncut one. The number of blocks is a
 * power of two, which two or four threads share evenly. The blocks are the same on one thread, so that the
 * bits are, too. Nothing is cut along k.
 *
 * OpenBLAS comes in variants with one interface, and the one that is loaded may not be the one that was linked:
 *
 *   sequential  as Debian builds it (without USE_LOCKING) it hands two threads the same packing buffer when
 *               they call at once, and both get wrong numbers. So calls take turns under a lock. The lock
 *               belongs to the process because OpenBLAS's table of buffers does: the one exception to "no
 *               mutable data at file scope".
 *   OpenMP      safe from several threads, and serial where the calling thread has set its number of OpenMP
 *               threads to 1: a setting of the thread alone, which is put back after the call.
 *   pthreads    safe; serial only if the process says so (openblas_set_num_threads), which is not ours to say.
 *
 * OpenBLAS counts in 32 bits: longer sides are cut, a longer k is summed in parts, and longer strides take a
 * plain loop.
 */
#include "kernels/blas.h"
#include "base/mem.h"

#include <cblas.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum {
    SEQUENTIAL = 0, // what openblas_get_parallel() says
    OPENMP = 2,
    ALIGN = 16, // columns; the micro kernels' widest tile
    MAX_BLOCKS = 16,
    MIN_BLOCK_ROWS = 256,
    MIN_BLOCK_COLUMNS = 512,
    MIN_BLOCK_MACS = 1 << 20,
    MIN_BLOCK_MACS_GEMV = 1 << 17,
    FEW_ROWS = 8,
    MIN_FEW_ROWS_MACS = 1 << 20,
    LONGEST = 1 << 30
};

// Of the OpenMP runtime that an OpenMP variant brings along; NULL with the others.
extern int omp_get_max_threads(void) __attribute__((weak));
extern void omp_set_num_threads(int n) __attribute__((weak));

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

// Makes OpenBLAS safe and serial for this thread until leave(), which wants what enter() returned.
static int enter(void)
{
    int variant = openblas_get_parallel();
    if (variant == SEQUENTIAL)
        pthread_mutex_lock(&turn);
    if (variant != OPENMP || !omp_get_max_threads || !omp_set_num_threads)
        return 1;
    int threads = omp_get_max_threads();
    if (threads != 1)
        omp_set_num_threads(1);
    return threads;
}

static void leave(int threads)
{
    if (openblas_get_parallel() == SEQUENTIAL)
        pthread_mutex_unlock(&turn);
    if (threads != 1)
        omp_set_num_threads(threads);
}

// A stride as OpenBLAS wants it: at least one row, which a matrix of a single row need not have.
static int stride(int64_t ld, int64_t columns)
{
    return (int)(ld > columns ? ld : columns);
}

static void gemv(const cr_gemm *g)
{
    bool matrix_is_a = g->n == 1;
    bool stored_as_is = matrix_is_a ? !g->trans_a : g->trans_b;
    int64_t length = matrix_is_a ? g->m : g->n;
    int64_t rows = stored_as_is ? length : g->k, columns = stored_as_is ? g->k : length;
    int64_t y_step = matrix_is_a ? g->ldc : 1;
    int64_t x_step = matrix_is_a ? (g->trans_b ? 1 : g->ldb) : (g->trans_a ? g->lda : 1);
    // gemv implementations differ in whether 0 * NaN counts: it does not here.
    if (g->beta == 0)
        for (int64_t i = 0; i < length; i++)
            g->c[i * y_step] = 0;
    cblas_sgemv(CblasRowMajor, stored_as_is ? CblasNoTrans : CblasTrans, (int)rows, (int)columns, g->alpha,
                matrix_is_a ? g->a : g->b, stride(matrix_is_a ? g->lda : g->ldb, columns),
                matrix_is_a ? g->b : g->a, (int)x_step, g->beta, g->c, (int)y_step);
}

static void gemm(const cr_gemm *g)
{
    cblas_sgemm(CblasRowMajor, g->trans_a ? CblasTrans : CblasNoTrans, g->trans_b ? CblasTrans : CblasNoTrans,
                (int)g->m, (int)g->n, (int)g->k, g->alpha, g->a, stride(g->lda, g->trans_a ? g->m : g->k),
                g->b, stride(g->ldb, g->trans_b ? g->k : g->n), g->beta, g->c, stride(g->ldc, g->n));
}

static void plain(const cr_gemm *g)
{
    int64_t a_row = g->trans_a ? 1 : g->lda, a_column = g->trans_a ? g->lda : 1;
    int64_t b_row = g->trans_b ? 1 : g->ldb, b_column = g->trans_b ? g->ldb : 1;
    for (int64_t i = 0; i < g->m; i++) {
        for (int64_t j = 0; j < g->n; j++) {
            float sum = 0;
            for (int64_t p = 0; p < g->k; p++)
                sum += g->a[i * a_row + p * a_column] * g->b[p * b_row + j * b_column];
            float *c = &g->c[i * g->ldc + j];
            *c = g->alpha * sum + (g->beta == 0 ? 0 : g->beta * *c);
        }
    }
}

// gemm packs B, which costs more than the sums where A has few rows; gemv reads it as it is, but once per row.
// MIN_FEW_ROWS_MACS: under it gemm does not pack either. Measured: half the time at 6 rows, the same at 12.
static bool few_rows(const cr_gemm *g)
{
    return g->trans_b && g->m <= FEW_ROWS && (double)g->m * (double)g->n * (double)g->k > MIN_FEW_ROWS_MACS;
}

static void gemv_per_row(const cr_gemm *g)
{
    cr_gemm row = *g;
    row.m = 1;
    for (int64_t i = 0; i < g->m; i++) {
        row.a = g->a + i * (g->trans_a ? 1 : g->lda);
        row.c = g->c + i * g->ldc;
        gemv(&row);
    }
}

// One block. Its sides are at most LONGEST.
static void product(const cr_gemm *whole)
{
    cr_gemm g = *whole;
    bool wide = g.lda > INT_MAX || g.ldb > INT_MAX || g.ldc > INT_MAX;
    if (g.k == 0 || wide) { // gemv ignores beta when k is 0
        plain(&g);
        return;
    }
    int threads = enter();
    for (int64_t p = 0; p < whole->k; p += LONGEST) {
        g.k = whole->k - p < LONGEST ? whole->k - p : LONGEST;
        g.a = whole->a + p * (g.trans_a ? g.lda : 1);
        g.b = whole->b + p * (g.trans_b ? 1 : g.ldb);
        if (g.n == 1 || g.m == 1)
            gemv(&g);
        else if (few_rows(&g))
            gemv_per_row(&g);
        else
            gemm(&g);
        g.beta = 1;
    }
    leave(threads);
}

typedef struct cut {
    const cr_gemm *gemm;
    bool columns; // along n; else along m
    int64_t length;
} cut;

static void cut_item(void *ctx, int64_t item, int slot)
{
    (void)slot;
    const cut *x = ctx;
    cr_gemm g = *x->gemm;
    int64_t first = item * x->length;
    if (x->columns) {
        g.n = g.n - first < x->length ? g.n - first : x->length;
        g.b += first * (g.trans_b ? g.ldb : 1);
        g.c += first;
    } else {
        g.m = g.m - first < x->length ? g.m - first : x->length;
        g.a += first * (g.trans_a ? 1 : g.lda);
        g.c += first * g.ldc;
    }
    product(&g);
}

// How many rows or columns a block has: as many as all, unless the blocks stay large.
static int64_t block_length(const cr_gemm *g, bool columns)
{
    bool gemv_shape = g->m == 1 || g->n == 1;
    int64_t side = columns ? g->n : g->m;
    double macs = (double)g->m * (double)g->n * (double)g->k;
    double by_macs = macs / (gemv_shape ? MIN_BLOCK_MACS_GEMV : MIN_BLOCK_MACS);
    int64_t least = gemv_shape ? ALIGN : columns ? MIN_BLOCK_COLUMNS : MIN_BLOCK_ROWS;
    // A side that is too short for many blocks makes two: they cost little, and two threads are common.
    int64_t by_side = side >= least ? side / least : 1;
    if (by_side < 2 && side >= MIN_BLOCK_ROWS / 2)
        by_side = 2;
    int64_t blocks = 1;
    while (blocks < MAX_BLOCKS && 2 * blocks <= by_side && (double)(2 * blocks) <= by_macs)
        blocks *= 2;
    int64_t length = (side + blocks - 1) / blocks;
    length = (length + ALIGN - 1) / ALIGN * ALIGN;
    return length < LONGEST ? length : LONGEST;
}

void cr_sgemm(const cr_gemm *gemm, cr_pool *pool)
{
    if (gemm->m == 0 || gemm->n == 0)
        return;
    // The shorter side is not cut: no memory holds a C of which both sides are over LONGEST.
    cut x = {.gemm = gemm, .columns = gemm->n >= gemm->m};
    int64_t side = x.columns ? gemm->n : gemm->m;
    x.length = block_length(gemm, x.columns);
    // Blocks that take turns gain nothing from threads.
    cr_pool *threads = openblas_get_parallel() == SEQUENTIAL ? NULL : pool;
    cr_parallel(threads, (side + x.length - 1) / x.length, cut_item, &x);
}

enum { WARM = 128 }; // large enough for OpenBLAS's buffered path

typedef struct warming {
    float *data; // the operands, and a result per thread
    int threads;
    atomic_int arrived;
} warming;

static void warm_item(void *ctx, int64_t item, int slot)
{
    (void)slot;
    warming *w = ctx;
    // Every thread takes one item, and all compute at once.
    atomic_fetch_add(&w->arrived, 1);
    while (atomic_load(&w->arrived) < w->threads)
        sched_yield();
    int64_t n = WARM * WARM;
    cr_gemm g = {.m = WARM, .n = WARM, .k = WARM, .lda = WARM, .ldb = WARM, .ldc = WARM, .alpha = 1};
    g.a = g.b = w->data;
    g.c = w->data + (1 + item) * n;
    product(&g);
}

cr_status cr_blas_warm_up(cr_pool *pool, cr_err *err)
{
    warming w = {.threads = cr_pool_threads(pool)};
    size_t bytes;
    if (!cr_size_mul((size_t)w.threads + 1, WARM * WARM * sizeof(float), &bytes))
        return cr_no_memory(err);
    w.data = cr_alloc_zero(bytes);
    if (!w.data)
        return cr_no_memory(err);
    cr_parallel(pool, w.threads, warm_item, &w);
    cr_free(w.data);
    return CREMA_OK;
}
