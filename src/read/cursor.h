/*
 * cursor.h - walks over the fields of binary protobuf messages, by offset in a file.
 *
 * The framing and nothing else: tag, wire type, length. It knows no messages. A cursor reads through a small
 * window (none for a file in memory), so the size of a payload that is skipped does not matter. Both readers
 * of the binary form stand on it: caffemodel.c (where are the blobs) and wire.c (a typed message).
 *
 *     cursor.at = begin;
 *     while (cursor.at < end) {
 *         status = cr_cursor_next(&cursor, end, &field, err);   // cursor.at is behind the field now
 *         ...                                                   // to look inside: at = field.at, end = ...
 *     }
 *
 * Contract: a field never reaches beyond the end of its message; whatever can't be framed is an error that
 * names the layer and the offset. Every call moves the cursor forward, so a walk ends.
 */
#ifndef CR_READ_CURSOR_H
#define CR_READ_CURSOR_H

#include "base/file.h"

typedef enum cr_wire_type {
    CR_WIRE_VARINT = 0,
    CR_WIRE_FIXED64 = 1,
    CR_WIRE_BYTES = 2, // string, bytes, message, packed numbers
    CR_WIRE_FIXED32 = 5
} cr_wire_type;

typedef struct cr_wire_field {
    uint32_t number; // 0 is possible for BYTES: some forks number a field so
    cr_wire_type type;
    uint64_t tag_at; // offset of the tag
    uint64_t at;     // offset of the value (BYTES: of the payload)
    uint64_t bits;   // the value; BYTES: the payload's size
} cr_wire_field;

enum { CR_CURSOR_WINDOW = 1024 };

typedef struct cr_cursor {
    const cr_file *file;
    uint64_t at; // offset of the next byte
    // For error messages: the layer that is being read; NULL: none yet. "" : its name is not known yet.
    const char *layer;
    size_t layer_index;
    const unsigned char *window;
    uint64_t window_at, window_size;
    unsigned char buffer[CR_CURSOR_WINDOW];
} cr_cursor;

void cr_cursor_init(cr_cursor *cursor, const cr_file *file);

// The next field of a message that ends at `end` (at most the file's size).
cr_status cr_cursor_next(cr_cursor *cursor, uint64_t end, cr_wire_field *field, cr_err *err);
// A varint inside packed numbers that end at `end`.
cr_status cr_cursor_varint(cr_cursor *cursor, uint64_t end, uint64_t *value, cr_err *err);
// CREMA_ERR_INPUT with the layer's name before and the offset behind the sentence.
cr_status cr_cursor_fail(const cr_cursor *cursor, uint64_t at, cr_err *err, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
