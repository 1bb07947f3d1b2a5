/*
 * custom.h - layer types that a program or a plugin adds to a context.
 *
 * custom.c makes a row (layers/layer.h) of each, whose functions call the type's callbacks; these read the
 * layer's parameters through field.c.
 */
#ifndef CR_API_CUSTOM_H
#define CR_API_CUSTOM_H

#include "api/context.h"
#include "read/raw.h"

// The fields of one message of the layer that the schema does not have.
typedef struct cr_own_fields {
    const void *message;
    cr_raw *block;
    bool nameless; // there are some of which only the number is known (wire)
    struct cr_own_fields *next;
} cr_own_fields;

struct crema_layer {
    const cr_layer *layer;
    void *state;
    cr_own_fields *fields;
    bool in_setup; // what is asked for now is marked
};

// The types' release callbacks; the context is about to go.
void cr_custom_release(crema_context *context);

// Reads what the callbacks may ask for. Into the layer's arena.
cr_status cr_own_fields_read(crema_layer *own, cr_err *err);
// Fields of the named block that nobody asked for: warnings, or an error when strict.
cr_status cr_own_fields_check(const crema_layer *own, const char *block, bool strict, cr_err *err);

#endif
