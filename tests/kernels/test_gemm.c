#include "base/cpu.h"
#include "kernels/gemm.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const float untouched = -12345;

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

// One tile against the definition. Sizes of a, b and c are the least that the contract allows.
static void check_tile(const cr_kernels *k, int rows, int vectors, int64_t depth, bool add, unsigned *seed)
{
    int64_t columns = vectors * k->vector;
    cr_gemm_tile t = {.rows = rows, .vectors = vectors, .k = depth, .add = add};
    t.a_step = rows + rand_r(seed) % 5;
    t.b_step = columns + rand_r(seed) % 5;
    t.c_step = columns + rand_r(seed) % 5;
    float *a = random_values(seed, t.a_step * depth - (t.a_step - rows));
    float *b = random_values(seed, t.b_step * depth - (t.b_step - columns));
    int64_t c_size = t.c_step * rows - (t.c_step - columns);
    float *c = random_values(seed, c_size), *before = malloc((size_t)c_size * sizeof *before);
    for (int64_t i = 0; i < c_size; i++)
        if (i % t.c_step >= columns)
            c[i] = untouched;
    memcpy(before, c, (size_t)c_size * sizeof *c);
    t.a = a;
    t.b = b;
    t.c = c;
    k->gemm->tile(&t);
    for (int64_t i = 0; i < c_size; i++) {
        int64_t row = i / t.c_step, column = i % t.c_step;
        double sum = add || column >= columns ? (double)before[i] : 0;
        for (int64_t p = 0; p < depth && column < columns; p++)
            sum += (double)a[p * t.a_step + row] * (double)b[p * t.b_step + column];
        ck_assert(fabs(sum - (double)c[i]) < 1e-5);
    }
    free(a);
    free(b);
    free(c);
    free(before);
}

START_TEST(tiles_of_every_size_equal_the_definition)
{
    unsigned seed = 7;
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++) {
        if (!cr_cpu_runs((*k)->name))
            continue;
        for (int rows = 1; rows <= (*k)->gemm->tile_rows; rows++)
            for (int vectors = 1; vectors <= 2; vectors++)
                for (int depth = 1; depth < 40; depth += 1 + depth / 2)
                    check_tile(*k, rows, vectors, depth, depth % 2 == 0, &seed);
    }
}
END_TEST

// How many instructions of this program's function (of all of that name) hold both words.
static int count_instructions(const char *function, const char *word, const char *operand)
{
    char exe[512], command[700], line[512];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    ck_assert_int_gt((int)n, 0);
    exe[n] = 0;
    snprintf(command, sizeof command, "objdump -d --no-show-raw-insn --disassemble=%s '%s'", function, exe);
    FILE *f = popen(command, "r");
    int count = 0;
    while (f && fgets(line, sizeof line, f))
        count += strstr(line, word) && strstr(line, operand);
    if (f)
        pclose(f);
    return count;
}

START_TEST(the_tile_is_made_of_fused_multiply_adds)
{
    if (system("command -v objdump >/dev/null") != 0)
        return;
#if defined(__x86_64__)
    ck_assert_int_ge(count_instructions("tile_14_2_v4", "vfmadd", "%zmm"), 28);
    ck_assert_int_ge(count_instructions("tile_6_2_v3", "vfmadd", "%ymm"), 12);
#else
    ck_assert_int_ge(count_instructions("tile_12_2_neon", "fmla", "v"), 24);
#endif
}
END_TEST

TEST_MAIN("kernels/gemm", tiles_of_every_size_equal_the_definition, the_tile_is_made_of_fused_multiply_adds)
