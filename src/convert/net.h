/*
 * net.h - the net or solver that a conversion starts from, as one message.
 */
#ifndef CR_CONVERT_NET_H
#define CR_CONVERT_NET_H

#include "convert/convert.h"

typedef struct cr_convert_source {
    cr_message message; // a net, upgraded, or a solver
    bool solver;
    cr_left_list blobs; // of a binary net: the blobs of layers are empty, and stand in its file
} cr_convert_source;

// Reads input `index`: a net in any form and of any age, or a solver. What the options ask for is done (unknown
// fields, deployment); unknown fields that could not be written in any form are an error.
cr_status cr_convert_read(const cr_convert_job *job, int index, cr_convert_source *source, cr_err *err);

// An unknown field in the message or in one below it; NULL: there is none.
const cr_unknown *cr_convert_unknown(const cr_notes *notes, const ProtobufCMessage *message);

// Fails for a field that only text can name.
cr_status cr_convert_only_known(const ProtobufCMessage *message, const cr_notes *notes, cr_err *err);
// One net to the output in the binary form; weights that are in its file go along as they are (binary.c).
cr_status cr_convert_binary(const cr_convert_job *job, cr_err *err);
// Whether a file looks like a net or solver in any form, and not like weights alone.
bool cr_convert_is_net(const char *path);

#endif
