/*
 * The limits are numbers of the right size. How large they are is the machine's affair.
 */
#include "crema_tools.h"
#include "tests/test.h"

#include <string.h>

START_TEST(limits_are_measured)
{
    crema_context_options options = {.struct_size = sizeof options};
    crema_context *context = crema_context_create(&options, NULL);
    for (int threads = 1; threads <= 2; threads++) {
        crema_limits l;
        ck_assert_int_eq(crema_limits_measure(context, threads, &l, NULL), CREMA_OK);
        ck_assert_int_eq(l.threads, threads);
        ck_assert(l.isa && strlen(l.isa) >= 2);
        ck_assert_double_gt(l.gflops, 0);
        ck_assert_double_gt(l.read_gbs, 0);
        ck_assert_double_gt(l.copy_gbs, 0);
    }
    crema_context_free(context);
}
END_TEST

START_TEST(wrong_arguments_are_usage_errors)
{
    crema_limits l;
    crema_error err;
    crema_context *context = crema_context_create(NULL, NULL);
    ck_assert_int_eq(crema_limits_measure(NULL, 1, &l, &err), CREMA_ERR_USAGE);
    ck_assert_int_eq(crema_limits_measure(context, -1, &l, &err), CREMA_ERR_USAGE);
    crema_context_free(context);
}
END_TEST

#ifdef CR_TEST_ALLOC
#include "base/mem.h"

START_TEST(any_allocation_may_fail)
{
    crema_context *context = crema_context_create(NULL, NULL);
    for (int64_t n = 0; n < 50; n++) {
        crema_limits l;
        crema_error err = {0};
        cr_test_fail_alloc(n);
        crema_status status = crema_limits_measure(context, 1, &l, &err);
        bool failed = cr_test_alloc_count() > n;
        cr_test_fail_alloc(-1);
        ck_assert_int_eq(status, failed ? CREMA_ERR_MEMORY : CREMA_OK);
        if (!failed)
            break;
    }
    crema_context_free(context);
}
END_TEST
#endif

TEST_MAIN("inspect/limits", limits_are_measured,
          wrong_arguments_are_usage_errors TEST_ALLOC(any_allocation_may_fail))
