/*
 * equal.h - whether two messages say the same, and where they differ if not.
 */
#ifndef CR_SCHEMA_EQUAL_H
#define CR_SCHEMA_EQUAL_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

// Texts are shortened where they do not fit.
typedef struct cr_difference {
    char path[240];    // "layer[3].convolution_param.pad[0]"
    char a[80], b[80]; // the two values: "3", "\"conv\"", "(not set)", "{...}"
} cr_difference;

// The two are of one type. Set and not set differ, even if what is set is the default. Numbers are equal when
// their bits are, or when both are NaN; fields that the schema does not know do not count. `first` may be NULL.
bool cr_message_equal(const ProtobufCMessage *a, const ProtobufCMessage *b, cr_difference *first);

// One value that differs, or that one of the messages lacks.
typedef struct cr_change {
    const char *path; // from the messages that were compared
    const ProtobufCFieldDescriptor *field;
    size_t index;
    const ProtobufCMessage *a, *b; // that the field belongs to
    bool in_a, in_b;               // whether they have the value
} cr_change;

// Calls back for each of them, in the order of the schema; false from the callback ends it. Blocks that both have
// are looked into. skip: a field of the messages themselves that does not count, or NULL.
void cr_message_compare(const ProtobufCMessage *a, const ProtobufCMessage *b, const char *skip,
                        bool (*found)(void *user, const cr_change *change), void *user);

// A value in a line: "3", "\"conv\"", "{...}". Returns out.
const char *cr_show_value(const ProtobufCFieldDescriptor *field, const void *value, char *out, size_t size);

#endif
