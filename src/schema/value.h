/*
 * value.h - one scalar as a reader saw it, stored as what its field's type says.
 */
#ifndef CR_SCHEMA_VALUE_H
#define CR_SCHEMA_VALUE_H

#include "schema/builder.h"

enum { CR_VALUE_WHY = 256 };

// Bytes of one value of the field in its C struct.
size_t cr_value_bytes(const ProtobufCFieldDescriptor *field);

// Converts and writes to *member. CREMA_ERR_INPUT: why says what is wrong, to be read behind the field's name
// ("must be a whole number, not 1.5"); CREMA_ERR_UNSUPPORTED: the wire has a number that the enum lacks.
cr_status cr_value_store(const ProtobufCFieldDescriptor *field, const cr_value *value, cr_arena *arena,
                         void *member, char why[CR_VALUE_WHY]);

// The same for a number without a field: words (inf, nan) and numbers as spelled. high may exceed INT64_MAX: then
// *out holds the bits.
cr_status cr_value_integer(const cr_value *value, int64_t low, uint64_t high, int64_t *out,
                           char why[CR_VALUE_WHY]);
cr_status cr_value_real(const cr_value *value, cr_arena *arena, double *out, char why[CR_VALUE_WHY]);

#endif
