/*
 * equal.c - two messages side by side, field by field in the order of their numbers.
 *
 * The depth is that of the schema's own nesting, which no file can exceed by more than the builder allows.
 */
#include "schema/equal.h"

#include "schema/field.h"
#include "schema/value.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct walk {
    char path[sizeof((cr_difference *)0)->path];
    size_t size; // of the path
    cr_difference *first;
} walk;

static void show(const ProtobufCFieldDescriptor *field, const void *value, char *out, size_t size)
{
    const ProtobufCEnumValue *name;
    switch (field->type) {
    case PROTOBUF_C_TYPE_MESSAGE:
        snprintf(out, size, "{...}");
        break;
    case PROTOBUF_C_TYPE_STRING:
        snprintf(out, size, "\"%s\"", *(char *const *)value);
        break;
    case PROTOBUF_C_TYPE_BYTES:
        snprintf(out, size, "(%zu bytes)", ((const ProtobufCBinaryData *)value)->len);
        break;
    case PROTOBUF_C_TYPE_FLOAT:
        snprintf(out, size, "%.9g", (double)*(const float *)value);
        break;
    case PROTOBUF_C_TYPE_DOUBLE:
        snprintf(out, size, "%.17g", *(const double *)value);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        snprintf(out, size, "%s", *(const protobuf_c_boolean *)value ? "true" : "false");
        break;
    case PROTOBUF_C_TYPE_ENUM:
        name = protobuf_c_enum_descriptor_get_value(field->descriptor, *(const int *)value);
        snprintf(out, size, "%s", name ? name->name : "(unknown)");
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        snprintf(out, size, "%u", *(const uint32_t *)value);
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        snprintf(out, size, "%llu", (unsigned long long)*(const uint64_t *)value);
        break;
    default:
        if (cr_value_bytes(field) == 8)
            snprintf(out, size, "%lld", (long long)*(const int64_t *)value);
        else
            snprintf(out, size, "%d", *(const int32_t *)value);
    }
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

static void add_to_path(walk *w, const ProtobufCFieldDescriptor *field, size_t index)
{
    size_t room = sizeof w->path - w->size;
    int n = snprintf(w->path + w->size, room, "%s%s", w->size ? "." : "", field->name);
    if (field->label == PROTOBUF_C_LABEL_REPEATED && n > 0 && (size_t)n < room)
        n += snprintf(w->path + w->size + n, room - (size_t)n, "[%zu]", index);
    w->size += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
}

// One of the two lists may be shorter: then the difference is the first value that only the other has.
static bool differs(walk *w, const ProtobufCMessage *a, const ProtobufCMessage *b,
                    const ProtobufCFieldDescriptor *field, size_t index)
{
    const ProtobufCMessage *side[2] = {a, b};
    if (!w->first)
        return false;
    add_to_path(w, field, index);
    memcpy(w->first->path, w->path, sizeof w->path);
    for (int i = 0; i < 2; i++) {
        char *out = i ? w->first->b : w->first->a;
        if (index >= cr_field_count(side[i], field))
            snprintf(out, sizeof w->first->a, "(not set)");
        else
            show(field, cr_field_value(side[i], field, index), out, sizeof w->first->a);
    }
    return false;
}

static bool same_message(walk *w, const ProtobufCMessage *a, const ProtobufCMessage *b)
{
    for (unsigned i = 0; i < a->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &a->descriptor->fields[i];
        size_t n_a = cr_field_count(a, field), n_b = cr_field_count(b, field);
        for (size_t j = 0; j < n_a && j < n_b; j++) {
            const void *x = cr_field_value(a, field, j), *y = cr_field_value(b, field, j);
            if (field->type != PROTOBUF_C_TYPE_MESSAGE) {
                if (!same_value(field, x, y))
                    return differs(w, a, b, field, j);
                continue;
            }
            size_t size = w->size;
            add_to_path(w, field, j);
            if (!same_message(w, *(ProtobufCMessage *const *)x, *(ProtobufCMessage *const *)y))
                return false;
            w->size = size;
            w->path[size] = 0;
        }
        if (n_a != n_b)
            return differs(w, a, b, field, n_a < n_b ? n_a : n_b);
    }
    return true;
}

bool cr_message_equal(const ProtobufCMessage *a, const ProtobufCMessage *b, cr_difference *first)
{
    walk w = {.first = first};
    if (first)
        memset(first, 0, sizeof *first);
    return same_message(&w, a, b);
}
