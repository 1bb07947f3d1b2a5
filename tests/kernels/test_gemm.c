#include "base/cpu.h"
#include "kernels/gemm.h"
#include "tests/support/assembly.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>

static float random_value(unsigned *seed)
{
    return (float)rand_r(seed) / (float)RAND_MAX * 2 - 1;
}

static float *random_values(unsigned *seed, int64_t n)
{
    float *x = malloc((size_t)n * sizeof *x); // exactly as long as said, so that ASan watches
    for (int64_t i = 0; i < n; i++)
        x[i] = random_value(seed);
    return x;
}

// One block against the definition, with k in one part or in two.
static void check_block(const cr_kernels *kernels, bool deep, int64_t m, int64_t n, int64_t k, unsigned *seed)
{
    const cr_gemm_layout *l = deep ? &kernels->gemm->deep : &kernels->gemm->wide;
    static const cr_epilogue none;
    int64_t step = n + 16, panels = l->panels(m), part = k / 2;
    float *weights = random_values(seed, m * k), *columns = random_values(seed, step * k);
    float *bias = random_values(seed, m), *out = random_values(seed, m * n),
          *whole = random_values(seed, m * n);
    float *pack = malloc(l->pack_bytes(m, k));
    float *partial = random_values(seed, l->partial_floats(panels, n));
    l->pack(weights, NULL, m, k, pack);
    cr_gemm_block b = {.m = m, .depth = k, .panel_end = panels, .k_end = k, .n = n, .weights = pack};
    b.columns = columns;
    b.column_step = step;
    b.bias = bias;
    b.out = whole;
    b.out_step = n;
    b.epilogue = &none;
    l->run(&b);
    b.out = out;
    b.partial = partial;
    b.k_end = part;
    if (part > 0)
        l->run(&b);
    b.k_begin = part;
    b.k_end = k;
    b.columns = columns + part * step;
    l->run(&b);
    for (int64_t i = 0; i < m * n; i++) {
        double sum = (double)bias[i / n];
        for (int64_t p = 0; p < k; p++)
            sum += (double)weights[i / n * k + p] * (double)columns[p * step + i % n];
        ck_assert(fabs(sum - (double)out[i]) < 1e-5);
    }
    ck_assert_int_eq(memcmp(out, whole, (size_t)(m * n) * sizeof *out), 0);
    free(weights);
    free(columns);
    free(bias);
    free(out);
    free(whole);
    free(pack);
    free(partial);
}

START_TEST(blocks_of_every_size_equal_the_definition)
{
    unsigned seed = 7;
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++)
        for (int i = 0; cr_cpu_runs((*k)->name) && i < 200; i++)
            check_block(*k, i % 2, 1 + rand_r(&seed) % 70, 1 + rand_r(&seed) % 150, 1 + rand_r(&seed) % 40,
                        &seed);
}
END_TEST

START_TEST(the_tile_is_made_of_fused_multiply_adds)
{
    if (!assembly_readable())
        return;
#if defined(__x86_64__)
    ck_assert_int_ge(assembly_count("tile_14_2_v4", "vfmadd", "%zmm"), 28);
    ck_assert_int_ge(assembly_count("tile_6_2_v3", "vfmadd", "%ymm"), 12);
#else
    ck_assert_int_ge(assembly_count("tile_12_2_neon", "fmla", "v"), 24);
#endif
}
END_TEST

TEST_MAIN("kernels/gemm", blocks_of_every_size_equal_the_definition, the_tile_is_made_of_fused_multiply_adds)
