/*
 * parallel.c - a pool of threads that take items from a shared counter.
 *
 * pthreadpool starts one worker per thread; each takes the next item until none is left. So a worker's number
 * is a valid slot, and uneven items balance.
 *
 * Between two calls workers sleep. Spinning would save the waking, but where the machine has other work, spinning
 * threads use up their turns, and the one with an item to do then waits for its next: that made two threads five
 * times slower than one.
 */
#include "base/parallel.h"
#include "base/mem.h"

#include <pthreadpool.h>
#include <sched.h>
#include <stdatomic.h>

struct cr_pool {
    pthreadpool_t threads;
    int n;
};

typedef struct work {
    cr_item_fn fn;
    void *ctx;
    int64_t n;
    _Atomic int64_t next;
} work;

static int cores(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    int n = CPU_COUNT(&set);
    return n > 0 ? n : 1;
}

cr_status cr_pool_create(cr_pool **pool, int threads, cr_err *err)
{
    *pool = NULL;
    if (threads < 0 || threads > 1024)
        return cr_fail(err, CREMA_ERR_USAGE, NULL,
                       "%d threads were asked for; 0 (one per core) to 1024 make sense", threads);
    if (threads == 0)
        threads = cores();
    if (threads == 1)
        return CREMA_OK;
    cr_pool *made = cr_alloc_zero(sizeof *made);
    if (!made)
        return cr_no_memory(err);
    made->n = threads;
    made->threads = pthreadpool_create((size_t)threads);
    if (!made->threads) {
        cr_free(made);
        return cr_fail(err, CREMA_ERR_IO, NULL, "the system gave no %d threads", threads);
    }
    *pool = made;
    return CREMA_OK;
}

void cr_pool_free(cr_pool *pool)
{
    if (!pool)
        return;
    pthreadpool_destroy(pool->threads);
    cr_free(pool);
}

int cr_pool_threads(const cr_pool *pool)
{
    return pool ? pool->n : 1;
}

static void worker(void *arg, size_t slot)
{
    work *w = arg;
    for (;;) {
        int64_t item = atomic_fetch_add_explicit(&w->next, 1, memory_order_relaxed);
        if (item >= w->n)
            return;
        w->fn(w->ctx, item, (int)slot);
    }
}

void cr_parallel(cr_pool *pool, int64_t n, cr_item_fn fn, void *ctx)
{
    if (!pool || n <= 1) {
        for (int64_t i = 0; i < n; i++)
            fn(ctx, i, 0);
        return;
    }
    work w = {.fn = fn, .ctx = ctx, .n = n};
    size_t workers = n < pool->n ? (size_t)n : (size_t)pool->n;
    pthreadpool_parallelize_1d(pool->threads, worker, &w, workers, PTHREADPOOL_FLAG_YIELD_WORKERS);
}
