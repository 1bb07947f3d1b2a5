/*
 * print.h - what all printers of messages share: the order of a message's values, and how a number is spelled.
 *
 * The order is that of the file a message came from, as far as the notes know it, so that an author finds the file
 * again; a value without a position stands behind the one before it in the schema. A text that was printed has its
 * values in that order, so it prints the same when it is read again.
 */
#ifndef CR_SCHEMA_PRINT_H
#define CR_SCHEMA_PRINT_H

#include "base/text.h"
#include "schema/notes.h"
#include <protobuf-c/protobuf-c.h>

// One value of a field that is set, or one unknown field.
typedef struct cr_print_item {
    const ProtobufCFieldDescriptor *field; // NULL: unknown
    size_t index;
    const cr_unknown *unknown;
    int line, column;           // where it stood; line 0: not known
    int sort_line, sort_column; // the same, or that of the item before it in the schema
    size_t order;               // in the schema
} cr_print_item;

typedef struct cr_print_list {
    cr_print_item *item;
    size_t n;
} cr_print_list;

// In the order of printing; the list is freed with cr_free(list->item). False: out of memory.
bool cr_print_items(const ProtobufCMessage *message, const cr_notes *notes, cr_print_list *list);

enum { CR_PRINT_SCALAR = 48 };
// A number, boolean or enum as protobuf's text format spells it: floats in the shortest form that reads back
// equal (inf and nan as words), enums by name. Does not depend on the locale. Returns buf.
const char *cr_print_scalar(const ProtobufCFieldDescriptor *field, const void *value,
                            char buf[CR_PRINT_SCALAR]);

// Bytes of the UTF-8 letter at s, of which n are there; 0: it is not valid.
size_t cr_utf8_letter(const char *s, size_t n);

#endif
