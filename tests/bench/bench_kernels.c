/*
 * bench_kernels.c - the kernels themselves, on data that lie in the caches that they are made for; every ISA level
 * that this CPU runs, on one thread.
 *
 * usage: bench_kernels
 *
 * CSV: shape, isa, kernel, ns, gflops, share of the level's own peak (measured in turns with it), gbs, error.
 *
 *     gemm wide, gemm deep   m x n x k: panels and columns in the L1 and L2 caches
 *     dot                    m x 1 x k: weights in L2, and more of them than any cache holds
 *
 * gbs counts what has to be read at least. The error is the largest difference from sums in double precision, by the
 * root mean square of these.
 */
#include "base/cpu.h"
#include "kernels/dot.h"
#include "kernels/gemm.h"
#include "tests/bench/timing.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct product {
    const cr_kernels *kernels;
    const cr_gemm_layout *layout; // NULL: dot
    int64_t m, n, k;
    float *weights, *columns, *out; // (m, k), (k, n), (m, n)
    float *pack;
} product;

static void run_product(void *arg)
{
    const product *p = arg;
    if (!p->layout) {
        cr_dot_product dot = {.m = p->m, .n = 1, .k = p->k, .w = p->weights, .x = p->columns};
        dot.w_step = dot.x_step = p->k;
        dot.y = p->out;
        dot.y_step = p->m;
        p->kernels->dot->run(&dot);
        return;
    }
    static const cr_epilogue none;
    cr_gemm_block b = {.m = p->m, .depth = p->k, .k_end = p->k, .n = p->n};
    b.panel_end = p->layout->panels(p->m);
    b.weights = p->pack;
    b.columns = p->columns;
    b.column_step = b.out_step = p->n;
    b.out = p->out;
    b.epilogue = &none;
    p->layout->run(&b);
}

static double error_of(const product *p)
{
    double worst = 0, squares = 0;
    for (int64_t i = 0; i < p->m; i++)
        for (int64_t j = 0; j < p->n; j++) {
            double sum = 0;
            for (int64_t q = 0; q < p->k; q++)
                sum += (double)p->weights[i * p->k + q] * (double)p->columns[q * p->n + j];
            worst = fmax(worst, fabs(sum - (double)p->out[i * p->n + j]));
            squares += sum * sum;
        }
    return worst / sqrt(squares / (double)(p->m * p->n));
}

static void measure(const cr_kernels *kernels, const char *name, const cr_gemm_layout *layout, int64_t m,
                    int64_t n, int64_t k)
{
    product p = {.kernels = kernels, .layout = layout, .m = m, .n = n, .k = k};
    p.weights = bench_floats((size_t)(m * k));
    p.columns = bench_floats((size_t)(k * n));
    p.out = bench_floats((size_t)(m * n));
    if (layout) {
        p.pack = bench_memory(layout->pack_bytes(m, k));
        layout->pack(p.weights, NULL, m, k, p.pack);
    }
    bench_peak peak = {.probe = kernels->probe};
    bench_job job[] = {{.run = run_product, .arg = &p}, {.run = bench_run_peak, .arg = &peak}};
    bench_time(job, 2);
    double gflops = 2.0 * (double)(m * n * k) / job[0].ns;
    double gbs = (double)(m * k + k * n) * sizeof(float) / job[0].ns;
    printf("%lldx%lldx%lld,%s,%s,%.0f,%.1f,%.3f,%.1f,%.1e\n", (long long)m, (long long)n, (long long)k,
           kernels->name, name, job[0].ns, gflops,
           2.0 * (double)(m * n * k) / peak.operations * bench_ratio(&job[1], &job[0]), gbs, error_of(&p));
    free(p.weights);
    free(p.columns);
    free(p.out);
    free(p.pack);
}

int main(void)
{
    static const int64_t sizes[][3] = {{112, 128, 64}, {112, 128, 256}, {224, 112, 512}, {64, 448, 128}};
    puts("shape,isa,kernel,ns,gflops,share_of_peak,gbs,error");
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++) {
        if (!cr_cpu_runs((*k)->name))
            continue;
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            const int64_t *s = sizes[i];
            measure(*k, "gemm wide", &(*k)->gemm->wide, s[0], s[1], s[2]);
            measure(*k, "gemm deep", &(*k)->gemm->deep, s[0], s[1], s[2]);
        }
        measure(*k, "dot", NULL, 256, 1, 512);
        measure(*k, "dot", NULL, 4096, 1, 9216);
    }
    return 0;
}
