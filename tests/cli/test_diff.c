/*
 * test_diff.c - crema diff as a user meets it: lines, JSON, exit status.
 */
#include "tests/support/shell.h"

static void make_nets(void)
{
    shell_put("a.prototxt", "name: 'a'\nlayer { name: 'x' type: 'ReLU' bottom: 'b' top: 't' }\n"
                            "layer { name: 'only' type: 'TanH' bottom: 't' top: 'u' }\n");
    shell_put("b.prototxt", "name: 'a'\nlayer { name: 'x' type: 'ReLU' bottom: 'c' top: 't'\n"
                            "  relu_param { negative_slope: 0.1 } }\n");
}

START_TEST(diff_prints_a_line_a_difference)
{
    shell_begin();
    make_nets();
    shell_check(sh("$CREMA diff a.prototxt a.prototxt"), 0, "no differences\n", "");
    shell_check(sh("$CREMA diff a.prototxt b.prototxt"), 1,
                "layer \"x\" (ReLU): bottom[0]: \"b\" (a.prototxt:2:40), \"c\" (b.prototxt:2:40)\n"
                "layer \"x\" (ReLU): relu_param: not set (a.prototxt:2:1), {...} (b.prototxt:3:3)\n"
                "layer \"only\" (TanH): only in a.prototxt:3:1\n"
                "3 differences\n",
                "");
    shell_check(sh("$CREMA diff a.prototxt absent.prototxt"), 2, "",
                "crema: absent.prototxt: can't open: No such file or directory\n");
    shell_end();
}
END_TEST

START_TEST(diff_json)
{
    shell_begin();
    make_nets();
    shell_outcome *o = sh("$CREMA diff a.prototxt b.prototxt --json | tr -d ' \\n'");
    ck_assert(shell_has(o->out,
                        "{\"differences\":[{\"kind\":\"field\",\"layer\":\"x\",\"type\":\"ReLU\","
                        "\"field\":\"bottom[0]\",\"a\":{\"file\":\"a.prototxt\",\"line\":2,\"column\":40,"
                        "\"present\":true,\"value\":\"\\\"b\\\"\"}"));
    ck_assert(shell_has(o->out, "{\"kind\":\"layer\",\"layer\":\"only\",\"type\":\"TanH\""));
    shell_check(sh("$CREMA diff a.prototxt a.prototxt --json"), 0, "{\n  \"differences\": []\n}\n", "");
    shell_end();
}
END_TEST

START_TEST(diff_compares_weights)
{
    shell_begin();
    shell_put(
        "w.prototxt",
        "name: 'w' layer { name: 'ip' type: 'InnerProduct' blobs { shape { dim: 2 } data: [1, 2] } }\n");
    shell_put(
        "v.prototxt",
        "name: 'w' layer { name: 'ip' type: 'InnerProduct' blobs { shape { dim: 2 } data: [1, 3] } }\n");
    ck_assert_int_eq(
        sh("$CREMA convert w.prototxt w.caffemodel && $CREMA convert v.prototxt v.caffemodel")->code, 0);
    shell_check(
        sh("$CREMA diff w.caffemodel v.caffemodel"), 1,
        "layer \"ip\" (InnerProduct), weights 0: 1 of 2 values differ, most at [1]: 2, 3; rms of all 0.707\n"
        "1 difference\n",
        "");
    shell_check(sh("$CREMA diff ip.prototxt ip.prototxt --weights w.caffemodel w.caffemodel"), 0,
                "no differences\n", "");
    ck_assert_int_eq(sh("$CREMA diff ip.prototxt ip.prototxt --weights w.caffemodel v.caffemodel")->code, 1);
    shell_check(sh("$CREMA diff ip.prototxt ip.prototxt --weights w.caffemodel"), 2, "",
                "crema: diff: takes two nets, and with --weights the weights of both\n");
    shell_end();
}
END_TEST

TEST_MAIN("cli/diff", diff_prints_a_line_a_difference, diff_json, diff_compares_weights)
