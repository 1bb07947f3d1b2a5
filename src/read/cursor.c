/*
 * cursor.c - tags, varints and lengths of the binary protobuf form.
 *
 * A tag is a varint (number << 3 | wire type). Groups (wire types 3 and 4) are long dead; Caffe and its forks
 * never had one, so they mean a damaged or foreign file, as 6 and 7 do.
 */
#include "read/cursor.h"

#include <stdarg.h>
#include <stdio.h>

enum { VARINT_BYTES = 10 };

void cr_cursor_init(cr_cursor *c, const cr_file *file)
{
    c->file = file;
    c->at = 0;
    c->layer = NULL;
    c->layer_index = 0;
    c->window = file->data ? file->data : c->buffer;
    c->window_at = 0;
    c->window_size = file->data ? file->size : 0;
}

cr_status cr_cursor_fail(const cr_cursor *c, uint64_t at, cr_err *err, const char *fmt, ...)
{
    char text[256], layer[160] = "";
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (c->layer && c->layer[0])
        snprintf(layer, sizeof layer, "layer \"%.120s\": ", c->layer);
    else if (c->layer)
        snprintf(layer, sizeof layer, "layer %zu (no name): ", c->layer_index + 1);
    cr_pos pos = {c->file->name, 0, 0};
    return cr_fail(err, CREMA_ERR_INPUT, &pos, "%s%s (byte %llu)", layer, text, (unsigned long long)at);
}

// The bytes from the cursor on: at least n of them, or as many as the message still has.
static cr_status look(cr_cursor *c, uint64_t end, uint64_t n, const unsigned char **bytes,
                      uint64_t *available, cr_err *err)
{
    uint64_t left = end - c->at;
    if (n > left)
        n = left;
    uint64_t skip = c->at - c->window_at; // wraps when the cursor went back: larger than any window then
    if (skip > c->window_size || c->window_size - skip < n) {
        uint64_t size = c->file->size - c->at;
        if (size > CR_CURSOR_WINDOW)
            size = CR_CURSOR_WINDOW;
        c->window_size = 0;
        cr_status status = cr_file_read(c->file, c->at, c->buffer, (size_t)size, err);
        if (status != CREMA_OK)
            return status;
        c->window_at = c->at;
        c->window_size = size;
        skip = 0;
    }
    *bytes = c->window + skip;
    *available = c->window_size - skip;
    if (*available > left)
        *available = left;
    return CREMA_OK;
}

cr_status cr_cursor_varint(cr_cursor *c, uint64_t end, uint64_t *value, cr_err *err)
{
    const unsigned char *bytes;
    uint64_t n, result = 0;
    cr_status status = look(c, end, VARINT_BYTES, &bytes, &n, err);
    if (status != CREMA_OK)
        return status;
    for (unsigned i = 0; i < VARINT_BYTES && i < n; i++) {
        // The tenth byte has one bit of 64 left; what protobuf does with more is to drop it.
        result |= (uint64_t)(bytes[i] & 127) << 7 * i;
        if (bytes[i] < 128) {
            c->at += i + 1;
            *value = result;
            return CREMA_OK;
        }
    }
    if (n >= VARINT_BYTES)
        return cr_cursor_fail(c, c->at, err, "a number has more than 10 bytes");
    return cr_cursor_fail(c, c->at, err,
                          end == c->file->size ? "the file ends within a number"
                                               : "a number reaches beyond its message");
}

static uint64_t little_endian(const unsigned char *bytes, unsigned n)
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < n; i++)
        bits |= (uint64_t)bytes[i] << 8 * i;
    return bits;
}

static cr_status fixed(cr_cursor *c, uint64_t end, unsigned size, cr_wire_field *field, cr_err *err)
{
    const unsigned char *bytes;
    uint64_t n;
    cr_status status = look(c, end, size, &bytes, &n, err);
    if (status != CREMA_OK)
        return status;
    if (n < size)
        return cr_cursor_fail(c, field->tag_at, err,
                              end == c->file->size ? "the file ends within field %u"
                                                   : "field %u reaches beyond its message",
                              field->number);
    field->bits = little_endian(bytes, size);
    c->at += size;
    return CREMA_OK;
}

static cr_status payload(cr_cursor *c, uint64_t end, cr_wire_field *field, cr_err *err)
{
    cr_status status = cr_cursor_varint(c, end, &field->bits, err);
    if (status != CREMA_OK)
        return status;
    field->at = c->at;
    unsigned long long size = field->bits, left = end - c->at;
    if (size > left && end == c->file->size)
        return cr_cursor_fail(c, field->tag_at, err,
                              "field %u has %llu bytes, but the file ends after %llu of them: it was cut or "
                              "is no such file",
                              field->number, size, left);
    if (size > left)
        return cr_cursor_fail(c, field->tag_at, err,
                              "field %u has %llu bytes, but its message ends after %llu of them",
                              field->number, size, left);
    c->at += size;
    return CREMA_OK;
}

cr_status cr_cursor_next(cr_cursor *c, uint64_t end, cr_wire_field *field, cr_err *err)
{
    uint64_t tag;
    field->tag_at = c->at;
    cr_status status = cr_cursor_varint(c, end, &tag, err);
    if (status != CREMA_OK)
        return status;
    unsigned type = (unsigned)(tag & 7);
    if (tag >> 3 > 0x1FFFFFFF)
        return cr_cursor_fail(c, field->tag_at, err, "%llu is no field number",
                              (unsigned long long)(tag >> 3));
    field->number = (uint32_t)(tag >> 3);
    if (type == 3 || type == 4)
        return cr_cursor_fail(c, field->tag_at, err, "field %u is a group, which Caffe's files never have",
                              field->number);
    if (type > 5)
        return cr_cursor_fail(c, field->tag_at, err, "field %u has wire type %u, which does not exist",
                              field->number, type);
    if (field->number == 0 && type != CR_WIRE_BYTES)
        return cr_cursor_fail(c, field->tag_at, err, "field number 0 where a field should begin");
    field->type = (cr_wire_type)type;
    field->at = c->at;
    switch (field->type) {
    case CR_WIRE_VARINT:
        return cr_cursor_varint(c, end, &field->bits, err);
    case CR_WIRE_FIXED64:
        return fixed(c, end, 8, field, err);
    case CR_WIRE_FIXED32:
        return fixed(c, end, 4, field, err);
    case CR_WIRE_BYTES:
        break;
    }
    return payload(c, end, field, err);
}
