/*
 * yaml.c - a message as YAML.
 *
 *     # before the field
 *     layer:
 *       -  # behind the opening bracket
 *         name: conv1  # behind the field
 *         bottom: data
 *         convolution_param:
 *           num_output: 20
 *           kernel_size: [3, 5]
 *         # at the end of the block, then what stood behind the closing bracket
 *
 * Lines of our own, since libyaml's emitter has no comments; what is a plain scalar is decided so narrowly that
 * every reader of YAML takes it for a string, and all others stand in quotes. Keys come in the order of the file,
 * those of a repeated field together: a plain value if there is one, else a list, in one line where no comment is
 * in the way. Unknown fields are keys like others; comments inside of one go before it.
 */
#include "write/yaml.h"

#include "read/raw.h"
#include "schema/field.h"
#include "schema/print.h"
#include "write/quoted.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { INDENT = 2 };

typedef struct printer {
    cr_text *out;
    const cr_notes *notes;
    cr_arena arena; // of unknown fields
    int depth;
    bool replaced; // letters of comments
    cr_status status;
    cr_err *err;
} printer;

/* ---- lines, comments, scalars ---- */

static void indent(const printer *p)
{
    cr_text_spaces(p->out, (size_t)p->depth * INDENT);
}

static void put_before(printer *p, const char *lines)
{
    while (lines) {
        const char *end = strchr(lines, '\n');
        indent(p);
        p->replaced |= cr_put_letters(p->out, lines, end ? (size_t)(end - lines) : strlen(lines));
        cr_text_char(p->out, '\n');
        lines = end ? end + 1 : NULL;
    }
}

static void end_line(printer *p, const char *comment)
{
    if (comment) {
        cr_text_put(p->out, "  ");
        p->replaced |= cr_put_letters(p->out, comment, strlen(comment));
    }
    cr_text_char(p->out, '\n');
}

// Whether any reader of YAML takes the word for a string. Words that some take for other things are quoted.
static bool is_plain(const char *s, size_t n)
{
    static const char *const others[] = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"};
    for (size_t i = 0; i < n; i++) {
        bool letter = (s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z') || s[i] == '_';
        bool more = (s[i] >= '0' && s[i] <= '9') || s[i] == '.' || s[i] == '/' || s[i] == '-' || s[i] == '+';
        if (!letter && !(more && i > 0))
            return false;
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strlen(others[i]) == n && strncasecmp(others[i], s, n) == 0)
            return false;
    return n > 0;
}

static bool put_string(printer *p, const char *s, size_t n)
{
    if (!is_plain(s, n))
        return cr_put_quoted(p->out, s, n);
    cr_text_add(p->out, s, n);
    return true;
}

static void put_number(printer *p, const char *text)
{
    if (strcmp(text, "inf") == 0 || strcmp(text, "nan") == 0)
        cr_text_char(p->out, '.');
    cr_text_put(p->out, strcmp(text, "-inf") == 0 ? "-.inf" : text);
}

static void put_scalar(printer *p, const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                       size_t index)
{
    char buf[CR_PRINT_SCALAR];
    const void *value = cr_field_value(message, field, index);
    const ProtobufCBinaryData *data = value;
    bool ok = true;
    if (field->type == PROTOBUF_C_TYPE_STRING)
        ok = put_string(p, *(char *const *)value, strlen(*(char *const *)value));
    else if (field->type == PROTOBUF_C_TYPE_BYTES)
        ok = cr_put_quoted(p->out, (const char *)data->data, data->len);
    else
        put_number(p, cr_print_scalar(field, value, buf));
    if (!ok && p->status == CREMA_OK) {
        cr_pos pos = cr_notes_pos(p->notes, message, field->name, index);
        p->status = cr_fail(p->err, CREMA_ERR_UNSUPPORTED, &pos, "%s is not UTF-8, which YAML has to be",
                            field->name);
    }
}

/* ---- unknown fields ---- */

static int by_order(const void *a, const void *b)
{
    size_t x = (*(cr_raw *const *)a)->order, y = (*(cr_raw *const *)b)->order;
    return x < y ? -1 : x > y;
}

static void put_raw_fields(printer *p, const cr_raw *block, bool on_line);

static void put_raw_scalar(printer *p, const cr_raw *node)
{
    const cr_value *v = &node->value;
    bool bare = v->kind == CR_VALUE_NUMBER || (v->kind == CR_VALUE_WORD && strcmp(v->text, "null") != 0);
    if (bare)
        put_number(p, v->text);
    else if (!cr_put_quoted(p->out, v->text, v->size) && p->status == CREMA_OK)
        p->status = cr_fail(p->err, CREMA_ERR_UNSUPPORTED,
                            &(cr_pos){cr_notes_file(p->notes), node->line, node->column},
                            "%.80s is not UTF-8, which YAML has to be", node->name);
}

// Behind a key or a dash.
static void put_raw_value(printer *p, const cr_raw *node, bool dash)
{
    if (!node->is_block || node->n == 0) {
        cr_text_char(p->out, ' ');
        if (node->is_block)
            cr_text_put(p->out, "{}");
        else
            put_raw_scalar(p, node);
        cr_text_char(p->out, '\n');
        return;
    }
    cr_text_char(p->out, dash ? ' ' : '\n');
    p->depth++;
    put_raw_fields(p, node, dash);
    p->depth--;
}

// All children of one name. on_line: behind a dash.
static void put_raw_name(printer *p, const cr_raw *block, const char *name, bool on_line)
{
    size_t at, n = cr_raw_find(block, name, &at);
    if (n == 0 || block->child[at]->asked)
        return;
    block->child[at]->asked = true;
    if (!on_line)
        indent(p);
    if (!put_string(p, name, strlen(name)))
        cr_text_put(p->out, "\"\"");
    cr_text_char(p->out, ':');
    if (n == 1) {
        put_raw_value(p, block->child[at], false);
        return;
    }
    cr_text_char(p->out, '\n');
    p->depth++;
    for (size_t i = 0; i < n; i++) {
        indent(p);
        cr_text_char(p->out, '-');
        put_raw_value(p, block->child[at + i], true);
    }
    p->depth--;
}

static void put_raw_fields(printer *p, const cr_raw *block, bool on_line)
{
    cr_raw **sorted = cr_arena_array(&p->arena, block->n, sizeof *sorted);
    if (!sorted) {
        p->out->failed = true;
        return;
    }
    memcpy(sorted, block->child, block->n * sizeof *sorted);
    qsort(sorted, block->n, sizeof *sorted, by_order);
    for (size_t i = 0; i < block->n; i++)
        put_raw_name(p, block, sorted[i]->name, on_line && i == 0);
}

// The comments that stand in a raw text, one a line.
static void put_raw_comments(printer *p, const char *s)
{
    char quote = 0;
    for (; *s; s++) {
        if (quote) {
            if (*s == '\\' && s[1])
                s++;
            else if (*s == quote)
                quote = 0;
        } else if (*s == '"' || *s == '\'') {
            quote = *s;
        } else if (*s == '#') {
            size_t n = strcspn(s, "\n"), length = n;
            while (length > 0 && strchr(" \t\r\v\f", s[length - 1]))
                length--;
            indent(p);
            p->replaced |= cr_put_letters(p->out, s, length);
            cr_text_char(p->out, '\n');
            s += n - 1;
        }
    }
}

static void put_unknown(printer *p, const ProtobufCMessage *message, const cr_unknown *u, cr_raw **raw)
{
    const cr_unknown *first = cr_notes_unknown(p->notes, message);
    if (!u->text)
        return;
    if (!*raw && p->status == CREMA_OK)
        p->status = cr_raw_parse(&p->arena, cr_notes_file(p->notes), first, !cr_notes_rewritten(p->notes),
                                 raw, p->err);
    put_raw_comments(p, u->text);
    if (p->status == CREMA_OK)
        put_raw_name(p, *raw, u->name, false);
}

/* ---- messages ---- */

static void put_fields(printer *p, const ProtobufCMessage *message, const cr_print_list *list, bool on_line);

// What stands at the end of a block: its last comments, and the one of its closing bracket.
static void put_end(printer *p, const ProtobufCMessage *message)
{
    put_before(p, cr_notes_before(p->notes, message, NULL, 0));
    put_before(p, cr_notes_behind(p->notes, message, NULL, 0));
}

// Behind "key:" or "-", with the comment of the opening bracket.
static void put_block(printer *p, const ProtobufCMessage *outer, const ProtobufCFieldDescriptor *field,
                      size_t index, bool dash)
{
    const ProtobufCMessage *message = *(ProtobufCMessage *const *)cr_field_value(outer, field, index);
    const char *open = cr_notes_behind(p->notes, outer, field->name, index);
    cr_print_list list;
    if (!cr_print_items(message, p->notes, &list)) {
        p->out->failed = true;
        return;
    }
    bool raw_only = true;
    for (size_t i = 0; i < list.n; i++)
        raw_only &= !list.item[i].field && !list.item[i].unknown->text;
    const cr_print_item *first = list.n ? &list.item[0] : NULL;
    bool on_line =
        dash && !open && first && first->field && !cr_notes_before(p->notes, message, first->field->name, 0);
    if (raw_only) {
        cr_text_put(p->out, " {}");
        list.n = 0;
    }
    if (on_line)
        cr_text_char(p->out, ' ');
    else
        end_line(p, open);
    p->depth++;
    put_fields(p, message, &list, on_line);
    put_end(p, message);
    p->depth--;
    cr_free(list.item);
}

static bool has_comments(const printer *p, const ProtobufCMessage *message,
                         const ProtobufCFieldDescriptor *field)
{
    size_t n = cr_field_count(message, field);
    for (size_t i = 0; i < n; i++)
        if ((i > 0 && cr_notes_before(p->notes, message, field->name, i)) ||
            (n > 1 && cr_notes_behind(p->notes, message, field->name, i)))
            return true;
    return false;
}

// A list in one line: [1, 2]; the comment before the first value stands before the key.
static void put_flow(printer *p, const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    size_t n = cr_field_count(message, field);
    cr_text_put(p->out, n == 1 ? " " : " [");
    for (size_t i = 0; i < n && p->status == CREMA_OK; i++) {
        if (i > 0)
            cr_text_put(p->out, ", ");
        put_scalar(p, message, field, i);
    }
    if (n != 1)
        cr_text_char(p->out, ']');
    end_line(p, n == 1 ? cr_notes_behind(p->notes, message, field->name, 0) : NULL);
}

static void put_lines(printer *p, const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    size_t n = cr_field_count(message, field);
    cr_text_char(p->out, '\n');
    p->depth++;
    for (size_t i = 0; i < n && p->status == CREMA_OK && !p->out->failed; i++) {
        if (i > 0)
            put_before(p, cr_notes_before(p->notes, message, field->name, i));
        indent(p);
        cr_text_char(p->out, '-');
        if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
            put_block(p, message, field, i, true);
            continue;
        }
        cr_text_char(p->out, ' ');
        put_scalar(p, message, field, i);
        end_line(p, cr_notes_behind(p->notes, message, field->name, i));
    }
    p->depth--;
}

static void put_key(printer *p, const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                    bool on_line)
{
    if (!on_line) {
        put_before(p, cr_notes_before(p->notes, message, field->name, 0));
        indent(p);
    }
    cr_text_put(p->out, field->name);
    cr_text_char(p->out, ':');
    bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
    if (field->type == PROTOBUF_C_TYPE_MESSAGE && !repeated)
        put_block(p, message, field, 0, false);
    else if (field->type == PROTOBUF_C_TYPE_MESSAGE || (repeated && has_comments(p, message, field)))
        put_lines(p, message, field);
    else
        put_flow(p, message, field);
}

// on_line: the first key stands behind a dash that was written already.
static void put_fields(printer *p, const ProtobufCMessage *message, const cr_print_list *list, bool on_line)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    bool *done = cr_alloc_zero(type->n_fields + 1);
    cr_raw *raw = NULL;
    p->out->failed |= !done;
    for (size_t i = 0; i < list->n && p->status == CREMA_OK && !p->out->failed; i++) {
        const cr_print_item *item = &list->item[i];
        if (!item->field) {
            put_unknown(p, message, item->unknown, &raw);
        } else if (!done[item->field - type->fields]) {
            done[item->field - type->fields] = true;
            put_key(p, message, item->field, on_line && i == 0);
        }
    }
    cr_free(done);
}

cr_status cr_write_yaml(const ProtobufCMessage *message, const cr_notes *notes, const cr_log *log,
                        cr_text *out, cr_err *err)
{
    printer p = {.out = out, .notes = notes, .err = err};
    cr_print_list list;
    if (!cr_print_items(message, notes, &list))
        return cr_no_memory(err);
    size_t start = out->n;
    put_fields(&p, message, &list, false);
    if (out->n == start)
        cr_text_put(out, "{}\n");
    put_end(&p, message);
    cr_free(list.item);
    cr_arena_free(&p.arena);
    if (p.status == CREMA_OK && out->failed)
        return cr_no_memory(err);
    if (p.status == CREMA_OK && p.replaced)
        cr_warn(log, &(cr_pos){cr_notes_file(notes), 0, 0},
                "comments that are not UTF-8 have a replacement for the letters that YAML can't have");
    return p.status;
}
