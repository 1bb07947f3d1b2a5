/*
 * Text that cairo can draw: whole characters of UTF-8, a '?' for what is none.
 */
#include "tests/test.h"
#include "write/cairo_out.h"

#include <string.h>

static void check_text(const char *text, size_t size, const char *expected)
{
    char out[64];
    ck_assert_uint_eq(cr_cairo_text(text, out, size), strlen(expected));
    ck_assert_str_eq(out, expected);
}

START_TEST(text_is_made_safe)
{
    check_text("conv1", 64, "conv1");
    check_text("\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x88", 64, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x88");
    check_text("a\x1b\xff\xc0\x80\xed\xa0\x80z", 64, "a???????z");
    check_text("\xe2\x82", 64, "??");
    check_text("", 64, "");
}
END_TEST

START_TEST(characters_are_not_cut)
{
    check_text("abcdefgh", 8, "abcd");
    check_text("abc\xf0\x9f\x90\x88", 8, "abc\xf0\x9f\x90\x88");
    check_text("abcd\xf0\x9f\x90\x88", 8, "abcd");
}
END_TEST

TEST_MAIN("write/cairo_out", text_is_made_safe, characters_are_not_cut)
