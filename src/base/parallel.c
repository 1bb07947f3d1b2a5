/*
 * parallel.c - a pool of threads that take items from a shared counter.
 *
 *     caller:  write the call, open it --- take items --- close it --- wait for who is still at an item
 *     worker:  spin, then sleep ... join an open call --- take items --- leave
 *
 * Joining is one compare-and-swap on the pool's state word, which says how many may still join and how many are at
 * work. So nobody waits for a thread that did not come: a worker that the system lets wait, because the machine has
 * other work, misses the call, and the others do its items. A caller waits for items only that somebody has begun.
 *
 * Between two calls a worker spins for a time that is shorter than most gaps between the layers of a net, then
 * sleeps. Sleeping at once costs a small net a tenth of its time on two threads; spinning on would take the turns
 * of threads that have something to do. Both ends wait that way. pthreadpool, which stood here, can spin a million
 * times or not at all, has the caller wait for every worker to have woken, and does not see that a thread could not
 * be started.
 *
 * After fork() the child has the pool but none of its threads: calls then run on the caller alone.
 */
#include "base/parallel.h"
#include "base/mem.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// A caller on its own loses less than it would by waking a thread that sleeps, which takes about 5 us.
#define ALONE_NS 10000.0
#define ITEM_NS 3000.0

enum {
    MAX_THREADS = 1024,
    SPIN_NS = 50000,
    PAUSES = 16, // between two looks at the clock
    LINE = 64
};

// The state word: number of the call << 32 | how many may still join << 16 | how many of them are at work.
#define NUMBER_SHIFT 32
#define ROOM_SHIFT 16
#define ROOM_MASK ((uint64_t)0xffff << ROOM_SHIFT)

struct cr_pool {
    _Alignas(LINE) _Atomic uint64_t state;
    _Alignas(LINE) _Atomic int64_t next; // item
    // Of the call; written while nobody can join, read by those who have joined.
    _Alignas(LINE) cr_item_fn fn;
    void *ctx;
    int64_t n_items;
    atomic_bool busy; // a call runs
    // For those who sleep.
    _Alignas(LINE) pthread_mutex_t lock;
    pthread_cond_t wake, done;
    _Atomic int sleepers; // workers
    atomic_bool caller_sleeps, stop;
    int n, n_started; // n - 1 when all are there
    pid_t pid;
    pthread_t worker[];
};

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static uint64_t room(uint64_t state)
{
    return (state & ROOM_MASK) >> ROOM_SHIFT;
}

static uint64_t at_work(uint64_t state)
{
    return state & 0xffff;
}

/* ---- what a worker does ---- */

static bool may_join(cr_pool *p, uint32_t seen)
{
    uint64_t s = atomic_load(&p->state);
    return room(s) > 0 && (uint32_t)(s >> NUMBER_SHIFT) != seen;
}

// The worker's slot in the call that it has joined; 0: there is none to join. Each joins a call once.
static int join(cr_pool *p, uint32_t *seen)
{
    uint64_t s = atomic_load(&p->state);
    while (room(s) > 0 && (uint32_t)(s >> NUMBER_SHIFT) != *seen)
        if (atomic_compare_exchange_weak(&p->state, &s, s - ((uint64_t)1 << ROOM_SHIFT) + 1)) {
            *seen = (uint32_t)(s >> NUMBER_SHIFT);
            return (int)room(s);
        }
    return 0;
}

static void leave(cr_pool *p)
{
    uint64_t before = atomic_fetch_sub(&p->state, 1);
    if (at_work(before) > 1 || !atomic_load(&p->caller_sleeps))
        return;
    pthread_mutex_lock(&p->lock);
    pthread_cond_signal(&p->done);
    pthread_mutex_unlock(&p->lock);
}

static void take_items(cr_pool *p, int slot)
{
    for (;;) {
        int64_t item = atomic_fetch_add_explicit(&p->next, 1, memory_order_relaxed);
        if (item >= p->n_items)
            return;
        p->fn(p->ctx, item, slot);
    }
}

static void spin_for_call(cr_pool *p, uint32_t seen)
{
    int64_t until = now_ns() + SPIN_NS;
    do
        for (int i = 0; i < PAUSES; i++) {
            if (may_join(p, seen) || atomic_load_explicit(&p->stop, memory_order_relaxed))
                return;
            relax();
        }
    while (now_ns() < until);
}

static void sleep_for_call(cr_pool *p, uint32_t seen)
{
    pthread_mutex_lock(&p->lock);
    atomic_fetch_add(&p->sleepers, 1);
    while (!may_join(p, seen) && !atomic_load(&p->stop))
        pthread_cond_wait(&p->wake, &p->lock);
    atomic_fetch_sub(&p->sleepers, 1);
    pthread_mutex_unlock(&p->lock);
}

static void *work(void *pool)
{
    cr_pool *p = pool;
    uint32_t seen = 0;
    while (!atomic_load(&p->stop)) {
        int slot = join(p, &seen);
        if (slot > 0) {
            take_items(p, slot);
            leave(p);
            spin_for_call(p, seen);
        } else {
            sleep_for_call(p, seen);
        }
    }
    return NULL;
}

/* ---- what the caller does ---- */

// Those who spin see the call; so many of those who sleep are woken as there is room for.
static void wake_workers(cr_pool *p, int wanted)
{
    int sleepers = atomic_load(&p->sleepers);
    int n = wanted - (p->n_started - sleepers);
    if (sleepers == 0 || n <= 0 || getpid() != p->pid)
        return;
    pthread_mutex_lock(&p->lock);
    pthread_mutex_unlock(&p->lock);
    if (n >= sleepers)
        pthread_cond_broadcast(&p->wake);
    else
        for (int i = 0; i < n; i++)
            pthread_cond_signal(&p->wake);
}

static void wait_for_workers(cr_pool *p)
{
    int64_t until = 0;
    for (;;) {
        for (int i = 0; i < PAUSES; i++) {
            if (at_work(atomic_load(&p->state)) == 0)
                return;
            relax();
        }
        int64_t now = now_ns();
        if (until == 0)
            until = now + SPIN_NS;
        else if (now >= until)
            break;
    }
    pthread_mutex_lock(&p->lock);
    atomic_store(&p->caller_sleeps, true);
    while (at_work(atomic_load(&p->state)) > 0)
        pthread_cond_wait(&p->done, &p->lock);
    atomic_store(&p->caller_sleeps, false);
    pthread_mutex_unlock(&p->lock);
}

void cr_parallel(cr_pool *pool, int64_t n, cr_item_fn fn, void *ctx)
{
    if (!pool || n <= 1 || atomic_exchange(&pool->busy, true)) {
        for (int64_t i = 0; i < n; i++)
            fn(ctx, i, 0);
        return;
    }
    pool->fn = fn;
    pool->ctx = ctx;
    pool->n_items = n;
    atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
    int more = n - 1 < pool->n_started ? (int)(n - 1) : pool->n_started;
    uint64_t number = (atomic_load(&pool->state) >> NUMBER_SHIFT) + 1;
    atomic_store(&pool->state, number << NUMBER_SHIFT | (uint64_t)more << ROOM_SHIFT);
    wake_workers(pool, more);
    take_items(pool, 0);
    atomic_fetch_and(&pool->state, ~ROOM_MASK);
    wait_for_workers(pool);
    atomic_store(&pool->busy, false);
}

/* ---- making and freeing ---- */

static int cores(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    int n = CPU_COUNT(&set);
    return n > 0 ? n : 1;
}

// Signals are for the program's own threads.
static bool start_workers(cr_pool *p)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (p->n_started < p->n - 1 && pthread_create(&p->worker[p->n_started], NULL, work, p) == 0)
        p->n_started++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return p->n_started == p->n - 1;
}

cr_status cr_pool_create(cr_pool **pool, int threads, cr_err *err)
{
    *pool = NULL;
    if (threads < 0 || threads > MAX_THREADS)
        return cr_fail(err, CREMA_ERR_USAGE, NULL,
                       "%d threads were asked for; 0 (one per core) to 1024 make sense", threads);
    if (threads == 0)
        threads = cores();
    if (threads == 1)
        return CREMA_OK;
    size_t bytes = sizeof(cr_pool) + (size_t)threads * sizeof(pthread_t);
    cr_pool *made = cr_alloc_aligned(bytes, LINE);
    if (!made)
        return cr_no_memory(err);
    memset(made, 0, bytes);
    made->n = threads;
    made->pid = getpid();
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->wake, NULL);
    pthread_cond_init(&made->done, NULL);
    if (!start_workers(made)) {
        int had = made->n_started + 1;
        cr_pool_free(made);
        return cr_fail(err, CREMA_ERR_IO, NULL, "the system gave %d of %d threads", had, threads);
    }
    *pool = made;
    return CREMA_OK;
}

void cr_pool_free(cr_pool *pool)
{
    if (!pool)
        return;
    if (getpid() == pool->pid) {
        pthread_mutex_lock(&pool->lock);
        atomic_store(&pool->stop, true);
        pthread_cond_broadcast(&pool->wake);
        pthread_mutex_unlock(&pool->lock);
        for (int i = 0; i < pool->n_started; i++)
            pthread_join(pool->worker[i], NULL);
        pthread_cond_destroy(&pool->done);
        pthread_cond_destroy(&pool->wake);
        pthread_mutex_destroy(&pool->lock);
    }
    cr_free(pool);
}

int cr_pool_threads(const cr_pool *pool)
{
    return pool ? pool->n : 1;
}

int64_t cr_parallel_grain(int64_t n, double piece_ns)
{
    double grain = (double)n * piece_ns < ALONE_NS ? (double)n : ITEM_NS / piece_ns;
    return grain < 1 ? 1 : grain < (double)n ? (int64_t)grain : n;
}
