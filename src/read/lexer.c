/*
 * lexer.c - a cursor over protobuf's text format: white space, comments, strings, words and numbers.
 *
 * There is no list of tokens: the parser asks for what it wants at the cursor. Comments go to the notes: one on
 * the line of the token before it belongs to the field set last, any other to the next field. Accepted beyond
 * Caffe's own parser: a byte order mark, and (with a warning) non-breaking spaces, as web pages have them.
 *
 * The rules are those of protobuf.dev/reference/protobuf/textformat-spec. Columns count bytes from 1.
 */
#include "read/lexer.h"

#include <stdio.h>
#include <string.h>

static const unsigned char kinds[256] = {
    ['A' ... 'Z'] = CR_LETTER, ['a' ... 'z'] = CR_LETTER, ['_'] = CR_LETTER, ['0' ... '9'] = CR_DIGIT,
    [' '] = CR_SPACE,          ['\t' ... '\r'] = CR_SPACE // tab, line feed, vertical tab, form feed, return
};

static bool is_a(const char *p, int some_of)
{
    return (kinds[(unsigned char)*p] & some_of) != 0;
}

bool cr_lex_is(const char *p, int some_of)
{
    return is_a(p, some_of);
}

cr_pos cr_lex_here(const cr_lexer *s)
{
    return (cr_pos){s->file, s->line, (int)(s->p - s->line_start) + 1};
}

static bool starts(const cr_lexer *s, const char *with)
{
    size_t n = strlen(with);
    return (size_t)(s->end - s->p) >= n && memcmp(s->p, with, n) == 0;
}

// What stands at the cursor, for "found ...".
const char *cr_lex_found(const cr_lexer *s, char buf[96])
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
    if (is_a(q, CR_LETTER | CR_DIGIT))
        while (q < s->end && q - s->p < 40 && is_a(q, CR_LETTER | CR_DIGIT))
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

cr_status cr_lex_expected(const cr_lexer *s, const char *what)
{
    char buf[96];
    cr_pos pos = cr_lex_here(s);
    return cr_fail(s->err, CREMA_ERR_INPUT, &pos, "expected %s, found %s", what, cr_lex_found(s, buf));
}

static cr_status take_comment(cr_lexer *s, bool behind)
{
    const char *from = s->p;
    const char *to = memchr(from, '\n', (size_t)(s->end - from));
    s->p = to = to ? to : s->end;
    if (s->raw)
        return CREMA_OK;
    while (to > from && is_a(to - 1, CR_SPACE))
        to--;
    size_t n = (size_t)(to - from);
    return behind ? cr_builder_comment_behind(s->b, from, n, s->err)
                  : cr_builder_comment_before(s->b, from, n, s->err);
}

// Over white space and comments.
cr_status cr_lex_skip(cr_lexer *s, cr_comment_owner owner)
{
    int token_line = s->any ? s->line : 0;
    for (; s->p < s->end; s->p++) {
        if (*s->p == '\n') {
            s->line++;
            s->line_start = s->p + 1;
        } else if (is_a(s->p, CR_SPACE)) {
            continue;
        } else if (*s->p == '#') {
            cr_status status = take_comment(s, owner == CR_LAST_FIELD && s->line == token_line);
            if (status != CREMA_OK)
                return status;
            s->p--; // the end of the line comes next
        } else if ((unsigned char)*s->p == 0xC2 && starts(s, "\xC2\xA0")) {
            cr_pos pos = cr_lex_here(s);
            if (!s->warned_space)
                cr_warn(cr_builder_log(s->b), &pos, "a non-breaking space is read as a space");
            s->warned_space = true;
            s->p++;
        } else {
            break;
        }
    }
    return CREMA_OK;
}

bool cr_lex_at(const cr_lexer *s, char c)
{
    return s->p < s->end && *s->p == c;
}

static cr_status push(cr_lexer *s, const char *bytes, size_t n)
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
static bool digits(cr_lexer *s, unsigned base, int least, int most, uint32_t *out)
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

static cr_status push_utf8(cr_lexer *s, uint32_t c)
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
static cr_status unicode_escape(cr_lexer *s, int n_digits, cr_pos pos)
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
static cr_status escape(cr_lexer *s)
{
    static const char letters[] = "abfnrtv?\\'\"", bytes[] = "\a\b\f\n\r\t\v?\\'\"";
    cr_pos pos = cr_lex_here(s);
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
static cr_status string_part(cr_lexer *s, bool into_scratch, cr_value *value)
{
    cr_pos start = cr_lex_here(s);
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
static bool string_goes_on(const cr_lexer *s)
{
    for (const char *p = s->p; p < s->end; p++) {
        if (*p == '"' || *p == '\'')
            return true;
        if (*p == '#') {
            p = memchr(p, '\n', (size_t)(s->end - p));
            if (!p)
                return false;
        } else if (!is_a(p, CR_SPACE)) {
            return false;
        }
    }
    return false;
}

static cr_status string(cr_lexer *s, cr_value *value)
{
    value->kind = CR_VALUE_STRING;
    s->scratch_size = 0;
    cr_status status = string_part(s, false, value);
    while (status == CREMA_OK && string_goes_on(s)) {
        if (value->text != s->scratch)
            status = push(s, value->text, value->size);
        if (status == CREMA_OK)
            status = cr_lex_skip(s, CR_NEXT_FIELD);
        if (status == CREMA_OK)
            status = string_part(s, true, value);
    }
    return status;
}

// A word or a number, sign included. Whether it is a good one depends on the field's type.
static cr_status word_or_number(cr_lexer *s, cr_value *value)
{
    const char *from = s->p;
    bool apart = false;
    if (*s->p == '-') {
        s->p++;
        const char *sign_end = s->p;
        cr_status status = cr_lex_skip(s, CR_NEXT_FIELD);
        if (status != CREMA_OK)
            return status;
        apart = s->p > sign_end;
    }
    const char *body = s->p;
    if (s->p >= s->end || !(is_a(s->p, CR_LETTER | CR_DIGIT) || *s->p == '.'))
        return cr_lex_expected(s, "a number behind the minus");
    value->kind = is_a(s->p, CR_LETTER) ? CR_VALUE_WORD : CR_VALUE_NUMBER;
    bool hex = starts(s, "0x") || starts(s, "0X");
    for (; s->p < s->end; s->p++) {
        bool exponent = !hex && s->p > body && (s->p[-1] == 'e' || s->p[-1] == 'E') &&
                        value->kind == CR_VALUE_NUMBER && (*s->p == '+' || *s->p == '-');
        if (!is_a(s->p, CR_LETTER | CR_DIGIT) && !exponent &&
            !(*s->p == '.' && value->kind == CR_VALUE_NUMBER))
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

cr_status cr_lex_scalar(cr_lexer *s, const char *of, size_t of_size, cr_value *value)
{
    if (cr_lex_at(s, '"') || cr_lex_at(s, '\''))
        return string(s, value);
    if (s->p < s->end && (is_a(s->p, CR_LETTER | CR_DIGIT) || *s->p == '-' || *s->p == '.'))
        return word_or_number(s, value);
    char what[128];
    snprintf(what, sizeof what, "a value for %.*s", (int)(of_size > 80 ? 80 : of_size), of);
    return cr_lex_expected(s, what);
}

void cr_lex_start(cr_lexer *s, cr_builder *b, const char *file, const char *data, size_t size, cr_err *err)
{
    *s = (cr_lexer){.b = b, .file = file, .p = data, .end = data + size, .line = 1, .err = err};
    if (starts(s, "\xEF\xBB\xBF"))
        s->p += 3;
    s->line_start = s->p;
}

void cr_lex_end(cr_lexer *s)
{
    cr_free(s->scratch);
}
