/*
 * bench_machine.c - the limits of the machine, measured: what a kernel could reach at best.
 *
 * usage: bench_machine THREADS       prints: GFLOPS READ_GBS
 *
 * GFLOPS: multiply-adds on registers, in chains that do not wait for each other, as wide as this CPU has them
 * (build with -march=native). READ_GBS: adding up 128 MB a thread, which no cache holds. All threads do both
 * at the same time; the best of a few tries counts, since a limit is asked for, not what was usual.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#if defined(__AVX512F__)
enum { BYTES = 64, CHAINS = 24 };
#elif defined(__AVX__)
enum { BYTES = 32, CHAINS = 12 };
#else
enum { BYTES = 16, CHAINS = 12 };
#endif

typedef float vec __attribute__((vector_size(BYTES)));

enum { LANES = BYTES / sizeof(float), TURNS = 100000, TRIES = 5, THREADS = 64 };
static const size_t buffer_bytes = (size_t)128 << 20;

typedef struct worker {
    pthread_t thread;
    pthread_barrier_t *together;
    vec *buffer;
    double flop_ns[TRIES], read_ns[TRIES];
    volatile float sink; // so that nothing is left out
} worker;

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static float multiply_add(void)
{
    vec x[CHAINS], a = (vec){0} + 0.999f, b = (vec){0} + 0.001f;
    for (int i = 0; i < CHAINS; i++)
        x[i] = b * (float)i;
    for (int t = 0; t < TURNS; t++) {
#pragma GCC unroll 24
        for (int i = 0; i < CHAINS; i++)
            x[i] = x[i] * a + b;
    }
    for (int i = 1; i < CHAINS; i++)
        x[0] += x[i];
    return x[0][0];
}

static float add_up(const vec *buffer)
{
    enum { SUMS = 8 };
    vec sum[SUMS] = {{0}};
    for (size_t i = 0; i < buffer_bytes / sizeof(vec); i += SUMS) {
#pragma GCC unroll 8
        for (size_t j = 0; j < SUMS; j++)
            sum[j] += buffer[i + j];
    }
    for (int j = 1; j < SUMS; j++)
        sum[0] += sum[j];
    return sum[0][0];
}

static void *work(void *argument)
{
    worker *w = argument;
    madvise(w->buffer, buffer_bytes, MADV_HUGEPAGE); // may refuse
    memset(w->buffer, 1, buffer_bytes);
    for (int i = 0; i < TRIES; i++) {
        pthread_barrier_wait(w->together);
        double start = now_ns();
        w->sink = multiply_add();
        w->flop_ns[i] = now_ns() - start;
        pthread_barrier_wait(w->together);
        start = now_ns();
        w->sink = add_up(w->buffer);
        w->read_ns[i] = now_ns() - start;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    static worker workers[THREADS];
    int n = argc == 2 ? atoi(argv[1]) : 0;
    if (n < 1 || n > THREADS) {
        fprintf(stderr, "usage: bench_machine THREADS\n");
        return 2;
    }
    pthread_barrier_t together;
    pthread_barrier_init(&together, NULL, (unsigned)n);
    for (int i = 0; i < n; i++) {
        workers[i].together = &together;
        workers[i].buffer = aligned_alloc((size_t)2 << 20, buffer_bytes);
        if (!workers[i].buffer || pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0) {
            fprintf(stderr, "bench_machine: out of memory or threads\n");
            return 1;
        }
    }
    for (int i = 0; i < n; i++)
        pthread_join(workers[i].thread, NULL);
    double gflops = 0, gbs = 0;
    for (int t = 0; t < TRIES; t++) {
        double flop_ns = 0, read_ns = 0; // a try lasts as long as its slowest thread
        for (int i = 0; i < n; i++) {
            flop_ns = workers[i].flop_ns[t] > flop_ns ? workers[i].flop_ns[t] : flop_ns;
            read_ns = workers[i].read_ns[t] > read_ns ? workers[i].read_ns[t] : read_ns;
        }
        double f = 2.0 * CHAINS * LANES * TURNS * n / flop_ns, r = (double)buffer_bytes * n / read_ns;
        gflops = f > gflops ? f : gflops;
        gbs = r > gbs ? r : gbs;
    }
    printf("%.1f %.1f\n", gflops, gbs);
    for (int i = 0; i < n; i++)
        free(workers[i].buffer);
    return 0;
}
