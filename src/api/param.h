/*
 * param.h - finding the parameters of a layer of the caller's own type by path; see crema.h for what a path is.
 *
 * param.c walks a path through fields of the schema and fields that it does not have; own_fields.c reads the latter
 * and tells which of them nobody asked for; field.c is the public side.
 */
#ifndef CR_API_PARAM_H
#define CR_API_PARAM_H

#include "api/custom.h"
#include "schema/field.h"

enum { CR_MAX_PATH = 512 };

// One value: of a field of the schema, or (raw) of none. Neither: there is no such value.
typedef struct cr_param {
    const ProtobufCMessage *message;
    const ProtobufCFieldDescriptor *field;
    size_t index;
    cr_raw *raw;
} cr_param;

// A message of the schema, or a block that it does not have.
typedef struct cr_scope {
    const ProtobufCMessage *message;
    const cr_raw *block;
} cr_scope;

typedef struct cr_param_search {
    const crema_layer *own;
    int64_t want; // which of the values; -1: only their number
    int64_t n;
    cr_param hit;
    cr_param scalar; // where a block should be
    size_t n_blocks; // that were looked into
    bool bad_path;
    bool too_many; // blocks to be looked through for one value
    bool nameless; // fields of which only the number is known stand where the field would be
} cr_param_search;

// want: which of the values; -1: only their number.
cr_param_search cr_param_find(const crema_layer *own, const char *path, int64_t want);
bool cr_param_is_there(const cr_param *p);
// Whether it is a block; then what is in it.
bool cr_param_opens(const cr_param *p, cr_scope *out);

// The fields of a message that the schema does not have; NULL: there are none.
const cr_own_fields *cr_own_fields_of(const crema_layer *own, const void *message);

// Fails with the layer's name, at the parameter if it is there, else at the layer.
cr_status cr_param_fail(const crema_layer *own, const cr_param *p, cr_err *err, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
cr_pos cr_param_pos(const crema_layer *own, const cr_param *p);

#endif
