/*
 * json.c - the JSON writer.
 */
#include "cli/json.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// Bytes of the UTF-8 letter at s, 0 when it is not valid (too long, a surrogate, beyond U+10FFFF, cut).
static int utf8_bytes(const unsigned char *s)
{
    if (s[0] < 0x80)
        return 1;
    int n = s[0] >= 0xC2 && s[0] < 0xE0 ? 2 : (s[0] & 0xF0) == 0xE0 ? 3 : s[0] >= 0xF0 && s[0] < 0xF5 ? 4 : 0;
    for (int i = 1; i < n; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] >= 0xA0) || (s[0] == 0xF0 && s[1] < 0x90) ||
        (s[0] == 0xF4 && s[1] >= 0x90))
        return 0;
    return n;
}

static void quoted(FILE *f, const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    fputc('"', f);
    while (*p) {
        int n = utf8_bytes(p);
        if (n == 0) {
            fputs("\xEF\xBF\xBD", f);
            p++;
        } else if (*p == '"' || *p == '\\') {
            fprintf(f, "\\%c", *p++);
        } else if (*p < 0x20 || *p == 0x7F) {
            fprintf(f, "\\u%04x", *p++);
        } else {
            fwrite(p, 1, (size_t)n, f);
            p += n;
        }
    }
    fputc('"', f);
}

static void lead(cli_json *j, const char *key)
{
    if (j->comma)
        fputc(',', j->f);
    if (j->depth > 0)
        fprintf(j->f, "\n%*s", 2 * j->depth, "");
    if (key) {
        quoted(j->f, key);
        fputs(": ", j->f);
    }
    j->comma = true;
}

void cli_json_begin(cli_json *j, const char *key, char bracket)
{
    lead(j, key);
    fputc(bracket, j->f);
    j->depth++;
    j->comma = false;
}

void cli_json_end(cli_json *j, char bracket)
{
    j->depth--;
    if (j->comma)
        fprintf(j->f, "\n%*s", 2 * j->depth, "");
    fputc(bracket, j->f);
    j->comma = true;
    if (j->depth == 0)
        fputc('\n', j->f);
}

void cli_json_string(cli_json *j, const char *key, const char *value)
{
    lead(j, key);
    if (value)
        quoted(j->f, value);
    else
        fputs("null", j->f);
}

void cli_json_int(cli_json *j, const char *key, int64_t value)
{
    lead(j, key);
    fprintf(j->f, "%lld", (long long)value);
}

void cli_json_bool(cli_json *j, const char *key, bool value)
{
    lead(j, key);
    fputs(value ? "true" : "false", j->f);
}

static bool put_special(FILE *f, double value)
{
    if (isfinite(value))
        return false;
    fputs(isnan(value) ? "\"NaN\"" : value > 0 ? "\"Infinity\"" : "\"-Infinity\"", f);
    return true;
}

// Normal numbers hold DBL_DIG (FLT_DIG) digits, and %g drops zeros at the end: fewer need not be tried.
static void put_double(FILE *f, double value)
{
    char text[40];
    if (put_special(f, value))
        return;
    for (int digits = fabs(value) < DBL_MIN ? 1 : DBL_DIG; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    fputs(text, f);
}

static void put_float(FILE *f, float value)
{
    char text[40];
    if (put_special(f, (double)value))
        return;
    for (int digits = fabsf(value) < FLT_MIN ? 1 : FLT_DIG; digits <= 9; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, (double)value);
        if (strtof(text, NULL) == value)
            break;
    }
    fputs(text, f);
}

void cli_json_double(cli_json *j, const char *key, double value)
{
    lead(j, key);
    put_double(j->f, value);
}

void cli_json_float(cli_json *j, const char *key, float value)
{
    lead(j, key);
    put_float(j->f, value);
}

void cli_json_ints(cli_json *j, const char *key, const int64_t *value, int n)
{
    lead(j, key);
    fputc('[', j->f);
    for (int i = 0; i < n; i++)
        fprintf(j->f, "%s%lld", i ? ", " : "", (long long)value[i]);
    fputc(']', j->f);
}

void cli_json_shape(cli_json *j, const char *key, const crema_shape *shape)
{
    if (shape->rank < 0)
        cli_json_string(j, key, NULL);
    else
        cli_json_ints(j, key, shape->dim, shape->rank);
}

void cli_json_floats(cli_json *j, const char *key, const float *value, int64_t n)
{
    lead(j, key);
    fputc('[', j->f);
    for (int64_t i = 0; i < n && !ferror(j->f); i++) {
        fputs(i ? ", " : "", j->f);
        put_float(j->f, value[i]);
    }
    fputc(']', j->f);
}
