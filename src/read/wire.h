/*
 * wire.h - a binary message in a file, into the builder.
 *
 * cr_read_wire (message.h) is the short form for bytes in memory. Only damaged framing of the message itself
 * or of its layers is an error; what does not fit is noted as unknown, skipped, and counted.
 */
#ifndef CR_READ_WIRE_H
#define CR_READ_WIRE_H

#include "read/dialects.h"
#include "read/message.h"

typedef struct cr_wire_report {
    const cr_dialect *dialect;
    size_t n_skipped;
} cr_wire_report;

// options->dialect is not looked at; dialect NULL: guessed. The file is read by offset and need not fit into memory.
cr_status cr_read_wire_file(cr_builder *b, cr_arena *arena, const cr_file *file, const cr_dialect *dialect,
                            const cr_read_options *options, cr_wire_report *report, cr_err *err);

#endif
