/*
 * onnx.c - from a plan to an ONNX graph: names, the walk over the layers, and what is said about layers without
 * equivalent.
 *
 * The plan is an exact one that keeps the values of all weights, and whose convolutions run as im2col, which packs
 * nothing: so hardly any weights are copied, and steps hold the tables of their layers.
 *
 * Layers of unknown types have no shapes, and so has nothing behind them. They are looked for before the plan is
 * made; when there are some, the layers whose types have no row are named with them.
 */
#include "convert/onnx.h"
#include "convert/onnx_emit.h"
#include "convert/onnx_write.h"

#include <stdio.h>
#include <string.h>

static const uint64_t MOST_INSIDE = 1900ull * 1000 * 1000; // a protobuf message ends at 2^31

typedef struct exporting {
    const cr_graph *graph;
    const cr_onnx_options *options;
    cr_onnx_graph g;
    cr_plan *plan;
    const char **value; // by tensor id
    int *dynamic_axis;  // by tensor id, -1: none
    int n_refused;
    char list[400]; // of refused layers, as far as they fit
    bool cut;       // they did not
    cr_err *err;
} exporting;

/* ---- layers without equivalent ---- */

static void note_refused(exporting *x, const cr_layer *layer, const char *why)
{
    bool unknown = layer->type->flags & CR_UNKNOWN;
    const char *type = unknown ? "unknown type" : layer->type->name;
    size_t used = strlen(x->list), room = sizeof x->list - used;
    x->n_refused++;
    cr_layer_warn(layer, NULL, NULL, 0, "no ONNX equivalent: %s", why);
    if (x->cut || strlen(layer->name) + strlen(type) + sizeof ", \"\" (), ..." > room) {
        snprintf(x->list + used, room, "%s", x->cut ? "" : ", ...");
        x->cut = true;
        return;
    }
    snprintf(x->list + used, room, "%s\"%s\" (%s)", used ? ", " : "", layer->name, type);
}

static cr_status refuse(exporting *x)
{
    return cr_fail(x->err, CREMA_ERR_UNSUPPORTED, NULL,
                   "%d layer%s no ONNX equivalent, and nothing was written: %s", x->n_refused,
                   x->n_refused == 1 ? " has" : "s have", x->list);
}

static const char *missing_row(const cr_layer *layer)
{
    if (layer->type->flags & CR_UNKNOWN)
        return "the layer's type is not known";
    if (layer->type->not_run)
        return "it is a layer of training, which a net for deployment does not have";
    if (layer->type->flags & CR_SOURCE || cr_onnx_row_find(layer->type->name))
        return NULL;
    return "its type has none";
}

static void refuse_types(exporting *x)
{
    for (int i = 0; i < x->graph->n_layers; i++) {
        const char *why = missing_row(x->graph->node[i].layer);
        if (why)
            note_refused(x, x->graph->node[i].layer, why);
    }
}

static bool can_plan(const exporting *x)
{
    for (int i = 0; i < x->graph->n_layers; i++) {
        const cr_layer_type *type = x->graph->node[i].layer->type;
        if (type->flags & CR_UNKNOWN || type->not_run)
            return false;
    }
    return true;
}

/* ---- names ---- */

static cr_onnx_info info_of(const exporting *x, int t)
{
    cr_onnx_info info = {.name = x->value[t], .shape = x->plan->tensor[t].shape};
    info.dynamic_axis = x->dynamic_axis[t];
    info.dynamic = info.dynamic_axis >= 0 ? x->value[t] : NULL;
    return info;
}

static bool is_source(const exporting *x, int t)
{
    return x->graph->node[x->graph->tensor[t].producer].layer->type->flags & CR_SOURCE;
}

// Inputs first, then the newest of each name; what is left was overwritten in place.
static void name_values(exporting *x)
{
    const cr_graph *graph = x->graph;
    for (int i = 0; i < graph->n_inputs; i++)
        x->value[graph->input[i]] = cr_onnx_name(&x->g, graph->tensor[graph->input[i]].name);
    for (int newest = 1; newest >= 0; newest--)
        for (int t = 0; t < graph->n_tensors; t++) {
            const cr_edge *edge = &graph->tensor[t];
            char name[600];
            if (x->value[t] || newest != (cr_graph_find(graph, edge->name) == t))
                continue;
            snprintf(name, sizeof name, newest ? "%s" : "%s__%s", edge->name,
                     graph->node[edge->producer].layer->name);
            x->value[t] = cr_onnx_name(&x->g, name);
        }
}

/* ---- the walk ---- */

static void pick(const int *id, int n, const char **value, cr_shape *shape, const exporting *x)
{
    for (int i = 0; i < n; i++) {
        value[i] = x->value[id[i]];
        shape[i] = x->plan->tensor[id[i]].shape;
    }
}

static int dynamic_axis_of(const exporting *x, const cr_step *step)
{
    for (int i = 0; i < step->n_in; i++)
        if (x->dynamic_axis[step->in[i]] >= 0)
            return x->dynamic_axis[step->in[i]];
    return -1;
}

static void emit(exporting *x, cr_onnx_layer *l)
{
    const cr_onnx_row *row = cr_onnx_row_find(l->layer->type->name);
    if (!row)
        cr_onnx_refuse(l, "%s", missing_row(l->layer));
    else if (l->dynamic_axis >= 0 && !(row->flags & CR_ONNX_ANY_SIZE))
        cr_onnx_refuse(l, "the size of a bottom is known only while running");
    else
        row->emit(l);
    if (l->refused)
        note_refused(x, l->layer, l->refused);
}

static cr_status add_layer(exporting *x, const cr_step *step)
{
    size_t n_in = (size_t)step->n_in, n_out = (size_t)step->n_out;
    cr_arena *arena = &x->g.arena;
    const char **value = cr_arena_array(arena, n_in + n_out + 1, sizeof *value);
    cr_shape *shape = cr_arena_array(arena, n_in + n_out + 1, sizeof *shape);
    if (!value || !shape)
        return cr_no_memory(x->err);
    pick(step->in, step->n_in, value, shape, x);
    pick(step->out, step->n_out, value + n_in, shape + n_in, x);
    cr_onnx_layer l = {.g = &x->g, .plan = x->plan, .step = step, .layer = step->layer};
    l.in = value;
    l.out = value + n_in;
    l.in_shape = shape;
    l.out_shape = shape + n_in;
    l.dynamic_axis = dynamic_axis_of(x, step);
    x->g.prefix = step->layer->name;
    emit(x, &l);
    for (int i = 0; i < step->n_out; i++)
        x->dynamic_axis[step->out[i]] = l.dynamic_axis;
    return x->g.no_memory ? cr_no_memory(x->err) : CREMA_OK;
}

static cr_status add_infos(exporting *x)
{
    const cr_graph *graph = x->graph;
    for (int i = 0; i < graph->n_inputs; i++) {
        cr_onnx_info info = info_of(x, graph->input[i]);
        cr_onnx_add_info(&x->g, &x->g.input, &info);
    }
    // An input that nobody reads is an output to Caffe; it would be one without a node.
    for (int i = 0; i < graph->n_outputs; i++) {
        cr_onnx_info info = info_of(x, graph->output[i]);
        if (!is_source(x, graph->output[i]))
            cr_onnx_add_info(&x->g, &x->g.output, &info);
    }
    for (int t = 0; t < graph->n_tensors; t++) {
        cr_onnx_info info = info_of(x, t);
        if (!graph->tensor[t].output && !is_source(x, t))
            cr_onnx_add_info(&x->g, &x->g.inner, &info);
    }
    return x->g.no_memory ? cr_no_memory(x->err) : CREMA_OK;
}

static cr_status build(exporting *x, cr_weights *weights)
{
    cr_plan_options plan = {.input = x->options->input, .exact = true, .keep_all = true};
    plan.keep_blobs = true;
    plan.conv_algorithm = "im2col";
    plan.factor_0_is_1 = x->options->factor_0_is_1;
    cr_status status = cr_plan_create(&x->plan, x->graph, weights, &plan, x->err);
    if (status)
        return status;
    size_t n = (size_t)x->graph->n_tensors;
    x->value = cr_arena_array(&x->g.arena, n, sizeof *x->value);
    x->dynamic_axis = cr_arena_array(&x->g.arena, n, sizeof *x->dynamic_axis);
    if (!x->value || !x->dynamic_axis)
        return cr_no_memory(x->err);
    for (size_t t = 0; t < n; t++)
        x->dynamic_axis[t] = -1;
    name_values(x);
    for (int i = 0; i < x->plan->n_steps && !status; i++)
        status = add_layer(x, &x->plan->step[i]);
    if (!status)
        status = x->n_refused ? refuse(x) : add_infos(x);
    return status;
}

cr_status cr_onnx_export(const cr_graph *graph, cr_weights *weights, const char *path,
                         const cr_onnx_options *options, cr_err *err)
{
    exporting x = {.graph = graph, .options = options, .err = err};
    cr_onnx_graph_init(&x.g);
    x.g.name = graph->name && *graph->name ? graph->name : "net";
    cr_status status = CREMA_OK;
    if (!can_plan(&x)) {
        refuse_types(&x);
        status = refuse(&x);
    } else {
        status = build(&x, weights);
    }
    uint64_t most = options->most_inside ? options->most_inside : MOST_INSIDE;
    if (!status)
        status = cr_onnx_write(&x.g, path, options->force, most, options->version, err);
    cr_plan_unref(x.plan);
    cr_onnx_graph_free(&x.g);
    return status;
}
