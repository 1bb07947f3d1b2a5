/*
 * python_param.c - a reader of small YAML maps.
 */
#include "layers/python_param.h"
#include "schema/value.h"

#include <string.h>

static const char *skip(const char *s, const char *chars)
{
    return s + strspn(s, chars);
}

// A quoted text or a plain word that ends before one of `ends`; NULL where a quote is not closed.
static const char *scalar(const char *s, const char *ends, cr_python_value *value)
{
    if (*s == '\'' || *s == '"') {
        const char *close = strchr(s + 1, *s);
        if (!close)
            return NULL;
        *value = (cr_python_value){s + 1, (size_t)(close - s - 1), false};
        return close + 1;
    }
    size_t size = strcspn(s, ends);
    const char *end = s + size;
    while (size > 0 && strchr(" \t\r", s[size - 1]))
        size--;
    *value = (cr_python_value){s, size, false};
    return end;
}

static const char *value_at(const char *s, cr_python_value *value)
{
    s = skip(s, " \t");
    while (*s == '!') // a tag
        s = skip(s + strcspn(s, " \t\n"), " \t");
    if (*s != '[' && *s != '(')
        return scalar(s, ",}\n#", value);
    const char *close = strchr(s, *s == '[' ? ']' : ')');
    if (!close)
        return NULL;
    *value = (cr_python_value){s + 1, (size_t)(close - s - 1), true};
    return close + 1;
}

enum cr_python_found cr_python_get(const char *param_str, const char *key, cr_python_value *value)
{
    const char *s = param_str ? param_str : "";
    for (s = skip(s, " \t\r\n,{}"); *s; s = skip(s, " \t\r\n,{}")) {
        cr_python_value name;
        if (*s == '#') {
            s += strcspn(s, "\n");
            continue;
        }
        s = scalar(s, ":,{}\n", &name);
        s = s ? skip(s, " \t") : s;
        if (!s || *s != ':')
            return CR_PYTHON_BAD;
        s = value_at(s + 1, value);
        if (!s)
            return CR_PYTHON_BAD;
        if (name.size == strlen(key) && memcmp(name.text, key, name.size) == 0)
            return CR_PYTHON_FOUND;
    }
    return CR_PYTHON_ABSENT;
}

int cr_python_numbers(const cr_python_value *value, double *numbers, int max)
{
    enum { LONGEST = 64 }; // a longer number needs memory to be read
    const char *s = value->text, *end = s + value->size;
    int n = 0;
    while (s < end) {
        if (strchr(" \t\r\n,", *s)) {
            s++;
            continue;
        }
        const char *from = s;
        while (s < end && !strchr(" \t\r\n,", *s))
            s++;
        cr_value word = {.kind = CR_VALUE_NUMBER, .text = from, .size = (size_t)(s - from)};
        char why[CR_VALUE_WHY];
        double number;
        if (word.size > LONGEST || cr_value_real(&word, NULL, &number, why) != CREMA_OK)
            return -1;
        if (n < max)
            numbers[n] = number;
        n++;
    }
    return n;
}
