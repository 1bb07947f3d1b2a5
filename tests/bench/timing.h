/*
 * timing.h - what the benchmark's programs share: jobs that take turns under a clock, and memory for them.
 *
 *     bench_job jobs[] = {{run_a, &a}, {run_b, &b}};
 *     bench_time(jobs, 2);             // a b a b a b ...: a busy moment of the machine hurts all alike
 *     printf("%.0f\n", jobs[0].ns);    // the median
 *
 * The time is that of the calling thread, not of the clock on the wall: jobs run on one thread.
 */
#ifndef BENCH_TIMING_H
#define BENCH_TIMING_H

#include "kernels/probe.h"

#include <stddef.h>

enum { BENCH_MAX_ROUNDS = 101 };

typedef struct bench_job {
    void (*run)(void *arg);
    void *arg;
    double ns;                       // result: median of one run
    double sample[BENCH_MAX_ROUNDS]; // by round
} bench_job;

// $BENCH_ROUNDS rounds (15); in each, every job runs for about two milliseconds, or once.
void bench_time(bench_job *jobs, int n);
// The median over the rounds of job a's time by job b's: steadier than the ratio of their medians.
double bench_ratio(const bench_job *a, const bench_job *b);

// The peak as a job: multiply-adds on registers.
typedef struct bench_peak {
    const cr_probe_kernels *probe;
    double operations; // of one run
} bench_peak;
void bench_run_peak(void *peak);

// On a border of 64 bytes, 64 readable bytes behind; ends the program when there is no memory.
void *bench_memory(size_t bytes);
// From -1 to 1, the same every time.
float *bench_floats(size_t n);
void bench_fail(const char *what);

#endif
