/*
 * tools_summary.c - crema_summary: a net loaded as far as shapes can be known.
 */
#include "api/load.h"
#include "crema_tools.h"
#include "inspect/summary.h"

struct crema_summary {
    crema_context *context;
    cr_arena arena;
    cr_shaped_net net;
    cr_summary rows;
};

static bool all_known(const crema_summary *s)
{
    const cr_graph *g = &s->net.graph;
    bool known = s->rows.totals.n_unknown == 0;
    for (int t = 0; t < g->n_tensors && known; t++)
        known = s->net.shapes.tensor[t].rank >= 0 || g->node[g->tensor[t].producer].layer->type->not_run;
    return known;
}

// A plan that is not for running. That there can be none is no error: the rest of the summary holds.
static void measure(crema_summary *s, const crema_context *context, const crema_net_options *options)
{
    cr_weights *weights;
    cr_plan *plan;
    cr_weights_options o = {
        .files = options->weights, .n_files = options->n_weights, .allow_missing = true, .measure = true};
    cr_plan_options how = cr_load_plan_options(context, s->net.shapes.input);
    how.measure = &s->net.shapes;
    if (!all_known(s) || cr_weights_open(&weights, &s->net.graph, &o, NULL) != CREMA_OK)
        return;
    if (cr_plan_create(&plan, &s->net.graph, weights, &how, NULL) == CREMA_OK) {
        crema_summary_totals *t = &s->rows.totals;
        t->weight_bytes = (int64_t)plan->value_bytes;
        t->pack_bytes = (int64_t)plan->pack_bytes;
        t->activation_bytes = (int64_t)plan->arena_bytes;
        t->live_bytes = (int64_t)plan->live_bytes;
        t->scratch_bytes = (int64_t)plan->scratch_bytes;
        t->thread_scratch_bytes = (int64_t)plan->slot_bytes;
        cr_plan_unref(plan);
    }
    cr_weights_free(weights);
}

static cr_status make(crema_summary *s, const crema_context *context, const crema_net_options *options,
                      const crema_input_shape *shapes, int n, cr_err *err)
{
    crema_net_options copy;
    const cr_loader loader = cr_context_loader(context);
    cr_status status = cr_load_options(&s->arena, options, &copy, err);
    if (status == CREMA_OK)
        status = cr_shaped_net_open(&s->net, &loader, &copy, shapes, n, err);
    if (status == CREMA_OK)
        status = cr_summary_make(&s->net.shapes, &s->arena, &s->rows, err);
    if (status == CREMA_OK)
        measure(s, context, &copy);
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
    cr_shaped_net_close(&summary->net);
    cr_arena_free(&summary->arena);
    cr_context_unref(summary->context);
    cr_free(summary);
}

const char *crema_summary_name(const crema_summary *summary)
{
    return summary->net.graph.name;
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
    *blob = (crema_summary_blob){summary->net.graph.tensor[list[index]].name,
                                 summary->net.shapes.tensor[list[index]]};
    return 1;
}

int crema_summary_get_input(const crema_summary *summary, int index, crema_summary_blob *blob)
{
    return get(summary, summary->net.graph.input, summary->net.graph.n_inputs, index, blob);
}

int crema_summary_get_output(const crema_summary *summary, int index, crema_summary_blob *blob)
{
    return get(summary, summary->net.graph.output, summary->net.graph.n_outputs, index, blob);
}

void crema_summary_get_totals(const crema_summary *summary, crema_summary_totals *totals)
{
    *totals = summary->rows.totals;
}
