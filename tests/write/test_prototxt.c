// What the printer of the text format writes; the whole corpus goes through it in tests/corpus.py.
#include "schema/equal.h"
#include "tests/support/parse.h"
#include "tests/test.h"
#include "write/prototxt.h"

#include <string.h>

// The text is read, written as `want`, and that is read as the same and written as the same.
static void expect(const char *text, const char *want)
{
    parsed a, b;
    cr_text first = {0}, second = {0};
    parse_text(&a, text, false);
    ck_assert_msg(a.status == CREMA_OK, "%s", a.error);
    ck_assert_int_eq(cr_write_prototxt(&a.net->base, a.notes, &first, NULL), CREMA_OK);
    ck_assert_str_eq(first.n ? first.s : "", want);
    parse_text(&b, want, false);
    ck_assert_msg(b.status == CREMA_OK, "%s", b.error);
    ck_assert(cr_message_equal(&a.net->base, &b.net->base, NULL));
    ck_assert_int_eq(cr_write_prototxt(&b.net->base, b.notes, &second, NULL), CREMA_OK);
    ck_assert_str_eq(second.n ? second.s : "", want);
    cr_text_free(&first);
    cr_text_free(&second);
    parsed_free(&a);
    parsed_free(&b);
}

START_TEST(fields_keep_the_order_of_the_file)
{
    expect("", "");
    expect("input: 'b' name: 'n' input: 'a'", "input: \"b\"\nname: \"n\"\ninput: \"a\"\n");
    expect("input_dim: [1, 2] layer { top: 'a'\n type: 'Input' name: 'x' } input: 'q'",
           "input_dim: 1\ninput_dim: 2\nlayer {\n  top: \"a\"\n  type: \"Input\"\n  name: \"x\"\n}\n"
           "input: \"q\"\n");
}
END_TEST

START_TEST(what_stood_in_one_line_stays_in_one_line)
{
    expect("layer { name: 'a' relu_param { } param { lr_mult: 1 } }",
           "layer { name: \"a\" relu_param {} param { lr_mult: 1 } }\n");
    expect("layer {\n name: 'a'\n lrn_param {\n }\n relu_param { negative_slope: 1\n}\n}",
           "layer {\n  name: \"a\"\n  lrn_param {}\n  relu_param { negative_slope: 1 }\n}\n");
    expect("layer { name: 'a' param {\n lr_mult: 1 } }",
           "layer {\n  name: \"a\"\n  param {\n    lr_mult: 1\n  }\n}\n");
}
END_TEST

START_TEST(comments_stay_where_they_are)
{
    expect("#a\n #b\nname: 'n' # c\n"
           "layer { # d\n # e\n name: 'x' # f\n\n   # g\n} # h\n"
           "layer { name: 'y' } # i\n"
           "layer { # j\n}\n"
           "# k",
           "#a\n#b\nname: \"n\"  # c\n"
           "layer {  # d\n  # e\n  name: \"x\"  # f\n  # g\n}  # h\n"
           "layer { name: \"y\" }  # i\n"
           "layer {  # j\n}\n"
           "# k\n");
    // Given twice, one field is left, with both comments.
    expect("# 1\nname: 'a'\n# 2\nname: 'b' # 3", "# 1\n# 2\nname: \"b\"  # 3\n");
    expect("layer { relu_param { # 1\n} # 2\n # 3\n relu_param { # 4\n # 5\n } # 6\n }",
           "layer {\n  # 3\n  relu_param {  # 1\n    # 4\n    # 5\n  }  # 2\n  # 6\n}\n");
}
END_TEST

START_TEST(unknown_fields_stay_where_they_are)
{
    expect("name: 'n' colour: 3 # why\ninput: 'a'", "name: \"n\"\ncolour: 3 # why\ninput: \"a\"\n");
    expect("layer {\n"
           "      # which\n"
           "      own_param {\n"
           "            a: \"}{#\" # in {\n"
           "\n"
           "        b < c: 1\n"
           "            d: ['x',\n"
           "   'y'] >\n"
           "      }\n"
           "  name: 'n' }",
           "layer {\n"
           "  # which\n"
           "  own_param {\n"
           "    a: \"}{#\" # in {\n"
           "    b < c: 1\n"
           "      d: ['x',\n"
           "        'y'] >\n"
           "  }\n"
           "  name: \"n\"\n"
           "}\n");
    expect("layer { own { a: 1 } }", "layer {\n  own { a: 1 }\n}\n");
}
END_TEST

START_TEST(strings_are_escaped)
{
    expect("name: 'a\"b\\'c\\\\\\n\\t\\r\\001\\x7f'", "name: \"a\\\"b'c\\\\\\n\\t\\r\\001\\177\"\n");
    expect("name: '\xC3\xA4\xE4 \xF0\x9F\x98\x80'", "name: \"\xC3\xA4\\344 \xF0\x9F\x98\x80\"\n");
}
END_TEST

START_TEST(numbers_and_names)
{
    expect("layer { scale_param { axis: -1 bias_term: true } loss_weight: 0.1 loss_weight: -0\n"
           "pooling_param { pool: 1 } }",
           "layer {\n  scale_param { axis: -1 bias_term: true }\n  loss_weight: 0.1\n  loss_weight: -0\n"
           "  pooling_param { pool: AVE }\n}\n");
}
END_TEST

TEST_MAIN("write/prototxt", fields_keep_the_order_of_the_file, what_stood_in_one_line_stays_in_one_line,
          comments_stay_where_they_are, unknown_fields_stay_where_they_are, strings_are_escaped,
          numbers_and_names)
