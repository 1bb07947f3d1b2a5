/*
 * blob.c - a BlobProto's shape and the runs of its values.
 *
 * Rules of Caffe's: num, channels, height, width win over `shape` if any of them is present, and one that is
 * missing is 0; double_data wins over data when it is not empty; a blob without any shape holds one number.
 * Numbers may be packed (one field with all) or not (a field each), also mixed.
 *
 * Two forks store bytes instead of floats, under the same field numbers: NVIDIA's has raw_data_type (10, a
 * number), raw_diff_type (11, a number), raw_data (12), raw_diff (13); the OpenCL fork has shape_stride (10, a
 * message), packed_data (11), packed_diff (12), data_type (13, a number). The wire types tell them apart. The
 * width of a value is what fits the shape; NVIDIA's type decides between equal widths.
 */
#include "read/blob.h"

#include <string.h>

enum { LARGEST_STRIDE = 64 };

typedef struct span {
    uint64_t at, size;
} span;

// What the fields said, before it is made to a blob.
typedef struct proto {
    bool has_legacy, has_shape;
    int64_t legacy[4];
    cr_shape shape;
    int64_t raw_type; // -1: not given
    span bytes_11, bytes_12;
    bool opencl;
} proto;

void cr_blob_scratch_free(cr_blob_scratch *scratch)
{
    cr_free(scratch->floats.run);
    cr_free(scratch->doubles.run);
    memset(scratch, 0, sizeof *scratch);
}

static uint32_t width(cr_stored_kind kind)
{
    return kind == CR_STORED_F64 ? 8 : kind == CR_STORED_F16 ? 2 : 4;
}

// Appends values that stand back to back; a single value may continue a run of singles.
static cr_status add_run(cr_run_list *list, cr_stored_kind kind, uint64_t offset, uint64_t count, cr_err *err)
{
    if (count == 0)
        return CREMA_OK;
    list->count += count;
    cr_stored_run *last = list->n > 0 ? &list->run[list->n - 1] : NULL;
    if (last && count == 1) {
        if (last->count == 1 && offset - last->offset <= LARGEST_STRIDE)
            last->stride = (uint32_t)(offset - last->offset);
        if (offset == last->offset + last->count * last->stride) {
            last->count++;
            return CREMA_OK;
        }
    }
    if (list->n == list->room) {
        size_t room = list->room ? list->room * 2 : 16, bytes;
        cr_stored_run *run = cr_size_mul(room, sizeof *run, &bytes) ? cr_realloc(list->run, bytes) : NULL;
        if (!run)
            return cr_no_memory(err);
        list->run = run;
        list->room = room;
    }
    list->run[list->n++] = (cr_stored_run){offset, count, width(kind), kind};
    return CREMA_OK;
}

static cr_status add_numbers(cr_cursor *c, cr_run_list *list, cr_stored_kind kind, const cr_wire_field *field,
                             cr_err *err)
{
    if (field->type != CR_WIRE_BYTES)
        return add_run(list, kind, field->at, 1, err);
    if (field->bits % width(kind) != 0)
        return cr_cursor_fail(c, field->tag_at, err, "%llu bytes of blob values are no multiple of %u",
                              (unsigned long long)field->bits, width(kind));
    return add_run(list, kind, field->at, field->bits / width(kind), err);
}

static cr_status add_dim(cr_cursor *c, uint64_t at, cr_shape *shape, uint64_t bits, cr_err *err)
{
    int64_t dim = (int64_t)bits;
    if (dim < 0)
        return cr_cursor_fail(c, at, err, "a blob has the negative dim %lld", (long long)dim);
    if (shape->rank == CR_MAX_RANK)
        return cr_cursor_fail(c, at, err, "a blob has more than %d axes", CR_MAX_RANK);
    shape->dim[shape->rank++] = dim;
    return CREMA_OK;
}

// BlobShape {1: dim, packed or not}.
static cr_status read_shape(cr_cursor *c, const cr_wire_field *message, cr_shape *shape, cr_err *err)
{
    uint64_t end = message->at + message->bits;
    cr_wire_field field;
    c->at = message->at;
    while (c->at < end) {
        cr_status status = cr_cursor_next(c, end, &field, err);
        if (status == CREMA_OK && field.number == 1 && field.type == CR_WIRE_VARINT)
            status = add_dim(c, field.tag_at, shape, field.bits, err);
        if (status == CREMA_OK && field.number == 1 && field.type == CR_WIRE_BYTES) {
            uint64_t dims_end = c->at, dim;
            c->at = field.at;
            while (status == CREMA_OK && c->at < dims_end) {
                status = cr_cursor_varint(c, dims_end, &dim, err);
                if (status == CREMA_OK)
                    status = add_dim(c, field.tag_at, shape, dim, err);
            }
        }
        if (status != CREMA_OK)
            return status;
    }
    return CREMA_OK;
}

static cr_status read_legacy_dim(cr_cursor *c, const cr_wire_field *field, proto *p, cr_err *err)
{
    int64_t dim = (int64_t)field->bits;
    if (dim < 0 || dim > INT32_MAX)
        return cr_cursor_fail(c, field->tag_at, err, "a blob has the dim %lld, which is no size",
                              (long long)dim);
    p->has_legacy = true;
    p->legacy[field->number - 1] = dim;
    return CREMA_OK;
}

// A field with another wire type than its own is an unknown field: skipped.
static cr_status read_field(cr_cursor *c, const cr_wire_field *field, proto *p, cr_blob_scratch *scratch,
                            cr_err *err)
{
    bool bytes = field->type == CR_WIRE_BYTES, varint = field->type == CR_WIRE_VARINT;
    switch (field->number) {
    case 1:
    case 2:
    case 3:
    case 4:
        return varint ? read_legacy_dim(c, field, p, err) : CREMA_OK;
    case 5:
        return bytes || field->type == CR_WIRE_FIXED32
                   ? add_numbers(c, &scratch->floats, CR_STORED_F32, field, err)
                   : CREMA_OK;
    case 7:
        p->has_shape |= bytes;
        return bytes ? read_shape(c, field, &p->shape, err) : CREMA_OK;
    case 8:
        return bytes || field->type == CR_WIRE_FIXED64
                   ? add_numbers(c, &scratch->doubles, CR_STORED_F64, field, err)
                   : CREMA_OK;
    case 10:
        p->opencl |= bytes;
        if (varint)
            p->raw_type = (int64_t)field->bits;
        break;
    case 11:
        if (bytes) {
            p->opencl = true;
            p->bytes_11 = (span){field->at, field->bits};
        }
        break;
    case 12:
        if (bytes)
            p->bytes_12 = (span){field->at, field->bits};
        break;
    case 13:
        p->opencl |= varint;
        break;
    }
    return CREMA_OK;
}

// The values in a fork's bytes; `count` is what the shape wants.
static cr_status add_raw(cr_cursor *c, const proto *p, uint64_t count, cr_run_list *list, cr_err *err)
{
    static const cr_stored_kind nvidia[] = {CR_STORED_F64, CR_STORED_F32, CR_STORED_F16, CR_STORED_I32,
                                            CR_STORED_U32};
    span raw = p->opencl ? p->bytes_11 : p->bytes_12;
    cr_stored_kind kind = CR_STORED_F32;
    if (!p->opencl && p->raw_type >= 0) {
        if (p->raw_type >= (int64_t)(sizeof nvidia / sizeof *nvidia))
            return cr_cursor_fail(c, raw.at, err, "a blob's raw_data_type is %lld, which is not known",
                                  (long long)p->raw_type);
        kind = nvidia[p->raw_type];
    } else if (raw.size / 2 == count) {
        kind = CR_STORED_F16;
    } else if (raw.size / 8 == count) {
        kind = CR_STORED_F64;
    }
    if (raw.size % width(kind) != 0)
        return cr_cursor_fail(c, raw.at, err, "%llu bytes of blob values are no multiple of %u",
                              (unsigned long long)raw.size, width(kind));
    return add_run(list, kind, raw.at, raw.size / width(kind), err);
}

static void choose_shape(const proto *p, cr_stored_blob *blob)
{
    blob->legacy_shape = p->has_legacy;
    blob->shape = p->shape;
    if (!p->has_legacy)
        return;
    blob->shape.rank = 4;
    memcpy(blob->shape.dim, p->legacy, sizeof p->legacy);
}

static cr_status check_count(cr_cursor *c, const proto *p, uint64_t count, const cr_stored_blob *blob,
                             cr_err *err)
{
    char text[CR_SHAPE_TEXT];
    cr_shape_text(&blob->shape, text, sizeof text);
    if (count == (uint64_t)cr_shape_count(&blob->shape))
        return CREMA_OK;
    if (!p->has_legacy && !p->has_shape)
        return cr_cursor_fail(c, blob->offset, err, "a blob has %llu values but no shape",
                              (unsigned long long)count);
    return cr_cursor_fail(c, blob->offset, err, "a blob of shape %s has %llu values, not %lld", text,
                          (unsigned long long)count, (long long)cr_shape_count(&blob->shape));
}

cr_status cr_blob_index(cr_cursor *c, uint64_t begin, uint64_t end, cr_blob_scratch *scratch, cr_arena *arena,
                        cr_stored_blob *blob, cr_err *err)
{
    proto p = {.raw_type = -1};
    memset(blob, 0, sizeof *blob);
    blob->offset = begin;
    scratch->floats.n = scratch->doubles.n = 0;
    scratch->floats.count = scratch->doubles.count = 0;
    c->at = begin;
    while (c->at < end) {
        cr_wire_field field;
        cr_status status = cr_cursor_next(c, end, &field, err);
        if (status == CREMA_OK)
            status = read_field(c, &field, &p, scratch, err);
        if (status != CREMA_OK)
            return status;
    }
    choose_shape(&p, blob);
    if (!cr_shape_valid(&blob->shape)) {
        char text[CR_SHAPE_TEXT];
        return cr_cursor_fail(c, begin, err, "a blob's shape %s is too large",
                              cr_shape_text(&blob->shape, text, sizeof text));
    }
    cr_run_list *list = scratch->doubles.count > 0 ? &scratch->doubles : &scratch->floats;
    if ((p.opencl ? p.bytes_11.size : p.bytes_12.size) > 0) {
        list = &scratch->floats;
        list->n = 0;
        list->count = 0;
        cr_status status = add_raw(c, &p, (uint64_t)cr_shape_count(&blob->shape), list, err);
        if (status != CREMA_OK)
            return status;
    }
    cr_status status = check_count(c, &p, list->count, blob, err);
    if (status != CREMA_OK)
        return status;
    cr_stored_run *runs = cr_arena_array(arena, list->n, sizeof *runs);
    if (!runs)
        return cr_no_memory(err);
    if (list->n > 0)
        memcpy(runs, list->run, list->n * sizeof *runs);
    blob->runs = runs;
    blob->count = (int64_t)list->count;
    c->at = end;
    return CREMA_OK;
}
