#include "base/parallel.h"
#include "tests/test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_ITEMS = 4096, MAX_SLOTS = 64 };

// What a call may do wrong: leave an item out, do one twice, hand a slot to two at once, or one out of range.
typedef struct record {
    _Atomic int times[MAX_ITEMS];
    atomic_bool taken[MAX_SLOTS];
    _Atomic int clashes, wrong_slots;
    int slots;
    int64_t pauses; // of each item, at most
} record;

static void note(void *ctx, int64_t item, int slot)
{
    record *r = ctx;
    if (slot < 0 || slot >= r->slots) {
        atomic_fetch_add(&r->wrong_slots, 1);
        return;
    }
    if (atomic_exchange(&r->taken[slot], true))
        atomic_fetch_add(&r->clashes, 1);
    atomic_fetch_add_explicit(&r->times[item], 1, memory_order_relaxed);
    for (volatile int64_t i = 0; i < (r->pauses ? item * 7 % r->pauses : 0); i++)
        ;
    atomic_store(&r->taken[slot], false);
}

static void call(cr_pool *pool, record *r, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        atomic_store_explicit(&r->times[i], 0, memory_order_relaxed);
    int threads = cr_pool_threads(pool);
    r->slots = n < threads ? (int)n : threads;
    cr_parallel(pool, n, note, r);
    for (int64_t i = 0; i < n; i++)
        ck_assert_int_eq(r->times[i], 1);
    ck_assert_int_eq(r->clashes, 0);
    ck_assert_int_eq(r->wrong_slots, 0);
}

static cr_pool *make(int threads)
{
    cr_pool *pool;
    cr_err err = {0};
    ck_assert_msg(cr_pool_create(&pool, threads, &err) == CREMA_OK, "%s", err.message);
    return pool;
}

static void nap(int64_t ns)
{
    struct timespec t = {0, ns};
    nanosleep(&t, NULL);
}

START_TEST(each_item_is_done_once_by_one_slot_at_a_time)
{
    static record r;
    static const int threads[] = {1, 2, 3, 8, 33};
    static const int64_t items[] = {0, 1, 2, 3, 7, 8, 9, 100, MAX_ITEMS};
    for (size_t t = 0; t < sizeof threads / sizeof *threads; t++) {
        cr_pool *pool = make(threads[t]);
        ck_assert_int_eq(cr_pool_threads(pool), threads[t]);
        for (int pass = 0; pass < 4; pass++)
            for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
                r.pauses = pass % 2 * 200;
                call(pool, &r, items[i]);
            }
        cr_pool_free(pool);
    }
}
END_TEST

// Tens of thousands of calls that are over before all have come; now and then a gap in which workers fall asleep.
START_TEST(tiny_calls_lose_nothing)
{
    static record r;
    for (int threads = 2; threads <= 5; threads++) {
        cr_pool *pool = make(threads);
        for (int i = 0; i < 20000; i++) {
            call(pool, &r, 2 + i % 11);
            if (i % 1000 == 0)
                nap(300000);
            if (i % 251 == 0)
                nap(40000); // about as long as workers spin
        }
        cr_pool_free(pool);
    }
}
END_TEST

static void long_item(void *ctx, int64_t item, int slot)
{
    (void)slot;
    if (item > 0)
        nap(3000000);
    atomic_fetch_add((_Atomic int *)ctx, 1);
}

// The caller runs out of items while another is at work for longer than it spins: it sleeps and is woken.
START_TEST(a_caller_waits_for_an_item_that_takes_long)
{
    cr_pool *pool = make(2);
    for (int i = 0; i < 20; i++) {
        _Atomic int done = 0;
        cr_parallel(pool, 2, long_item, &done);
        ck_assert_int_eq(done, 2);
    }
    cr_pool_free(pool);
}
END_TEST

static void *user(void *arg)
{
    (void)arg;
    record *r = calloc(1, sizeof *r);
    cr_pool *pool = make(3);
    for (int i = 0; i < 3000; i++)
        call(pool, r, 1 + i % 20);
    cr_pool_free(pool);
    free(r);
    return NULL;
}

START_TEST(several_pools_run_at_once)
{
    pthread_t users[4];
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&users[i], NULL, user, NULL), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(users[i], NULL);
}
END_TEST

typedef struct nest {
    cr_pool *pool;
    _Atomic int64_t sum;
} nest;

static void inner(void *ctx, int64_t item, int slot)
{
    nest *n = ctx;
    ck_assert_int_eq(slot, 0);
    atomic_fetch_add(&n->sum, item);
}

static void outer(void *ctx, int64_t item, int slot)
{
    (void)item;
    (void)slot;
    nest *n = ctx;
    cr_parallel(n->pool, 10, inner, n);
}

START_TEST(a_call_from_inside_an_item_runs_its_items_one_by_one)
{
    nest n = {.pool = make(4)};
    for (int i = 0; i < 500; i++)
        cr_parallel(n.pool, 8, outer, &n);
    ck_assert_int_eq(n.sum, 500 * 8 * 45);
    cr_pool_free(n.pool);
}
END_TEST

START_TEST(a_pool_is_freed_at_once_also_if_it_never_ran)
{
    static record r;
    for (int i = 0; i < 200; i++) {
        cr_pool *pool = make(2 + i % 6);
        if (i % 3)
            call(pool, &r, 5);
        if (i % 7 == 0)
            nap(100000);
        cr_pool_free(pool);
    }
    cr_pool_free(NULL);
}
END_TEST

static double cpu_seconds(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

// Eight threads that spun would use a second of CPU time and more (a tenth of it on two cores).
START_TEST(a_pool_without_work_uses_no_processor)
{
    static record r;
    cr_pool *pool = make(9);
    call(pool, &r, 100);
    nap(20000000);
    double before = cpu_seconds();
    nap(400000000);
    ck_assert(cpu_seconds() - before < 0.02);
    cr_pool_free(pool);
}
END_TEST

START_TEST(a_forked_child_runs_alone)
{
    static record r;
    cr_pool *pool = make(4);
    for (int sleeping = 0; sleeping < 2; sleeping++) {
        call(pool, &r, 50);
        if (sleeping)
            nap(20000000);
        pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0) {
            memset(&r, 0, sizeof r);
            r.slots = 4;
            cr_parallel(pool, 50, note, &r);
            int64_t done = 0;
            for (int i = 0; i < 50; i++)
                done += r.times[i];
            cr_pool_free(pool);
            _exit(done == 50 ? 0 : 1);
        }
        int status;
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        call(pool, &r, 50);
    }
    cr_pool_free(pool);
}
END_TEST

START_TEST(one_thread_is_no_pool)
{
    cr_pool *pool = make(1);
    ck_assert_ptr_null(pool);
    ck_assert_int_eq(cr_pool_threads(pool), 1);
}
END_TEST

START_TEST(a_number_of_threads_that_makes_no_sense_is_refused)
{
    cr_pool *pool;
    cr_err err = {0};
    ck_assert_int_eq(cr_pool_create(&pool, -1, &err), CREMA_ERR_USAGE);
    ck_assert_int_eq(cr_pool_create(&pool, 1025, &err), CREMA_ERR_USAGE);
    ck_assert_str_eq(err.message, "1025 threads were asked for; 0 (one per core) to 1024 make sense");
}
END_TEST

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
START_TEST(threads_that_the_system_does_not_give_are_an_error)
{
    cr_pool *pool;
    cr_err err = {0};
    struct rlimit few = {256 << 20, 256 << 20}; // of address space; each thread wants some MB
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &few), 0);
    ck_assert_int_eq(cr_pool_create(&pool, 1000, &err), CREMA_ERR_IO);
    ck_assert_ptr_null(pool);
    ck_assert_ptr_nonnull(strstr(err.message, "of 1000 threads"));
}
END_TEST
#define NOT_SANITIZED(test) , test
#else
#define NOT_SANITIZED(test)
#endif

#ifdef CR_TEST_ALLOC
#include "base/mem.h"
START_TEST(no_memory_is_an_error)
{
    cr_pool *pool;
    cr_err err = {0};
    cr_test_fail_alloc(0);
    ck_assert_int_eq(cr_pool_create(&pool, 3, &err), CREMA_ERR_MEMORY);
    cr_test_fail_alloc(-1);
}
END_TEST
#endif

START_TEST(little_work_is_one_item)
{
    ck_assert_int_eq(cr_parallel_grain(100, 1), 100);
    ck_assert_int_eq(cr_parallel_grain(0, 1), 1);
    ck_assert_int_eq(cr_parallel_grain(3, 1e12), 1);
    int64_t grain = cr_parallel_grain(1 << 20, 1);
    ck_assert(grain > 100 && grain < 1 << 16);
}
END_TEST

TEST_MAIN("base/parallel", little_work_is_one_item, each_item_is_done_once_by_one_slot_at_a_time,
          tiny_calls_lose_nothing, a_caller_waits_for_an_item_that_takes_long, several_pools_run_at_once,
          a_call_from_inside_an_item_runs_its_items_one_by_one, a_pool_is_freed_at_once_also_if_it_never_ran,
          a_pool_without_work_uses_no_processor, a_forked_child_runs_alone, one_thread_is_no_pool,
          a_number_of_threads_that_makes_no_sense_is_refused NOT_SANITIZED(
              threads_that_the_system_does_not_give_are_an_error) TEST_ALLOC(no_memory_is_an_error))
