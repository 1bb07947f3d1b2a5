/*
 * yaml.h - a message as YAML, with its comments and unknown fields.
 */
#ifndef CR_WRITE_YAML_H
#define CR_WRITE_YAML_H

#include "base/text.h"
#include "schema/notes.h"
#include <protobuf-c/protobuf-c.h>

// Adds the message to the text. A comment that is not UTF-8 has U+FFFD for what is not, with a warning; a string
// that is not is an error. Unknown fields without a text are left out. notes and log may be NULL.
cr_status cr_write_yaml(const ProtobufCMessage *message, const cr_notes *notes, const cr_log *log,
                        cr_text *out, cr_err *err);

#endif
