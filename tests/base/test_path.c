#include "base/path.h"
#include "tests/test.h"

START_TEST(paths_are_joined)
{
    char buf[32];
    ck_assert(cr_path_beside("nets/a.yaml", "mean.npy", buf, sizeof buf));
    ck_assert_str_eq(buf, "nets/mean.npy");
    ck_assert(cr_path_beside("a.yaml", "mean.npy", buf, sizeof buf));
    ck_assert_str_eq(buf, "mean.npy");
    ck_assert(cr_path_beside("/a.yaml", "mean.npy", buf, sizeof buf));
    ck_assert_str_eq(buf, "/mean.npy");
    ck_assert(cr_path_beside("nets/a.yaml", "/x/mean.npy", buf, sizeof buf));
    ck_assert_str_eq(buf, "/x/mean.npy");
    ck_assert(cr_path_beside(NULL, "mean.npy", buf, sizeof buf));
    ck_assert_str_eq(buf, "mean.npy");
    ck_assert(cr_path_in("root", "a/b", buf, sizeof buf));
    ck_assert_str_eq(buf, "root/a/b");
    ck_assert(cr_path_in("root/", "a", buf, sizeof buf));
    ck_assert_str_eq(buf, "root/a");
    ck_assert(cr_path_in(NULL, "a", buf, sizeof buf));
    ck_assert_str_eq(buf, "a");
}
END_TEST

START_TEST(a_path_that_does_not_fit_is_refused)
{
    char buf[7];
    ck_assert(cr_path_in("abc", "de", buf, sizeof buf));
    ck_assert_str_eq(buf, "abc/de");
    ck_assert(!cr_path_in("abc", "def", buf, sizeof buf));
}
END_TEST

static void both_ways(const char *text, const char *name)
{
    cr_arena arena = {0};
    ck_assert_str_eq(cr_path_escape(&arena, text), name);
    ck_assert_str_eq(cr_path_unescape(&arena, name), text);
    cr_arena_free(&arena);
}

START_TEST(any_text_can_be_a_file_name)
{
    both_ways("conv1_a-b.c", "conv1_a-b.c");
    both_ways("conv2/3x3 (x)", "conv2%2F3x3%20%28x%29");
    both_ways(".hidden", "%2Ehidden");
    both_ways("100%", "100%25");
    both_ways("\xc3\xa9", "%C3%A9");
    both_ways("", "");
    cr_arena arena = {0};
    ck_assert_str_eq(cr_path_unescape(&arena, "%2f%zz%0"), "/%zz%0");
    ck_assert_str_eq(cr_path_unescape(&arena, "%00"), "%00");
    cr_arena_free(&arena);
}
END_TEST

TEST_MAIN("base/path", paths_are_joined, a_path_that_does_not_fit_is_refused, any_text_can_be_a_file_name)
