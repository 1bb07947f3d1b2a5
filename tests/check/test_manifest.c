#include "check/manifest.h"
#include "tests/support/folder.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

static folder dir;
static cr_arena arena;

static cr_status read_text(const char *text, const char *root, cr_manifest *out, cr_err *err)
{
    folder_make(&dir);
    return cr_manifest_read(&arena, folder_text(&dir, "m.yaml", text), root, out, err);
}

static void done(void)
{
    folder_remove(&dir);
    cr_arena_free(&arena);
}

static cr_manifest read_ok(const char *text, const char *root)
{
    cr_manifest m;
    cr_err err;
    ck_assert_msg(read_text(text, root, &m, &err) == CREMA_OK, "%d:%d: %s", err.line, err.column,
                  err.message);
    return m;
}

static void expect_error(const char *text, int line, int column, const char *message)
{
    cr_manifest m;
    cr_err err;
    ck_assert_int_eq(read_text(text, NULL, &m, &err), CREMA_ERR_INPUT);
    done();
    ck_assert_msg(strstr(err.message, message) != NULL, "\"%s\" is not in \"%s\"", message, err.message);
    ck_assert_msg(err.line == line && err.column == column, "\"%s\" at %d:%d", err.message, err.line,
                  err.column);
}

// In a case with a name, a net and an expected blob, on line 3 from column 5.
static void expect_case_error(const char *rest, int column, const char *message)
{
    char text[1000];
    snprintf(text, sizeof text, "version: 1\ncases:\n  - {%s, name: a, net: n}\n", rest);
    expect_error(text, 3, column, message);
}

START_TEST(a_case_with_everything)
{
    cr_manifest m = read_ok("version: 1\n"
                            "defaults: {rtol: 1.0e-4, atol: 1.0e-5, rms: 1.0e-3}\n"
                            "cases:\n"
                            "  - name: full\n"
                            "    net: a/net.prototxt\n"
                            "    weights: a/net.caffemodel\n"
                            "    phase: TRAIN\n"
                            "    level: -2\n"
                            "    stage: [x, y]\n"
                            "    seed: 7\n"
                            "    preprocess: p.yaml\n"
                            "    inputs: {data: a.png, b: /abs/b.npy, c: {file: c.png, preprocess: q.yaml}}\n"
                            "    expect: {out: out.npy, mid: {file: mid.npy, rms: 0, rtol: 0.5}}\n"
                            "    atol: 2\n",
                            "root");
    ck_assert_int_eq(m.n_cases, 1);
    const cr_case *k = m.cases;
    ck_assert_str_eq(k->name, "full");
    ck_assert_str_eq(k->net, "root/a/net.prototxt");
    ck_assert_str_eq(k->weights, "root/a/net.caffemodel");
    ck_assert(k->train && k->has_seed && !k->has_steps);
    ck_assert_int_eq(k->level, -2);
    ck_assert_int_eq(k->n_stages, 2);
    ck_assert_str_eq(k->stage[1], "y");
    ck_assert_uint_eq(k->seed, 7);
    ck_assert_int_eq(k->n_steps, 1);
    const cr_case_step *s = k->step;
    ck_assert_int_eq(s->n_inputs, 3);
    ck_assert_str_eq(s->input[0].blob, "data");
    ck_assert_str_eq(s->input[0].file, "root/a.png");
    ck_assert_str_eq(s->input[0].preprocess, "root/p.yaml");
    ck_assert_str_eq(s->input[1].file, "/abs/b.npy");
    ck_assert_str_eq(s->input[2].preprocess, "root/q.yaml");
    ck_assert_int_eq(s->n_expects, 2);
    ck_assert_str_eq(s->expect[0].blob, "out");
    ck_assert_double_eq(s->expect[0].tolerance.rtol, 1e-4);
    ck_assert_double_eq(s->expect[0].tolerance.atol, 2);
    ck_assert_double_eq(s->expect[0].tolerance.rms, 1e-3);
    ck_assert_str_eq(s->expect[1].file, "root/mid.npy");
    ck_assert_double_eq(s->expect[1].tolerance.rtol, 0.5);
    ck_assert_double_eq(s->expect[1].tolerance.atol, 2);
    ck_assert_double_eq(s->expect[1].tolerance.rms, 0);
    done();
}
END_TEST

START_TEST(what_is_not_given)
{
    cr_manifest m = read_ok("version: 1\ncases: [{name: a, net: n, expect: {o: o.npy}, stage: x}]", NULL);
    const cr_case *k = m.cases;
    ck_assert_ptr_null(k->weights);
    ck_assert_ptr_null(k->error);
    ck_assert(!k->train && !k->has_seed);
    ck_assert_int_eq(k->level, 0);
    ck_assert_int_eq(k->n_stages, 1);
    ck_assert_str_eq(k->stage[0], "x");
    ck_assert_int_eq(k->step[0].n_inputs, 0);
    ck_assert_double_eq(k->step[0].expect[0].tolerance.rtol, 0);
    ck_assert_double_eq(k->step[0].expect[0].tolerance.rms, 0);
    ck_assert_int_eq(strncmp(k->net, dir.path, strlen(dir.path)), 0); // the manifest's folder
    ck_assert_str_eq(k->net + strlen(dir.path), "/n");
    done();
    ck_assert_int_eq(read_ok("version: 1\ncases: []", NULL).n_cases, 0);
    done();
}
END_TEST

START_TEST(steps_and_errors)
{
    cr_manifest m = read_ok(
        "version: 1\n"
        "cases:\n"
        "  - {name: s, net: n, rtol: 1, steps: [{inputs: {x: a}}, {inputs: {x: b}, expect: {y: c}}]}\n"
        "  - {name: e, net: n, error: 'does not divide'}\n",
        "");
    ck_assert(m.cases[0].has_steps);
    ck_assert_int_eq(m.cases[0].n_steps, 2);
    ck_assert_int_eq(m.cases[0].step[0].n_expects, 0);
    ck_assert_str_eq(m.cases[0].step[1].input[0].file, "b");
    ck_assert_double_eq(m.cases[0].step[1].expect[0].tolerance.rtol, 1);
    ck_assert_str_eq(m.cases[1].error, "does not divide");
    ck_assert_int_eq(m.cases[1].n_steps, 0);
    done();
}
END_TEST

START_TEST(wrong_manifests)
{
    expect_error("[]", 1, 1, "a manifest must be a map");
    expect_error("cases: []", 1, 1, "no version");
    expect_error("version: 1", 1, 1, "no cases");
    expect_error("version: 2\ncases: []", 1, 10, "only version 1");
    expect_error("version: one\ncases: []", 1, 10, "version");
    expect_error("version: 1\ncases: {}", 2, 8, "cases must be a list");
    expect_error("version: 1\ncase: []", 2, 1, "case");
    expect_error("version: 1\ndefaults: {rtoll: 1}\ncases: []", 2, 12, "rtol");
    expect_error("version: 1\ndefaults: [1]\ncases: []", 2, 11, "defaults must be a map");
    expect_error("version: 1\ncases: [a]", 2, 9, "a case must be a map");
    expect_error("version: 1\ncases: [{net: n, expect: {o: o}}]", 2, 9, "no name");
    expect_error("version: 1\ncases: [{name: n, expect: {o: o}}]", 2, 9, "no net");
}
END_TEST

START_TEST(wrong_cases)
{
    expect_case_error("weight: w", 6, "weights");
    expect_case_error("level: 1", 5, "expects nothing");
    expect_case_error("phase: BOTH, expect: {o: o}", 13, "phase must be TEST or TRAIN");
    expect_case_error("level: 3000000000, expect: {o: o}", 13, "32 bits");
    expect_case_error("level: x, expect: {o: o}", 13, "level");
    expect_case_error("seed: -1, expect: {o: o}", 12, "seed must be at least 0");
    expect_case_error("stage: [[a]], expect: {o: o}", 14, "stage");
    expect_case_error("inputs: [a], expect: {o: o}", 14, "inputs must be a map");
    expect_case_error("inputs: {a: {preprocess: p}}, expect: {o: o}", 18, "no file");
    expect_case_error("inputs: {a: {file: p, rtol: 1}}, expect: {o: o}", 28, "rtol");
    expect_case_error("inputs: {a: [x]}, expect: {o: o}", 18, "file");
    expect_case_error("expect: o", 14, "expect must be a map");
    expect_case_error("expect: {o: {rtol: 1}}", 18, "no file");
    expect_case_error("expect: {o: {file: f, rtol: x}}", 34, "rtol");
    expect_case_error("expect: {o: ''}", 18, "is empty");
    expect_case_error("expect: {o: o}, rtol: -1", 28, "at least 0");
    expect_case_error("expect: {o: o}, rms: .inf", 27, "finite");
    expect_case_error("expect: {o: o}, atol: .nan", 28, "");
    expect_case_error("error: e, expect: {o: o}", 5, "can't expect blobs");
    expect_case_error("error: e, steps: []", 5, "can't expect blobs");
    expect_case_error("steps: []", 13, "these steps expect nothing");
    expect_case_error("steps: {}", 13, "steps must be a list");
    expect_case_error("steps: [a]", 14, "a step must be a map");
    expect_case_error("steps: [{expects: {o: o}}]", 15, "expect");
    expect_case_error("steps: [{expect: {o: o}}], inputs: {a: a}", 13, "in the steps");
}
END_TEST

START_TEST(paths_that_are_too_long)
{
    char text[2000];
    size_t n = (size_t)snprintf(text, sizeof text, "version: 1\ncases: [{name: n, net: ");
    memset(text + n, 'x', 1200);
    strcpy(text + n + 1200, ", expect: {o: o}}]");
    expect_error(text, 2, 24, "too long");
}
END_TEST

START_TEST(a_missing_manifest)
{
    cr_manifest m;
    cr_err err;
    ck_assert_int_eq(cr_manifest_read(&arena, "/nowhere/m.yaml", NULL, &m, &err), CREMA_ERR_IO);
    ck_assert_str_eq(err.file, "/nowhere/m.yaml");
}
END_TEST

TEST_MAIN("check/manifest", a_case_with_everything, what_is_not_given, steps_and_errors, wrong_manifests,
          wrong_cases, paths_that_are_too_long, a_missing_manifest)
