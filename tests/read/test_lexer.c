// The lexical rules, through the parser: what a value may look like, where comments go, what errors say.
#include "tests/support/parse.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void expect_name(const char *text, const char *want)
{
    parsed p;
    parse_text(&p, text, false);
    ck_assert_msg(p.status == CREMA_OK, "%s: %s", text, p.error);
    ck_assert_str_eq(p.net->name, want);
    parsed_free(&p);
}

static void expect_error(const char *text, const char *want)
{
    parsed p;
    parse_text(&p, text, false);
    ck_assert_msg(p.status == CREMA_ERR_INPUT, "%s was accepted", text);
    ck_assert_str_eq(p.error, want);
    parsed_free(&p);
}

static void expect_value(const char *spelled, float want)
{
    char text[200];
    parsed p;
    snprintf(text, sizeof text, "layer { loss_weight: %s }", spelled);
    parse_text(&p, text, false);
    ck_assert_msg(p.status == CREMA_OK, "%s: %s", text, p.error);
    ck_assert_msg(p.net->layer[0]->loss_weight[0] == want, "%s", spelled);
    parsed_free(&p);
}

START_TEST(both_kinds_of_quotes)
{
    expect_name("name: \"a'b\"", "a'b");
    expect_name("name: 'a\"b'", "a\"b");
    expect_name("name: ''", "");
    expect_name("name:'x'", "x");
}
END_TEST

START_TEST(all_escapes)
{
    expect_name("name: '\\a\\b\\f\\n\\r\\t\\v\\?\\\\\\'\\\"'", "\a\b\f\n\r\t\v?\\'\"");
    expect_name("name: '\\101\\7\\1018'", "A\aA8");
    expect_name("name: '\\x41\\x9\\X4a1'", "A\tJ1");
    expect_name("name: 'x\\u00e9\\u20AC\\U0001F600y'", "x\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80y");
    expect_name("name: '\\ud83d\\ude00'", "\xF0\x9F\x98\x80");
    expect_name("name: '\\377'", "\xFF");
}
END_TEST

START_TEST(wrong_escapes_say_where)
{
    expect_error("name: 'ab\\d'",
                 "net.x:1:10: unknown escape in a string; a backslash itself is written \\\\");
    expect_error("name: '\\x'", "net.x:1:8: the escape \\x needs a hexadecimal digit");
    expect_error("name: '\\u12'", "net.x:1:8: the escape \\u needs 4 hexadecimal digits");
    expect_error("name: '\\U0001F60'", "net.x:1:8: the escape \\U needs 8 hexadecimal digits");
    expect_error("name: '\\U00110000'", "net.x:1:8: the escape names no character of Unicode");
    expect_error("name: '\\ud83d'", "net.x:1:8: the escape names no character of Unicode");
    expect_error("name: '\\ud83d\\u0041'", "net.x:1:8: the escape names no character of Unicode");
    expect_error("name: '\\ude00'", "net.x:1:8: the escape names no character of Unicode");
    expect_error("name: '\\400'", "net.x:1:8: the escape is larger than one byte (\\377)");
    expect_error("name: '\\", "net.x:1:8: unknown escape in a string; a backslash itself is written \\\\");
    expect_error("name: '\\0'", "net.x:1:7: name has a zero byte inside, which a string can't have");
}
END_TEST

START_TEST(adjacent_strings_are_joined)
{
    expect_name("name: 'a' \"b\"\n\t'c'", "abc");
    expect_name("name: 'a'# one\n# two\n'b'", "ab");
    expect_name("name: 'a\\n' '' 'b'", "a\nb");
    expect_name("name: '' ''", "");
}
END_TEST

START_TEST(a_string_ends_in_its_line)
{
    expect_error("\n  name: \"abc\n\"",
                 "net.x:2:9: the string that starts here is not closed in its line: expected "
                 "\", found the end of the line");
    expect_error("name: 'abc",
                 "net.x:1:7: the string that starts here is not closed in its line: expected ', found "
                 "the end of the file");
    expect_error("name: \"abc'",
                 "net.x:1:7: the string that starts here is not closed in its line: expected \", "
                 "found the end of the file");
}
END_TEST

START_TEST(number_forms)
{
    expect_value("1.", 1);
    expect_value(".5", 0.5f);
    expect_value("1e-3", 1e-3f);
    expect_value("1E+3", 1000);
    expect_value("10f", 10);
    expect_value("1.5F", 1.5f);
    expect_value("- 2", -2);
    expect_value("-\n# five\n5", -5);
    expect_value("-.5e-1", -0.05f);
    expect_value("inf", INFINITY);
    expect_value("- Infinity", -INFINITY);
    expect_value("-INF", -INFINITY);
    parsed p;
    parse_text(&p, "layer { loss_weight: nan } input_dim: 0x1f input_dim: 010 input_dim: - 0x10", false);
    ck_assert_int_eq(p.status, CREMA_OK);
    ck_assert(isnan(p.net->layer[0]->loss_weight[0]));
    ck_assert_int_eq(p.net->input_dim[0], 31);
    ck_assert_int_eq(p.net->input_dim[1], 8);
    ck_assert_int_eq(p.net->input_dim[2], -16);
    parsed_free(&p);
}
END_TEST

START_TEST(wrong_numbers)
{
    expect_error("input_dim: 10x", "net.x:1:12: input_dim must be a whole number, not 10x");
    expect_error("input_dim: +1", "net.x:1:12: expected a value for input_dim, found \"+\"");
    expect_error("input_dim: -", "net.x:1:13: expected a number behind the minus, found the end of the file");
    expect_error("input_dim: --1", "net.x:1:13: expected a number behind the minus, found \"-\"");
    expect_error("input_dim: 1e3", "net.x:1:12: input_dim must be a whole number, not 1e3");
    expect_error("input_dim: 1-2", "net.x:1:13: expected a field's name, found \"-\"");
    expect_error("input_dim: 99999999999",
                 "net.x:1:12: input_dim must be from -2147483648 to 2147483647, not 99999999999");
    expect_error("input_dim: 111111111111111111111111111111111111111111111111111111111",
                 "net.x:1:12: input_dim must be from -2147483648 to 2147483647, not "
                 "1111111111111111111111111111111111111111...");
}
END_TEST

START_TEST(white_space_of_all_kinds)
{
    parsed p;
    parse_text(&p, "\xEF\xBB\xBFname\t:\v'a'\f\r\ninput\r\n:\r\n'b'\r\ninput_dim: x", false);
    ck_assert_str_eq(p.error, "net.x:5:12: input_dim must be a whole number, not x");
    parsed_free(&p);
    parse_text(&p, "\xEF\xBB\xBFname: 1", false);
    ck_assert_str_eq(p.error, "net.x:1:7: name must be a string: put 1 in quotes");
    parsed_free(&p);
}
END_TEST

START_TEST(non_breaking_spaces_are_read_with_one_warning)
{
    parsed p;
    parse_text(&p, "name:\xC2\xA0'a'\n\xC2\xA0input: 'b'", false);
    ck_assert_int_eq(p.status, CREMA_OK);
    ck_assert_str_eq(p.warnings, "net.x:1:6: a non-breaking space is read as a space\n");
    ck_assert_str_eq(p.net->input[0], "b");
    parsed_free(&p);
}
END_TEST

START_TEST(what_pages_leave_behind_gets_a_hint)
{
    expect_error(
        "name: \xE2\x80\x9C"
        "abc\xE2\x80\x9D",
        "net.x:1:7: expected a value for name, found a curly quote, as web pages have them; write a plain \" "
        "instead");
    expect_error("// net\nname: 'x'",
                 "net.x:1:1: expected a field's name, found a slash; comments start with #");
    expect_error("name: 'x' /* a */",
                 "net.x:1:11: expected a field's name, found a slash; comments start with #");
    expect_error("name: 'x' \x01", "net.x:1:11: expected a field's name, found a control character (1)");
    expect_error("<!DOCTYPE html>", "net.x:1:1: expected a field's name, found \"<\"");
    expect_error("name\xEF\xBC\x9A 'x'", "net.x:1:5: expected \":\" behind name, found \"\xEF\xBC\x9A\"");
}
END_TEST

START_TEST(zero_bytes_are_no_end)
{
    parsed p;
    parse_text_bytes(&p, "name: 'a'\0 input: 'b'", 21, false);
    ck_assert_str_eq(p.error, "net.x:1:10: expected a field's name, found a zero byte");
    parsed_free(&p);
    parse_text_bytes(&p, "name: 'a\0b'", 11, false);
    ck_assert_str_eq(p.error, "net.x:1:7: name has a zero byte inside, which a string can't have");
    parsed_free(&p);
    parse_text_bytes(&p, "name: 'a' # c\0d\ninput: 'b'", 26, false);
    ck_assert_int_eq(p.status, CREMA_OK);
    ck_assert_str_eq(p.net->input[0], "b");
    parsed_free(&p);
}
END_TEST

START_TEST(comments_go_to_the_notes)
{
    parsed p;
    parse_text(&p,
               "# a net\r\n"
               "#\n"
               "name: 'n'   # its name  \n"
               "layer {     # the first\n"
               "  # before\n"
               "  name: 'l' 'm' # behind\n"
               "  # at the end\n"
               "} # closed\n"
               "input_dim: [1, # one\n"
               "  # before two\n"
               "  2 # two\n"
               "]\n"
               "# over",
               false);
    ck_assert_msg(p.status == CREMA_OK, "%s", p.error);
    const Crema__LayerParameter *l = p.net->layer[0];
    ck_assert_str_eq(cr_notes_before(p.notes, p.net, "name", 0), "# a net\n#");
    ck_assert_str_eq(cr_notes_behind(p.notes, p.net, "name", 0), "# its name");
    ck_assert_str_eq(cr_notes_behind(p.notes, p.net, "layer", 0), "# the first");
    ck_assert_str_eq(cr_notes_before(p.notes, l, "name", 0), "# before");
    ck_assert_str_eq(cr_notes_behind(p.notes, l, "name", 0), "# behind");
    ck_assert_str_eq(cr_notes_before(p.notes, l, NULL, 0), "# at the end");
    ck_assert_str_eq(cr_notes_behind(p.notes, l, NULL, 0), "# closed");
    ck_assert_str_eq(cr_notes_behind(p.notes, p.net, "input_dim", 0), "# one");
    ck_assert_str_eq(cr_notes_before(p.notes, p.net, "input_dim", 1), "# before two");
    ck_assert_str_eq(cr_notes_behind(p.notes, p.net, "input_dim", 1), "# two");
    ck_assert_str_eq(cr_notes_before(p.notes, p.net, NULL, 0), "# over");
    parsed_free(&p);
}
END_TEST

START_TEST(a_comment_between_name_and_value_belongs_to_the_field)
{
    parsed p;
    parse_text(&p, "name: 'n' layer # a\n: # b\n{ name: # c\n 'l' }", false);
    ck_assert_msg(p.status == CREMA_OK, "%s", p.error);
    ck_assert_str_eq(cr_notes_before(p.notes, p.net, "layer", 0), "# a\n# b");
    ck_assert_str_eq(cr_notes_before(p.notes, p.net->layer[0], "name", 0), "# c");
    ck_assert_ptr_null(cr_notes_behind(p.notes, p.net, "name", 0));
    parsed_free(&p);
}
END_TEST

TEST_MAIN("read/lexer", both_kinds_of_quotes, all_escapes, wrong_escapes_say_where,
          adjacent_strings_are_joined, a_string_ends_in_its_line, number_forms, wrong_numbers,
          white_space_of_all_kinds, non_breaking_spaces_are_read_with_one_warning,
          what_pages_leave_behind_gets_a_hint, zero_bytes_are_no_end, comments_go_to_the_notes,
          a_comment_between_name_and_value_belongs_to_the_field)
