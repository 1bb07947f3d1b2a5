/*
 * The loops that measure the machine: what they compute, and that nothing but that is in them.
 */
#include "base/cpu.h"
#include "kernels/probe.h"
#include "tests/support/assembly.h"
#include "tests/test.h"

#include <string.h>

START_TEST(loops_do_what_they_count)
{
    static float from[2 * CR_PROBE_FLOATS], to[2 * CR_PROBE_FLOATS];
    for (int i = 0; i < 2 * CR_PROBE_FLOATS; i++)
        from[i] = (float)(i % 7);
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++) {
        if (!cr_cpu_runs((*k)->name))
            continue;
        const cr_probe_kernels *p = (*k)->probe;
        float result = 0, one;
        // x becomes x * 0.999 + 0.001 in each turn, which has 1 as its fixed point.
        double operations = p->multiply_add(20000, &result);
        ck_assert_float_eq_tol(result, (float)(operations / (2.0 * 20000 * (*k)->vector)), 0.01f);
        ck_assert_double_eq(2 * p->multiply_add(1, &one), p->multiply_add(2, &one));
        float sum = 0;
        for (int i = 0; i < 2 * CR_PROBE_FLOATS; i++)
            sum += from[i];
        ck_assert_float_eq(p->add_up(from, 2 * CR_PROBE_FLOATS), sum);
        memset(to, 0, sizeof to);
        p->copy(from, CR_PROBE_FLOATS, to);
        ck_assert_mem_eq(from, to, sizeof to / 2);
        ck_assert_float_eq(to[CR_PROBE_FLOATS + 1], 0);
    }
}
END_TEST

// A loop of `words` such instructions, no operand in memory but for them, and at most three others: counter, test, jump.
static void check_loop(const char *function, const char *word, int words, int memory)
{
    assembly_loop loop = assembly_find_loop(function, word);
    ck_assert_msg(loop.n_words == words, "%s: %d %s", function, loop.n_words, word);
    ck_assert_msg(loop.n_memory == memory, "%s: %d operands in memory", function, loop.n_memory);
    ck_assert_msg(loop.n <= words + 3, "%s: %d instructions", function, loop.n);
}

START_TEST(nothing_else_is_in_the_loops)
{
    if (!assembly_readable())
        return;
#if defined(__x86_64__)
    check_loop("probe_multiply_add_v4", "vfmadd", 24, 0);
    check_loop("probe_multiply_add_v3", "vfmadd", 12, 0);
    check_loop("probe_add_up_v4", "vaddps", 8, 8);
    check_loop("probe_add_up_v3", "vaddps", 8, 8);
#else
    check_loop("probe_multiply_add_neon", "fmla", 24, 0);
#endif
}
END_TEST

TEST_MAIN("kernels/probe", loops_do_what_they_count, nothing_else_is_in_the_loops)
