/*
 * test.h - what every unit test includes: check, and a main() that runs the file's cases.
 *
 *     START_TEST(adds) { ck_assert_int_eq(1 + 1, 2); } END_TEST
 *     TEST_MAIN("base/mem", adds, ...)
 *
 * Each tests/<room>/test_<file>.c is a program of its own; tests/run.sh runs them all and adds up.
 */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include <check.h>
#include <stdlib.h>

// A test that needs cr_test_fail_alloc, which the sanitizer build has: last in the list, without a comma.
#ifdef CR_TEST_ALLOC
#define TEST_ALLOC(name) , name
#else
#define TEST_ALLOC(name)
#endif

#define TEST_MAIN(suite_name, ...)                                \
    int main(void)                                                \
    {                                                             \
        const TTest *tests[] = {__VA_ARGS__};                     \
        Suite *suite = suite_create(suite_name);                  \
        TCase *cases = tcase_create(suite_name);                  \
        tcase_set_timeout(cases, 120);                            \
        for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) \
            tcase_add_test(cases, tests[i]);                      \
        suite_add_tcase(suite, cases);                            \
        SRunner *runner = srunner_create(suite);                  \
        srunner_run_all(runner, CK_ENV);                          \
        int failed = srunner_ntests_failed(runner);               \
        srunner_free(runner);                                     \
        return failed != 0;                                       \
    }

#endif
