/*
 * json.h - a message as JSON.
 */
#ifndef CR_WRITE_JSON_H
#define CR_WRITE_JSON_H

#include "base/text.h"
#include "schema/notes.h"
#include <protobuf-c/protobuf-c.h>

// Adds the message to the text. Fields have the schema's names; a repeated field is a list, also of one value; enums
// are strings, and so are "Infinity", "-Infinity" and "NaN". Unknown fields stand under the key "_unknown" of their
// message, as a list of what they are in the text format. Comments are left out, with one warning that counts them.
// A string that is not UTF-8 is an error. notes and log may be NULL.
cr_status cr_write_json(const ProtobufCMessage *message, const cr_notes *notes, const cr_log *log,
                        cr_text *out, cr_err *err);

#endif
