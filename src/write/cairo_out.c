/*
 * cairo_out.c - cairo's output to files, its errors, safe text.
 */
#include "write/cairo_out.h"

#include <stdbool.h>
#include <string.h>

cr_status cr_cairo_open(cr_cairo_out *out, const char *path, cr_err *err)
{
    *out = (cr_cairo_out){.path = path, .err = err};
    return cr_writer_open(&out->writer, path, true, err);
}

cairo_status_t cr_cairo_write(void *closure, const unsigned char *data, unsigned n)
{
    cr_cairo_out *out = closure;
    if (out->status == CREMA_OK)
        out->status = cr_writer_write(out->writer, data, n, out->err);
    return out->status == CREMA_OK ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

cr_status cr_cairo_close(cr_cairo_out *out, cairo_status_t drawn)
{
    if (drawn == CAIRO_STATUS_SUCCESS && out->status == CREMA_OK)
        return cr_writer_commit(out->writer, out->err);
    cr_writer_abort(out->writer);
    return out->status != CREMA_OK ? out->status : cr_cairo_failed(drawn, out->path, out->err);
}

cr_status cr_cairo_failed(cairo_status_t status, const char *path, cr_err *err)
{
    if (status == CAIRO_STATUS_NO_MEMORY)
        return cr_no_memory(err);
    return cr_fail(err, CREMA_ERR_IO, &(cr_pos){path, 0, 0}, "can't draw this picture: %s",
                   cairo_status_to_string(status));
}

// The length of the UTF-8 character at s; 0 where there is none. Overlong forms and surrogates are none.
static size_t utf8_length(const unsigned char *s)
{
    if (s[0] < 0x80)
        return s[0] >= ' ' && s[0] != 0x7f;
    size_t n = s[0] >= 0xc2 && s[0] < 0xe0   ? 2
               : s[0] >= 0xe0 && s[0] < 0xf0 ? 3
               : s[0] >= 0xf0 && s[0] < 0xf5 ? 4
                                             : 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    bool wrong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
                 (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f);
    return wrong ? 0 : n;
}

size_t cr_cairo_text(const char *text, char *out, size_t size)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t at = 0;
    while (*s && at + 4 < size) {
        size_t n = utf8_length(s);
        if (n)
            memcpy(out + at, s, n);
        else
            out[at] = '?';
        at += n ? n : 1;
        s += n ? n : 1;
    }
    out[at] = 0;
    return at;
}
