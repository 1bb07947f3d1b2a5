/*
 * yaml.c - a YAML file as a tree with positions, over libyaml's events.
 *
 * The children of an open list or map wait on one stack and are copied to the arena when it closes. An anchor
 * is known from the end of its node on, so a tree can't hold itself. Every node knows how large it is with all
 * aliases written out; a document that grows out of proportion that way is refused when it is complete.
 * libyaml looks ahead by a bounded amount only, so the limit on nesting holds before it has read much more.
 *
 * libyaml skips comments, but its marks tell where they can be: between the end of one event and the start of the
 * next there are indicators, space and comments only.
 */
#include "read/yaml.h"

#include "base/names.h"
#include "schema/value.h"

#include <stdio.h>
#include <string.h>
#include <yaml.h>

enum {
    MAX_NESTING = 100,
    FREE_EXPANSION = 100000, // what aliases may add to any document
    MAX_EXPANSION = 10,      // and so many times what the file really has
    UNIT_BYTES = 8,          // so many bytes of a scalar count as much as a node
    SMALL_MAP = 8            // keys up to which a comparison of all is quick
};

typedef struct sized {
    cr_yaml yaml; // first: a cr_yaml that this file made is a sized one
    uint64_t expanded;
} sized;

typedef struct reader {
    yaml_parser_t parser;
    cr_arena *arena;
    const char *file;
    const char *data;
    cr_names anchors;
    const cr_yaml **stack;
    size_t n, room;
    uint64_t total; // of all nodes as they stand in the file
    int depth;
    cr_yaml_comments *comments; // NULL: not wanted
    const char *at, *end;       // how far comments were looked for
    size_t at_index;            // of that in libyaml's count, which is in letters
    int line, column;
    size_t n_events;
    cr_err *err;
} reader;

static cr_pos pos_of(const reader *r, yaml_mark_t mark)
{
    return (cr_pos){r->file, (int)mark.line + 1, (int)mark.column + 1};
}

// What libyaml has to say.
static cr_status syntax_error(reader *r)
{
    const yaml_parser_t *p = &r->parser;
    const char *problem = p->problem ? p->problem : "syntax error";
    cr_pos pos = pos_of(r, p->problem_mark);
    if (p->error == YAML_MEMORY_ERROR)
        return cr_no_memory(r->err);
    if (p->error == YAML_READER_ERROR) { // has a byte offset instead of a mark
        const char *line_start = r->data;
        pos.line = 1;
        for (const char *c = r->data; c < r->data + p->problem_offset; c++)
            if (*c == '\n') {
                pos.line++;
                line_start = c + 1;
            }
        pos.column = (int)(r->data + p->problem_offset - line_start) + 1;
        return cr_fail(r->err, CREMA_ERR_INPUT, &pos, "not YAML: %s", problem);
    }
    if (p->context)
        return cr_fail(r->err, CREMA_ERR_INPUT, &pos, "not YAML: %s (%s that starts in line %d)", problem,
                       p->context, (int)p->context_mark.line + 1);
    return cr_fail(r->err, CREMA_ERR_INPUT, &pos, "not YAML: %s", problem);
}

static bool add_comment(reader *r, cr_yaml_comment found)
{
    cr_yaml_comments *c = r->comments;
    if (c->n == c->room) {
        size_t room = c->room ? c->room * 2 : 16;
        cr_yaml_comment *fresh = cr_arena_array(r->arena, room, sizeof *fresh);
        if (!fresh)
            return false;
        if (c->n > 0)
            memcpy(fresh, c->comment, c->n * sizeof *fresh);
        c->comment = fresh;
        c->room = room;
    }
    c->comment[c->n++] = found;
    return true;
}

// One letter on.
static void step(reader *r)
{
    bool ends_line = *r->at == '\n' || (*r->at == '\r' && !(r->at + 1 < r->end && r->at[1] == '\n'));
    for (r->at++; r->at < r->end && ((unsigned char)*r->at & 0xC0) == 0x80;)
        r->at++;
    r->at_index++;
    r->line += ends_line;
    r->column = ends_line ? 1 : r->column + 1;
}

// Over what lies between two events.
static cr_status take_comments(reader *r, size_t to)
{
    bool dash = false, own_line = r->column == 1;
    while (r->at < r->end && r->at_index < to) {
        int line = r->line;
        if (*r->at == '#') {
            const char *from = r->at;
            cr_yaml_comment found = {from, 0, r->line, r->column, own_line, r->n_events, dash};
            while (r->at < r->end && r->at_index < to && *r->at != '\n' && *r->at != '\r')
                step(r);
            for (found.size = (size_t)(r->at - from); strchr(" \t", from[found.size - 1]);)
                found.size--;
            if (!add_comment(r, found))
                return cr_no_memory(r->err);
            continue;
        }
        dash |= *r->at == '-';
        own_line &= *r->at == ' ' || *r->at == '\t';
        step(r);
        own_line |= r->line != line;
    }
    return CREMA_OK;
}

static cr_status next(reader *r, yaml_event_t *event)
{
    if (!yaml_parser_parse(&r->parser, event))
        return syntax_error(r);
    if (!r->comments)
        return CREMA_OK;
    cr_status status = take_comments(r, event->start_mark.index);
    while (r->at < r->end && r->at_index < event->end_mark.index)
        step(r);
    r->n_events++;
    if (status != CREMA_OK)
        yaml_event_delete(event);
    return status;
}

static cr_status push(reader *r, const cr_yaml *child)
{
    if (r->n == r->room) {
        size_t room = r->room ? r->room * 2 : 64, bytes;
        void *fresh = cr_size_mul(room, sizeof *r->stack, &bytes) ? cr_realloc(r->stack, bytes) : NULL;
        if (!fresh)
            return cr_no_memory(r->err);
        r->stack = fresh;
        r->room = room;
    }
    r->stack[r->n++] = child;
    return CREMA_OK;
}

static uint64_t expanded_of(const cr_yaml *y)
{
    return ((const sized *)y)->expanded;
}

static cr_status same_key_twice(const reader *r, const cr_yaml *key, const cr_yaml *first)
{
    cr_pos pos = {r->file, key->line, key->column};
    return cr_fail(r->err, CREMA_ERR_INPUT, &pos,
                   "the key \"%.80s\" is given a second time (first in line %d)", key->text, first->line);
}

static cr_status check_keys(const reader *r, const cr_yaml *map)
{
    cr_names names;
    cr_names_init(&names, r->arena);
    for (size_t i = 0; i < map->n; i++) {
        const cr_yaml *key = map->key[i];
        cr_pos pos = {r->file, key->line, key->column};
        if (key->kind != CR_YAML_SCALAR || memchr(key->text, 0, key->size))
            return cr_fail(r->err, CREMA_ERR_INPUT, &pos, "a key must be a single word");
        if (map->n <= SMALL_MAP) {
            for (size_t j = 0; j < i; j++)
                if (strcmp(key->text, map->key[j]->text) == 0)
                    return same_key_twice(r, key, map->key[j]);
            continue;
        }
        int64_t first;
        if (cr_names_get(&names, key->text, &first))
            return same_key_twice(r, key, map->key[first]);
        if (!cr_names_put(&names, key->text, (int64_t)i))
            return cr_no_memory(r->err);
    }
    return CREMA_OK;
}

// Takes the children from `from` on off the stack into the list or map.
static cr_status close_node(reader *r, sized *out, size_t from)
{
    size_t n = r->n - from;
    bool map = out->yaml.kind == CR_YAML_MAP;
    if (map)
        n /= 2;
    const cr_yaml **item = cr_arena_array(r->arena, n, sizeof *item);
    const cr_yaml **key = map ? cr_arena_array(r->arena, n, sizeof *key) : NULL;
    if (!item || (map && !key))
        return cr_no_memory(r->err);
    for (size_t i = 0; i < n; i++) {
        if (map)
            key[i] = r->stack[from + 2 * i];
        item[i] = r->stack[from + (map ? 2 * i + 1 : i)];
    }
    for (size_t i = from; i < r->n; i++)
        if (__builtin_add_overflow(out->expanded, expanded_of(r->stack[i]), &out->expanded))
            out->expanded = UINT64_MAX;
    r->n = from;
    out->yaml.n = n;
    out->yaml.key = key;
    out->yaml.item = item;
    return map ? check_keys(r, &out->yaml) : CREMA_OK;
}

static cr_status remember(reader *r, const yaml_char_t *anchor, const sized *n)
{
    if (!anchor)
        return CREMA_OK;
    char *name = cr_arena_strdup(r->arena, (const char *)anchor);
    return name && cr_names_put(&r->anchors, name, (int64_t)(uintptr_t)n) ? CREMA_OK : cr_no_memory(r->err);
}

static cr_status alias(const reader *r, const yaml_event_t *event, const cr_yaml **out)
{
    const char *name = (const char *)event->data.alias.anchor;
    int64_t where;
    cr_pos pos = pos_of(r, event->start_mark);
    if (!cr_names_get(&r->anchors, name, &where))
        return cr_fail(r->err, CREMA_ERR_INPUT, &pos, "the alias *%.80s has no anchor &%.80s before it", name,
                       name);
    *out = &((const sized *)(uintptr_t)where)->yaml;
    return CREMA_OK;
}

static cr_status scalar(const reader *r, const yaml_event_t *event, sized *out)
{
    const char *tag = (const char *)event->data.scalar.tag;
    out->yaml.kind = CR_YAML_SCALAR;
    out->yaml.plain =
        event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && !(tag && strcmp(tag, YAML_STR_TAG) == 0);
    out->yaml.size = event->data.scalar.length;
    out->yaml.text = cr_arena_strndup(r->arena, (const char *)event->data.scalar.value, out->yaml.size);
    return out->yaml.text ? CREMA_OK : cr_no_memory(r->err);
}

static cr_status value(reader *r, const yaml_event_t *event, const cr_yaml **out);

static cr_status children(reader *r, sized *out, yaml_event_type_t end)
{
    size_t from = r->n;
    cr_pos pos = {r->file, out->yaml.line, out->yaml.column};
    if (r->depth == MAX_NESTING)
        return cr_fail(r->err, CREMA_ERR_INPUT, &pos, "lists and maps are nested more than %d deep",
                       MAX_NESTING);
    r->depth++;
    for (;;) {
        yaml_event_t event;
        const cr_yaml *child = NULL;
        cr_status status = next(r, &event);
        if (status != CREMA_OK)
            return status;
        bool done = event.type == end;
        if (done) {
            out->yaml.end_line = (int)event.start_mark.line + 1;
            out->yaml.end_column = (int)event.start_mark.column + 1;
            out->yaml.gap_behind = r->n_events;
        } else
            status = value(r, &event, &child);
        yaml_event_delete(&event);
        if (!done && status == CREMA_OK)
            status = push(r, child);
        if (status != CREMA_OK)
            return status;
        if (done)
            break;
    }
    r->depth--;
    return close_node(r, out, from);
}

static cr_status value(reader *r, const yaml_event_t *event, const cr_yaml **out)
{
    if (event->type == YAML_ALIAS_EVENT)
        return alias(r, event, out);
    sized *n = cr_arena_alloc(r->arena, sizeof *n);
    if (!n)
        return cr_no_memory(r->err);
    n->yaml.line = (int)event->start_mark.line + 1;
    n->yaml.column = (int)event->start_mark.column + 1;
    n->expanded = 1 + (event->type == YAML_SCALAR_EVENT ? event->data.scalar.length / UNIT_BYTES : 0);
    r->total += n->expanded;
    *out = &n->yaml;
    cr_status status;
    const yaml_char_t *anchor;
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        status = scalar(r, event, n);
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        n->yaml.kind = CR_YAML_LIST;
        status = children(r, n, YAML_SEQUENCE_END_EVENT);
    } else {
        anchor = event->data.mapping_start.anchor;
        n->yaml.kind = CR_YAML_MAP;
        status = children(r, n, YAML_MAPPING_END_EVENT);
    }
    return status == CREMA_OK ? remember(r, anchor, n) : status;
}

// stream start, document start, one value, document end, stream end
static cr_status document(reader *r, const cr_yaml **root)
{
    *root = NULL;
    for (;;) {
        yaml_event_t event;
        cr_status status = next(r, &event);
        if (status != CREMA_OK)
            return status;
        yaml_event_type_t type = event.type;
        cr_pos pos = pos_of(r, event.start_mark);
        if (type == YAML_DOCUMENT_START_EVENT && *root)
            status =
                cr_fail(r->err, CREMA_ERR_INPUT, &pos, "a second document starts here; only one is expected");
        else if (type == YAML_SCALAR_EVENT || type == YAML_SEQUENCE_START_EVENT ||
                 type == YAML_MAPPING_START_EVENT || type == YAML_ALIAS_EVENT)
            status = value(r, &event, root);
        yaml_event_delete(&event);
        if (status != CREMA_OK || type == YAML_STREAM_END_EVENT)
            return status;
    }
}

cr_status cr_yaml_parse(cr_arena *arena, const char *file, const char *data, size_t size,
                        const cr_yaml **root, cr_err *err)
{
    return cr_yaml_parse_all(arena, file, data, size, root, NULL, err);
}

cr_status cr_yaml_parse_all(cr_arena *arena, const char *file, const char *data, size_t size,
                            const cr_yaml **root, cr_yaml_comments *comments, cr_err *err)
{
    size_t mark = size >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0; // which libyaml does not count
    reader r = {.arena = arena,
                .file = file,
                .data = data,
                .comments = comments,
                .at = data + mark,
                .end = data + size,
                .line = 1,
                .column = 1,
                .err = err};
    cr_names_init(&r.anchors, arena);
    *root = NULL;
    if (!yaml_parser_initialize(&r.parser))
        return cr_no_memory(err);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)data, size);
    cr_status status = document(&r, root);
    yaml_parser_delete(&r.parser);
    cr_free(r.stack);
    cr_pos pos = {file, 1, 1};
    if (status == CREMA_OK && !*root)
        status = cr_fail(err, CREMA_ERR_INPUT, &pos, "there is nothing in this file but comments and space");
    else if (status == CREMA_OK && expanded_of(*root) > FREE_EXPANSION + MAX_EXPANSION * r.total)
        status = cr_fail(err, CREMA_ERR_INPUT, &pos,
                         "aliases make this document %llu times as large, which is out of proportion",
                         (unsigned long long)(expanded_of(*root) / r.total));
    if (status != CREMA_OK)
        *root = NULL;
    return status;
}

const cr_yaml *cr_yaml_get(const cr_yaml *map, const char *key)
{
    if (map->kind == CR_YAML_MAP)
        for (size_t i = 0; i < map->n; i++)
            if (strcmp(map->key[i]->text, key) == 0)
                return map->item[i];
    return NULL;
}

cr_value cr_yaml_value(const cr_yaml *node)
{
    cr_value v = {.kind = CR_VALUE_STRING, .text = node->text, .size = node->size};
    if (!node->plain)
        return v;
    const char *s = node->text;
    bool negative = s[0] == '-';
    const char *body = s[0] == '-' || s[0] == '+' ? s + 1 : s;
    if (s[0] == '+') {
        v.text++;
        v.size--;
    }
    bool starts_number =
        (body[0] >= '0' && body[0] <= '9') || (body[0] == '.' && body[1] >= '0' && body[1] <= '9');
    v.kind = starts_number ? CR_VALUE_NUMBER : CR_VALUE_WORD;
    bool infinite = strcmp(body, ".inf") == 0 || strcmp(body, ".Inf") == 0 || strcmp(body, ".INF") == 0;
    if (infinite || strcmp(s, ".nan") == 0 || strcmp(s, ".NaN") == 0 || strcmp(s, ".NAN") == 0) {
        v.text = !infinite ? "nan" : negative ? "-inf" : "inf";
        v.size = strlen(v.text);
    }
    return v;
}

static cr_status wrong(const cr_yaml *node, const char *file, const char *what, const char *why, cr_err *err)
{
    cr_pos pos = {file, node->line, node->column};
    return cr_fail(err, CREMA_ERR_INPUT, &pos, "%s %s", what, why);
}

cr_status cr_yaml_number(const cr_yaml *node, const char *file, const char *what, double *out, cr_err *err)
{
    char why[CR_VALUE_WHY];
    cr_arena arena = {0};
    if (node->kind != CR_YAML_SCALAR)
        return wrong(node, file, what, "must be a number", err);
    cr_value v = cr_yaml_value(node);
    cr_status status = cr_value_real(&v, &arena, out, why);
    cr_arena_free(&arena);
    if (status == CREMA_ERR_MEMORY)
        return cr_no_memory(err);
    return status == CREMA_OK ? CREMA_OK : wrong(node, file, what, why, err);
}

cr_status cr_yaml_integer(const cr_yaml *node, const char *file, const char *what, int64_t *out, cr_err *err)
{
    char why[CR_VALUE_WHY];
    if (node->kind != CR_YAML_SCALAR)
        return wrong(node, file, what, "must be a whole number", err);
    cr_value v = cr_yaml_value(node);
    if (cr_value_integer(&v, INT64_MIN, INT64_MAX, out, why) != CREMA_OK)
        return wrong(node, file, what, why, err);
    return CREMA_OK;
}

cr_status cr_yaml_string(const cr_yaml *node, const char *file, const char *what, const char **out,
                         cr_err *err)
{
    if (node->kind != CR_YAML_SCALAR || (node->plain && node->size == 0))
        return wrong(node, file, what, "must be a string", err);
    if (memchr(node->text, 0, node->size))
        return wrong(node, file, what, "has a zero byte inside, which a string can't have", err);
    *out = node->text;
    return CREMA_OK;
}

cr_status cr_yaml_known_keys(const cr_yaml *map, const char *file, const char *const *known, cr_err *err)
{
    if (map->kind != CR_YAML_MAP)
        return wrong(map, file, "this", "must be a map of keys and values", err);
    for (size_t i = 0; i < map->n; i++) {
        const char *const *k = known;
        while (*k && strcmp(*k, map->key[i]->text) != 0)
            k++;
        if (*k)
            continue;
        const char *near = cr_nearest(map->key[i]->text, known);
        cr_pos pos = {file, map->key[i]->line, map->key[i]->column};
        return cr_fail(err, CREMA_ERR_INPUT, &pos, "unknown key \"%.80s\"%s%s%s", map->key[i]->text,
                       near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    }
    return CREMA_OK;
}
