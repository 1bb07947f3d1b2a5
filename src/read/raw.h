/*
 * raw.h - fields that the schema does not have, as a tree of names and spelled values.
 *
 * For who knows such fields by name: a user's own layer type. The text is that of the notes (schema/notes.h),
 * which the reader has been through already; what a value is depends on who asks (schema/value.h).
 */
#ifndef CR_READ_RAW_H
#define CR_READ_RAW_H

#include "schema/builder.h"

// One value or block; a field with a list of values is one node for each.
typedef struct cr_raw {
    const char *name;
    bool is_block;
    cr_value value; // of a scalar; its text ends with a 0 byte
    size_t n;       // of a block: sorted by name, those of one name in file order
    struct cr_raw **child;
    int line, column; // of the value; of a block: of its name, or of its bracket in a list
    size_t order;     // among its siblings
    struct cr_raw *next;
    bool asked; // for the caller
} cr_raw;

// All of a message's unknown fields, as the children of one block; those without a text (wire) are left out.
// exact: texts are as they stood in the file; else all inside a field has the field's own position.
cr_status cr_raw_parse(cr_arena *arena, const char *file, const cr_unknown *first, bool exact, cr_raw **block,
                       cr_err *err);
// The children of that name: their number, and the first of them at *at.
size_t cr_raw_find(const cr_raw *block, const char *name, size_t *at);

#endif
