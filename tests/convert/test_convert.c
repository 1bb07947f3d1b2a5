// crema_convert: the choice by suffix, whole-or-nothing output, what nets and solvers become.
#include "crema_tools.h"
#include "tests/support/folder.h"
#include "tests/support/wire_writer.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

static folder f;
static crema_error err;
static char note[4000];

static void keep_note(void *user, const char *sentence)
{
    (void)user;
    size_t n = strlen(note);
    snprintf(note + n, sizeof note - n, "%s\n", sentence);
}

static void setup(void)
{
    folder_make(&f);
    note[0] = 0;
}

// The status; err has the sentence. options may be NULL.
static crema_status convert(const char *from, const char *to, const crema_convert_options *options)
{
    crema_convert_options o = options ? *options : (crema_convert_options){0};
    o.struct_size = sizeof o;
    o.note = keep_note;
    crema_context *context = crema_context_create(NULL, &err);
    const char *input = folder_path(&f, from);
    crema_status status = crema_convert(context, &input, 1, folder_path(&f, to), &o, &err);
    crema_context_free(context);
    return status;
}

static const char *content(const char *name)
{
    static char text[8000];
    FILE *file = fopen(folder_path(&f, name), "rb");
    if (!file)
        return NULL;
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    return text;
}

static void becomes(const char *from, const char *to, const char *want)
{
    crema_convert_options o = {.force = 1};
    crema_status status = convert(from, to, &o);
    ck_assert_msg(status == CREMA_OK, "%s", err.message);
    ck_assert_str_eq(content(to), want);
}

START_TEST(nets_go_around)
{
    static const char text[] = "# head\nname: \"net\"\nlayer {\n  name: \"x\"\n  type: \"ReLU\"\n}\n";
    setup();
    folder_text(&f, "a.prototxt", text);
    becomes("a.prototxt", "b.PBTXT", text);
    becomes("a.prototxt", "b.yaml", "# head\nname: net\nlayer:\n  - name: x\n    type: ReLU\n");
    becomes("b.yaml", "c.prototxt", text);
    becomes("a.prototxt", "b.json",
            "{\n  \"name\": \"net\",\n  \"layer\": [\n    {\n      \"name\": \"x\",\n      \"type\": "
            "\"ReLU\"\n    }\n"
            "  ]\n}\n");
    becomes("b.json", "c.prototxt", text + 7);
    ck_assert_int_eq(rename(folder_path(&f, "b.json"), folder_path(&f, "b")), 0); // known by its brace
    becomes("b", "c.prototxt", text + 7);
    ck_assert_int_eq(convert("a.prototxt", "d.caffemodel", NULL), CREMA_OK);
    becomes("d.caffemodel", "c.prototxt", text + 7);
    ck_assert_ptr_nonnull(
        strstr(note, "is binary, with the field numbers of base; 0 weight blobs are left out"));
    folder_remove(&f);
}
END_TEST

START_TEST(solvers_go_around)
{
    setup();
    folder_text(&f, "a.prototxt", "net: 'n.prototxt' # which\nbase_lr: 0.01\nsolver_type: ADAGRAD # old\n");
    becomes("a.prototxt", "b.prototxt",
            "net: \"n.prototxt\"  # which\nbase_lr: 0.01\ntype: \"AdaGrad\"  # old\n");
    becomes("a.prototxt", "b.yaml", "net: n.prototxt  # which\nbase_lr: 0.01\ntype: AdaGrad  # old\n");
    becomes("b.yaml", "c.prototxt",
            "net: \"n.prototxt\"  # which\nbase_lr: 0.01\ntype: \"AdaGrad\"  # old\n");
    becomes("a.prototxt", "b.json",
            "{\n  \"net\": \"n.prototxt\",\n  \"base_lr\": 0.01,\n  \"type\": \"AdaGrad\"\n}\n");
    becomes("b.json", "c.prototxt", "net: \"n.prototxt\"\nbase_lr: 0.01\ntype: \"AdaGrad\"\n");
    ck_assert_int_eq(convert("a.prototxt", "d.caffemodel", NULL), CREMA_ERR_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(err.message, "is a solver"));
    folder_text(&f, "a.prototxt", "solver_type: ADAM\ntype: 'SGD'\nbase_lr: 1");
    ck_assert_int_eq(convert("a.prototxt", "e.prototxt", NULL), CREMA_ERR_INPUT);
    ck_assert_ptr_null(content("e.prototxt"));
    folder_remove(&f);
}
END_TEST

START_TEST(old_nets_are_upgraded)
{
    setup();
    folder_text(&f, "a.prototxt",
                "input: 'x' # it\ninput_dim: [1, 2, 3, 4]\n"
                "# one\nlayers {\n  type: RELU # kind\n  name: 'r'\n  bottom: 'x' top: 'x'\n  blobs_lr: 1\n} "
                "# end\n");
    becomes("a.prototxt", "b.prototxt",
            "layer {\n  name: \"input\"\n  type: \"Input\"\n  top: \"x\"  # it\n"
            "  input_param {\n    shape {\n      dim: 1\n      dim: 2\n      dim: 3\n      dim: 4\n    }\n  "
            "}\n}\n"
            "# one\n"
            "layer {\n  type: \"ReLU\"  # kind\n  name: \"r\"\n  bottom: \"x\"\n  top: \"x\"\n"
            "  param { lr_mult: 1 }\n}  # end\n");
    // The Input layer that is made stands first, wherever the name is.
    folder_text(&f, "a.prototxt",
                "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'x' } input: 'x' name: 'late'\n");
    becomes("a.prototxt", "b.prototxt",
            "layer {\n  name: \"input\"\n  type: \"Input\"\n  top: \"x\"\n  input_param {}\n}\n"
            "layer { name: \"r\" type: \"ReLU\" bottom: \"x\" top: \"x\" }\n"
            "name: \"late\"\n");
    folder_remove(&f);
}
END_TEST

START_TEST(outputs_are_whole_or_absent)
{
    setup();
    folder_text(&f, "a.prototxt", "name: 'net'");
    folder_text(&f, "bad.prototxt", "name: 'net' layer {");
    folder_text(&f, "b.yaml", "old");
    ck_assert_int_eq(convert("a.prototxt", "b.yaml", NULL), CREMA_ERR_IO);
    ck_assert_ptr_nonnull(strstr(err.message, "exists already"));
    ck_assert_str_eq(content("b.yaml"), "old");
    crema_convert_options force = {.force = 1};
    ck_assert_int_eq(convert("bad.prototxt", "b.yaml", &force), CREMA_ERR_INPUT);
    ck_assert_str_eq(content("b.yaml"), "old");
    ck_assert_int_eq(convert("a.prototxt", "b.yaml", &force), CREMA_OK);
    ck_assert_str_eq(content("b.yaml"), "name: net\n");
    ck_assert_int_eq(convert("a.prototxt", "a.prototxt", &force), CREMA_OK); // onto itself
    ck_assert_str_eq(content("a.prototxt"), "name: \"net\"\n");
    ck_assert_int_eq(convert("a.prototxt", "no/where.yaml", NULL), CREMA_ERR_IO);
    ck_assert_int_eq(folder_n_files(&f), 3);
    folder_remove(&f);
}
END_TEST

START_TEST(unknown_fields)
{
    setup();
    folder_text(&f, "a.prototxt", "name: \"net\"\nown { a: 1 }\nlayer { z: 3 }\n");
    becomes("a.prototxt", "b.prototxt", "name: \"net\"\nown { a: 1 }\nlayer {\n  z: 3\n}\n");
    ck_assert_int_eq(convert("a.prototxt", "b.caffemodel", NULL), CREMA_ERR_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(err.message, "own has no number in the binary form"));
    crema_convert_options drop = {.drop_unknown = 1, .force = 1};
    ck_assert_int_eq(convert("a.prototxt", "b.caffemodel", &drop), CREMA_OK);
    ck_assert_int_eq(convert("a.prototxt", "b.prototxt", &drop), CREMA_OK);
    ck_assert_str_eq(content("b.prototxt"), "name: \"net\"\nlayer {}\n");
    // A key that is no name can't be written as text.
    folder_text(&f, "a.yaml", "name: net\nx-y: 1\n");
    ck_assert_int_eq(convert("a.yaml", "c.prototxt", NULL), CREMA_ERR_INPUT);
    ck_assert_ptr_nonnull(strstr(err.message, "x-y can't be read as fields"));
    folder_text(&f, "a.yaml", "name: net\n? \"x { a: 1 } y\"\n: 1\n");
    ck_assert_int_eq(convert("a.yaml", "c.yaml", NULL), CREMA_ERR_INPUT);
    ck_assert_ptr_nonnull(strstr(err.message, "can't be read as one field"));
    folder_text(&f, "a.yaml", "name: net\nx: []\n");
    ck_assert_int_eq(convert("a.yaml", "c.yaml", NULL), CREMA_OK);
    ck_assert_str_eq(content("c.yaml"), "name: net\n");
    folder_remove(&f);
}
END_TEST

START_TEST(binary_nets_with_strange_fields)
{
    setup();
    ww w = {0};
    float x = 1;
    ww_net(&w, "net");
    ww_layer(&w, "a", "X");
    ww_int(&w, 7777, 3);
    ww_blob(&w, 1, (int64_t[]){1}, &x);
    ww_save(&w, folder_path(&f, "a.caffemodel"));
    ww_free(&w);
    ck_assert_int_eq(convert("a.caffemodel", "b.prototxt", NULL), CREMA_ERR_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(
        err.message, "1 field is not known (the first: 7777 of LayerParameter), so it can't be written"));
    ck_assert_ptr_null(content("b.prototxt"));
    crema_convert_options drop = {.drop_unknown = 1};
    ck_assert_int_eq(convert("a.caffemodel", "b.prototxt", &drop), CREMA_OK);
    ck_assert_str_eq(content("b.prototxt"), "name: \"net\"\nlayer {\n  name: \"a\"\n  type: \"X\"\n}\n");
    ck_assert_ptr_nonnull(strstr(note, "1 weight blob is left out"));
    crema_convert_options numbering = {.drop_unknown = 1, .force = 1, .numbering = "intel"};
    ck_assert_int_eq(convert("a.caffemodel", "b.caffemodel", &numbering), CREMA_OK);
    ck_assert_ptr_nonnull(strstr(note, "has the field numbers of intel"));
    folder_remove(&f);
}
END_TEST

START_TEST(wrong_uses)
{
    setup();
    folder_text(&f, "a.prototxt", "name: 'net'");
    ck_assert_int_eq(convert("a.prototxt", "b.xyz", NULL), CREMA_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(err.message, "the suffix says what to write"));
    ck_assert_int_eq(convert("a.prototxt", "b", NULL), CREMA_ERR_USAGE);
    ck_assert_int_eq(convert("absent.prototxt", "b.yaml", NULL), CREMA_ERR_IO);
    crema_convert_options level = {.level = 3};
    ck_assert_int_eq(convert("a.prototxt", "b.caffemodel", &level), CREMA_ERR_USAGE);
    ck_assert_str_eq(err.message, "a phase, level or stage means nothing for a net with weights");
    crema_convert_options phase = {.phase = 7};
    ck_assert_int_eq(convert("a.prototxt", "b.yaml", &phase), CREMA_ERR_USAGE);
    crema_context *context = crema_context_create(NULL, &err);
    const char *input[] = {folder_path(&f, "a.prototxt"), folder_path(&f, "a.prototxt")};
    ck_assert_int_eq(crema_convert(context, input, 2, folder_path(&f, "b.yaml"), NULL, &err),
                     CREMA_ERR_USAGE);
    ck_assert_str_eq(err.message, "a net or solver as YAML is made from one net or solver, not from 2 files");
    ck_assert_int_eq(crema_convert(context, input, 0, folder_path(&f, "b.yaml"), NULL, &err),
                     CREMA_ERR_USAGE);
    crema_convert_options unset = {0};
    ck_assert_int_eq(crema_convert(context, input, 1, folder_path(&f, "b.yaml"), &unset, &err),
                     CREMA_ERR_USAGE);
    crema_context_free(context);
    ck_assert_int_eq(folder_n_files(&f), 1);
    folder_remove(&f);
}
END_TEST

TEST_MAIN("convert/convert", nets_go_around, solvers_go_around, old_nets_are_upgraded,
          outputs_are_whole_or_absent, unknown_fields, binary_nets_with_strange_fields, wrong_uses)
