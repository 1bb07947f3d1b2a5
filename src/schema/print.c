/*
 * print.c - the order of a message's values, and how a number is spelled.
 *
 * The C library finds the digits (%e); where the point goes is decided here, as %g does it, since the library's
 * point depends on the locale. Reading back goes through the reader's own conversion.
 */
#include "schema/print.h"

#include "schema/field.h"
#include "schema/value.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- order ---- */

static int by_place(const void *a, const void *b)
{
    const cr_print_item *x = a, *y = b;
    if (x->sort_line != y->sort_line)
        return x->sort_line < y->sort_line ? -1 : 1;
    if (x->sort_column != y->sort_column)
        return x->sort_column < y->sort_column ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static void add(cr_print_list *list, cr_print_item item)
{
    const cr_print_item *before = list->n ? &list->item[list->n - 1] : NULL;
    item.sort_line = item.line ? item.line : before ? before->sort_line : 0;
    item.sort_column = item.line ? item.column : before ? before->sort_column : 0;
    item.order = list->n;
    list->item[list->n++] = item;
}

// Values of one field stay in their order, wherever an upgrade took them from: none stands behind a later one.
static void keep_order(cr_print_item *item, size_t n)
{
    for (size_t i = n; i-- > 1;) {
        const cr_print_item *later = &item[i];
        cr_print_item *earlier = &item[i - 1];
        if (earlier->sort_line > later->sort_line ||
            (earlier->sort_line == later->sort_line && earlier->sort_column > later->sort_column)) {
            earlier->sort_line = later->sort_line;
            earlier->sort_column = later->sort_column;
        }
    }
}

static size_t count_unknown(const cr_unknown *u)
{
    size_t n = 0;
    for (; u; u = u->next)
        n++;
    return n;
}

bool cr_print_items(const ProtobufCMessage *message, const cr_notes *notes, cr_print_list *list)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    const cr_unknown *unknown = cr_notes_unknown(notes, message);
    size_t n = count_unknown(unknown), bytes;
    *list = (cr_print_list){0};
    for (unsigned i = 0; i < type->n_fields; i++)
        if (!cr_size_add(n, cr_field_count(message, &type->fields[i]), &n))
            return false;
    if (!cr_size_mul(n + 1, sizeof *list->item, &bytes) || !(list->item = cr_alloc(bytes)))
        return false;
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        size_t first = list->n;
        for (size_t j = 0; j < cr_field_count(message, field); j++) {
            cr_print_item item = {.field = field, .index = j};
            cr_notes_own_pos(notes, message, field->name, j, &item.line, &item.column);
            add(list, item);
        }
        keep_order(list->item + first, list->n - first);
    }
    for (; unknown; unknown = unknown->next)
        add(list, (cr_print_item){.unknown = unknown, .line = unknown->line, .column = unknown->column});
    qsort(list->item, list->n, sizeof *list->item, by_place);
    return true;
}

/* ---- numbers ---- */

typedef struct decimal {
    char digit[20];
    int n, exponent; // value = d.ddd * 10^exponent
} decimal;

static decimal digits_of(double x, int precision)
{
    char text[64];
    decimal d = {0};
    snprintf(text, sizeof text, "%.*e", precision - 1, x);
    const char *s = text;
    for (; *s && *s != 'e'; s++)
        if (*s >= '0' && *s <= '9' && d.n < (int)sizeof d.digit)
            d.digit[d.n++] = *s;
    d.exponent = *s ? atoi(s + 1) : 0;
    while (d.n > 1 && d.digit[d.n - 1] == '0')
        d.n--;
    return d;
}

// As %g: with an exponent when that is below -4 or not below the precision.
static void spell(const decimal *d, bool negative, int precision, char buf[CR_PRINT_SCALAR])
{
    char *out = buf;
    if (negative)
        *out++ = '-';
    if (d->exponent < -4 || d->exponent >= precision) {
        *out++ = d->digit[0];
        if (d->n > 1)
            *out++ = '.';
        for (int i = 1; i < d->n; i++)
            *out++ = d->digit[i];
        snprintf(out, 8, "e%c%02d", d->exponent < 0 ? '-' : '+', abs(d->exponent));
        return;
    }
    // Digit i has the weight 10^(exponent - i); the point stands behind weight 1.
    for (int i = d->exponent < 0 ? d->exponent : 0; i < d->n || i <= d->exponent; i++) {
        *out++ = i >= 0 && i < d->n ? d->digit[i] : '0';
        if (i == d->exponent && i + 1 < d->n)
            *out++ = '.';
    }
    *out = 0;
}

static bool reads_back(const char *text, double x, bool is_float)
{
    char why[CR_VALUE_WHY];
    cr_arena arena = {0};
    double got = 0;
    cr_value v = {.kind = CR_VALUE_NUMBER, .text = text, .size = strlen(text)};
    cr_status status = cr_value_real(&v, &arena, &got, why);
    cr_arena_free(&arena);
    return status == CREMA_OK && (is_float ? (float)got == (float)x : got == x);
}

static void print_real(double x, bool is_float, char buf[CR_PRINT_SCALAR])
{
    if (!isfinite(x)) {
        strcpy(buf, isnan(x) ? "nan" : x > 0 ? "inf" : "-inf");
        return;
    }
    int least = is_float ? FLT_DIG : DBL_DIG, most = is_float ? FLT_DECIMAL_DIG : DBL_DECIMAL_DIG;
    if (fabs(x) < (is_float ? (double)FLT_MIN : DBL_MIN))
        least = 1; // numbers below the normal ones have fewer digits
    for (int precision = least; precision <= most; precision++) {
        decimal d = digits_of(fabs(x), precision);
        spell(&d, signbit(x), precision, buf);
        if (reads_back(buf, x, is_float))
            return;
    }
}

static void print_integer(const ProtobufCFieldDescriptor *field, const void *value, char buf[CR_PRINT_SCALAR])
{
    bool is_64 = cr_value_bytes(field) == 8;
    switch (field->type) {
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        snprintf(buf, CR_PRINT_SCALAR, "%llu",
                 is_64 ? (unsigned long long)*(const uint64_t *)value : *(const uint32_t *)value);
        break;
    default:
        snprintf(buf, CR_PRINT_SCALAR, "%lld",
                 is_64 ? (long long)*(const int64_t *)value : *(const int32_t *)value);
    }
}

const char *cr_print_scalar(const ProtobufCFieldDescriptor *field, const void *value,
                            char buf[CR_PRINT_SCALAR])
{
    const ProtobufCEnumValue *name;
    buf[0] = 0;
    switch (field->type) {
    case PROTOBUF_C_TYPE_FLOAT:
        print_real((double)*(const float *)value, true, buf);
        return buf;
    case PROTOBUF_C_TYPE_DOUBLE:
        print_real(*(const double *)value, false, buf);
        return buf;
    case PROTOBUF_C_TYPE_BOOL:
        return *(const protobuf_c_boolean *)value ? "true" : "false";
    case PROTOBUF_C_TYPE_ENUM:
        name = protobuf_c_enum_descriptor_get_value(field->descriptor, *(const int *)value);
        if (name)
            return name->name;
        snprintf(buf, CR_PRINT_SCALAR, "%d", *(const int *)value);
        return buf;
    default:
        print_integer(field, value, buf);
        return buf;
    }
}

/* ---- letters ---- */

size_t cr_utf8_letter(const char *text, size_t room)
{
    const unsigned char *s = (const unsigned char *)text;
    if (room == 0 || s[0] < 0x80)
        return room > 0;
    size_t n = s[0] >= 0xC2 && s[0] < 0xE0   ? 2
               : (s[0] & 0xF0) == 0xE0       ? 3
               : s[0] >= 0xF0 && s[0] < 0xF5 ? 4
                                             : 0;
    if (n == 0 || n > room)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] >= 0xA0) || (s[0] == 0xF0 && s[1] < 0x90) ||
        (s[0] == 0xF4 && s[1] >= 0x90))
        return 0;
    return n;
}
