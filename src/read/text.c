/*
 * text.c - protobuf's text format, as events for the builder.
 *
 * A recursive descent over the bytes, without a token list. It knows the grammar only: which field a name means
 * and what a value must be is the builder's business. Fields that the builder does not know are skipped by
 * their syntax and handed over as raw text.
 *
 * Comments go to the notes: one on the line of the token before it belongs to the field set last, any other to
 * the next field. Accepted beyond Caffe's own parser: a byte order mark and non-breaking spaces, both as pages
 * and editors leave them behind (the latter with a warning).
 *
 * The lexical rules are those of protobuf.dev/reference/protobuf/textformat-spec. Columns count bytes from 1.
 */
#include "read/message.h"

#include <stdio.h>
#include <string.h>

typedef struct parser {
    cr_builder *b;
    const char *file;
    const char *p, *end;
    const char *line_start;
    int line;
    int depth;         // of blocks, known or not
    bool any;          // a field was read
    bool raw;          // inside an unknown field: its comments stay in its text
    bool warned_space; // of a non-breaking space
    char *scratch;     // of a string with escapes or in several parts, or of a number with its sign apart
    size_t scratch_size, scratch_room;
    cr_err *err;
} parser;

// What a comment on the line of the token before it belongs to.
typedef enum comment_owner { LAST_FIELD, NEXT_FIELD } comment_owner;

enum { LETTER = 1, DIGIT = 2, SPACE = 4 };
static const unsigned char kinds[256] = {
    ['A' ... 'Z'] = LETTER, ['a' ... 'z'] = LETTER, ['_'] = LETTER, ['0' ... '9'] = DIGIT,
    [' '] = SPACE,          ['\t' ... '\r'] = SPACE // tab, line feed, vertical tab, form feed, return
};

static bool is(const char *p, int kind)
{
    return (kinds[(unsigned char)*p] & kind) != 0;
}

static cr_pos here(const parser *s)
{
    return (cr_pos){s->file, s->line, (int)(s->p - s->line_start) + 1};
}

static bool starts(const parser *s, const char *with)
{
    size_t n = strlen(with);
    return (size_t)(s->end - s->p) >= n && memcmp(s->p, with, n) == 0;
}

// What stands at the cursor, for "found ...".
static const char *found(const parser *s, char buf[96])
{
    if (s->p >= s->end)
        return "the end of the file";
    if (*s->p == 0)
        return "a zero byte";
    if (starts(s, "\xE2\x80\x9C") || starts(s, "\xE2\x80\x9D") || starts(s, "\xE2\x80\x98") ||
        starts(s, "\xE2\x80\x99"))
        return "a curly quote, as web pages have them; write a plain \" instead";
    if (starts(s, "//") || starts(s, "/*"))
        return "a slash; comments start with #";
    const char *q = s->p;
    if (is(q, LETTER | DIGIT))
        while (q < s->end && q - s->p < 40 && is(q, LETTER | DIGIT))
            q++;
    else if (*q == '"' || *q == '\'')
        return "a string";
    else
        for (q++; q < s->end && ((unsigned char)*q & 0xC0) == 0x80 && q - s->p < 4;)
            q++;
    if ((unsigned char)*s->p < 0x20 || *s->p == 0x7F)
        snprintf(buf, 96, "a control character (%d)", *s->p);
    else
        snprintf(buf, 96, "%s%.*s%s", *s->p == '"' ? "" : "\"", (int)(q - s->p), s->p,
                 *s->p == '"' ? "" : "\"");
    return buf;
}

static cr_status expected(const parser *s, const char *what)
{
    char buf[96];
    cr_pos pos = here(s);
    return cr_fail(s->err, CREMA_ERR_INPUT, &pos, "expected %s, found %s", what, found(s, buf));
}

static cr_status take_comment(parser *s, bool behind)
{
    const char *from = s->p;
    const char *to = memchr(from, '\n', (size_t)(s->end - from));
    s->p = to = to ? to : s->end;
    if (s->raw)
        return CREMA_OK;
    while (to > from && is(to - 1, SPACE))
        to--;
    size_t n = (size_t)(to - from);
    return behind ? cr_builder_comment_behind(s->b, from, n, s->err)
                  : cr_builder_comment_before(s->b, from, n, s->err);
}

// Over white space and comments.
static cr_status skip(parser *s, comment_owner owner)
{
    int token_line = s->any ? s->line : 0;
    for (; s->p < s->end; s->p++) {
        if (*s->p == '\n') {
            s->line++;
            s->line_start = s->p + 1;
        } else if (*s->p == '#') {
            cr_status status = take_comment(s, owner == LAST_FIELD && s->line == token_line);
            if (status != CREMA_OK)
                return status;
            s->p--; // the end of the line comes next
        } else if (starts(s, "\xC2\xA0")) {
            cr_pos pos = here(s);
            if (!s->warned_space)
                cr_warn(cr_builder_log(s->b), &pos, "a non-breaking space is read as a space");
            s->warned_space = true;
            s->p++;
        } else if (!is(s->p, SPACE)) {
            break;
        }
    }
    return CREMA_OK;
}

static bool at(const parser *s, char c)
{
    return s->p < s->end && *s->p == c;
}

static cr_status push(parser *s, const char *bytes, size_t n)
{
    size_t need;
    if (!cr_size_add(s->scratch_size, n, &need))
        return cr_no_memory(s->err);
    if (need > s->scratch_room) {
        size_t room = need < 128 ? 256 : need * 2;
        char *fresh = room > need ? cr_realloc(s->scratch, room) : NULL;
        if (!fresh)
            return cr_no_memory(s->err);
        s->scratch = fresh;
        s->scratch_room = room;
    }
    if (n > 0)
        memcpy(s->scratch + s->scratch_size, bytes, n);
    s->scratch_size = need;
    return CREMA_OK;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// Between least and most digits of a base at the cursor; false: too few.
static bool digits(parser *s, unsigned base, int least, int most, uint32_t *out)
{
    int n = 0;
    for (*out = 0; n < most && s->p < s->end; n++, s->p++) {
        int d = hex_digit(*s->p);
        if (d < 0 || (unsigned)d >= base)
            break;
        *out = *out * base + (uint32_t)d;
    }
    return n >= least;
}

static cr_status push_utf8(parser *s, uint32_t c)
{
    char buf[4];
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    if (n == 1) {
        buf[0] = (char)c;
    } else {
        for (size_t i = n - 1; i > 0; i--, c >>= 6)
            buf[i] = (char)(0x80 | (c & 0x3F));
        buf[0] = (char)((0xF00u >> n) | c);
    }
    return push(s, buf, n);
}

// \uXXXX or \UXXXXXXXX, the cursor behind the u; a surrogate pair is two of the former.
static cr_status unicode_escape(parser *s, int n_digits, cr_pos pos)
{
    uint32_t c, low;
    if (!digits(s, 16, n_digits, n_digits, &c))
        return cr_fail(s->err, CREMA_ERR_INPUT, &pos, "the escape \\%c needs %d hexadecimal digits",
                       n_digits == 4 ? 'u' : 'U', n_digits);
    if (c >= 0xD800 && c < 0xDC00 && starts(s, "\\u")) {
        s->p += 2;
        if (!digits(s, 16, 4, 4, &low) || low < 0xDC00 || low > 0xDFFF)
            c = 0xD800;
        else
            c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    }
    if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        return cr_fail(s->err, CREMA_ERR_INPUT, &pos, "the escape names no character of Unicode");
    return push_utf8(s, c);
}

// The cursor is on a backslash.
static cr_status escape(parser *s)
{
    static const char letters[] = "abfnrtv?\\'\"", bytes[] = "\a\b\f\n\r\t\v?\\'\"";
    cr_pos pos = here(s);
    uint32_t c = 0;
    s->p++;
    char kind = s->p < s->end ? *s->p : 0;
    const char *simple = kind ? strchr(letters, kind) : NULL;
    if (simple) {
        s->p++;
        return push(s, &bytes[simple - letters], 1);
    }
    if (kind == 'u' || kind == 'U') {
        s->p++;
        return unicode_escape(s, kind == 'u' ? 4 : 8, pos);
    }
    bool hex = kind == 'x' || kind == 'X';
    if (hex)
        s->p++;
    if (!digits(s, hex ? 16 : 8, 1, hex ? 2 : 3, &c)) {
        if (hex)
            return cr_fail(s->err, CREMA_ERR_INPUT, &pos, "the escape \\x needs a hexadecimal digit");
        return cr_fail(s->err, CREMA_ERR_INPUT, &pos,
                       "unknown escape in a string; a backslash itself is written \\\\");
    }
    if (c > 255)
        return cr_fail(s->err, CREMA_ERR_INPUT, &pos, "the escape is larger than one byte (\\377)");
    char byte = (char)c;
    return push(s, &byte, 1);
}

// One quoted part. What has no escapes is a slice of the file; else it is put into scratch.
static cr_status string_part(parser *s, bool into_scratch, cr_value *value)
{
    cr_pos start = here(s);
    char quote = *s->p++;
    const char *from = s->p;
    for (;;) {
        const char *run = s->p;
        while (s->p < s->end && *s->p != quote && *s->p != '\\' && *s->p != '\n')
            s->p++;
        if (s->p >= s->end || *s->p == '\n')
            return cr_fail(s->err, CREMA_ERR_INPUT, &start,
                           "the string that starts here is not closed in its line: expected %c, found %s",
                           quote, s->p >= s->end ? "the end of the file" : "the end of the line");
        if (*s->p == quote && !into_scratch)
            break;
        into_scratch = true;
        cr_status status = push(s, run, (size_t)(s->p - run));
        if (status == CREMA_OK && *s->p == quote)
            break;
        if (status == CREMA_OK)
            status = escape(s);
        if (status != CREMA_OK)
            return status;
    }
    value->text = into_scratch ? s->scratch : from;
    value->size = into_scratch ? s->scratch_size : (size_t)(s->p - from);
    s->p++;
    return CREMA_OK;
}

// Whether a further part of a string follows, without moving.
static bool string_goes_on(const parser *s)
{
    for (const char *p = s->p; p < s->end; p++) {
        if (*p == '"' || *p == '\'')
            return true;
        if (*p == '#') {
            p = memchr(p, '\n', (size_t)(s->end - p));
            if (!p)
                return false;
        } else if (!is(p, SPACE)) {
            return false;
        }
    }
    return false;
}

static cr_status string(parser *s, cr_value *value)
{
    value->kind = CR_VALUE_STRING;
    s->scratch_size = 0;
    cr_status status = string_part(s, false, value);
    while (status == CREMA_OK && string_goes_on(s)) {
        if (value->text != s->scratch)
            status = push(s, value->text, value->size);
        if (status == CREMA_OK)
            status = skip(s, NEXT_FIELD);
        if (status == CREMA_OK)
            status = string_part(s, true, value);
    }
    return status;
}

// A word or a number, sign included. Whether it is a good one depends on the field's type.
static cr_status word_or_number(parser *s, cr_value *value)
{
    const char *from = s->p;
    bool apart = false;
    if (*s->p == '-') {
        s->p++;
        const char *sign_end = s->p;
        cr_status status = skip(s, NEXT_FIELD);
        if (status != CREMA_OK)
            return status;
        apart = s->p > sign_end;
    }
    const char *body = s->p;
    if (s->p >= s->end || !(is(s->p, LETTER | DIGIT) || *s->p == '.'))
        return expected(s, "a number behind the minus");
    value->kind = is(s->p, LETTER) ? CR_VALUE_WORD : CR_VALUE_NUMBER;
    bool hex = starts(s, "0x") || starts(s, "0X");
    for (; s->p < s->end; s->p++) {
        bool exponent = !hex && s->p > body && (s->p[-1] == 'e' || s->p[-1] == 'E') &&
                        value->kind == CR_VALUE_NUMBER && (*s->p == '+' || *s->p == '-');
        if (!is(s->p, LETTER | DIGIT) && !exponent && !(*s->p == '.' && value->kind == CR_VALUE_NUMBER))
            break;
    }
    value->text = from;
    value->size = (size_t)(s->p - from);
    if (!apart)
        return CREMA_OK;
    s->scratch_size = 0;
    if (push(s, "-", 1) != CREMA_OK || push(s, body, (size_t)(s->p - body)) != CREMA_OK)
        return CREMA_ERR_MEMORY;
    value->text = s->scratch;
    value->size = s->scratch_size;
    return CREMA_OK;
}

static cr_status scalar(parser *s, const char *of, size_t of_size, cr_value *value)
{
    if (at(s, '"') || at(s, '\''))
        return string(s, value);
    if (s->p < s->end && (is(s->p, LETTER | DIGIT) || *s->p == '-' || *s->p == '.'))
        return word_or_number(s, value);
    char what[128];
    snprintf(what, sizeof what, "a value for %.*s", (int)(of_size > 80 ? 80 : of_size), of);
    return expected(s, what);
}

static cr_status word(parser *s, const char **name, size_t *size)
{
    const char *from = s->p;
    while (s->p < s->end && is(s->p, LETTER | DIGIT))
        s->p++;
    *name = from;
    *size = (size_t)(s->p - from);
    return CREMA_OK;
}

// A field's name: a word, or the [name] of an extension or of an Any's type.
static cr_status field_name(parser *s, const char **name, size_t *size)
{
    if (s->p < s->end && is(s->p, LETTER))
        return word(s, name, size);
    if (!at(s, '['))
        return expected(s, "a field's name");
    *name = s->p++;
    while (s->p < s->end && (is(s->p, LETTER | DIGIT) || strchr("./-%~ \t", *s->p)) && *s->p)
        s->p++;
    if (!at(s, ']'))
        return expected(s, "\"]\" behind the extension's name");
    *size = (size_t)(++s->p - *name);
    return CREMA_OK;
}

// One separator may stand behind a field.
static cr_status separator(parser *s)
{
    cr_status status = skip(s, LAST_FIELD);
    if (status == CREMA_OK && (at(s, ';') || at(s, ',')))
        s->p++;
    return status;
}

static cr_status not_closed(const parser *s, char close, int line, const char *name, size_t size)
{
    char buf[96];
    cr_pos pos = here(s);
    return cr_fail(s->err, CREMA_ERR_INPUT, &pos,
                   "expected a field's name or the \"%c\" of %.*s, which was opened in line %d, found %s",
                   close, (int)(size > 80 ? 80 : size), name, line, found(s, buf));
}

static cr_status deeper(parser *s)
{
    cr_pos pos = here(s);
    if (s->depth == CR_MAX_DEPTH)
        return cr_fail(s->err, CREMA_ERR_INPUT, &pos, "blocks are nested more than %d deep", CR_MAX_DEPTH);
    s->depth++;
    return CREMA_OK;
}

static bool opens(const parser *s)
{
    return at(s, '{') || at(s, '<');
}

static cr_status field(parser *s);

// The fields of a block up to its closing bracket, whose opening one is at the cursor.
static cr_status block(parser *s, const char *name, size_t size)
{
    int line = s->line;
    char close = *s->p == '{' ? '}' : '>';
    cr_status status = deeper(s);
    s->p++;
    while (status == CREMA_OK && (status = skip(s, LAST_FIELD)) == CREMA_OK && !at(s, close)) {
        if (s->p >= s->end || !(is(s->p, LETTER) || *s->p == '['))
            return not_closed(s, close, line, name, size);
        status = field(s);
    }
    s->depth--;
    s->p++;
    return status;
}

// `[` element, element `]`, each through one(); an empty list is fine, a comma at the end is not.
static cr_status list(parser *s, cr_status (*one)(parser *s, void *arg), void *arg)
{
    s->p++;
    cr_status status = skip(s, LAST_FIELD);
    if (status != CREMA_OK || at(s, ']')) {
        s->p++;
        return status;
    }
    for (;;) {
        if ((status = one(s, arg)) != CREMA_OK || (status = skip(s, LAST_FIELD)) != CREMA_OK)
            return status;
        char c = s->p < s->end ? *s->p : 0;
        if (c != ',' && c != ']')
            return expected(s, "\",\" or \"]\" in a list");
        s->p++;
        if (c == ']')
            return CREMA_OK;
        if ((status = skip(s, LAST_FIELD)) != CREMA_OK)
            return status;
    }
}

typedef struct target {
    const char *name;
    size_t size;
    const ProtobufCFieldDescriptor *field; // NULL: unknown
    int line, column;                      // of the name
} target;

static cr_status one_block(parser *s, void *arg)
{
    const target *t = arg;
    if (!opens(s)) {
        char what[128];
        snprintf(what, sizeof what, "\"{\" for the block %.*s", (int)(t->size > 80 ? 80 : t->size), t->name);
        return expected(s, what);
    }
    if (!t->field)
        return block(s, t->name, t->size);
    cr_status status = cr_builder_enter(s->b, t->field, t->line, t->column, s->err);
    if (status == CREMA_OK)
        status = block(s, t->name, t->size);
    return status == CREMA_OK ? cr_builder_leave(s->b, s->err) : status;
}

static cr_status one_scalar(parser *s, void *arg)
{
    const target *t = arg;
    cr_value value = {0};
    cr_pos pos = here(s);
    if (t->field && opens(s))
        return cr_fail(s->err, CREMA_ERR_INPUT, &pos, "%.*s takes a single value, not a block", (int)t->size,
                       t->name);
    cr_status status = scalar(s, t->name, t->size, &value);
    if (status != CREMA_OK || !t->field)
        return status;
    return cr_builder_set(s->b, t->field, &value, pos.line, pos.column, s->err);
}

static cr_status one_unknown(parser *s, void *arg)
{
    return opens(s) ? one_block(s, arg) : one_scalar(s, arg);
}

// The value of a field whose name was read.
static cr_status field_value(parser *s, target *t)
{
    bool is_block = t->field && t->field->type == PROTOBUF_C_TYPE_MESSAGE;
    cr_status status = skip(s, NEXT_FIELD);
    if (status != CREMA_OK)
        return status;
    bool colon = at(s, ':');
    if (colon) {
        s->p++;
        if ((status = skip(s, NEXT_FIELD)) != CREMA_OK)
            return status;
    } else if (!is_block && !(opens(s) || at(s, '['))) {
        char what[128];
        snprintf(what, sizeof what, "\":\" behind %.*s", (int)(t->size > 80 ? 80 : t->size), t->name);
        return expected(s, what);
    }
    cr_status (*one)(parser *, void *) = !t->field ? one_unknown : is_block ? one_block : one_scalar;
    if (!at(s, '['))
        return one(s, t);
    if (t->field && t->field->label != PROTOBUF_C_LABEL_REPEATED) {
        cr_pos pos = here(s);
        return cr_fail(s->err, CREMA_ERR_INPUT, &pos, "%.*s takes one value, not a list", (int)t->size,
                       t->name);
    }
    return list(s, one, t);
}

// To the end of a comment on the cursor's line, if there is one: it stays with an unknown field's text.
static void take_rest_of_line(parser *s)
{
    const char *p = s->p;
    while (p < s->end && (*p == ' ' || *p == '\t'))
        p++;
    if (p < s->end && *p == '#') {
        while (p < s->end && *p != '\n')
            p++;
        while (p > s->p && is(p - 1, SPACE))
            p--;
        s->p = p;
    }
}

static cr_status field(parser *s)
{
    target t = {0};
    cr_pos pos = here(s);
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
    parser s = {.b = b, .file = file, .p = data, .end = data + size, .line = 1, .err = err};
    if (starts(&s, "\xEF\xBB\xBF"))
        s.p += 3;
    s.line_start = s.p;
    cr_status status;
    while ((status = skip(&s, LAST_FIELD)) == CREMA_OK && s.p < s.end && (status = field(&s)) == CREMA_OK)
        ;
    cr_free(s.scratch);
    return status;
}
