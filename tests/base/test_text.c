#include "base/mem.h"
#include "base/text.h"
#include "tests/test.h"

START_TEST(pieces_follow_each_other)
{
    cr_text t = {0};
    cr_text_put(&t, "");
    ck_assert_str_eq(t.s, "");
    cr_text_put(&t, "layer");
    cr_text_char(&t, ' ');
    cr_text_add(&t, "{xyz", 1);
    cr_text_spaces(&t, 3);
    cr_text_printf(&t, "%d%s", 12, "}");
    ck_assert_str_eq(t.s, "layer {   12}");
    ck_assert_uint_eq(t.n, 13);
    for (int i = 0; i < 10000; i++)
        cr_text_put(&t, "0123456789");
    ck_assert_uint_eq(t.n, 100013);
    ck_assert_int_eq(t.s[100012], '9');
    ck_assert(!t.failed);
    cr_text_free(&t);
    ck_assert_ptr_null(t.s);
}
END_TEST

#ifdef CR_TEST_ALLOC
START_TEST(out_of_memory_is_remembered)
{
    cr_text t = {0};
    cr_text_put(&t, "a");
    cr_test_fail_alloc(0);
    cr_text_spaces(&t, 1000);
    cr_test_fail_alloc(-1);
    cr_text_put(&t, "b");
    ck_assert(t.failed);
    ck_assert_str_eq(t.s, "a");
    cr_text_free(&t);
}
END_TEST
#endif

TEST_MAIN("base/text", pieces_follow_each_other TEST_ALLOC(out_of_memory_is_remembered))
