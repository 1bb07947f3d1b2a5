// Runs whole manifests: what is only seen when a case's steps follow one another on one runner.
#include "crema_tools.h"
#include "tests/support/folder.h"
#include "tests/support/layer_weights.h"
#include "tests/test.h"
#include "write/npy.h"

#include <stdio.h>

typedef struct seen {
    int passed, failed;
    char message[512];
} seen;

static void report(void *user, const crema_check_result *result)
{
    seen *s = user;
    if (result->passed)
        s->passed++;
    else
        s->failed++;
    snprintf(s->message, sizeof s->message, "%s", result->message ? result->message : "");
}

static void write_array(folder *f, const char *name, int steps, const float *values)
{
    cr_shape shape = {.rank = 3, .dim = {steps, 1, 1}};
    cr_err err = {0};
    ck_assert_msg(cr_npy_write(folder_path(f, name), true, &shape, values, &err) == CREMA_OK, "%s",
                  err.message);
}

// An LSTM whose gates are all open and whose value is 1: the state counts forwards, and the top is its tanh.
static void write_counter(folder *f)
{
    folder_text(f, "net.prototxt",
                "layer { name: 'x' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 1 dim: 1 } } }"
                "layer { name: 'c' type: 'Input' top: 'cont' input_param { shape { dim: 1 dim: 1 } } }"
                "layer { name: 'l' type: 'LSTM' bottom: 'x' bottom: 'cont' top: 'out' recurrent_param { "
                "num_output: 1 } }");
    ww w = layer_weights("l", "LSTM",
                         (net_blob[]){{"W_x", SHAPE(4, 1), VALUES(0, 0, 0, 0)},
                                      {"b", SHAPE(4), VALUES(100, 100, 100, 100)},
                                      {"W_h", SHAPE(4, 1), VALUES(0, 0, 0, 0)},
                                      {0}});
    ww_save(&w, folder_path(f, "net.caffemodel"));
    ww_free(&w);
    cr_shape one = {.rank = 2, .dim = {1, 1}};
    cr_err err = {0};
    write_array(f, "x.npy", 1, (const float[]){0});
    write_array(f, "h1.npy", 1, (const float[]){0.76159416f});
    write_array(f, "h2.npy", 1, (const float[]){0.96402758f});
    ck_assert_int_eq(cr_npy_write(folder_path(f, "on.npy"), true, &one, (const float[]){1}, &err), CREMA_OK);
    ck_assert_int_eq(cr_npy_write(folder_path(f, "off.npy"), true, &one, (const float[]){0}, &err), CREMA_OK);
}

static seen check(folder *f, const char *manifest)
{
    seen s = {0};
    crema_error err;
    const char *path = folder_text(f, "cases.yaml", manifest);
    crema_check_options options = {.struct_size = sizeof options};
    ck_assert_msg(crema_check_manifest(path, &options, report, &s, &err) == CREMA_OK, "%s", err.message);
    return s;
}

#define HEAD "version: 1\ndefaults: {atol: 1.0e-6}\ncases:\n"
#define CASE(name) "  - name: " name "\n    net: net.prototxt\n    weights: net.caffemodel\n    steps:\n"
#define STEP(cont, out) "      - {inputs: {x: x.npy, cont: " cont ".npy}, expect: {out: " out ".npy}}\n"

START_TEST(steps_of_a_case_share_what_layers_remember)
{
    folder f;
    folder_make(&f);
    write_counter(&f);
    seen s = check(&f, HEAD CASE("a") STEP("on", "h1") STEP("on", "h2") STEP("off", "h1") STEP("on", "h2"));
    ck_assert_msg(s.passed == 1 && s.failed == 0, "%s", s.message);
    s = check(&f, HEAD CASE("a") STEP("on", "h1") STEP("on", "h1"));
    ck_assert_int_eq(s.failed, 1);
    folder_remove(&f);
}
END_TEST

START_TEST(every_case_begins_anew)
{
    folder f;
    folder_make(&f);
    write_counter(&f);
    seen s = check(&f, HEAD CASE("a") STEP("on", "h1") CASE("b") STEP("on", "h1") STEP("on", "h2"));
    ck_assert_msg(s.passed == 2 && s.failed == 0, "%s", s.message);
    folder_remove(&f);
}
END_TEST

TEST_MAIN("check/run", steps_of_a_case_share_what_layers_remember, every_case_begins_anew)
