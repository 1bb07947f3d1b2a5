/*
 * field.h - the fields of any message, by descriptor: what is set, where a value lies, setting, clearing.
 *
 * A value of a singular field has index 0. A string or message is set when its pointer is neither NULL nor the
 * field's default; every other singular field has a flag; a repeated field is set when it has values.
 */
#ifndef CR_SCHEMA_FIELD_H
#define CR_SCHEMA_FIELD_H

#include "base/mem.h"

#include <protobuf-c/protobuf-c.h>

// The field of the message with this name, or NULL.
const ProtobufCFieldDescriptor *cr_field_find(const ProtobufCMessage *message, const char *name);

// How many values are set: 0 or 1 of a singular field.
size_t cr_field_count(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);
bool cr_field_is_set(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);

// Where the value lies (a string's or message's pointer, an int, a float, ...); index < count.
void *cr_field_value(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, size_t index);

// The place of a value that counts as set from now on, for the caller to fill: the only one of a singular
// field, one more at the end of a repeated field (which costs a new array: not for long lists). NULL: no memory.
void *cr_field_add(cr_arena *arena, ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);

// Back to how a new message has it.
void cr_field_clear(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);

// A new message of that type; NULL: no memory.
ProtobufCMessage *cr_message_new(cr_arena *arena, const ProtobufCMessageDescriptor *type);

#endif
