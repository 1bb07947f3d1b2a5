/*
 * hdf5.c - weights as HDF5, in the layout of Caffe's Net::ToHDF5, which read/hdf5.c describes.
 *
 * HDF5 writes to the temporary file of a cr_writer, so that the file appears whole or not at all. Groups are made
 * along the way: a layer conv2/3x3 stands in the group conv2.
 */
#define H5_USE_110_API
#include "write/weights_writer.h"

#include <hdf5.h>
#include <stdio.h>
#include <string.h>

typedef struct hdf5_writer {
    cr_weights_writer base;
    cr_writer *file; // owns the temporary file
    char *path;
    hid_t out, data, group;
    int64_t n_layers;
    int n_blobs;
    const cr_shape *shape; // of the layer's blobs
    char layer[4096];
    H5E_auto2_t report; // what was in force before
    void *report_data;
} hdf5_writer;

static cr_status fail(const hdf5_writer *w, cr_err *err, const char *what)
{
    return cr_fail(err, CREMA_ERR_IO, &(cr_pos){w->path, 0, 0}, "%s", what);
}

static cr_status fail_layer(const hdf5_writer *w, cr_err *err, const char *name, const char *what)
{
    return cr_fail(err, CREMA_ERR_UNSUPPORTED, &(cr_pos){w->path, 0, 0}, "layer \"%s\": %s", name, what);
}

// HDF5 takes the parts between slashes as groups, and "." as the group itself.
static bool is_path(const char *name)
{
    const char *part = name;
    for (;;) {
        size_t n = strcspn(part, "/");
        if (n == 0 || (n == 1 && *part == '.'))
            return false;
        if (!part[n])
            return true;
        part += n + 1;
    }
}

static bool put_attribute(hid_t group, const char *name, hid_t type, const void *value)
{
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t a = H5Acreate2(group, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    bool ok = a >= 0 && H5Awrite(a, type, value) >= 0;
    if (a >= 0)
        H5Aclose(a);
    H5Sclose(space);
    return ok;
}

// "" is not known, and not written.
static bool put_text(hid_t group, const char *name, const char *value)
{
    if (!*value)
        return true;
    hid_t text = H5Tcopy(H5T_C_S1);
    H5Tset_size(text, strlen(value) + 1);
    bool ok = put_attribute(group, name, text, value);
    H5Tclose(text);
    return ok;
}

static bool put_attributes(hdf5_writer *w, const char *type)
{
    return put_attribute(w->group, "crema_index", H5T_NATIVE_INT64, &w->n_layers) &&
           put_text(w->group, "crema_type", type);
}

static cr_status begin_layer(cr_weights_writer *base, const cr_written_layer *layer, cr_err *err)
{
    hdf5_writer *w = (hdf5_writer *)base;
    const char *name = layer->name;
    if (w->group >= 0)
        H5Gclose(w->group);
    w->group = -1;
    if (!is_path(name) || strlen(name) >= sizeof w->layer)
        return fail_layer(w, err, name,
                          "HDF5 can't have this name, whose parts between slashes become groups");
    bool there = H5Lexists(w->data, name, H5P_DEFAULT) > 0; // as a group on the way to another layer
    hid_t parents = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(parents, 1);
    w->group = there ? H5Gopen2(w->data, name, H5P_DEFAULT)
                     : H5Gcreate2(w->data, name, parents, H5P_DEFAULT, H5P_DEFAULT);
    H5Pclose(parents);
    if (w->group < 0)
        return fail_layer(w, err, name, "its name meets that of another layer's blob in HDF5");
    if (H5Aexists(w->group, "crema_index") > 0)
        return fail_layer(w, err, name, "two layers have this name, and HDF5 can hold one");
    memcpy(w->layer, name, strlen(name) + 1);
    if (!put_attributes(w, layer->type))
        return fail(w, err, "can't be written");
    w->n_layers++;
    w->n_blobs = 0;
    w->shape = layer->shape;
    return CREMA_OK;
}

static cr_status put_blob(cr_weights_writer *base, const float *values, cr_err *err)
{
    hdf5_writer *w = (hdf5_writer *)base;
    const cr_shape *shape = &w->shape[w->n_blobs];
    hsize_t dims[CR_MAX_RANK];
    char name[16];
    for (int i = 0; i < shape->rank; i++)
        dims[i] = (hsize_t)shape->dim[i];
    snprintf(name, sizeof name, "%d", w->n_blobs++);
    if (H5Lexists(w->group, name, H5P_DEFAULT) > 0)
        return fail_layer(w, err, w->layer, "its blob meets the name of another layer in HDF5");
    hid_t space = H5Screate_simple(shape->rank, dims, NULL);
    hid_t set = H5Dcreate2(w->group, name, H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    bool ok = set >= 0 && (cr_shape_count(shape) == 0 ||
                           H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    ok = (set < 0 || H5Dclose(set) >= 0) && ok;
    H5Sclose(space);
    return ok ? CREMA_OK : fail(w, err, "can't be written: is the disk full?");
}

static bool close_all(hdf5_writer *w)
{
    bool ok = true;
    if (w->group >= 0)
        H5Gclose(w->group);
    if (w->data >= 0)
        H5Gclose(w->data);
    if (w->out >= 0)
        ok = H5Fclose(w->out) >= 0;
    H5Eset_auto2(H5E_DEFAULT, w->report, w->report_data);
    return ok;
}

static void free_writer(hdf5_writer *w)
{
    cr_free(w->path);
    cr_free(w);
}

static void abort_hdf5(cr_weights_writer *base)
{
    hdf5_writer *w = (hdf5_writer *)base;
    close_all(w);
    cr_writer_abort(w->file);
    free_writer(w);
}

static cr_status commit_hdf5(cr_weights_writer *base, cr_err *err)
{
    hdf5_writer *w = (hdf5_writer *)base;
    bool written = close_all(w);
    cr_status status =
        written ? cr_writer_commit(w->file, err) : fail(w, err, "can't be written: is the disk full?");
    if (!written)
        cr_writer_abort(w->file);
    free_writer(w);
    return status;
}

static const cr_weights_writer_type hdf5_type = {begin_layer, put_blob, commit_hdf5, abort_hdf5};

cr_status cr_hdf5_writer_open(cr_weights_writer **out, const char *path, const char *net_name, bool force,
                              cr_err *err)
{
    *out = NULL;
    hdf5_writer *w = cr_alloc_zero(sizeof *w);
    if (!w || !(w->path = cr_alloc(strlen(path) + 1))) {
        cr_free(w);
        return cr_no_memory(err);
    }
    memcpy(w->path, path, strlen(path) + 1);
    w->base.type = &hdf5_type;
    w->group = w->data = w->out = -1;
    cr_status status = cr_writer_open(&w->file, path, force, err);
    if (status) {
        free_writer(w);
        return status;
    }
    H5Eget_auto2(H5E_DEFAULT, &w->report, &w->report_data);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    w->out = H5Fcreate(cr_writer_temporary(w->file), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    if (w->out >= 0)
        w->data = H5Gcreate2(w->out, "data", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (w->data < 0 || !put_text(w->data, "crema_net", net_name)) {
        status = fail(w, err, "can't be written");
        abort_hdf5(&w->base);
        return status;
    }
    *out = &w->base;
    return CREMA_OK;
}
