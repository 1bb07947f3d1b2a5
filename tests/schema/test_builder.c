#include "tests/schema/fixture.h"

START_TEST(fields_are_found_by_name_and_alias)
{
    fixture f;
    start(&f, &crema__convolution_parameter__descriptor, false);
    ck_assert_ptr_eq(cr_builder_type(f.b), &crema__convolution_parameter__descriptor);
    ck_assert_ptr_null(cr_builder_field(f.b, "pa", 2));
    ck_assert_ptr_null(cr_builder_field(f.b, "padx", 4));
    ck_assert_ptr_null(cr_builder_field(f.b, "", 0));
    ck_assert_str_eq(cr_builder_field(f.b, "pad_hole", 3)->name, "pad");
    ck_assert_str_eq(field(&f, "pad_t")->name, "pad_top");
    ck_assert_str_eq(field(&f, "pad_r")->name, "pad_right");
    ck_assert_str_eq(field(&f, "hole")->name, "dilation");
    for (unsigned i = 0; i < crema__convolution_parameter__descriptor.n_fields; i++) {
        const ProtobufCFieldDescriptor *d = &crema__convolution_parameter__descriptor.fields[i];
        ck_assert_ptr_eq(field(&f, d->name), d);
    }
    cr_arena_free(&f.arena);
}
END_TEST

START_TEST(defaults_are_there_and_not_given)
{
    fixture f;
    start(&f, &crema__filler_parameter__descriptor, false);
    Crema__FillerParameter *m = finish(&f);
    ck_assert_str_eq(m->type, "constant");
    ck_assert(!m->has_sparse && m->sparse == -1);
    ck_assert_int_eq(set(&f, "type", CR_VALUE_STRING, "xavier"), CREMA_OK);
    ck_assert_int_eq(f.n_warnings, 0); // the default does not count as given
    ck_assert_str_eq(m->type, "xavier");
    cr_arena_free(&f.arena);
}
END_TEST

START_TEST(repeated_fields_grow)
{
    fixture f;
    start(&f, &crema__net_parameter__descriptor, false);
    for (int i = 0; i < 1000; i++) {
        ck_assert_int_eq(set_bits(&f, "input_dim", (uint64_t)i), CREMA_OK);
        ck_assert_int_eq(set(&f, "input", CR_VALUE_STRING, i % 2 ? "odd" : "even"), CREMA_OK);
        ck_assert_int_eq(cr_builder_enter(f.b, field(&f, "layer"), 1, 1, &f.err), CREMA_OK);
        ck_assert_int_eq(set_bits(&f, "phase", (uint64_t)i % 2), CREMA_OK);
        ck_assert_int_eq(cr_builder_leave(f.b, &f.err), CREMA_OK);
    }
    Crema__NetParameter *m = finish(&f);
    ck_assert(m->n_input_dim == 1000 && m->n_input == 1000 && m->n_layer == 1000);
    for (int i = 0; i < 1000; i++) {
        ck_assert_int_eq(m->input_dim[i], i);
        ck_assert_str_eq(m->input[i], i % 2 ? "odd" : "even");
        ck_assert_int_eq((int)m->layer[i]->phase, i % 2);
    }
    cr_arena_free(&f.arena);
}
END_TEST

START_TEST(a_refused_element_is_not_counted)
{
    fixture f;
    start(&f, &crema__net_parameter__descriptor, false);
    ck_assert_int_eq(set(&f, "input_dim", CR_VALUE_WORD, "x"), CREMA_ERR_INPUT);
    Crema__NetParameter *m = finish(&f);
    ck_assert_uint_eq(m->n_input_dim, 0);
    cr_arena_free(&f.arena);
}
END_TEST

START_TEST(a_scalar_given_twice_warns_and_the_last_counts)
{
    fixture f;
    start(&f, &crema__accuracy_parameter__descriptor, false);
    ck_assert_int_eq(set(&f, "axis", CR_VALUE_NUMBER, "1"), CREMA_OK);
    ck_assert_int_eq(set(&f, "axis", CR_VALUE_NUMBER, "2"), CREMA_OK);
    ck_assert_str_eq(f.warning, "net:2:3: axis is given a second time (first in line 2): this one counts");
    Crema__AccuracyParameter *m = finish(&f);
    ck_assert_int_eq(m->axis, 2);
    cr_arena_free(&f.arena);
    start(&f, &crema__accuracy_parameter__descriptor, true);
    ck_assert_int_eq(set(&f, "axis", CR_VALUE_NUMBER, "1"), CREMA_OK);
    ck_assert_int_eq(set(&f, "axis", CR_VALUE_NUMBER, "2"), CREMA_ERR_INPUT);
    ck_assert_str_eq(f.err.message, "axis is given a second time (first in line 2)");
    cr_arena_free(&f.arena);
}
END_TEST

static cr_status two_blocks(fixture *f)
{
    cr_status status = CREMA_OK;
    for (int i = 0; i < 2 && status == CREMA_OK; i++) {
        status = cr_builder_enter(f->b, field(f, "convolution_param"), 5 + i, 1, &f->err);
        if (status != CREMA_OK)
            break;
        ck_assert_int_eq(set(f, i ? "group" : "num_output", CR_VALUE_NUMBER, "4"), CREMA_OK);
        ck_assert_int_eq(set(f, "bias_term", CR_VALUE_WORD, i ? "false" : "true"), CREMA_OK);
        ck_assert_int_eq(cr_builder_leave(f->b, &f->err), CREMA_OK);
    }
    return status;
}

START_TEST(a_block_given_twice_is_merged_with_one_warning)
{
    fixture f;
    start(&f, &crema__layer_parameter__descriptor, false);
    ck_assert_int_eq(two_blocks(&f), CREMA_OK);
    ck_assert_str_eq(f.warning,
                     "net:6:1: convolution_param is given a second time (first in line 5): the two are "
                     "merged and what comes later counts");
    ck_assert_int_eq(f.n_warnings, 1);
    Crema__LayerParameter *m = finish(&f);
    ck_assert_uint_eq(m->convolution_param->num_output, 4);
    ck_assert_uint_eq(m->convolution_param->group, 4);
    ck_assert(!m->convolution_param->bias_term);
    cr_arena_free(&f.arena);
    start(&f, &crema__layer_parameter__descriptor, true);
    ck_assert_int_eq(two_blocks(&f), CREMA_ERR_INPUT);
    ck_assert_int_eq(f.err.line, 6);
    cr_arena_free(&f.arena);
}
END_TEST

START_TEST(blocks_are_entered_and_left)
{
    fixture f;
    start(&f, &crema__solver_parameter__descriptor, false);
    ck_assert_int_eq(cr_builder_enter(f.b, field(&f, "net_param"), 1, 1, &f.err), CREMA_OK);
    ck_assert_int_eq(cr_builder_leave(f.b, &f.err), CREMA_OK);
    ck_assert_int_eq(cr_builder_leave(f.b, &f.err), CREMA_ERR_USAGE);
    ck_assert_int_eq(cr_builder_enter(f.b, field(&f, "test_iter"), 1, 1, &f.err), CREMA_ERR_INPUT);
    ck_assert_str_eq(f.err.message, "test_iter takes a single value, not a block");
    cr_arena_free(&f.arena);
}
END_TEST

START_TEST(errors_name_the_layer_and_its_block)
{
    fixture f;
    start(&f, &crema__net_parameter__descriptor, false);
    ck_assert_int_eq(cr_builder_enter(f.b, field(&f, "layer"), 1, 1, &f.err), CREMA_OK);
    ck_assert_int_eq(set(&f, "phase", CR_VALUE_WORD, "X"), CREMA_ERR_INPUT);
    ck_assert_str_eq(f.err.message, "layer.phase must be TEST or TRAIN, not X");
    ck_assert_int_eq(set(&f, "name", CR_VALUE_STRING, "conv1"), CREMA_OK);
    ck_assert_int_eq(set(&f, "phase", CR_VALUE_WORD, "X"), CREMA_ERR_INPUT);
    ck_assert_str_eq(f.err.message, "layer \"conv1\": phase must be TEST or TRAIN, not X");
    ck_assert_int_eq(cr_builder_enter(f.b, field(&f, "convolution_param"), 1, 1, &f.err), CREMA_OK);
    ck_assert_int_eq(set(&f, "group", CR_VALUE_WORD, "X"), CREMA_ERR_INPUT);
    ck_assert_str_eq(f.err.message, "layer \"conv1\": convolution_param.group must be a whole number, not X");
    cr_notes *notes;
    ck_assert_ptr_null(cr_builder_finish(f.b, &notes, &f.err));
    ck_assert_int_eq(f.err.status, CREMA_ERR_USAGE);
    cr_arena_free(&f.arena);
}
END_TEST

START_TEST(unknown_fields_warn_with_the_nearest_name_and_are_kept)
{
    fixture f;
    start(&f, &crema__convolution_parameter__descriptor, false);
    ck_assert_int_eq(cr_builder_comment_before(f.b, "# why", 5, &f.err), CREMA_OK);
    ck_assert_int_eq(cr_builder_unknown(f.b, "kernel_sizeXX", 11, NULL, 0, 1, 1, &f.err), CREMA_OK);
    ck_assert_int_eq(cr_builder_unknown(f.b, "num_outputs: 3", 11, "num_outputs: 3", 14, 4, 5, &f.err),
                     CREMA_OK);
    ck_assert_str_eq(
        f.warning,
        "net:4:5: num_outputs is not a field that is known; it has no effect; did you mean num_output?");
    cr_notes *notes;
    void *root = cr_builder_finish(f.b, &notes, &f.err);
    const cr_unknown *u = cr_notes_unknown(notes, root);
    ck_assert_str_eq(u->name, "kernel_size");
    ck_assert_ptr_null(u->text);
    ck_assert_str_eq(u->next->text, "# why\nnum_outputs: 3");
    ck_assert_ptr_null(cr_notes_before(notes, root, NULL, 0));
    cr_arena_free(&f.arena);
    start(&f, &crema__convolution_parameter__descriptor, true);
    ck_assert_int_eq(cr_builder_unknown(f.b, "zzzzzzzzzz", 10, NULL, 0, 4, 5, &f.err), CREMA_ERR_INPUT);
    ck_assert_str_eq(f.err.message, "zzzzzzzzzz is not a field that is known");
    cr_arena_free(&f.arena);
}
END_TEST

START_TEST(enum_names_may_stand_in_quotes)
{
    fixture f;
    start(&f, &crema__pooling_parameter__descriptor, false);
    ck_assert_int_eq(set(&f, "pool", CR_VALUE_STRING, "AVE"), CREMA_OK);
    ck_assert_str_eq(f.warning, "net:2:3: pool is a name that should stand without quotes: AVE");
    Crema__PoolingParameter *m = finish(&f);
    ck_assert_int_eq((int)m->pool, (int)CREMA__POOLING_PARAMETER__POOL_METHOD__AVE);
    ck_assert_int_eq(set(&f, "round_mode", CR_VALUE_STRING, "CEILING"), CREMA_ERR_INPUT);
    ck_assert_str_eq(f.err.message, "round_mode must be CEIL or FLOOR, not CEILING");
    cr_arena_free(&f.arena);
    start(&f, &crema__pooling_parameter__descriptor, true);
    ck_assert_int_eq(set(&f, "pool", CR_VALUE_STRING, "AVE"), CREMA_ERR_INPUT);
    cr_arena_free(&f.arena);
}
END_TEST

START_TEST(names_that_an_enum_lacks_are_kept_beside_it)
{
    fixture f;
    start(&f, &crema__v1_layer_parameter__descriptor, false);
    ck_assert_int_eq(set(&f, "type", CR_VALUE_WORD, "MY_LAYER"), CREMA_OK);
    Crema__V1LayerParameter *m = finish(&f);
    ck_assert(!m->has_type);
    ck_assert_str_eq(m->type_name, "MY_LAYER");
    ck_assert_int_eq(f.n_warnings, 0); // the upgrade says what becomes of it
    ck_assert_int_eq(set(&f, "type", CR_VALUE_STRING, ""), CREMA_OK);
    ck_assert_str_eq(m->type_name, "");
    ck_assert_int_eq(set(&f, "type", CR_VALUE_NUMBER, "999"), CREMA_ERR_INPUT);
    cr_arena_free(&f.arena);
    start(&f, &crema__v1_layer_parameter__descriptor, true);
    ck_assert_int_eq(set(&f, "type", CR_VALUE_WORD, "MY_LAYER"), CREMA_ERR_INPUT);
    cr_arena_free(&f.arena);
}
END_TEST

START_TEST(the_flood_of_warnings_ends)
{
    fixture f;
    start(&f, &crema__convolution_parameter__descriptor, false);
    for (int i = 0; i < 5000; i++)
        ck_assert_int_eq(cr_builder_unknown(f.b, "x", 1, NULL, 0, 4, 5, &f.err), CREMA_OK);
    ck_assert_int_eq(f.n_warnings, 1001);
    ck_assert_str_eq(f.warning, "net: more than 1000 warnings; the rest is not shown");
    cr_arena_free(&f.arena);
}
END_TEST

START_TEST(comments_go_to_their_fields)
{
    fixture f;
    start(&f, &crema__net_parameter__descriptor, false);
    ck_assert_int_eq(cr_builder_comment_behind(f.b, "# head", 6, &f.err),
                     CREMA_OK); // nothing to stand behind
    ck_assert_int_eq(cr_builder_comment_before(f.b, "# more", 6, &f.err), CREMA_OK);
    ck_assert_int_eq(set(&f, "name", CR_VALUE_STRING, "n"), CREMA_OK);
    ck_assert_int_eq(cr_builder_comment_behind(f.b, "# name", 6, &f.err), CREMA_OK);
    ck_assert_int_eq(cr_builder_enter(f.b, field(&f, "layer"), 3, 1, &f.err), CREMA_OK);
    ck_assert_int_eq(cr_builder_comment_behind(f.b, "# open", 6, &f.err), CREMA_OK);
    ck_assert_int_eq(cr_builder_comment_before(f.b, "# last", 6, &f.err), CREMA_OK);
    ck_assert_int_eq(cr_builder_leave(f.b, &f.err), CREMA_OK);
    ck_assert_int_eq(cr_builder_comment_behind(f.b, "# close", 7, &f.err), CREMA_OK);
    cr_notes *notes;
    Crema__NetParameter *net = (void *)cr_builder_finish(f.b, &notes, &f.err);
    ck_assert_str_eq(cr_notes_before(notes, net, "name", 0), "# head\n# more");
    ck_assert_str_eq(cr_notes_behind(notes, net, "name", 0), "# name");
    ck_assert_str_eq(cr_notes_behind(notes, net, "layer", 0), "# open");
    ck_assert_str_eq(cr_notes_before(notes, net->layer[0], NULL, 0), "# last");
    ck_assert_str_eq(cr_notes_behind(notes, net->layer[0], NULL, 0), "# close");
    ck_assert_ptr_null(cr_notes_before(notes, net, NULL, 0));
    ck_assert_int_eq(cr_notes_pos(notes, net->layer[0], "name", 0).line, 3);
    cr_arena_free(&f.arena);
}
END_TEST

START_TEST(expected_fields_of_a_layer_are_kept_without_a_warning)
{
    static const char *const names[] = {"other", "my_param", NULL};
    for (int strict = 0; strict < 2; strict++) {
        fixture f;
        start(&f, &crema__net_parameter__descriptor, strict);
        cr_builder_expect(f.b, names);
        ck_assert_int_eq(cr_builder_enter(f.b, field(&f, "layer"), 1, 1, &f.err), CREMA_OK);
        ck_assert_int_eq(cr_builder_unknown(f.b, "my_param", 8, "my_param {}", 11, 4, 5, &f.err), CREMA_OK);
        ck_assert_int_eq(f.n_warnings, 0);
        ck_assert_int_eq(cr_builder_enter(f.b, field(&f, "relu_param"), 1, 1, &f.err), CREMA_OK);
        cr_builder_unknown(f.b, "my_param", 8, "my_param {}", 11, 4, 5, &f.err); // nobody looks there
        ck_assert_int_eq(f.err.status, strict ? CREMA_ERR_INPUT : CREMA_OK);
        ck_assert_int_eq(f.n_warnings, !strict);
        cr_builder_leave(f.b, &f.err);
        cr_builder_leave(f.b, &f.err);
        cr_notes *notes;
        Crema__NetParameter *net = (Crema__NetParameter *)cr_builder_finish(f.b, &notes, &f.err);
        ck_assert_str_eq(cr_notes_unknown(notes, net->layer[0])->text, "my_param {}");
        cr_arena_free(&f.arena);
    }
}
END_TEST

TEST_MAIN("schema/builder", expected_fields_of_a_layer_are_kept_without_a_warning,
          fields_are_found_by_name_and_alias, defaults_are_there_and_not_given, repeated_fields_grow,
          a_refused_element_is_not_counted, a_scalar_given_twice_warns_and_the_last_counts,
          a_block_given_twice_is_merged_with_one_warning, blocks_are_entered_and_left,
          errors_name_the_layer_and_its_block, enum_names_may_stand_in_quotes,
          names_that_an_enum_lacks_are_kept_beside_it, unknown_fields_warn_with_the_nearest_name_and_are_kept,
          the_flood_of_warnings_ends, comments_go_to_their_fields)
