/*
 * quoted.c - strings in double quotes, for YAML and JSON.
 *
 * libyaml refuses a file with a letter that YAML calls not printable, also inside of quotes and comments: control
 * characters, U+FEFF but for the first, and the two numbers at the end of the first plane.
 */
#include "write/quoted.h"

#include "schema/print.h"

#include <stdint.h>

static uint32_t code_of(const char *s, size_t n)
{
    const unsigned char *u = (const unsigned char *)s;
    uint32_t c = n == 1 ? u[0] : u[0] & (0x7Fu >> n);
    for (size_t i = 1; i < n; i++)
        c = c << 6 | (u[i] & 0x3Fu);
    return c;
}

static bool is_printable(uint32_t c)
{
    return (c >= 0x20 && c < 0x7F) || c == 0x85 || (c >= 0xA0 && c <= 0xFFFD && c != 0xFEFF) || c >= 0x10000;
}

bool cr_put_quoted(cr_text *out, const char *s, size_t n)
{
    for (size_t i = 0, letter; i < n; i += letter)
        if ((letter = cr_utf8_letter(s + i, n - i)) == 0)
            return false;
    cr_text_char(out, '"');
    for (size_t i = 0, letter; i < n; i += letter) {
        letter = cr_utf8_letter(s + i, n - i);
        uint32_t c = code_of(s + i, letter);
        if (c == '"' || c == '\\')
            cr_text_printf(out, "\\%c", (char)c);
        else if (c == '\n' || c == '\t' || c == '\r')
            cr_text_put(out, c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r");
        else if (!is_printable(c) || c == 0x85 || c == 0x2028 || c == 0x2029) // the latter end lines in YAML
            cr_text_printf(out, "\\u%04x", c);
        else
            cr_text_add(out, s + i, letter);
    }
    cr_text_char(out, '"');
    return true;
}

bool cr_put_letters(cr_text *out, const char *s, size_t n)
{
    bool replaced = false;
    for (size_t i = 0; i < n;) {
        size_t letter = cr_utf8_letter(s + i, n - i);
        uint32_t c = letter ? code_of(s + i, letter) : 0;
        if (is_printable(c) && c != 0x85 && c != 0x2028 && c != 0x2029) {
            cr_text_add(out, s + i, letter);
        } else if (c == '\t') {
            cr_text_char(out, '\t');
        } else {
            cr_text_put(out, "\xEF\xBF\xBD");
            replaced = true;
        }
        i += letter ? letter : 1;
    }
    return replaced;
}
