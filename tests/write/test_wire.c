// The binary form: what is written is read as the same message, and what was left in a file is copied.
#include "crema.pb-c.h"
#include "schema/equal.h"
#include "tests/support/folder.h"
#include "tests/support/parse.h"
#include "tests/support/wire_writer.h"
#include "tests/test.h"
#include "write/wire.h"

#include <string.h>

static void write_to(const char *path, const ProtobufCMessage *message, const cr_left_list *left,
                     const cr_file *from)
{
    cr_writer *writer;
    cr_err err;
    ck_assert_int_eq(cr_writer_open(&writer, path, true, NULL), CREMA_OK);
    ck_assert_msg(cr_write_wire(message, left, from, writer, &err) == CREMA_OK, "%s", err.message);
    ck_assert_int_eq(cr_writer_commit(writer, NULL), CREMA_OK);
}

static void read_from(const char *path, cr_arena *arena, cr_left_list *left, cr_message *out)
{
    cr_err err;
    cr_read_options options = {.left = left};
    cr_status status = cr_read_message(arena, &(crema_file){.path = path}, &crema__net_parameter__descriptor,
                                       &options, out, &err);
    ck_assert_msg(status == CREMA_OK, "%s", err.message);
    ck_assert_int_eq(out->form, CR_FORM_WIRE);
}

START_TEST(all_kinds_of_fields)
{
    parsed p;
    parse_text(
        &p,
        "name: 'n' input: ['a', 'b'] input_dim: [1, -2] input_shape { dim: [1, 5000000000] }\n"
        "force_backward: true\n"
        "layer { name: 'x' loss_weight: [0.5, -0, 1] phase: TEST relu_param {}\n"
        "  convolution_param { pad: [1, 2] num_output: 4000000000 weight_filler { std: 0.1 } }\n"
        "  blobs { shape { dim: [2] } data: [1, 2] } blobs { double_data: [1, 2] raw_data: 'a\\000b' } }\n"
        "layer {}",
        false);
    ck_assert_msg(p.status == CREMA_OK, "%s", p.error);
    folder f;
    folder_make(&f);
    cr_arena arena = {0};
    cr_message m;
    cr_difference d;
    write_to(folder_path(&f, "a"), &p.net->base, NULL, NULL);
    read_from(folder_path(&f, "a"), &arena, NULL, &m);
    ck_assert_msg(cr_message_equal(&p.net->base, m.root, &d), "%s: %s, %s", d.path, d.a, d.b);
    cr_arena_free(&arena);
    folder_remove(&f);
    parsed_free(&p);
}
END_TEST

START_TEST(what_was_left_is_copied)
{
    enum { N = 700000 }; // more than a piece
    float *values = malloc(N * sizeof *values);
    for (int i = 0; i < N; i++)
        values[i] = (float)i;
    ww w = {0};
    ww_net(&w, "n");
    ww_layer(&w, "a", "X");
    ww_blob(&w, 1, (int64_t[]){N}, values);
    ww_blob(&w, 1, (int64_t[]){2}, values);
    ww_layer(&w, "b", "Y");
    ww_blob(&w, 0, NULL, values);
    folder f;
    folder_make(&f);
    ww_save(&w, folder_path(&f, "a"));
    cr_arena arena = {0};
    cr_message m, again;
    cr_left_list left = {.type = &crema__blob_proto__descriptor};
    read_from(folder_path(&f, "a"), &arena, &left, &m);
    ck_assert_uint_eq(left.n, 3);
    const Crema__NetParameter *net = (const Crema__NetParameter *)m.root;
    ck_assert_uint_eq(net->layer[0]->n_blobs, 2);
    ck_assert_uint_eq(net->layer[0]->blobs[0]->n_data, 0);
    ck_assert_ptr_eq(left.item[2].message, net->layer[1]->blobs[0]);
    cr_file file;
    ck_assert_int_eq(cr_file_open(&file, &(crema_file){.path = folder_path(&f, "a")}, NULL), CREMA_OK);
    write_to(folder_path(&f, "b"), m.root, &left, &file);
    cr_file_close(&file);
    read_from(folder_path(&f, "b"), &arena, NULL, &again);
    net = (const Crema__NetParameter *)again.root;
    ck_assert_str_eq(net->layer[0]->type, "X");
    ck_assert_uint_eq(net->layer[0]->blobs[0]->n_data, N);
    ck_assert_mem_eq(net->layer[0]->blobs[0]->data, values, N * sizeof *values);
    ck_assert_uint_eq(net->layer[1]->blobs[0]->n_data, 1);
    cr_arena_free(&arena);
    folder_remove(&f);
    ww_free(&w);
    free(values);
}
END_TEST

TEST_MAIN("write/wire", all_kinds_of_fields, what_was_left_is_copied)
