/*
 * `crema convert --verify` without Python: shell scripts stand for it. tests/onnx.sh runs the real one.
 */
#include "tests/support/shell.h"

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
    shell_check(sh("$CREMA convert pixel.prototxt y.prototxt --verify"), 2, "",
                "crema: --verify is for ONNX models\n");
    ck_assert_int_ne(sh("ls x.onnx y.prototxt")->code, 0);
    shell_end();
}
END_TEST

TEST_MAIN("cli/verify", python_gets_the_model_and_both_sides, what_python_says_counts,
          nothing_is_written_that_can_not_be_verified)
