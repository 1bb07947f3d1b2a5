/*
 * hdf5.c - weights in HDF5, as Caffe's Net::ToHDF5 writes them: the group "data", in it a group for each layer, in
 * it a dataset for each blob, named by its number.
 *
 *     /data/conv1/0          (64, 3, 7, 7)
 *     /data/conv1/1          (64)
 *     /data/conv2/3x3/0      a layer named conv2/3x3: HDF5 takes the slash for a group in a group
 *
 * So a layer is a group that holds datasets, and its name is the path below "data". Caffe leaves out blobs that
 * a layer shares with one before it; where that makes a hole among the numbers, the file can't be used without
 * the net, and is refused. Types and order of layers and the net's name are in no such file but ours (write/hdf5.c), as
 * attributes.
 *
 * The file is a stranger's: only hard links are followed and only so deep, and a dataset whose values are
 * outside of the file (external storage, virtual datasets) is refused. HDF5's own reports are silenced.
 */
#define H5_USE_110_API
#include "read/weights_file.h"

#include <hdf5.h>
#include <stdlib.h>
#include <string.h>

enum { DEEPEST = 32, MOST_LINKS = 1 << 20, MOST_BLOBS = 1 << 16, LONGEST_TEXT = 1 << 16 };

typedef struct layer {
    const char *name, *type;
    int64_t index; // where it stood in the net; -1: not known
    int n_blobs, n_room;
    cr_stored_blob *blob;
} layer;

typedef struct hdf5 {
    hid_t file;
    int n_datasets, dataset_room;
    const char **dataset; // paths; a blob's offset is the index here
} hdf5;

typedef struct walk {
    cr_weights_file *out;
    hdf5 *h;
    const char *path;  // of the group at work: "/data/conv1"
    const char *below; // the part behind "/data/"
    int depth;
    int64_t *links;
    layer *layers; // all found so far; grows
    int n_layers, layer_room;
    cr_status status;
    cr_err *err;
} walk;

/* ---- small things ---- */

static cr_status fail(const cr_weights_file *f, cr_err *err, const char *path, const char *what)
{
    return cr_fail(err, CREMA_ERR_INPUT, &(cr_pos){f->path, 0, 0}, "%s %s", path, what);
}

// HDF5 prints a trace of every error unless told otherwise, for the thread.
typedef struct silence {
    H5E_auto2_t report;
    void *data;
} silence;

static silence be_silent(void)
{
    silence s = {0};
    H5Eget_auto2(H5E_DEFAULT, &s.report, &s.data);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    return s;
}

static void speak_again(silence s)
{
    H5Eset_auto2(H5E_DEFAULT, s.report, s.data);
}

static bool grow(cr_arena *arena, void **list, int n, int *room, size_t item_bytes)
{
    if (n < *room)
        return true;
    int wanted = *room ? *room * 2 : 8;
    void *grown = cr_arena_array(arena, (size_t)wanted, item_bytes);
    if (!grown)
        return false;
    if (n > 0)
        memcpy(grown, *list, (size_t)n * item_bytes);
    *list = grown;
    *room = wanted;
    return true;
}

// A blob's number, or -1: digits only, without zeros in front.
static int64_t number_of(const char *name)
{
    if (!*name || strlen(name) > 5 || strspn(name, "0123456789") != strlen(name) || (*name == '0' && name[1]))
        return -1;
    return atoll(name);
}

/* ---- datasets ---- */

static cr_status check_storage(const walk *w, hid_t dataset, const char *path)
{
    hid_t list = H5Dget_create_plist(dataset);
    if (list < 0)
        return fail(w->out, w->err, path, "can't be read");
    bool outside = H5Pget_external_count(list) != 0 || H5Pget_layout(list) == H5D_VIRTUAL;
    H5Pclose(list);
    return outside ? fail(w->out, w->err, path, "has its values in another file, which is not opened")
                   : CREMA_OK;
}

static cr_status check_type(const walk *w, hid_t dataset, const char *path)
{
    hid_t type = H5Dget_type(dataset);
    H5T_class_t class = type >= 0 ? H5Tget_class(type) : H5T_NO_CLASS;
    if (type >= 0)
        H5Tclose(type);
    return class == H5T_FLOAT || class == H5T_INTEGER ? CREMA_OK
                                                      : fail(w->out, w->err, path, "does not hold numbers");
}

static cr_status read_shape(const walk *w, hid_t dataset, const char *path, cr_shape *shape)
{
    hsize_t dims[CR_MAX_RANK];
    hid_t space = H5Dget_space(dataset);
    int rank = space >= 0 ? H5Sget_simple_extent_ndims(space) : -1;
    bool fits = rank >= 0 && rank <= CR_MAX_RANK && H5Sget_simple_extent_type(space) != H5S_NULL &&
                H5Sget_simple_extent_dims(space, dims, NULL) == rank;
    if (space >= 0)
        H5Sclose(space);
    if (!fits)
        return fail(w->out, w->err, path, "has no shape that a blob can have (at most 8 axes)");
    shape->rank = rank;
    for (int i = 0; i < rank; i++) {
        if (dims[i] > INT64_MAX)
            return fail(w->out, w->err, path, "is too large");
        shape->dim[i] = (int64_t)dims[i];
    }
    return cr_shape_valid(shape) ? CREMA_OK : fail(w->out, w->err, path, "is too large");
}

static cr_status look_at_dataset(const walk *w, const char *path, cr_stored_blob *blob)
{
    hid_t dataset = H5Dopen2(w->h->file, path, H5P_DEFAULT);
    if (dataset < 0)
        return fail(w->out, w->err, path, "can't be opened");
    cr_status status = check_storage(w, dataset, path);
    if (!status)
        status = check_type(w, dataset, path);
    if (!status)
        status = read_shape(w, dataset, path, &blob->shape);
    H5Dclose(dataset);
    blob->count = cr_shape_count(&blob->shape);
    return status;
}

static cr_status add_dataset(walk *w, layer *l, int64_t number, const char *path)
{
    hdf5 *h = w->h;
    if (number >= MOST_BLOBS)
        return fail(w->out, w->err, path, "has too high a number");
    while (l->n_blobs <= number) { // blobs come in the order of their names: 0, 1, 10, 2
        if (!grow(&w->out->arena, (void **)&l->blob, l->n_blobs, &l->n_room, sizeof *l->blob))
            return cr_no_memory(w->err);
        l->blob[l->n_blobs++] = (cr_stored_blob){.count = -1};
    }
    if (!grow(&w->out->arena, (void **)&h->dataset, h->n_datasets, &h->dataset_room, sizeof *h->dataset))
        return cr_no_memory(w->err);
    l->blob[number].offset = (uint64_t)h->n_datasets;
    h->dataset[h->n_datasets++] = path;
    return look_at_dataset(w, path, &l->blob[number]);
}

/* ---- groups ---- */

// A text that our own files have beside a group; "": there is none.
static const char *read_text(cr_arena *arena, hid_t group, const char *name)
{
    char *out = NULL;
    hid_t a = H5Aexists(group, name) > 0 ? H5Aopen(group, name, H5P_DEFAULT) : -1;
    hid_t type = a >= 0 ? H5Aget_type(a) : -1;
    size_t size = type >= 0 && H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) == 0 &&
                          H5Aget_storage_size(a) == H5Tget_size(type)
                      ? H5Tget_size(type)
                      : 0;
    if (size > 0 && size < LONGEST_TEXT && (out = cr_arena_alloc(arena, size + 1)) &&
        H5Aread(a, type, out) < 0)
        out = NULL;
    if (type >= 0)
        H5Tclose(type);
    if (a >= 0)
        H5Aclose(a);
    return out ? out : "";
}

// What our own files say of a layer beyond its blobs.
static void read_attributes(walk *w, layer *l)
{
    hid_t group = H5Gopen2(w->h->file, w->path, H5P_DEFAULT);
    if (group < 0)
        return;
    l->type = read_text(&w->out->arena, group, "crema_type");
    hid_t a = H5Aexists(group, "crema_index") > 0 ? H5Aopen(group, "crema_index", H5P_DEFAULT) : -1;
    if (a >= 0 && (H5Aread(a, H5T_NATIVE_INT64, &l->index) < 0 || l->index < 0))
        l->index = -1;
    if (a >= 0)
        H5Aclose(a);
    H5Gclose(group);
}

static const char *read_net_name(cr_weights_file *f, hid_t file)
{
    hid_t group = H5Gopen2(file, "/data", H5P_DEFAULT);
    const char *name = group >= 0 ? read_text(&f->arena, group, "crema_net") : "";
    if (group >= 0)
        H5Gclose(group);
    return name;
}

// The layer of this group, made when its first dataset comes.
static layer *layer_of(walk *w)
{
    for (int i = w->n_layers - 1; i >= 0; i--)
        if (strcmp(w->layers[i].name, w->below) == 0)
            return &w->layers[i];
    if (!grow(&w->out->arena, (void **)&w->layers, w->n_layers, &w->layer_room, sizeof *w->layers))
        return NULL;
    layer *l = &w->layers[w->n_layers++];
    *l = (layer){.name = w->below, .type = "", .index = -1};
    read_attributes(w, l);
    return l;
}

static herr_t visit(hid_t group, const char *name, const H5L_info_t *info, void *data);

static cr_status walk_group(walk *w, const char *path, const char *below)
{
    if (w->depth == DEEPEST)
        return fail(w->out, w->err, path, "is too deep");
    const char *outer_path = w->path, *outer_below = w->below;
    w->path = path;
    w->below = below;
    w->depth++;
    hid_t group = H5Gopen2(w->h->file, path, H5P_DEFAULT);
    if (group < 0 || H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, NULL, visit, w) < 0)
        w->status = w->status ? w->status : fail(w->out, w->err, path, "can't be read");
    if (group >= 0)
        H5Gclose(group);
    w->depth--;
    w->path = outer_path;
    w->below = outer_below;
    return w->status;
}

static cr_status visit_object(walk *w, hid_t group, const char *name)
{
    H5O_info_t object;
    char *path = cr_arena_printf(&w->out->arena, "%s/%s", w->path, name);
    if (!path)
        return cr_no_memory(w->err);
    if (H5Oget_info_by_name(group, name, &object, H5P_DEFAULT) < 0)
        return fail(w->out, w->err, path, "can't be read");
    if (object.type == H5O_TYPE_GROUP)
        return walk_group(w, path, path + strlen("/data/"));
    int64_t number = number_of(name);
    if (object.type != H5O_TYPE_DATASET || number < 0 || !*w->below)
        return fail(w->out, w->err, path,
                    "is no numbered blob of a layer; weights of Caffe are data/LAYER/NUMBER");
    layer *l = layer_of(w);
    return l ? add_dataset(w, l, number, path) : cr_no_memory(w->err);
}

static herr_t visit(hid_t group, const char *name, const H5L_info_t *info, void *data)
{
    walk *w = data;
    if (++*w->links > MOST_LINKS)
        w->status = fail(w->out, w->err, w->path, "has too many entries");
    else if (info->type != H5L_TYPE_HARD)
        w->status = fail(w->out, w->err, w->path, "holds a link to elsewhere, which is not followed");
    else
        w->status = visit_object(w, group, name);
    return w->status ? -1 : 0;
}

/* ---- the file ---- */

static int by_index(const void *a, const void *b)
{
    const layer *x = a, *y = b;
    if (x->index != y->index)
        return x->index < y->index ? -1 : 1;
    return strcmp(x->name, y->name);
}

static cr_status finish(walk *w)
{
    cr_weights_file *f = w->out;
    cr_stored_layer *out = cr_arena_array(&f->arena, (size_t)w->n_layers, sizeof *out);
    if (!out)
        return cr_no_memory(w->err);
    if (w->n_layers == 0)
        return fail(f, w->err, "/data", "holds no layers");
    qsort(w->layers, (size_t)w->n_layers, sizeof *w->layers, by_index);
    for (int i = 0; i < w->n_layers; i++) {
        const layer *l = &w->layers[i];
        for (int j = 0; j < l->n_blobs; j++)
            if (l->blob[j].count < 0)
                return cr_fail(
                    w->err, CREMA_ERR_INPUT, &(cr_pos){f->path, 0, 0},
                    "layer \"%s\" has a blob %d but no blob %d: Caffe leaves out what a layer shares",
                    l->name, l->n_blobs - 1, j);
        out[i] = (cr_stored_layer){l->name, l->type, l->n_blobs, l->blob};
    }
    f->layer = out;
    f->n_layers = w->n_layers;
    return CREMA_OK;
}

static cr_status open_hdf5(cr_weights_file *f, const cr_log *log, cr_err *err)
{
    hdf5 *h = cr_arena_alloc(&f->arena, sizeof *h);
    if (!h)
        return cr_no_memory(err);
    f->own = h;
    silence before = be_silent();
    h->file = H5Fopen(f->path, H5F_ACC_RDONLY, H5P_DEFAULT);
    int64_t links = 0;
    walk w = {.out = f, .h = h, .path = "", .below = "", .links = &links, .err = err};
    cr_pos pos = {f->path, 0, 0};
    if (h->file < 0)
        w.status = cr_fail(err, CREMA_ERR_INPUT, &pos, "is no whole HDF5 file");
    else if (H5Lexists(h->file, "/data", H5P_DEFAULT) <= 0)
        w.status = cr_fail(err, CREMA_ERR_INPUT, &pos,
                           "is an HDF5 file without a group \"data\", so no weights that Caffe has written");
    else
        walk_group(&w, "/data", "");
    cr_status status = w.status ? w.status : finish(&w);
    if (!status)
        f->net_name = read_net_name(f, h->file);
    speak_again(before);
    if (!status)
        cr_info(log, &pos, "%d layers, HDF5", f->n_layers);
    return status;
}

static cr_status read_hdf5(const cr_weights_file *f, const cr_stored_blob *blob, float *out, cr_err *err)
{
    const hdf5 *h = f->own;
    const char *path = h->dataset[blob->offset];
    silence before = be_silent();
    hid_t dataset = H5Dopen2(h->file, path, H5P_DEFAULT);
    walk w = {.out = (cr_weights_file *)f, .err = err};
    cr_shape now = {0};
    cr_status status =
        dataset < 0 ? fail(f, err, path, "can't be opened") : read_shape(&w, dataset, path, &now);
    if (!status && !cr_shape_equal(&now, &blob->shape))
        status = fail(f, err, path, "has changed its shape since the file was opened");
    if (!status && H5Dread(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, out) < 0)
        status = fail(f, err, path, "can't be read: the file is damaged or cut");
    if (dataset >= 0)
        H5Dclose(dataset);
    speak_again(before);
    return status;
}

static void close_hdf5(cr_weights_file *f)
{
    const hdf5 *h = f->own;
    if (h && h->file >= 0)
        H5Fclose(h->file);
}

const cr_weights_format cr_weights_hdf5 = {"HDF5", open_hdf5, read_hdf5, close_hdf5};
