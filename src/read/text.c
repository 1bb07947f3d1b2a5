/*
 * text.c - protobuf's text format, as events for the builder.
 *
 * A recursive descent over the bytes (lexer.h). It knows the grammar only: which field a name means and what a
 * value must be is the builder's business. Fields that the builder does not know are skipped by their syntax
 * and handed over as raw text. Messages may stand in {} or <>, with or without a colon; any field may be
 * followed by one ; or , and repeated fields may be lists in [].
 *
 * A scalar's position is that of its value, a block's that of its name (in a list, of its bracket).
 */
#include "read/lexer.h"
#include "read/message.h"

#include <stdio.h>
#include <string.h>

// A field's name: a word, or the [name] of an extension or of an Any's type.
static cr_status field_name(cr_lexer *s, const char **name, size_t *size)
{
    if (s->p < s->end && cr_lex_is(s->p, CR_LETTER)) {
        for (*name = s->p; s->p < s->end && cr_lex_is(s->p, CR_LETTER | CR_DIGIT);)
            s->p++;
        *size = (size_t)(s->p - *name);
        return CREMA_OK;
    }
    if (!cr_lex_at(s, '['))
        return cr_lex_expected(s, "a field's name");
    *name = s->p++;
    while (s->p < s->end && (cr_lex_is(s->p, CR_LETTER | CR_DIGIT) || strchr("./-%~ \t", *s->p)) && *s->p)
        s->p++;
    if (!cr_lex_at(s, ']'))
        return cr_lex_expected(s, "\"]\" behind the extension's name");
    *size = (size_t)(++s->p - *name);
    return CREMA_OK;
}

// One separator may stand behind a field.
static cr_status separator(cr_lexer *s)
{
    cr_status status = cr_lex_skip(s, CR_LAST_FIELD);
    if (status == CREMA_OK && (cr_lex_at(s, ';') || cr_lex_at(s, ',')))
        s->p++;
    return status;
}

static cr_status not_closed(const cr_lexer *s, char close, int line, const char *name, size_t size)
{
    char buf[96];
    cr_pos pos = cr_lex_here(s);
    return cr_fail(s->err, CREMA_ERR_INPUT, &pos,
                   "expected a field's name or the \"%c\" of %.*s, which was opened in line %d, found %s",
                   close, (int)(size > 80 ? 80 : size), name, line, cr_lex_found(s, buf));
}

static cr_status deeper(cr_lexer *s)
{
    cr_pos pos = cr_lex_here(s);
    if (s->depth == CR_MAX_DEPTH)
        return cr_fail(s->err, CREMA_ERR_INPUT, &pos, "blocks are nested more than %d deep", CR_MAX_DEPTH);
    s->depth++;
    return CREMA_OK;
}

static bool opens(const cr_lexer *s)
{
    return cr_lex_at(s, '{') || cr_lex_at(s, '<');
}

static cr_status field(cr_lexer *s);

// The fields of a block up to its closing bracket, whose opening one is at the cursor.
static cr_status block(cr_lexer *s, const char *name, size_t size)
{
    int line = s->line;
    char close = *s->p == '{' ? '}' : '>';
    cr_status status = deeper(s);
    s->p++;
    while (status == CREMA_OK && (status = cr_lex_skip(s, CR_LAST_FIELD)) == CREMA_OK &&
           !cr_lex_at(s, close)) {
        if (s->p >= s->end || !(cr_lex_is(s->p, CR_LETTER) || *s->p == '['))
            return not_closed(s, close, line, name, size);
        status = field(s);
    }
    s->depth--;
    s->p++;
    return status;
}

// `[` element, element `]`, each through one(); an empty list is fine, a comma at the end is not.
static cr_status list(cr_lexer *s, cr_status (*one)(cr_lexer *s, void *arg), void *arg)
{
    s->p++;
    cr_status status = cr_lex_skip(s, CR_LAST_FIELD);
    if (status != CREMA_OK || cr_lex_at(s, ']')) {
        s->p++;
        return status;
    }
    for (;;) {
        if ((status = one(s, arg)) != CREMA_OK || (status = cr_lex_skip(s, CR_LAST_FIELD)) != CREMA_OK)
            return status;
        char c = s->p < s->end ? *s->p : 0;
        if (c != ',' && c != ']')
            return cr_lex_expected(s, "\",\" or \"]\" in a list");
        s->p++;
        if (c == ']')
            return CREMA_OK;
        if ((status = cr_lex_skip(s, CR_LAST_FIELD)) != CREMA_OK)
            return status;
    }
}

typedef struct target {
    const char *name;
    size_t size;
    const ProtobufCFieldDescriptor *field; // NULL: unknown
    int line, column;                      // of the name
    bool in_list;
} target;

static cr_status one_block(cr_lexer *s, void *arg)
{
    const target *t = arg;
    if (!opens(s)) {
        char what[128];
        snprintf(what, sizeof what, "\"{\" for the block %.*s", (int)(t->size > 80 ? 80 : t->size), t->name);
        return cr_lex_expected(s, what);
    }
    if (!t->field)
        return block(s, t->name, t->size);
    cr_pos pos = cr_lex_here(s);
    cr_status status = cr_builder_enter(s->b, t->field, t->in_list ? pos.line : t->line,
                                        t->in_list ? pos.column : t->column, s->err);
    if (status == CREMA_OK)
        status = block(s, t->name, t->size);
    return status == CREMA_OK ? cr_builder_leave(s->b, s->err) : status;
}

static cr_status one_scalar(cr_lexer *s, void *arg)
{
    const target *t = arg;
    cr_value value = {0};
    cr_pos pos = cr_lex_here(s);
    if (t->field && opens(s))
        return cr_fail(s->err, CREMA_ERR_INPUT, &pos, "%.*s takes a single value, not a block", (int)t->size,
                       t->name);
    cr_status status = cr_lex_scalar(s, t->name, t->size, &value);
    if (status != CREMA_OK || !t->field)
        return status;
    return cr_builder_set(s->b, t->field, &value, pos.line, pos.column, s->err);
}

static cr_status one_unknown(cr_lexer *s, void *arg)
{
    return opens(s) ? one_block(s, arg) : one_scalar(s, arg);
}

// The value of a field whose name was read.
static cr_status field_value(cr_lexer *s, target *t)
{
    bool is_block = t->field && t->field->type == PROTOBUF_C_TYPE_MESSAGE;
    cr_status status = cr_lex_skip(s, CR_NEXT_FIELD);
    if (status != CREMA_OK)
        return status;
    bool colon = cr_lex_at(s, ':');
    if (colon) {
        s->p++;
        if ((status = cr_lex_skip(s, CR_NEXT_FIELD)) != CREMA_OK)
            return status;
    } else if (!is_block && !(opens(s) || cr_lex_at(s, '['))) {
        char what[128];
        snprintf(what, sizeof what, "\":\" behind %.*s", (int)(t->size > 80 ? 80 : t->size), t->name);
        return cr_lex_expected(s, what);
    }
    cr_status (*one)(cr_lexer *, void *) = !t->field ? one_unknown : is_block ? one_block : one_scalar;
    if (!cr_lex_at(s, '['))
        return one(s, t);
    if (t->field && t->field->label != PROTOBUF_C_LABEL_REPEATED) {
        cr_pos pos = cr_lex_here(s);
        return cr_fail(s->err, CREMA_ERR_INPUT, &pos, "%.*s takes one value, not a list", (int)t->size,
                       t->name);
    }
    t->in_list = true;
    return list(s, one, t);
}

// To the end of a comment on the cursor's line, if there is one: it stays with an unknown field's text.
static void take_rest_of_line(cr_lexer *s)
{
    const char *p = s->p;
    while (p < s->end && (*p == ' ' || *p == '\t'))
        p++;
    if (p < s->end && *p == '#') {
        while (p < s->end && *p != '\n')
            p++;
        while (p > s->p && cr_lex_is(p - 1, CR_SPACE))
            p--;
        s->p = p;
    }
}

static cr_status field(cr_lexer *s)
{
    target t = {0};
    cr_pos pos = cr_lex_here(s);
    cr_status status = field_name(s, &t.name, &t.size);
    if (status != CREMA_OK)
        return status;
    s->any = true;
    t.line = pos.line;
    t.column = pos.column;
    bool inside_unknown = s->raw;
    if (!inside_unknown)
        t.field = cr_builder_field(s->b, t.name, t.size);
    s->raw = !t.field;
    status = field_value(s, &t);
    s->raw = inside_unknown;
    if (status == CREMA_OK && !t.field && !inside_unknown) {
        take_rest_of_line(s);
        status = cr_builder_unknown(s->b, t.name, t.size, t.name, (size_t)(s->p - t.name), pos.line,
                                    pos.column, s->err);
    }
    return status == CREMA_OK ? separator(s) : status;
}

cr_status cr_read_text(cr_builder *b, const char *file, const char *data, size_t size, cr_err *err)
{
    cr_lexer s;
    cr_status status;
    cr_lex_start(&s, b, file, data, size, err);
    while ((status = cr_lex_skip(&s, CR_LAST_FIELD)) == CREMA_OK && s.p < s.end &&
           (status = field(&s)) == CREMA_OK)
        ;
    cr_lex_end(&s);
    return status;
}
