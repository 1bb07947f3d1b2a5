/*
 * caffemodel.h - the blobs of a .caffemodel: where they stand in the file, by layer name.
 *
 * Only name, type and blobs of each layer are read. Parameter blocks are skipped: forks give the same field
 * numbers to different messages. V0, V1 and V2 layer fields are understood. The file is scanned once by
 * offset without being held in memory; values are read later, straight into the caller's buffer.
 */
#ifndef CR_READ_CAFFEMODEL_H
#define CR_READ_CAFFEMODEL_H

#include "base/file.h"
#include "base/names.h"
#include "base/tensor.h"

typedef struct cr_stored_run cr_stored_run; // one stretch of values in the file

typedef struct cr_stored_blob {
    cr_shape shape;
    bool legacy_shape; // num, channels, height, width: compared right-aligned, 1x1x1xN equals N
    int64_t count;     // values that are really there; checked against the shape
    const cr_stored_run *runs;
    uint64_t offset; // of the blob in its file, for messages
} cr_stored_blob;

typedef struct cr_stored_layer {
    const char *name, *type; // "" when missing; V1 types as "V1:4"
    int n_blobs;
    const cr_stored_blob *blob;
} cr_stored_layer;

typedef struct cr_stored {
    cr_arena arena;
    cr_file file;
    const char *net_name;
    int n_layers; // layers with the same name: all of them, in file order
    const cr_stored_layer *layer;
    cr_names by_name; // to the first layer of each name
} cr_stored;

// Opens and indexes; the file stays open until cr_stored_close. Unreadable or foreign files say what they are.
cr_status cr_stored_open(cr_stored *stored, const crema_file *what, const cr_log *log, cr_err *err);
void cr_stored_close(cr_stored *stored);
// The first layer of that name, or NULL.
const cr_stored_layer *cr_stored_find(const cr_stored *stored, const char *name);
// Reads all values of a blob as float32 into out (count floats). Thread-safe.
cr_status cr_stored_read(const cr_stored *stored, const cr_stored_blob *blob, float *out, cr_err *err);
// The same for values [first, first + count).
cr_status cr_stored_read_part(const cr_stored *stored, const cr_stored_blob *blob, int64_t first,
                              int64_t count, float *out, cr_err *err);

// One BlobProto file (.binaryproto mean): its shape and values. out->data is freed with cr_free.
cr_status cr_read_binaryproto(const crema_file *file, cr_tensor *out, cr_err *err);

#endif
