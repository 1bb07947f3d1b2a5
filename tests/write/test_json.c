// What the printer of JSON writes, and that it is read back; the corpus: tests/convert.py.
#include "schema/equal.h"
#include "tests/support/parse.h"
#include "tests/test.h"
#include "write/json.h"

#include <string.h>

static void expect(const char *text, const char *want)
{
    parsed a, b;
    cr_text first = {0}, second = {0};
    parse_text(&a, text, false);
    ck_assert_msg(a.status == CREMA_OK, "%s", a.error);
    ck_assert_int_eq(cr_write_json(&a.net->base, a.notes, NULL, &first, NULL), CREMA_OK);
    ck_assert_str_eq(first.s, want);
    parse_yaml(&b, want, false);
    ck_assert_msg(b.status == CREMA_OK, "%s", b.error);
    ck_assert(cr_message_equal(&a.net->base, &b.net->base, NULL));
    ck_assert_int_eq(cr_write_json(&b.net->base, b.notes, NULL, &second, NULL), CREMA_OK);
    ck_assert_str_eq(second.s, want);
    cr_text_free(&first);
    cr_text_free(&second);
    parsed_free(&a);
    parsed_free(&b);
}

START_TEST(objects_and_lists)
{
    expect("", "{}\n");
    expect("input: 'b' name: 'n' input: 'a' layer { name: 'x' relu_param {} phase: TEST } layer {}",
           "{\n"
           "  \"input\": [\"b\", \"a\"],\n"
           "  \"name\": \"n\",\n"
           "  \"layer\": [\n"
           "    {\n"
           "      \"name\": \"x\",\n"
           "      \"relu_param\": {},\n"
           "      \"phase\": \"TEST\"\n"
           "    },\n"
           "    {}\n"
           "  ]\n"
           "}\n");
}
END_TEST

START_TEST(numbers_and_strings)
{
    expect("layer { loss_weight: inf loss_weight: -inf loss_weight: nan loss_weight: 0.1 }\n"
           "force_backward: true input_dim: -3",
           "{\n"
           "  \"layer\": [\n"
           "    {\n"
           "      \"loss_weight\": [\"Infinity\", \"-Infinity\", \"NaN\", 0.1]\n"
           "    }\n"
           "  ],\n"
           "  \"force_backward\": true,\n"
           "  \"input_dim\": [-3]\n"
           "}\n");
    expect("name: 'a\"b\\\\c\\n\\t\\r\\001\\177/\xC3\xA4\xF0\x9F\x98\x80'",
           "{\n  \"name\": \"a\\\"b\\\\c\\n\\t\\r\\u0001\\u007f/\xC3\xA4\xF0\x9F\x98\x80\"\n}\n");
}
END_TEST

START_TEST(unknown_fields_have_a_key_of_their_own)
{
    expect("name: 'n'\ncolour: 3 # why\nlayer { own { a: \"x\" } name: 'y' [ext.x]: 2 }",
           "{\n"
           "  \"name\": \"n\",\n"
           "  \"_unknown\": [\n"
           "    \"colour: 3 # why\"\n"
           "  ],\n"
           "  \"layer\": [\n"
           "    {\n"
           "      \"_unknown\": [\n"
           "        \"own { a: \\\"x\\\" }\",\n"
           "        \"[ext.x]: 2\"\n"
           "      ],\n"
           "      \"name\": \"y\"\n"
           "    }\n"
           "  ]\n"
           "}\n");
}
END_TEST

START_TEST(unknown_texts_are_checked)
{
    static const char *const bad[] = {"_unknown: 3",  "_unknown: ['']",    "_unknown: ['# only']",
                                      "_unknown: {}", "_unknown: [': 3']", "_unknown: [\"a: 1\\0\"]"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        parsed p;
        parse_yaml(&p, bad[i], false);
        ck_assert_msg(strstr(p.error, "_unknown must be a list of strings, each a field in the text format"),
                      "%s: %s", bad[i], p.error);
        parsed_free(&p);
    }
    parsed p;
    parse_yaml(&p, "_unknown: [\"# c\\n  x : 1\"]", false);
    ck_assert_str_eq(cr_notes_unknown(p.notes, p.net)->name, "x");
    parsed_free(&p);
}
END_TEST

START_TEST(comments_are_counted_and_dropped)
{
    parsed p, said = {0};
    cr_log log = {parsed_keep, &said};
    cr_text out = {0};
    parse_text(&p, "# 1\n# 2\nname: 'n' # 3\nlayer { # 4\n # 5\n } # 6\ninput: ['a', # 7\n 'b'] # 8\n# 9",
               false);
    ck_assert_int_eq(cr_write_json(&p.net->base, p.notes, &log, &out, NULL), CREMA_OK);
    ck_assert_str_eq(said.warnings, "net.x: 9 comments are left out: JSON has none\n");
    cr_text_free(&out);
    parsed_free(&p);
}
END_TEST

START_TEST(what_json_can_not_hold)
{
    static const char *const text[] = {"name: '\xE4'", "colour: '\xE4'",
                                       "layer { blobs { raw_data: '\xFF' } }"};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        parsed p;
        cr_text out = {0};
        cr_err err;
        parse_text(&p, text[i], false);
        ck_assert_int_eq(cr_write_json(&p.net->base, p.notes, NULL, &out, &err), CREMA_ERR_UNSUPPORTED);
        ck_assert_ptr_nonnull(strstr(err.message, "is not UTF-8, which JSON has to be"));
        ck_assert_int_eq(err.line, 1);
        cr_text_free(&out);
        parsed_free(&p);
    }
}
END_TEST

TEST_MAIN("write/json", objects_and_lists, numbers_and_strings, unknown_fields_have_a_key_of_their_own,
          unknown_texts_are_checked, comments_are_counted_and_dropped, what_json_can_not_hold)
