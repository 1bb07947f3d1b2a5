/*
 * caffemodel.c - .caffemodel and .binaryproto: protobuf's wire format, with the values streamed.
 *
 *     NetParameter     its own fields | layer (100) ...           one after the other, no length needed
 *     LayerParameter   its own fields | blobs (7) ...             the length comes first: from the shapes
 *     BlobProto        shape (7) | data (5), packed floats        or raw_data_type (10) and raw_data (12), halves
 *
 * Everything small is packed by protobuf-c. A blob's values go from the caller's buffer to the file, so memory is
 * that of the largest blob.
 */
#include "base/half.h"
#include "crema.pb-c.h"
#include "write/weights_writer.h"

#include <math.h>
#include <string.h>

enum { VARINT = 0, BYTES = 2, HALVES = 4096 };

typedef struct caffemodel_writer {
    cr_weights_writer base;
    cr_writer *file;
    const char *path; // in the arena, as are all copies
    cr_arena arena;
    bool half;
    const char *layer;
    const cr_shape *shape;
    const bool *legacy;
    int n_blobs;
} caffemodel_writer;

/* ---- bytes ---- */

typedef struct bytes {
    unsigned char at[160];
    size_t n;
} bytes;

static void put_varint(bytes *b, uint64_t value)
{
    for (; value >= 128; value >>= 7)
        b->at[b->n++] = (unsigned char)(value | 128);
    b->at[b->n++] = (unsigned char)value;
}

static void put_tag(bytes *b, unsigned field, unsigned kind)
{
    put_varint(b, field << 3 | kind);
}

static uint64_t varint_bytes(uint64_t value)
{
    uint64_t n = 1;
    for (; value >= 128; value >>= 7)
        n++;
    return n;
}

/* ---- blobs ---- */

static uint64_t value_bytes(const cr_shape *shape, bool half)
{
    return (uint64_t)cr_shape_count(shape) * (half ? sizeof(uint16_t) : sizeof(float));
}

static void put_shape(bytes *b, const cr_shape *shape)
{
    bytes dims = {.n = 0};
    for (int i = 0; i < shape->rank; i++)
        put_varint(&dims, (uint64_t)shape->dim[i]);
    put_tag(b, 7, BYTES);
    put_varint(b, dims.n ? 1 + varint_bytes(dims.n) + dims.n : 0);
    if (dims.n == 0)
        return;
    put_tag(b, 1, BYTES);
    put_varint(b, dims.n);
    memcpy(b->at + b->n, dims.at, dims.n);
    b->n += dims.n;
}

static bool fits_legacy(const cr_shape *shape)
{
    bool fits = shape->rank <= 4;
    for (int i = 0; i < shape->rank; i++)
        fits = fits && shape->dim[i] <= INT32_MAX;
    return fits;
}

// num, channels, height, width: missing axes are 1.
static void put_legacy(bytes *b, const cr_shape *shape)
{
    for (int i = 0; i < 4; i++) {
        int axis = shape->rank - 4 + i;
        put_tag(b, (unsigned)i + 1, VARINT);
        put_varint(b, axis >= 0 ? (uint64_t)shape->dim[axis] : 1);
    }
}

// All of a BlobProto but the values themselves: shape, and the head of the field that holds them.
static void put_head(bytes *b, const cr_shape *shape, bool legacy, bool half)
{
    if (legacy && fits_legacy(shape))
        put_legacy(b, shape);
    else
        put_shape(b, shape);
    if (half) {
        put_tag(b, 10, VARINT);
        put_varint(b, CREMA__STORAGE_TYPE__FLOAT16);
    }
    put_tag(b, half ? 12 : 5, BYTES);
    put_varint(b, value_bytes(shape, half));
}

static uint64_t blob_bytes(const cr_shape *shape, bool legacy, bool half)
{
    bytes head = {.n = 0};
    put_head(&head, shape, legacy, half);
    return head.n + value_bytes(shape, half);
}

static cr_status put_floats(cr_writer *file, const float *values, size_t n, cr_err *err)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return n ? cr_writer_write(file, values, n * sizeof *values, err) : CREMA_OK;
#else
#error "values are written as they lie in memory"
#endif
}

static cr_status put_halves(const caffemodel_writer *w, const float *values, size_t n, cr_err *err)
{
    uint16_t buffer[HALVES];
    cr_status status = CREMA_OK;
    for (size_t i = 0; i < n && !status; i += HALVES) {
        size_t part = n - i < HALVES ? n - i : HALVES;
        for (size_t k = 0; k < part; k++) {
            buffer[k] = cr_half_from_float(values[i + k]);
            if ((buffer[k] & 0x7FFF) == 0x7C00 && isfinite(values[i + k]))
                return cr_fail(
                    err, CREMA_ERR_UNSUPPORTED, &(cr_pos){w->path, 0, 0},
                    "layer \"%s\": a weight of %g is too large for half precision, which ends at 65504",
                    w->layer, (double)values[i + k]);
        }
        status = cr_writer_write(w->file, buffer, part * sizeof *buffer, err);
    }
    return status;
}

static cr_status put_blob(cr_weights_writer *base, const float *values, cr_err *err)
{
    caffemodel_writer *w = (caffemodel_writer *)base;
    bool legacy = w->legacy && w->legacy[w->n_blobs];
    const cr_shape *shape = &w->shape[w->n_blobs++];
    bytes b = {.n = 0};
    put_tag(&b, 7, BYTES);
    put_varint(&b, blob_bytes(shape, legacy, w->half));
    put_head(&b, shape, legacy, w->half);
    cr_status status = cr_writer_write(w->file, b.at, b.n, err);
    size_t n = (size_t)cr_shape_count(shape);
    if (status)
        return status;
    return w->half ? put_halves(w, values, n, err) : put_floats(w->file, values, n, err);
}

/* ---- layers and the net ---- */

// The message's bytes, behind the tag and length of `field` where that is not 0, whose payload is `more` longer.
static cr_status put_message(const caffemodel_writer *w, const ProtobufCMessage *m, unsigned field,
                             uint64_t more, cr_err *err)
{
    size_t n = protobuf_c_message_get_packed_size(m);
    unsigned char *packed = cr_alloc(n + 1);
    if (!packed)
        return cr_no_memory(err);
    protobuf_c_message_pack(m, packed);
    bytes head = {.n = 0};
    if (field) {
        put_tag(&head, field, BYTES);
        put_varint(&head, n + more);
    }
    cr_status status = head.n ? cr_writer_write(w->file, head.at, head.n, err) : CREMA_OK;
    if (!status && n > 0)
        status = cr_writer_write(w->file, packed, n, err);
    cr_free(packed);
    return status;
}

static cr_status begin_layer(cr_weights_writer *base, const cr_written_layer *layer, cr_err *err)
{
    caffemodel_writer *w = (caffemodel_writer *)base;
    Crema__LayerParameter bare = CREMA__LAYER_PARAMETER__INIT;
    if (layer->param)
        bare = *layer->param;
    bare.name = (char *)layer->name;
    if (!layer->param && *layer->type)
        bare.type = (char *)layer->type;
    bare.n_blobs = 0;
    uint64_t more = 0;
    for (int i = 0; i < layer->n_blobs; i++) {
        uint64_t n = blob_bytes(&layer->shape[i], layer->legacy && layer->legacy[i], w->half);
        more += 1 + varint_bytes(n) + n;
    }
    w->layer = layer->name;
    w->shape = layer->shape;
    w->legacy = layer->legacy;
    w->n_blobs = 0;
    return put_message(w, &bare.base, 100, more, err);
}

static void abort_caffemodel(cr_weights_writer *base)
{
    caffemodel_writer *w = (caffemodel_writer *)base;
    cr_writer_abort(w->file);
    cr_arena_free(&w->arena);
    cr_free(w);
}

static cr_status commit_caffemodel(cr_weights_writer *base, cr_err *err)
{
    caffemodel_writer *w = (caffemodel_writer *)base;
    cr_status status = cr_writer_commit(w->file, err);
    w->file = NULL;
    abort_caffemodel(base);
    return status;
}

static const cr_weights_writer_type caffemodel_type = {begin_layer, put_blob, commit_caffemodel,
                                                       abort_caffemodel};

static cr_status put_net(const caffemodel_writer *w, const cr_caffemodel_options *o, cr_err *err)
{
    Crema__NetParameter net = CREMA__NET_PARAMETER__INIT;
    if (o->net)
        net = *o->net;
    else if (o->name && *o->name)
        net.name = (char *)o->name;
    net.n_layer = net.n_layers = 0;
    return put_message(w, &net.base, 0, 0, err);
}

cr_status cr_caffemodel_writer_open(cr_weights_writer **out, const char *path,
                                    const cr_caffemodel_options *options, cr_err *err)
{
    *out = NULL;
    caffemodel_writer *w = cr_alloc_zero(sizeof *w);
    if (!w)
        return cr_no_memory(err);
    *w = (caffemodel_writer){.base.type = &caffemodel_type, .half = options->half};
    w->path = cr_arena_strdup(&w->arena, path);
    cr_status status = w->path ? cr_writer_open(&w->file, path, options->force, err) : cr_no_memory(err);
    if (!status)
        status = put_net(w, options, err);
    if (status)
        abort_caffemodel(&w->base);
    else
        *out = &w->base;
    return status;
}

/* ---- a blob by itself ---- */

cr_status cr_binaryproto_write(const char *path, bool force, const cr_shape *shape, const float *values,
                               cr_err *err)
{
    bytes b = {.n = 0};
    put_head(&b, shape, true, false);
    cr_writer *file;
    cr_status status = cr_writer_open(&file, path, force, err);
    if (status)
        return status;
    status = cr_writer_write(file, b.at, b.n, err);
    if (!status)
        status = put_floats(file, values, (size_t)cr_shape_count(shape), err);
    if (!status)
        return cr_writer_commit(file, err);
    cr_writer_abort(file);
    return status;
}
