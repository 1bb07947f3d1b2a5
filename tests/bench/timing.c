#include "tests/bench/timing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const double turn_ns = 2e6;

void bench_fail(const char *what)
{
    fprintf(stderr, "benchmark: %s\n", what);
    exit(1);
}

void *bench_memory(size_t bytes)
{
    size_t whole = (bytes + 127) / 64 * 64;
    void *p = aligned_alloc(64, whole);
    if (!p)
        bench_fail("out of memory");
    return memset(p, 0, whole);
}

float *bench_floats(size_t n)
{
    float *x = bench_memory(n * sizeof *x);
    unsigned state = 1;
    for (size_t i = 0; i < n; i++) {
        state = state * 1664525 + 1013904223;
        x[i] = (float)(state >> 8) / (float)(1 << 23) - 1;
    }
    return x;
}

static int count_rounds(void)
{
    const char *text = getenv("BENCH_ROUNDS");
    int n = text ? atoi(text) : 15;
    return n < 1 ? 1 : n > BENCH_MAX_ROUNDS ? BENCH_MAX_ROUNDS : n;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double *values, int n)
{
    double sorted[BENCH_MAX_ROUNDS];
    memcpy(sorted, values, (size_t)n * sizeof *values);
    qsort(sorted, (size_t)n, sizeof *sorted, by_value);
    return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
}

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double time_one(const bench_job *job, int repeats)
{
    double start = now_ns();
    for (int i = 0; i < repeats; i++)
        job->run(job->arg);
    return (now_ns() - start) / repeats;
}

void bench_time(bench_job *jobs, int n)
{
    int rounds = count_rounds();
    int *repeats = bench_memory((size_t)n * sizeof *repeats);
    for (int i = 0; i < n; i++) {
        time_one(&jobs[i], 1); // warms up
        double ns = time_one(&jobs[i], 1);
        repeats[i] = ns < turn_ns ? (int)(turn_ns / (ns + 1)) + 1 : 1;
    }
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < n; i++)
            jobs[i].sample[round] = time_one(&jobs[i], repeats[i]);
    for (int i = 0; i < n; i++)
        jobs[i].ns = median(jobs[i].sample, rounds);
    free(repeats);
}

double bench_ratio(const bench_job *a, const bench_job *b)
{
    double ratio[BENCH_MAX_ROUNDS];
    int rounds = count_rounds();
    for (int i = 0; i < rounds; i++)
        ratio[i] = a->sample[i] / b->sample[i];
    return median(ratio, rounds);
}

void bench_run_peak(void *peak)
{
    bench_peak *p = peak;
    float result;
    p->operations = p->probe->multiply_add(20000, &result);
}
