/*
 * net.c - crema_net: loading, and what a net says about itself.
 */
#include "api/load.h"
#include "crema.pb-c.h"

#include <string.h>

// Plans for the declared shapes, so that what can be known at load is found at load.
static cr_status plan_declared(crema_net *net, cr_err *err)
{
    const cr_graph *g = &net->graph;
    for (int i = 0; i < g->n_inputs; i++)
        if (g->input_shape[i].rank < 0)
            return CREMA_OK;
    cr_plan_options options = cr_load_plan_options(net->context, g->input_shape);
    return cr_plan_create(&net->plan, g, net->weights, &options, err);
}

crema_net *crema_net_load(crema_context *context, const crema_net_options *options, crema_error *err)
{
    cr_clear(err);
    crema_net *net = cr_alloc_zero(sizeof *net);
    if (!net || !context) {
        cr_free(net);
        if (context)
            cr_no_memory(err);
        else
            cr_fail(err, CREMA_ERR_USAGE, NULL, "no context was given");
        return NULL;
    }
    net->context = cr_context_ref(context);
    crema_net_options copy;
    const cr_loader loader = cr_context_loader(context);
    cr_status status = cr_load_options(&net->graph.arena, options, &copy, err);
    if (status == CREMA_OK)
        status = cr_load_graph(&loader, &copy, false, &net->graph, err);
    if (status == CREMA_OK)
        status = cr_load_weights(&loader, &copy, &net->graph, &net->weights, err);
    if (status == CREMA_OK)
        status = plan_declared(net, err);
    if (status != CREMA_OK) {
        crema_net_free(net);
        return NULL;
    }
    return net;
}

void crema_net_free(crema_net *net)
{
    if (!net)
        return;
    cr_plan_unref(net->plan);
    cr_weights_free(net->weights);
    cr_graph_free(&net->graph);
    cr_context_unref(net->context);
    cr_free(net);
}

const char *crema_net_name(const crema_net *net)
{
    return net->graph.name;
}

int crema_net_n_inputs(const crema_net *net)
{
    return net->graph.n_inputs;
}

const char *crema_net_input(const crema_net *net, int index, crema_shape *declared)
{
    const cr_graph *g = &net->graph;
    if (index < 0 || index >= g->n_inputs)
        return NULL;
    if (declared)
        *declared = g->input_shape[index];
    return g->tensor[g->input[index]].name;
}

int crema_net_n_outputs(const crema_net *net)
{
    return net->graph.n_outputs;
}

const char *crema_net_output(const crema_net *net, int index)
{
    const cr_graph *g = &net->graph;
    return index < 0 || index >= g->n_outputs ? NULL : g->tensor[g->output[index]].name;
}

int crema_net_n_layers(const crema_net *net)
{
    return net->graph.n_layers;
}

crema_status crema_net_layer(const crema_net *net, int index, crema_layer_info *info)
{
    if (index < 0 || index >= net->graph.n_layers)
        return CREMA_ERR_USAGE;
    const cr_layer *layer = net->graph.node[index].layer;
    *info = (crema_layer_info){.name = layer->name,
                               .type = layer->type->name,
                               .n_bottoms = layer->n_in,
                               .n_tops = layer->n_out,
                               .bottoms = layer->in_name,
                               .tops = layer->out_name};
    return CREMA_OK;
}

crema_status crema_net_param(const crema_net *net, int layer, int index, crema_shape *shape,
                             const float **values)
{
    if (layer < 0 || layer >= net->graph.n_layers)
        return CREMA_ERR_USAGE;
    return cr_weights_value(net->weights, layer, index, shape, values, NULL);
}

int crema_net_n_weights(const crema_net *net)
{
    return cr_weights_n_rows(net->weights);
}

crema_status crema_net_weights(const crema_net *net, int index, crema_weights_info *info)
{
    return cr_weights_report(net->weights, index, info) ? CREMA_OK : CREMA_ERR_USAGE;
}

crema_status crema_net_transform(const crema_net *net, const char *input, crema_transform *out)
{
    const cr_graph *g = &net->graph;
    for (int i = 0; i < g->n_inputs; i++) {
        const cr_edge *t = &g->tensor[g->input[i]];
        if (strcmp(t->name, input) != 0)
            continue;
        const Crema__TransformationParameter *p = g->node[t->producer].layer->param->transform_param;
        if (!p)
            break;
        *out = (crema_transform){.scale = p->scale,
                                 .n_mean_values = (int)p->n_mean_value,
                                 .mean_values = p->mean_value,
                                 .mean_file = p->mean_file,
                                 .crop_size = (int)p->crop_size,
                                 .force_color = p->force_color,
                                 .force_gray = p->force_gray};
        return CREMA_OK;
    }
    return CREMA_ERR_USAGE;
}
