/*
 * builder.h - makes typed messages from events, through protobuf-c's reflection descriptors.
 *
 * Three readers (text, YAML, wire) send the same events: enter a message field, set a scalar, leave. The
 * builder finds the field by its NAME in the descriptor, converts the value by the field's type, grows
 * repeated fields in the arena, sets has_ flags, and fills the notes. It knows no field names itself.
 *
 * A singular scalar given twice: a warning and the last wins; a singular message given twice is merged; both
 * are errors when strict. An unknown field: a warning with the nearest known name (an error when strict), kept
 * in the notes.
 */
#ifndef CR_SCHEMA_BUILDER_H
#define CR_SCHEMA_BUILDER_H

#include "schema/notes.h"
#include <protobuf-c/protobuf-c.h>

#define CR_MAX_DEPTH 64 // nesting of messages; deeper input is an error

// What a reader saw. Numbers keep their spelling so that each field's type decides: 010 is 8 for an integer.
typedef enum cr_value_kind {
    CR_VALUE_WORD,   // identifier: true, MAX, inf, ...; text
    CR_VALUE_NUMBER, // a number as spelled, sign included; text
    CR_VALUE_STRING, // bytes, escapes resolved; text, size
    CR_VALUE_U64,    // from the wire: varint, fixed32, fixed64 bits in `bits`
    CR_VALUE_F32,    // from the wire: float in `real`
    CR_VALUE_F64
} cr_value_kind;

typedef struct cr_value {
    cr_value_kind kind;
    const char *text; // not terminated
    size_t size;
    uint64_t bits;
    double real;
} cr_value;

typedef struct cr_builder cr_builder;

// The builder and all that it makes live in the arena. NULL: out of memory.
cr_builder *cr_builder_create(cr_arena *arena, const ProtobufCMessageDescriptor *root, const char *file,
                              const cr_log *log, bool strict);

// Names (NULL-ended, not copied) of unknown fields that somebody reads from the notes: they are kept without a
// warning, strict or not, in messages that are fields of the root (layers).
void cr_builder_expect(cr_builder *b, const char *const *names);

const ProtobufCMessageDescriptor *cr_builder_type(const cr_builder *b); // of the message being filled
const ProtobufCMessage *cr_builder_message(const cr_builder *b);        // that message
// The field of the current message with this name, or NULL. Names that the schema knows as aliases
// (pad_t for pad_top) count.
const ProtobufCFieldDescriptor *cr_builder_field(const cr_builder *b, const char *name, size_t size);

const cr_log *cr_builder_log(const cr_builder *b); // for a reader's own warnings

// Events. Positions are 1-based, line 0 is none: of a scalar's value, of a block's or unknown field's name. Errors
// carry file, position and the field's name. A value may point to memory that does not last.
cr_status cr_builder_set(cr_builder *b, const ProtobufCFieldDescriptor *field, const cr_value *value,
                         int line, int column, cr_err *err);
cr_status cr_builder_enter(cr_builder *b, const ProtobufCFieldDescriptor *field, int line, int column,
                           cr_err *err);
cr_status cr_builder_leave(cr_builder *b, cr_err *err);
// A field that cr_builder_field does not know; text is its raw text or NULL.
cr_status cr_builder_unknown(cr_builder *b, const char *name, size_t name_size, const char *text,
                             size_t text_size, int line, int column, cr_err *err);
// For the wire. n > 0 more values at the end of a repeated float or double field, zero, for the caller to fill;
// NULL: out of memory. And a field that does not fit, noted without a warning: the reader sums them up.
void *cr_builder_extend(cr_builder *b, const ProtobufCFieldDescriptor *field, size_t n, cr_err *err);
cr_status cr_builder_note_unknown(cr_builder *b, const char *name, cr_err *err);
// Comments for the field that was set, entered or left last (behind), or for the next one (before).
cr_status cr_builder_comment_before(cr_builder *b, const char *text, size_t size, cr_err *err);
cr_status cr_builder_comment_behind(cr_builder *b, const char *text, size_t size, cr_err *err);

// The root message; all messages must have been left.
ProtobufCMessage *cr_builder_finish(cr_builder *b, cr_notes **notes, cr_err *err);

#endif
