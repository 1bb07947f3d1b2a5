/*
 * json.c - a message as JSON.
 *
 * Two spaces a level, a key a line; lists of plain values stay in one line. Keys come in the order of the file, those
 * of a repeated field together. The reader of YAML reads it back (read/yaml_message.c), "_unknown" included.
 */
#include "write/json.h"

#include "schema/field.h"
#include "schema/print.h"
#include "write/quoted.h"

#include <string.h>

enum { INDENT = 2 };

typedef struct printer {
    cr_text *out;
    const cr_notes *notes;
    int depth;
    bool comma; // something stands before in this object or list
    size_t n_comments;
    cr_status status;
    cr_err *err;
} printer;

static void count_comments(printer *p, const void *message, const char *field, size_t index)
{
    const char *before = cr_notes_before(p->notes, message, field, index);
    if (before)
        p->n_comments++;
    for (; before && (before = strchr(before, '\n')); before++)
        p->n_comments++;
    if (cr_notes_behind(p->notes, message, field, index))
        p->n_comments++;
}

// The comma, the line and its indentation before the next value.
static void lead(printer *p)
{
    if (p->comma)
        cr_text_char(p->out, ',');
    cr_text_char(p->out, '\n');
    cr_text_spaces(p->out, (size_t)p->depth * INDENT);
    p->comma = true;
}

static void open(printer *p, char bracket)
{
    cr_text_char(p->out, bracket);
    p->depth++;
    p->comma = false;
}

static void close(printer *p, char bracket)
{
    bool any = p->comma;
    p->depth--;
    if (any) {
        p->comma = false;
        lead(p);
    }
    cr_text_char(p->out, bracket);
    p->comma = true;
}

static void put_string(printer *p, const ProtobufCMessage *message, const char *field, size_t index,
                       const char *s, size_t n)
{
    if (p->status != CREMA_OK || cr_put_quoted(p->out, s, n))
        return;
    cr_pos pos = cr_notes_pos(p->notes, message, field, index);
    p->status = cr_fail(p->err, CREMA_ERR_UNSUPPORTED, &pos, "%s is not UTF-8, which JSON has to be", field);
}

static void put_scalar(printer *p, const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                       size_t index)
{
    char buf[CR_PRINT_SCALAR];
    const void *value = cr_field_value(message, field, index);
    count_comments(p, message, field->name, index);
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        const char *s = *(char *const *)value;
        put_string(p, message, field->name, index, s, strlen(s));
    } else if (field->type == PROTOBUF_C_TYPE_BYTES) {
        const ProtobufCBinaryData *data = value;
        put_string(p, message, field->name, index, (const char *)data->data, data->len);
    } else {
        const char *text = cr_print_scalar(field, value, buf);
        const char *word = strcmp(text, "inf") == 0              ? "Infinity"
                           : strcmp(text, "-inf") == 0           ? "-Infinity"
                           : strcmp(text, "nan") == 0            ? "NaN"
                           : field->type == PROTOBUF_C_TYPE_ENUM ? text
                                                                 : NULL;
        if (word)
            cr_text_printf(p->out, "\"%s\"", word);
        else
            cr_text_put(p->out, text);
    }
}

static void put_message(printer *p, const ProtobufCMessage *message);

static void put_value(printer *p, const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                      size_t index)
{
    if (field->type != PROTOBUF_C_TYPE_MESSAGE) {
        put_scalar(p, message, field, index);
        return;
    }
    count_comments(p, message, field->name, index);
    put_message(p, *(ProtobufCMessage *const *)cr_field_value(message, field, index));
}

static void put_list(printer *p, const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    size_t n = cr_field_count(message, field);
    bool lines = field->type == PROTOBUF_C_TYPE_MESSAGE;
    open(p, '[');
    for (size_t i = 0; i < n && p->status == CREMA_OK; i++) {
        if (lines)
            lead(p);
        else if (i > 0)
            cr_text_put(p->out, ", ");
        put_value(p, message, field, i);
    }
    p->comma = lines && n > 0;
    close(p, ']');
}

// ["colour: 3", "own_param { a: 1 }"]
static void put_unknown(printer *p, const ProtobufCMessage *message)
{
    lead(p);
    cr_text_put(p->out, "\"_unknown\": ");
    open(p, '[');
    for (const cr_unknown *u = cr_notes_unknown(p->notes, message); u; u = u->next) {
        if (!u->text)
            continue;
        lead(p);
        if (p->status == CREMA_OK && !cr_put_quoted(p->out, u->text, strlen(u->text))) {
            cr_pos pos = {cr_notes_file(p->notes), u->line, u->column};
            p->status = cr_fail(p->err, CREMA_ERR_UNSUPPORTED, &pos, "%s is not UTF-8, which JSON has to be",
                                u->name);
        }
    }
    close(p, ']');
}

static void put_key(printer *p, const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    lead(p);
    cr_text_printf(p->out, "\"%s\": ", field->name);
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        put_list(p, message, field);
    else
        put_value(p, message, field, 0);
}

static void put_message(printer *p, const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    cr_print_list list;
    bool *done = cr_alloc_zero(type->n_fields + 1), unknown = false;
    if (!cr_print_items(message, p->notes, &list) || !done) {
        p->out->failed = true;
        list.n = 0;
    }
    open(p, '{');
    for (size_t i = 0; i < list.n && p->status == CREMA_OK && !p->out->failed; i++) {
        const cr_print_item *item = &list.item[i];
        bool *was = item->field ? &done[item->field - type->fields] : &unknown;
        if (*was || (!item->field && !item->unknown->text))
            continue;
        *was = true;
        if (item->field)
            put_key(p, message, item->field);
        else
            put_unknown(p, message);
    }
    close(p, '}');
    count_comments(p, message, NULL, 0);
    cr_free(list.item);
    cr_free(done);
}

cr_status cr_write_json(const ProtobufCMessage *message, const cr_notes *notes, const cr_log *log,
                        cr_text *out, cr_err *err)
{
    printer p = {.out = out, .notes = notes, .err = err};
    put_message(&p, message);
    cr_text_char(out, '\n');
    if (p.status == CREMA_OK && out->failed)
        return cr_no_memory(err);
    if (p.status == CREMA_OK && p.n_comments > 0)
        cr_warn(log, &(cr_pos){cr_notes_file(notes), 0, 0}, "%zu comment%s left out: JSON has none",
                p.n_comments, p.n_comments == 1 ? " is" : "s are");
    return p.status;
}
