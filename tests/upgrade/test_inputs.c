// `input` fields of a net.
#include "tests/support/upgrade.h"
#include "tests/test.h"

START_TEST(dims_become_a_layer)
{
    upgrades(
        "input: 'a' input: 'b' input_dim: 1 input_dim: 2 input_dim: 3 input_dim: 4\n"
        "input_dim: 5 input_dim: 6 input_dim: 7 input_dim: 8 layer { name: 'r' type: 'ReLU' }",
        "layer { name: 'input' type: 'Input' top: 'a' top: 'b'\n"
        "  input_param { shape { dim: 1 dim: 2 dim: 3 dim: 4 } shape { dim: 5 dim: 6 dim: 7 dim: 8 } } }\n"
        "layer { name: 'r' type: 'ReLU' }",
        "");
}
END_TEST

START_TEST(shapes_win_over_dims)
{
    upgrades("input: 'a' input_shape { dim: 7 dim: 9 }",
             "layer { name: 'input' type: 'Input' top: 'a' input_param { shape { dim: 7 dim: 9 } } }", "");
    upgrades("input: 'a' input_shape { dim: 7 dim: 9 }\ninput_dim: 1",
             "layer { name: 'input' type: 'Input' top: 'a' input_param { shape { dim: 7 dim: 9 } } }",
             "net.x:2:12: input_dim is dropped: input_shape is there too\n");
}
END_TEST

START_TEST(a_name_alone_has_no_shape)
{
    upgrades("input: 'a'", "layer { name: 'input' type: 'Input' top: 'a' input_param {} }", "");
}
END_TEST

START_TEST(the_layer_comes_first_whatever_the_order)
{
    parsed p;
    cr_upgrade_report report;
    upgrade_to(&p, &report,
               "# one\nlayer { name: 'r' }\n# two\nlayer { name: 's' }\n# it\ninput: 'a'\ninput_dim: 1 "
               "input_dim: 1\n"
               "input_dim: 1\n\n\ninput_dim: -1",
               "layer { name: 'input' type: 'Input' top: 'a' input_param { shape { dim: 1 dim: 1 dim: 1 dim: "
               "-1 } } }\n"
               "layer { name: 'r' } layer { name: 's' }",
               "");
    ck_assert(report.inputs && !report.v1);
    ck_assert_str_eq(cr_notes_before(p.notes, p.net, "layer", 1), "# one");
    ck_assert_str_eq(cr_notes_before(p.notes, p.net, "layer", 2), "# two");
    ck_assert_int_eq(cr_notes_pos(p.notes, p.net, "layer", 2).line, 4);
    ck_assert_int_eq(cr_notes_pos(p.notes, p.net->layer[0], NULL, 0).line, 6);
    ck_assert_str_eq(cr_notes_before(p.notes, p.net->layer[0], "top", 0), "# it");
    ck_assert_int_eq(cr_notes_pos(p.notes, p.net->layer[0]->input_param->shape[0], "dim", 3).line, 11);
    parsed_free(&p);
}
END_TEST

START_TEST(too_few_are_an_error_and_too_many_a_warning)
{
    upgrade_fails("input: 'a'\ninput_dim: 1 input_dim: 2",
                  "net.x:2:12: 2 input_dim for 1 input: four each (num, channels, height, width) are needed");
    upgrade_fails("input: 'a' input: 'b'\n input_shape { dim: 1 }",
                  "net.x:2:2: 1 input_shape for 2 input: one each is needed");
    upgrades("input: 'a' input_dim: 1 input_dim: 2 input_dim: 3 input_dim: 4\ninput_dim: 5",
             "layer { name: 'input' type: 'Input' top: 'a' input_param { shape { dim: 1 dim: 2 dim: 3 dim: 4 "
             "} } }",
             "net.x:2:12: 5 input_dim for 1 input: four each are needed, the rest is dropped\n");
    upgrades("input: 'a' input_shape { dim: 1 }\ninput_shape { dim: 2 }",
             "layer { name: 'input' type: 'Input' top: 'a' input_param { shape { dim: 1 } } }",
             "net.x:2:1: 2 input_shape for 1 input: the rest is dropped\n");
}
END_TEST

START_TEST(shapes_without_a_name_have_no_effect)
{
    parsed p;
    parse_text(&p, "input_dim: 3", false);
    cr_log log = {parsed_keep, &p};
    ck_assert_int_eq(cr_upgrade_net(&p.arena, p.net, p.notes, &log, NULL, &p.err), CREMA_OK);
    ck_assert_str_eq(p.warnings,
                     "net.x:1:12: input_dim has no effect without any `input` to name the blob\n");
    ck_assert_int_eq(p.net->n_layer, 0);
    parsed_free(&p);
}
END_TEST

TEST_MAIN("upgrade/inputs", dims_become_a_layer, shapes_win_over_dims, a_name_alone_has_no_shape,
          the_layer_comes_first_whatever_the_order, too_few_are_an_error_and_too_many_a_warning,
          shapes_without_a_name_have_no_effect)
