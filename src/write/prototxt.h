/*
 * prototxt.h - a message in protobuf's text format, with its comments and unknown fields.
 */
#ifndef CR_WRITE_PROTOTXT_H
#define CR_WRITE_PROTOTXT_H

#include "base/text.h"
#include "schema/notes.h"
#include <protobuf-c/protobuf-c.h>

// Adds the message to the text. Unknown fields without a text (of binary files) are left out. notes may be NULL.
cr_status cr_write_prototxt(const ProtobufCMessage *message, const cr_notes *notes, cr_text *out,
                            cr_err *err);

#endif
