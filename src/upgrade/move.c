/*
 * move.c - fields move from message to message, and what is noted about them moves along.
 *
 * By name and through descriptors, so that the steps of the upgrade can be tables. The kinds of value must
 * agree in size: an enum of one message may become the like-numbered one of another, an int32 a uint32.
 */
#include "upgrade/move.h"

#include "schema/value.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MAX_WARNINGS = 1000 }; // a hostile file may have reasons for millions

void cr_up_warn(const cr_up *up, const void *message, const char *field, size_t index, const char *fmt, ...)
{
    char sentence[512];
    va_list args;
    if (up->report->n_problems < MAX_WARNINGS) {
        va_start(args, fmt);
        vsnprintf(sentence, sizeof sentence, fmt, args);
        va_end(args);
        cr_pos pos = cr_notes_pos(up->notes, message, field, index);
        cr_warn(up->log, &pos, "%s", sentence);
    }
    up->report->n_problems++;
}

static cr_status move_note(const cr_up *up, const void *from, const char *field, size_t index, const void *to,
                           const char *to_field, size_t to_index)
{
    bool ok = cr_notes_move(up->notes, from, field, index, to, to_field, to_index);
    return ok ? CREMA_OK : cr_no_memory(up->err);
}

static bool is_list(const ProtobufCFieldDescriptor *field)
{
    return field->label == PROTOBUF_C_LABEL_REPEATED;
}

// The members of a repeated field are its count and its array.
static void take_list(ProtobufCMessage *from, const ProtobufCFieldDescriptor *f, ProtobufCMessage *to,
                      const ProtobufCFieldDescriptor *t)
{
    memcpy((char *)to + t->offset, (char *)from + f->offset, sizeof(void *));
    memcpy((char *)to + t->quantifier_offset, (char *)from + f->quantifier_offset, sizeof(size_t));
}

cr_status cr_up_move_value(const cr_up *up, ProtobufCMessage *from, const char *field, size_t index,
                           ProtobufCMessage *to, const char *to_field)
{
    const ProtobufCFieldDescriptor *f = cr_field_find(from, field), *t = cr_field_find(to, to_field);
    void *value = cr_field_add(up->arena, to, t);
    if (!value)
        return cr_no_memory(up->err);
    memcpy(value, cr_field_value(from, f, index), cr_value_bytes(t));
    return move_note(up, from, f->name, index, to, t->name, cr_field_count(to, t) - 1);
}

cr_status cr_up_move(const cr_up *up, ProtobufCMessage *from, const char *field, ProtobufCMessage *to,
                     const char *to_field)
{
    const ProtobufCFieldDescriptor *f = cr_field_find(from, field), *t = cr_field_find(to, to_field);
    cr_status status = CREMA_OK;
    if (!is_list(f)) {
        status = cr_up_move_value(up, from, field, 0, to, to_field);
    } else {
        size_t n = cr_field_count(from, f);
        take_list(from, f, to, t);
        for (size_t i = 0; i < n && status == CREMA_OK; i++)
            status = move_note(up, from, f->name, i, to, t->name, i);
    }
    cr_field_clear(from, f);
    return status;
}

cr_status cr_up_block(const cr_up *up, ProtobufCMessage *layer, const char *name, const void *at,
                      ProtobufCMessage **block)
{
    const ProtobufCFieldDescriptor *field = cr_field_find(layer, name);
    ProtobufCMessage **member = cr_field_value(layer, field, 0);
    if (!*member) {
        cr_pos pos = cr_notes_pos(up->notes, at, NULL, 0);
        *member = cr_message_new(up->arena, field->descriptor);
        if (!*member || !cr_notes_set_pos(up->notes, *member, NULL, 0, pos.line, pos.column))
            return cr_no_memory(up->err);
    }
    *block = *member;
    return CREMA_OK;
}

cr_status cr_up_move_comments(const cr_up *up, const void *from, const char *field, size_t index,
                              const void *to, const char *to_field, size_t to_index)
{
    cr_pos pos = cr_notes_pos(up->notes, to, to_field, to_index);
    cr_status status = move_note(up, from, field, index, to, to_field, to_index);
    if (status == CREMA_OK && !cr_notes_set_pos(up->notes, to, to_field, to_index, pos.line, pos.column))
        return cr_no_memory(up->err);
    return status;
}
