#include "schema/notes.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

START_TEST(a_field_without_a_position_has_its_messages)
{
    cr_arena arena = {0};
    int message = 0, other = 0;
    cr_notes *notes = cr_notes_create(&arena, "net.prototxt");
    ck_assert(cr_notes_set_pos(notes, &message, NULL, 0, 3, 1));
    ck_assert(cr_notes_set_pos(notes, &message, "dim", 2, 4, 9));
    cr_pos pos = cr_notes_pos(notes, &message, "dim", 2);
    ck_assert_str_eq(pos.file, "net.prototxt");
    ck_assert_int_eq(pos.line, 4);
    ck_assert_int_eq(pos.column, 9);
    ck_assert_int_eq(cr_notes_pos(notes, &message, "dim", 1).line, 3);
    ck_assert_int_eq(cr_notes_pos(notes, &message, "axis", 0).line, 3);
    pos = cr_notes_pos(notes, &other, "dim", 2);
    ck_assert_int_eq(pos.line, 0);
    ck_assert_str_eq(pos.file, "net.prototxt");
    cr_arena_free(&arena);
}
END_TEST

START_TEST(names_are_compared_by_content)
{
    cr_arena arena = {0};
    int message = 0;
    char name[] = "stride";
    cr_notes *notes = cr_notes_create(&arena, "f");
    ck_assert(cr_notes_set_pos(notes, &message, name, 0, 7, 2));
    ck_assert_int_eq(cr_notes_pos(notes, &message, "stride", 0).line, 7);
    cr_arena_free(&arena);
}
END_TEST

START_TEST(without_notes_nothing_is_known)
{
    int message = 0;
    cr_pos pos = cr_notes_pos(NULL, &message, "x", 0);
    ck_assert_ptr_null(pos.file);
    ck_assert_int_eq(pos.line, 0);
    ck_assert_ptr_null(cr_notes_before(NULL, &message, "x", 0));
    ck_assert_ptr_null(cr_notes_behind(NULL, &message, "x", 0));
    ck_assert_ptr_null(cr_notes_unknown(NULL, &message));
    ck_assert_ptr_null(cr_notes_file(NULL));
}
END_TEST

START_TEST(comments_are_copied_and_kept_apart)
{
    cr_arena arena = {0};
    int message = 0;
    char text[] = "# one";
    cr_notes *notes = cr_notes_create(&arena, "f");
    ck_assert(cr_notes_set_comments(notes, &message, "x", 0, text, NULL));
    text[2] = 'X';
    ck_assert(cr_notes_set_comments(notes, &message, "x", 0, NULL, "# two"));
    ck_assert_str_eq(cr_notes_before(notes, &message, "x", 0), "# one");
    ck_assert_str_eq(cr_notes_behind(notes, &message, "x", 0), "# two");
    ck_assert_ptr_null(cr_notes_before(notes, &message, "x", 1));
    // A comment alone is no position.
    ck_assert(cr_notes_set_pos(notes, &message, NULL, 0, 5, 5));
    ck_assert_int_eq(cr_notes_pos(notes, &message, "x", 0).line, 5);
    cr_arena_free(&arena);
}
END_TEST

START_TEST(unknown_fields_come_in_file_order)
{
    cr_arena arena = {0};
    int message = 0;
    cr_notes *notes = cr_notes_create(&arena, "f");
    ck_assert(cr_notes_add_unknown(notes, &message, "a", "a: 1", 1, 2));
    ck_assert(cr_notes_add_unknown(notes, &message, "b", NULL, 3, 4));
    const cr_unknown *u = cr_notes_unknown(notes, &message);
    ck_assert_str_eq(u->name, "a");
    ck_assert_str_eq(u->text, "a: 1");
    ck_assert_str_eq(u->next->name, "b");
    ck_assert_ptr_null(u->next->text);
    ck_assert_int_eq(u->next->line, 3);
    ck_assert_ptr_null(u->next->next);
    cr_arena_free(&arena);
}
END_TEST

START_TEST(many_notes_are_all_found_again)
{
    cr_arena arena = {0};
    static char message[200];
    cr_notes *notes = cr_notes_create(&arena, "f");
    for (int m = 0; m < 200; m++)
        for (int i = 0; i < 50; i++)
            ck_assert(cr_notes_set_pos(notes, &message[m], i % 2 ? "a" : "b", (size_t)i, m * 50 + i + 1, m));
    for (int m = 0; m < 200; m++)
        for (int i = 0; i < 50; i++)
            ck_assert_int_eq(cr_notes_pos(notes, &message[m], i % 2 ? "a" : "b", (size_t)i).line,
                             m * 50 + i + 1);
    cr_arena_free(&arena);
}
END_TEST

START_TEST(notes_move)
{
    cr_arena arena = {0};
    int a = 0, b = 0;
    cr_notes *notes = cr_notes_create(&arena, "f");
    cr_notes_set_pos(notes, &a, "pad", 0, 3, 4);
    cr_notes_set_comments(notes, &a, "pad", 0, "# before", "# behind");
    ck_assert(cr_notes_move(notes, &a, "pad", 0, &b, "pads", 2));
    ck_assert_int_eq(cr_notes_pos(notes, &b, "pads", 2).line, 3);
    ck_assert_int_eq(cr_notes_pos(notes, &b, "pads", 2).column, 4);
    ck_assert_str_eq(cr_notes_before(notes, &b, "pads", 2), "# before");
    ck_assert_str_eq(cr_notes_behind(notes, &b, "pads", 2), "# behind");
    ck_assert_int_eq(cr_notes_pos(notes, &a, "pad", 0).line, 0); // gone
    ck_assert_ptr_null(cr_notes_before(notes, &a, "pad", 0));
    ck_assert(cr_notes_move(notes, &a, "nothing", 0, &b, "pads", 2)); // changes nothing
    ck_assert(cr_notes_move(notes, &b, "pads", 2, &b, "pads", 2));
    ck_assert_int_eq(cr_notes_pos(notes, &b, "pads", 2).line, 3);
    cr_arena_free(&arena);
}
END_TEST

START_TEST(moved_notes_join_those_that_are_there)
{
    cr_arena arena = {0};
    int a = 0, b = 0;
    cr_notes *notes = cr_notes_create(&arena, "f");
    cr_notes_set_pos(notes, &b, NULL, 0, 9, 9);
    cr_notes_set_comments(notes, &a, NULL, 0, "# 1", "# 2");
    cr_notes_set_comments(notes, &b, NULL, 0, "# 3", "# 4");
    cr_notes_add_unknown(notes, &a, "x", NULL, 0, 0);
    cr_notes_add_unknown(notes, &b, "y", NULL, 0, 0);
    ck_assert(cr_notes_move(notes, &a, NULL, 0, &b, NULL, 0));
    ck_assert_int_eq(cr_notes_pos(notes, &b, NULL, 0).line, 9); // there was no other
    ck_assert_str_eq(cr_notes_before(notes, &b, NULL, 0), "# 1\n# 3");
    ck_assert_str_eq(cr_notes_behind(notes, &b, NULL, 0), "# 2 # 4");
    ck_assert_str_eq(cr_notes_unknown(notes, &b)->name, "y");
    ck_assert_str_eq(cr_notes_unknown(notes, &b)->next->name, "x");
    ck_assert_ptr_null(cr_notes_unknown(notes, &b)->next->next);
    ck_assert_ptr_null(cr_notes_unknown(notes, &a));
    cr_arena_free(&arena);
}
END_TEST

#ifdef CR_TEST_ALLOC
START_TEST(out_of_memory_is_reported)
{
    int message = 0;
    for (int n = 0, done = 0; !done; n++) {
        cr_arena arena = {0};
        cr_test_fail_alloc(n);
        cr_notes *notes = cr_notes_create(&arena, "f");
        done = notes != NULL;
        for (size_t i = 0; i < 1000 && done; i++)
            done = cr_notes_set_pos(notes, &message, "x", i, 1, 1) &&
                   cr_notes_set_comments(notes, &message, "x", i, "# before", "# behind") &&
                   cr_notes_add_unknown(notes, &message, "name", "text", 1, 1);
        cr_test_fail_alloc(-1);
        cr_arena_free(&arena);
        ck_assert_int_lt(n, 1000);
    }
}
END_TEST
#endif

TEST_MAIN("schema/notes", a_field_without_a_position_has_its_messages, names_are_compared_by_content,
          without_notes_nothing_is_known, comments_are_copied_and_kept_apart,
          unknown_fields_come_in_file_order, notes_move, moved_notes_join_those_that_are_there,
          many_notes_are_all_found_again TEST_ALLOC(out_of_memory_is_reported))
