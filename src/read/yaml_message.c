/*
 * yaml_message.c - a YAML net (or any other message) as events for the builder.
 *
 * Maps are messages, lists are repeated fields; one value for a repeated field is a list of one, and a block
 * without a value (`relu_param:`) is an empty message. The FIELD's type decides what a scalar is, not YAML's
 * own guess: a layer may be called no, on or 1.0, and an enum's name may stand in quotes or not.
 * Fields that the schema does not know are kept in the notes as protobuf text, so that every printer can write
 * them; the key "_unknown" holds such text itself. JSON is YAML enough to be read so, too; a number that JSON does
 * not have is one of the strings "Infinity", "-Infinity" and "NaN" there.
 *
 * Comments go to the builder as they come: each before the next key in the file, or behind the value on its line.
 * One at the end of a block belongs to the block by its column.
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
    const cr_yaml_comments *comments;
    size_t next; // comment
    cr_err *err;
} walk;

static bool stands_before(const cr_yaml_comment *c, int line, int column)
{
    return c->line < line || (c->line == line && c->column < column);
}

static cr_status give_comment(walk *w)
{
    const cr_yaml_comment *c = &w->comments->comment[w->next++];
    return c->own_line ? cr_builder_comment_before(w->b, c->text, c->size, w->err)
                       : cr_builder_comment_behind(w->b, c->text, c->size, w->err);
}

// The comments before a key, or before an item of a list: then those behind its dash are left.
static cr_status comments_before(walk *w, const cr_yaml *node, bool item)
{
    cr_status status = CREMA_OK;
    while (status == CREMA_OK && w->next < w->comments->n) {
        const cr_yaml_comment *c = &w->comments->comment[w->next];
        if (!stands_before(c, node->line, node->column) || (item && c->after_dash))
            break;
        status = give_comment(w);
    }
    return status;
}

// The comments inside a block up to its end.
static cr_status comments_inside(walk *w, const cr_yaml *map)
{
    cr_status status = CREMA_OK;
    while (status == CREMA_OK && w->next < w->comments->n) {
        const cr_yaml_comment *c = &w->comments->comment[w->next];
        if (!stands_before(c, map->end_line, map->end_column) || (c->own_line && c->column < map->column))
            break;
        status = give_comment(w);
    }
    return status;
}

// An empty block, {}, has its comments behind it: on its line, and below it further in than its key.
static cr_status comments_of_empty(walk *w, const cr_yaml *at, const cr_yaml *map)
{
    int column = at == map ? at->column : at->column + 1;
    cr_status status = CREMA_OK;
    while (status == CREMA_OK && w->next < w->comments->n) {
        const cr_yaml_comment *c = &w->comments->comment[w->next];
        if (c->gap != map->gap_behind || c->after_dash || (c->own_line && c->column < column))
            break;
        status = give_comment(w);
    }
    return status;
}

// What stands in and beside an unknown field goes before it.
static cr_status comments_of_unknown(walk *w, const cr_yaml *key, const cr_yaml *node)
{
    bool block = node->kind != CR_YAML_SCALAR;
    cr_status status = CREMA_OK;
    while (status == CREMA_OK && w->next < w->comments->n) {
        const cr_yaml_comment *c = &w->comments->comment[w->next];
        bool inside = block && stands_before(c, node->end_line, node->end_column) &&
                      (!c->own_line || c->column > key->column);
        if (!inside && (c->own_line || c->line != node->line))
            break;
        w->next++;
        status = cr_builder_comment_before(w->b, c->text, c->size, w->err);
    }
    return status;
}

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
    if (status == CREMA_OK && node->kind == CR_YAML_MAP)
        status = node->n ? comments_inside(w, node) : comments_of_empty(w, at, node);
    return status == CREMA_OK ? cr_builder_leave(w->b, w->err) : status;
}

static bool is_special(const cr_value *value)
{
    static const char *const word[] = {"Infinity", "-Infinity", "NaN"};
    for (size_t i = 0; i < sizeof word / sizeof *word; i++)
        if (strlen(word[i]) == value->size && memcmp(value->text, word[i], value->size) == 0)
            return true;
    return false;
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
    else if (value.kind == CR_VALUE_STRING && (field->type == PROTOBUF_C_TYPE_ENUM || is_special(&value)))
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
    if (status == CREMA_OK)
        status = comments_of_unknown(w, key, node);
    if (status != CREMA_OK)
        return status;
    return cr_builder_unknown(w->b, key->text, key->size, w->size ? w->text : NULL, w->size, key->line,
                              key->column, w->err);
}

// The text of one unknown field: comments, then a name.
static cr_status unknown_text(walk *w, const cr_yaml *node)
{
    const char *s = node->text, *end = s + node->size;
    if (node->kind != CR_YAML_SCALAR || node->plain || memchr(s, 0, node->size))
        return fail_at(w, node, "_unknown", "must be a list of strings, each a field in the text format");
    while (s < end && (strchr(" \t\r\n", *s) || *s == '#')) {
        const char *line_end = *s == '#' ? memchr(s, '\n', (size_t)(end - s)) : s;
        s = line_end ? line_end + 1 : end;
    }
    size_t n = s < end && *s == '[' ? strcspn(s, "]") + 1 : strcspn(s, " \t\r\n:{<[");
    if (s >= end || n == 0 || n > (size_t)(end - s))
        return fail_at(w, node, "_unknown", "must be a list of strings, each a field in the text format");
    return cr_builder_unknown(w->b, s, n, node->text, node->size, node->line, node->column, w->err);
}

static cr_status field_value(walk *w, const cr_yaml *key, const cr_yaml *node)
{
    const ProtobufCFieldDescriptor *field = cr_builder_field(w->b, key->text, key->size);
    cr_status status = CREMA_OK;
    bool texts = !field && strcmp(key->text, "_unknown") == 0;
    if (!field && !texts)
        return unknown(w, key, node);
    if (texts && node->kind != CR_YAML_LIST)
        return unknown_text(w, node);
    if (node->kind != CR_YAML_LIST || (field && field->label != PROTOBUF_C_LABEL_REPEATED))
        return single(w, field, key, node);
    for (size_t j = 0; j < node->n && status == CREMA_OK; j++) {
        const cr_yaml *item = node->item[j];
        status = comments_before(w, item, true);
        if (status == CREMA_OK)
            status = texts ? unknown_text(w, item) : single(w, field, item, item);
    }
    return status;
}

static cr_status fields(walk *w, const cr_yaml *map)
{
    cr_status status = CREMA_OK;
    for (size_t i = 0; i < map->n && status == CREMA_OK; i++) {
        status = comments_before(w, map->key[i], false);
        if (status == CREMA_OK)
            status = field_value(w, map->key[i], map->item[i]);
    }
    return status;
}

cr_status cr_read_yaml(cr_builder *b, cr_arena *arena, const char *file, const char *data, size_t size,
                       cr_err *err)
{
    const cr_yaml *root;
    cr_yaml_comments comments = {0};
    cr_status status = cr_yaml_parse_all(arena, file, data, size, &root, &comments, err);
    if (status != CREMA_OK)
        return status;
    walk w = {.b = b, .file = file, .comments = &comments, .err = err};
    status = root->kind == CR_YAML_MAP ? fields(&w, root)
                                       : fail_at(&w, root, "the file", "must be a map of fields");
    while (status == CREMA_OK && w.next < comments.n)
        status = give_comment(&w);
    cr_free(w.text);
    return status;
}
