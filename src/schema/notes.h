/*
 * notes.h - what a typed message can't hold: where each field stood, its comments, unknown fields.
 *
 * A side table beside a message tree: (message, field name, index) -> position and comments; per message the
 * unknown fields with their raw text. The upgrade moves notes along with the fields that it moves; a printer
 * writes comments and unknown fields back. Keys are the addresses of messages, which live in an arena.
 */
#ifndef CR_SCHEMA_NOTES_H
#define CR_SCHEMA_NOTES_H

#include "base/err.h"
#include "base/mem.h"

typedef struct cr_notes cr_notes;

// A field that the schema does not have. `text` is what stood in the file from the field's name to the end of
// its value (text and YAML), with the comment lines before it, or NULL (wire).
typedef struct cr_unknown {
    const char *name;
    const char *text;
    int line, column;
    struct cr_unknown *next; // in file order
} cr_unknown;

cr_notes *cr_notes_create(cr_arena *arena, const char *file); // NULL: out of memory

// field NULL: the message itself. index: of a repeated field, else 0. Field names are not copied: they are
// literals or a descriptor's. Other strings are copied to the arena. False: out of memory.
bool cr_notes_set_pos(cr_notes *notes, const void *message, const char *field, size_t index, int line,
                      int column);
// Comment lines before the field ("# a\n# b", without indentation), and the comment behind it on its line (of a
// block: behind its opening bracket); NULL leaves what is there. field NULL, before: the lines behind the message's
// last field; behind: the comment behind its closing bracket.
bool cr_notes_set_comments(cr_notes *notes, const void *message, const char *field, size_t index,
                           const char *before, const char *behind);
bool cr_notes_add_unknown(cr_notes *notes, const void *message, const char *name, const char *text, int line,
                          int column);

// What is known about one place goes to another, and is gone from the first: a position replaces that of the
// other, comments are joined (the moved ones first), unknown fields are added. False: out of memory.
bool cr_notes_move(cr_notes *notes, const void *from, const char *from_field, size_t from_index,
                   const void *to, const char *to_field, size_t to_index);

// The field's position, else the message's, else the file alone. notes may be NULL.
cr_pos cr_notes_pos(const cr_notes *notes, const void *message, const char *field, size_t index);
// The field's own position; false: there is none, and both are 0.
bool cr_notes_own_pos(const cr_notes *notes, const void *message, const char *field, size_t index, int *line,
                      int *column);
const char *cr_notes_before(const cr_notes *notes, const void *message, const char *field, size_t index);
const char *cr_notes_behind(const cr_notes *notes, const void *message, const char *field, size_t index);
const cr_unknown *cr_notes_unknown(const cr_notes *notes, const void *message); // the first, or NULL
// Forgets all unknown fields of the message.
void cr_notes_drop_unknown(cr_notes *notes, const void *message);
// The texts of unknown fields were written by the reader (YAML): lines and columns inside them mean nothing.
void cr_notes_set_rewritten(cr_notes *notes);
bool cr_notes_rewritten(const cr_notes *notes);
const char *cr_notes_file(const cr_notes *notes);

#endif
