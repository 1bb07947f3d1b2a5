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

// A deep product with an epilogue, in parts of k or whole, on plain or blocked activations.
typedef struct deep_case {
    int64_t m, n, k, part; // part: of k; multiples of CR_BLOCK
    float *weights, *columns, *bias, *add, *slopes, *factor;
    cr_epilogue epilogue;
} deep_case;

static deep_case deep_case_of(unsigned *seed)
{
    deep_case d = {.m = 1 + rand_r(seed) % 6, .n = 1 + rand_r(seed) % 150, .k = 1 + rand_r(seed) % 4};
    d.part = (d.k + 1) / 2 * CR_BLOCK;
    d.k *= CR_BLOCK;
    d.m *= CR_BLOCK;
    d.weights = random_values(seed, d.m * d.k);
    d.columns = random_values(seed, d.n * d.k);
    d.bias = random_values(seed, d.m);
    d.add = random_values(seed, d.m * d.n);
    d.slopes = random_values(seed, d.m);
    d.factor = random_values(seed, d.n + 16);
    d.epilogue = (cr_epilogue){.slope = rand_r(seed) % 2 ? 0.25f : 0, .min = -0.5f, .max = 0.75f};
    d.epilogue.activation = (cr_activation)(rand_r(seed) % 7);
    d.epilogue.slopes = d.slopes;
    return d;
}

static void deep_case_free(deep_case *d)
{
    float *all[] = {d->weights, d->columns, d->bias, d->add, d->slopes, d->factor};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

// Rows (rows, n) to blocks of them, or back, or as they are.
static float *lay(const float *from, int64_t rows, int64_t n, bool blocked, bool back)
{
    float *to = malloc((size_t)(rows * n) * sizeof *to);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t x = 0; x < n; x++) {
            int64_t plain = r * n + x;
            int64_t at = blocked ? (r / CR_BLOCK * n + x) * CR_BLOCK + r % CR_BLOCK : plain;
            to[back ? plain : at] = from[back ? at : plain];
        }
    return to;
}

enum { IN_BLOCKED = 1, OUT_BLOCKED = 2, ADD = 4, ADD_IN_PLACE = 8, FACTOR = 16, PARTS = 32 };

// The result in plain order; the caller frees it.
static float *deep_result(const cr_gemm_layout *l, const deep_case *d, int how)
{
    bool in_blocked = how & IN_BLOCKED, out_blocked = how & OUT_BLOCKED, in_place = how & ADD_IN_PLACE;
    float *pack = malloc(l->pack_bytes(d->m, d->k));
    float *columns = lay(d->columns, d->k, d->n, in_blocked, false);
    float *add = lay(d->add, d->m, d->n, out_blocked, false);
    float *out = in_place ? add : malloc((size_t)(d->m * d->n) * sizeof *out);
    float *partial = malloc((size_t)l->partial_floats(l->panels(d->m), d->n) * sizeof *partial);
    cr_epilogue e = d->epilogue;
    if (how & (ADD | ADD_IN_PLACE))
        e.add = add;
    l->pack(d->weights, NULL, d->m, d->k, pack);
    cr_gemm_block b = {.m = d->m, .depth = d->k, .panel_end = l->panels(d->m), .n = d->n, .weights = pack};
    b.columns = columns;
    b.in_blocked = in_blocked;
    b.out_blocked = out_blocked;
    b.column_step = d->n * (in_blocked ? CR_BLOCK : 1);
    b.out_step = d->n * (out_blocked ? CR_BLOCK : 1);
    b.bias = d->bias;
    b.out = out;
    b.epilogue = &e;
    b.factor = how & FACTOR ? d->factor : NULL;
    b.partial = partial;
    int64_t part = how & PARTS ? d->part : d->k;
    for (int64_t begin = 0; begin < d->k; begin += part) {
        b.k_begin = begin;
        b.k_end = begin + part < d->k ? begin + part : d->k;
        b.columns = columns + begin * d->n;
        l->run(&b);
    }
    float *result = lay(out, d->m, d->n, out_blocked, true);
    free(pack);
    free(columns);
    free(partial);
    free(add);
    if (!in_place)
        free(out);
    return result;
}

START_TEST(blocked_activations_give_the_bits_of_plain_ones)
{
    unsigned seed = 11;
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++)
        for (int i = 0; cr_cpu_runs((*k)->name) && i < 300; i++) {
            const cr_gemm_layout *l = &(*k)->gemm->deep;
            deep_case d = deep_case_of(&seed);
            int how = rand_r(&seed) % 64, blocked = IN_BLOCKED | OUT_BLOCKED;
            float *plain = deep_result(l, &d, how & (ADD | ADD_IN_PLACE | FACTOR));
            float *result = deep_result(l, &d, i % 4 | (how & ~blocked));
            ck_assert_int_eq(memcmp(plain, result, (size_t)(d.m * d.n) * sizeof *plain), 0);
            free(plain);
            free(result);
            deep_case_free(&d);
        }
}
END_TEST

// Tiles of `cut` positions, all of which wait in buffers; `n` of their sums come out, and those of two products
// add up: bias + start + product, and, with no k, bias + both starts. One panel of several is left out.
static void check_waiting(const cr_kernels *kernels, int64_t m, int64_t n, int64_t cut, int64_t k,
                          unsigned *seed)
{
    const cr_gemm_layout *l = &kernels->gemm->deep;
    static const cr_epilogue none;
    int64_t panels = l->panels(m), left_out = panels > 1 ? 2 * kernels->vector : 0;
    float *weights = random_values(seed, m * k), *columns = random_values(seed, cut * k);
    float *bias = random_values(seed, m), *out = random_values(seed, m * n);
    float *pack = malloc(l->pack_bytes(m, k)), *sums = malloc(l->partial_floats(panels, cut) * sizeof *sums);
    l->pack(weights, NULL, m, k, pack);
    cr_gemm_block b = {.m = m, .depth = k, .panel_begin = left_out > 0, .panel_end = panels, .k_end = k};
    b.n = b.cut = b.column_step = cut;
    b.weights = pack;
    b.columns = columns;
    b.sums = sums;
    b.epilogue = &none;
    l->run(&b);
    b.starts[0] = sums; // in place: twice the product
    b.n_starts = 1;
    l->run(&b);
    b.sums = NULL;
    b.n = n;
    b.bias = bias;
    b.out = out;
    b.out_step = n;
    for (int with_product = 0; with_product < 2; with_product++) {
        b.starts[1] = sums;
        b.n_starts = 2 - with_product;
        b.depth = b.k_end = with_product ? k : 0;
        l->run(&b);
        for (int64_t i = left_out * n; i < m * n; i++) {
            double sum = 0;
            for (int64_t p = 0; p < k; p++)
                sum += (double)weights[i / n * k + p] * (double)columns[p * cut + i % n];
            sum = (double)bias[i / n] + (with_product ? 3 : 4) * sum;
            ck_assert(fabs(sum - (double)out[i]) < 1e-4);
        }
    }
    free(weights);
    free(columns);
    free(bias);
    free(out);
    free(pack);
    free(sums);
}

START_TEST(sums_start_and_end_in_buffers)
{
    unsigned seed = 8;
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++)
        for (int i = 0; cr_cpu_runs((*k)->name) && i < 100; i++) {
            int64_t cut = 1 + rand_r(&seed) % 150, n = cut - rand_r(&seed) % 3;
            check_waiting(*k, 1 + rand_r(&seed) % 140, n < 1 ? 1 : n, cut, 1 + rand_r(&seed) % 40, &seed);
        }
}
END_TEST

START_TEST(the_tile_is_made_of_fused_multiply_adds)
{
    if (!assembly_readable())
        return;
#if defined(__x86_64__)
    ck_assert_int_ge(assembly_count("tile_14_2_v4", "vfmadd", "%zmm"), 28);
    ck_assert_int_ge(assembly_count("tile_6_2_v3", "vfmadd", "%ymm"), 12);
    ck_assert_int_ge(assembly_count("block_14_2_v4", "vfmadd", "%zmm"), 28);
#else
    ck_assert_int_ge(assembly_count("tile_12_2_neon", "fmla", "v"), 24);
#endif
}
END_TEST

TEST_MAIN("kernels/gemm", blocks_of_every_size_equal_the_definition, sums_start_and_end_in_buffers,
          blocked_activations_give_the_bits_of_plain_ones, the_tile_is_made_of_fused_multiply_adds)
