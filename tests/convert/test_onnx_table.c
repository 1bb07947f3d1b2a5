/*
 * Every row of the table: a small net of its type, and the nodes that it becomes. What they compute is compared with
 * onnxruntime by tests/onnx_check.py, which needs Python.
 */
#include "convert/onnx_emit.h"
#include "crema_tools.h"
#include "onnx_subset.pb-c.h"
#include "tests/support/folder.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

// The layer's inputs are x and, as far as there are shapes, y, z, u, v; shapes end with NULL.
typedef struct row {
    const char *type, *fields;
    const char *shape[6];
    const char *ops; // of the nodes, in their order
} row;

static const row rows[] = {
#include "tests/convert/onnx_rows.inc"
};
enum { N_ROWS = sizeof rows / sizeof *rows };

static const char *const blob[] = {"x", "y", "z", "u", "v"};

static void write_net(const row *r, char *net, size_t size)
{
    size_t n = 0;
    for (int i = 0; r->shape[i]; i++)
        n += (size_t)snprintf(net + n, size - n,
                              "layer { name: '%s' type: 'Input' top: '%s' input_param { shape { %s } } }\n",
                              blob[i], blob[i], r->shape[i]);
    n += (size_t)snprintf(net + n, size - n, "layer { name: 'l' type: '%s'", r->type);
    for (int i = 0; r->shape[i]; i++)
        n += (size_t)snprintf(net + n, size - n, " bottom: '%s'", blob[i]);
    snprintf(net + n, size - n, " %s }\n", r->fields);
    ck_assert_uint_lt(n, size);
}

static Onnx__ModelProto *read_model(folder *f, const char *path)
{
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    static unsigned char bytes[1 << 20];
    size_t n = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    (void)f;
    Onnx__ModelProto *model = onnx__model_proto__unpack(NULL, n, bytes);
    ck_assert_ptr_nonnull(model);
    return model;
}

static void read_ops(const Onnx__ModelProto *model, char *ops, size_t size)
{
    size_t n = 0;
    ops[0] = 0;
    for (size_t i = 0; i < model->graph->n_node; i++)
        n += (size_t)snprintf(ops + n, size - n, "%s%s", i ? " " : "", model->graph->node[i]->op_type);
}

static void check_row(folder *f, crema_context *context, const row *r)
{
    char net[2000], ops[4000];
    crema_error err;
    write_net(r, net, sizeof net);
    const char *in = folder_text(f, "net.prototxt", net), *out = folder_path(f, "x.onnx");
    crema_convert_options options = {.struct_size = sizeof options, .force = 1, .allow_missing = 1};
    crema_status status = crema_convert(context, &in, 1, out, &options, &err);
    ck_assert_msg(status == CREMA_OK, "%s: %s", r->type, err.message);
    Onnx__ModelProto *model = read_model(f, out);
    read_ops(model, ops, sizeof ops);
    ck_assert_msg(strcmp(ops, r->ops) == 0, "%s {%s}: %s", r->type, r->fields, ops);
    onnx__model_proto__free_unpacked(model, NULL);
}

START_TEST(a_row_becomes_its_nodes)
{
    folder f;
    crema_error err;
    folder_make(&f);
    crema_context *context = crema_context_create(NULL, &err);
    for (size_t i = 0; i < N_ROWS; i++)
        check_row(&f, context, &rows[i]);
    crema_context_free(context);
    folder_remove(&f);
}
END_TEST

START_TEST(no_row_without_a_test)
{
    for (const cr_onnx_row *r = cr_onnx_table; r->type; r++) {
        bool found = false;
        for (size_t i = 0; i < N_ROWS; i++)
            found = found || strcmp(rows[i].type, r->type) == 0;
        ck_assert_msg(found, "no test for %s", r->type);
        ck_assert_msg(cr_layer_type_find(r->type) && !strcmp(cr_layer_type_find(r->type)->name, r->type),
                      "%s is no layer type", r->type);
        ck_assert_ptr_eq(cr_onnx_row_find(r->type), r);
    }
}
END_TEST

TEST_MAIN("convert/onnx_table", a_row_becomes_its_nodes, no_row_without_a_test)
