/*
 * parallel.h - threads.
 *
 * Work is cut into n items by the caller, at borders that do not depend on the number of threads, and each
 * item is computed by one thread in one order: so the same bits come out for any number of threads. Items are
 * handed out dynamically. `slot` is the same for no two items that run at the same time: it picks the thread's
 * part of a scratch buffer. It is less than the number of threads, and less than n.
 *
 * One thread at a time calls with a pool. A call from inside an item of the same pool runs its items one by one, all
 * with slot 0, which another thread may have in the outer call: they must not use scratch that goes by slots.
 */
#ifndef CR_BASE_PARALLEL_H
#define CR_BASE_PARALLEL_H

#include "base/err.h"
#include <stdint.h>

typedef struct cr_pool cr_pool;
typedef void (*cr_item_fn)(void *ctx, int64_t item, int slot);

// threads 0: one per core that the process may use. *pool is NULL for one thread, which is a valid pool.
cr_status cr_pool_create(cr_pool **pool, int threads, cr_err *err);
void cr_pool_free(cr_pool *pool);
int cr_pool_threads(const cr_pool *pool); // 1 for NULL

// Runs fn for items 0 .. n-1; returns when all are done. Never allocates.
void cr_parallel(cr_pool *pool, int64_t n, cr_item_fn fn, void *ctx);

// How many of n like pieces of work, of about piece_ns on one thread each, make an item: all of them (at least 1)
// where waking another thread would take longer than it saves, else as many as are worth handing out.
int64_t cr_parallel_grain(int64_t n, double piece_ns);

#endif
