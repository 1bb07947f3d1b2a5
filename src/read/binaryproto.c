/*
 * binaryproto.c - one BlobProto in a file of its own: a mean image.
 */
#include "read/blob.h"
#include "read/sniff.h"

#include <string.h>

static cr_status read_blob(const cr_file *file, cr_arena *arena, cr_tensor *out, cr_err *err)
{
    cr_stored_blob blob;
    cr_blob_scratch scratch = {0};
    cr_cursor cursor;
    cr_cursor_init(&cursor, file);
    cr_status status = cr_blob_index(&cursor, 0, file->size, &scratch, arena, &blob, err);
    cr_blob_scratch_free(&scratch);
    if (status != CREMA_OK)
        return status;
    float *data = cr_alloc_aligned((size_t)blob.count * sizeof *data, 64);
    if (!data)
        return cr_no_memory(err);
    status = cr_blob_values(file, &blob, 0, blob.count, data, err);
    if (status != CREMA_OK) {
        cr_free(data);
        return status;
    }
    out->shape = blob.shape;
    out->data = data;
    out->image_stride = cr_tensor_image_count(out);
    return CREMA_OK;
}

cr_status cr_read_binaryproto(const crema_file *what, cr_tensor *out, cr_err *err)
{
    memset(out, 0, sizeof *out);
    cr_file file;
    cr_status status = cr_file_open(&file, what, err);
    if (status != CREMA_OK)
        return status;
    cr_arena arena = {0};
    status = cr_sniff_want(&file, CR_SNIFF_BLOB, err);
    if (status == CREMA_OK)
        status = read_blob(&file, &arena, out, err);
    cr_arena_free(&arena);
    cr_file_close(&file);
    return status;
}
