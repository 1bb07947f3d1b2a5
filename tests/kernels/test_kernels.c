#include "base/cpu.h"
#include "kernels/kernels.h"
#include "tests/test.h"

#include <string.h>

START_TEST(the_best_level_that_the_cpu_runs)
{
    const char *why;
    const cr_kernels *best = cr_kernels_choose(NULL, &why);
    ck_assert_ptr_nonnull(best);
    ck_assert_ptr_null(why);
    for (const cr_kernels *const *k = cr_kernels_all; *k != best; k++)
        ck_assert(!cr_cpu_runs((*k)->name));
}
END_TEST

START_TEST(a_level_by_name)
{
    const char *why;
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++) {
        const cr_kernels *chosen = cr_kernels_choose((*k)->name, &why);
        ck_assert_ptr_eq(chosen, cr_cpu_runs((*k)->name) ? *k : NULL);
        ck_assert(chosen || strstr(why, "this CPU does not run it"));
    }
    ck_assert_ptr_null(cr_kernels_choose("v5", &why));
    ck_assert_ptr_nonnull(strstr(why, "no ISA level of that name"));
}
END_TEST

START_TEST(the_cpu_runs_no_level_that_is_not_its_own)
{
    ck_assert(!cr_cpu_runs("v5"));
    ck_assert(!cr_cpu_runs(""));
}
END_TEST

TEST_MAIN("kernels/kernels", the_best_level_that_the_cpu_runs, a_level_by_name,
          the_cpu_runs_no_level_that_is_not_its_own)
