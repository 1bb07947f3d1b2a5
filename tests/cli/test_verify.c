/*
 * `crema convert --verify`. For ONNX shell scripts stand for Python; tests/onnx.sh runs the real one.
 */
#include "tests/support/shell.h"
#include "tests/support/wire_writer.h"

#include <stdio.h>

// A Python that has what is needed, writes its arguments behind the script to the file `seen`, and exits as told.
static void put_python(int status)
{
    char text[400];
    snprintf(text, sizeof text,
             "#!/bin/sh\n"
             "case $2 in 'import onnxruntime, numpy') exit 0 ;; esac\n"
             "shift 2; for a in \"$@\"; do [ -f \"$a\" ] && echo file || echo \"$a\"; done >seen\n"
             "exit %d\n",
             status);
    shell_put("python", text);
    sh("chmod +x python");
}

START_TEST(python_gets_the_model_and_both_sides)
{
    char seen[400];
    shell_begin();
    put_python(0);
    shell_check(sh("mkdir t; TMPDIR=t CREMA_PYTHON=./python $CREMA convert pixel.prototxt x.onnx --verify"),
                0, "", "");
    shell_get("seen", seen, sizeof seen);
    ck_assert_str_eq(seen, "file\n1\ndata\nfile\nprob\nfile\n");
    ck_assert_int_eq(sh("rmdir t")->code, 0); // it is empty again
    shell_end();
}
END_TEST

START_TEST(what_python_says_counts)
{
    shell_begin();
    put_python(9);
    shell_check(sh("CREMA_PYTHON=./python $CREMA convert pixel.prototxt x.onnx --verify"), 1, "",
                "crema: x.onnx: the model gives other values than the net\n");
    put_python(1);
    shell_check(sh("CREMA_PYTHON=./python $CREMA convert pixel.prototxt x.onnx -f --verify"), 1, "",
                "crema: x.onnx: onnxruntime could not run the model\n");
    shell_end();
}
END_TEST

START_TEST(nothing_is_written_that_can_not_be_verified)
{
    shell_begin();
    shell_check(sh("CREMA_PYTHON=./absent $CREMA convert pixel.prototxt x.onnx --verify"), 1, "",
                "crema: --verify: can't run ./absent: No such file or directory (CREMA_PYTHON names another "
                "Python)\n");
    shell_check(
        sh("CREMA_PYTHON=false $CREMA convert pixel.prototxt x.onnx --verify"), 1, "",
        "crema: --verify needs onnxruntime and numpy, which false does not have: install them with pip, or "
        "name a Python that has them in CREMA_PYTHON\n");
    shell_check(sh("$CREMA convert w.caffemodel w.h5 --verify"), 2, "",
                "crema: --verify runs nets, and w.h5 is none; `crema diff` compares weights\n");
    ck_assert_int_ne(sh("ls x.onnx w.h5")->code, 0);
    shell_end();
}
END_TEST

// The weight is 0 in half precision, and what is left of it is made large behind.
static void put_tiny(void)
{
    ww w = {0};
    shell_put(
        "tiny.prototxt",
        "layer { name: 'in' type: 'Input' top: 'data' input_param { shape { dim: 1 dim: 1 } } }\n"
        "layer { name: 'ip' type: 'InnerProduct' bottom: 'data' top: 'ip' inner_product_param { "
        "num_output: 1 bias_term: false } }\n"
        "layer { name: 'scale' type: 'Scale' bottom: 'ip' top: 'scale' }\n"
        "layer { name: 'power' type: 'Power' bottom: 'scale' top: 'out' power_param { scale: 1e6 } }\n");
    ww_net(&w, "tiny");
    ww_layer(&w, "ip", "InnerProduct");
    ww_blob(&w, 2, (int64_t[]){1, 1}, (float[]){1e-8f});
    ww_layer(&w, "scale", "Scale");
    ww_blob(&w, 1, (int64_t[]){1}, (float[]){60000});
    ww_save(&w, "tiny.caffemodel");
    ww_free(&w);
}

START_TEST(nets_run_here)
{
    shell_begin();
    put_tiny();
    shell_check(sh("$CREMA convert pixel.prototxt y.yaml --verify | sed 's/up to .*/up to N/'"), 0,
                "prob: largest difference 0, values up to N\n", "");
    shell_check(sh("$CREMA convert ip.prototxt y.json --verify | sed 's/up to .*/up to N/'"), 0,
                "ip: largest difference 0, values up to N\n", "");
    shell_outcome *o = sh("$CREMA convert tiny.prototxt tiny.caffemodel fold.caffemodel --fold --verify");
    ck_assert_int_eq(o->code, 0);
    ck_assert(shell_has(o->out, "out: largest difference"));
    o = sh("$CREMA convert fold.caffemodel fold.yaml --verify"); // which brings its own weights
    ck_assert_int_eq(o->code, 0);
    ck_assert(shell_has(o->out, "out: largest difference 0,"));
    o = sh("$CREMA convert tiny.prototxt tiny.caffemodel half.caffemodel --f16 --verify");
    ck_assert_int_eq(o->code, 1);
    ck_assert(shell_has(o->out, "<- too large"));
    ck_assert_str_eq(o->err, "crema: half.caffemodel gives other values than the net it came from\n");
    shell_end();
}
END_TEST

START_TEST(a_net_for_deployment_is_compared_in_what_both_have)
{
    shell_begin();
    shell_put(
        "train.prototxt",
        "layer { name: 'in' type: 'Input' top: 'data' top: 'label' input_param { shape { dim: 2 dim: 3 } "
        "shape { dim: 2 } } }\n"
        "layer { name: 'tanh' type: 'TanH' bottom: 'data' top: 'score' }\n"
        "layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'score' bottom: 'label' top: 'loss' }\n");
    shell_outcome *o = sh("$CREMA convert train.prototxt deploy.prototxt --to-deploy --verify");
    ck_assert_int_eq(o->code, 0);
    ck_assert(shell_has(o->out, "a blob that only the result has"));
    ck_assert(shell_has(o->out, "score: largest difference 0,"));
    shell_end();
}
END_TEST

TEST_MAIN("cli/verify", nets_run_here, a_net_for_deployment_is_compared_in_what_both_have,
          python_gets_the_model_and_both_sides, what_python_says_counts,
          nothing_is_written_that_can_not_be_verified)
