#include "tests/support/parse.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void expect_error(const char *yaml, const char *want)
{
    parsed p;
    parse_yaml(&p, yaml, false);
    ck_assert_msg(p.status == CREMA_ERR_INPUT, "%s was accepted", yaml);
    ck_assert_str_eq(p.error, want);
    parsed_free(&p);
}

START_TEST(maps_are_messages_and_lists_repeated_fields)
{
    parsed p;
    parse_yaml(&p,
               "name: tiny\n"
               "layer:\n"
               "  - name: data\n"
               "    type: Input\n"
               "    top: data\n"
               "    input_param: {shape: {dim: [1, 3, 8, 8]}}\n"
               "  - name: pool\n"
               "    type: Pooling\n"
               "    bottom: [data]\n"
               "    top: [pool, mask]\n"
               "    pooling_param: {pool: MAX, kernel_size: 2, round_mode: 'FLOOR', global_pooling: false}\n"
               "    include: {phase: 1}\n",
               true);
    ck_assert_msg(p.status == CREMA_OK, "%s", p.error);
    ck_assert_str_eq(p.net->name, "tiny");
    ck_assert_uint_eq(p.net->n_layer, 2);
    const Crema__BlobShape *shape = p.net->layer[0]->input_param->shape[0];
    ck_assert(shape->n_dim == 4 && shape->dim[1] == 3);
    const Crema__LayerParameter *l = p.net->layer[1];
    ck_assert_str_eq(p.net->layer[0]->top[0], "data");
    ck_assert(l->n_top == 2 && strcmp(l->top[1], "mask") == 0);
    ck_assert_int_eq(l->pooling_param->round_mode, CREMA__POOLING_PARAMETER__ROUND_MODE__FLOOR);
    ck_assert_uint_eq(l->pooling_param->kernel_size, 2);
    ck_assert_int_eq(l->include[0]->phase, CREMA__PHASE__TEST);
    cr_pos pos = cr_notes_pos(p.notes, l->pooling_param, "kernel_size", 0);
    ck_assert(pos.line == 11 && pos.column == 45);
    pos = cr_notes_pos(p.notes, l, "type", 0);
    ck_assert(pos.line == 8 && pos.column == 11);
    pos = cr_notes_pos(p.notes, l, NULL, 0);
    ck_assert(pos.line == 7 && pos.column == 5);
    pos = cr_notes_pos(p.notes, l, "pooling_param", 0);
    ck_assert(pos.line == 11 && pos.column == 5);
    parsed_free(&p);
}
END_TEST

START_TEST(the_fields_type_decides_what_a_scalar_is)
{
    static const char *const name[] = {"no", "on",   "y",   "true", "1.0",  "0x10",
                                       "~x", "null", "1e3", "'7'",  "12:30"};
    for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
        char yaml[64];
        parsed p;
        snprintf(yaml, sizeof yaml, "name: %s", name[i]);
        parse_yaml(&p, yaml, false);
        ck_assert_msg(p.status == CREMA_OK, "%s", p.error);
        ck_assert_str_eq(p.net->name, strcmp(name[i], "'7'") == 0 ? "7" : name[i]);
        parsed_free(&p);
    }
}
END_TEST

START_TEST(booleans_and_numbers)
{
    parsed p;
    parse_yaml(&p,
               "force_backward: true\ndebug_info: False\ninput_dim: [010, 0x10, -3, +4]\n"
               "layer: {loss_weight: [1, .5, .inf, -.INF, +2, .nan, 1e-3]}",
               true);
    ck_assert_msg(p.status == CREMA_OK, "%s", p.error);
    ck_assert(p.net->force_backward && !p.net->debug_info);
    static const int dims[] = {8, 16, -3, 4};
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(p.net->input_dim[i], dims[i]);
    const float *w = p.net->layer[0]->loss_weight;
    ck_assert(w[0] == 1 && w[1] == 0.5f && w[2] == INFINITY && w[3] == -INFINITY && w[4] == 2 && isnan(w[5]));
    parsed_free(&p);
    expect_error("force_backward: yes", "net.x:1:17: force_backward must be true or false, not yes");
    expect_error("force_backward: 'true'", "net.x:1:17: force_backward must be true or false, not \"true\"");
    expect_error("input_dim: '3'", "net.x:1:12: input_dim must be a whole number, not \"3\"");
    expect_error("input_dim: 1_000", "net.x:1:12: input_dim must be a whole number, not 1_000");
    expect_error("input_dim: [1, 2.5]", "net.x:1:16: input_dim must be a whole number, not 2.5");
    expect_error("layer: {phase: 'TESTING'}", "net.x:1:16: layer.phase must be TEST or TRAIN, not TESTING");
}
END_TEST

START_TEST(empty_values)
{
    parsed p;
    parse_yaml(&p, "name: ''\nlayer:\n  - relu_param:\n  - {}\n  -\n  - relu_param: ~\n", true);
    ck_assert_msg(p.status == CREMA_OK, "%s", p.error);
    ck_assert_str_eq(p.net->name, "");
    ck_assert_uint_eq(p.net->n_layer, 4);
    ck_assert_ptr_nonnull(p.net->layer[0]->relu_param);
    ck_assert_ptr_nonnull(p.net->layer[3]->relu_param);
    parsed_free(&p);
    expect_error("name:", "net.x:1:6: name has no value");
    expect_error("input_dim: [1, ~]", "net.x:1:16: input_dim must be a whole number, not ~");
}
END_TEST

START_TEST(wrong_kinds)
{
    expect_error("- 1", "net.x:1:1: the file must be a map of fields");
    expect_error("just words", "net.x:1:1: the file must be a map of fields");
    expect_error("name: [a, b]", "net.x:1:7: name takes one value, not a list or map");
    expect_error("name: {a: b}", "net.x:1:7: name takes one value, not a list or map");
    expect_error("input: {a: b}", "net.x:1:8: input must have single values");
    expect_error("input: [[a]]", "net.x:1:9: input must have single values");
    expect_error("layer: conv", "net.x:1:8: layer must be a map of fields");
    expect_error("layer: [[{}]]", "net.x:1:9: layer must be a map of fields");
    expect_error("state: [{}]", "net.x:1:8: state must be a map of fields");
    expect_error("name: \"a\\0b\"", "net.x:1:7: name has a zero byte inside, which a string can't have");
    expect_error("layer: ]",
                 "net.x:1:8: not YAML: did not find expected node content (while parsing a block node that "
                 "starts in line 1)");
}
END_TEST

START_TEST(unknown_fields_are_kept_as_protobuf_text)
{
    parsed p;
    parse_yaml(
        &p, "layer:\n  name: l\n  my_param: {a: 1, b: [x, 'y\"', -2.5, 'MAX'], c: {d: }, e: }\n  nmae: 3\n",
        false);
    ck_assert_msg(p.status == CREMA_OK, "%s", p.error);
    const cr_unknown *u = cr_notes_unknown(p.notes, p.net->layer[0]);
    ck_assert_str_eq(u->name, "my_param");
    ck_assert_str_eq(u->text, "my_param { a: 1 b: x b: \"y\\042\" b: -2.5 b: \"MAX\" c { d { } } e { } }");
    ck_assert(u->line == 3 && u->column == 3);
    ck_assert_str_eq(u->next->text, "nmae: 3");
    ck_assert_ptr_nonnull(strstr(p.warnings,
                                 "net.x:4:3: layer \"l\": nmae is not a field that is known; it has no "
                                 "effect; did you mean name?\n"));
    // and that text can be read
    parsed q;
    parse_text(&q, u->text, false);
    ck_assert_msg(q.status == CREMA_OK, "%s", q.error);
    parsed_free(&q);
    parsed_free(&p);
    parse_yaml(&p, "'':\n", false);
    ck_assert_str_eq(cr_notes_unknown(p.notes, p.net)->name, "");
    parsed_free(&p);
    parse_yaml(&p, "nmae: 3", true);
    ck_assert_str_eq(p.error, "net.x:1:1: nmae is not a field that is known; did you mean name?");
    parsed_free(&p);
}
END_TEST

START_TEST(aliases_make_copies)
{
    parsed p;
    parse_yaml(&p,
               "layer:\n  - {name: a, relu_param: &r {negative_slope: 0.5}}\n  - {name: b, relu_param: *r}\n",
               true);
    ck_assert_msg(p.status == CREMA_OK, "%s", p.error);
    ck_assert(p.net->layer[1]->relu_param->negative_slope == 0.5f);
    ck_assert_ptr_ne(p.net->layer[0]->relu_param, p.net->layer[1]->relu_param);
    parsed_free(&p);
}
END_TEST

#ifdef CR_TEST_ALLOC
START_TEST(any_allocation_may_fail)
{
    bool done = false;
    for (int n = 0; !done; n++) {
        parsed p;
        cr_test_fail_alloc(n);
        parse_yaml(&p, "name: n\nlayer: [{name: a, foo: {bar: [1, 'x']}, loss_weight: 1e-3}]\n", false);
        cr_test_fail_alloc(-1);
        done = p.status == CREMA_OK;
        ck_assert(done || p.status == CREMA_ERR_MEMORY);
        parsed_free(&p);
        ck_assert_int_lt(n, 1000);
    }
}
END_TEST
#endif

TEST_MAIN("read/yaml_message", maps_are_messages_and_lists_repeated_fields,
          the_fields_type_decides_what_a_scalar_is, booleans_and_numbers, empty_values, wrong_kinds,
          unknown_fields_are_kept_as_protobuf_text, aliases_make_copies TEST_ALLOC(any_allocation_may_fail))
