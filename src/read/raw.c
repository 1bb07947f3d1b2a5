/*
 * raw.c - protobuf's text format without a schema: a recursive descent over the lexer.
 *
 * text.c has skipped this very text by the same grammar, so errors come from YAML alone, whose keys need not be
 * field names. Positions: the text starts with the comments that stood before the field, then comes its name,
 * whose place in the file is known; what stands on the lines below has its columns in the file as in the text.
 */
#include "read/raw.h"

#include "read/lexer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct reader {
    cr_lexer lexer;
    cr_arena *arena;
    const cr_unknown *unknown;
    bool exact;
    int name_line, name_column; // of the field's name in the text
} reader;

// The children of a block while it is read.
typedef struct children {
    cr_raw *first, **end;
    size_t n;
} children;

static void set_position(const reader *r, cr_raw *node, cr_pos at)
{
    node->line = r->unknown->line;
    node->column = r->unknown->column;
    if (!r->exact)
        return;
    node->line += at.line - r->name_line;
    node->column = at.line == r->name_line ? node->column + at.column - r->name_column : at.column;
}

static cr_status add_node(reader *r, const char *name, cr_pos at, children *to, cr_raw **node)
{
    cr_raw *made = cr_arena_alloc(r->arena, sizeof *made);
    if (!made)
        return cr_no_memory(r->lexer.err);
    made->name = name;
    made->order = to->n++;
    set_position(r, made, at);
    *to->end = made;
    to->end = &made->next;
    *node = made;
    return CREMA_OK;
}

static int by_name(const void *a, const void *b)
{
    const cr_raw *x = *(const cr_raw *const *)a, *y = *(const cr_raw *const *)b;
    int order = strcmp(x->name, y->name);
    return order ? order : x->order < y->order ? -1 : x->order > y->order;
}

static bool give_children(cr_arena *arena, cr_raw *block, const children *from)
{
    block->is_block = true;
    block->child = cr_arena_array(arena, from->n, sizeof *block->child);
    if (!block->child)
        return false;
    for (cr_raw *node = from->first; node; node = node->next)
        block->child[block->n++] = node;
    if (block->n > 1)
        qsort(block->child, block->n, sizeof *block->child, by_name);
    return true;
}

static cr_status fields(reader *r, char close, children *to);

static cr_status block(reader *r, cr_raw *node)
{
    cr_lexer *s = &r->lexer;
    cr_pos here = cr_lex_here(s);
    if (s->depth == CR_MAX_DEPTH)
        return cr_fail(s->err, CREMA_ERR_INPUT, &here, "blocks are nested more than %d deep", CR_MAX_DEPTH);
    children inside = {.end = &inside.first};
    char close = *s->p++ == '{' ? '}' : '>';
    s->depth++;
    cr_status status = fields(r, close, &inside);
    s->depth--;
    if (status != CREMA_OK)
        return status;
    return give_children(r->arena, node, &inside) ? CREMA_OK : cr_no_memory(s->err);
}

static cr_status scalar(reader *r, cr_raw *node)
{
    cr_status status = cr_lex_scalar(&r->lexer, node->name, strlen(node->name), &node->value);
    if (status != CREMA_OK)
        return status;
    node->value.text = cr_arena_strndup(r->arena, node->value.text, node->value.size);
    return node->value.text ? CREMA_OK : cr_no_memory(r->lexer.err);
}

// A block or scalar at the cursor. at: the position of a block.
static cr_status value(reader *r, const char *name, cr_pos at, children *to)
{
    cr_raw *node = NULL;
    bool is_block = cr_lex_at(&r->lexer, '{') || cr_lex_at(&r->lexer, '<');
    cr_status status = add_node(r, name, is_block ? at : cr_lex_here(&r->lexer), to, &node);
    if (status != CREMA_OK)
        return status;
    return is_block ? block(r, node) : scalar(r, node);
}

static cr_status list(reader *r, const char *name, children *to)
{
    cr_lexer *s = &r->lexer;
    for (bool first = true;; first = false) {
        s->p++; // the bracket or a comma
        cr_status status = cr_lex_skip(s, CR_NEXT_FIELD);
        if (status == CREMA_OK && !(first && cr_lex_at(s, ']'))) {
            status = value(r, name, cr_lex_here(s), to);
            if (status == CREMA_OK)
                status = cr_lex_skip(s, CR_NEXT_FIELD);
        }
        if (status != CREMA_OK)
            return status;
        if (cr_lex_at(s, ']')) {
            s->p++;
            return CREMA_OK;
        }
        if (!cr_lex_at(s, ','))
            return cr_lex_expected(s, "\",\" or \"]\" in a list");
    }
}

// A word, or the [name] of an extension.
static cr_status field_name(reader *r, const char **name)
{
    cr_lexer *s = &r->lexer;
    const char *from = s->p;
    if (cr_lex_at(s, '[')) {
        while (s->p < s->end && *s->p != ']')
            s->p++;
        s->p += s->p < s->end;
    } else if (s->p < s->end && cr_lex_is(s->p, CR_LETTER)) {
        while (s->p < s->end && cr_lex_is(s->p, CR_LETTER | CR_DIGIT))
            s->p++;
    } else {
        return cr_lex_expected(s, "a field's name");
    }
    *name = cr_arena_strndup(r->arena, from, (size_t)(s->p - from));
    return *name ? CREMA_OK : cr_no_memory(s->err);
}

static cr_status field(reader *r, children *to)
{
    cr_lexer *s = &r->lexer;
    cr_pos at = cr_lex_here(s);
    const char *name;
    cr_status status = field_name(r, &name);
    if (status == CREMA_OK)
        status = cr_lex_skip(s, CR_NEXT_FIELD);
    if (status == CREMA_OK && cr_lex_at(s, ':')) {
        s->p++;
        status = cr_lex_skip(s, CR_NEXT_FIELD);
    }
    if (status == CREMA_OK)
        status = cr_lex_at(s, '[') ? list(r, name, to) : value(r, name, at, to);
    if (status == CREMA_OK)
        status = cr_lex_skip(s, CR_NEXT_FIELD);
    if (status == CREMA_OK && (cr_lex_at(s, ';') || cr_lex_at(s, ',')))
        s->p++;
    return status;
}

// Up to and with `close`; 0: to the end of the text.
static cr_status fields(reader *r, char close, children *to)
{
    cr_lexer *s = &r->lexer;
    for (;;) {
        cr_status status = cr_lex_skip(s, CR_NEXT_FIELD);
        if (status != CREMA_OK || (!close && s->p >= s->end))
            return status;
        if (close && cr_lex_at(s, close)) {
            s->p++;
            return CREMA_OK;
        }
        if ((status = field(r, to)) != CREMA_OK)
            return status;
    }
}

static cr_status parse_one(reader *r, const char *file, const cr_unknown *unknown, children *to, cr_err *err)
{
    cr_err why = {0};
    cr_lexer *s = &r->lexer;
    r->unknown = unknown;
    cr_lex_start(s, NULL, file, unknown->text, strlen(unknown->text), &why);
    s->raw = true;          // there is no builder to take comments,
    s->warned_space = true; // nor a log for this warning, which has been given
    cr_status status = cr_lex_skip(s, CR_NEXT_FIELD);
    r->name_line = s->line;
    r->name_column = cr_lex_here(s).column;
    if (status == CREMA_OK)
        status = fields(r, 0, to);
    cr_lex_end(s);
    cr_pos pos = {file, unknown->line, unknown->column};
    if (status == CREMA_ERR_INPUT)
        return cr_fail(err, status, &pos, "%.80s can't be read as fields: %s", unknown->name, why.message);
    return status == CREMA_OK ? status : cr_no_memory(err);
}

cr_status cr_raw_parse(cr_arena *arena, const char *file, const cr_unknown *first, bool exact, cr_raw **block,
                       cr_err *err)
{
    reader r = {.arena = arena, .exact = exact};
    children all = {.end = &all.first};
    for (const cr_unknown *u = first; u; u = u->next) {
        cr_status status = u->text ? parse_one(&r, file, u, &all, err) : CREMA_OK;
        if (status != CREMA_OK)
            return status;
    }
    *block = cr_arena_alloc(arena, sizeof **block);
    return *block && give_children(arena, *block, &all) ? CREMA_OK : cr_no_memory(err);
}

// The first child whose name is not before `name`, or behind it.
static size_t bound(const cr_raw *block, const char *name, bool behind)
{
    size_t low = 0, high = block->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = strcmp(block->child[mid]->name, name);
        if (order < 0 || (behind && order == 0))
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

size_t cr_raw_find(const cr_raw *block, const char *name, size_t *at)
{
    *at = bound(block, name, false);
    return bound(block, name, true) - *at;
}
