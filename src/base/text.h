/*
 * text.h - a text that grows, for printers: many small pieces, and one check at the end.
 *
 * What does not fit into memory is dropped and remembered: nothing needs to be checked before `failed` is.
 */
#ifndef CR_BASE_TEXT_H
#define CR_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct cr_text { // all zero is empty
    char *s;             // with a 0 byte behind the text; NULL when it is empty
    size_t n, room;
    bool failed; // out of memory
} cr_text;

void cr_text_add(cr_text *text, const char *s, size_t n);
void cr_text_put(cr_text *text, const char *s); // ended by a 0 byte
void cr_text_char(cr_text *text, char c);
void cr_text_printf(cr_text *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void cr_text_spaces(cr_text *text, size_t n);
void cr_text_free(cr_text *text); // empty again

#endif
