/*
 * weights_file.c - which format it is; and .caffemodel, whose index needs nothing but a place to stand.
 */
#include "read/weights_file.h"

#include <string.h>
#include <sys/stat.h>

static cr_status open_caffemodel(cr_weights_file *file, const cr_log *log, cr_err *err)
{
    cr_stored *stored = cr_arena_alloc(&file->arena, sizeof *stored);
    if (!stored)
        return cr_no_memory(err);
    cr_status status = cr_stored_open(stored, &(crema_file){.path = file->path}, log, err);
    if (status != CREMA_OK)
        return status;
    file->own = stored;
    file->net_name = stored->net_name;
    file->n_layers = stored->n_layers;
    file->layer = stored->layer;
    return CREMA_OK;
}

static cr_status read_caffemodel(const cr_weights_file *file, const cr_stored_blob *blob, float *out,
                                 cr_err *err)
{
    return cr_stored_read(file->own, blob, out, err);
}

static void close_caffemodel(cr_weights_file *file)
{
    if (file->own)
        cr_stored_close(file->own);
}

static const cr_weights_format caffemodel = {"caffemodel", open_caffemodel, read_caffemodel,
                                             close_caffemodel};

static const cr_weights_format *format_of(const char *path)
{
    static const unsigned char magic[8] = "\x89HDF\r\n\x1a\n";
    unsigned char start[sizeof magic];
    struct stat st;
    cr_file file;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return &cr_weights_npy_folder;
    if (cr_file_open(&file, &(crema_file){.path = path}, NULL) != CREMA_OK)
        return &caffemodel; // which will say what is wrong
    bool hdf5 = file.size > sizeof start && cr_file_read(&file, 0, start, sizeof start, NULL) == CREMA_OK &&
                memcmp(start, magic, sizeof start) == 0;
    cr_file_close(&file);
    return hdf5 ? &cr_weights_hdf5 : &caffemodel;
}

cr_status cr_weights_file_open(cr_weights_file *file, const char *path, const cr_log *log, cr_err *err)
{
    *file = (cr_weights_file){.path = path, .net_name = "", .format = format_of(path)};
    cr_status status = file->format->open(file, log, err);
    if (status != CREMA_OK)
        cr_weights_file_close(file);
    return status;
}

void cr_weights_file_close(cr_weights_file *file)
{
    if (file->format)
        file->format->close(file);
    cr_arena_free(&file->arena);
    *file = (cr_weights_file){.path = file->path};
}

cr_status cr_weights_file_read(const cr_weights_file *file, const cr_stored_blob *blob, float *out,
                               cr_err *err)
{
    int64_t wanted = cr_shape_count(&blob->shape);
    if (blob->count != wanted)
        return cr_fail(err, CREMA_ERR_INPUT, &(cr_pos){file->path, 0, 0},
                       "a blob has %lld values, and its shape asks for %lld", (long long)blob->count,
                       (long long)wanted);
    return wanted > 0 ? file->format->read(file, blob, out, err) : CREMA_OK;
}
