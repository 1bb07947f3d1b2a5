/*
 * value.c - one scalar as a reader saw it, stored as what its field's type says.
 *
 * The rules are those of protobuf's text format: whole numbers may be octal (a leading 0) or hexadecimal where
 * the field is an integer, but not where it is a float; a float may be a whole number, may end in a dot or in
 * f, and may be inf or nan in any case; booleans are true, t, True, 1 and their opposites; an enum is a name or
 * a number that it has. Numbers are read without the locale. Values from the wire are already binary.
 */
#include "schema/value.h"

#include "base/names.h"

#include <float.h>
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

size_t cr_value_bytes(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return 4;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_ENUM:
        return sizeof(int);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        break;
    }
    return sizeof(void *);
}

// The value as it stood in the file, shortened, for messages.
static const char *shown(const cr_value *value, char buf[48])
{
    if (value->kind == CR_VALUE_U64) {
        snprintf(buf, 48, "%llu", (unsigned long long)value->bits);
    } else if (value->kind == CR_VALUE_F32 || value->kind == CR_VALUE_F64) {
        snprintf(buf, 48, "%g", value->real);
    } else {
        size_t n = value->size > 40 ? 40 : value->size, i = 0;
        bool quoted = value->kind == CR_VALUE_STRING;
        if (quoted)
            buf[i++] = '"';
        for (size_t j = 0; j < n; j++, i++) {
            unsigned char c = (unsigned char)value->text[j];
            buf[i] = c < 0x20 || c == 0x7F ? '?' : (char)c;
        }
        if (n < value->size)
            while (i > 1 && ((unsigned char)value->text[n] & 0xC0) == 0x80) // not inside a character
                n--, i--;
        if (n < value->size)
            memcpy(buf + i, "...", 3), i += 3;
        if (quoted)
            buf[i++] = '"';
        buf[i] = 0;
    }
    return buf;
}

static cr_status refuse(char why[CR_VALUE_WHY], const char *expected, const cr_value *value)
{
    char buf[48];
    snprintf(why, CR_VALUE_WHY, "must be %s, not %s", expected, shown(value, buf));
    return CREMA_ERR_INPUT;
}

static bool word_is(const cr_value *value, const char *word)
{
    return value->size == strlen(word) && memcmp(value->text, word, value->size) == 0;
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return 99;
}

// Sign and magnitude of a spelled whole number. 1: read; 0: not a whole number; -1: more than 64 bits.
static int read_integer(const cr_value *value, bool *negative, uint64_t *magnitude)
{
    const char *s = value->text, *end = s + value->size;
    *negative = s < end && *s == '-';
    if (*negative)
        s++;
    unsigned base = 10;
    if (end - s > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
        base = 16;
        s += 2;
    } else if (end - s > 1 && s[0] == '0') {
        base = 8;
        s++;
    }
    if (s == end)
        return 0;
    uint64_t n = 0;
    bool overflow = false;
    for (; s < end; s++) {
        unsigned d = (unsigned)digit_of(*s);
        if (d >= base)
            return 0;
        overflow |=
            __builtin_mul_overflow(n, (uint64_t)base, &n) || __builtin_add_overflow(n, (uint64_t)d, &n);
    }
    *magnitude = n;
    return overflow ? -1 : 1;
}

cr_status cr_value_integer(const cr_value *value, int64_t low, uint64_t high, int64_t *out,
                           char why[CR_VALUE_WHY])
{
    bool negative = false;
    uint64_t magnitude = 0;
    char expected[96], buf[48];
    int got = value->kind == CR_VALUE_NUMBER ? read_integer(value, &negative, &magnitude) : 0;
    if (got == 0)
        return refuse(why, "a whole number", value);
    bool fits = got > 0 && (negative ? magnitude <= (uint64_t)0 - (uint64_t)low : magnitude <= high);
    if (!fits) {
        snprintf(expected, sizeof expected, "from %lld to %llu", (long long)low, (unsigned long long)high);
        snprintf(why, CR_VALUE_WHY, "must be %s, not %s", expected, shown(value, buf));
        return CREMA_ERR_INPUT;
    }
    *out = (int64_t)(negative ? 0 - magnitude : magnitude);
    return CREMA_OK;
}

// Powers of ten that a double holds exactly.
static const double power_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                      1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

// A decimal with at most 15 digits and a small exponent is one exact number times or over another: correctly
// rounded without strtod. False: something longer, or not a number.
static bool short_decimal(const char *s, const char *end, double *out)
{
    uint64_t n = 0;
    int digits = 0, scale = 0;
    bool any = false;
    for (; s < end && *s >= '0' && *s <= '9'; s++, any = true, digits += n > 0)
        n = n * 10 + (uint64_t)(*s - '0') * (digits < 16);
    if (s < end && *s == '.')
        for (s++; s < end && *s >= '0' && *s <= '9'; s++, any = true, digits += n > 0, scale--)
            n = n * 10 + (uint64_t)(*s - '0') * (digits < 16);
    if (!any || digits > 15)
        return false;
    if (s < end && (*s == 'e' || *s == 'E')) {
        s++;
        bool negative = s < end && *s == '-';
        if (s < end && (*s == '-' || *s == '+'))
            s++;
        int exponent = 0;
        if (s == end || end - s > 3)
            return false;
        for (; s < end && *s >= '0' && *s <= '9'; s++)
            exponent = exponent * 10 + (*s - '0');
        scale += negative ? -exponent : exponent;
    }
    if (s < end || scale > 22 || scale < -22)
        return false;
    *out = scale < 0 ? (double)n / power_of_ten[-scale] : (double)n * power_of_ten[scale];
    return true;
}

// digits [. digits] [e [sign] digits], with a digit before or behind the dot
static bool is_decimal(const char *s, const char *end)
{
    bool any = false;
    for (; s < end && *s >= '0' && *s <= '9'; s++)
        any = true;
    if (s < end && *s == '.')
        for (s++; s < end && *s >= '0' && *s <= '9'; s++)
            any = true;
    if (!any)
        return false;
    if (s == end)
        return true;
    if (*s != 'e' && *s != 'E')
        return false;
    s++;
    if (s < end && (*s == '-' || *s == '+'))
        s++;
    const char *from = s;
    while (s < end && *s >= '0' && *s <= '9')
        s++;
    return s > from && s == end;
}

static cr_status long_decimal(const char *s, size_t size, cr_arena *arena, double *out)
{
    char buf[128], *copy = buf;
    if (size < sizeof buf) {
        memcpy(buf, s, size);
        buf[size] = 0;
    } else if (!(copy = cr_arena_strndup(arena, s, size))) {
        return CREMA_ERR_MEMORY;
    }
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (c == (locale_t)0)
        return CREMA_ERR_MEMORY;
    *out = strtod_l(copy, NULL, c);
    freelocale(c);
    return CREMA_OK;
}

cr_status cr_value_real(const cr_value *value, cr_arena *arena, double *out, char why[CR_VALUE_WHY])
{
    const char *s = value->text, *end = s + value->size;
    bool negative = s < end && *s == '-';
    if (negative)
        s++;
    size_t size = (size_t)(end - s);
    double x = 0;
    if (value->kind == CR_VALUE_WORD) {
        if ((size == 3 && strncasecmp(s, "inf", 3) == 0) || (size == 8 && strncasecmp(s, "infinity", 8) == 0))
            x = INFINITY;
        else if (size == 3 && strncasecmp(s, "nan", 3) == 0)
            x = NAN;
        else
            return refuse(why, "a number", value);
    } else if (value->kind != CR_VALUE_NUMBER) {
        return refuse(why, "a number", value);
    } else {
        if (size > 1 && s[0] == '0' && ((s[1] >= '0' && s[1] <= '9') || s[1] == 'x' || s[1] == 'X'))
            return refuse(why, "a decimal number (a leading 0 makes it octal, 0x hexadecimal)", value);
        if (size > 1 && (end[-1] == 'f' || end[-1] == 'F'))
            end--, size--;
        if (!short_decimal(s, end, &x)) {
            if (!is_decimal(s, end))
                return refuse(why, "a number", value);
            if (long_decimal(s, size, arena, &x) != CREMA_OK)
                return CREMA_ERR_MEMORY;
        }
    }
    *out = negative ? -x : x;
    return CREMA_OK;
}

// As C's conversion rounds, without its undefined case: beyond the largest float is infinite.
static float to_float(double x)
{
    const double halfway = (double)FLT_MAX + 0x1p103; // rounds to even, upwards
    if (x >= halfway)
        return INFINITY;
    if (x <= -halfway)
        return -INFINITY;
    return fabs(x) > (double)FLT_MAX ? (x > 0 ? FLT_MAX : -FLT_MAX) : (float)x;
}

static cr_status store_bool(const cr_value *value, protobuf_c_boolean *out, char why[CR_VALUE_WHY])
{
    bool negative;
    uint64_t n;
    if (value->kind == CR_VALUE_WORD) {
        bool yes = word_is(value, "true") || word_is(value, "True") || word_is(value, "t");
        if (!yes && !word_is(value, "false") && !word_is(value, "False") && !word_is(value, "f"))
            return refuse(why, "true or false", value);
        *out = yes;
        return CREMA_OK;
    }
    if (value->kind != CR_VALUE_NUMBER || read_integer(value, &negative, &n) != 1 || negative || n > 1)
        return refuse(why, "true or false", value);
    *out = n == 1;
    return CREMA_OK;
}

static cr_status unknown_enum_name(const ProtobufCEnumDescriptor *type, const cr_value *value,
                                   cr_arena *arena, char why[CR_VALUE_WHY])
{
    const char **names = cr_arena_array(arena, type->n_value_names + 1, sizeof *names);
    char *word = cr_arena_strndup(arena, value->text, value->size);
    if (!names || !word)
        return CREMA_ERR_MEMORY;
    for (unsigned i = 0; i < type->n_value_names; i++)
        names[i] = type->values_by_name[i].name;
    const char *near = cr_nearest(word, names);
    char expected[160] = "";
    size_t n = 0;
    if (type->n_value_names <= 8) {
        for (unsigned i = 0; i < type->n_value_names && n < sizeof expected; i++)
            n += (size_t)snprintf(expected + n, sizeof expected - n, "%s%s",
                                  i == 0                         ? ""
                                  : i + 1 == type->n_value_names ? " or "
                                                                 : ", ",
                                  names[i]);
    } else if (near) {
        snprintf(expected, sizeof expected, "a name of %s (%s?)", type->short_name, near);
    } else {
        snprintf(expected, sizeof expected, "a name of %s", type->short_name);
    }
    return refuse(why, expected, value);
}

static cr_status store_enum(const ProtobufCEnumDescriptor *type, const cr_value *value, cr_arena *arena,
                            int *out, char why[CR_VALUE_WHY])
{
    if (value->kind == CR_VALUE_WORD) {
        unsigned low = 0, high = type->n_value_names;
        while (low < high) {
            unsigned mid = (low + high) / 2;
            const char *name = type->values_by_name[mid].name;
            int order = strncmp(value->text, name, value->size);
            if (order == 0 && name[value->size] != 0)
                order = -1;
            if (order == 0) {
                *out = type->values[type->values_by_name[mid].index].value;
                return CREMA_OK;
            }
            if (order < 0)
                high = mid;
            else
                low = mid + 1;
        }
        return unknown_enum_name(type, value, arena, why);
    }
    int64_t n;
    if (value->kind == CR_VALUE_U64)
        n = (int32_t)value->bits;
    else if (cr_value_integer(value, INT32_MIN, INT32_MAX, &n, why) != CREMA_OK)
        return refuse(why, "a name or a number of its enum", value);
    if (!protobuf_c_enum_descriptor_get_value(type, (int)n)) {
        char expected[96];
        snprintf(expected, sizeof expected, "a number of %s", type->short_name);
        refuse(why, expected, value);
        return value->kind == CR_VALUE_U64 ? CREMA_ERR_UNSUPPORTED : CREMA_ERR_INPUT;
    }
    *out = (int)n;
    return CREMA_OK;
}

static cr_status store_string(const ProtobufCFieldDescriptor *field, const cr_value *value, cr_arena *arena,
                              void *member, char why[CR_VALUE_WHY])
{
    if (value->kind == CR_VALUE_WORD || value->kind == CR_VALUE_NUMBER) {
        char buf[48];
        snprintf(why, CR_VALUE_WHY, "must be a string: put %s in quotes", shown(value, buf));
        return CREMA_ERR_INPUT;
    }
    if (value->kind != CR_VALUE_STRING)
        return refuse(why, "a string", value);
    const char *text = value->size ? value->text : "";
    if (field->type == PROTOBUF_C_TYPE_STRING && memchr(text, 0, value->size)) {
        snprintf(why, CR_VALUE_WHY, "has a zero byte inside, which a string can't have");
        return CREMA_ERR_INPUT;
    }
    char *copy = cr_arena_strndup(arena, text, value->size);
    if (!copy)
        return CREMA_ERR_MEMORY;
    if (field->type == PROTOBUF_C_TYPE_STRING)
        *(char **)member = copy;
    else
        *(ProtobufCBinaryData *)member = (ProtobufCBinaryData){value->size, (uint8_t *)copy};
    return CREMA_OK;
}

static cr_status store_integer(const ProtobufCFieldDescriptor *field, const cr_value *value, void *member,
                               char why[CR_VALUE_WHY])
{
    static const struct {
        int64_t low;
        uint64_t high;
    } range[2][2] = {{{0, UINT32_MAX}, {0, UINT64_MAX}}, {{INT32_MIN, INT32_MAX}, {INT64_MIN, INT64_MAX}}};
    bool is_64 = cr_value_bytes(field) == 8, zigzag = false, is_signed = true;
    switch (field->type) {
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SINT64:
        zigzag = true;
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        is_signed = false;
        break;
    default:
        break;
    }
    uint64_t bits = value->bits;
    int64_t n = 0;
    if (value->kind != CR_VALUE_U64) {
        cr_status status =
            cr_value_integer(value, range[is_signed][is_64].low, range[is_signed][is_64].high, &n, why);
        if (status != CREMA_OK)
            return status;
        bits = (uint64_t)n;
    } else if (zigzag) {
        bits = (bits >> 1) ^ (0 - (bits & 1));
    }
    if (is_64)
        *(uint64_t *)member = bits;
    else
        *(uint32_t *)member = (uint32_t)bits;
    return CREMA_OK;
}

static cr_status store_real(const ProtobufCFieldDescriptor *field, const cr_value *value, cr_arena *arena,
                            void *member, char why[CR_VALUE_WHY])
{
    double x = value->real;
    if (value->kind == CR_VALUE_U64)
        return refuse(why, "a number with a fraction part", value);
    if (value->kind != CR_VALUE_F32 && value->kind != CR_VALUE_F64) {
        cr_status status = cr_value_real(value, arena, &x, why);
        if (status != CREMA_OK)
            return status;
    }
    if (field->type == PROTOBUF_C_TYPE_DOUBLE)
        *(double *)member = x;
    else
        *(float *)member = to_float(x);
    return CREMA_OK;
}

cr_status cr_value_store(const ProtobufCFieldDescriptor *field, const cr_value *value, cr_arena *arena,
                         void *member, char why[CR_VALUE_WHY])
{
    why[0] = 0;
    switch (field->type) {
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        return store_real(field, value, arena, member, why);
    case PROTOBUF_C_TYPE_BOOL:
        if (value->kind != CR_VALUE_U64)
            return store_bool(value, member, why);
        *(protobuf_c_boolean *)member = value->bits != 0;
        return CREMA_OK;
    case PROTOBUF_C_TYPE_ENUM:
        return store_enum(field->descriptor, value, arena, member, why);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
        return store_string(field, value, arena, member, why);
    case PROTOBUF_C_TYPE_MESSAGE:
        return refuse(why, "a block in braces", value);
    default:
        return store_integer(field, value, member, why);
    }
}
