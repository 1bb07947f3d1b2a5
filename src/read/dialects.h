/*
 * dialects.h - what a field number means in which fork of Caffe.
 *
 * Forks gave the same numbers to different fields; a binary file does not say which fork wrote it. A dialect
 * is a table (message, number) -> field name of the exceptions from the schema's own numbers; the name is then
 * looked up in the schema. The base dialect has no exceptions: it is BVLC's and SSD's numbering, and ours for
 * what only we write (fields of forks from 3001 up, padding from 2001).
 */
#ifndef CR_READ_DIALECTS_H
#define CR_READ_DIALECTS_H

#include "read/cursor.h"
#include <protobuf-c/protobuf-c.h>

// How a field that the schema lacks looks on the wire.
typedef enum cr_wire_look {
    CR_LOOK_VARINT,
    CR_LOOK_F32,
    CR_LOOK_BYTES, // string, message
    CR_LOOK_ENUM   // no field: the value `number` of the enum `message` is called `name`
} cr_wire_look;

typedef struct cr_dialect_row {
    const char *message; // short name of the message (or enum) type
    uint32_t number;
    cr_wire_look look;
    const char *name; // in the schema where it has such a field
} cr_dialect_row;

typedef struct cr_dialect {
    const char *name;
    const char *from; // whose files
    const cr_dialect_row *rows;
    size_t n_rows;
} cr_dialect;

extern const cr_dialect cr_dialects[]; // the first is the base; then the more common first
extern const size_t cr_n_dialects;

// By name, in any case; NULL: there is none. *nearest (may be NULL) is the nearest name then, or NULL.
const cr_dialect *cr_dialect_find(const char *name, const char **nearest);

// What a number means in a message. field NULL: the schema has no such field; name NULL too: nobody knows it.
typedef struct cr_meaning {
    const ProtobufCFieldDescriptor *field;
    const char *name;
    cr_wire_look look; // when the schema lacks the field
} cr_meaning;
cr_meaning cr_dialect_field(const cr_dialect *dialect, const ProtobufCMessageDescriptor *type,
                            uint32_t number);
// The schema's number for an enum's value on the wire; false: there is none.
bool cr_dialect_enum(const cr_dialect *dialect, const ProtobufCEnumDescriptor *type, int64_t value,
                     uint64_t *ours);

// Whether a field on the wire can be the given field of the schema: wire type, and range of a single number.
bool cr_dialect_fits(const cr_dialect *dialect, const ProtobufCFieldDescriptor *field,
                     const cr_wire_field *wire);

// The dialect in which the fewest fields of the message in the file do not fit, and parameter blocks belong to
// their layers' types most often; the base where that is even. A look at the first fields is enough, so a
// large file takes no longer. Fails only when the file can't be read.
cr_status cr_dialect_guess(const cr_file *file, const ProtobufCMessageDescriptor *type,
                           const cr_dialect **guess, cr_err *err);

#endif
