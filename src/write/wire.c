/*
 * wire.c - a message in the binary form.
 *
 * protobuf-c packs the plain values of each message: a copy of the struct without its inner messages. Those follow
 * one by one, each behind its tag and length:
 *
 *     layer { name, type, tops ... } { convolution_param } { blobs: from the file } { blobs: from the file }
 *
 * The order of fields within a message means nothing to a reader. Lengths stand before what they measure, so all
 * sizes are found first, on each level again: messages are not nested deep.
 */
#include "write/wire.h"

#include "schema/field.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE = 1 << 20, MAX_VARINT = 10 };

typedef struct writer {
    const cr_left_list *left;
    const cr_left *sorted; // the same by address
    const cr_file *from;
    cr_writer *out;
    unsigned char *piece;
    cr_err *err;
} writer;

static int by_message(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t)((const cr_left *)a)->message, y = (uintptr_t)((const cr_left *)b)->message;
    return x < y ? -1 : x > y;
}

// Where the message was left; NULL: it is here.
static const cr_left *left_at(const writer *w, const ProtobufCMessage *message)
{
    cr_left key = {.message = message};
    if (!w->left || w->left->n == 0 || message->descriptor != w->left->type)
        return NULL;
    return bsearch(&key, w->sorted, w->left->n, sizeof key, by_message);
}

// The struct without its inner messages; NULL: out of memory. Freed with cr_free.
static ProtobufCMessage *plain_of(const ProtobufCMessage *message)
{
    ProtobufCMessage *plain = cr_alloc(message->descriptor->sizeof_message);
    if (!plain)
        return NULL;
    memcpy(plain, message, message->descriptor->sizeof_message);
    for (unsigned i = 0; i < message->descriptor->n_fields; i++)
        if (message->descriptor->fields[i].type == PROTOBUF_C_TYPE_MESSAGE)
            cr_field_clear(plain, &message->descriptor->fields[i]);
    return plain;
}

static size_t put_varint(uint64_t value, unsigned char *out)
{
    size_t n = 0;
    for (; value >= 128; value >>= 7)
        out[n++] = (unsigned char)(value | 128);
    out[n++] = (unsigned char)value;
    return n;
}

static size_t put_head(const ProtobufCFieldDescriptor *field, uint64_t size, unsigned char *out)
{
    size_t n = put_varint((uint64_t)field->id << 3 | 2, out);
    return n + put_varint(size, out + n);
}

static const ProtobufCMessage *inner_of(const ProtobufCMessage *message,
                                        const ProtobufCFieldDescriptor *field, size_t index)
{
    return *(ProtobufCMessage *const *)cr_field_value(message, field, index);
}

// In bytes; false: out of memory.
static bool size_of(const writer *w, const ProtobufCMessage *message, uint64_t *size)
{
    unsigned char head[2 * MAX_VARINT];
    const cr_left *left = left_at(w, message);
    if (left) {
        *size = left->size;
        return true;
    }
    ProtobufCMessage *plain = plain_of(message);
    if (!plain)
        return false;
    *size = protobuf_c_message_get_packed_size(plain);
    cr_free(plain);
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        size_t n = field->type == PROTOBUF_C_TYPE_MESSAGE ? cr_field_count(message, field) : 0;
        for (size_t j = 0; j < n; j++) {
            uint64_t inner;
            if (!size_of(w, inner_of(message, field, j), &inner))
                return false;
            *size += put_head(field, inner, head) + inner;
        }
    }
    return true;
}

static cr_status copy_left(const writer *w, const cr_left *left)
{
    cr_status status = CREMA_OK;
    for (uint64_t done = 0; done < left->size && status == CREMA_OK;) {
        size_t n = left->size - done < PIECE ? (size_t)(left->size - done) : PIECE;
        status = cr_file_read(w->from, left->at + done, w->piece, n, w->err);
        if (status == CREMA_OK)
            status = cr_writer_write(w->out, w->piece, n, w->err);
        done += n;
    }
    return status;
}

static cr_status put_plain(const writer *w, const ProtobufCMessage *message)
{
    ProtobufCMessage *plain = plain_of(message);
    size_t n = plain ? protobuf_c_message_get_packed_size(plain) : 0;
    unsigned char *bytes = plain ? cr_alloc(n + 1) : NULL;
    cr_status status = CREMA_OK;
    if (!bytes)
        status = cr_no_memory(w->err);
    else
        status = cr_writer_write(w->out, bytes, protobuf_c_message_pack(plain, bytes), w->err);
    cr_free(bytes);
    cr_free(plain);
    return status;
}

static cr_status put_message(const writer *w, const ProtobufCMessage *message)
{
    unsigned char head[2 * MAX_VARINT];
    const cr_left *left = left_at(w, message);
    if (left)
        return copy_left(w, left);
    cr_status status = put_plain(w, message);
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        size_t n = field->type == PROTOBUF_C_TYPE_MESSAGE ? cr_field_count(message, field) : 0;
        for (size_t j = 0; j < n && status == CREMA_OK; j++) {
            uint64_t size;
            if (!size_of(w, inner_of(message, field, j), &size))
                return cr_no_memory(w->err);
            status = cr_writer_write(w->out, head, put_head(field, size, head), w->err);
            if (status == CREMA_OK)
                status = put_message(w, inner_of(message, field, j));
        }
    }
    return status;
}

cr_status cr_write_wire(const ProtobufCMessage *message, const cr_left_list *left, const cr_file *from,
                        cr_writer *out, cr_err *err)
{
    writer w = {.left = left, .from = from, .out = out, .err = err};
    size_t n = left ? left->n : 0, bytes;
    cr_left *sorted = cr_size_mul(n + 1, sizeof *sorted, &bytes) ? cr_alloc(bytes) : NULL;
    w.piece = cr_alloc(PIECE);
    w.sorted = sorted;
    cr_status status = CREMA_OK;
    if (!sorted || !w.piece) {
        status = cr_no_memory(err);
    } else {
        if (n > 0)
            memcpy(sorted, left->item, n * sizeof *sorted);
        qsort(sorted, n, sizeof *sorted, by_message);
        status = put_message(&w, message);
    }
    cr_free(sorted);
    cr_free(w.piece);
    return status;
}
