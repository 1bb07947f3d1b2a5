/*
 * message.c - a file to a typed message.
 */
#include "read/message.h"

enum { MAX_TEXT_BYTES = 1 << 30 };

cr_status cr_read_message(cr_arena *arena, const crema_file *file, const ProtobufCMessageDescriptor *type,
                          const cr_read_options *options, cr_message *out, cr_err *err)
{
    cr_file f;
    unsigned char *data;
    size_t size;
    cr_status status = cr_file_open(&f, file, err);
    if (status != CREMA_OK)
        return status;
    status = cr_file_load(&f, MAX_TEXT_BYTES, &data, &size, err);
    cr_file_close(&f);
    if (status != CREMA_OK)
        return status;
    cr_builder *b =
        cr_builder_create(arena, type, f.name, options ? options->log : NULL, options && options->strict);
    status = b ? cr_read_text(b, f.name, (const char *)data, size, err) : cr_no_memory(err);
    if (status == CREMA_OK) {
        out->form = CR_FORM_TEXT;
        out->root = cr_builder_finish(b, &out->notes, err);
        status = out->root ? CREMA_OK : err ? err->status : CREMA_ERR_INPUT;
    }
    cr_free(data);
    return status;
}
