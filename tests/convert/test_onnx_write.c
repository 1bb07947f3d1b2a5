/*
 * Files: the stream is one message to protobuf-c, values inside or in a file of their own.
 */
#include "convert/onnx_write.h"
#include "onnx_subset.pb-c.h"
#include "tests/support/folder.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

enum { N = 3000 };
static float large[N], small[4] = {1, 2, 3, 4};

static void make_graph(cr_onnx_graph *g)
{
    cr_onnx_graph_init(g);
    g->name = "g";
    for (int i = 0; i < N; i++)
        large[i] = (float)i / 7;
    cr_shape n = {.rank = 1, .dim = {N}}, four = {.rank = 2, .dim = {2, 2}};
    cr_onnx_scalar(g, 5); // nobody reads it: it is not written
    const char *x = cr_onnx_op(g, "Add", NULL, "x", cr_onnx_floats(g, "large", &n, large), NULL);
    cr_onnx_op(g, "Add", "y", x, cr_onnx_floats(g, "small", &four, small), NULL);
    cr_onnx_op(g, "Add", "z", x, cr_onnx_floats(g, "more", &(cr_shape){.rank = 2, .dim = {N, 1}}, large),
               NULL);
    cr_onnx_add_info(g, &g->input, &(cr_onnx_info){.name = "x", .shape = n});
    cr_onnx_add_info(g, &g->output, &(cr_onnx_info){.name = "y", .shape = n});
    ck_assert(!g->no_memory);
}

static size_t read_file(const char *path, unsigned char *bytes, size_t size)
{
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    size_t n = fread(bytes, 1, size, file);
    fclose(file);
    return n;
}

static unsigned char bytes[1 << 20], values[1 << 20];

static Onnx__ModelProto *write_and_read(cr_onnx_graph *g, const char *path, uint64_t most_inside)
{
    cr_err err = {0};
    ck_assert_msg(cr_onnx_write(g, path, false, most_inside, "1", &err) == CREMA_OK, "%s", err.message);
    Onnx__ModelProto *m = onnx__model_proto__unpack(NULL, read_file(path, bytes, sizeof bytes), bytes);
    ck_assert_ptr_nonnull(m);
    ck_assert_uint_eq(m->graph->n_initializer, 3);
    return m;
}

START_TEST(values_stand_inside)
{
    cr_onnx_graph g;
    folder f;
    folder_make(&f);
    make_graph(&g);
    Onnx__ModelProto *m = write_and_read(&g, folder_path(&f, "a.onnx"), 1 << 30);
    const Onnx__TensorProto *t = m->graph->initializer[0];
    ck_assert_uint_eq(t->raw_data.len, sizeof large);
    ck_assert_mem_eq(t->raw_data.data, large, sizeof large);
    ck_assert_int_eq(t->dims[0], N);
    ck_assert_int_eq(t->data_type, 1);
    ck_assert_mem_eq(m->graph->initializer[1]->raw_data.data, small, sizeof small);
    ck_assert_int_eq(folder_n_files(&f), 1);
    onnx__model_proto__free_unpacked(m, NULL);
    cr_onnx_graph_free(&g);
    folder_remove(&f);
}
END_TEST

START_TEST(values_stand_outside)
{
    cr_onnx_graph g;
    folder f;
    folder_make(&f);
    make_graph(&g);
    Onnx__ModelProto *m = write_and_read(&g, folder_path(&f, "a.onnx"), 100);
    size_t n = read_file(folder_path(&f, "a.onnx.data"), values, sizeof values);
    for (int i = 0; i < 3; i += 2) { // the small one stays inside
        const Onnx__TensorProto *t = m->graph->initializer[i];
        ck_assert_uint_eq(t->raw_data.len, 0);
        ck_assert_int_eq(t->data_location, 1);
        ck_assert_uint_eq(t->n_external_data, 3);
        ck_assert_str_eq(t->external_data[0]->value, "a.onnx.data");
        size_t offset = (size_t)atoll(t->external_data[1]->value),
               length = (size_t)atoll(t->external_data[2]->value);
        ck_assert_uint_eq(length, sizeof large);
        ck_assert_uint_eq(offset % 4096, 0);
        ck_assert_uint_le(offset + length, n);
        ck_assert_mem_eq(values + offset, large, length);
    }
    ck_assert_mem_eq(m->graph->initializer[1]->raw_data.data, small, sizeof small);
    onnx__model_proto__free_unpacked(m, NULL);
    cr_onnx_graph_free(&g);
    folder_remove(&f);
}
END_TEST

START_TEST(existing_files_stay)
{
    cr_onnx_graph g;
    folder f;
    cr_err err = {0};
    folder_make(&f);
    make_graph(&g);
    folder_text(&f, "a.onnx.data", "old");
    ck_assert_int_ne(cr_onnx_write(&g, folder_path(&f, "a.onnx"), false, 100, "1", &err), CREMA_OK);
    ck_assert_int_eq(folder_n_files(&f), 1);
    ck_assert_int_eq(cr_onnx_write(&g, folder_path(&f, "a.onnx"), true, 100, "1", &err), CREMA_OK);
    ck_assert_int_eq(cr_onnx_write(&g, folder_path(&f, "a.onnx"), false, 1 << 30, "1", &err), CREMA_ERR_IO);
    ck_assert_int_eq(folder_n_files(&f), 2);
    cr_onnx_graph_free(&g);
    folder_remove(&f);
}
END_TEST

#ifdef CR_TEST_ALLOC
START_TEST(running_out_of_memory)
{
    for (int64_t n = 0; n < 40; n++) {
        cr_onnx_graph g;
        cr_test_fail_alloc(n);
        cr_onnx_graph_init(&g);
        for (int i = 0; i < 200; i++) {
            cr_onnx_op(&g, "Add", NULL, "x", cr_onnx_scalar(&g, 1), NULL);
            cr_onnx_int(&g, "axis", 1);
        }
        cr_test_fail_alloc(-1);
        cr_onnx_graph_free(&g);
    }
}
END_TEST
#endif

TEST_MAIN("convert/onnx_write", values_stand_inside, values_stand_outside,
          existing_files_stay TEST_ALLOC(running_out_of_memory))
