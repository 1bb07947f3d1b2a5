/*
 * wire.h - a message in the binary form.
 */
#ifndef CR_WRITE_WIRE_H
#define CR_WRITE_WIRE_H

#include "base/file.h"
#include "read/message.h"

// Writes the message. Those that were left in their file (cr_left_list) are copied from there as they are, piece by
// piece, so that weights need not fit into memory. Unknown fields are left out; comments have no place.
cr_status cr_write_wire(const ProtobufCMessage *message, const cr_left_list *left, const cr_file *from,
                        cr_writer *out, cr_err *err);

#endif
