/*
 * builder.c - typed messages from events, through reflection descriptors.
 *
 * A stack of open messages; each event finds its field's storage by the offsets that protobuf-c's descriptors
 * give. A repeated field has room for the next power of two of what it holds, so growing needs no bookkeeping.
 * Warnings are limited in number: a hostile file may hold millions of unknown fields, and the search for the
 * nearest known name is slow.
 */
#include "schema/builder.h"

#include "base/names.h"
#include "schema/aliases.h"
#include "schema/field.h"
#include "schema/value.h"

#include <stdio.h>
#include <string.h>

enum {
    MAX_WARNINGS = 1000,   // per file
    NOTED_ELEMENTS = 4096, // positions are kept for this many values of one repeated scalar
    FIRST_ROOM = 4,        // of a repeated field
    MAX_JOINED = 4096      // bytes of comments up to which more are added
};

typedef struct place {
    const void *message;
    const char *field;
    size_t index;
} place;

typedef struct frame {
    ProtobufCMessage *message;
    const ProtobufCFieldDescriptor *field; // of the message above; NULL for the root
    bool merged; // it was there before: its fields may be given again without a warning for each
} frame;

struct cr_builder {
    cr_arena *arena;
    cr_notes *notes;
    const char *file;
    const cr_log *log;
    bool strict;
    const char *const *expected; // unknown fields that somebody reads; may be NULL
    int depth;                   // of open messages below the root
    int n_warnings;
    frame frame[CR_MAX_DEPTH + 1];
    place last; // what a comment behind belongs to
    char *before;
    size_t before_size, before_room;
};

cr_builder *cr_builder_create(cr_arena *arena, const ProtobufCMessageDescriptor *root, const char *file,
                              const cr_log *log, bool strict)
{
    cr_builder *b = cr_arena_alloc(arena, sizeof *b);
    if (!b)
        return NULL;
    b->arena = arena;
    b->notes = cr_notes_create(arena, file);
    b->file = file ? cr_arena_strdup(arena, file) : NULL;
    b->log = log;
    b->strict = strict;
    b->frame[0].message = cr_message_new(arena, root);
    return b->notes && b->frame[0].message && (b->file || !file) ? b : NULL;
}

void cr_builder_expect(cr_builder *b, const char *const *names)
{
    b->expected = names;
}

static bool is_expected(const cr_builder *b, const char *name)
{
    for (const char *const *n = b->depth == 1 ? b->expected : NULL; n && *n; n++)
        if (strcmp(*n, name) == 0)
            return true;
    return false;
}

static const frame *top(const cr_builder *b)
{
    return &b->frame[b->depth];
}

const ProtobufCMessageDescriptor *cr_builder_type(const cr_builder *b)
{
    return top(b)->message->descriptor;
}

const ProtobufCMessage *cr_builder_message(const cr_builder *b)
{
    return top(b)->message;
}

const cr_log *cr_builder_log(const cr_builder *b)
{
    return b->log;
}

static const ProtobufCFieldDescriptor *find_field(const ProtobufCMessageDescriptor *type, const char *name,
                                                  size_t size)
{
    unsigned low = 0, high = type->n_fields;
    while (low < high) {
        unsigned mid = (low + high) / 2;
        const ProtobufCFieldDescriptor *field = &type->fields[type->fields_sorted_by_name[mid]];
        int order = strncmp(name, field->name, size);
        if (order == 0 && field->name[size] == 0)
            return field;
        if (order > 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

const ProtobufCFieldDescriptor *cr_builder_field(const cr_builder *b, const char *name, size_t size)
{
    const ProtobufCMessageDescriptor *type = cr_builder_type(b);
    const ProtobufCFieldDescriptor *field = find_field(type, name, size);
    const char *ours = field ? NULL : cr_alias(type->short_name, name, size);
    return ours ? find_field(type, ours, strlen(ours)) : field;
}

// Who is being filled, for the start of a sentence: `layer "conv1": convolution_param.` or as much of it as is
// known. The one convention used: a block that has a name has it in its field "name".
static const char *whose(const cr_builder *b, char *buf, size_t size)
{
    size_t n = 0;
    buf[0] = 0;
    for (int i = 1; i <= b->depth && n == 0; i++) {
        const ProtobufCFieldDescriptor *f = find_field(b->frame[i].message->descriptor, "name", 4);
        if (!f || f->type != PROTOBUF_C_TYPE_STRING || f->label == PROTOBUF_C_LABEL_REPEATED)
            continue;
        const char *name = *(const char **)((char *)b->frame[i].message + f->offset);
        if (name && name != f->default_value) {
            n = (size_t)snprintf(buf, size, "%s \"%.80s\": ", b->frame[i].field->name, name);
            if (i == b->depth)
                return buf;
        }
    }
    if (b->depth > 0 && n < size)
        snprintf(buf + n, size - n, "%s.", top(b)->field->name);
    return buf;
}

static cr_pos pos_at(const cr_builder *b, int line, int column)
{
    return (cr_pos){b->file, line, column};
}

// True when the warning is to be given.
static bool may_warn(cr_builder *b)
{
    if (b->n_warnings == MAX_WARNINGS)
        cr_warn(b->log, &(cr_pos){b->file, 0, 0}, "more than %d warnings; the rest is not shown",
                MAX_WARNINGS);
    return b->n_warnings++ < MAX_WARNINGS;
}

// The comments that stood before, for a place that may have some already: what is given twice is one field. If
// that has too many they are left to the next place.
static cr_status give_comments(cr_builder *b, place at, cr_err *err)
{
    if (b->before_size == 0)
        return CREMA_OK;
    const char *old = cr_notes_before(b->notes, at.message, at.field, at.index), *all = b->before;
    if (old && strlen(old) > MAX_JOINED) // copied again and again
        return CREMA_OK;
    b->before_size = 0;
    if (old && !(all = cr_arena_printf(b->arena, "%s\n%s", old, b->before)))
        return cr_no_memory(err);
    bool ok = cr_notes_set_comments(b->notes, at.message, at.field, at.index, all, NULL);
    return ok ? CREMA_OK : cr_no_memory(err);
}

// A note at the place of what comes now, with the comments that stood before it. line 0: no position.
static cr_status note(cr_builder *b, place at, int line, int column, cr_err *err)
{
    b->last = at;
    if (line > 0 && !cr_notes_set_pos(b->notes, at.message, at.field, at.index, line, column))
        return cr_no_memory(err);
    return give_comments(b, at, err);
}

static void *member_of(ProtobufCMessage *message, unsigned offset)
{
    return (char *)message + offset;
}

// The number of values that a repeated field with n of them has room for.
static size_t room_for(size_t n)
{
    size_t room = n ? FIRST_ROOM : 0;
    while (room < n && room <= SIZE_MAX / 2)
        room *= 2;
    return room;
}

// Room for more values at the end of a repeated field; the count is left to the caller. NULL: no memory.
static void *next_elements(cr_builder *b, const ProtobufCFieldDescriptor *field, size_t more, size_t *index)
{
    ProtobufCMessage *message = top(b)->message;
    size_t n = *(size_t *)member_of(message, field->quantifier_offset), bytes = cr_value_bytes(field), total;
    char **array = member_of(message, field->offset);
    if (!cr_size_add(n, more, &total) || room_for(total) < total)
        return NULL;
    if (room_for(total) > room_for(n)) {
        char *fresh = cr_arena_array(b->arena, room_for(total), bytes);
        if (!fresh)
            return NULL;
        if (n > 0)
            memcpy(fresh, *array, n * bytes);
        *array = fresh;
    }
    *index = n;
    return *array + n * bytes;
}

static void *next_element(cr_builder *b, const ProtobufCFieldDescriptor *field, size_t *index)
{
    return next_elements(b, field, 1, index);
}

// Whether a singular field was set before.
static bool is_set(const cr_builder *b, const ProtobufCFieldDescriptor *field)
{
    return cr_field_is_set(top(b)->message, field);
}

static cr_status given_twice(cr_builder *b, const ProtobufCFieldDescriptor *field, int line, int column,
                             cr_err *err)
{
    char buf[160];
    cr_pos pos = pos_at(b, line, column);
    cr_pos first = cr_notes_pos(b->notes, top(b)->message, field->name, 0);
    if (line == 0) // the wire, where that is legal
        return CREMA_OK;
    whose(b, buf, sizeof buf);
    if (b->strict)
        return cr_fail(err, CREMA_ERR_INPUT, &pos, "%s%s is given a second time (first in line %d)", buf,
                       field->name, first.line);
    if (may_warn(b))
        cr_warn(b->log, &pos, "%s%s is given a second time (first in line %d): %s", buf, field->name,
                first.line,
                field->type == PROTOBUF_C_TYPE_MESSAGE ? "the two are merged and what comes later counts"
                                                       : "this one counts");
    return CREMA_OK;
}

// What cr_value_store refused: an error, or a warning where the wire has a number that our enum lacks.
static cr_status refused(cr_builder *b, const ProtobufCFieldDescriptor *field, cr_status status,
                         const char *why, int line, int column, cr_err *err)
{
    char buf[160];
    if (status == CREMA_ERR_MEMORY)
        return cr_no_memory(err);
    cr_pos pos = pos_at(b, line, column);
    whose(b, buf, sizeof buf);
    if (status == CREMA_ERR_INPUT || b->strict)
        return cr_fail(err, CREMA_ERR_INPUT, &pos, "%s%s %s", buf, field->name, why);
    if (may_warn(b))
        cr_warn(b->log, &pos, "%s%s %s: it is ignored", buf, field->name, why);
    return CREMA_OK;
}

// The field that keeps what an enum field X has no name for: a string called X_name, beside it. NULL: none.
static const ProtobufCFieldDescriptor *name_field(const cr_builder *b, const ProtobufCFieldDescriptor *field)
{
    char name[64];
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return NULL;
    int n = snprintf(name, sizeof name, "%s_name", field->name);
    const ProtobufCFieldDescriptor *f =
        n > 0 && (size_t)n < sizeof name ? find_field(cr_builder_type(b), name, (size_t)n) : NULL;
    return f && f->type == PROTOBUF_C_TYPE_STRING && f->label != PROTOBUF_C_LABEL_REPEATED ? f : NULL;
}

static bool has_name(const ProtobufCEnumDescriptor *type, const cr_value *value)
{
    char name[64];
    if (value->size == 0 || value->size >= sizeof name)
        return false;
    memcpy(name, value->text, value->size);
    name[value->size] = 0;
    return strlen(name) == value->size && protobuf_c_enum_descriptor_get_value_by_name(type, name);
}

// Where the name of an enum from text goes, and as what. It may stand in quotes, with a warning; what the enum
// lacks goes to the field beside it. Not with `strict`: Caffe takes neither.
static const ProtobufCFieldDescriptor *enum_field(cr_builder *b, const ProtobufCFieldDescriptor *field,
                                                  cr_value *value, int line, int column)
{
    char buf[160];
    bool quoted = value->kind == CR_VALUE_STRING;
    if (b->strict || (value->kind != CR_VALUE_WORD && !quoted))
        return field;
    const ProtobufCFieldDescriptor *beside = name_field(b, field);
    value->kind = CR_VALUE_WORD;
    if (has_name(field->descriptor, value)) {
        if (quoted && may_warn(b))
            cr_warn(b->log, &(cr_pos){b->file, line, column},
                    "%s%s is a name that should stand without quotes: %.*s", whose(b, buf, sizeof buf),
                    field->name, (int)value->size, value->text);
    } else if (beside) {
        value->kind = CR_VALUE_STRING;
        return beside;
    }
    return field;
}

cr_status cr_builder_set(cr_builder *b, const ProtobufCFieldDescriptor *field, const cr_value *seen, int line,
                         int column, cr_err *err)
{
    ProtobufCMessage *message = top(b)->message;
    cr_value text = *seen;
    const cr_value *value = &text;
    if (field->type == PROTOBUF_C_TYPE_ENUM)
        field = enum_field(b, field, &text, line, column);
    bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
    size_t index = 0;
    if (!repeated && field->type != PROTOBUF_C_TYPE_MESSAGE && !top(b)->merged && is_set(b, field)) {
        cr_status status = given_twice(b, field, line, column, err);
        if (status != CREMA_OK)
            return status;
    }
    void *member = member_of(message, field->offset);
    if (repeated && !(member = next_element(b, field, &index)))
        return cr_no_memory(err);
    char why[CR_VALUE_WHY];
    cr_status status = cr_value_store(field, value, b->arena, member, why);
    if (status != CREMA_OK)
        return refused(b, field, status, why, line, column, err);
    if (repeated)
        *(size_t *)member_of(message, field->quantifier_offset) = index + 1;
    else if (field->type != PROTOBUF_C_TYPE_STRING)
        *(protobuf_c_boolean *)member_of(message, field->quantifier_offset) = 1;
    return note(b, (place){message, field->name, index}, index < NOTED_ELEMENTS ? line : 0, column, err);
}

void *cr_builder_extend(cr_builder *b, const ProtobufCFieldDescriptor *field, size_t n, cr_err *err)
{
    size_t index;
    void *values = next_elements(b, field, n, &index);
    if (!values) {
        cr_no_memory(err);
        return NULL;
    }
    *(size_t *)member_of(top(b)->message, field->quantifier_offset) = index + n;
    return values;
}

cr_status cr_builder_note_unknown(cr_builder *b, const char *name, cr_err *err)
{
    return cr_notes_add_unknown(b->notes, top(b)->message, name, NULL, 0, 0) ? CREMA_OK : cr_no_memory(err);
}

cr_status cr_builder_enter(cr_builder *b, const ProtobufCFieldDescriptor *field, int line, int column,
                           cr_err *err)
{
    ProtobufCMessage *message = top(b)->message, **member, *inner;
    cr_pos pos = pos_at(b, line, column);
    char buf[160];
    if (field->type != PROTOBUF_C_TYPE_MESSAGE)
        return cr_fail(err, CREMA_ERR_INPUT, &pos, "%s%s takes a single value, not a block",
                       whose(b, buf, sizeof buf), field->name);
    if (b->depth == CR_MAX_DEPTH)
        return cr_fail(err, CREMA_ERR_INPUT, &pos, "%s: blocks are nested more than %d deep", field->name,
                       CR_MAX_DEPTH);
    size_t index = 0;
    bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED, merge = !repeated && is_set(b, field);
    if (merge && !top(b)->merged) {
        cr_status status = given_twice(b, field, line, column, err);
        if (status != CREMA_OK)
            return status;
    }
    member = repeated ? next_element(b, field, &index) : member_of(message, field->offset);
    inner = !member ? NULL : merge ? *member : cr_message_new(b->arena, field->descriptor);
    if (!inner)
        return cr_no_memory(err);
    *member = inner;
    if (repeated)
        *(size_t *)member_of(message, field->quantifier_offset) = index + 1;
    place at = {message, field->name, index};
    cr_status status = note(b, at, line, column, err);
    if (status != CREMA_OK)
        return status;
    b->frame[++b->depth] = (frame){inner, field, merge};
    return cr_notes_set_pos(b->notes, inner, NULL, 0, line, column) ? CREMA_OK : cr_no_memory(err);
}

// Comments that nothing follows in their message.
static cr_status flush_comments(cr_builder *b, cr_err *err)
{
    return give_comments(b, (place){top(b)->message, NULL, 0}, err);
}

cr_status cr_builder_leave(cr_builder *b, cr_err *err)
{
    if (b->depth == 0)
        return cr_fail(err, CREMA_ERR_USAGE, NULL, "a message was left that was not entered");
    cr_status status = flush_comments(b, err);
    b->last = (place){top(b)->message, NULL, 0};
    b->depth--;
    return status;
}

static const char *nearest_field(cr_builder *b, const char *name)
{
    const ProtobufCMessageDescriptor *type = cr_builder_type(b);
    const char **names = cr_arena_array(b->arena, type->n_fields + 1, sizeof *names);
    for (unsigned i = 0; names && i < type->n_fields; i++)
        names[i] = type->fields[i].name;
    return names ? cr_nearest(name, names) : NULL;
}

cr_status cr_builder_unknown(cr_builder *b, const char *name, size_t name_size, const char *text,
                             size_t text_size, int line, int column, cr_err *err)
{
    char buf[160], hint[96] = "";
    char *field = cr_arena_strndup(b->arena, name, name_size);
    char *raw = NULL;
    if (!field)
        return cr_no_memory(err);
    if (text) {
        size_t before = b->before_size ? b->before_size + 1 : 0, bytes;
        if (!cr_size_add(text_size, before + 1, &bytes) || !(raw = cr_arena_alloc(b->arena, bytes)))
            return cr_no_memory(err);
        if (before > 0) {
            memcpy(raw, b->before, before - 1);
            raw[before - 1] = '\n';
        }
        memcpy(raw + before, text, text_size);
        b->before_size = 0;
    }
    if (!cr_notes_add_unknown(b->notes, top(b)->message, field, raw, line, column))
        return cr_no_memory(err);
    if (is_expected(b, field))
        return CREMA_OK;
    bool warn = may_warn(b);
    if (!warn && !b->strict)
        return CREMA_OK;
    const char *near = nearest_field(b, field);
    if (near)
        snprintf(hint, sizeof hint, "; did you mean %s?", near);
    cr_pos pos = pos_at(b, line, column);
    whose(b, buf, sizeof buf);
    if (b->strict)
        return cr_fail(err, CREMA_ERR_INPUT, &pos, "%s%.80s is not a field that is known%s", buf, field,
                       hint);
    cr_warn(b->log, &pos, "%s%.80s is not a field that is known; it has no effect%s", buf, field, hint);
    return CREMA_OK;
}

cr_status cr_builder_comment_before(cr_builder *b, const char *text, size_t size, cr_err *err)
{
    size_t need; // "\n" before, 0 behind
    if (!cr_size_add(b->before_size, size, &need) || !cr_size_add(need, 2, &need))
        return cr_no_memory(err);
    if (need > b->before_room) {
        size_t room;
        char *fresh = cr_size_mul(need, 2, &room) ? cr_arena_alloc(b->arena, room) : NULL;
        if (!fresh)
            return cr_no_memory(err);
        if (b->before_size > 0)
            memcpy(fresh, b->before, b->before_size);
        b->before = fresh;
        b->before_room = room;
    }
    if (b->before_size > 0)
        b->before[b->before_size++] = '\n';
    memcpy(b->before + b->before_size, text, size);
    b->before_size += size;
    b->before[b->before_size] = 0;
    return CREMA_OK;
}

cr_status cr_builder_comment_behind(cr_builder *b, const char *text, size_t size, cr_err *err)
{
    place at = b->last;
    if (!at.message || cr_notes_behind(b->notes, at.message, at.field, at.index))
        return cr_builder_comment_before(b, text, size, err);
    char *copy = cr_arena_strndup(b->arena, text, size);
    if (!copy || !cr_notes_set_comments(b->notes, at.message, at.field, at.index, NULL, copy))
        return cr_no_memory(err);
    return CREMA_OK;
}

ProtobufCMessage *cr_builder_finish(cr_builder *b, cr_notes **notes, cr_err *err)
{
    if (b->depth != 0) {
        cr_fail(err, CREMA_ERR_USAGE, NULL, "%d messages are still open", b->depth);
        return NULL;
    }
    if (flush_comments(b, err) != CREMA_OK)
        return NULL;
    *notes = b->notes;
    return b->frame[0].message;
}
