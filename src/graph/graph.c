/*
 * graph.c - from a V2 net message to layers, tensors and who reads them.
 *
 *   message -> kept layers (filter.c) -> types and counts checked -> tops and bottoms bound by name
 *           -> setup of every layer -> parameter sharing -> outputs
 *
 * Names bind as in Caffe: a bottom is the newest blob of its name; a top may repeat a name only in place (the
 * bottom at the same index). Where Caffe would insert a Split there are simply several readers here. A net
 * that Caffe refuses only because its Split breaks an in-place pair is accepted.
 */
#include "graph/graph.h"
#include "crema.pb-c.h"
#include "graph/filter.h"
#include "schema/field.h"

#include <stdlib.h>
#include <string.h>

typedef struct build {
    cr_graph *g;
    const cr_graph_options *options;
    cr_names newest; // blob name -> tensor id
    int tensors_size;
    cr_err *err;
} build;

/* ---- finding the type ---- */

static const cr_layer_type *known_type(const build *b, const char *name)
{
    for (const cr_layer_type *const *t = b->options->types; t && *t; t++)
        if (strcmp((*t)->name, name) == 0)
            return *t;
    return cr_layer_type_find(name);
}

// A row for a type that is not known, so that what is around it can still be seen.
static cr_status stand_in(build *b, const Crema__LayerParameter *p, const cr_layer_type **type)
{
    cr_layer_type *made = cr_arena_alloc(&b->g->arena, sizeof *made);
    if (!made)
        return cr_no_memory(b->err);
    *made = (cr_layer_type){.name = p->type, .in_max = CR_ANY, .out_max = CR_ANY, .flags = CR_UNKNOWN};
    *type = made;
    return CREMA_OK;
}

static const char *nearest_type(const build *b, const char *name)
{
    const char *near = cr_layer_type_nearest(name);
    for (const cr_layer_type *const *t = b->options->types; t && *t; t++)
        near = cr_nearest(name, (const char *const[]){(*t)->name, near, NULL});
    return near;
}

static cr_status find_type(build *b, const Crema__LayerParameter *p, const cr_layer_type **type)
{
    const char *name = p->name ? p->name : "";
    if (!p->type || !p->type[0]) {
        cr_pos pos = cr_notes_pos(b->g->notes, p, NULL, 0);
        return cr_fail(b->err, CREMA_ERR_INPUT, &pos, "layer \"%s\" has no type", name);
    }
    *type = known_type(b, p->type);
    if (*type && (*type)->choose)
        *type = (*type)->choose(p);
    if (*type)
        return CREMA_OK;
    if (b->options->unknown_ok)
        return stand_in(b, p, type);
    cr_pos pos = cr_notes_pos(b->g->notes, p, "type", 0);
    const char *near = nearest_type(b, p->type);
    if (near)
        return cr_fail(b->err, CREMA_ERR_UNSUPPORTED, &pos,
                       "layer \"%s\": unknown layer type \"%s\"; the nearest known one is \"%s\"", name,
                       p->type, near);
    return cr_fail(b->err, CREMA_ERR_UNSUPPORTED, &pos, "layer \"%s\": unknown layer type \"%s\"", name,
                   p->type);
}

static cr_status check_count(build *b, const cr_layer *layer, const char *field, int n, int min, int max)
{
    if (n >= min && (max == CR_ANY || n <= max))
        return CREMA_OK;
    const char *word = field[0] == 'b' ? "bottom" : "top";
    size_t at = n > max && max != CR_ANY ? (size_t)max : 0;
    if (max == CR_ANY)
        return cr_layer_fail(layer, b->err, layer->param, field, at, "has %d %ss; it takes at least %d", n,
                             word, min);
    if (min == max)
        return cr_layer_fail(layer, b->err, layer->param, field, at, "has %d %ss; it takes %s%d", n, word,
                             min ? "exactly " : "", min);
    return cr_layer_fail(layer, b->err, layer->param, field, at, "has %d %ss; it takes %d to %d", n, word,
                         min, max);
}

static cr_status check_counts(build *b, const cr_layer *layer)
{
    const cr_layer_type *t = layer->type;
    cr_status status = check_count(b, layer, "bottom", layer->n_in, t->in_min, t->in_max);
    if (status == CREMA_OK)
        status = check_count(b, layer, "top", layer->n_out, t->out_min, t->out_max);
    if (status == CREMA_OK && t->out_equals_in && layer->n_in != layer->n_out)
        return cr_layer_fail(layer, b->err, layer->param, "top", 0,
                             "has %d bottoms and %d tops; it takes as many tops as bottoms", layer->n_in,
                             layer->n_out);
    return status;
}

/* ---- blocks of other layers ---- */

// Our padding fields have the numbers 2001 to 2007 in every block that has them.
static const char *padding_field(const ProtobufCMessage *block)
{
    for (unsigned i = 0; i < block->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &block->descriptor->fields[i];
        if (f->id >= 2001 && f->id <= 2007 && cr_field_is_set(block, f))
            return f->name;
    }
    return NULL;
}

// Whether the layer's type has that block; `param` names one or, with spaces between, several.
static bool reads_block(const cr_layer_type *type, const char *block)
{
    size_t n = strlen(block);
    for (const char *s = type->param; s && *s; s += strspn(s, " ")) {
        size_t word = strcspn(s, " ");
        if (word == n && memcmp(s, block, n) == 0)
            return true;
        s += word;
    }
    return strcmp(block, "transform_param") == 0 || strcmp(block, "loss_param") == 0;
}

// Blocks that only the caller's types read: the reader has left it to us to warn where another layer has one.
static void check_unknown_blocks(const build *b, const cr_layer *layer)
{
    for (const cr_unknown *u = cr_notes_unknown(layer->notes, layer->param); u; u = u->next)
        for (const cr_layer_type *const *t = b->options->types; t && *t; t++) {
            if (!(*t)->param || strcmp((*t)->param, u->name) != 0)
                continue;
            cr_pos pos = {cr_notes_file(layer->notes), u->line, u->column};
            if (!reads_block(layer->type, u->name))
                cr_warn(layer->log, &pos, "layer \"%s\" (%s): does not read %s, which is ignored",
                        layer->name, layer->type->name, u->name);
            break;
        }
}

// A parameter block that belongs to another type is a warning, as Caffe ignores it; padding fields in it are
// an error, since they must never be ignored.
static cr_status check_blocks(build *b, const cr_layer *layer)
{
    if (layer->type->flags & CR_UNKNOWN)
        return CREMA_OK;
    const ProtobufCMessage *m = &layer->param->base;
    for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
        size_t n = strlen(f->name);
        if (f->type != PROTOBUF_C_TYPE_MESSAGE || f->label == PROTOBUF_C_LABEL_REPEATED || n < 6 ||
            strcmp(f->name + n - 6, "_param") != 0 || !cr_field_is_set(m, f))
            continue;
        if (reads_block(layer->type, f->name))
            continue;
        const ProtobufCMessage *block = *(ProtobufCMessage *const *)((const char *)m + f->offset);
        const char *pad = padding_field(block);
        if (pad)
            return cr_layer_fail(layer, b->err, block, pad, 0,
                                 "does not implement padding, so %s in %s can't hold", pad, f->name);
        cr_layer_warn(layer, m, f->name, 0, "does not read %s, which is ignored", f->name);
    }
    check_unknown_blocks(b, layer);
    return CREMA_OK;
}

/* ---- binding names ---- */

static cr_status add_tensor(build *b, const char *name, int producer, int top, int *id)
{
    cr_graph *g = b->g;
    if (g->n_tensors == b->tensors_size) {
        int size = b->tensors_size ? b->tensors_size * 2 : 64;
        cr_edge *grown = cr_arena_array(&g->arena, (size_t)size, sizeof *grown);
        if (!grown)
            return cr_no_memory(b->err);
        if (g->n_tensors)
            memcpy(grown, g->tensor, (size_t)g->n_tensors * sizeof *grown);
        g->tensor = grown;
        b->tensors_size = size;
    }
    *id = g->n_tensors++;
    g->tensor[*id] = (cr_edge){.name = name, .producer = producer, .top = top};
    return CREMA_OK;
}

// Whether a layer that the rules left out makes this blob.
static const Crema__LayerParameter *left_out_maker(const build *b, const char *blob)
{
    const Crema__NetParameter *net = b->g->net;
    for (size_t i = 0; i < net->n_layer; i++)
        for (size_t j = 0; j < net->layer[i]->n_top; j++)
            if ((net->layer[i]->n_include || net->layer[i]->n_exclude) &&
                strcmp(net->layer[i]->top[j], blob) == 0)
                return net->layer[i];
    return NULL;
}

static cr_status unknown_bottom(build *b, const cr_layer *layer, int i)
{
    const cr_graph *g = b->g;
    const char *name = layer->in_name[i];
    const Crema__LayerParameter *left_out = left_out_maker(b, name);
    if (left_out)
        return cr_layer_fail(layer, b->err, layer->param, "bottom", (size_t)i,
                             "bottom \"%s\" is made by layer \"%s\", whose rules keep it out of phase %s",
                             name, left_out->name ? left_out->name : "",
                             b->options->train ? "TRAIN" : "TEST");
    const char **names = cr_arena_array(&b->g->arena, (size_t)g->n_tensors + 1, sizeof *names);
    if (!names)
        return cr_no_memory(b->err);
    for (int t = 0; t < g->n_tensors; t++)
        names[t] = g->tensor[t].name;
    const char *near = cr_nearest(name, names);
    if (near)
        return cr_layer_fail(layer, b->err, layer->param, "bottom", (size_t)i,
                             "unknown bottom \"%s\", which no layer above makes; the nearest is \"%s\"", name,
                             near);
    return cr_layer_fail(layer, b->err, layer->param, "bottom", (size_t)i,
                         "unknown bottom \"%s\", which no layer above makes", name);
}

static cr_status bind_bottoms(build *b, cr_layer *layer, int *in)
{
    for (int i = 0; i < layer->n_in; i++) {
        int64_t id;
        if (!cr_names_get(&b->newest, layer->in_name[i], &id))
            return unknown_bottom(b, layer, i);
        in[i] = (int)id;
        b->g->tensor[id].n_readers++;
    }
    return CREMA_OK;
}

static cr_status bind_tops(build *b, cr_layer *layer, int *out)
{
    for (int i = 0; i < layer->n_out; i++) {
        const char *name = layer->out_name[i];
        int64_t old;
        if (i >= (int)layer->param->n_top) { // automatic
            cr_status status = add_tensor(b, name, layer->index, i, &out[i]);
            if (status != CREMA_OK)
                return status;
            b->g->tensor[out[i]].automatic = true;
            continue;
        }
        bool in_place = i < layer->n_in && strcmp(layer->in_name[i], name) == 0;
        if (!name[0])
            return cr_layer_fail(layer, b->err, layer->param, "top", (size_t)i, "top %d has an empty name",
                                 i + 1);
        if (!in_place && cr_names_get(&b->newest, name, &old)) {
            const cr_edge *t = &b->g->tensor[old];
            const cr_layer *maker = b->g->node[t->producer].layer;
            cr_pos at = cr_notes_pos(b->g->notes, maker->param, "top", (size_t)t->top);
            return cr_layer_fail(layer, b->err, layer->param, "top", (size_t)i,
                                 "top \"%s\" is made already by layer \"%s\" (line %d)", name, maker->name,
                                 at.line);
        }
        cr_status status = add_tensor(b, name, layer->index, i, &out[i]);
        if (status != CREMA_OK)
            return status;
        if (!cr_names_put(&b->newest, name, out[i]))
            return cr_no_memory(b->err);
    }
    return CREMA_OK;
}

/* ---- layers ---- */

// The tops as the file has them, and those that it leaves out where Caffe makes them itself.
static cr_status set_tops(build *b, cr_layer *layer)
{
    const Crema__LayerParameter *p = layer->param;
    layer->n_out = (int)p->n_top;
    layer->out_name = (const char *const *)p->top;
    int min = layer->type->out_min;
    if (!(layer->type->flags & CR_AUTO_TOP) || layer->n_out >= min)
        return CREMA_OK;
    const char **names = cr_arena_array(&b->g->arena, (size_t)min, sizeof *names);
    if (!names)
        return cr_no_memory(b->err);
    for (int i = 0; i < min; i++)
        names[i] = i < layer->n_out ? p->top[i] : "(automatic)";
    layer->n_out = min;
    layer->out_name = names;
    return CREMA_OK;
}

static cr_status add_layer(build *b, const Crema__LayerParameter *p)
{
    cr_graph *g = b->g;
    cr_layer *layer = cr_arena_alloc(&g->arena, sizeof *layer);
    if (!layer)
        return cr_no_memory(b->err);
    cr_status status = find_type(b, p, &layer->type);
    if (status != CREMA_OK)
        return status;
    layer->name = p->name ? p->name : "";
    layer->param = p;
    layer->index = g->n_layers;
    layer->n_in = (int)p->n_bottom;
    layer->in_name = (const char *const *)p->bottom;
    if ((status = set_tops(b, layer)) != CREMA_OK)
        return status;
    layer->train = p->has_phase ? p->phase == CREMA__PHASE__TRAIN : b->options->train;
    layer->arena = &g->arena;
    layer->notes = g->notes;
    layer->log = b->options->log;
    layer->ctx = cr_arena_alloc(&g->arena, layer->type->ctx_bytes);
    int *in = cr_arena_array(&g->arena, p->n_bottom, sizeof *in);
    int *out = cr_arena_array(&g->arena, (size_t)layer->n_out, sizeof *out);
    if (!layer->ctx || !in || !out)
        return cr_no_memory(b->err);
    g->node[g->n_layers] = (cr_node){.layer = layer, .in = in, .out = out};
    if ((status = check_counts(b, layer)) != CREMA_OK || (status = check_blocks(b, layer)) != CREMA_OK ||
        (status = bind_bottoms(b, layer, in)) != CREMA_OK || (status = bind_tops(b, layer, out)) != CREMA_OK)
        return status;
    g->n_layers++;
    if (layer->type->not_run)
        cr_layer_warn(layer, p, NULL, 0, "is %s, which is not run", layer->type->not_run);
    return layer->type->setup ? layer->type->setup(layer, b->err) : CREMA_OK;
}

static cr_status add_layers(build *b, const Crema__NetParameter *net)
{
    cr_graph *g = b->g;
    cr_status status;
    g->node = cr_arena_array(&g->arena, net->n_layer, sizeof *g->node);
    if (!g->node)
        return cr_no_memory(b->err);
    cr_state state = {net, b->options};
    for (size_t i = 0; i < net->n_layer; i++) {
        bool keeps;
        if ((status = cr_filter_keeps(&state, net->layer[i], g->notes, &keeps, b->err)) != CREMA_OK)
            return status;
        if (keeps && (status = add_layer(b, net->layer[i])) != CREMA_OK)
            return status;
    }
    return CREMA_OK;
}

/* ---- what follows from the layers ---- */

static cr_status list_readers(build *b)
{
    cr_graph *g = b->g;
    for (int t = 0; t < g->n_tensors; t++) {
        int *list = cr_arena_array(&g->arena, (size_t)g->tensor[t].n_readers, sizeof *list);
        if (!list)
            return cr_no_memory(b->err);
        g->tensor[t].reader = list;
        g->tensor[t].n_readers = 0;
    }
    for (int i = 0; i < g->n_layers; i++)
        for (int j = 0; j < g->node[i].layer->n_in; j++) {
            cr_edge *t = &g->tensor[g->node[i].in[j]];
            ((int *)t->reader)[t->n_readers++] = i;
        }
    return CREMA_OK;
}

static cr_status list_inputs(build *b)
{
    cr_graph *g = b->g;
    int *list = cr_arena_array(&g->arena, (size_t)g->n_tensors, sizeof *list);
    g->input_shape = cr_arena_array(&g->arena, (size_t)g->n_tensors, sizeof *g->input_shape);
    if (!list || !g->input_shape)
        return cr_no_memory(b->err);
    for (int i = 0; i < g->n_layers; i++) {
        const cr_layer *layer = g->node[i].layer;
        if (!(layer->type->flags & CR_SOURCE))
            continue;
        cr_shaping s = {.out = g->input_shape + g->n_inputs};
        cr_status status = layer->type->shape(layer, &s, b->err);
        if (status != CREMA_OK)
            return status;
        for (int j = 0; j < layer->n_out; j++)
            list[g->n_inputs++] = g->node[i].out[j];
    }
    g->input = list;
    return CREMA_OK;
}

static int by_name(const void *a, const void *b, void *graph)
{
    const cr_graph *g = graph;
    return strcmp(g->tensor[*(const int *)a].name, g->tensor[*(const int *)b].name);
}

static cr_status list_outputs(build *b)
{
    cr_graph *g = b->g;
    int *list = cr_arena_array(&g->arena, (size_t)g->n_tensors, sizeof *list);
    if (!list)
        return cr_no_memory(b->err);
    for (int t = 0; t < g->n_tensors; t++)
        if (g->tensor[t].n_readers == 0 && !g->tensor[t].automatic) {
            g->tensor[t].output = true;
            list[g->n_outputs++] = t;
        }
    qsort_r(list, (size_t)g->n_outputs, sizeof *list, by_name, g);
    g->output = list;
    return CREMA_OK;
}

// param { name: "x" } on several layers: the first owns the values.
static cr_status share_parameters(build *b)
{
    cr_graph *g = b->g;
    cr_names owners;
    cr_names_init(&owners, &g->arena);
    for (int i = 0; i < g->n_layers; i++) {
        const Crema__LayerParameter *p = g->node[i].layer->param;
        struct cr_share *share = cr_arena_array(&g->arena, p->n_param, sizeof *share);
        if (!share)
            return cr_no_memory(b->err);
        for (size_t j = 0; j < p->n_param; j++) {
            const Crema__ParamSpec *spec = p->param[j];
            int64_t owner;
            share[j] = (struct cr_share){-1, -1, false};
            if (!spec->name || !spec->name[0])
                continue;
            if (cr_names_get(&owners, spec->name, &owner)) {
                bool permissive =
                    spec->has_share_mode && spec->share_mode == CREMA__PARAM_SPEC__DIM_CHECK_MODE__PERMISSIVE;
                share[j] = (struct cr_share){(int)(owner >> 16), (int)(owner & 0xFFFF), permissive};
            } else if (!cr_names_put(&owners, spec->name, (int64_t)i << 16 | (int64_t)(j & 0xFFFF))) {
                return cr_no_memory(b->err);
            }
        }
        g->node[i].share = share;
        g->node[i].n_share = (int)p->n_param;
    }
    return CREMA_OK;
}

cr_status cr_graph_build(cr_graph *graph, Crema__NetParameter *net, cr_notes *notes,
                         const cr_graph_options *options, cr_err *err)
{
    graph->net = net;
    graph->notes = notes;
    graph->name = net->name ? net->name : "";
    build b = {.g = graph, .options = options, .err = err};
    cr_status status;
    cr_names_init(&b.newest, &graph->arena);
    if ((status = add_layers(&b, net)) != CREMA_OK || (status = list_readers(&b)) != CREMA_OK ||
        (status = list_inputs(&b)) != CREMA_OK || (status = list_outputs(&b)) != CREMA_OK)
        return status;
    if (graph->n_layers == 0) {
        cr_pos pos = cr_notes_pos(notes, NULL, NULL, 0);
        if (net->n_layer == 0)
            return cr_fail(err, CREMA_ERR_INPUT, &pos, "this net has no layers");
        return cr_fail(err, CREMA_ERR_INPUT, &pos, "no layer of this net belongs to the %s phase",
                       options->train ? "TRAIN" : "TEST");
    }
    return share_parameters(&b);
}

void cr_graph_free(cr_graph *graph)
{
    for (int i = 0; i < graph->n_layers; i++) {
        cr_layer *layer = graph->node[i].layer;
        if (layer->type->release)
            layer->type->release(layer);
    }
    cr_arena arena = graph->arena; // the graph's own fields may live in it
    cr_arena_free(&arena);
    memset(graph, 0, sizeof *graph);
}

int cr_graph_find(const cr_graph *graph, const char *name)
{
    for (int t = graph->n_tensors - 1; t >= 0; t--)
        if (!graph->tensor[t].automatic && strcmp(graph->tensor[t].name, name) == 0)
            return t;
    return -1;
}
