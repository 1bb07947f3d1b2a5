/*
 * equal.c - two messages side by side, field by field in the order of their numbers.
 *
 * The depth is that of the schema's own nesting, which no file can exceed by more than the builder allows.
 */
#include "schema/equal.h"

#include "schema/field.h"
#include "schema/print.h"
#include "schema/value.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct walk {
    char path[sizeof((cr_difference *)0)->path];
    size_t size; // of the path
    bool (*found)(void *user, const cr_change *change);
    void *user;
} walk;

const char *cr_show_value(const ProtobufCFieldDescriptor *field, const void *value, char *out, size_t size)
{
    char buf[CR_PRINT_SCALAR];
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        snprintf(out, size, "{...}");
    else if (field->type == PROTOBUF_C_TYPE_STRING)
        snprintf(out, size, "\"%s\"", *(char *const *)value);
    else if (field->type == PROTOBUF_C_TYPE_BYTES)
        snprintf(out, size, "(%zu bytes)", ((const ProtobufCBinaryData *)value)->len);
    else
        snprintf(out, size, "%s", cr_print_scalar(field, value, buf));
    return out;
}

static bool same_value(const ProtobufCFieldDescriptor *field, const void *a, const void *b)
{
    const ProtobufCBinaryData *x = a, *y = b;
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return strcmp(*(char *const *)a, *(char *const *)b) == 0;
    case PROTOBUF_C_TYPE_BYTES:
        return x->len == y->len && (x->len == 0 || memcmp(x->data, y->data, x->len) == 0);
    case PROTOBUF_C_TYPE_FLOAT:
        if (isnan(*(const float *)a) && isnan(*(const float *)b))
            return true;
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        if (isnan(*(const double *)a) && isnan(*(const double *)b))
            return true;
        break;
    default:
        break;
    }
    return memcmp(a, b, cr_value_bytes(field)) == 0;
}

static size_t add_to_path(walk *w, const ProtobufCFieldDescriptor *field, size_t index)
{
    size_t room = sizeof w->path - w->size, before = w->size;
    int n = snprintf(w->path + w->size, room, "%s%s", w->size ? "." : "", field->name);
    if (field->label == PROTOBUF_C_LABEL_REPEATED && n > 0 && (size_t)n < room)
        n += snprintf(w->path + w->size + n, room - (size_t)n, "[%zu]", index);
    w->size += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
    return before;
}

static void shorten_path(walk *w, size_t size)
{
    w->size = size;
    w->path[size] = 0;
}

static bool tell(walk *w, const ProtobufCMessage *a, const ProtobufCMessage *b,
                 const ProtobufCFieldDescriptor *field, size_t index)
{
    size_t size = add_to_path(w, field, index);
    cr_change change = {.path = w->path,
                        .field = field,
                        .index = index,
                        .a = a,
                        .b = b,
                        .in_a = index < cr_field_count(a, field),
                        .in_b = index < cr_field_count(b, field)};
    bool go_on = w->found(w->user, &change);
    shorten_path(w, size);
    return go_on;
}

static bool compare(walk *w, const ProtobufCMessage *a, const ProtobufCMessage *b, const char *skip);

// Value `index`, which both have.
static bool compare_value(walk *w, const ProtobufCMessage *a, const ProtobufCMessage *b,
                          const ProtobufCFieldDescriptor *field, size_t index)
{
    const void *x = cr_field_value(a, field, index), *y = cr_field_value(b, field, index);
    if (field->type != PROTOBUF_C_TYPE_MESSAGE)
        return same_value(field, x, y) || tell(w, a, b, field, index);
    size_t size = add_to_path(w, field, index);
    bool go_on = compare(w, *(ProtobufCMessage *const *)x, *(ProtobufCMessage *const *)y, NULL);
    shorten_path(w, size);
    return go_on;
}

// False: the callback has said stop.
static bool compare(walk *w, const ProtobufCMessage *a, const ProtobufCMessage *b, const char *skip)
{
    for (unsigned i = 0; i < a->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &a->descriptor->fields[i];
        size_t n_a = cr_field_count(a, field), n_b = cr_field_count(b, field);
        if (skip && strcmp(field->name, skip) == 0)
            continue;
        for (size_t j = 0; j < n_a || j < n_b; j++)
            if (!(j < n_a && j < n_b ? compare_value(w, a, b, field, j) : tell(w, a, b, field, j)))
                return false;
    }
    return true;
}

void cr_message_compare(const ProtobufCMessage *a, const ProtobufCMessage *b, const char *skip,
                        bool (*found)(void *user, const cr_change *change), void *user)
{
    walk w = {.found = found, .user = user};
    compare(&w, a, b, skip);
}

static void show(const ProtobufCMessage *message, const cr_change *change, bool there, char *out, size_t size)
{
    if (there)
        cr_show_value(change->field, cr_field_value(message, change->field, change->index), out, size);
    else
        snprintf(out, size, "(not set)");
}

typedef struct first_one {
    cr_difference *out; // may be NULL
    bool differ;
} first_one;

static bool keep_first(void *user, const cr_change *change)
{
    first_one *first = user;
    first->differ = true;
    if (first->out) {
        snprintf(first->out->path, sizeof first->out->path, "%s", change->path);
        show(change->a, change, change->in_a, first->out->a, sizeof first->out->a);
        show(change->b, change, change->in_b, first->out->b, sizeof first->out->b);
    }
    return false;
}

bool cr_message_equal(const ProtobufCMessage *a, const ProtobufCMessage *b, cr_difference *first)
{
    first_one one = {.out = first};
    if (first)
        memset(first, 0, sizeof *first);
    cr_message_compare(a, b, NULL, keep_first, &one);
    return !one.differ;
}
