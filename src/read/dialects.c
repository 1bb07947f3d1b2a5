/*
 * dialects.c - looking fields up in a dialect, and guessing which dialect a file is in.
 *
 * The guess is a count. A walk over the message in each dialect finds fields that do not fit (a number that
 * nobody knows, a wrong wire type, a number out of range, text that is none, a block that can't be framed),
 * and blocks that fit their layer: layer type "ROIPooling" with a roi_pooling_param. The second matters since
 * most blocks consist of small numbers and fit many messages. The walk leaves out weights, which are large and
 * the same everywhere, and stops after a number of fields.
 */
#include "read/dialects.h"
#include "schema/aliases.h"

#include "base/names.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>

enum {
    GUESS_FIELDS = 100000, // looked at, per dialect
    MISFIT_COST = 4,       // one weighs as much as so many blocks of the right type
    TYPE_BYTES = 64
};

const cr_dialect *cr_dialect_find(const char *name, const char **nearest)
{
    const char *names[64] = {0};
    for (size_t i = 0; i < cr_n_dialects; i++) {
        if (strcasecmp(cr_dialects[i].name, name) == 0)
            return &cr_dialects[i];
        if (i + 1 < sizeof names / sizeof *names)
            names[i] = cr_dialects[i].name;
    }
    if (nearest)
        *nearest = cr_nearest(name, names);
    return NULL;
}

static const cr_dialect_row *find_row(const cr_dialect *d, const char *message, uint64_t number, bool is_enum)
{
    for (size_t i = 0; i < d->n_rows; i++) {
        const cr_dialect_row *row = &d->rows[i];
        if (row->number == number && (row->look == CR_LOOK_ENUM) == is_enum &&
            strcmp(row->message, message) == 0)
            return row;
    }
    return NULL;
}

cr_meaning cr_dialect_field(const cr_dialect *d, const ProtobufCMessageDescriptor *type, uint32_t number)
{
    const ProtobufCFieldDescriptor *field;
    const cr_dialect_row *row = find_row(d, type->short_name, number, false);
    if (!row) {
        field = protobuf_c_message_descriptor_get_field(type, number);
        return (cr_meaning){field, field ? field->name : NULL, CR_LOOK_BYTES};
    }
    const char *ours = cr_alias(type->short_name, row->name, strlen(row->name));
    field = protobuf_c_message_descriptor_get_field_by_name(type, ours ? ours : row->name);
    return (cr_meaning){field, row->name, row->look};
}

bool cr_dialect_enum(const cr_dialect *d, const ProtobufCEnumDescriptor *type, int64_t value, uint64_t *ours)
{
    const cr_dialect_row *row = value < 0 ? NULL : find_row(d, type->short_name, (uint64_t)value, true);
    const ProtobufCEnumValue *found = NULL;
    if (row)
        found = protobuf_c_enum_descriptor_get_value_by_name(type, row->name);
    else if (value >= INT32_MIN && value <= INT32_MAX)
        found = protobuf_c_enum_descriptor_get_value(type, (int)value);
    if (!found)
        return false;
    *ours = (uint64_t)(int64_t)found->value;
    return true;
}

static bool number_in_range(const cr_dialect *d, const ProtobufCFieldDescriptor *field, uint64_t bits)
{
    int64_t number = (int64_t)bits;
    uint64_t ours;
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32: // a negative one has ten bytes; some writers make it five
    case PROTOBUF_C_TYPE_SINT32:
        return number >= INT32_MIN && number <= (int64_t)UINT32_MAX;
    case PROTOBUF_C_TYPE_UINT32:
        return bits <= UINT32_MAX;
    case PROTOBUF_C_TYPE_ENUM:
        return cr_dialect_enum(d, field->descriptor, number, &ours);
    default:
        return true;
    }
}

static cr_wire_type wire_type(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return CR_WIRE_FIXED32;
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return CR_WIRE_FIXED64;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return CR_WIRE_BYTES;
    default:
        return CR_WIRE_VARINT;
    }
}

bool cr_dialect_fits(const cr_dialect *d, const ProtobufCFieldDescriptor *field, const cr_wire_field *wire)
{
    cr_wire_type wanted = wire_type(field->type);
    if (wire->type == CR_WIRE_BYTES && wanted != CR_WIRE_BYTES) // packed numbers
        return field->label == PROTOBUF_C_LABEL_REPEATED &&
               (wanted == CR_WIRE_VARINT || wire->bits % (wanted == CR_WIRE_FIXED32 ? 4 : 8) == 0);
    if (wire->type != wanted)
        return false;
    return wanted != CR_WIRE_VARINT || number_in_range(d, field, wire->bits);
}

typedef struct walk {
    cr_cursor cursor;
    const cr_dialect *dialect;
    int64_t n_fields, misfits, matches;
    int64_t strangers;           // fields with a name, but not in the schema: they explain little
    char layer_type[TYPE_BYTES]; // letters and digits, small
} walk;

static size_t squeeze(char *to, size_t size, const char *from, size_t n)
{
    size_t k = 0;
    for (size_t i = 0; i < n && k + 1 < size; i++)
        if (isalnum((unsigned char)from[i]))
            to[k++] = (char)tolower((unsigned char)from[i]);
    to[k] = 0;
    return k;
}

// Short texts in the range: whether they are text.
static cr_status look_at_text(walk *w, const cr_wire_field *f, const char *name, cr_err *err)
{
    char text[TYPE_BYTES];
    size_t n = f->bits < sizeof text ? (size_t)f->bits : sizeof text;
    cr_status status = cr_file_read(w->cursor.file, f->at, text, n, err);
    if (status != CREMA_OK)
        return status;
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)text[i] < 0x20 && !isspace((unsigned char)text[i])) {
            w->misfits++;
            return CREMA_OK;
        }
    if (strcmp(name, "type") == 0)
        squeeze(w->layer_type, sizeof w->layer_type, text, n);
    return CREMA_OK;
}

// "ROIPooling" and roi_pooling_param.
static void look_at_name(walk *w, const char *name)
{
    char squeezed[TYPE_BYTES];
    size_t n = strlen(name);
    if (n < 6 || strcmp(name + n - 6, "_param") != 0 || !w->layer_type[0])
        return;
    squeeze(squeezed, sizeof squeezed, name, n - 6);
    w->matches += strcmp(squeezed, w->layer_type) == 0;
}

static cr_status walk_message(walk *w, const ProtobufCMessageDescriptor *type, uint64_t end, cr_err *err);

static cr_status walk_field(walk *w, const ProtobufCMessageDescriptor *type, const cr_wire_field *f,
                            cr_err *err)
{
    cr_meaning meaning = cr_dialect_field(w->dialect, type, f->number);
    uint64_t behind = w->cursor.at;
    if (!meaning.name) {
        w->misfits += f->number != 0;
        return CREMA_OK;
    }
    if (!meaning.field) {
        bool packed = f->type == CR_WIRE_BYTES; // any repeated number may be
        w->strangers++;
        w->misfits += !(packed || (meaning.look == CR_LOOK_VARINT && f->type == CR_WIRE_VARINT) ||
                        (meaning.look == CR_LOOK_F32 && f->type == CR_WIRE_FIXED32));
        if (meaning.look == CR_LOOK_BYTES && packed)
            look_at_name(w, meaning.name);
        return CREMA_OK;
    }
    if (!cr_dialect_fits(w->dialect, meaning.field, f)) {
        w->misfits++;
        return CREMA_OK;
    }
    if (meaning.field->type == PROTOBUF_C_TYPE_STRING)
        return look_at_text(w, f, meaning.name, err);
    if (meaning.field->type != PROTOBUF_C_TYPE_MESSAGE)
        return CREMA_OK;
    const ProtobufCMessageDescriptor *inner = meaning.field->descriptor;
    look_at_name(w, meaning.name);
    if (strcmp(inner->short_name, "BlobProto") == 0)
        return CREMA_OK;
    w->cursor.at = f->at;
    cr_status status = walk_message(w, inner, behind, err);
    w->cursor.at = behind;
    return status;
}

static cr_status walk_message(walk *w, const ProtobufCMessageDescriptor *type, uint64_t end, cr_err *err)
{
    if (strcmp(type->short_name, "LayerParameter") == 0)
        w->layer_type[0] = 0;
    while (w->cursor.at < end && w->n_fields++ < GUESS_FIELDS) {
        cr_wire_field field;
        cr_status status = cr_cursor_next(&w->cursor, end, &field, err);
        if (status == CREMA_ERR_INPUT) { // not of this type at all
            w->misfits++;
            cr_clear(err);
            return CREMA_OK;
        }
        if (status == CREMA_OK)
            status = walk_field(w, type, &field, err);
        if (status != CREMA_OK)
            return status;
    }
    return CREMA_OK;
}

cr_status cr_dialect_guess(const cr_file *file, const ProtobufCMessageDescriptor *type,
                           const cr_dialect **guess, cr_err *err)
{
    int64_t lowest = 0;
    *guess = &cr_dialects[0];
    for (size_t i = 0; i < cr_n_dialects; i++) {
        walk w = {.dialect = &cr_dialects[i]};
        cr_cursor_init(&w.cursor, file);
        cr_status status = walk_message(&w, type, file->size, err);
        if (status != CREMA_OK)
            return status;
        int64_t cost = w.misfits * MISFIT_COST + w.strangers - w.matches;
        if (i == 0 || cost < lowest) {
            lowest = cost;
            *guess = &cr_dialects[i];
        }
        if (i == 0 && w.misfits == 0 && w.matches == 0)
            break;
    }
    return CREMA_OK;
}
