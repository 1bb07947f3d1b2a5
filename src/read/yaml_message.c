/*
 * yaml_message.c - a YAML net (or any other message) as events for the builder.
 *
 * Maps are messages, lists are repeated fields; one value for a repeated field is a list of one, and a block
 * without a value (`relu_param:`) is an empty message. The FIELD's type decides what a scalar is, not YAML's
 * own guess: a layer may be called no, on or 1.0, and an enum's name may stand in quotes or not.
 * Fields that the schema does not know are kept in the notes as protobuf text, so that every printer can write
 * them. libyaml gives no comments.
 */
#include "read/message.h"
#include "read/yaml.h"

#include <stdio.h>
#include <string.h>

typedef struct walk {
    cr_builder *b;
    const char *file;
    char *text; // of an unknown field
    size_t size, room;
    cr_err *err;
} walk;

static cr_status fail_at(const walk *w, const cr_yaml *node, const char *name, const char *what)
{
    cr_pos pos = {w->file, node->line, node->column};
    return cr_fail(w->err, CREMA_ERR_INPUT, &pos, "%.80s %s", name, what);
}

static bool has_no_value(const cr_yaml *node)
{
    return node->kind == CR_YAML_SCALAR && node->plain &&
           (node->size == 0 || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0);
}

static cr_status fields(walk *w, const cr_yaml *map);

// `at` has the position of a message: its key, or itself as an item of a list.
static cr_status block(walk *w, const ProtobufCFieldDescriptor *field, const cr_yaml *at, const cr_yaml *node)
{
    if (node->kind != CR_YAML_MAP && !has_no_value(node))
        return fail_at(w, node, field->name, "must be a map of fields");
    cr_status status = cr_builder_enter(w->b, field, at->line, at->column, w->err);
    if (status == CREMA_OK && node->kind == CR_YAML_MAP)
        status = fields(w, node);
    return status == CREMA_OK ? cr_builder_leave(w->b, w->err) : status;
}

static cr_status single(walk *w, const ProtobufCFieldDescriptor *field, const cr_yaml *at,
                        const cr_yaml *node)
{
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        return block(w, field, at, node);
    if (node->kind != CR_YAML_SCALAR)
        return fail_at(w, node, field->name,
                       field->label == PROTOBUF_C_LABEL_REPEATED ? "must have single values"
                                                                 : "takes one value, not a list or map");
    if (node->plain && node->size == 0)
        return fail_at(w, node, field->name, "has no value");
    cr_value value = cr_yaml_value(node);
    if (field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_BYTES)
        value = (cr_value){.kind = CR_VALUE_STRING, .text = node->text, .size = node->size};
    else if (field->type == PROTOBUF_C_TYPE_ENUM && value.kind == CR_VALUE_STRING)
        value.kind = CR_VALUE_WORD;
    return cr_builder_set(w->b, field, &value, node->line, node->column, w->err);
}

static cr_status add(walk *w, const char *s, size_t n)
{
    size_t need;
    if (!cr_size_add(w->size, n, &need))
        return cr_no_memory(w->err);
    if (need > w->room) {
        size_t room;
        char *fresh = cr_size_mul(need, 2, &room) ? cr_realloc(w->text, room) : NULL;
        if (!fresh)
            return cr_no_memory(w->err);
        w->text = fresh;
        w->room = room;
    }
    if (n > 0)
        memcpy(w->text + w->size, s, n);
    w->size = need;
    return CREMA_OK;
}

static cr_status add_text(walk *w, const char *s)
{
    return add(w, s, strlen(s));
}

static cr_status add_scalar(walk *w, const cr_yaml *node)
{
    cr_value v = cr_yaml_value(node);
    bool bare = v.kind != CR_VALUE_STRING && v.size > 0;
    for (size_t i = 0; bare && i < v.size; i++) {
        char c = v.text[i];
        bool word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        bare =
            word || (v.kind == CR_VALUE_NUMBER && (c == '.' || c == '-' || c == '+')) || (i == 0 && c == '-');
    }
    if (bare)
        return add(w, v.text, v.size);
    cr_status status = add_text(w, "\"");
    for (size_t i = 0; i < node->size && status == CREMA_OK; i++) {
        unsigned char c = (unsigned char)node->text[i];
        char escape[8];
        if (c < 0x20 || c == '"' || c == '\\' || c == 0x7F)
            snprintf(escape, sizeof escape, "\\%03o", c);
        else
            snprintf(escape, sizeof escape, "%c", c);
        status = add_text(w, escape);
    }
    return status == CREMA_OK ? add_text(w, "\"") : status;
}

// The field as protobuf text; a list as one field for each item.
static cr_status add_field(walk *w, const char *name, const cr_yaml *node)
{
    cr_status status = CREMA_OK;
    if (node->kind == CR_YAML_LIST) {
        for (size_t i = 0; i < node->n && status == CREMA_OK; i++)
            if ((status = add_field(w, name, node->item[i])) == CREMA_OK && i + 1 < node->n)
                status = add_text(w, " ");
        return status;
    }
    if ((status = add_text(w, name)) != CREMA_OK)
        return status;
    if (node->kind == CR_YAML_SCALAR && !has_no_value(node)) {
        status = add_text(w, ": ");
        return status == CREMA_OK ? add_scalar(w, node) : status;
    }
    status = add_text(w, " {");
    for (size_t i = 0; i < node->n && status == CREMA_OK; i++)
        if ((status = add_text(w, " ")) == CREMA_OK)
            status = add_field(w, node->key[i]->text, node->item[i]);
    return status == CREMA_OK ? add_text(w, " }") : status;
}

static cr_status unknown(walk *w, const cr_yaml *key, const cr_yaml *node)
{
    w->size = 0;
    cr_status status = add_field(w, key->text, node);
    if (status != CREMA_OK)
        return status;
    return cr_builder_unknown(w->b, key->text, key->size, w->size ? w->text : NULL, w->size, key->line,
                              key->column, w->err);
}

static cr_status fields(walk *w, const cr_yaml *map)
{
    for (size_t i = 0; i < map->n; i++) {
        const cr_yaml *key = map->key[i], *node = map->item[i];
        const ProtobufCFieldDescriptor *field = cr_builder_field(w->b, key->text, key->size);
        cr_status status = CREMA_OK;
        if (!field) {
            status = unknown(w, key, node);
        } else if (node->kind == CR_YAML_LIST && field->label == PROTOBUF_C_LABEL_REPEATED) {
            for (size_t j = 0; j < node->n && status == CREMA_OK; j++)
                status = single(w, field, node->item[j], node->item[j]);
        } else {
            status = single(w, field, key, node);
        }
        if (status != CREMA_OK)
            return status;
    }
    return CREMA_OK;
}

cr_status cr_read_yaml(cr_builder *b, cr_arena *arena, const char *file, const char *data, size_t size,
                       cr_err *err)
{
    const cr_yaml *root;
    cr_status status = cr_yaml_parse(arena, file, data, size, &root, err);
    if (status != CREMA_OK)
        return status;
    walk w = {.b = b, .file = file, .err = err};
    status = root->kind == CR_YAML_MAP ? fields(&w, root)
                                       : fail_at(&w, root, "the file", "must be a map of fields");
    cr_free(w.text);
    return status;
}
