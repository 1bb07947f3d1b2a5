/*
 * field.c - crema_field_*: what the callbacks of the caller's own types read of a layer's parameters.
 *
 * A field of the schema has a type; of one that it does not have only the spelling is known, and what is asked for
 * decides, by the rules for a field of that type (schema/value.h). cr_param_fail stands here so that whoever links
 * layer types statically has these functions too, for plugins to find.
 */
#include "api/param.h"
#include "crema.pb-c.h"
#include "schema/value.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

cr_pos cr_param_pos(const crema_layer *own, const cr_param *p)
{
    const cr_layer *layer = own->layer;
    if (p->raw)
        return (cr_pos){cr_notes_file(layer->notes), p->raw->line, p->raw->column};
    if (p->field)
        return cr_notes_pos(layer->notes, p->message, p->field->name, p->index);
    return cr_notes_pos(layer->notes, layer->param, NULL, 0);
}

cr_status cr_param_fail(const crema_layer *own, const cr_param *p, cr_err *err, const char *fmt, ...)
{
    char sentence[sizeof err->message];
    va_list args;
    va_start(args, fmt);
    vsnprintf(sentence, sizeof sentence, fmt, args);
    va_end(args);
    cr_pos pos = cr_param_pos(own, p);
    return cr_fail(err, CREMA_ERR_INPUT, &pos, "layer \"%s\" (%s): %s", own->layer->name,
                   own->layer->type->name, sentence);
}

// The value, or the nearest block around it that is there.
static cr_param nearest_place(const crema_layer *own, const char *path, int index)
{
    char shorter[CR_MAX_PATH];
    snprintf(shorter, sizeof shorter, "%s", path ? path : "");
    for (int64_t want = index; shorter[0]; want = 0) {
        cr_param_search s = cr_param_find(own, shorter, want);
        if (cr_param_is_there(&s.hit))
            return s.hit;
        char *dot = strrchr(shorter, '.');
        *(dot ? dot : shorter) = 0;
    }
    return (cr_param){0};
}

crema_status crema_field_fail(const crema_layer *layer, const char *path, int index, crema_error *err,
                              const char *format, ...)
{
    char sentence[sizeof err->message];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    cr_param at = nearest_place(layer, path, index);
    return cr_param_fail(layer, &at, err, "%s", sentence);
}

/* ---- values ---- */

// The value; *there false: none, which is no error.
static cr_status get(const crema_layer *own, const char *path, int index, cr_param *out, bool *there,
                     cr_err *err)
{
    cr_param_search s = cr_param_find(own, path, index < 0 ? 0 : index);
    *out = s.hit;
    *there = cr_param_is_there(&s.hit);
    if (s.bad_path || index < 0)
        return cr_fail(err, CREMA_ERR_USAGE, NULL, "\"%.80s\" is no path of a field, or %d no index",
                       path ? path : "(null)", index);
    cr_scope block;
    if (*there && cr_param_opens(&s.hit, &block))
        return cr_param_fail(own, &s.hit, err, "%.200s takes a single value, not a block", path);
    if (s.too_many)
        return cr_param_fail(own, &s.hit, err, "has too many blocks of one name to read %.200s from them",
                             path);
    if (!*there && cr_param_is_there(&s.scalar))
        return cr_param_fail(own, &s.scalar, err, "%.80s must be a block, since %.200s is read from it",
                             s.scalar.raw ? s.scalar.raw->name : s.scalar.field->name, path);
    if (!*there && s.nameless)
        return cr_param_fail(
            own, &s.hit, err,
            "has fields that this version does not know, and the net is in the binary format, which "
            "has no names: %.200s can be read from text only",
            path);
    return CREMA_OK;
}

// The caller asked a field of the schema for what it is not.
static cr_status wrong_getter(const crema_layer *own, const cr_param *p, const char *path, const char *wanted,
                              cr_err *err)
{
    return cr_param_fail(own, p, err, "%.200s is read as %s, which it is not", path, wanted);
}

static cr_status raw_failed(const crema_layer *own, const cr_param *p, const char *path, cr_status status,
                            const char *why, cr_err *err)
{
    return status == CREMA_ERR_MEMORY ? cr_no_memory(err)
                                      : cr_param_fail(own, p, err, "%.150s %s", path, why);
}

static const void *schema_value(const cr_param *p)
{
    return cr_field_value(p->message, p->field, p->index);
}

// A whole number of any type; false: it is something else. Above INT64_MAX *out is negative and *large is set.
static bool schema_integer(const cr_param *p, int64_t *out, bool *large)
{
    const void *v = schema_value(p);
    *large = false;
    switch (p->field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_ENUM:
        *out = *(const int32_t *)v;
        return true;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        *out = *(const uint32_t *)v;
        return true;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        *large = *(const uint64_t *)v > INT64_MAX;
        *out = *(const int64_t *)v;
        return true;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        *out = *(const int64_t *)v;
        return true;
    default:
        return false;
    }
}

int crema_field_count(const crema_layer *layer, const char *path)
{
    cr_param_search s = cr_param_find(layer, path, -1);
    if (s.bad_path || s.too_many || (s.n == 0 && s.nameless))
        return -1;
    return s.n > INT32_MAX ? INT32_MAX : (int)s.n;
}

crema_status crema_field_get_int(const crema_layer *layer, const char *path, int index, int64_t *out,
                                 crema_error *err)
{
    cr_param p;
    bool there, large = false;
    int64_t value = 0;
    cr_status status = get(layer, path, index, &p, &there, err);
    if (status != CREMA_OK || !there)
        return status;
    if (p.raw) {
        char why[CR_VALUE_WHY];
        status = cr_value_integer(&p.raw->value, INT64_MIN, INT64_MAX, &value, why);
        if (status != CREMA_OK)
            return raw_failed(layer, &p, path, status, why, err);
    } else if (!schema_integer(&p, &value, &large) || large) {
        return wrong_getter(layer, &p, path, large ? "a signed number" : "a whole number", err);
    }
    *out = value;
    return CREMA_OK;
}

crema_status crema_field_get_double(const crema_layer *layer, const char *path, int index, double *out,
                                    crema_error *err)
{
    cr_param p;
    bool there, large;
    int64_t whole;
    cr_status status = get(layer, path, index, &p, &there, err);
    if (status != CREMA_OK || !there)
        return status;
    if (p.raw) {
        cr_arena arena = {0};
        char why[CR_VALUE_WHY];
        double value;
        status = cr_value_real(&p.raw->value, &arena, &value, why);
        cr_arena_free(&arena);
        if (status != CREMA_OK)
            return raw_failed(layer, &p, path, status, why, err);
        *out = value;
    } else if (p.field->type == PROTOBUF_C_TYPE_FLOAT) {
        *out = (double)*(const float *)schema_value(&p);
    } else if (p.field->type == PROTOBUF_C_TYPE_DOUBLE) {
        *out = *(const double *)schema_value(&p);
    } else if (p.field->type != PROTOBUF_C_TYPE_ENUM && schema_integer(&p, &whole, &large)) {
        *out = large ? (double)(uint64_t)whole : (double)whole;
    } else {
        return wrong_getter(layer, &p, path, "a number", err);
    }
    return CREMA_OK;
}

crema_status crema_field_get_bool(const crema_layer *layer, const char *path, int index, int *out,
                                  crema_error *err)
{
    static const ProtobufCFieldDescriptor a_bool = {.type = PROTOBUF_C_TYPE_BOOL};
    cr_param p;
    bool there;
    cr_status status = get(layer, path, index, &p, &there, err);
    if (status != CREMA_OK || !there)
        return status;
    protobuf_c_boolean value;
    if (p.raw) {
        char why[CR_VALUE_WHY];
        status = cr_value_store(&a_bool, &p.raw->value, NULL, &value, why);
        if (status != CREMA_OK)
            return raw_failed(layer, &p, path, status, why, err);
    } else if (p.field->type == PROTOBUF_C_TYPE_BOOL) {
        value = *(const protobuf_c_boolean *)schema_value(&p);
    } else {
        return wrong_getter(layer, &p, path, "true or false", err);
    }
    *out = value != 0;
    return CREMA_OK;
}

crema_status crema_field_get_string(const crema_layer *layer, const char *path, int index, const char **out,
                                    crema_error *err)
{
    cr_param p;
    bool there;
    cr_status status = get(layer, path, index, &p, &there, err);
    if (status != CREMA_OK || !there)
        return status;
    if (p.raw) {
        const cr_value *v = &p.raw->value;
        if (v->kind == CR_VALUE_NUMBER)
            return cr_param_fail(layer, &p, err, "%.150s must be a string or a name, not %.40s", path,
                                 v->text);
        if (memchr(v->text, 0, v->size))
            return cr_param_fail(layer, &p, err, "%.150s must not have a zero byte in it", path);
        *out = v->text;
    } else if (p.field->type == PROTOBUF_C_TYPE_STRING) {
        *out = *(char *const *)schema_value(&p);
    } else if (p.field->type == PROTOBUF_C_TYPE_ENUM) {
        const ProtobufCEnumValue *v =
            protobuf_c_enum_descriptor_get_value(p.field->descriptor, *(const int *)schema_value(&p));
        if (!v)
            return cr_param_fail(layer, &p, err, "%.150s is %d, which has no name", path,
                                 *(const int *)schema_value(&p));
        *out = v->name;
    } else {
        return wrong_getter(layer, &p, path, "a string", err);
    }
    return CREMA_OK;
}
