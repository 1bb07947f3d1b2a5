// Weights from strangers: each format as others write it, and what can be wrong with it.
#define H5_USE_110_API
#include "read/weights_file.h"
#include "tests/support/folder.h"
#include "tests/support/wire_writer.h"
#include "tests/test.h"
#include "write/npy.h"

#include <hdf5.h>
#include <string.h>
#include <sys/stat.h>

static void open_ok(cr_weights_file *f, const char *path)
{
    cr_err err = {0};
    ck_assert_msg(cr_weights_file_open(f, path, NULL, &err) == CREMA_OK, "%s", err.message);
}

static void refuse(const char *path, const char *text)
{
    cr_weights_file f;
    cr_err err = {0};
    ck_assert_int_ne(cr_weights_file_open(&f, path, NULL, &err), CREMA_OK);
    ck_assert_msg(strstr(err.message, text) != NULL, "\"%s\" is not in \"%s\"", text, err.message);
}

static float first_value(const cr_weights_file *f, int layer, int blob)
{
    float values[8];
    cr_err err = {0};
    ck_assert_msg(cr_weights_file_read(f, &f->layer[layer].blob[blob], values, &err) == CREMA_OK, "%s",
                  err.message);
    return values[0];
}

/* ---- HDF5, as Caffe and h5py write it ---- */

static hid_t new_file(const char *path)
{
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    H5Gclose(H5Gcreate2(file, "data", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    return file;
}

static void put(hid_t file, const char *path, hid_t type, hid_t create, int rank, const hsize_t *dims,
                const double *values)
{
    hid_t parents = H5Pcreate(H5P_LINK_CREATE), space = H5Screate_simple(rank, dims, NULL);
    H5Pset_create_intermediate_group(parents, 1);
    hid_t set = H5Dcreate2(file, path, type, space, parents, create, H5P_DEFAULT);
    ck_assert(set >= 0);
    if (values)
        ck_assert(H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    H5Dclose(set);
    H5Sclose(space);
    H5Pclose(parents);
}

static void put_one(hid_t file, const char *path, double value)
{
    put(file, path, H5T_NATIVE_FLOAT, H5P_DEFAULT, 1, (hsize_t[]){1}, &value);
}

START_TEST(hdf5_of_others)
{
    folder f;
    folder_make(&f);
    const char *path = folder_path(&f, "w.h5");
    hid_t file = new_file(path);
    put(file, "data/conv2/3x3/0", H5T_IEEE_F64BE, H5P_DEFAULT, 2, (hsize_t[]){1, 2}, (double[]){1.5, 2});
    put(file, "data/conv2/3x3/1", H5T_STD_I16LE, H5P_DEFAULT, 1, (hsize_t[]){1}, (double[]){-3});
    hid_t packed = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(packed, 1, (hsize_t[]){4});
    H5Pset_shuffle(packed);
    put(file, "data/ip/0", H5T_NATIVE_FLOAT, packed, 1, (hsize_t[]){8}, (double[]){8, 7, 6, 5, 4, 3, 2, 1});
    H5Pclose(packed);
    for (int i = 0; i < 11; i++) {
        char name[32];
        snprintf(name, sizeof name, "data/lstm/%d", i);
        put_one(file, name, i);
    }
    H5Gclose(H5Gcreate2(file, "data/relu", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Fclose(file);
    cr_weights_file w;
    open_ok(&w, path);
    ck_assert_int_eq(w.n_layers, 3);
    ck_assert_str_eq(w.layer[0].name, "conv2/3x3");
    ck_assert_str_eq(w.layer[0].type, "");
    ck_assert_float_eq(first_value(&w, 0, 0), 1.5f);
    ck_assert_float_eq(first_value(&w, 0, 1), -3);
    ck_assert_float_eq(first_value(&w, 1, 0), 8);
    ck_assert_int_eq(w.layer[2].n_blobs, 11);
    ck_assert_float_eq(first_value(&w, 2, 10), 10);
    ck_assert_float_eq(first_value(&w, 2, 2), 2);
    cr_weights_file_close(&w);
    folder_remove(&f);
}
END_TEST

static const char *hdf5_with(folder *f, void (*fill)(hid_t file))
{
    const char *path = folder_path(f, "w.h5");
    hid_t file = new_file(path);
    fill(file);
    H5Fclose(file);
    return path;
}

static void nothing(hid_t file)
{
    (void)file;
}

static void without_data(hid_t file)
{
    H5Ldelete(file, "data", H5P_DEFAULT);
}

static void a_hole(hid_t file)
{
    put_one(file, "data/fc/1", 1);
}

static void a_stray_set(hid_t file)
{
    put_one(file, "data/fc/weight", 1);
}

static void a_set_without_layer(hid_t file)
{
    put_one(file, "data/0", 1);
}

static void strings(hid_t file)
{
    hid_t text = H5Tcopy(H5T_C_S1);
    H5Tset_size(text, 4);
    put(file, "data/fc/0", text, H5P_DEFAULT, 1, (hsize_t[]){1}, NULL);
    H5Tclose(text);
}

static void nine_axes(hid_t file)
{
    put(file, "data/fc/0", H5T_NATIVE_FLOAT, H5P_DEFAULT, 9, (hsize_t[]){1, 1, 1, 1, 1, 1, 1, 1, 1},
        (double[]){1});
}

static void another_file(hid_t file)
{
    hid_t create = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(create, "/etc/passwd", 0, 4);
    put(file, "data/fc/0", H5T_NATIVE_FLOAT, create, 1, (hsize_t[]){1}, NULL);
    H5Pclose(create);
}

static void a_link_outside(hid_t file)
{
    H5Lcreate_external("/tmp/other.h5", "/x", file, "data/fc", H5P_DEFAULT, H5P_DEFAULT);
}

static void a_circle(hid_t file)
{
    H5Gclose(H5Gcreate2(file, "data/a", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Lcreate_hard(file, "data", file, "data/a/b", H5P_DEFAULT, H5P_DEFAULT);
}

START_TEST(hdf5_that_is_refused)
{
    folder f;
    folder_make(&f);
    refuse(hdf5_with(&f, nothing), "/data holds no layers");
    refuse(hdf5_with(&f, without_data), "without a group \"data\"");
    refuse(hdf5_with(&f, a_hole), "layer \"fc\" has a blob 1 but no blob 0");
    refuse(hdf5_with(&f, a_stray_set), "/data/fc/weight is no numbered blob");
    refuse(hdf5_with(&f, a_set_without_layer), "/data/0 is no numbered blob");
    refuse(hdf5_with(&f, strings), "/data/fc/0 does not hold numbers");
    refuse(hdf5_with(&f, nine_axes), "/data/fc/0 has no shape that a blob can have");
    refuse(hdf5_with(&f, another_file), "has its values in another file");
    refuse(hdf5_with(&f, a_link_outside), "holds a link to elsewhere");
    refuse(hdf5_with(&f, a_circle), "is too deep");
    refuse(folder_write(&f, "cut.h5", "\x89HDF\r\n\x1a\n and nothing", 20), "is no whole HDF5 file");
    folder_remove(&f);
}
END_TEST

/* ---- folders ---- */

static void put_npy(folder *f, const char *name, float value)
{
    ck_assert_int_eq(cr_npy_write(folder_path(f, name), true, &(cr_shape){1, {1}}, &value, NULL), CREMA_OK);
}

START_TEST(folders_made_by_hand)
{
    folder f;
    folder_make(&f);
    const char *path = folder_path(&f, "w");
    mkdir(path, 0777);
    refuse(path, "is a folder without weights");
    put_npy(&f, "w/conv%2f1.0.npy", 1);
    put_npy(&f, "w/fc.1.npy", 3);
    put_npy(&f, "w/readme.npy", 3);
    refuse(path, "layer \"fc\" has a blob 1 but no blob 0");
    put_npy(&f, "w/fc.0.npy", 2);
    cr_weights_file w;
    open_ok(&w, path);
    ck_assert_int_eq(w.n_layers, 2);
    ck_assert_str_eq(w.layer[0].name, "conv/1");
    ck_assert_float_eq(first_value(&w, 1, 1), 3);
    cr_weights_file_close(&w);
    folder_remove(&f);
}
END_TEST

START_TEST(lists_of_folders)
{
    folder f;
    folder_make(&f);
    const char *path = folder_path(&f, "w");
    mkdir(path, 0777);
    put_npy(&f, "w/b.0.npy", 1);
    put_npy(&f, "w/a.0.npy", 2);
    folder_text(&f, "w/layers.yaml", "- {name: b, type: Scale, blobs: 1}\n- {name: a, blobs: 1}\n");
    cr_weights_file w;
    open_ok(&w, path);
    ck_assert_str_eq(w.layer[0].name, "b");
    ck_assert_str_eq(w.layer[0].type, "Scale");
    ck_assert_float_eq(first_value(&w, 1, 0), 2);
    cr_weights_file_close(&w);
    folder_text(&f, "w/layers.yaml", "- {net: mine}\n- {name: b, blobs: 1}\n");
    open_ok(&w, path);
    ck_assert_str_eq(w.net_name, "mine");
    ck_assert_int_eq(w.n_layers, 1);
    ck_assert_float_eq(first_value(&w, 0, 0), 1);
    cr_weights_file_close(&w);
    folder_text(&f, "w/layers.yaml", "- {net: mine, name: b, blobs: 1}\n");
    refuse(path, "name");
    folder_text(&f, "w/layers.yaml", "- {name: b, blobs: 1}\n- {net: mine}\n");
    refuse(path, "net");
    folder_text(&f, "w/layers.yaml", "- {name: b, blobs: 2}\n");
    refuse(path, "can't open"); // b.1.npy
    folder_text(&f, "w/layers.yaml", "- {name: b, blob: 2}\n");
    refuse(path, "blob");
    folder_text(&f, "w/layers.yaml", "- {name: b, blobs: -1}\n");
    refuse(path, "-1 blobs in one layer");
    folder_text(&f, "w/layers.yaml", "- {type: b}\n");
    refuse(path, "a layer needs a name");
    folder_text(&f, "w/layers.yaml", "- b\n");
    refuse(path, "a layer is a map");
    folder_text(&f, "w/layers.yaml", "b: 1\n");
    refuse(path, "must be a list of layers");
    folder_remove(&f);
}
END_TEST

/* ---- .caffemodel ---- */

START_TEST(caffemodels_too)
{
    folder f;
    folder_make(&f);
    const char *path = folder_path(&f, "w.h5"); // the name says nothing
    ww w = {0};
    ww_net(&w, "tiny");
    ww_layer(&w, "fc", "InnerProduct");
    ww_blob(&w, 1, (int64_t[]){1}, (float[]){4});
    ww_save(&w, path);
    ww_free(&w);
    cr_weights_file file;
    open_ok(&file, path);
    ck_assert_str_eq(file.net_name, "tiny");
    ck_assert_float_eq(first_value(&file, 0, 0), 4);
    cr_weights_file_close(&file);
    refuse(folder_path(&f, "absent"), "can't open");
    refuse(folder_text(&f, "t", "layer { name: 'x' }"), "is text, not a binary .caffemodel");
    folder_remove(&f);
}
END_TEST

TEST_MAIN("read/weights_file", hdf5_of_others, hdf5_that_is_refused, folders_made_by_hand, lists_of_folders,
          caffemodels_too)
