#include "read/yaml.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct tree {
    cr_arena arena;
    const cr_yaml *root;
    cr_status status;
    char error[800];
} tree;

static void parse_bytes(tree *t, const char *text, size_t size)
{
    cr_err err = {0};
    memset(t, 0, sizeof *t);
    char *copy = malloc(size + 1);
    memcpy(copy, text, size);
    copy[size] = 0;
    t->status = cr_yaml_parse(&t->arena, "f.yaml", copy, size, &t->root, &err);
    free(copy);
    if (t->status != CREMA_OK)
        crema_error_text(&err, t->error, sizeof t->error);
}

static void parse(tree *t, const char *text)
{
    parse_bytes(t, text, strlen(text));
}

static void expect_error(const char *text, const char *want)
{
    tree t;
    parse(&t, text);
    ck_assert_msg(t.status == CREMA_ERR_INPUT, "%s was accepted", text);
    ck_assert_ptr_null(t.root);
    ck_assert_str_eq(t.error, want);
    cr_arena_free(&t.arena);
}

START_TEST(lists_maps_and_scalars_with_positions)
{
    tree t;
    parse(&t, "# head\na: 1\nb:\n  - x\n  - 'y z'\n  - {c: \"d\"}\ne: {}\nf: []\ng:\n");
    ck_assert_msg(t.status == CREMA_OK, "%s", t.error);
    ck_assert_int_eq(t.root->kind, CR_YAML_MAP);
    ck_assert_uint_eq(t.root->n, 5);
    ck_assert_str_eq(t.root->key[1]->text, "b");
    ck_assert(t.root->key[1]->line == 3 && t.root->key[1]->column == 1);
    const cr_yaml *b = cr_yaml_get(t.root, "b");
    ck_assert_int_eq(b->kind, CR_YAML_LIST);
    ck_assert_uint_eq(b->n, 3);
    ck_assert(b->item[0]->plain && !b->item[1]->plain);
    ck_assert_str_eq(b->item[1]->text, "y z");
    ck_assert_uint_eq(b->item[1]->size, 3);
    ck_assert(b->item[1]->line == 5 && b->item[1]->column == 5);
    ck_assert_str_eq(cr_yaml_get(b->item[2], "c")->text, "d");
    ck_assert_uint_eq(cr_yaml_get(t.root, "e")->n, 0);
    ck_assert_uint_eq(cr_yaml_get(t.root, "f")->n, 0);
    ck_assert_uint_eq(cr_yaml_get(t.root, "g")->size, 0);
    ck_assert_ptr_null(cr_yaml_get(t.root, "h"));
    ck_assert_ptr_null(cr_yaml_get(b, "x"));
    cr_arena_free(&t.arena);
}
END_TEST

START_TEST(a_string_tag_makes_a_string)
{
    tree t;
    parse(&t, "[!!str 1, 1, !!int \"2\"]");
    ck_assert(!t.root->item[0]->plain && t.root->item[1]->plain && !t.root->item[2]->plain);
    cr_arena_free(&t.arena);
}
END_TEST

START_TEST(aliases_share_nodes)
{
    tree t;
    parse(&t, "a: &x {k: 1}\nb: *x\nc: &x 2\nd: *x\n");
    ck_assert_msg(t.status == CREMA_OK, "%s", t.error);
    ck_assert_ptr_eq(cr_yaml_get(t.root, "a"), cr_yaml_get(t.root, "b"));
    ck_assert_str_eq(cr_yaml_get(t.root, "d")->text, "2");
    cr_arena_free(&t.arena);
    expect_error("a: *y", "f.yaml:1:4: the alias *y has no anchor &y before it");
    expect_error("a: &x [*x]", "f.yaml:1:8: the alias *x has no anchor &x before it");
}
END_TEST

START_TEST(a_billion_laughs_are_refused)
{
    char text[2000] = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n", line[100];
    for (int i = 1; i <= 30; i++) {
        snprintf(line, sizeof line, "a%d: &a%d [*a%d,*a%d,*a%d,*a%d]\n", i, i, i - 1, i - 1, i - 1, i - 1);
        strcat(text, line);
    }
    tree t;
    parse(&t, text);
    ck_assert_int_eq(t.status, CREMA_ERR_INPUT);
    ck_assert_ptr_nonnull(strstr(t.error, "f.yaml:1:1: aliases make this document "));
    cr_arena_free(&t.arena);
    // One large scalar, many times.
    enum { LARGE = 100000, TIMES = 1000 };
    char *large = malloc(LARGE + TIMES * 4 + 100);
    size_t n = (size_t)sprintf(large, "[&x ");
    memset(large + n, 'y', LARGE);
    n += LARGE;
    for (int i = 0; i < TIMES; i++)
        n += (size_t)sprintf(large + n, ", *x");
    n += (size_t)sprintf(large + n, "]");
    parse_bytes(&t, large, n);
    ck_assert_int_eq(t.status, CREMA_ERR_INPUT);
    cr_arena_free(&t.arena);
    free(large);
}
END_TEST

START_TEST(duplicate_keys_say_both_places)
{
    expect_error("a: 1\nb: 2\na: 3\n", "f.yaml:3:1: the key \"a\" is given a second time (first in line 1)");
    char text[1000] = "", line[30];
    for (int i = 0; i < 30; i++) {
        snprintf(line, sizeof line, "k%d: 1\n", i);
        strcat(text, line);
    }
    strcat(text, "k7: 2\n");
    expect_error(text, "f.yaml:31:1: the key \"k7\" is given a second time (first in line 8)");
    expect_error("[1, 2]: 3", "f.yaml:1:1: a key must be a single word");
    expect_error("{\"a\\0b\": 3}", "f.yaml:1:2: a key must be a single word");
}
END_TEST

START_TEST(syntax_errors_have_positions)
{
    expect_error("a: [1, 2\nb: 3\n",
                 "f.yaml:2:2: not YAML: did not find expected ',' or ']' (while parsing a flow "
                 "sequence that starts in line 1)");
    expect_error("a: 1\nb: ]\n",
                 "f.yaml:2:4: not YAML: did not find expected node content (while parsing a block "
                 "node that starts in line 2)");
    expect_error("a: \"x",
                 "f.yaml:1:6: not YAML: found unexpected end of stream (while scanning a quoted scalar that "
                 "starts in line 1)");
    expect_error("", "f.yaml:1:1: there is nothing in this file but comments and space");
    expect_error("# a\n", "f.yaml:1:1: there is nothing in this file but comments and space");
    expect_error("a: 1\n---\nb: 2\n", "f.yaml:2:1: a second document starts here; only one is expected");
}
END_TEST

START_TEST(bytes_that_are_no_text)
{
    tree t;
    parse_bytes(&t, "a: 1\nb: \x01\n", 10);
    ck_assert_str_eq(t.error, "f.yaml:2:4: not YAML: control characters are not allowed");
    cr_arena_free(&t.arena);
    parse_bytes(&t, "a: \xC3(", 5);
    ck_assert_int_eq(t.status, CREMA_ERR_INPUT);
    cr_arena_free(&t.arena);
    parse_bytes(&t, "a: b\0c", 6);
    ck_assert_int_eq(t.status, CREMA_ERR_INPUT);
    cr_arena_free(&t.arena);
}
END_TEST

START_TEST(nesting_is_limited)
{
    enum { DEEP = 100000 };
    static char text[DEEP + 1];
    memset(text, '[', DEEP);
    expect_error(text, "f.yaml:1:101: lists and maps are nested more than 100 deep");
    for (int i = 0; i < DEEP; i += 2)
        memcpy(text + i, "- ", 2);
    expect_error(text, "f.yaml:1:201: lists and maps are nested more than 100 deep");
}
END_TEST

START_TEST(numbers)
{
    static const struct {
        const char *text;
        double want;
    } row[] = {{"1", 1},  {"+1.5", 1.5},      {"-2e-3", -2e-3},    {".5", 0.5},
               {"1.", 1}, {".inf", INFINITY}, {"-.Inf", -INFINITY}};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        tree t;
        double x;
        cr_err err;
        parse(&t, row[i].text);
        ck_assert_int_eq(cr_yaml_number(t.root, "f", "rtol", &x, &err), CREMA_OK);
        ck_assert_msg(x == row[i].want, "%s", row[i].text);
        cr_arena_free(&t.arena);
    }
    static const char *const bad[] = {"x",   "'1'", "[1]",    "1_000", "1:30",
                                      "yes", "''",  "{a: 1}", "--1",   "+-1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        tree t;
        double x;
        cr_err err;
        parse(&t, bad[i]);
        ck_assert_msg(cr_yaml_number(t.root, "f", "rtol", &x, &err) == CREMA_ERR_INPUT, "%s", bad[i]);
        ck_assert_msg(strncmp(err.message, "rtol must be a number", 21) == 0, "%s", err.message);
        ck_assert(err.line == 1 && err.column == 1);
        cr_arena_free(&t.arena);
    }
}
END_TEST

START_TEST(integers_and_strings)
{
    tree t;
    int64_t n;
    const char *s;
    cr_err err;
    parse(&t, "[12, -9223372036854775808, 1.5, 9223372036854775808, no, 1.0, '', \"a\\0b\", [], ]");
    const cr_yaml *const *item = t.root->item;
    ck_assert(cr_yaml_integer(item[0], "f", "seed", &n, &err) == CREMA_OK && n == 12);
    ck_assert(cr_yaml_integer(item[1], "f", "seed", &n, &err) == CREMA_OK && n == INT64_MIN);
    ck_assert_int_eq(cr_yaml_integer(item[2], "f", "seed", &n, &err), CREMA_ERR_INPUT);
    ck_assert_str_eq(err.message, "seed must be a whole number, not 1.5");
    ck_assert_int_eq(cr_yaml_integer(item[3], "f", "seed", &n, &err), CREMA_ERR_INPUT);
    ck_assert_int_eq(cr_yaml_integer(item[8], "f", "seed", &n, &err), CREMA_ERR_INPUT);
    ck_assert(cr_yaml_string(item[4], "f", "name", &s, &err) == CREMA_OK && strcmp(s, "no") == 0);
    ck_assert(cr_yaml_string(item[5], "f", "name", &s, &err) == CREMA_OK && strcmp(s, "1.0") == 0);
    ck_assert(cr_yaml_string(item[6], "f", "name", &s, &err) == CREMA_OK && strcmp(s, "") == 0);
    ck_assert_int_eq(cr_yaml_string(item[7], "f", "name", &s, &err), CREMA_ERR_INPUT);
    ck_assert_int_eq(cr_yaml_string(item[8], "f", "name", &s, &err), CREMA_ERR_INPUT);
    ck_assert_str_eq(err.message, "name must be a string");
    cr_arena_free(&t.arena);
    parse(&t, "a:");
    ck_assert_int_eq(cr_yaml_string(t.root->item[0], "f", "name", &s, &err), CREMA_ERR_INPUT);
    cr_arena_free(&t.arena);
}
END_TEST

START_TEST(known_keys)
{
    static const char *const known[] = {"name", "inputs", NULL};
    tree t;
    cr_err err;
    parse(&t, "name: 1\ninput: 2\n");
    ck_assert_int_eq(cr_yaml_known_keys(t.root, "f", known, &err), CREMA_ERR_INPUT);
    ck_assert_str_eq(err.message, "unknown key \"input\"; did you mean inputs?");
    ck_assert(err.line == 2 && err.column == 1);
    cr_arena_free(&t.arena);
    parse(&t, "zzzzzzzz: 1");
    ck_assert_int_eq(cr_yaml_known_keys(t.root, "f", known, &err), CREMA_ERR_INPUT);
    ck_assert_str_eq(err.message, "unknown key \"zzzzzzzz\"");
    cr_arena_free(&t.arena);
    parse(&t, "inputs: 1");
    ck_assert_int_eq(cr_yaml_known_keys(t.root, "f", known, &err), CREMA_OK);
    ck_assert_int_eq(cr_yaml_known_keys(t.root->item[0], "f", known, &err), CREMA_ERR_INPUT);
    cr_arena_free(&t.arena);
}
END_TEST

#ifdef CR_TEST_ALLOC
START_TEST(any_allocation_may_fail)
{
    bool done = false;
    for (int n = 0; !done; n++) {
        tree t;
        cr_test_fail_alloc(n);
        parse(&t, "a: &x [1, 2, {b: c}]\nd: *x\n"
                  "e: {k1: 1, k2: 1, k3: 1, k4: 1, k5: 1, k6: 1, k7: 1, k8: 1, k9: 1, k10: 1}\n");
        cr_test_fail_alloc(-1);
        done = t.status == CREMA_OK;
        ck_assert(done || t.status == CREMA_ERR_MEMORY);
        cr_arena_free(&t.arena);
        ck_assert_int_lt(n, 1000);
    }
}
END_TEST
#endif

TEST_MAIN("read/yaml", lists_maps_and_scalars_with_positions, a_string_tag_makes_a_string,
          aliases_share_nodes, a_billion_laughs_are_refused, duplicate_keys_say_both_places,
          syntax_errors_have_positions, bytes_that_are_no_text, nesting_is_limited, numbers,
          integers_and_strings, known_keys TEST_ALLOC(any_allocation_may_fail))
