/*
 * tools_summary.c - crema_summary: a net loaded as far as shapes can be known.
 */
#include "api/load.h"
#include "crema_tools.h"
#include "inspect/summary.h"

#include <string.h>

struct crema_summary {
    crema_context *context;
    cr_graph graph;
    cr_weights *weights;
    cr_shapes shapes;
    cr_summary rows;
};

static cr_status input_shapes(crema_summary *s, const crema_input_shape *given, int n, cr_err *err)
{
    const cr_graph *g = &s->graph;
    cr_shape *shapes = cr_arena_array(&s->graph.arena, (size_t)g->n_inputs, sizeof *shapes);
    if (!shapes)
        return cr_no_memory(err);
    if (g->n_inputs)
        memcpy(shapes, g->input_shape, (size_t)g->n_inputs * sizeof *shapes);
    s->shapes.input = shapes;
    return cr_load_override_shapes(g, shapes, given, n, err);
}

static cr_status make(crema_summary *s, const crema_context *context, const crema_net_options *options,
                      const crema_input_shape *shapes, int n, cr_err *err)
{
    crema_net_options copy;
    const cr_loader loader = cr_context_loader(context);
    cr_status status = cr_load_options(&s->graph.arena, options, &copy, err);
    if (status == CREMA_OK)
        status = cr_load_graph(&loader, &copy, true, &s->graph, err);
    if (status == CREMA_OK && copy.n_weights)
        status = cr_load_weights(&loader, &copy, &s->graph, &s->weights, err);
    if (status == CREMA_OK)
        status = input_shapes(s, shapes, n, err);
    s->shapes.graph = &s->graph;
    s->shapes.weights = s->weights;
    s->shapes.unknown_ok = true;
    if (status == CREMA_OK)
        status = cr_shapes_infer(&s->shapes, &s->graph.arena, err);
    if (status == CREMA_OK)
        status = cr_summary_make(&s->shapes, &s->graph.arena, &s->rows, err);
    return status;
}

crema_summary *crema_summary_create(crema_context *context, const crema_net_options *options,
                                    const crema_input_shape *shapes, int n, crema_error *err)
{
    cr_clear(err);
    if (!context || n < 0 || (n && !shapes)) {
        cr_fail(err, CREMA_ERR_USAGE, NULL, "no context was given, or a count does not fit its list");
        return NULL;
    }
    crema_summary *s = cr_alloc_zero(sizeof *s);
    if (!s) {
        cr_no_memory(err);
        return NULL;
    }
    s->context = cr_context_ref(context);
    if (make(s, context, options, shapes, n, err) != CREMA_OK) {
        crema_summary_free(s);
        return NULL;
    }
    return s;
}

void crema_summary_free(crema_summary *summary)
{
    if (!summary)
        return;
    cr_weights_free(summary->weights);
    cr_graph_free(&summary->graph);
    cr_context_unref(summary->context);
    cr_free(summary);
}

const char *crema_summary_name(const crema_summary *summary)
{
    return summary->graph.name;
}

int crema_summary_n_layers(const crema_summary *summary)
{
    return summary->rows.n_layers;
}

crema_status crema_summary_get_layer(const crema_summary *summary, int index, crema_summary_layer *layer)
{
    if (index < 0 || index >= summary->rows.n_layers)
        return CREMA_ERR_USAGE;
    *layer = summary->rows.layer[index];
    return CREMA_OK;
}

static int get(const crema_summary *summary, const int *list, int n, int index, crema_summary_blob *blob)
{
    if (index < 0 || index >= n)
        return 0;
    *blob =
        (crema_summary_blob){summary->graph.tensor[list[index]].name, summary->shapes.tensor[list[index]]};
    return 1;
}

int crema_summary_get_input(const crema_summary *summary, int index, crema_summary_blob *blob)
{
    return get(summary, summary->graph.input, summary->graph.n_inputs, index, blob);
}

int crema_summary_get_output(const crema_summary *summary, int index, crema_summary_blob *blob)
{
    return get(summary, summary->graph.output, summary->graph.n_outputs, index, blob);
}

void crema_summary_get_totals(const crema_summary *summary, crema_summary_totals *totals)
{
    *totals = summary->rows.totals;
}
