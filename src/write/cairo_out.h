/*
 * cairo_out.h - what all drawings share: cairo's output to a file that is whole or absent, its errors, safe text.
 */
#ifndef CR_WRITE_CAIRO_OUT_H
#define CR_WRITE_CAIRO_OUT_H

#include "base/file.h"

#include <cairo.h>

typedef struct cr_cairo_out {
    cr_writer *writer;
    const char *path;
    cr_err *err;
    cr_status status; // of the first write that failed
} cr_cairo_out;

// Opens path (an existing file is replaced by cr_cairo_close).
cr_status cr_cairo_open(cr_cairo_out *out, const char *path, cr_err *err);
// cairo's write function; closure is the cr_cairo_out.
cairo_status_t cr_cairo_write(void *closure, const unsigned char *data, unsigned n);
// Commits the file if cairo was content with all, else removes it and says why.
cr_status cr_cairo_close(cr_cairo_out *out, cairo_status_t drawn);

cr_status cr_cairo_failed(cairo_status_t status, const char *path, cr_err *err);

// Copies as much of the text as fits, in whole UTF-8 characters. What is not a character becomes '?': cairo would draw
// nothing at all any more. Returns the length.
size_t cr_cairo_text(const char *text, char *out, size_t size);

#endif
