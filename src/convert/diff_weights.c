/*
 * diff_weights.c - which blobs of two files of weights differ, and by how much.
 *
 * By layer name, as for fields, and blob by blob: one pair is in memory at a time. A layer without blobs is as good
 * as none. Shapes count as Caffe compares them: the old form of four numbers equals the new one with 1s before it.
 */
#include "convert/diff.h"

#include "read/weights_file.h"

#include <math.h>
#include <string.h>

typedef struct files {
    cr_diff *diff;
    cr_weights_file file[2];
    const char *path[2];
} files;

static bool same_shape(const cr_stored_blob *a, const cr_stored_blob *b)
{
    const cr_shape *x = &a->shape, *y = &b->shape;
    bool legacy = a->legacy_shape || b->legacy_shape;
    if (!legacy || x->rank == y->rank)
        return cr_shape_equal(x, y);
    for (int i = 1; i <= CR_MAX_RANK; i++) {
        int64_t m = i <= x->rank ? x->dim[x->rank - i] : 1, n = i <= y->rank ? y->dim[y->rank - i] : 1;
        if (m != n)
            return false;
    }
    return true;
}

// The largest difference; one that is not a number against one that is counts as infinite.
static void measure(const float *a, const float *b, int64_t n, crema_diff_item *item)
{
    double worst = -1, squares = 0;
    for (int64_t i = 0; i < n; i++) {
        double x = (double)a[i], y = (double)b[i];
        if (x == y || (isnan(x) && isnan(y)))
            continue;
        double d = fabs(x - y);
        d = isnan(d) ? INFINITY : d;
        item->n_different++;
        squares += d * d;
        if (d > worst) {
            worst = d;
            item->index = i;
            item->value_a = x;
            item->value_b = y;
        }
    }
    item->rms = n > 0 ? sqrt(squares / (double)n) : 0;
}

static cr_status read_values(const cr_weights_file *file, const cr_stored_blob *blob, float **out,
                             cr_err *err)
{
    size_t bytes;
    *out = NULL;
    if (blob->count < 0 || !cr_size_mul((size_t)blob->count, sizeof **out, &bytes) ||
        !cr_fits_machine(bytes) || !(*out = cr_alloc(bytes + 1)))
        return cr_no_memory(err);
    return cr_weights_file_read(file, blob, *out, err);
}

static cr_status compare_values(files *f, const cr_stored_blob *a, const cr_stored_blob *b,
                                crema_diff_item *item)
{
    float *x = NULL, *y = NULL;
    cr_status status = read_values(&f->file[0], a, &x, f->diff->err);
    if (status == CREMA_OK)
        status = read_values(&f->file[1], b, &y, f->diff->err);
    if (status == CREMA_OK) {
        item->n_values = a->count;
        measure(x, y, a->count, item);
        if (item->n_different > 0)
            cr_diff_report(f->diff, item);
    }
    cr_free(x);
    cr_free(y);
    return status;
}

// Blob i of a layer; either may be missing.
static cr_status compare_blob(files *f, const cr_stored_layer *layer[2], int i)
{
    const cr_stored_layer *any = layer[0] ? layer[0] : layer[1];
    const cr_stored_blob *blob[2];
    crema_diff_side side[2];
    for (int k = 0; k < 2; k++) {
        blob[k] = layer[k] && i < layer[k]->n_blobs ? &layer[k]->blob[i] : NULL;
        side[k] = (crema_diff_side){.file = f->path[k], .present = blob[k] != NULL, .shape = {.rank = -1}};
        if (blob[k])
            side[k].shape = blob[k]->shape;
    }
    crema_diff_item item = {.kind = CREMA_DIFF_WEIGHTS,
                            .layer = any->name,
                            .type = any->type,
                            .blob = i,
                            .a = side[0],
                            .b = side[1]};
    if (blob[0] && blob[1] && blob[0]->count == blob[1]->count && same_shape(blob[0], blob[1]))
        return compare_values(f, blob[0], blob[1], &item);
    cr_diff_report(f->diff, &item);
    return CREMA_OK;
}

static cr_status compare_layers(files *f)
{
    const char **name[2];
    size_t n, count[2];
    for (int i = 0; i < 2; i++) {
        count[i] = (size_t)f->file[i].n_layers;
        name[i] = cr_arena_array(f->diff->arena, count[i] + 1, sizeof **name);
        for (size_t j = 0; name[i] && j < count[i]; j++)
            name[i][j] = f->file[i].layer[j].name;
    }
    cr_layer_pair *pair =
        name[0] && name[1] ? cr_pair_names(f->diff->arena, name[0], count[0], name[1], count[1], &n) : NULL;
    if (!pair)
        return cr_no_memory(f->diff->err);
    cr_status status = CREMA_OK;
    for (size_t i = 0; i < n; i++) {
        const cr_stored_layer *layer[2] = {pair[i].a < 0 ? NULL : &f->file[0].layer[pair[i].a],
                                           pair[i].b < 0 ? NULL : &f->file[1].layer[pair[i].b]};
        for (int j = 0; status == CREMA_OK &&
                        ((layer[0] && j < layer[0]->n_blobs) || (layer[1] && j < layer[1]->n_blobs));
             j++)
            status = compare_blob(f, layer, j);
    }
    return status;
}

cr_status cr_diff_weights(cr_diff *diff)
{
    files f = {.diff = diff, .path = {diff->options.weights_a, diff->options.weights_b}};
    cr_status status = cr_weights_file_open(&f.file[0], f.path[0], diff->loader->log, diff->err);
    if (status != CREMA_OK)
        return status;
    status = cr_weights_file_open(&f.file[1], f.path[1], diff->loader->log, diff->err);
    if (status == CREMA_OK) {
        status = compare_layers(&f);
        cr_weights_file_close(&f.file[1]);
    }
    cr_weights_file_close(&f.file[0]);
    return status;
}
