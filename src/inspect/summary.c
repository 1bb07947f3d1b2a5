/*
 * summary.c - a row per layer from the graph and its shapes.
 *
 * Parameters that layers share are counted once in the totals, at their owner; the row of each layer shows what
 * it uses. Values and work of a layer that depends on an unknown shape are not known and count as nothing.
 */
#include "inspect/summary.h"

static crema_summary_blob *blobs(const cr_shapes *shapes, cr_arena *arena, const int *tensor, int n)
{
    crema_summary_blob *list = cr_arena_array(arena, (size_t)n, sizeof *list);
    for (int i = 0; list && i < n; i++)
        list[i] = (crema_summary_blob){shapes->graph->tensor[tensor[i]].name, shapes->tensor[tensor[i]]};
    return list;
}

static bool shared(const cr_node *node, int blob)
{
    return blob < node->n_share && node->share[blob].layer >= 0;
}

static cr_status set_params(const cr_node *node, const cr_shaping *s, cr_arena *arena,
                            crema_summary_layer *row, crema_summary_totals *totals, cr_err *err)
{
    crema_shape *list = cr_arena_array(arena, (size_t)s->n_blobs, sizeof *list);
    if (!list)
        return cr_no_memory(err);
    for (int i = 0; i < s->n_blobs; i++) {
        list[i] = cr_shaping_blob(node->layer, s, i).shape;
        int64_t n = cr_shape_count(&list[i]);
        row->n_values += n;
        if (!shared(node, i))
            totals->n_values += n;
    }
    row->params = list;
    row->n_params = s->n_blobs;
    row->macs = s->macs;
    totals->macs += s->macs;
    return CREMA_OK;
}

static cr_status set_row(const cr_shapes *shapes, int i, cr_arena *arena, cr_summary *out, cr_err *err)
{
    const cr_node *node = &shapes->graph->node[i];
    const cr_layer *layer = node->layer;
    const cr_shaping *s = shapes->shaping[i];
    crema_summary_layer *row = &out->layer[i];
    *row = (crema_summary_layer){.name = layer->name,
                                 .type = layer->type->name,
                                 .reading = s && s->reading ? s->reading : layer->reading,
                                 .unknown = (layer->type->flags & CR_UNKNOWN) != 0,
                                 .not_run = layer->type->not_run != NULL,
                                 .n_bottoms = layer->n_in,
                                 .n_tops = layer->n_out};
    crema_summary_blob *tops = blobs(shapes, arena, node->out, layer->n_out);
    row->bottoms = blobs(shapes, arena, node->in, layer->n_in);
    row->tops = tops;
    if (s && s->dynamic && s->declared.rank > 0 && tops)
        tops[0].shape = s->declared;
    row->line = cr_notes_pos(layer->notes, layer->param, NULL, 0).line;
    if (!row->bottoms || !row->tops)
        return cr_no_memory(err);
    out->totals.n_unknown += row->unknown;
    out->totals.n_not_run += row->not_run;
    for (int j = 0; j < layer->n_out; j++)
        if (row->tops[j].shape.rank >= 0)
            out->totals.n_activations += cr_shape_count(&row->tops[j].shape);
    return s ? set_params(node, s, arena, row, &out->totals, err) : CREMA_OK;
}

cr_status cr_summary_make(const cr_shapes *shapes, cr_arena *arena, cr_summary *out, cr_err *err)
{
    *out = (cr_summary){.n_layers = shapes->graph->n_layers};
    out->layer = cr_arena_array(arena, (size_t)out->n_layers, sizeof *out->layer);
    cr_status status = out->layer ? CREMA_OK : cr_no_memory(err);
    for (int i = 0; i < out->n_layers && status == CREMA_OK; i++)
        status = set_row(shapes, i, arena, out, err);
    return status;
}
