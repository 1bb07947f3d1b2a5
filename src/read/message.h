/*
 * message.h - a file to a typed message, whatever its form.
 *
 * text.c, yaml_message.c and wire.c are the three event sources; this picks one: YAML by suffix (.yaml, .yml,
 * .json) or by an opening brace, the binary form by what the bytes look like, the text format otherwise. A file that is really something else (an
 * HTML page, a Git-LFS pointer, an archive, an image) says so (sniff.h).
 */
#ifndef CR_READ_MESSAGE_H
#define CR_READ_MESSAGE_H

#include "base/file.h"
#include "schema/builder.h"

typedef enum cr_form { CR_FORM_AUTO, CR_FORM_TEXT, CR_FORM_YAML, CR_FORM_WIRE } cr_form;

typedef struct cr_message {
    ProtobufCMessage *root; // of the type that was asked for
    cr_notes *notes;
    cr_form form;
    const char *dialect; // of a binary file: whose field numbers (dialects.h); else NULL
    size_t n_skipped; // of a binary file: fields that did not fit; the log has a summary, the notes have them
} cr_message;

// Messages of one type that a binary file is to keep: each is there, but empty, and its bytes are listed.
typedef struct cr_left {
    const ProtobufCMessage *message;
    uint64_t at, size; // in the file
} cr_left;

typedef struct cr_left_list {
    const ProtobufCMessageDescriptor *type;
    cr_left *item; // in the arena, as the messages
    size_t n, room;
} cr_left_list;

typedef struct cr_read_options {
    cr_form form;
    bool strict;
    const cr_log *log;
    const char *dialect;         // of a binary file; NULL: guessed
    const char *const *expected; // unknown fields that somebody reads (cr_builder_expect); may be NULL
    cr_left_list *left;          // NULL: all is read
} cr_read_options;

// Everything lives in the arena. options may be NULL.
cr_status cr_read_message(cr_arena *arena, const crema_file *file, const ProtobufCMessageDescriptor *type,
                          const cr_read_options *options, cr_message *out, cr_err *err);

// The three sources. data has a 0 byte behind it.
cr_status cr_read_text(cr_builder *b, const char *file, const char *data, size_t size, cr_err *err);
cr_status cr_read_yaml(cr_builder *b, cr_arena *arena, const char *file, const char *data, size_t size,
                       cr_err *err);
cr_status cr_read_wire(cr_builder *b, const char *file, const unsigned char *data, size_t size,
                       const cr_log *log, cr_err *err);

#endif
