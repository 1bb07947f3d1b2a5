#include "crema.pb-c.h"
#include "read/message.h"
#include "tests/support/wire_writer.h"
#include "tests/test.h"

#include <string.h>

static const char net_text[] = "name: \"t\"\nlayer { name: \"a\" type: \"ReLU\" }\n";
static const char net_yaml[] = "name: t\nlayer:\n  - name: a\n    type: ReLU\n";

static cr_status read_as(const char *path, const void *data, size_t size, const cr_read_options *options,
                         const ProtobufCMessageDescriptor *type, cr_message *out, cr_arena *arena,
                         cr_err *err)
{
    return cr_read_message(arena, &(crema_file){.path = path, .data = data, .size = size}, type, options, out,
                           err);
}

static void expect_net(const char *path, const void *data, size_t size, cr_form form)
{
    cr_arena arena = {0};
    cr_message m;
    cr_err err = {0};
    cr_status status = read_as(path, data, size, NULL, &crema__net_parameter__descriptor, &m, &arena, &err);
    ck_assert_msg(status == CREMA_OK, "%s", err.message);
    ck_assert_int_eq(m.form, form);
    const Crema__NetParameter *net = (const Crema__NetParameter *)m.root;
    ck_assert_str_eq(net->name, "t");
    ck_assert_str_eq(net->layer[0]->type, "ReLU");
    ck_assert_ptr_nonnull(m.notes);
    ck_assert_int_eq(m.dialect != NULL, form == CR_FORM_WIRE);
    cr_arena_free(&arena);
}

static void refuse(const char *path, const void *data, size_t size, cr_form form, const char *sentence)
{
    cr_arena arena = {0};
    cr_message m;
    cr_err err;
    cr_read_options options = {.form = form};
    ck_assert_int_eq(read_as(path, data, size, &options, &crema__net_parameter__descriptor, &m, &arena, &err),
                     CREMA_ERR_INPUT);
    ck_assert_msg(strstr(err.message, sentence), "%s", err.message);
    ck_assert_str_eq(err.file, path);
    ck_assert_ptr_null(m.root);
    cr_arena_free(&arena);
}

START_TEST(suffix_and_content_decide)
{
    ww w = {0};
    ww_net(&w, "t");
    ww_layer(&w, "a", "ReLU");
    ww_done(&w);
    expect_net("net.prototxt", net_text, sizeof net_text - 1, CR_FORM_TEXT);
    expect_net("net", net_text, sizeof net_text - 1, CR_FORM_TEXT);
    expect_net("net.yaml", net_yaml, sizeof net_yaml - 1, CR_FORM_YAML);
    expect_net("NET.YML", net_yaml, sizeof net_yaml - 1, CR_FORM_YAML);
    expect_net("net.caffemodel", w.data, w.size, CR_FORM_WIRE);
    expect_net("net.prototxt", w.data, w.size, CR_FORM_WIRE);
    ww_free(&w);
}
END_TEST

START_TEST(a_net_with_a_stray_control_character_is_text)
{
    cr_arena arena = {0};
    cr_message m;
    cr_err err;
    static const char text[] = "name: \"t\"\n\x01 layer {}\n";
    ck_assert_int_eq(
        read_as("n", text, sizeof text - 1, NULL, &crema__net_parameter__descriptor, &m, &arena, &err),
        CREMA_ERR_INPUT);
    ck_assert_int_eq(err.line, 2);
    cr_arena_free(&arena);
}
END_TEST

START_TEST(what_is_no_net)
{
    static const char html[] = "<!DOCTYPE html>\n", solver[] = "net: \"n\"\nbase_lr: 1\n";
    ww w = {0};
    ww_net(&w, "t");
    ww_layer(&w, "a", "ReLU");
    ww_done(&w);
    refuse("n", html, sizeof html - 1, CR_FORM_AUTO, "is an HTML page");
    refuse("n", "", 0, CR_FORM_AUTO, "is empty");
    refuse("n", solver, sizeof solver - 1, CR_FORM_AUTO, "is a solver, not a net");
    refuse("n", "\x89HDF\r\n\x1a\n....", 12, CR_FORM_AUTO, "is an HDF5 file");
    refuse("n", w.data, w.size, CR_FORM_TEXT, "swapped");
    refuse("n", net_text, sizeof net_text - 1, CR_FORM_WIRE, "is text, not a binary message");
    w.size = 0;
    ww_int(&w, 1, 1);
    ww_int(&w, 2, 1);
    refuse("n", w.data, w.size, CR_FORM_AUTO, "looks like a single blob");
    ww_free(&w);
}
END_TEST

START_TEST(other_messages)
{
    static const char solver[] = "net: \"n\"\nbase_lr: 1\n";
    cr_arena arena = {0};
    cr_message m;
    cr_err err;
    ck_assert_int_eq(
        read_as("s", solver, sizeof solver - 1, NULL, &crema__solver_parameter__descriptor, &m, &arena, &err),
        CREMA_OK);
    ck_assert(((const Crema__SolverParameter *)m.root)->base_lr == 1);
    ww w = {0};
    ww_int(&w, 1, 1);
    ww_int(&w, 2, 3);
    ck_assert_int_eq(read_as("b", w.data, w.size, NULL, &crema__blob_proto__descriptor, &m, &arena, &err),
                     CREMA_OK);
    ck_assert_int_eq(((const Crema__BlobProto *)m.root)->channels, 3);
    ww_free(&w);
    cr_arena_free(&arena);
}
END_TEST

START_TEST(dialects_by_name)
{
    ww w = {0};
    ww_layer(&w, "a", "Reorg");
    ww_begin(&w, 149);
    ww_int(&w, 1, 2);
    ww_done(&w);
    cr_arena arena = {0};
    cr_message m;
    cr_err err;
    cr_read_options options = {.dialect = "rtpose"};
    const ProtobufCMessageDescriptor *type = &crema__net_parameter__descriptor;
    ck_assert_int_eq(read_as("n", w.data, w.size, &options, type, &m, &arena, &err), CREMA_OK);
    ck_assert_str_eq(m.dialect, "rtpose");
    ck_assert_ptr_null(((const Crema__NetParameter *)m.root)->layer[0]->reorg_param);
    options.dialect = NULL;
    ck_assert_int_eq(read_as("n", w.data, w.size, &options, type, &m, &arena, &err), CREMA_OK);
    ck_assert_str_eq(m.dialect, "yolo");
    ck_assert_uint_eq(m.n_skipped, 0);
    options.dialect = "intell";
    ck_assert_int_eq(read_as("n", w.data, w.size, &options, type, &m, &arena, &err), CREMA_ERR_USAGE);
    ck_assert_str_eq(err.message, "no dialect \"intell\" is known; did you mean \"intel\"?");
    cr_arena_free(&arena);
    ww_free(&w);
}
END_TEST

START_TEST(a_missing_file)
{
    cr_arena arena = {0};
    cr_message m;
    cr_err err;
    ck_assert_int_eq(cr_read_message(&arena, &(crema_file){.path = "/nonexistent/net.prototxt"},
                                     &crema__net_parameter__descriptor, NULL, &m, &err),
                     CREMA_ERR_IO);
    cr_arena_free(&arena);
}
END_TEST

TEST_MAIN("read/message", suffix_and_content_decide, a_net_with_a_stray_control_character_is_text,
          what_is_no_net, other_messages, dialects_by_name, a_missing_file)
