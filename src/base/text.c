/*
 * text.c - a text that grows by doubling.
 */
#include "base/text.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// Room for n more bytes and a 0 byte behind them.
static bool grow(cr_text *text, size_t n)
{
    size_t need, room;
    if (text->failed)
        return false;
    if (cr_size_add(text->n, n, &need) && cr_size_add(need, 1, &need) && need <= text->room)
        return true;
    char *fresh = cr_size_mul(need, 2, &room) ? cr_realloc(text->s, room) : NULL;
    text->failed = !fresh;
    if (!fresh)
        return false;
    text->s = fresh;
    text->room = room;
    return true;
}

void cr_text_add(cr_text *text, const char *s, size_t n)
{
    if (!grow(text, n))
        return;
    if (n > 0)
        memcpy(text->s + text->n, s, n);
    text->n += n;
    text->s[text->n] = 0;
}

void cr_text_put(cr_text *text, const char *s)
{
    cr_text_add(text, s, strlen(s));
}

void cr_text_char(cr_text *text, char c)
{
    cr_text_add(text, &c, 1);
}

void cr_text_printf(cr_text *text, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n < 0 || !grow(text, (size_t)n)) {
        text->failed = true;
        return;
    }
    va_start(args, fmt);
    vsnprintf(text->s + text->n, (size_t)n + 1, fmt, args);
    va_end(args);
    text->n += (size_t)n;
}

void cr_text_spaces(cr_text *text, size_t n)
{
    if (!grow(text, n))
        return;
    memset(text->s + text->n, ' ', n);
    text->n += n;
    text->s[text->n] = 0;
}

void cr_text_free(cr_text *text)
{
    cr_free(text->s);
    *text = (cr_text){0};
}
