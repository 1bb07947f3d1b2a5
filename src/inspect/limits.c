/*
 * limits.c - the machine's limits: the loops of kernels/isa/probe.c under a clock.
 *
 * Each loop is cut into pieces that all threads work off together; what counts is the work of all by the time until
 * the last has ended, in the best of a few tries: a limit is asked for, not what was usual. Buffers are so large that
 * no cache holds them, and are written before, so that their pages exist.
 *
 *     multiply-adds   PIECES pieces of about half a millisecond for each thread
 *     reading         one pass over BUFFER bytes
 *     copying         from one half of them to the other; what is read and what is written both count
 */
#include "inspect/limits.h"

#include "base/mem.h"
#include "base/parallel.h"
#include "kernels/probe.h"

#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { TRIES = 5, PIECES = 4, TURNS = 50000, PIECE_BYTES = 1 << 20 };
static const size_t buffer_bytes = (size_t)256 << 20;

typedef struct probing {
    const cr_probe_kernels *probe;
    cr_pool *pool;
    float *buffer;
    int64_t n_pieces; // of what is being measured
    double operations;
} probing;

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void multiply_add(void *ctx, int64_t item, int slot)
{
    (void)slot;
    probing *p = ctx;
    float result;
    double operations = p->probe->multiply_add(TURNS, &result);
    if (item == 0)
        p->operations = operations * (double)p->n_pieces;
}

static float *piece(const probing *p, int64_t item)
{
    return p->buffer + item * (PIECE_BYTES / (int64_t)sizeof(float));
}

static void read_piece(void *ctx, int64_t item, int slot)
{
    (void)slot;
    const probing *p = ctx;
    p->probe->add_up(piece(p, item), PIECE_BYTES / sizeof(float));
}

static void copy_piece(void *ctx, int64_t item, int slot)
{
    (void)slot;
    const probing *p = ctx;
    p->probe->copy(piece(p, item), PIECE_BYTES / sizeof(float), piece(p, item + p->n_pieces));
}

static void touch_piece(void *ctx, int64_t item, int slot)
{
    (void)slot;
    memset(piece(ctx, item), 1, PIECE_BYTES);
}

static double best_ns(probing *p, int64_t n_pieces, cr_item_fn fn)
{
    double best = 0;
    p->n_pieces = n_pieces;
    for (int i = 0; i < TRIES; i++) {
        double start = now_ns();
        cr_parallel(p->pool, n_pieces, fn, p);
        double ns = now_ns() - start;
        best = i == 0 || ns < best ? ns : best;
    }
    return best;
}

cr_status cr_limits_measure(const cr_kernels *kernels, int threads, crema_limits *out, cr_err *err)
{
    probing p = {.probe = kernels->probe};
    cr_status status = cr_pool_create(&p.pool, threads, err);
    if (status != CREMA_OK)
        return status;
    p.buffer = cr_alloc_aligned(buffer_bytes, (size_t)2 << 20);
    if (!p.buffer) {
        cr_pool_free(p.pool);
        return cr_no_memory(err);
    }
    int64_t n_pieces = (int64_t)(buffer_bytes / PIECE_BYTES);
    madvise(p.buffer, buffer_bytes, MADV_HUGEPAGE); // may refuse
    cr_parallel(p.pool, n_pieces, touch_piece, &p);
    *out = (crema_limits){.threads = cr_pool_threads(p.pool), .isa = kernels->name};
    double ns = best_ns(&p, (int64_t)PIECES * out->threads, multiply_add);
    out->gflops = p.operations / ns;
    out->read_gbs = (double)buffer_bytes / best_ns(&p, n_pieces, read_piece);
    out->copy_gbs = (double)buffer_bytes / best_ns(&p, n_pieces / 2, copy_piece);
    cr_free(p.buffer);
    cr_pool_free(p.pool);
    return CREMA_OK;
}
