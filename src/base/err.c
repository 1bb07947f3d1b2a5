/*
 * err.c - filling error values and sending warnings.
 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void copy_text(char *to, size_t size, const char *from)
{
    size_t n = strlen(from);
    if (n >= size)
        n = size - 1;
    memcpy(to, from, n);
    to[n] = 0;
}

// A message that was cut must not end inside a UTF-8 sequence.
static void trim_utf8(char *s, size_t size, int wanted)
{
    if (wanted < 0 || (size_t)wanted < size)
        return;
    size_t n = strlen(s);
    while (n > 0 && ((unsigned char)s[n - 1] & 0xC0) == 0x80)
        n--;
    if (n > 0 && (unsigned char)s[n - 1] >= 0xC0)
        s[n - 1] = 0;
}

void cr_clear(cr_err *err)
{
    if (err)
        memset(err, 0, sizeof *err);
}

cr_status cr_fail(cr_err *err, cr_status status, const cr_pos *pos, const char *fmt, ...)
{
    if (!err)
        return status;
    cr_clear(err);
    err->status = status;
    if (pos) {
        err->line = pos->line;
        err->column = pos->column;
        if (pos->file)
            copy_text(err->file, sizeof err->file, pos->file);
    }
    va_list args;
    va_start(args, fmt);
    int wanted = vsnprintf(err->message, sizeof err->message, fmt, args);
    va_end(args);
    trim_utf8(err->message, sizeof err->message, wanted);
    return status;
}

cr_status cr_no_memory(cr_err *err)
{
    return cr_fail(err, CREMA_ERR_MEMORY, NULL, "out of memory");
}

static void send(const cr_log *log, crema_log_level level, const cr_pos *pos, const char *fmt, va_list args)
{
    if (!log || !log->fn)
        return;
    cr_err err = {0};
    if (pos) {
        err.line = pos->line;
        err.column = pos->column;
        if (pos->file)
            copy_text(err.file, sizeof err.file, pos->file);
    }
    int wanted = vsnprintf(err.message, sizeof err.message, fmt, args);
    trim_utf8(err.message, sizeof err.message, wanted);
    char text[sizeof err.file + sizeof err.message + 32];
    log->fn(log->user, level, crema_error_text(&err, text, sizeof text));
}

void cr_warn(const cr_log *log, const cr_pos *pos, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    send(log, CREMA_LOG_WARNING, pos, fmt, args);
    va_end(args);
}

void cr_info(const cr_log *log, const cr_pos *pos, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    send(log, CREMA_LOG_INFO, pos, fmt, args);
    va_end(args);
}

char *crema_error_text(const crema_error *err, char *buf, size_t size)
{
    if (size == 0)
        return buf;
    if (err->file[0] && err->line > 0 && err->column > 0)
        snprintf(buf, size, "%s:%d:%d: %s", err->file, err->line, err->column, err->message);
    else if (err->file[0] && err->line > 0)
        snprintf(buf, size, "%s:%d: %s", err->file, err->line, err->message);
    else if (err->file[0])
        snprintf(buf, size, "%s: %s", err->file, err->message);
    else
        snprintf(buf, size, "%s", err->message);
    return buf;
}
