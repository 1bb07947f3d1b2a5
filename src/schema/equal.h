/*
 * equal.h - whether two messages say the same, and where they first differ if not.
 */
#ifndef CR_SCHEMA_EQUAL_H
#define CR_SCHEMA_EQUAL_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

// Both texts are shortened where they do not fit.
typedef struct cr_difference {
    char path[240];    // "layer[3].convolution_param.pad[0]"
    char a[80], b[80]; // the two values: "3", "\"conv\"", "(not set)", "{...}"
} cr_difference;

// The two are of one type. Set and not set differ, even if what is set is the default. Numbers are equal when
// their bits are, or when both are NaN; fields that the schema does not know do not count. `first` may be NULL.
bool cr_message_equal(const ProtobufCMessage *a, const ProtobufCMessage *b, cr_difference *first);

#endif
