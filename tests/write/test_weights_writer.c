// The writers of weights with their readers: what goes out comes back, bit by bit.
#include "read/weights_file.h"
#include "tests/support/folder.h"
#include "tests/test.h"
#include "write/weights_writer.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef cr_status (*opener)(cr_weights_writer **w, const char *path, const char *net_name, bool force,
                            cr_err *err);

typedef struct blob {
    cr_shape shape;
    float values[6];
} blob;

typedef struct layer_blobs {
    const char *name, *type;
    int n_blobs;
    blob blob[12];
} layer_blobs;

static const layer_blobs net[] = {
    {"z/conv 1",
     "Convolution",
     2,
     {{{4, {1, 2, 1, 3}}, {1, -0.0f, 3e-45f, 3.4e38f, -5, 0.1f}}, {{1, {1}}, {7}}}},
    {"z", "Scale", 1, {{{1, {2}}, {1, 2}}}}, // a group that holds both a blob and a layer
    {"a.b%2F", "", 1, {{{0, {0}}, {9}}}},    // a scalar
    {"lstm",
     "LSTM",
     12,
     {{{1, {1}}, {0}},
      {{1, {1}}, {1}},
      {{1, {1}}, {2}},
      {{1, {1}}, {3}},
      {{1, {1}}, {4}},
      {{1, {1}}, {5}},
      {{1, {1}}, {6}},
      {{1, {1}}, {7}},
      {{1, {1}}, {8}},
      {{1, {1}}, {9}},
      {{1, {1}}, {10}},
      {{2, {0, 3}}, {0}}}}};
enum { N_LAYERS = sizeof net / sizeof *net };

static cr_status put(cr_weights_writer *w, const layer_blobs *layers, int n, cr_err *err)
{
    cr_status status = CREMA_OK;
    for (int i = 0; i < n && !status; i++) {
        cr_shape shape[12];
        for (int j = 0; j < layers[i].n_blobs; j++)
            shape[j] = layers[i].blob[j].shape;
        cr_written_layer layer = {layers[i].name, layers[i].type, layers[i].n_blobs, shape, NULL, NULL};
        status = w->type->layer(w, &layer, err);
        for (int j = 0; j < layers[i].n_blobs && !status; j++)
            status = w->type->blob(w, layers[i].blob[j].values, err);
    }
    return status;
}

static cr_status write_all(opener open, const char *path, bool force, const layer_blobs *layers, int n,
                           cr_err *err)
{
    cr_weights_writer *w;
    cr_status status = open(&w, path, "my \"net\"", force, err);
    if (status)
        return status;
    status = put(w, layers, n, err);
    if (!status)
        return w->type->commit(w, err);
    w->type->discard(w);
    return status;
}

static void check_all(const char *path, const char *format)
{
    cr_weights_file f;
    cr_err err = {0};
    ck_assert_msg(cr_weights_file_open(&f, path, NULL, &err) == CREMA_OK, "%s", err.message);
    ck_assert_str_eq(f.format->name, format);
    ck_assert_str_eq(f.net_name, "my \"net\"");
    ck_assert_int_eq(f.n_layers, N_LAYERS);
    for (int i = 0; i < N_LAYERS; i++) {
        ck_assert_str_eq(f.layer[i].name, net[i].name);
        ck_assert_str_eq(f.layer[i].type, net[i].type);
        ck_assert_int_eq(f.layer[i].n_blobs, net[i].n_blobs);
        for (int j = 0; j < net[i].n_blobs; j++) {
            const blob *want = &net[i].blob[j];
            float got[6];
            ck_assert(cr_shape_equal(&f.layer[i].blob[j].shape, &want->shape));
            ck_assert_int_eq(cr_weights_file_read(&f, &f.layer[i].blob[j], got, &err), CREMA_OK);
            ck_assert_mem_eq(got, want->values, (size_t)cr_shape_count(&want->shape) * sizeof *got);
        }
    }
    cr_weights_file_close(&f);
}

static void refuse(opener open, const char *path, const layer_blobs *layers, int n, const char *text)
{
    cr_err err = {0};
    ck_assert_int_ne(write_all(open, path, false, layers, n, &err), CREMA_OK);
    ck_assert_msg(strstr(err.message, text) != NULL, "\"%s\" is not in \"%s\"", text, err.message);
    ck_assert_int_ne(access(path, F_OK), 0);
}

START_TEST(hdf5_comes_back)
{
    folder f;
    folder_make(&f);
    cr_err err = {0};
    const char *path = folder_path(&f, "w.caffemodel.h5");
    ck_assert_msg(write_all(cr_hdf5_writer_open, path, false, net, N_LAYERS, &err) == CREMA_OK, "%s",
                  err.message);
    check_all(path, "HDF5");
    ck_assert_int_eq(write_all(cr_hdf5_writer_open, path, false, net, N_LAYERS, &err), CREMA_ERR_IO);
    ck_assert_int_eq(write_all(cr_hdf5_writer_open, path, true, net, N_LAYERS, &err), CREMA_OK);
    check_all(path, "HDF5");
    ck_assert_int_eq(folder_n_files(&f), 1);
    folder_remove(&f);
}
END_TEST

START_TEST(folder_comes_back)
{
    folder f;
    folder_make(&f);
    cr_err err = {0};
    const char *path = folder_path(&f, "w");
    ck_assert_msg(write_all(cr_npy_folder_writer_open, path, false, net, N_LAYERS, &err) == CREMA_OK, "%s",
                  err.message);
    check_all(path, "folder of .npy files");
    ck_assert_int_eq(access(folder_path(&f, "w/z%2Fconv%201.0.npy"), F_OK), 0);
    ck_assert_int_eq(write_all(cr_npy_folder_writer_open, path, false, net, N_LAYERS, &err), CREMA_ERR_IO);
    ck_assert_int_eq(write_all(cr_npy_folder_writer_open, path, true, net, 1, &err), CREMA_OK);
    ck_assert_int_ne(access(folder_path(&f, "w/lstm.0.npy"), F_OK), 0);
    ck_assert_int_eq(write_all(cr_npy_folder_writer_open, path, true, net, N_LAYERS, &err), CREMA_OK);
    check_all(path, "folder of .npy files");
    ck_assert_int_eq(folder_n_files(&f), 1);
    folder_remove(&f);
}
END_TEST

START_TEST(a_folder_of_something_else_is_not_replaced)
{
    folder f;
    folder_make(&f);
    cr_err err = {0};
    mkdir(folder_path(&f, "photos"), 0777);
    folder_text(&f, "photos/cat.jpg", "cat");
    folder_text(&f, "photos/x.0.npy", "x");
    ck_assert_int_eq(write_all(cr_npy_folder_writer_open, folder_path(&f, "photos"), true, net, 1, &err),
                     CREMA_ERR_IO);
    ck_assert_ptr_nonnull(strstr(err.message, "is no folder of .npy files alone"));
    ck_assert_int_eq(access(folder_path(&f, "photos/cat.jpg"), F_OK), 0);
    ck_assert_int_eq(access(folder_path(&f, "photos/x.0.npy"), F_OK), 0);
    ck_assert_int_eq(folder_n_files(&f), 1);
    folder_remove(&f);
}
END_TEST

// Nothing is left behind, not even a temporary file.
START_TEST(what_a_format_can_not_hold_is_refused)
{
    static const layer_blobs twice[] = {{"a", "", 1, {{{1, {1}}, {1}}}}, {"a", "", 1, {{{1, {1}}, {1}}}}};
    static const layer_blobs slashes[] = {{"a//b", "", 1, {{{1, {1}}, {1}}}}};
    static const layer_blobs dot[] = {{"./a", "", 1, {{{1, {1}}, {1}}}}};
    static const layer_blobs meets[] = {{"a", "", 1, {{{1, {1}}, {1}}}}, {"a/0", "", 1, {{{1, {1}}, {1}}}}};
    static const layer_blobs meets_late[] = {{"a/0", "", 1, {{{1, {1}}, {1}}}},
                                             {"a", "", 1, {{{1, {1}}, {1}}}}};
    folder f;
    folder_make(&f);
    const char *path = folder_path(&f, "w");
    refuse(cr_hdf5_writer_open, path, twice, 2, "two layers have this name");
    refuse(cr_hdf5_writer_open, path, slashes, 1, "HDF5 can't have this name");
    refuse(cr_hdf5_writer_open, path, dot, 1, "HDF5 can't have this name");
    refuse(cr_hdf5_writer_open, path, meets, 2, "meets that of another layer's blob");
    refuse(cr_hdf5_writer_open, path, meets_late, 2, "meets the name of another layer");
    refuse(cr_npy_folder_writer_open, path, twice, 2, "two layers have the name \"a\"");
    ck_assert_int_eq(folder_n_files(&f), 0);
    refuse(cr_hdf5_writer_open, folder_path(&f, "absent/w"), net, 1, "can't write here");
    refuse(cr_npy_folder_writer_open, folder_path(&f, "absent/w"), net, 1, "can't write here");
    folder_remove(&f);
}
END_TEST

TEST_MAIN("write/weights_writer", hdf5_comes_back, folder_comes_back,
          a_folder_of_something_else_is_not_replaced, what_a_format_can_not_hold_is_refused)
