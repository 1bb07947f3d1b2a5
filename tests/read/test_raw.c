/*
 * Unknown fields as trees: every form of the text format, order, positions.
 */
#include "read/raw.h"
#include "tests/test.h"

#include <string.h>

typedef struct fixture {
    cr_arena arena;
    cr_raw *block;
    cr_err err;
} fixture;

static cr_status parse(fixture *f, const char *text, int line, int column, bool exact)
{
    memset(f, 0, sizeof *f);
    cr_unknown u = {.name = "it", .text = text, .line = line, .column = column};
    return cr_raw_parse(&f->arena, "net", &u, exact, &f->block, &f->err);
}

static const cr_raw *child(const cr_raw *block, const char *name, size_t index)
{
    size_t at, n = cr_raw_find(block, name, &at);
    ck_assert_uint_lt(index, n);
    return block->child[at + index];
}

static size_t count(const cr_raw *block, const char *name)
{
    size_t at;
    return cr_raw_find(block, name, &at);
}

START_TEST(every_form_of_a_value_is_read)
{
    fixture f;
    ck_assert_int_eq(parse(&f,
                           "p { a: 1; b: -2.5, s: 'x' \"y\\n\" w: MAX e {} l: [1, 2 , 3] n: [] l: 4\n"
                           "  < >",
                           1, 1, true),
                     CREMA_ERR_INPUT); // a bracket where a name should be
    cr_arena_free(&f.arena);
    ck_assert_int_eq(parse(&f,
                           "p { a: 1; b: - 2.5, s: 'x' \"y\\n\" w: MAX e {} l: [1, 2 , 3] n: [] l: 4\n"
                           " q: < c: 5 > [ext.x]: 6 r [ { d: 1 }, { d: 2 } ] }",
                           1, 1, true),
                     CREMA_OK);
    const cr_raw *p = child(f.block, "p", 0);
    ck_assert(p->is_block);
    ck_assert_uint_eq(count(f.block, "q"), 0);
    ck_assert_str_eq(child(p, "a", 0)->value.text, "1");
    ck_assert_str_eq(child(p, "b", 0)->value.text, "-2.5");
    ck_assert_int_eq(child(p, "b", 0)->value.kind, CR_VALUE_NUMBER);
    ck_assert_str_eq(child(p, "s", 0)->value.text, "xy\n");
    ck_assert_int_eq(child(p, "s", 0)->value.kind, CR_VALUE_STRING);
    ck_assert_int_eq(child(p, "w", 0)->value.kind, CR_VALUE_WORD);
    ck_assert(child(p, "e", 0)->is_block);
    ck_assert_uint_eq(child(p, "e", 0)->n, 0);
    ck_assert_uint_eq(count(p, "l"), 4);
    ck_assert_str_eq(child(p, "l", 2)->value.text, "3");
    ck_assert_str_eq(child(p, "l", 3)->value.text, "4");
    ck_assert_uint_eq(count(p, "n"), 0);
    ck_assert_str_eq(child(child(p, "q", 0), "c", 0)->value.text, "5");
    ck_assert_str_eq(child(p, "[ext.x]", 0)->value.text, "6");
    ck_assert_str_eq(child(child(p, "r", 1), "d", 0)->value.text, "2");
    cr_arena_free(&f.arena);
}
END_TEST

START_TEST(positions_are_those_of_the_file)
{
    fixture f;
    // The field's name stands at 20:7, and the line above is its comment.
    parse(&f, "# why\np { a: 1\n  b {\n   # {\n   c: 2 } l: [3,\n 4] }", 20, 7, true);
    const cr_raw *p = child(f.block, "p", 0), *b = child(p, "b", 0);
    ck_assert_int_eq(p->line, 20);
    ck_assert_int_eq(p->column, 7);
    ck_assert_int_eq(child(p, "a", 0)->line, 20);
    ck_assert_int_eq(child(p, "a", 0)->column, 14);
    ck_assert_int_eq(b->line, 21);
    ck_assert_int_eq(b->column, 3);
    ck_assert_int_eq(child(b, "c", 0)->line, 23);
    ck_assert_int_eq(child(b, "c", 0)->column, 7);
    ck_assert_int_eq(child(p, "l", 1)->line, 24);
    ck_assert_int_eq(child(p, "l", 1)->column, 2);
    cr_arena_free(&f.arena);
    parse(&f, "p { a: 1 }", 20, 7, false); // written by the YAML reader
    ck_assert_int_eq(child(child(f.block, "p", 0), "a", 0)->column, 7);
    cr_arena_free(&f.arena);
}
END_TEST

START_TEST(what_is_no_field_is_told_at_the_whole)
{
    static const char *const wrong[] = {"p { a b: 1 }", "p { : 1 }",    "p {",      "p { a: }",
                                        "p { 3d: 1 }",  "p { a: [1, }", "p: [1 2]", "p { [x"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        fixture f;
        ck_assert_msg(parse(&f, wrong[i], 5, 6, true) == CREMA_ERR_INPUT, "%s", wrong[i]);
        ck_assert_int_eq(f.err.line, 5);
        ck_assert_int_eq(f.err.column, 6);
        ck_assert_int_eq(strncmp(f.err.message, "it can't be read as fields: expected ", 37), 0);
        cr_arena_free(&f.arena);
    }
    char deep[400] = "";
    for (int i = 0; i < 70; i++)
        strcat(deep, "p {");
    fixture f;
    ck_assert_int_eq(parse(&f, deep, 1, 1, true), CREMA_ERR_INPUT);
    ck_assert_ptr_nonnull(strstr(f.err.message, "nested more than 64 deep"));
    cr_arena_free(&f.arena);
}
END_TEST

#ifdef CR_TEST_ALLOC
START_TEST(any_allocation_may_fail)
{
    for (int64_t n = 0;; n++) {
        fixture f;
        cr_test_fail_alloc(n);
        cr_status status = parse(&f, "p { a: 1 s: 'x' 'y' l: [1, 2] }", 1, 1, true);
        bool failed = cr_test_alloc_count() > n;
        cr_test_fail_alloc(-1);
        ck_assert_int_eq(status, failed ? CREMA_ERR_MEMORY : CREMA_OK);
        cr_arena_free(&f.arena);
        if (!failed)
            break;
        ck_assert_int_lt(n, 100);
    }
}
END_TEST
#endif

TEST_MAIN("read/raw", every_form_of_a_value_is_read, positions_are_those_of_the_file,
          what_is_no_field_is_told_at_the_whole TEST_ALLOC(any_allocation_may_fail))
