/*
 * blob.h - one BlobProto: its shape, where its values stand, and the values as floats.
 *
 * Values are remembered as runs {offset, count, stride, kind}: packed floats are one run of stride 4, a
 * million single float fields are one run of stride 5 (a tag byte and four more).
 */
#ifndef CR_READ_BLOB_H
#define CR_READ_BLOB_H

#include "read/caffemodel.h"
#include "read/cursor.h"

typedef enum cr_stored_kind {
    CR_STORED_F32,
    CR_STORED_F64,
    CR_STORED_F16,
    CR_STORED_I32,
    CR_STORED_U32
} cr_stored_kind;

struct cr_stored_run {
    uint64_t offset; // of the first value
    uint64_t count;
    uint32_t stride; // bytes from value to value
    cr_stored_kind kind;
};

// Lists that grow while blobs are indexed; all zero is empty. One is used for many blobs.
typedef struct cr_run_list {
    cr_stored_run *run;
    size_t n, room;
    uint64_t count; // values in all runs
} cr_run_list;
typedef struct cr_blob_scratch {
    cr_run_list floats, doubles;
} cr_blob_scratch;
void cr_blob_scratch_free(cr_blob_scratch *scratch);

// Indexes the BlobProto in [begin, end); runs go to the arena. The cursor stands at `end` afterwards.
cr_status cr_blob_index(cr_cursor *cursor, uint64_t begin, uint64_t end, cr_blob_scratch *scratch,
                        cr_arena *arena, cr_stored_blob *blob, cr_err *err);
// Values [first, first + count) of the blob's, as float32.
cr_status cr_blob_values(const cr_file *file, const cr_stored_blob *blob, int64_t first, int64_t count,
                         float *out, cr_err *err);

#endif
