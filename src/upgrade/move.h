/*
 * move.h - what the steps of the upgrade share: moving fields with their notes, warnings that are counted.
 */
#ifndef CR_UPGRADE_MOVE_H
#define CR_UPGRADE_MOVE_H

#include "crema.pb-c.h"
#include "schema/field.h"
#include "upgrade/upgrade.h"

typedef struct cr_up {
    cr_arena *arena;
    Crema__NetParameter *net;
    cr_notes *notes;
    const cr_log *log;
    cr_upgrade_report *report;
    cr_err *err;
} cr_up;

// A problem, as a warning at a field. The sentence starts with `layer "name" (type): ` or is the net's.
void cr_up_warn(const cr_up *up, const void *message, const char *field, size_t index, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

// All values of one field become those of another, of the same kind of value, with their notes; the first is
// cleared. A singular target is replaced, a repeated one is replaced by a repeated one and gets a single value
// added. Fails for want of memory only.
cr_status cr_up_move(const cr_up *up, ProtobufCMessage *from, const char *field, ProtobufCMessage *to,
                     const char *to_field);
// The same for value `index`, into a singular field; the source is left as it is.
cr_status cr_up_move_value(const cr_up *up, ProtobufCMessage *from, const char *field, size_t index,
                           ProtobufCMessage *to, const char *to_field);

// The block of that name in a layer, made (with the position of `at`) if it is not there.
cr_status cr_up_block(const cr_up *up, ProtobufCMessage *layer, const char *name, const void *at,
                      ProtobufCMessage **block);

// Comments and unknown fields of one message or field for another, which keeps its own position.
cr_status cr_up_move_comments(const cr_up *up, const void *from, const char *field, size_t index,
                              const void *to, const char *to_field, size_t to_index);

/* The steps, in this order. */

cr_status cr_up_v0(const cr_up *up);             // v0.c: V0 layers to V1 layers
cr_status cr_up_merge_padding(const cr_up *up);  // padding.c, called by cr_up_v0
cr_status cr_up_data_transform(const cr_up *up); // data_transform.c
cr_status cr_up_v1(const cr_up *up);             // v1.c: V1 layers to V2 layers
cr_status cr_up_inputs(const cr_up *up);         // inputs.c: `input` to an Input layer

#endif
