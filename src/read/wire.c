/*
 * wire.c - the binary form as builder events.
 *
 * Numbers become names through a dialect, names become fields of the schema. A fork's number that the schema
 * or the dialect does not have, or a field that looks different from what it should be, is skipped with a note:
 * one strange parameter block must not cost the whole net. Repeated messages (layers, blobs, rules) are the
 * same in all forks, so damage in their framing is damage to the file and an error; an optional message
 * (a parameter block) that can't be framed is taken for a stranger and skipped.
 *
 * Packed floats go from the file into the message in one piece.
 */
#include "read/wire.h"
#include "read/message.h"

#include <stdio.h>
#include <string.h>

enum {
    NOTED_FIELDS = 10000,   // notes cost more memory than the fields that they tell of
    MAX_MESSAGES = 1 << 20, // so do messages
    BATCH = 512             // single floats that are collected
};

typedef struct reader {
    cr_cursor cursor;
    cr_builder *b;
    const cr_dialect *dialect;
    cr_left_list *left; // NULL: nothing is left
    cr_arena *arena;    // of that list
    size_t n_skipped, n_messages;
    char first_skipped[200];
    char layer[128]; // name, for messages
} reader;

static cr_status skip(reader *r, const cr_wire_field *f, const char *name, cr_err *err)
{
    char text[80];
    if (name)
        snprintf(text, sizeof text, "%s", name);
    else
        snprintf(text, sizeof text, "%u", f->number);
    if (r->n_skipped++ == 0) {
        const char *type = cr_builder_type(r->b)->short_name;
        snprintf(r->first_skipped, sizeof r->first_skipped, "field %u%s%s%s of %s%s%.80s%s", f->number,
                 name ? " (" : "", name ? name : "", name ? ")" : "", type,
                 r->cursor.layer ? " in layer \"" : "", r->cursor.layer ? r->cursor.layer : "",
                 r->cursor.layer ? "\"" : "");
    }
    return r->n_skipped <= NOTED_FIELDS ? cr_builder_note_unknown(r->b, text, err) : CREMA_OK;
}

// One number, of the wire type that belongs to the field's type.
static cr_status set_number(reader *r, const ProtobufCFieldDescriptor *field, uint64_t bits, cr_err *err)
{
    cr_value value = {.kind = CR_VALUE_U64, .bits = bits};
    if (field->type == PROTOBUF_C_TYPE_FLOAT) {
        uint32_t low = (uint32_t)bits;
        float f;
        memcpy(&f, &low, sizeof f);
        value.kind = CR_VALUE_F32;
        value.real = (double)f;
    } else if (field->type == PROTOBUF_C_TYPE_DOUBLE) {
        value.kind = CR_VALUE_F64;
        memcpy(&value.real, &bits, sizeof value.real);
    } else if (field->type == PROTOBUF_C_TYPE_ENUM) {
        cr_dialect_enum(r->dialect, field->descriptor, (int64_t)bits, &value.bits);
    }
    return cr_builder_set(r->b, field, &value, 0, 0, err);
}

static cr_status set_text(reader *r, const ProtobufCFieldDescriptor *field, const cr_wire_field *f,
                          cr_err *err)
{
    const cr_file *file = r->cursor.file;
    char *copy = NULL;
    const char *text = (const char *)file->data + (file->data ? f->at : 0);
    cr_status status = CREMA_OK;
    if (!file->data) {
        text = copy = cr_alloc((size_t)f->bits);
        if (!copy)
            return cr_no_memory(err);
        status = cr_file_read(file, f->at, copy, (size_t)f->bits, err);
    }
    if (status == CREMA_OK && field->type == PROTOBUF_C_TYPE_STRING && memchr(text, 0, (size_t)f->bits)) {
        status = skip(r, f, field->name, err);
    } else if (status == CREMA_OK) {
        cr_value value = {.kind = CR_VALUE_STRING, .text = text, .size = (size_t)f->bits};
        status = cr_builder_set(r->b, field, &value, 0, 0, err);
        if (strcmp(field->name, "name") == 0) {
            snprintf(r->layer, sizeof r->layer, "%.*s", (int)(f->bits < 127 ? f->bits : 127), text);
            r->cursor.layer = r->layer;
        }
    }
    cr_free(copy);
    return status;
}

static bool is_floats(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_FLOAT || field->type == PROTOBUF_C_TYPE_DOUBLE;
}

// Packed floats or doubles: room in the message, and the file's bytes into it.
static cr_status set_packed_floats(reader *r, const ProtobufCFieldDescriptor *field, const cr_wire_field *f,
                                   cr_err *err)
{
    size_t width = field->type == PROTOBUF_C_TYPE_FLOAT ? 4 : 8, n = (size_t)f->bits / width;
    if (n == 0)
        return CREMA_OK;
    unsigned char *values = cr_builder_extend(r->b, field, n, err);
    if (!values)
        return CREMA_ERR_MEMORY;
    cr_status status = cr_file_read(r->cursor.file, f->at, values, n * width, err);
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < width / 2; k++) {
            unsigned char low = values[i * width + k];
            values[i * width + k] = values[(i + 1) * width - 1 - k];
            values[(i + 1) * width - 1 - k] = low;
        }
#endif
    return status;
}

// Packed integers, in two rounds: all must fit before one is set.
static cr_status set_packed(reader *r, const ProtobufCFieldDescriptor *field, const cr_wire_field *f,
                            cr_err *err)
{
    uint64_t end = f->at + f->bits;
    for (int round = 0; round < 2; round++) {
        r->cursor.at = f->at;
        while (r->cursor.at < end) {
            cr_wire_field number = {.number = f->number, .type = CR_WIRE_VARINT};
            cr_status status = cr_cursor_varint(&r->cursor, end, &number.bits, err);
            if (status == CREMA_ERR_INPUT ||
                (status == CREMA_OK && !cr_dialect_fits(r->dialect, field, &number)))
                return skip(r, f, field->name, err);
            if (status == CREMA_OK && round == 1)
                status = set_number(r, field, number.bits, err);
            if (status != CREMA_OK)
                return status;
        }
    }
    return CREMA_OK;
}

// Single floats, one field each, as they follow each other: collected, so that millions of them take no
// event each. The first is in *f; the cursor stands behind the last afterwards.
static cr_status set_floats(reader *r, const ProtobufCFieldDescriptor *field, const cr_wire_field *f,
                            uint64_t end, cr_err *err)
{
    float batch[BATCH];
    cr_wire_field next = *f;
    size_t n = 0;
    for (;;) {
        uint32_t low = (uint32_t)next.bits;
        memcpy(&batch[n++], &low, sizeof low);
        uint64_t at = r->cursor.at;
        bool more = at < end;
        if (more) {
            cr_err ignored;
            more = cr_cursor_next(&r->cursor, end, &next, &ignored) == CREMA_OK && next.number == f->number &&
                   next.type == CR_WIRE_FIXED32;
        }
        if (!more || n == BATCH) {
            float *values = cr_builder_extend(r->b, field, n, err);
            if (!values)
                return CREMA_ERR_MEMORY;
            memcpy(values, batch, n * sizeof *batch);
            n = 0;
        }
        if (!more) {
            r->cursor.at = at;
            return CREMA_OK;
        }
    }
}

// Whether the message in [at, end) can be framed, with the repeated messages in it.
static bool framed(reader *r, const ProtobufCMessageDescriptor *type, uint64_t at, uint64_t end)
{
    cr_err ignored;
    r->cursor.at = at;
    while (r->cursor.at < end) {
        cr_wire_field f;
        if (cr_cursor_next(&r->cursor, end, &f, &ignored) != CREMA_OK)
            return false;
        const ProtobufCFieldDescriptor *field = cr_dialect_field(r->dialect, type, f.number).field;
        uint64_t behind = r->cursor.at;
        if (field && field->type == PROTOBUF_C_TYPE_MESSAGE && f.type == CR_WIRE_BYTES &&
            field->label == PROTOBUF_C_LABEL_REPEATED && !framed(r, field->descriptor, f.at, behind))
            return false;
        r->cursor.at = behind;
    }
    return true;
}

static cr_status read_fields(reader *r, uint64_t end, cr_err *err);

// The builder's current message stays empty.
static cr_status leave_message(reader *r, const cr_wire_field *f, cr_err *err)
{
    cr_left_list *left = r->left;
    if (left->n == left->room) {
        size_t room = left->room ? left->room * 2 : 64;
        cr_left *fresh = cr_arena_array(r->arena, room, sizeof *fresh);
        if (!fresh)
            return cr_no_memory(err);
        if (left->n > 0)
            memcpy(fresh, left->item, left->n * sizeof *fresh);
        left->item = fresh;
        left->room = room;
    }
    left->item[left->n++] = (cr_left){cr_builder_message(r->b), f->at, f->bits};
    return CREMA_OK;
}

static cr_status read_message(reader *r, const ProtobufCFieldDescriptor *field, const cr_wire_field *f,
                              cr_err *err)
{
    uint64_t end = f->at + f->bits;
    bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
    if (!repeated && !framed(r, field->descriptor, f->at, end))
        return skip(r, f, field->name, err);
    if (++r->n_messages > MAX_MESSAGES)
        return cr_cursor_fail(&r->cursor, f->tag_at, err, "more than %d messages in one file", MAX_MESSAGES);
    cr_status status = cr_builder_enter(r->b, field, 0, 0, err);
    r->cursor.at = f->at;
    if (status == CREMA_OK)
        status = r->left && r->left->type == field->descriptor ? leave_message(r, f, err)
                                                               : read_fields(r, end, err);
    return status == CREMA_OK ? cr_builder_leave(r->b, err) : status;
}

static cr_status read_field(reader *r, const cr_wire_field *f, uint64_t end, cr_err *err)
{
    cr_meaning meaning = cr_dialect_field(r->dialect, cr_builder_type(r->b), f->number);
    const ProtobufCFieldDescriptor *field = meaning.field;
    if (!field || !cr_dialect_fits(r->dialect, field, f))
        return skip(r, f, meaning.name, err);
    switch (field->type) {
    case PROTOBUF_C_TYPE_MESSAGE:
        return read_message(r, field, f, err);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
        return set_text(r, field, f, err);
    default:
        break;
    }
    if (f->type == CR_WIRE_BYTES)
        return is_floats(field) ? set_packed_floats(r, field, f, err) : set_packed(r, field, f, err);
    if (field->type == PROTOBUF_C_TYPE_FLOAT && field->label == PROTOBUF_C_LABEL_REPEATED)
        return set_floats(r, field, f, end, err);
    return set_number(r, field, f->bits, err);
}

// The fields from the cursor to the end, into the builder's current message.
static cr_status read_fields(reader *r, uint64_t end, cr_err *err)
{
    while (r->cursor.at < end) {
        cr_wire_field f;
        cr_status status = cr_cursor_next(&r->cursor, end, &f, err);
        uint64_t behind = r->cursor.at;
        if (status == CREMA_OK)
            status = read_field(r, &f, end, err);
        if (status != CREMA_OK)
            return status;
        if (f.type == CR_WIRE_BYTES)
            r->cursor.at = behind;
    }
    return CREMA_OK;
}

cr_status cr_read_wire_file(cr_builder *b, cr_arena *arena, const cr_file *file, const cr_dialect *dialect,
                            const cr_read_options *options, cr_wire_report *report, cr_err *err)
{
    const cr_log *log = options->log;
    reader r = {.b = b, .dialect = dialect, .left = options->left, .arena = arena};
    cr_status status = CREMA_OK;
    *report = (cr_wire_report){0};
    if (!dialect)
        status = cr_dialect_guess(file, cr_builder_type(b), &r.dialect, err);
    cr_cursor_init(&r.cursor, file);
    if (status == CREMA_OK)
        status = read_fields(&r, file->size, err);
    if (status != CREMA_OK)
        return status;
    *report = (cr_wire_report){r.dialect, r.n_skipped};
    cr_pos pos = {file->name, 0, 0};
    if (r.dialect != &cr_dialects[0])
        cr_info(log, &pos, "is read with the field numbers of %s (%s)", r.dialect->name, r.dialect->from);
    if (r.n_skipped > 0)
        cr_warn(log, &pos, "%zu field%s not known and without effect, the first: %s", r.n_skipped,
                r.n_skipped == 1 ? " is" : "s are", r.first_skipped);
    return CREMA_OK;
}

cr_status cr_read_wire(cr_builder *b, const char *name, const unsigned char *data, size_t size,
                       const cr_log *log, cr_err *err)
{
    cr_file file;
    cr_wire_report report;
    crema_file what = {.path = name, .data = data, .size = size};
    cr_status status = cr_file_open(&file, &what, err);
    cr_read_options options = {.log = log};
    return status == CREMA_OK ? cr_read_wire_file(b, NULL, &file, NULL, &options, &report, err) : status;
}
