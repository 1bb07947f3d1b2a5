/*
 * message.c - picks the reader for a file, and refuses what is no message in any form.
 *
 * The suffix says YAML, and so does an opening brace, with which JSON begins and the text format can't; between text
 * and binary the bytes decide, since all suffixes are used for both. Binary
 * is what has control characters at its beginning and a first field that the message type has; other control
 * characters are left to the text reader, which says where they stand.
 */
#include "read/message.h"
#include "read/sniff.h"
#include "read/wire.h"

#include <string.h>
#include <strings.h>

enum { MAX_TEXT_BYTES = 256 << 20 };

static bool has_suffix(const char *name, const char *suffix)
{
    size_t n = strlen(name), k = strlen(suffix);
    return n > k && strcasecmp(name + n - k, suffix) == 0;
}

static bool is_yaml(const char *name)
{
    return has_suffix(name, ".yaml") || has_suffix(name, ".yml") || has_suffix(name, ".json");
}

static bool begins_as(const cr_file *file, const ProtobufCMessageDescriptor *type)
{
    cr_cursor cursor;
    cr_wire_field f;
    cr_err ignored;
    cr_cursor_init(&cursor, file);
    if (file->size == 0 || cr_cursor_next(&cursor, file->size, &f, &ignored) != CREMA_OK)
        return false;
    for (size_t i = 0; i < cr_n_dialects; i++) {
        const ProtobufCFieldDescriptor *field = cr_dialect_field(&cr_dialects[i], type, f.number).field;
        if (field && cr_dialect_fits(&cr_dialects[i], field, &f))
            return true;
    }
    return false;
}

static cr_status choose_form(const cr_file *file, const ProtobufCMessageDescriptor *type, cr_form *form,
                             cr_err *err)
{
    cr_sniff found;
    cr_pos pos = {file->name, 0, 0};
    cr_status status = cr_sniff_file(file, &found, err);
    if (status != CREMA_OK)
        return status;
    bool is_net = strcmp(type->short_name, "NetParameter") == 0, text = found.kind == CR_SNIFF_TEXT;
    if (found.kind == CR_SNIFF_EMPTY || found.kind == CR_SNIFF_FOREIGN ||
        (is_net &&
         (found.kind == CR_SNIFF_SOLVER || found.kind == CR_SNIFF_BLOB || found.kind == CR_SNIFF_STATE)))
        return cr_fail(err, CREMA_ERR_INPUT, &pos, "%s", found.sentence);
    text |= found.kind == CR_SNIFF_SOLVER;
    bool binary = !text && begins_as(file, type);
    if (*form == CR_FORM_AUTO)
        *form = binary ? CR_FORM_WIRE : is_yaml(file->name) || found.braces ? CR_FORM_YAML : CR_FORM_TEXT;
    else if (*form == CR_FORM_WIRE && text)
        return cr_fail(err, CREMA_ERR_INPUT, &pos, "is text, not a binary message");
    else if (*form != CR_FORM_WIRE && found.kind == CR_SNIFF_NET && binary)
        return cr_fail(err, CREMA_ERR_INPUT, &pos,
                       "looks like a binary .caffemodel, not text; were the net and its weights swapped?");
    return CREMA_OK;
}

static cr_status choose_dialect(const char *name, const cr_dialect **dialect, cr_err *err)
{
    const char *nearest = NULL;
    *dialect = name ? cr_dialect_find(name, &nearest) : NULL;
    if (!name || *dialect)
        return CREMA_OK;
    return cr_fail(err, CREMA_ERR_USAGE, NULL, "no dialect \"%.60s\" is known%s%s%s", name,
                   nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

static cr_status read_text(cr_arena *arena, cr_builder *b, const cr_file *file, cr_form form, cr_err *err)
{
    unsigned char *data;
    size_t size;
    cr_status status = cr_file_load(file, MAX_TEXT_BYTES, &data, &size, err);
    if (status != CREMA_OK)
        return status;
    if (form == CR_FORM_YAML)
        status = cr_read_yaml(b, arena, file->name, (const char *)data, size, err);
    else
        status = cr_read_text(b, file->name, (const char *)data, size, err);
    cr_free(data);
    return status;
}

static cr_status read_file(cr_arena *arena, const cr_file *file, const ProtobufCMessageDescriptor *type,
                           const cr_read_options *options, cr_message *out, cr_err *err)
{
    const cr_dialect *dialect;
    out->form = options->form;
    cr_status status = choose_dialect(options->dialect, &dialect, err);
    if (status == CREMA_OK)
        status = choose_form(file, type, &out->form, err);
    if (status != CREMA_OK)
        return status;
    cr_builder *b = cr_builder_create(arena, type, file->name, options->log, options->strict);
    if (!b)
        return cr_no_memory(err);
    cr_builder_expect(b, options->expected);
    if (out->form == CR_FORM_WIRE) {
        cr_wire_report report;
        status = cr_read_wire_file(b, arena, file, dialect, options, &report, err);
        out->dialect = status == CREMA_OK ? report.dialect->name : NULL;
        out->n_skipped = report.n_skipped;
    } else {
        status = read_text(arena, b, file, out->form, err);
    }
    if (status != CREMA_OK)
        return status;
    out->root = cr_builder_finish(b, &out->notes, err);
    if (out->root && out->form == CR_FORM_YAML)
        cr_notes_set_rewritten(out->notes);
    return out->root ? CREMA_OK : err && err->status != CREMA_OK ? err->status : CREMA_ERR_INPUT;
}

cr_status cr_read_message(cr_arena *arena, const crema_file *what, const ProtobufCMessageDescriptor *type,
                          const cr_read_options *options, cr_message *out, cr_err *err)
{
    static const cr_read_options defaults;
    cr_file file;
    memset(out, 0, sizeof *out);
    cr_status status = cr_file_open(&file, what, err);
    if (status != CREMA_OK)
        return status;
    status = read_file(arena, &file, type, options ? options : &defaults, out, err);
    cr_file_close(&file);
    return status;
}
