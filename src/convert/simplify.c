/*
 * simplify.c - folding and pruning.
 *
 *     conv1 -- bn1 -- scale1 -- relu1     -->    conv1, with other weights and a bias -- relu1
 *
 * What can be folded is what the planner folds when a net runs (plan/fuse.c): a plan is made, and the steps that
 * took layers by channel say with which numbers. So both agree, and the rules stand in one place. Only weights that
 * layers share are of no matter for running and stop a fold here. The first layer's top gets the name of the last
 * one's: a name that is made before it is read, and by one layer, unless it is made in place.
 *
 * A layer has no effect when no output of the net comes from it: what ends in Silence, and what leads there only.
 */
#include "convert/simplify.h"

#include "crema.pb-c.h"
#include "plan/plan.h"

#include <string.h>

typedef struct work {
    cr_graph *g;
    cr_arena *arena;
    bool *gone;                 // by layer
    cr_simplified_layer *layer; // by layer
    int n_folded, n_pruned;
} work;

/* ---- pruning ---- */

static void prune(work *w)
{
    const cr_graph *g = w->g;
    for (int i = g->n_layers - 1; i >= 0; i--) {
        const cr_node *n = &g->node[i];
        bool wanted = (n->layer->type->flags & CR_SOURCE) != 0; // what a caller feeds stays
        for (int t = 0; t < n->layer->n_out && !wanted; t++) {
            const cr_edge *e = &g->tensor[n->out[t]];
            wanted = e->output;
            for (int r = 0; r < e->n_readers && !wanted; r++)
                wanted = !w->gone[e->reader[r]];
        }
        w->gone[i] = !wanted;
        w->n_pruned += !wanted;
    }
}

/* ---- folding ---- */

static bool shares_weights(const cr_graph *g, int layer)
{
    for (int i = 0; i < g->n_layers; i++)
        for (int j = 0; j < g->node[i].n_share; j++) {
            int owner = g->node[i].share[j].layer;
            if (owner >= 0 && (i == layer || owner == layer) && i != owner)
                return true;
        }
    return false;
}

// Where the layer says whether it has a bias; false: it is of no such type.
static bool set_bias_term(const Crema__LayerParameter *param)
{
    if (param->convolution_param) {
        param->convolution_param->has_bias_term = true;
        param->convolution_param->bias_term = true;
        return true;
    }
    if (param->inner_product_param) {
        param->inner_product_param->has_bias_term = true;
        param->inner_product_param->bias_term = true;
        return true;
    }
    return false;
}

static cr_status fold(work *w, const cr_plan *plan, const cr_step *step, cr_err *err)
{
    int first = step->layer->index, last = step->fusion->affine, n = 0;
    bool *taken = cr_arena_array(w->arena, (size_t)w->g->n_layers, sizeof *taken);
    if (!taken)
        return cr_no_memory(err);
    for (int i = 0; i < plan->n_steps; i++) {
        int layer = plan->step[i].layer->index;
        if (plan->step[i].part_of == step && layer <= last) {
            taken[layer] = true;
            n++;
        }
    }
    taken[first] = true;
    Crema__LayerParameter *param = (Crema__LayerParameter *)step->layer->param;
    if (shares_weights(w->g, first) || !set_bias_term(param))
        return CREMA_OK;
    const cr_shape *out = &plan->tensor[step->out[0]].shape;
    size_t n_channels = (size_t)out->dim[1];
    cr_channel *channel = cr_arena_array(w->arena, n_channels, sizeof *channel);
    if (!channel)
        return cr_no_memory(err);
    memcpy(channel, step->fusion->channel, n_channels * sizeof *channel);
    w->layer[first].channel = channel;
    w->layer[first].n_channels = out->dim[1];
    param->top[0] = (char *)w->g->node[last].layer->out_name[0];
    for (int i = first + 1; i <= last; i++)
        w->gone[i] = w->gone[i] || taken[i];
    w->n_folded += n;
    return CREMA_OK;
}

static cr_status fold_all(work *w, cr_weights *weights, const cr_simplify_options *o, cr_err *err)
{
    cr_plan *plan;
    cr_plan_options options = {.input = o->input, .factor_0_is_1 = o->factor_0_is_1, .keep_folds = true};
    cr_status status = cr_plan_create(&plan, w->g, weights, &options, err);
    if (status)
        return status;
    for (int i = 0; i < plan->n_steps && !status; i++) {
        const cr_step *step = &plan->step[i];
        if (step->n_blobs > 0 && step->fusion && step->fusion->channel && !w->gone[step->layer->index])
            status = fold(w, plan, step, err);
    }
    cr_plan_unref(plan);
    return status;
}

cr_status cr_simplify(cr_graph *graph, cr_weights *weights, const cr_simplify_options *options,
                      cr_arena *arena, cr_simplified *out, cr_err *err)
{
    size_t n = (size_t)graph->n_layers;
    work w = {.g = graph, .arena = arena};
    w.gone = cr_arena_array(arena, n, sizeof *w.gone);
    w.layer = cr_arena_array(arena, n, sizeof *w.layer);
    if (!w.gone || !w.layer)
        return cr_no_memory(err);
    if (options->prune)
        prune(&w);
    cr_status status = options->fold ? fold_all(&w, weights, options, err) : CREMA_OK;
    *out = (cr_simplified){.layer = w.layer, .n_folded = w.n_folded, .n_pruned = w.n_pruned};
    for (int i = 0; i < graph->n_layers; i++)
        if (!w.gone[i]) {
            w.layer[out->n_layers] = w.layer[i];
            w.layer[out->n_layers++].param = graph->node[i].layer->param;
        }
    return status;
}

/* ---- the values ---- */

static cr_status read_blob(const cr_weights_file *from, const cr_stored_blob *blob, cr_arena *arena,
                           float **values, cr_err *err)
{
    *values = cr_arena_array(arena, (size_t)cr_shape_count(&blob->shape) + 1, sizeof **values);
    return *values ? cr_weights_file_read(from, blob, *values, err) : cr_no_memory(err);
}

// Outputs are the slowest axis of the weights; the planner folds into no others.
static void fold_values(const cr_simplified_layer *l, float *weights, int64_t per_channel, const float *had,
                        float *bias)
{
    for (int64_t c = 0; c < l->n_channels; c++) {
        const cr_channel *x = &l->channel[c];
        for (int64_t i = 0; i < per_channel; i++)
            weights[c * per_channel + i] = (float)((double)weights[c * per_channel + i] * x->scale);
        bias[c] = (float)(((had ? (double)had[c] : 0) - x->center) * x->scale + x->shift);
    }
}

static cr_status write_folded(const cr_weights_file *from, const cr_stored_layer *stored,
                              const cr_simplified_layer *layer, cr_arena *arena, cr_weights_writer *to,
                              cr_err *err)
{
    float *weights, *had = NULL, *bias = cr_arena_array(arena, (size_t)layer->n_channels + 1, sizeof *bias);
    const cr_stored_blob *blob = stored->blob;
    if (!bias)
        return cr_no_memory(err);
    cr_status status = read_blob(from, &blob[0], arena, &weights, err);
    if (!status && stored->n_blobs > 1)
        status = read_blob(from, &blob[1], arena, &had, err);
    if (status)
        return status;
    fold_values(layer, weights, cr_shape_count(&blob[0].shape) / layer->n_channels, had, bias);
    const cr_shape shape[] = {cr_convert_shape(&blob[0], 0, stored->type), {1, {layer->n_channels}}};
    const bool legacy[] = {blob[0].legacy_shape, blob[0].legacy_shape};
    cr_written_layer out = {stored->name, stored->type, 2, shape, legacy, layer->param};
    status = to->type->layer(to, &out, err);
    if (!status)
        status = to->type->blob(to, weights, err);
    return status ? status : to->type->blob(to, bias, err);
}

cr_status cr_simplify_write(const cr_weights_file *from, const cr_stored_layer *stored,
                            const cr_simplified_layer *layer, cr_weights_writer *to, cr_err *err)
{
    if (!layer->channel)
        return cr_convert_layer(from, stored, layer->param, to, err);
    cr_arena arena = {0};
    cr_status status = write_folded(from, stored, layer, &arena, to, err);
    cr_arena_free(&arena);
    return status;
}
