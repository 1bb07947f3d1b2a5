/*
 * test_summary.c - crema summary: layers and shapes, as far as these can be known.
 */
#include "tests/support/shell.h"

START_TEST(summary_shows_what_a_net_is_made_of)
{
    shell_begin();
    shell_check(
        sh("$CREMA summary ip.prototxt"), 0,
        "layer  type          bottoms  tops    parameters  values  MACs\n"
        "x      Input                  x 1x2                    -     -\n"
        "ip     InnerProduct  x 1x2    ip 1x2  2x2, 2           6     4\n"
        "\n"
        "2 layers, 6 learned values (0.00 MB), 0.000 million multiply-adds, activations 0.00 MB\n"
        "to run: weights 0.00 MB, packed weights 0.00 MB, activations 0.00 MB (at least 0.00), scratch "
        "0.00 MB and 0.00 MB a thread\n",
        "");
    shell_outcome *o = sh("$CREMA summary ip.prototxt --json | tr -d ' \\n'");
    ck_assert_int_eq(o->code, 0);
    ck_assert(shell_has(o->out, "\"params\":[{\"shape\":[2,2]},{\"shape\":[2]}]"));
    ck_assert(shell_has(o->out, "\"tops\":[{\"name\":\"ip\",\"shape\":[1,2]}]"));
    ck_assert(shell_has(o->out, "\"outputs\":[{\"name\":\"ip\",\"shape\":[1,2]}]"));
    ck_assert(shell_has(o->out, "\"memory\":{\"weight_bytes\":24,\"pack_bytes\":0,\"activation_bytes\":"));
    shell_end();
}
END_TEST

START_TEST(summary_goes_as_far_as_shapes_are_known)
{
    shell_begin();
    shell_put("odd.prototxt", "input: 'x' input_shape { dim: 1 dim: 2 }\n"
                              "layer { name: 'a' type: 'Mystery' bottom: 'x' top: 'y' }\n"
                              "layer { name: 'b' type: 'TanH' bottom: 'y' top: 'z' }\n"
                              "layer { name: 'c' type: 'TanH' bottom: 'x' top: 'w' }\n");
    shell_outcome *o = sh("$CREMA summary odd.prototxt");
    ck_assert_int_eq(o->code, 1);
    ck_assert_str_eq(o->err, "crema: 1 layer is of unknown types; what depends on them is shown as \"?\"\n");
    ck_assert(shell_has(o->out, "Mystery (unknown)"));
    ck_assert(shell_has(o->out, "z ?"));
    ck_assert(shell_has(o->out, "w 1x2"));
    shell_put("open.prototxt", "input: 'x'\nlayer { name: 'b' type: 'TanH' bottom: 'x' top: 'z' }\n");
    o = sh("$CREMA summary open.prototxt --json | tr -d ' \\n'");
    ck_assert_int_eq(o->code, 0);
    ck_assert(shell_has(o->out, "{\"name\":\"z\",\"shape\":null}"));
    o = sh("$CREMA summary open.prototxt --input-shape x=3,4");
    ck_assert_int_eq(o->code, 0);
    ck_assert(shell_has(o->out, "z 3x4"));
    shell_put("train.prototxt", "layer { name: 'x' type: 'Input' top: 'x' include { phase: TRAIN } }\n"
                                "layer { name: 'b' type: 'TanH' bottom: 'x' top: 'z' }\n");
    o = sh("$CREMA summary train.prototxt");
    shell_check(
        o, 1, "",
        "crema: train.prototxt:2:40: layer \"b\" (TanH): bottom \"x\" is made by layer \"x\", whose rules "
        "keep it out "
        "of phase TEST; try --phase train\n");
    ck_assert_int_eq(sh("$CREMA summary train.prototxt --phase train")->code, 0);
    shell_end();
}
END_TEST

TEST_MAIN("cli/summary", summary_shows_what_a_net_is_made_of, summary_goes_as_far_as_shapes_are_known)
