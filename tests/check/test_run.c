#include "check/run.h"
#include "tests/support/folder.h"
#include "tests/support/wire_writer.h"
#include "tests/test.h"
#include "write/npy.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define INPUT "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 2 } } }\n"

typedef struct row {
    crema_check_result result;
    char name[64], blob[64], message[1024];
} row;

typedef struct rows {
    folder dir;
    row row[8];
    int n;
} rows;

static void note(void *user, const crema_check_result *result)
{
    rows *r = user;
    ck_assert_int_lt(r->n, 8);
    row *to = &r->row[r->n++];
    to->result = *result;
    snprintf(to->name, sizeof to->name, "%s", result->name);
    snprintf(to->blob, sizeof to->blob, "%s", result->blob ? result->blob : "");
    snprintf(to->message, sizeof to->message, "%s", result->message);
}

static void npy(rows *r, const char *name, cr_shape shape, const float *values)
{
    ck_assert_int_eq(cr_npy_write(folder_path(&r->dir, name), &shape, values, NULL), CREMA_OK);
}

// A folder with relu.prototxt (x -> mid -> y), inputs and expected outputs.
static void begin(rows *r)
{
    memset(r, 0, sizeof *r);
    folder_make(&r->dir);
    folder_text(&r->dir, "relu.prototxt",
                "name: 'relu'\n" INPUT "layer { name: 'a' type: 'ReLU' bottom: 'x' top: 'mid' }\n"
                "layer { name: 'b' type: 'Flatten' bottom: 'mid' top: 'y' }\n");
    npy(r, "x.npy", (cr_shape){2, {1, 2}}, (float[]){-1, 2});
    npy(r, "y.npy", (cr_shape){2, {1, 2}}, (float[]){0, 2});
    npy(r, "off.npy", (cr_shape){2, {1, 2}}, (float[]){0, 2.5f});
    npy(r, "x3.npy", (cr_shape){2, {3, 1}}, (float[]){3, -4, 5});
    npy(r, "y3.npy", (cr_shape){2, {3, 1}}, (float[]){3, 0, 5});
}

static cr_status run(rows *r, const char *cases, crema_check_options o, cr_err *err)
{
    char text[2000];
    snprintf(text, sizeof text, "version: 1\ncases:\n%s", cases);
    o.struct_size = sizeof o;
    r->n = 0;
    return cr_check_run(folder_text(&r->dir, "m.yaml", text), &o, note, r, err);
}

static void run_ok(rows *r, const char *cases, int n)
{
    cr_err err;
    ck_assert_msg(run(r, cases, (crema_check_options){0}, &err) == CREMA_OK, "%s: %s", err.file, err.message);
    ck_assert_int_eq(r->n, n);
}

static void end(rows *r)
{
    folder_remove(&r->dir);
}

START_TEST(a_case_passes_or_not)
{
    rows r;
    begin(&r);
    run_ok(
        &r,
        "  - {name: good, net: relu.prototxt, inputs: {x: x.npy}, expect: {mid: y.npy, y: y.npy}}\n"
        "  - {name: bad, net: relu.prototxt, inputs: {x: x.npy}, expect: {y: y.npy, mid: off.npy}, atol: "
        "0.1}\n"
        "  - {name: near, net: relu.prototxt, inputs: {x: x.npy}, expect: {y: {file: off.npy, rtol: 0.5}}}\n",
        3);
    ck_assert_str_eq(r.row[0].name, "good");
    ck_assert_int_eq(r.row[0].result.passed, 1);
    ck_assert_str_eq(r.row[0].message, "");
    ck_assert_int_eq(r.row[0].result.n_values, 2);
    ck_assert_int_eq(r.row[0].result.step, 0);
    const crema_check_result *bad = &r.row[1].result;
    ck_assert_int_eq(bad->passed, 0);
    ck_assert_str_eq(r.row[1].blob, "mid");
    ck_assert_str_eq(r.row[1].message, "");
    ck_assert_int_eq(bad->n_wrong, 1);
    ck_assert_int_eq(bad->shape.rank, 2);
    ck_assert_int_eq(bad->index[0], 0);
    ck_assert_int_eq(bad->index[1], 1);
    ck_assert_double_eq(bad->got, 2);
    ck_assert_double_eq(bad->expected, 2.5);
    ck_assert_double_eq(bad->error, 0.5);
    ck_assert_double_eq(bad->allowed, 0.1);
    ck_assert_int_eq(r.row[2].result.passed, 1);
    ck_assert_double_eq(r.row[2].result.error, 0.5);
    end(&r);
}
END_TEST

START_TEST(strict_sets_rms_to_zero)
{
    rows r;
    begin(&r);
    const char *cases =
        "  - {name: c, net: relu.prototxt, inputs: {x: x.npy}, expect: {y: off.npy}, rms: 1}\n";
    run_ok(&r, cases, 1);
    ck_assert_int_eq(r.row[0].result.passed, 1);
    ck_assert_int_eq(run(&r, cases, (crema_check_options){.strict = 1}, NULL), CREMA_OK);
    ck_assert_int_eq(r.row[0].result.passed, 0);
    ck_assert_double_eq(r.row[0].result.allowed, 0);
    end(&r);
}
END_TEST

START_TEST(inputs_take_the_files_shape)
{
    rows r;
    begin(&r);
    run_ok(&r,
           "  - {name: a, net: relu.prototxt, inputs: {x: x3.npy}, expect: {y: y3.npy}}\n"
           "  - {name: b, net: relu.prototxt, inputs: {x: x.npy}, expect: {y: y3.npy}}\n",
           2);
    ck_assert_int_eq(r.row[0].result.passed, 1);
    ck_assert_int_eq(r.row[1].result.passed, 0);
    ck_assert_str_eq(r.row[1].message, "blob \"y\" has shape 1x2, expected 3x1");
    end(&r);
}
END_TEST

START_TEST(steps_run_on_one_runner)
{
    rows r;
    begin(&r);
    run_ok(&r,
           "  - {name: s, net: relu.prototxt, atol: 0.1, steps: [{inputs: {x: x.npy}, expect: {y: y.npy}},"
           " {inputs: {x: x3.npy}, expect: {mid: y3.npy}}, {expect: {y: y3.npy}},"
           " {inputs: {x: x.npy}, expect: {y: off.npy}}]}\n",
           1);
    ck_assert_int_eq(r.row[0].result.passed, 0);
    ck_assert_int_eq(r.row[0].result.step, 4);
    ck_assert_double_eq(r.row[0].result.error, 0.5);
    end(&r);
}
END_TEST

START_TEST(pictures_are_inputs_too)
{
    rows r;
    begin(&r);
    folder_text(
        &r.dir, "g.prototxt",
        "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 1 dim: 1 dim: 2 } } }\n"
        "layer { name: 'a' type: 'ReLU' bottom: 'x' top: 'y' }\n");
    folder_text(&r.dir, "x.ppm", "P3 2 1 255 9 9 9 60 60 60");
    folder_text(&r.dir, "p.yaml", "mean: 10");
    npy(&r, "plain.npy", (cr_shape){4, {1, 1, 1, 2}}, (float[]){9, 60});
    npy(&r, "minus.npy", (cr_shape){4, {1, 1, 1, 2}}, (float[]){0, 50});
    run_ok(
        &r,
        "  - {name: plain, net: g.prototxt, inputs: {x: x.ppm}, expect: {y: plain.npy}}\n"
        "  - {name: minus, net: g.prototxt, inputs: {x: x.ppm}, preprocess: p.yaml, expect: {y: minus.npy}}\n"
        "  - {name: own, net: g.prototxt, inputs: {x: {file: x.ppm, preprocess: p.yaml}}, expect: {y: "
        "minus.npy}}\n",
        3);
    for (int i = 0; i < 3; i++)
        ck_assert_msg(r.row[i].result.passed, "%s: %s", r.row[i].name, r.row[i].message);
    end(&r);
}
END_TEST

START_TEST(what_goes_wrong_with_the_net_is_the_cases)
{
    rows r;
    begin(&r);
    folder_text(&r.dir, "bad.prototxt",
                INPUT "layer { name: 'l' type: 'NoSuchLayer' bottom: 'x' top: 'y' }\n");
    run_ok(&r,
           "  - {name: load, net: bad.prototxt, inputs: {x: x.npy}, expect: {y: y.npy}}\n"
           "  - {name: input, net: relu.prototxt, inputs: {nothing: x.npy}, expect: {y: y.npy}}\n"
           "  - {name: blob, net: relu.prototxt, inputs: {x: x.npy}, expect: {nothing: y.npy}}\n"
           "  - {name: good, net: relu.prototxt, inputs: {x: x.npy}, expect: {y: y.npy}}\n",
           4);
    const char *const texts[] = {"bad.prototxt:2:", "nothing", "nothing"};
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(r.row[i].result.passed, 0);
        ck_assert_str_eq(r.row[i].blob, "");
        ck_assert_msg(strstr(r.row[i].message, texts[i]) != NULL, "%s", r.row[i].message);
    }
    ck_assert_int_eq(r.row[3].result.passed, 1);
    end(&r);
}
END_TEST

START_TEST(an_error_that_is_expected)
{
    rows r;
    begin(&r);
    folder_text(&r.dir, "bad.prototxt",
                INPUT "layer { name: 'l' type: 'NoSuchLayer' bottom: 'x' top: 'y' }\n");
    run_ok(&r,
           "  - {name: right, net: bad.prototxt, error: 'NoSuchLayer'}\n"
           "  - {name: place, net: bad.prototxt, error: 'bad.prototxt:2:'}\n"
           "  - {name: other, net: bad.prototxt, error: 'group 3'}\n"
           "  - {name: works, net: relu.prototxt, error: 'NoSuchLayer'}\n",
           4);
    ck_assert_int_eq(r.row[0].result.passed, 1);
    ck_assert_str_eq(r.row[0].message, "");
    ck_assert_int_eq(r.row[1].result.passed, 1);
    ck_assert_int_eq(r.row[2].result.passed, 0);
    ck_assert_ptr_nonnull(strstr(r.row[2].message, "\"group 3\" is not in: "));
    ck_assert_int_eq(r.row[3].result.passed, 0);
    ck_assert_ptr_nonnull(strstr(r.row[3].message, "the load worked, but should fail with \"NoSuchLayer\""));
    end(&r);
}
END_TEST

START_TEST(files_that_cannot_be_read_end_the_run)
{
    rows r;
    begin(&r);
    cr_err err;
    folder_text(&r.dir, "broken.npy", "\x93NUMPY...........");
    static const char *const files[][2] = {{"gone.npy", "y.npy"},
                                           {"x.npy", "gone.npy"},
                                           {"broken.npy", "y.npy"},
                                           {"x.npy", "broken.npy"},
                                           {"relu.prototxt", "y.npy"}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char cases[500];
        snprintf(cases, sizeof cases,
                 "  - {name: good, net: relu.prototxt, inputs: {x: x.npy}, expect: {y: y.npy}}\n"
                 "  - {name: c, net: relu.prototxt, inputs: {x: %s}, expect: {y: %s}}\n",
                 files[i][0], files[i][1]);
        ck_assert_int_ne(run(&r, cases, (crema_check_options){0}, &err), CREMA_OK);
        ck_assert_ptr_nonnull(strstr(err.file, strcmp(files[i][1], "y.npy") ? files[i][1] : files[i][0]));
        ck_assert_int_eq(r.n, 1); // what came before was reported
    }
    ck_assert_int_eq(
        run(&r, "  - {name: c, net: gone.prototxt, expect: {y: y.npy}}\n", (crema_check_options){0}, &err),
        CREMA_ERR_IO);
    ck_assert_int_eq(run(&r, "  - {name: c}\n", (crema_check_options){0}, &err), CREMA_ERR_INPUT);
    end(&r);
}
END_TEST

static int stop_after(void *user)
{
    int *left = user;
    return (*left)-- <= 0;
}

START_TEST(filter_and_cancel)
{
    rows r;
    begin(&r);
    const char *cases = "  - {name: conv_a, net: relu.prototxt, inputs: {x: x.npy}, expect: {y: y.npy}}\n"
                        "  - {name: conv_b, net: relu.prototxt, inputs: {x: x.npy}, expect: {y: y.npy}}\n"
                        "  - {name: pool_a, net: gone.prototxt, inputs: {x: x.npy}, expect: {y: y.npy}}\n";
    ck_assert_int_eq(run(&r, cases, (crema_check_options){.filter = "conv"}, NULL), CREMA_OK);
    ck_assert_int_eq(r.n, 2);
    ck_assert_int_eq(run(&r, cases, (crema_check_options){.filter = "c*_b"}, NULL), CREMA_OK);
    ck_assert_int_eq(r.n, 1);
    ck_assert_str_eq(r.row[0].name, "conv_b");
    ck_assert_int_eq(run(&r, cases, (crema_check_options){.filter = "none"}, NULL), CREMA_OK);
    ck_assert_int_eq(r.n, 0);
    int left = 0;
    crema_check_options o = {.cancel = stop_after, .user = &left};
    cr_err err;
    ck_assert_int_eq(run(&r, cases, o, &err), CREMA_ERR_CANCELLED);
    ck_assert_int_eq(r.n, 0);
    end(&r);
}
END_TEST

START_TEST(weights_from_a_file_or_from_fillers)
{
    rows r;
    begin(&r);
    folder_text(&r.dir, "ip.prototxt",
                INPUT "layer { name: 'ip' type: 'InnerProduct' bottom: 'x' top: 'y' inner_product_param {"
                      " num_output: 1 bias_term: false weight_filler { type: 'constant' value: 3 } } }\n");
    ww w = {0};
    ww_net(&w, "ip");
    ww_layer(&w, "ip", "InnerProduct");
    ww_blob(&w, 2, (int64_t[]){1, 2}, (float[]){10, 20});
    ww_save(&w, folder_path(&r.dir, "ip.caffemodel"));
    ww_free(&w);
    npy(&r, "filled.npy", (cr_shape){2, {1, 1}}, (float[]){3});
    npy(&r, "stored.npy", (cr_shape){2, {1, 1}}, (float[]){30});
    run_ok(&r,
           "  - {name: f, net: ip.prototxt, seed: 1, inputs: {x: x.npy}, expect: {y: filled.npy}}\n"
           "  - {name: w, net: ip.prototxt, weights: ip.caffemodel, inputs: {x: x.npy}, expect: {y: "
           "stored.npy}}\n",
           2);
    ck_assert_msg(r.row[0].result.passed, "%s", r.row[0].message);
    ck_assert_msg(r.row[1].result.passed, "%s", r.row[1].message);
    end(&r);
}
END_TEST

START_TEST(phase_and_stage_choose_layers)
{
    rows r;
    begin(&r);
    folder_text(
        &r.dir, "p.prototxt",
        INPUT "layer { name: 'a' type: 'ReLU' bottom: 'x' top: 'y' include { phase: TEST } }\n"
              "layer { name: 'b' type: 'Flatten' bottom: 'x' top: 'y' include { phase: TRAIN } }\n"
              "layer { name: 'c' type: 'ReLU' bottom: 'y' top: 'z' include { stage: 's' min_level: 2 } }\n");
    run_ok(&r,
           "  - {name: test, net: p.prototxt, inputs: {x: x.npy}, expect: {y: y.npy}}\n"
           "  - {name: train, net: p.prototxt, phase: TRAIN, inputs: {x: x.npy}, expect: {y: x.npy}}\n"
           "  - {name: stage, net: p.prototxt, stage: s, level: 2, inputs: {x: x.npy}, expect: {z: y.npy}}\n"
           "  - {name: nostage, net: p.prototxt, stage: s, inputs: {x: x.npy}, expect: {z: y.npy}}\n",
           4);
    for (int i = 0; i < 4; i++)
        ck_assert_msg(r.row[i].result.passed == (i < 3), "%s: %s", r.row[i].name, r.row[i].message);
    end(&r);
}
END_TEST

START_TEST(the_root_replaces_the_manifests_folder)
{
    rows r;
    begin(&r);
    folder other;
    folder_make(&other);
    const char *m = folder_text(&other, "m.yaml",
                                "version: 1\ncases:\n  - {name: c, net: relu.prototxt, inputs: {x: "
                                "x.npy}, expect: {y: y.npy}}\n");
    crema_check_options o = {.struct_size = sizeof o, .root = r.dir.path};
    ck_assert_int_eq(cr_check_run(m, &o, note, &r, NULL), CREMA_OK);
    ck_assert_int_eq(r.n, 1);
    ck_assert_int_eq(r.row[0].result.passed, 1);
    folder_remove(&other);
    end(&r);
}
END_TEST

START_TEST(a_wrong_algorithm_ends_the_run)
{
    rows r;
    begin(&r);
    cr_err err;
    ck_assert_int_eq(run(&r, "  []\n", (crema_check_options){.conv_algorithm = "none-such"}, &err),
                     CREMA_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(err.message, "none-such"));
    end(&r);
}
END_TEST

TEST_MAIN("check/run", a_case_passes_or_not, strict_sets_rms_to_zero, inputs_take_the_files_shape,
          steps_run_on_one_runner, pictures_are_inputs_too, what_goes_wrong_with_the_net_is_the_cases,
          an_error_that_is_expected, files_that_cannot_be_read_end_the_run, filter_and_cancel,
          weights_from_a_file_or_from_fillers, phase_and_stage_choose_layers,
          the_root_replaces_the_manifests_folder, a_wrong_algorithm_ends_the_run)
