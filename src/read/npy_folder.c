/*
 * npy_folder.c - weights as a folder of .npy files: one for each blob, named LAYER.NUMBER.npy.
 *
 *     weights/layers.yaml        - {net: my net}                                where that is known
 *                                - {name: conv1, type: Convolution, blobs: 2}   and so on, in the net's order
 *     weights/conv1.0.npy        (64, 3, 7, 7)
 *     weights/conv1.1.npy        (64)
 *     weights/conv2%2F3x3.0.npy  a layer named conv2/3x3
 *
 * In file names everything but letters, digits, "_", "-" and "." inside of a name is written as %XX. layers.yaml
 * says order and types; a folder without it, made by hand, is read too: then the files are the list, in the
 * order of their names, and types are not known.
 */
#include "base/path.h"
#include "read/npy.h"
#include "read/weights_file.h"
#include "read/yaml.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_BLOBS = 1 << 16, MOST_LAYERS = 1 << 20, LARGEST_LIST = 64 << 20 };

typedef struct entry {
    const char *file, *layer;
    int64_t number;
} entry;

typedef struct folder {
    const char **path; // of each blob; its offset is the index here
    int n_paths;
} folder;

/* ---- names ---- */

// LAYER.NUMBER.npy; false: it is another file. Fails only for want of memory, with *out->layer NULL.
static bool parse_name(cr_arena *arena, const char *name, entry *out)
{
    size_t n = strlen(name);
    if (n < 6 || strcmp(name + n - 4, ".npy") != 0)
        return false;
    size_t digits = n - 4;
    while (digits > 0 && name[digits - 1] >= '0' && name[digits - 1] <= '9')
        digits--;
    if (digits < 1 || name[digits - 1] != '.' || n - 4 - digits < 1 || n - 4 - digits > 5)
        return false;
    out->number = atoll(name + digits);
    const char *layer = cr_arena_strndup(arena, name, digits - 1);
    out->layer = layer ? cr_path_unescape(arena, layer) : NULL;
    out->file = cr_arena_strdup(arena, name);
    return true;
}

/* ---- the list ---- */

static cr_status bad(const cr_weights_file *f, cr_err *err, const char *what)
{
    return cr_fail(err, CREMA_ERR_INPUT, &(cr_pos){f->path, 0, 0}, "%s", what);
}

// Opens a blob's file for its shape alone; the values are read when they are wanted.
static cr_status add_blob(cr_weights_file *f, const char *name, cr_stored_blob *blob, cr_err *err)
{
    folder *own = f->own;
    char *path = cr_arena_printf(&f->arena, "%s/%s", f->path, name);
    if (!path)
        return cr_no_memory(err);
    cr_file file;
    cr_status status = cr_file_open(&file, &(crema_file){.path = path}, err);
    if (status)
        return status;
    status = cr_npy_shape(&file, &blob->shape, err);
    cr_file_close(&file);
    blob->count = status ? 0 : cr_shape_count(&blob->shape);
    blob->offset = (uint64_t)own->n_paths;
    own->path[own->n_paths++] = path;
    return status;
}

// files: of its blobs; NULL: as the layer's name makes them.
static cr_status add_layer(cr_weights_file *f, cr_stored_layer *layer, int n_blobs, const entry *files,
                           cr_err *err)
{
    cr_stored_blob *blob = cr_arena_array(&f->arena, (size_t)n_blobs, sizeof *blob);
    char *escaped = cr_path_escape(&f->arena, layer->name);
    if (!blob || !escaped)
        return cr_no_memory(err);
    layer->n_blobs = n_blobs;
    layer->blob = blob;
    for (int i = 0; i < n_blobs; i++) {
        const char *name = files ? files[i].file : cr_arena_printf(&f->arena, "%s.%d.npy", escaped, i);
        cr_status status = name ? add_blob(f, name, &blob[i], err) : cr_no_memory(err);
        if (status)
            return status;
    }
    return CREMA_OK;
}

static cr_status make_room(cr_weights_file *f, size_t n_layers, size_t n_blobs, cr_stored_layer **layers,
                           cr_err *err)
{
    folder *own = cr_arena_alloc(&f->arena, sizeof *own);
    *layers = cr_arena_array(&f->arena, n_layers, sizeof **layers);
    f->own = own;
    f->layer = *layers;
    if (!own || !*layers || !(own->path = cr_arena_array(&f->arena, n_blobs, sizeof *own->path)))
        return cr_no_memory(err);
    return CREMA_OK;
}

/* ---- layers.yaml ---- */

static cr_status read_row(const cr_yaml *node, const char *path, cr_stored_layer *layer, int64_t *n_blobs,
                          cr_err *err)
{
    static const char *const known[] = {"name", "type", "blobs", NULL};
    cr_pos pos = {path, node->line, node->column};
    if (node->kind != CR_YAML_MAP)
        return cr_fail(err, CREMA_ERR_INPUT, &pos, "a layer is a map of name, type and blobs");
    cr_status status = cr_yaml_known_keys(node, path, known, err);
    const cr_yaml *name = cr_yaml_get(node, "name"), *type = cr_yaml_get(node, "type");
    const cr_yaml *blobs = cr_yaml_get(node, "blobs");
    if (!status && (!name || !blobs))
        status = cr_fail(err, CREMA_ERR_INPUT, &pos, "a layer needs a name and the number of its blobs");
    if (!status)
        status = cr_yaml_string(name, path, "name", &layer->name, err);
    if (!status && type)
        status = cr_yaml_string(type, path, "type", &layer->type, err);
    if (!status)
        status = cr_yaml_integer(blobs, path, "blobs", n_blobs, err);
    if (!status && (*n_blobs < 0 || *n_blobs > MOST_BLOBS))
        status = cr_fail(err, CREMA_ERR_INPUT, &pos, "%lld blobs in one layer", (long long)*n_blobs);
    return status;
}

// The first row may be the net's name, and then is none of a layer.
static cr_status read_net_name(cr_weights_file *f, const cr_yaml *root, const char *path, size_t *first,
                               cr_err *err)
{
    static const char *const known[] = {"net", NULL};
    const cr_yaml *row = root->n > 0 ? root->item[0] : NULL;
    const cr_yaml *net = row && row->kind == CR_YAML_MAP ? cr_yaml_get(row, "net") : NULL;
    *first = net != NULL;
    cr_status status = net ? cr_yaml_known_keys(row, path, known, err) : CREMA_OK;
    return status || !net ? status : cr_yaml_string(net, path, "net", &f->net_name, err);
}

static cr_status read_rows(cr_weights_file *f, const cr_yaml *root, const char *path, cr_err *err)
{
    int64_t total = 0, n_blobs = 0;
    size_t first;
    cr_stored_layer *layers, row;
    if (root->kind != CR_YAML_LIST || root->n > MOST_LAYERS)
        return cr_fail(err, CREMA_ERR_INPUT, &(cr_pos){path, root->line, root->column},
                       "must be a list of layers");
    cr_status status = read_net_name(f, root, path, &first, err);
    for (size_t i = first; i < root->n && !status; i++, total += n_blobs)
        status = read_row(root->item[i], path, &row, &n_blobs, err);
    if (!status)
        status = make_room(f, root->n - first, (size_t)total, &layers, err);
    for (size_t i = first; i < root->n && !status; i++) {
        cr_stored_layer *layer = &layers[i - first];
        *layer = (cr_stored_layer){.type = ""};
        status = read_row(root->item[i], path, layer, &n_blobs, err);
        if (!status)
            status = add_layer(f, layer, (int)n_blobs, NULL, err);
    }
    f->n_layers = (int)(root->n - first);
    return status;
}

static cr_status read_list(cr_weights_file *f, const char *path, const cr_file *file, cr_err *err)
{
    unsigned char *data;
    size_t size;
    const cr_yaml *root;
    cr_status status = cr_file_load(file, LARGEST_LIST, &data, &size, err);
    if (status)
        return status;
    status = cr_yaml_parse(&f->arena, path, (const char *)data, size, &root, err);
    if (!status)
        status = read_rows(f, root, path, err);
    cr_free(data);
    return status;
}

/* ---- without a list ---- */

static int by_name(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    int order = strcmp(x->layer, y->layer);
    return order ? order : x->number < y->number ? -1 : x->number > y->number;
}

static cr_status list_files(cr_weights_file *f, entry **entries, size_t *n, cr_err *err)
{
    DIR *dir = opendir(f->path);
    size_t room = 0;
    *entries = NULL;
    *n = 0;
    if (!dir)
        return bad(f, err, "can't be opened");
    cr_status status = CREMA_OK;
    for (struct dirent *e; !status && (e = readdir(dir));) {
        entry one;
        if (!parse_name(&f->arena, e->d_name, &one))
            continue;
        if (*n == room) {
            room = room ? 2 * room : 64;
            entry *grown = cr_arena_array(&f->arena, room, sizeof *grown);
            if (grown && *n > 0)
                memcpy(grown, *entries, *n * sizeof *grown);
            *entries = grown;
        }
        if (!one.layer || !one.file || !*entries)
            status = cr_no_memory(err);
        else
            (*entries)[(*n)++] = one;
    }
    closedir(dir);
    return status;
}

static cr_status read_files(cr_weights_file *f, cr_err *err)
{
    entry *e;
    size_t n;
    cr_stored_layer *layers;
    cr_status status = list_files(f, &e, &n, err);
    if (!status && n == 0)
        status = bad(f, err, "is a folder without weights: it has no files LAYER.NUMBER.npy");
    if (!status)
        status = make_room(f, n, n, &layers, err);
    if (status)
        return status;
    qsort(e, n, sizeof *e, by_name);
    for (size_t i = 0, end; i < n && !status; i = end) {
        for (end = i; end < n && strcmp(e[end].layer, e[i].layer) == 0; end++)
            if (e[end].number != (int64_t)(end - i))
                return cr_fail(err, CREMA_ERR_INPUT, &(cr_pos){f->path, 0, 0},
                               "layer \"%s\" has a blob %lld but no blob %zu", e[i].layer,
                               (long long)e[end].number, end - i);
        cr_stored_layer *layer = &layers[f->n_layers++];
        *layer = (cr_stored_layer){.name = e[i].layer, .type = ""};
        status = add_layer(f, layer, (int)(end - i), &e[i], err);
    }
    return status;
}

/* ---- the format ---- */

static cr_status open_folder(cr_weights_file *f, const cr_log *log, cr_err *err)
{
    cr_file list;
    char *path = cr_arena_printf(&f->arena, "%s/layers.yaml", f->path);
    if (!path)
        return cr_no_memory(err);
    bool listed = cr_file_open(&list, &(crema_file){.path = path}, NULL) == CREMA_OK;
    cr_status status = listed ? read_list(f, path, &list, err) : read_files(f, err);
    if (listed)
        cr_file_close(&list);
    if (!status)
        cr_info(log, &(cr_pos){f->path, 0, 0}, "%d layers, .npy files", f->n_layers);
    return status;
}

static cr_status read_folder(const cr_weights_file *f, const cr_stored_blob *blob, float *out, cr_err *err)
{
    const folder *own = f->own;
    const char *path = own->path[blob->offset];
    cr_shape shape;
    float *data;
    cr_status status = cr_npy_load(path, &shape, &data, err);
    if (status)
        return status;
    if (cr_shape_equal(&shape, &blob->shape))
        memcpy(out, data, (size_t)blob->count * sizeof *out);
    else
        status = cr_fail(err, CREMA_ERR_IO, &(cr_pos){path, 0, 0}, "has changed its shape while it was read");
    cr_free(data);
    return status;
}

static void close_folder(cr_weights_file *f)
{
    (void)f; // all of it is in the arena
}

const cr_weights_format cr_weights_npy_folder = {"folder of .npy files", open_folder, read_folder,
                                                 close_folder};
