/*
 * field.c - the fields of any message, through the offsets in protobuf-c's descriptors.
 *
 * quantifier_offset is that of the count (repeated) or of the has_ flag (numbers, booleans, enums, bytes); a
 * singular string or message has no flag.
 */
#include "schema/field.h"

#include "schema/value.h"

#include <string.h>

static void *at(const ProtobufCMessage *message, unsigned offset)
{
    return (char *)(uintptr_t)message + offset;
}

static bool is_pointer(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE;
}

const ProtobufCFieldDescriptor *cr_field_find(const ProtobufCMessage *message, const char *name)
{
    return protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
}

size_t cr_field_count(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return *(const size_t *)at(message, field->quantifier_offset);
    if (is_pointer(field)) {
        const void *p = *(void *const *)at(message, field->offset);
        return p && p != field->default_value;
    }
    return *(const protobuf_c_boolean *)at(message, field->quantifier_offset) != 0;
}

bool cr_field_is_set(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return cr_field_count(message, field) > 0;
}

void *cr_field_value(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, size_t index)
{
    void *member = at(message, field->offset);
    if (field->label != PROTOBUF_C_LABEL_REPEATED)
        return member;
    return *(char **)member + index * cr_value_bytes(field);
}

void *cr_field_add(cr_arena *arena, ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    void *member = at(message, field->offset);
    if (field->label != PROTOBUF_C_LABEL_REPEATED) {
        if (!is_pointer(field))
            *(protobuf_c_boolean *)at(message, field->quantifier_offset) = 1;
        return member;
    }
    size_t n = cr_field_count(message, field), bytes = cr_value_bytes(field);
    char *values = cr_arena_array(arena, n + 1, bytes);
    if (!values)
        return NULL;
    if (n > 0)
        memcpy(values, *(char **)member, n * bytes);
    *(char **)member = values;
    *(size_t *)at(message, field->quantifier_offset) = n + 1;
    return values + n * bytes;
}

void cr_field_clear(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    void *member = at(message, field->offset);
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        *(size_t *)at(message, field->quantifier_offset) = 0;
        *(void **)member = NULL;
    } else if (is_pointer(field)) {
        memcpy(member, &field->default_value, sizeof(void *));
    } else {
        *(protobuf_c_boolean *)at(message, field->quantifier_offset) = 0;
        memset(member, 0, cr_value_bytes(field));
        if (field->default_value && field->type != PROTOBUF_C_TYPE_BYTES)
            memcpy(member, field->default_value, cr_value_bytes(field));
    }
}

ProtobufCMessage *cr_message_new(cr_arena *arena, const ProtobufCMessageDescriptor *type)
{
    ProtobufCMessage *message = cr_arena_alloc(arena, type->sizeof_message);
    if (message)
        protobuf_c_message_init(type, message);
    return message;
}
