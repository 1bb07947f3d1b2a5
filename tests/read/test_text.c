// The grammar of the text format; its lexical rules are in test_lexer.c.
#include "tests/support/parse.h"
#include "tests/test.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

static void expect_error(const char *text, const char *want)
{
    parsed p;
    parse_text(&p, text, false);
    ck_assert_msg(p.status == CREMA_ERR_INPUT, "%s was accepted", text);
    ck_assert_str_eq(p.error, want);
    parsed_free(&p);
}

START_TEST(an_empty_file_is_an_empty_net)
{
    static const char *const text[] = {"", "\n", "# nothing", "\xEF\xBB\xBF"};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        parsed p;
        parse_text(&p, text[i], true);
        ck_assert_int_eq(p.status, CREMA_OK);
        ck_assert_uint_eq(p.net->n_layer, 0);
        parsed_free(&p);
    }
}
END_TEST

START_TEST(blocks_in_all_forms)
{
    static const char *const text[] = {
        "layer{name:'a'}layer{name:'b'}", "layer: { name: 'a' } layer <name: 'b'>",
        "layer: <name: 'a';>; layer {name: 'b',},", "layer [{name: 'a'}, <name: 'b'>]",
        "layer: [ {name: 'a'} , {name: 'b'} ];"};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        parsed p;
        parse_text(&p, text[i], true);
        ck_assert_msg(p.status == CREMA_OK, "%s", p.error);
        ck_assert_uint_eq(p.net->n_layer, 2);
        ck_assert_str_eq(p.net->layer[0]->name, "a");
        ck_assert_str_eq(p.net->layer[1]->name, "b");
        parsed_free(&p);
    }
}
END_TEST

START_TEST(lists_and_separators)
{
    parsed p;
    parse_text(
        &p, "input_dim: [] input_dim: [1] input_dim: [2, 3]; input_dim: 4, input: ['a' 'b', \"c\"] layer: []",
        true);
    ck_assert_msg(p.status == CREMA_OK, "%s", p.error);
    ck_assert_uint_eq(p.net->n_input_dim, 4);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(p.net->input_dim[i], i + 1);
    ck_assert_uint_eq(p.net->n_input, 2);
    ck_assert_str_eq(p.net->input[0], "ab");
    ck_assert_uint_eq(p.net->n_layer, 0);
    parsed_free(&p);
}
END_TEST

START_TEST(wrong_lists)
{
    expect_error("input_dim: [1,]", "net.x:1:15: expected a value for input_dim, found \"]\"");
    expect_error("input_dim: [,1]", "net.x:1:13: expected a value for input_dim, found \",\"");
    expect_error("input_dim: [1 2]", "net.x:1:15: expected \",\" or \"]\" in a list, found \"2\"");
    expect_error("input_dim: [1", "net.x:1:14: expected \",\" or \"]\" in a list, found the end of the file");
    expect_error("input_dim: [", "net.x:1:13: expected a value for input_dim, found the end of the file");
    expect_error("name: ['a']", "net.x:1:7: name takes one value, not a list");
    expect_error("input_dim: [[1]]", "net.x:1:13: expected a value for input_dim, found \"[\"");
    expect_error("layer [1]", "net.x:1:8: expected \"{\" for the block layer, found \"1\"");
    expect_error("layer [{},]", "net.x:1:11: expected \"{\" for the block layer, found \"]\"");
}
END_TEST

START_TEST(wrong_fields)
{
    expect_error("name 'a'", "net.x:1:6: expected \":\" behind name, found a string");
    expect_error("name:", "net.x:1:6: expected a value for name, found the end of the file");
    expect_error("name", "net.x:1:5: expected \":\" behind name, found the end of the file");
    expect_error("name { }", "net.x:1:6: name takes a single value, not a block");
    expect_error("layer: 3", "net.x:1:8: expected \"{\" for the block layer, found \"3\"");
    expect_error("layer name", "net.x:1:7: expected \"{\" for the block layer, found \"name\"");
    expect_error("name: 'a';; input: 'b'", "net.x:1:11: expected a field's name, found \";\"");
    expect_error("3: 4", "net.x:1:1: expected a field's name, found \"3\"");
    expect_error("\n\n   }", "net.x:3:4: expected a field's name, found \"}\"");
    expect_error("name: }", "net.x:1:7: expected a value for name, found \"}\"");
}
END_TEST

START_TEST(wrong_brackets)
{
    expect_error("layer {\n  name: 'a'\n",
                 "net.x:3:1: expected a field's name or the \"}\" of layer, which was opened "
                 "in line 1, found the end of the file");
    expect_error("layer {\n  param < lr_mult: 1 } }",
                 "net.x:2:22: expected a field's name or the \">\" of param, which "
                 "was opened in line 2, found \"}\"");
    expect_error("layer { name: 'a' > ",
                 "net.x:1:19: expected a field's name or the \"}\" of layer, which was opened "
                 "in line 1, found \">\"");
    expect_error("layer { 5 }",
                 "net.x:1:9: expected a field's name or the \"}\" of layer, which was opened in line 1, "
                 "found \"5\"");
}
END_TEST

START_TEST(positions_are_in_the_notes)
{
    parsed p;
    parse_text(&p, "name: 'n'\nlayer {\n  name: 'l'\n  top: 'a' top: 'b'\n}\nlayer [{},\n {}]", false);
    ck_assert_int_eq(p.status, CREMA_OK);
    cr_pos pos = cr_notes_pos(p.notes, p.net, "name", 0);
    ck_assert_str_eq(pos.file, "net.x");
    ck_assert(pos.line == 1 && pos.column == 7);
    pos = cr_notes_pos(p.notes, p.net->layer[0], "top", 1);
    ck_assert(pos.line == 4 && pos.column == 17);
    pos = cr_notes_pos(p.notes, p.net->layer[0], "type", 0);
    ck_assert(pos.line == 2 && pos.column == 1);
    pos = cr_notes_pos(p.notes, p.net->layer[2], NULL, 0);
    ck_assert(pos.line == 7 && pos.column == 2);
    parsed_free(&p);
}
END_TEST

START_TEST(errors_of_values_name_layer_and_field)
{
    expect_error("layer {\n  name: 'conv1'\n  convolution_param {\n    stride: two\n  }\n}",
                 "net.x:4:13: layer \"conv1\": convolution_param.stride must be a whole number, not two");
    expect_error("layer { pooling_param { pool: MAXX } }",
                 "net.x:1:31: pooling_param.pool must be AVE, AVE_TF, MAX or STOCHASTIC, not MAXX");
}
END_TEST

START_TEST(unknown_fields_are_kept_as_they_stood)
{
    parsed p;
    parse_text(&p,
               "layer {\n"
               "  name: 'l'\n"
               "  # why\n"
               "  my_param: { a: 1 b <c: 'x\\'y' \"z\"> d: [1, -2.5e3f, inf] # inside\n"
               "    e [{}, {f: g}] [x.y/z] { } }  # behind\n"
               "  nmae: 3;\n"
               "  [ext.field]: 'v'\n"
               "  top: 't'\n"
               "}\n",
               false);
    ck_assert_msg(p.status == CREMA_OK, "%s", p.error);
    const cr_unknown *u = cr_notes_unknown(p.notes, p.net->layer[0]);
    ck_assert_str_eq(u->name, "my_param");
    ck_assert_str_eq(u->text, "# why\nmy_param: { a: 1 b <c: 'x\\'y' \"z\"> d: [1, -2.5e3f, inf] # inside\n"
                              "    e [{}, {f: g}] [x.y/z] { } }  # behind");
    ck_assert(u->line == 4 && u->column == 3);
    ck_assert_str_eq(u->next->text, "nmae: 3");
    ck_assert_str_eq(u->next->next->name, "[ext.field]");
    ck_assert_ptr_null(u->next->next->next);
    ck_assert_ptr_null(cr_notes_before(p.notes, p.net->layer[0], "top", 0));
    ck_assert_str_eq(p.net->layer[0]->top[0], "t");
    ck_assert_int_eq(p.n_warnings, 3);
    ck_assert_ptr_nonnull(strstr(p.warnings,
                                 "net.x:6:3: layer \"l\": nmae is not a field that is known; it has no "
                                 "effect; did you mean name?\n"));
    parsed_free(&p);
}
END_TEST

START_TEST(unknown_fields_are_checked_by_their_syntax)
{
    expect_error("foo 3", "net.x:1:5: expected \":\" behind foo, found \"3\"");
    expect_error("foo { bar }", "net.x:1:11: expected \":\" behind bar, found \"}\"");
    expect_error("foo { bar: 1",
                 "net.x:1:13: expected a field's name or the \"}\" of foo, which was opened in line 1, "
                 "found the end of the file");
    expect_error("foo: 'a\n'",
                 "net.x:1:6: the string that starts here is not closed in its line: expected ', found "
                 "the end of the line");
    expect_error("[foo bar",
                 "net.x:1:9: expected \"]\" behind the extension's name, found the end of the file");
    expect_error("[foo]", "net.x:1:6: expected \":\" behind [foo], found the end of the file");
}
END_TEST

START_TEST(strict_refuses_unknown_and_repeated)
{
    parsed p;
    parse_text(&p, "name: 'a'\nname: 'b'", false);
    ck_assert_str_eq(p.warnings,
                     "net.x:2:7: name is given a second time (first in line 1): this one counts\n");
    ck_assert_str_eq(p.net->name, "b");
    parsed_free(&p);
    parse_text(&p, "name: 'a'\nname: 'b'", true);
    ck_assert_str_eq(p.error, "net.x:2:7: name is given a second time (first in line 1)");
    parsed_free(&p);
    parse_text(&p, "layer { relu_param {} foo: 1 }", true);
    ck_assert_str_eq(p.error, "net.x:1:23: layer.foo is not a field that is known; did you mean top?");
    parsed_free(&p);
}
END_TEST

START_TEST(aliases_of_forks)
{
    parsed p;
    parse_text(&p, "layer { convolution_param { pad_t: 1 pad_l: 2 hole: 4 } }", true);
    ck_assert_msg(p.status == CREMA_OK, "%s", p.error);
    const Crema__ConvolutionParameter *c = p.net->layer[0]->convolution_param;
    ck_assert(c->pad_top == 1 && c->pad_left == 2 && c->n_dilation == 1 && c->dilation[0] == 4);
    parsed_free(&p);
}
END_TEST

START_TEST(nesting_is_limited)
{
    enum { DEEP = 200000 };
    static char text[DEEP * 2 + 1];
    for (int i = 0; i < DEEP; i++)
        memcpy(text + 2 * i, "a{", 2);
    expect_error(text, "net.x:1:130: blocks are nested more than 64 deep");
    for (int i = 0; i < DEEP; i++)
        memcpy(text + 2 * i, "a<", 2);
    expect_error(text, "net.x:1:130: blocks are nested more than 64 deep");
}
END_TEST

START_TEST(every_prefix_of_a_net_is_handled)
{
    static const char text[] =
        "name: 'n\\x41' 'b' # c\nlayer { name: \"l\" loss_weight: -1.5e+3f [a.b] <x: [1, 2]>; "
        "include { phase: TEST } convolution_param: < kernel_size: [3, 0x3] > }\n";
    for (size_t n = 0; n < sizeof text; n++) {
        parsed p;
        parse_text_bytes(&p, text, n, false);
        ck_assert(p.status == CREMA_OK ||
                  (p.status == CREMA_ERR_INPUT && p.err.line > 0 && p.err.message[0]));
        parsed_free(&p);
    }
    for (size_t n = 0; n + 1 < sizeof text; n++) { // and with one byte broken
        char broken[sizeof text];
        memcpy(broken, text, sizeof text);
        for (int c = 0; c < 256; c += 5) {
            parsed p;
            broken[n] = (char)c;
            parse_text_bytes(&p, broken, sizeof text - 1, false);
            ck_assert(p.status == CREMA_OK || p.status == CREMA_ERR_INPUT);
            parsed_free(&p);
        }
    }
}
END_TEST

// All nets of the corpus, when it is there. Templates with ${...} or a made-up number are not nets yet.
START_TEST(nets_of_the_field)
{
    const char *shared = getenv("CREMA_SHARED");
    char pattern[1024];
    glob_t found;
    snprintf(pattern, sizeof pattern, "%s/corpus/nets/*.prototxt", shared ? shared : "../shared");
    if (glob(pattern, 0, NULL, &found) != 0) {
        printf("skipped: %s is not there\n", pattern);
        return;
    }
    for (size_t i = 0; i < found.gl_pathc; i++) {
        cr_file file;
        unsigned char *data;
        size_t size;
        cr_err err;
        ck_assert_int_eq(cr_file_open(&file, &(crema_file){.path = found.gl_pathv[i]}, &err), CREMA_OK);
        ck_assert_int_eq(cr_file_load(&file, 1 << 28, &data, &size, &err), CREMA_OK);
        bool template = strstr((char *)data, "${") || strstr(found.gl_pathv[i], "template");
        parsed p;
        parse_text_bytes(&p, (char *)data, size, false);
        ck_assert_msg((p.status == CREMA_OK) == !template, "%s: %s", found.gl_pathv[i], p.error);
        parsed_free(&p);
        cr_free(data);
        cr_file_close(&file);
    }
    ck_assert_uint_eq(found.gl_pathc, 234);
    globfree(&found);
}
END_TEST

#ifdef CR_TEST_ALLOC
START_TEST(any_allocation_may_fail)
{
    bool done = false;
    for (int n = 0; !done; n++) {
        parsed p;
        cr_test_fail_alloc(n);
        parse_text(
            &p,
            "# c\nname: 'a\\n' 'b' # d\nmy_param { x: 1 } input_dim: [1,2,3,4,5,6,7,8,9]\n"
            "layer { name: 'l' loss_weight: - 0.123456789012345678901234567890123456789012345678901234567890"
            "12345678901234567890123456789012345678901234567890123456789012345678901234567890 }\n",
            false);
        cr_test_fail_alloc(-1);
        done = p.status == CREMA_OK;
        ck_assert(done || p.status == CREMA_ERR_MEMORY);
        parsed_free(&p);
        ck_assert_int_lt(n, 1000);
    }
}
END_TEST
#endif

TEST_MAIN("read/text", an_empty_file_is_an_empty_net, blocks_in_all_forms, lists_and_separators, wrong_lists,
          wrong_fields, wrong_brackets, positions_are_in_the_notes, errors_of_values_name_layer_and_field,
          unknown_fields_are_kept_as_they_stood, unknown_fields_are_checked_by_their_syntax,
          strict_refuses_unknown_and_repeated, aliases_of_forks, nesting_is_limited,
          every_prefix_of_a_net_is_handled, nets_of_the_field TEST_ALLOC(any_allocation_may_fail))
