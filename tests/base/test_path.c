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

TEST_MAIN("base/path", paths_are_joined, a_path_that_does_not_fit_is_refused)
