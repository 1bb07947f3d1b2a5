/*
 * param.c - a path through the parameters of a layer.
 *
 * It goes through two kinds of fields as if they were one: those of the schema by reflection (schema/field.h), and
 * those that it does not have by trees of their text (read/raw.h), which hang on the messages where they stood. A
 * part without brackets stands for all blocks of its name, so that a block given twice counts as merged, which is
 * what protobuf does. There is a limit, since each value that is asked for is looked up anew.
 */
#include "api/param.h"
#include "crema.pb-c.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_PART = 128, MAX_MERGED = 256 }; // bytes of a name; blocks that count as one

typedef struct part {
    char name[MAX_PART];
    int64_t pick;     // -1: all
    const char *rest; // of the path; NULL: this was the last part
} part;

static bool read_part(const char *path, part *out)
{
    size_t n = strcspn(path, ".[");
    if (n == 0 || n >= sizeof out->name)
        return false;
    memcpy(out->name, path, n);
    out->name[n] = 0;
    out->pick = -1;
    path += n;
    if (*path == '[') {
        char *end;
        if (path[1] < '0' || path[1] > '9')
            return false;
        out->pick = strtoll(path + 1, &end, 10);
        if (*end != ']')
            return false;
        path = end + 1;
    }
    out->rest = *path == '.' ? path + 1 : NULL;
    return *path == '.' || *path == 0;
}

// All fields of one name: of the schema, or `n` children of a block.
typedef struct group {
    cr_param first;
    cr_raw *const *raw;
    size_t n;
} group;

static group find_group(cr_param_search *s, const cr_scope *in, const char *name)
{
    group g = {0};
    const cr_raw *block = in->block;
    if (in->message) {
        const ProtobufCFieldDescriptor *field = cr_field_find(in->message, name);
        if (field) {
            g.first = (cr_param){.message = in->message, .field = field};
            g.n = cr_field_count(in->message, field);
            return g;
        }
        const cr_own_fields *own = cr_own_fields_of(s->own, in->message);
        s->nameless = s->nameless || (own && own->nameless);
        block = own ? own->block : NULL;
    }
    size_t at;
    if (block && (g.n = cr_raw_find(block, name, &at)) > 0)
        g.raw = &block->child[at];
    return g;
}

static cr_param in_group(const group *g, size_t i)
{
    cr_param p = g->first;
    p.index = i;
    p.raw = g->raw ? g->raw[i] : NULL;
    return p;
}

bool cr_param_opens(const cr_param *p, cr_scope *out)
{
    *out = (cr_scope){0};
    if (p->raw && p->raw->is_block)
        out->block = p->raw;
    else if (!p->raw && p->field->type == PROTOBUF_C_TYPE_MESSAGE)
        out->message = *(ProtobufCMessage *const *)cr_field_value(p->message, p->field, p->index);
    return out->block || out->message;
}

static void take_values(cr_param_search *s, const group *g, size_t from, size_t to)
{
    if (s->want >= s->n && s->want - s->n < (int64_t)(to - from))
        s->hit = in_group(g, from + (size_t)(s->want - s->n));
    s->n += (int64_t)(to - from);
}

static void walk(cr_param_search *s, const cr_scope *in, const char *path)
{
    part p;
    if (!read_part(path, &p)) {
        s->bad_path = true;
        return;
    }
    group g = find_group(s, in, p.name);
    size_t from = 0, to = g.n;
    if (p.pick >= 0) {
        from = (uint64_t)p.pick < g.n ? (size_t)p.pick : g.n;
        to = from < g.n ? from + 1 : g.n;
    }
    if (!p.rest)
        take_values(s, &g, from, to);
    if (p.rest && (s->n_blocks += to - from) > MAX_MERGED) {
        s->too_many = true;
        return;
    }
    for (size_t i = from; p.rest && i < to; i++) {
        cr_param at = in_group(&g, i);
        cr_scope inner;
        if (cr_param_opens(&at, &inner))
            walk(s, &inner, p.rest);
        else
            s->scalar = at;
    }
    if (g.raw && s->own->in_setup && (!p.rest || g.raw[0]->is_block))
        g.raw[0]->asked = true;
}

// A path that ends early is not looked at where nothing is found; so the rest of it is checked here.
static bool good_path(const char *path)
{
    part p;
    if (strlen(path) >= CR_MAX_PATH)
        return false;
    while (path && read_part(path, &p))
        path = p.rest;
    return path == NULL;
}

cr_param_search cr_param_find(const crema_layer *own, const char *path, int64_t want)
{
    cr_param_search s = {.own = own, .want = want};
    if (!path || !good_path(path))
        s.bad_path = true;
    else
        walk(&s, &(cr_scope){.message = &own->layer->param->base}, path);
    return s;
}

bool cr_param_is_there(const cr_param *p)
{
    return p->raw || p->field;
}
