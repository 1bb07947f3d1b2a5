/*
 * prototxt.c - a message in protobuf's text format.
 *
 * One field a line, blocks indented by two, in the order of the file (schema/print.h). A block that stood in one
 * line with all that is in it stays in one line:
 *
 *     # before the field
 *     layer {  # behind the opening bracket
 *       name: "conv1"  # behind the field
 *       convolution_param { num_output: 20 kernel_size: 5 }
 *       # at the end of the block
 *     }  # behind the closing bracket
 *
 * An unknown field is its raw text with new indentation; no string reaches over a line, so that is safe. What is
 * written reads as the same message with the same comments, and is written again as the same bytes.
 */
#include "write/prototxt.h"

#include "schema/field.h"
#include "schema/print.h"

#include <stdio.h>
#include <string.h>

enum { INDENT = 2 };

typedef struct printer {
    cr_text *out;
    const cr_notes *notes;
    int depth;
} printer;

static void indent(const printer *p)
{
    cr_text_spaces(p->out, (size_t)p->depth * INDENT);
}

// Lines of comments, each on a line of its own.
static void put_before(const printer *p, const char *lines)
{
    while (lines) {
        const char *end = strchr(lines, '\n');
        indent(p);
        cr_text_add(p->out, lines, end ? (size_t)(end - lines) : strlen(lines));
        cr_text_char(p->out, '\n');
        lines = end ? end + 1 : NULL;
    }
}

// The end of a line that may have a comment.
static void end_line(const printer *p, const char *comment)
{
    if (comment) {
        cr_text_put(p->out, "  ");
        cr_text_put(p->out, comment);
    }
    cr_text_char(p->out, '\n');
}

static void put_string(cr_text *out, const char *s, size_t n)
{
    cr_text_char(out, '"');
    for (size_t i = 0; i < n;) {
        size_t letter = cr_utf8_letter(s + i, n - i);
        unsigned char c = (unsigned char)s[i];
        if (letter > 1)
            cr_text_add(out, s + i, letter);
        else if (c == '"' || c == '\\')
            cr_text_printf(out, "\\%c", c);
        else if (c == '\n' || c == '\t' || c == '\r')
            cr_text_put(out, c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r");
        else if (letter == 0 || c < 0x20 || c == 0x7F)
            cr_text_printf(out, "\\%03o", c);
        else
            cr_text_char(out, (char)c);
        i += letter ? letter : 1;
    }
    cr_text_char(out, '"');
}

static void put_scalar(const printer *p, const ProtobufCFieldDescriptor *field, const void *value)
{
    char buf[CR_PRINT_SCALAR];
    cr_text_put(p->out, field->name);
    cr_text_put(p->out, ": ");
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        const char *s = *(char *const *)value;
        put_string(p->out, s, strlen(s));
    } else if (field->type == PROTOBUF_C_TYPE_BYTES) {
        const ProtobufCBinaryData *data = value;
        put_string(p->out, (const char *)data->data, data->len);
    } else {
        cr_text_put(p->out, cr_print_scalar(field, value, buf));
    }
}

/* ---- unknown fields ---- */

// The change of depth by the brackets in a line, and whether it begins with a closing one.
static int brackets(const char *line, size_t n, bool *closes)
{
    int depth = 0;
    char quote = 0;
    *closes = n > 0 && (*line == '}' || *line == '>' || *line == ']');
    for (size_t i = 0; i < n; i++) {
        char c = line[i];
        if (quote && c == '\\')
            i++;
        else if (quote)
            quote = c == quote ? 0 : quote;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (c == '#')
            break;
        else
            depth += (c == '{' || c == '<' || c == '[') - (c == '}' || c == '>' || c == ']');
    }
    return depth;
}

static void put_unknown(printer *p, const char *text)
{
    int outer = p->depth, depth = 0;
    while (text) {
        const char *end = strchr(text, '\n'), *next = end ? end + 1 : NULL;
        bool closes;
        end = end ? end : text + strlen(text);
        while (text < end && strchr(" \t\r\v\f", *text))
            text++;
        while (end > text && strchr(" \t\r\v\f", end[-1]))
            end--;
        int change = brackets(text, (size_t)(end - text), &closes);
        if (end > text) {
            p->depth = outer + (depth > closes ? depth - closes : 0);
            indent(p);
            cr_text_add(p->out, text, (size_t)(end - text));
            cr_text_char(p->out, '\n');
        }
        depth += change;
        text = next;
    }
    p->depth = outer;
}

/* ---- messages ---- */

static ProtobufCMessage *inner_of(const ProtobufCMessage *message, const cr_print_item *item)
{
    return *(ProtobufCMessage *const *)cr_field_value(message, item->field, item->index);
}

// Whether the message stood in that line with all that is in it, without comments: then it can again.
static bool in_line(const printer *p, const ProtobufCMessage *message, int line)
{
    cr_print_list list;
    if (cr_notes_before(p->notes, message, NULL, 0) || cr_notes_unknown(p->notes, message))
        return false;
    if (!cr_print_items(message, p->notes, &list)) {
        p->out->failed = true;
        return false;
    }
    bool ok = list.n == 0 || line > 0;
    for (size_t i = 0; i < list.n && ok; i++) {
        const cr_print_item *item = &list.item[i];
        const char *name = item->field->name;
        ok = item->line == line && !cr_notes_before(p->notes, message, name, item->index) &&
             !cr_notes_behind(p->notes, message, name, item->index);
        if (ok && item->field->type == PROTOBUF_C_TYPE_MESSAGE) {
            const ProtobufCMessage *inner = inner_of(message, item);
            ok = !cr_notes_behind(p->notes, inner, NULL, 0) && in_line(p, inner, line);
        }
    }
    cr_free(list.item);
    return ok;
}

static void put_message(printer *p, const ProtobufCMessage *message);

// name { a: 1 b { c: 2 } }
static void put_in_line(printer *p, const char *name, const ProtobufCMessage *message)
{
    cr_print_list list;
    cr_text_put(p->out, name);
    if (!cr_print_items(message, p->notes, &list)) {
        p->out->failed = true;
        return;
    }
    cr_text_put(p->out, list.n ? " { " : " {");
    for (size_t i = 0; i < list.n; i++) {
        const cr_print_item *item = &list.item[i];
        if (item->field->type == PROTOBUF_C_TYPE_MESSAGE)
            put_in_line(p, item->field->name, inner_of(message, item));
        else
            put_scalar(p, item->field, cr_field_value(message, item->field, item->index));
        cr_text_char(p->out, ' ');
    }
    cr_text_char(p->out, '}');
    cr_free(list.item);
}

static void put_block(printer *p, const ProtobufCMessage *message, const cr_print_item *item)
{
    const ProtobufCMessage *inner = inner_of(message, item);
    const char *behind = cr_notes_behind(p->notes, message, item->field->name, item->index);
    if (!behind && in_line(p, inner, item->line)) {
        put_in_line(p, item->field->name, inner);
    } else {
        cr_text_put(p->out, item->field->name);
        cr_text_put(p->out, " {");
        end_line(p, behind);
        p->depth++;
        put_message(p, inner);
        p->depth--;
        indent(p);
        cr_text_char(p->out, '}');
    }
    end_line(p, cr_notes_behind(p->notes, inner, NULL, 0));
}

static void put_item(printer *p, const ProtobufCMessage *message, const cr_print_item *item)
{
    if (!item->field) {
        put_unknown(p, item->unknown->text);
        return;
    }
    put_before(p, cr_notes_before(p->notes, message, item->field->name, item->index));
    indent(p);
    if (item->field->type == PROTOBUF_C_TYPE_MESSAGE) {
        put_block(p, message, item);
        return;
    }
    put_scalar(p, item->field, cr_field_value(message, item->field, item->index));
    end_line(p, cr_notes_behind(p->notes, message, item->field->name, item->index));
}

static void put_message(printer *p, const ProtobufCMessage *message)
{
    cr_print_list list;
    if (!cr_print_items(message, p->notes, &list)) {
        p->out->failed = true;
        return;
    }
    for (size_t i = 0; i < list.n && !p->out->failed; i++)
        put_item(p, message, &list.item[i]);
    cr_free(list.item);
    put_before(p, cr_notes_before(p->notes, message, NULL, 0));
}

cr_status cr_write_prototxt(const ProtobufCMessage *message, const cr_notes *notes, cr_text *out, cr_err *err)
{
    printer p = {.out = out, .notes = notes};
    put_message(&p, message);
    return out->failed ? cr_no_memory(err) : CREMA_OK;
}
