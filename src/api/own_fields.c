/*
 * own_fields.c - the fields of a layer that the schema does not have: read from their text at setup, and afterwards
 * told to the user where nobody asked for them, since a misspelt name must not pass in silence.
 *
 * What setup asks for is marked on the first node of its name (param.c).
 */
#include "api/param.h"
#include "crema.pb-c.h"

#include <string.h>

enum { MAX_UNASKED = 10 }; // warnings for one layer

/* ---- reading ---- */

static cr_status read_message(crema_layer *own, const ProtobufCMessage *m, cr_err *err);

static cr_status read_inner(crema_layer *own, const ProtobufCMessage *m, cr_err *err)
{
    cr_status status = CREMA_OK;
    for (unsigned i = 0; i < m->descriptor->n_fields && status == CREMA_OK; i++) {
        const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
        size_t n = f->type == PROTOBUF_C_TYPE_MESSAGE ? cr_field_count(m, f) : 0;
        for (size_t j = 0; j < n && status == CREMA_OK; j++)
            status = read_message(own, *(ProtobufCMessage *const *)cr_field_value(m, f, j), err);
    }
    return status;
}

// A wire field without a name has its number for one.
static bool has_nameless(const cr_unknown *first)
{
    for (const cr_unknown *u = first; u; u = u->next)
        if (!u->text && u->name[0] >= '0' && u->name[0] <= '9')
            return true;
    return false;
}

static cr_status read_message(crema_layer *own, const ProtobufCMessage *m, cr_err *err)
{
    const cr_notes *notes = own->layer->notes;
    const cr_unknown *unknown = cr_notes_unknown(notes, m);
    if (unknown) {
        cr_own_fields *f = cr_arena_alloc(own->layer->arena, sizeof *f);
        if (!f)
            return cr_no_memory(err);
        f->message = m;
        f->nameless = has_nameless(unknown);
        f->next = own->fields;
        own->fields = f;
        cr_status status = cr_raw_parse(own->layer->arena, cr_notes_file(notes), unknown,
                                        !cr_notes_rewritten(notes), &f->block, err);
        if (status != CREMA_OK)
            return status;
    }
    return read_inner(own, m, err);
}

cr_status cr_own_fields_read(crema_layer *own, cr_err *err)
{
    return read_message(own, &own->layer->param->base, err);
}

const cr_own_fields *cr_own_fields_of(const crema_layer *own, const void *message)
{
    const cr_own_fields *f = own->fields;
    while (f && f->message != message)
        f = f->next;
    return f;
}

/* ---- what nobody asked for ---- */

typedef struct asking {
    const crema_layer *own;
    bool strict;
    int n;
    cr_err *err;
} asking;

static cr_status tell(asking *a, const char *block, cr_raw *node)
{
    const cr_layer *layer = a->own->layer;
    cr_param at = {.raw = node};
    if (a->strict)
        return cr_param_fail(a->own, &at, a->err, "%.80s in %.80s is not a field that it reads", node->name,
                             block);
    cr_pos pos = cr_param_pos(a->own, &at);
    if (a->n++ < MAX_UNASKED)
        cr_warn(layer->log, &pos, "layer \"%s\" (%s): does not read %.80s in %.80s; it has no effect",
                layer->name, layer->type->name, node->name, block);
    return CREMA_OK;
}

// The children of one name have their mark on the first of them.
static cr_status check_children(asking *a, const cr_raw *block)
{
    cr_status status = CREMA_OK;
    bool asked = false;
    for (size_t i = 0; i < block->n && status == CREMA_OK; i++) {
        cr_raw *node = block->child[i];
        bool first = i == 0 || strcmp(block->child[i - 1]->name, node->name) != 0;
        asked = first ? node->asked : asked;
        if (asked && node->is_block)
            status = check_children(a, node);
        else if (!asked && first)
            status = tell(a, block->name, node);
    }
    return status;
}

cr_status cr_own_fields_check(const crema_layer *own, const char *block, bool strict, cr_err *err)
{
    asking a = {.own = own, .strict = strict, .err = err};
    const cr_own_fields *f = cr_own_fields_of(own, own->layer->param);
    size_t at, n = f ? cr_raw_find(f->block, block, &at) : 0;
    cr_status status = CREMA_OK;
    for (size_t i = 0; i < n && status == CREMA_OK; i++)
        if (f->block->child[at + i]->is_block)
            status = check_children(&a, f->block->child[at + i]);
        else
            status = cr_param_fail(own, &(cr_param){.raw = f->block->child[at + i]}, err,
                                   "%.80s must be a block of fields", block);
    return status;
}
