// What the printer of YAML writes, and that it is read back with its comments; the corpus: tests/convert.py.
#include "schema/equal.h"
#include "tests/support/parse.h"
#include "tests/test.h"
#include "write/prototxt.h"
#include "write/yaml.h"

#include <stdio.h>
#include <string.h>

static void written(const parsed *p, cr_text *out)
{
    cr_err err;
    *out = (cr_text){0};
    ck_assert_msg(cr_write_yaml(&p->net->base, p->notes, NULL, out, &err) == CREMA_OK, "%s", err.message);
}

// The text is written as `want`, which is read as the same net and written as the same.
static void expect(const char *text, const char *want)
{
    parsed a, b;
    cr_text first, second;
    parse_text(&a, text, false);
    ck_assert_msg(a.status == CREMA_OK, "%s", a.error);
    written(&a, &first);
    ck_assert_str_eq(first.s, want);
    parse_yaml(&b, want, false);
    ck_assert_msg(b.status == CREMA_OK, "%s", b.error);
    ck_assert(cr_message_equal(&a.net->base, &b.net->base, NULL));
    written(&b, &second);
    ck_assert_str_eq(second.s, want);
    cr_text_free(&first);
    cr_text_free(&second);
    parsed_free(&a);
    parsed_free(&b);
}

START_TEST(keys_keep_the_order_of_the_file)
{
    expect("", "{}\n");
    expect("input: 'b' name: 'm' input: 'a' input_dim: 3", "input: [b, a]\nname: m\ninput_dim: 3\n");
    expect("layer { top: 'a' name: 'x' } layer {} layer { relu_param {} param { lr_mult: 1 } param {} }",
           "layer:\n"
           "  - top: a\n"
           "    name: x\n"
           "  - {}\n"
           "  - relu_param: {}\n"
           "    param:\n"
           "      - lr_mult: 1\n"
           "      - {}\n");
}
END_TEST

START_TEST(strings_are_quoted_where_a_reader_may_stumble)
{
    static const char *const plain[] = {"conv1",   "a_b-c.d/e+f", "_", "examples/mnist/lmdb",
                                        "relu5-3", "nope"};
    static const char *const quoted[] = {
        "",    "no",   "Yes", "true", "NULL", "y",  "1",   "1.5", "-a",  "a b", "a: b", "#a",
        "a#b", "[a]",  "{a",  "*a",   "&a",   "!a", "|",   ">",   "'a'", "%a",  "@a",   "`a",
        "~",   ".inf", "a,b", "$(a)", "?",    "=",  "off", "0x1", "1e3", "a:",  "- a",  "\xC3\xA4"};
    char text[64], want[64];
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        snprintf(text, sizeof text, "name: \"%s\"", plain[i]);
        snprintf(want, sizeof want, "name: %s\n", plain[i]);
        expect(text, want);
    }
    for (size_t i = 0; i < sizeof quoted / sizeof *quoted; i++) {
        snprintf(text, sizeof text, "name: \"%s\"", quoted[i]);
        snprintf(want, sizeof want, "name: \"%s\"\n", quoted[i]);
        expect(text, want);
    }
    expect("name: 'a\"b\\\\c\\n\\t\\r\\001\\177\xE2\x80\xA8\xEF\xBB\xBF'",
           "name: \"a\\\"b\\\\c\\n\\t\\r\\u0001\\u007f\\u2028\\ufeff\"\n");
}
END_TEST

START_TEST(numbers_and_names)
{
    expect("layer { loss_weight: inf loss_weight: -inf loss_weight: nan loss_weight: 1e-20\n"
           "scale_param { bias_term: true axis: -1 } phase: TRAIN }",
           "layer:\n"
           "  - loss_weight: [.inf, -.inf, .nan, 1e-20]\n"
           "    scale_param:\n"
           "      bias_term: true\n"
           "      axis: -1\n"
           "    phase: TRAIN\n");
}
END_TEST

START_TEST(comments_stay_where_they_are)
{
    expect("#a\n #b\nname: 'm' # c\n"
           "# z\n"
           "layer { # d\n # e\n name: 'x' # f\n\n   # g\n}\n"
           "layer {\n # h\n name: 'w' relu_param { # i\n # j\n } }\n"
           "# k\n"
           "layer { # l\n # m\n}\n"
           "# n\n"
           "# o",
           "#a\n#b\nname: m  # c\n"
           "# z\n"
           "layer:\n"
           "  -  # d\n"
           "    # e\n"
           "    name: x  # f\n"
           "    # g\n"
           "  -\n"
           "    # h\n"
           "    name: w\n"
           "    relu_param: {}  # i\n"
           "      # j\n"
           "  # k\n"
           "  - {}  # l\n"
           "    # m\n"
           "# n\n"
           "# o\n");
    expect("input_dim: [1, # a\n # b\n 2, 3] # c\n", "input_dim:\n  - 1  # a\n  # b\n  - 2\n  - 3  # c\n");
    expect("layer { lrn_param { # a\n local_size: 3 # b\n # c\n }\n # d\n name: 'x' }",
           "layer:\n"
           "  - lrn_param:  # a\n"
           "      local_size: 3  # b\n"
           "      # c\n"
           "    # d\n"
           "    name: x\n");
}
END_TEST

// What stood behind a closing bracket is the last line of its block.
START_TEST(comments_of_closing_brackets)
{
    parsed p;
    cr_text out;
    parse_text(&p, "layer { name: 'a' } # of a\nlayer { name: 'b' }", false);
    written(&p, &out);
    ck_assert_str_eq(out.s, "layer:\n  - name: a\n    # of a\n  - name: b\n");
    cr_text_free(&out);
    parsed_free(&p);
}
END_TEST

START_TEST(comments_come_back_from_yaml)
{
    parsed p;
    cr_text out = {0};
    parse_yaml(&p,
               "# \xC3\xA4 head\n"
               "name: 'a # b' # name\n"
               "input: [x, # first\n"
               "  # second\n"
               "  y] # list\n"
               "layer: # layers\n"
               "# one\n"
               "- name: |\n"
               "    # text\n"
               "  relu_param: # open\n"
               "    # slope\n"
               "    negative_slope: 1 # one\n"
               "    # end of relu\n"
               "  # end of layer\n"
               "- # two\n"
               "  name: z # end\r\n"
               "# end\n",
               false);
    ck_assert_msg(p.status == CREMA_OK, "%s", p.error);
    ck_assert_int_eq(cr_write_prototxt(&p.net->base, p.notes, &out, NULL), CREMA_OK);
    ck_assert_str_eq(out.s, "# \xC3\xA4 head\n"
                            "name: \"a # b\"  # name\n"
                            "input: \"x\"  # first\n"
                            "# second\n"
                            "input: \"y\"  # list\n"
                            "# layers\n"
                            "# one\n"
                            "layer {\n"
                            "  name: \"# text\\n\"\n"
                            "  relu_param {  # open\n"
                            "    # slope\n"
                            "    negative_slope: 1  # one\n"
                            "    # end of relu\n"
                            "  }\n"
                            "  # end of layer\n"
                            "}\n"
                            "layer {  # two\n"
                            "  name: \"z\"  # end\n"
                            "}\n"
                            "# end\n");
    cr_text_free(&out);
    parsed_free(&p);
}
END_TEST

START_TEST(unknown_fields_are_keys)
{
    expect(
        "name: 'm' colour: 3 layer { own { a: 1 b: 'x' a: -2 c { } d: MAX e: 1e-3 } name: 'w' own2: null }",
        "name: m\n"
        "colour: 3\n"
        "layer:\n"
        "  -\n"
        "    own:\n"
        "      a:\n"
        "        - 1\n"
        "        - -2\n"
        "      b: \"x\"\n"
        "      c: {}\n"
        "      d: MAX\n"
        "      e: 1e-3\n"
        "    name: w\n"
        "    own2: \"null\"\n");
    // Two of one name are one key; comments inside go before it.
    expect("own { a: 1 # in\n } # behind\nname: 'm' own { a: 2 }",
           "# in\n# behind\nown:\n  - a: 1\n  - a: 2\nname: m\n");
}
END_TEST

START_TEST(what_yaml_can_not_hold)
{
    parsed p;
    cr_text out = {0};
    cr_err err;
    char text[200];
    parse_text(&p, "name: 'ok' layer {\n  name: '\xE4'\n}", false);
    ck_assert_int_eq(cr_write_yaml(&p.net->base, p.notes, NULL, &out, &err), CREMA_ERR_UNSUPPORTED);
    ck_assert_str_eq(crema_error_text(&err, text, sizeof text),
                     "net.x:2:9: name is not UTF-8, which YAML has to be");
    cr_text_free(&out);
    parsed_free(&p);
    // A comment is not worth an error.
    parsed said = {0};
    cr_log log = {parsed_keep, &said};
    parse_text(&p, "name: 'm' # \xE4\x01", false);
    ck_assert_int_eq(cr_write_yaml(&p.net->base, p.notes, &log, &out, &err), CREMA_OK);
    ck_assert_str_eq(out.s, "name: m  # \xEF\xBF\xBD\xEF\xBF\xBD\n");
    ck_assert_int_eq(said.n_warnings, 1);
    cr_text_free(&out);
    parsed_free(&p);
}
END_TEST

#ifdef CR_TEST_ALLOC
START_TEST(any_allocation_may_fail)
{
    parsed p;
    parse_text(&p, "# a\nname: 'm' own { a: 1 } layer { # b\n name: 'x' top: ['a', 'b'] relu_param {} }",
               false);
    for (int n = 0;; n++) {
        cr_text out = {0};
        cr_test_fail_alloc(n);
        cr_status status = cr_write_yaml(&p.net->base, p.notes, NULL, &out, NULL);
        cr_test_fail_alloc(-1);
        cr_text_free(&out);
        if (status == CREMA_OK)
            break;
        ck_assert_int_eq(status, CREMA_ERR_MEMORY);
        ck_assert_int_lt(n, 1000);
    }
    parsed_free(&p);
}
END_TEST
#endif

TEST_MAIN("write/yaml", keys_keep_the_order_of_the_file, strings_are_quoted_where_a_reader_may_stumble,
          numbers_and_names, comments_stay_where_they_are, comments_of_closing_brackets,
          comments_come_back_from_yaml, unknown_fields_are_keys,
          what_yaml_can_not_hold TEST_ALLOC(any_allocation_may_fail))
