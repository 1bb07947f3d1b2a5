/*
 * test_plugin.c - --plugin: layer types of a shared object, in all commands.
 */
#include "tests/support/shell.h"

START_TEST(plugins_bring_layer_types)
{
    shell_begin();
    shell_put(
        "lc.prototxt",
        "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 1 dim: 1 dim: 3 } } }\n"
        "layer { name: 'lc' type: 'LocalContrast' bottom: 'x' top: 'y'\n"
        "  local_contrast_param { size: 1 floor: 1 keep: 0 } }\n"
        "layer { name: 'r' type: 'ReLU' bottom: 'y' top: 'z' }\n");
    shell_put(
        "c.yaml",
        "version: 1\ncases:\n  - {name: a, net: lc.prototxt, inputs: {x: x.npy}, expect: {y: x.npy}}\n");
    sh("cp \"$(dirname \"$CREMA\")\"/tests/plugin/*.so .");
    crema_shape shape = {4, {1, 1, 1, 3}};
    ck_assert_int_eq(crema_npy_write("x.npy", &shape, (float[]){1, -2, 3}, NULL), CREMA_OK);
    shell_outcome *o = sh("$CREMA run lc.prototxt --input x.npy");
    ck_assert_int_eq(o->code, 1);
    ck_assert(shell_has(o->err,
                        "lc.prototxt:3:3: layer \"lc\": local_contrast_param is not a field that is known"));
    ck_assert(shell_has(o->err, "lc.prototxt:2:26: layer \"lc\": unknown layer type \"LocalContrast\"\n"));
    shell_check(sh("$CREMA run lc.prototxt --input x.npy --plugin example.so --output z=z.npy"), 0, "", "");
    shell_check_npy("z.npy", 4, 3, (float[]){1, 0, 3});
    // Two plugins; the second has a ReLU of its own.
    shell_check(
        sh("$CREMA run lc.prototxt --input x.npy --plugin example.so --plugin=override.so --output z=z.npy"),
        0, "", "");
    shell_check_npy("z.npy", 4, 3, (float[]){7, 7, 7});
    shell_check(sh("$CREMA check c.yaml --plugin ./example.so"), 0,
                "ok    a  y[0,0,0,0]: largest error 0, allowed 0\n1 passed, 0 failed\n", "");
    ck_assert_int_eq(sh("$CREMA check c.yaml")->code, 1);
    shell_check(sh("$CREMA check c.yaml --plugin none.so"), 2, "0 passed, 0 failed\n",
                "crema: none.so: can't open: No such file or directory\n");
    o = sh("$CREMA time lc.prototxt --plugin example.so");
    ck_assert_int_eq(o->code, 0);
    ck_assert(shell_has(o->out, "plugin"));
    ck_assert_int_eq(sh("$CREMA summary lc.prototxt --plugin example.so")->code, 0);
    shell_check(sh("$CREMA summary lc.prototxt --plugin lc.prototxt"), 1, "",
                "crema: lc.prototxt: can't be loaded as a plugin: invalid ELF header\n");
    shell_check(sh("$CREMA run lc.prototxt --plugin example.so --plugin example.so"), 2, "",
                "crema: example.so: layer type \"LocalContrast\" was added already\n");
    shell_end();
}
END_TEST

TEST_MAIN("cli/plugin", plugins_bring_layer_types)
