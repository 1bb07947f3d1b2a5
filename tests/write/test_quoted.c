#include "tests/test.h"
#include "write/quoted.h"

#include <string.h>

START_TEST(letters_that_yaml_refuses_are_escaped)
{
    static const struct {
        const char *s, *want; // want NULL: refused
    } row[] = {{"", "\"\""},
               {"a b", "\"a b\""},
               {"\"\\/", "\"\\\"\\\\/\""},
               {"\x01\x1f\x7f", "\"\\u0001\\u001f\\u007f\""},
               {"\xC2\x80\xC2\x85\xC2\xA0", "\"\\u0080\\u0085\xC2\xA0\""},
               {"\xEF\xBF\xBE\xEF\xBF\xBD", "\"\\ufffe\xEF\xBF\xBD\""},
               {"\xF0\x9F\x98\x80", "\"\xF0\x9F\x98\x80\""},
               {"a\xC3", NULL},
               {"\xFF", NULL}};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        cr_text t = {0};
        ck_assert_int_eq(cr_put_quoted(&t, row[i].s, strlen(row[i].s)), row[i].want != NULL);
        if (row[i].want)
            ck_assert_str_eq(t.s, row[i].want);
        ck_assert_uint_eq(t.n, row[i].want ? strlen(row[i].want) : 0);
        cr_text_free(&t);
    }
}
END_TEST

START_TEST(comments_keep_what_they_can)
{
    cr_text t = {0};
    ck_assert(!cr_put_letters(&t, "# \xC3\xA4\t\xF0\x9F\x98\x80", 9));
    ck_assert_str_eq(t.s, "# \xC3\xA4\t\xF0\x9F\x98\x80");
    cr_text_free(&t);
    ck_assert(cr_put_letters(&t, "\xFF\x01z\xC2\x85", 5));
    ck_assert_str_eq(t.s, "\xEF\xBF\xBD\xEF\xBF\xBDz\xEF\xBF\xBD");
    cr_text_free(&t);
}
END_TEST

TEST_MAIN("write/quoted", letters_that_yaml_refuses_are_escaped, comments_keep_what_they_can)
