/*
 * shapes.c - asks every layer for its shapes, in file order.
 */
#include "plan/shapes.h"

#include <string.h>

typedef struct inference {
    cr_shapes *s;
    cr_arena *arena;
    cr_err *err;
} inference;

static bool is_run(const cr_layer *layer)
{
    return !layer->type->not_run && !(layer->type->flags & (CR_SOURCE | CR_UNKNOWN));
}

// At the layer that declares the shape, or nowhere where the caller gave it.
static cr_status fail_too_large(const inference *f, int input)
{
    const cr_graph *g = f->s->graph;
    const cr_edge *edge = &g->tensor[g->input[input]];
    const cr_shape *shape = &f->s->input[input];
    char text[CR_SHAPE_TEXT];
    cr_pos pos = {0};
    if (edge->producer >= 0 && cr_shape_equal(shape, &g->input_shape[input]))
        pos = cr_notes_pos(g->notes, g->node[edge->producer].layer->param, NULL, 0);
    return cr_fail(f->err, CREMA_ERR_INPUT, &pos, "the shape of input \"%s\" is too large: %s", edge->name,
                   cr_shape_text(shape, text, sizeof text));
}

static cr_status set_inputs(const inference *f)
{
    const cr_graph *g = f->s->graph;
    for (int i = 0; i < g->n_inputs; i++) {
        const cr_edge *edge = &g->tensor[g->input[i]];
        const cr_shape *shape = &f->s->input[i];
        if (shape->rank < 0 && edge->n_readers > 0 && !f->s->unknown_ok)
            return cr_fail(
                f->err, CREMA_ERR_USAGE, NULL,
                "the shape of input \"%s\" is not known: the net does not declare it, so it has to be given",
                edge->name);
        if (shape->rank >= 0 && !cr_shape_valid(shape))
            return fail_too_large(f, i);
        f->s->tensor[g->input[i]] = *shape;
    }
    return CREMA_OK;
}

static cr_status check(const cr_layer *layer, const cr_shaping *s, cr_err *err)
{
    for (int i = 0; i < layer->n_out; i++)
        if (!cr_shape_valid(&s->out[i]))
            return cr_layer_fail(layer, err, layer->param, "top", (size_t)i, "top \"%s\" would be too large",
                                 layer->out_name[i]);
    for (int i = 0; i < s->n_blobs; i++) {
        cr_blob_spec blob = cr_shaping_blob(layer, s, i);
        if (!cr_shape_valid(&blob.shape))
            return cr_layer_fail(layer, err, NULL, NULL, 0, "its %s would be too large", blob.what);
    }
    return CREMA_OK;
}

// The bottom whose shape is not known, or -1.
static int unknown_bottom(const inference *f, const cr_node *n)
{
    for (int i = 0; i < n->layer->n_in; i++)
        if (f->s->tensor[n->in[i]].rank < 0)
            return i;
    return -1;
}

static cr_status fail_unknown(const inference *f, const cr_node *n, int bottom)
{
    const cr_edge *edge = &f->s->graph->tensor[n->in[bottom]];
    const cr_layer *maker = f->s->graph->node[edge->producer].layer;
    return cr_layer_fail(n->layer, f->err, n->layer->param, "bottom", (size_t)bottom,
                         "bottom \"%s\" is made by layer \"%s\" (%s), which is not run", edge->name,
                         maker->name, maker->type->name);
}

static bool has_dynamic_bottom(const inference *f, const cr_node *n)
{
    for (int i = 0; i < n->layer->n_in; i++)
        if (f->s->dynamic[n->in[i]])
            return true;
    return false;
}

static cr_status leave_unknown(const inference *f, const cr_node *n)
{
    for (int j = 0; j < n->layer->n_out; j++)
        f->s->tensor[n->out[j]].rank = -1;
    return CREMA_OK;
}

// The most that data can make of a bottom does not fit, but less of it might.
static cr_status warn_and_leave_unknown(const inference *f, const cr_node *n, const cr_err *why)
{
    cr_pos pos = {why->file, why->line, why->column};
    cr_warn(n->layer->log, &pos, "%s; how many there are depends on data", why->message);
    return leave_unknown(f, n);
}

static cr_status shape_layer(const inference *f, int i)
{
    cr_shapes *all = f->s;
    const cr_node *n = &all->graph->node[i];
    const cr_layer *layer = n->layer;
    if (layer->type->flags & CR_SOURCE)
        return CREMA_OK;
    int unknown = is_run(layer) ? unknown_bottom(f, n) : 0;
    if (unknown >= 0 && is_run(layer) && !all->unknown_ok)
        return fail_unknown(f, n, unknown);
    if (unknown >= 0)
        return leave_unknown(f, n);
    cr_shaping *s = cr_arena_alloc(f->arena, sizeof *s);
    cr_shape *in = cr_arena_array(f->arena, (size_t)layer->n_in, sizeof *in);
    cr_shape *out = cr_arena_array(f->arena, (size_t)layer->n_out, sizeof *out);
    cr_shape *stored = cr_arena_array(f->arena, CR_MAX_BLOBS, sizeof *stored);
    if (!s || !in || !out || !stored)
        return cr_no_memory(f->err);
    for (int j = 0; j < layer->n_in; j++)
        in[j] = all->tensor[n->in[j]];
    *s = (cr_shaping){.in = in, .out = out, .stored = stored};
    s->view = (layer->type->flags & CR_VIEW) != 0;
    s->n_stored = all->weights ? cr_weights_stored(all->weights, i, stored) : 0;
    bool dynamic = has_dynamic_bottom(f, n);
    cr_err own = {0};
    cr_status status = layer->type->shape(layer, s, &own);
    if (status == CREMA_OK)
        status = check(layer, s, &own);
    if (status != CREMA_OK && dynamic && all->unknown_ok)
        return warn_and_leave_unknown(f, n, &own);
    if (status != CREMA_OK) {
        if (f->err)
            *f->err = own;
        return status;
    }
    for (int j = 0; j < layer->n_out; j++) {
        all->tensor[n->out[j]] = out[j];
        all->dynamic[n->out[j]] = dynamic || (s->dynamic >> j & 1);
    }
    all->shaping[i] = s;
    return CREMA_OK;
}

cr_status cr_shapes_infer(cr_shapes *shapes, cr_arena *arena, cr_err *err)
{
    const cr_graph *g = shapes->graph;
    shapes->tensor = cr_arena_array(arena, (size_t)g->n_tensors, sizeof *shapes->tensor);
    shapes->dynamic = cr_arena_array(arena, (size_t)g->n_tensors, sizeof *shapes->dynamic);
    shapes->shaping = cr_arena_array(arena, (size_t)g->n_layers, sizeof *shapes->shaping);
    if (!shapes->tensor || !shapes->dynamic || !shapes->shaping)
        return cr_no_memory(err);
    inference f = {shapes, arena, err};
    cr_status status = set_inputs(&f);
    for (int i = 0; i < g->n_layers && status == CREMA_OK; i++)
        status = shape_layer(&f, i);
    return status;
}

cr_status cr_shapes_again(const cr_step *step, const cr_shape *in, cr_shape *out, cr_err *err)
{
    cr_shaping s = {
        .in = in, .out = out, .stored = step->shaping->stored, .n_stored = step->shaping->n_stored};
    memset(out, 0, (size_t)step->n_out * sizeof *out);
    cr_status status = step->layer->type->shape(step->layer, &s, err);
    if (status != CREMA_OK)
        return status;
    for (int i = 0; i < step->n_out; i++)
        if (!cr_shape_valid(&out[i]) || cr_shape_count(&out[i]) > cr_shape_count(&step->shaping->out[i]))
            return cr_layer_fail(step->layer, err, step->layer->param, "top", (size_t)i,
                                 "top \"%s\" outgrew what was planned for it", step->layer->out_name[i]);
    return CREMA_OK;
}
