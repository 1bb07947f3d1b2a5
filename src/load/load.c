/*
 * load.c - reading, upgrading, building.
 *
 * The net and its weights may have been swapped on the command line: a net that is binary beside weights that are
 * text says so, where each alone would be refused for a reason that helps less.
 */
#include "load/load.h"

#include "base/options.h"
#include "crema.pb-c.h"
#include "read/message.h"
#include "read/sniff.h"
#include "upgrade/upgrade.h"

#include <string.h>

cr_status cr_load_options(cr_arena *arena, const crema_net_options *from, crema_net_options *to, cr_err *err)
{
    if (!from || !cr_copy_options(to, sizeof *to, from))
        return cr_fail(err, CREMA_ERR_USAGE, NULL,
                       "crema_net_options are missing, or their struct_size is not set");
    if (to->n_weights < 0 || (to->n_weights && !to->weights) || to->n_stages < 0 ||
        (to->n_stages && !to->stages))
        return cr_fail(err, CREMA_ERR_USAGE, NULL, "crema_net_options: a count does not fit its list");
    if (to->phase != CREMA_TEST && to->phase != CREMA_TRAIN)
        return cr_fail(err, CREMA_ERR_USAGE, NULL,
                       "crema_net_options.phase is neither CREMA_TEST nor CREMA_TRAIN");
    crema_file *files = cr_arena_array(arena, (size_t)to->n_weights + 1, sizeof *files);
    if (!files)
        return cr_no_memory(err);
    for (int i = -1; i < to->n_weights; i++) {
        crema_file *f = i < 0 ? &to->net : &files[i];
        if (i >= 0)
            *f = to->weights[i];
        if (f->path && !(f->path = cr_arena_strdup(arena, f->path)))
            return cr_no_memory(err);
    }
    to->weights = files;
    return CREMA_OK;
}

cr_status cr_load_upgrade(const cr_loader *l, cr_arena *arena, const cr_message *message, cr_err *err)
{
    cr_upgrade_report report;
    cr_status status =
        cr_upgrade_net(arena, (Crema__NetParameter *)message->root, message->notes, l->log, &report, err);
    cr_pos pos = cr_notes_pos(message->notes, NULL, NULL, 0);
    if (status == CREMA_OK && (report.v0 || report.v1))
        cr_info(l->log, &pos, "is of the %s format and was upgraded%s", report.v0 ? "V0" : "V1",
                report.n_problems ? ", with the warnings above" : "");
    return status;
}

cr_status cr_load_net(const cr_loader *l, cr_arena *arena, const crema_file *file, cr_left_list *left,
                      cr_message *message, cr_err *err)
{
    cr_read_options read = {
        .strict = l->strict, .log = l->log, .dialect = l->numbering, .expected = l->params, .left = left};
    cr_status status = cr_read_message(arena, file, &crema__net_parameter__descriptor, &read, message, err);
    return status == CREMA_OK ? cr_load_upgrade(l, arena, message, err) : status;
}

// A binary net may be meant; with weights that are text it is not.
static cr_status check_order(const crema_net_options *o, cr_err *err)
{
    if (o->n_weights == 0 || cr_sniff_kind(&o->weights[0]) != CR_SNIFF_TEXT ||
        cr_sniff_kind(&o->net) != CR_SNIFF_NET)
        return CREMA_OK;
    cr_pos pos = {o->net.path, 0, 0};
    return cr_fail(
        err, CREMA_ERR_INPUT, &pos,
        "looks like a binary .caffemodel, and the weights %.120s are text; were the net and its weights "
        "swapped?",
        o->weights[0].path ? o->weights[0].path : "");
}

cr_status cr_load_graph(const cr_loader *l, const crema_net_options *o, bool unknown_ok, cr_graph *graph,
                        cr_err *err)
{
    cr_message message;
    cr_left_list blobs = {.type = &crema__blob_proto__descriptor}; // of a binary net: cr_weights reads them
    cr_status status = check_order(o, err);
    if (status == CREMA_OK)
        status = cr_load_net(l, &graph->arena, &o->net, &blobs, &message, err);
    if (status != CREMA_OK)
        return status;
    cr_graph_options options = {.train = o->phase == CREMA_TRAIN,
                                .level = o->level,
                                .stages = o->stages,
                                .n_stages = o->n_stages,
                                .types = l->types,
                                .unknown_ok = unknown_ok,
                                .log = l->log};
    return cr_graph_build(graph, (Crema__NetParameter *)message.root, message.notes, &options, err);
}

cr_status cr_load_weights(const cr_loader *l, const crema_net_options *o, const cr_graph *graph,
                          cr_weights **weights, cr_err *err)
{
    cr_weights_options options = {.files = o->weights,
                                  .n_files = o->n_weights,
                                  .allow_missing = o->allow_missing,
                                  .seed = o->seed,
                                  .log = l->log,
                                  .progress = l->progress,
                                  .cancel = l->cancel,
                                  .user = l->user};
    return cr_weights_open(weights, graph, &options, err);
}

static int find_input(const cr_graph *g, const char *name)
{
    for (int i = 0; name && i < g->n_inputs; i++)
        if (strcmp(g->tensor[g->input[i]].name, name) == 0)
            return i;
    return -1;
}

cr_status cr_load_override_shapes(const cr_graph *g, cr_shape *shapes, const crema_input_shape *given, int n,
                                  cr_err *err)
{
    for (int i = 0; i < n; i++) {
        int input = find_input(g, given[i].name);
        if (input < 0)
            return cr_fail(err, CREMA_ERR_USAGE, NULL, "the net has no input \"%s\"",
                           given[i].name ? given[i].name : "(null)");
        if (!cr_shape_valid(&given[i].shape))
            return cr_fail(err, CREMA_ERR_USAGE, NULL, "the shape given for input \"%s\" is not valid",
                           given[i].name);
        shapes[input] = given[i].shape;
    }
    return CREMA_OK;
}

cr_status cr_load_input_shapes(const cr_graph *g, cr_shape *shapes, const crema_input_shape *given, int n,
                               cr_err *err)
{
    if (g->n_inputs)
        memcpy(shapes, g->input_shape, (size_t)g->n_inputs * sizeof *shapes);
    return cr_load_override_shapes(g, shapes, given, n, err);
}

static cr_status input_shapes(cr_shaped_net *net, const crema_input_shape *given, int n, cr_err *err)
{
    const cr_graph *g = &net->graph;
    cr_shape *shapes = cr_arena_array(&net->graph.arena, (size_t)g->n_inputs, sizeof *shapes);
    if (!shapes)
        return cr_no_memory(err);
    net->shapes.input = shapes;
    return cr_load_input_shapes(g, shapes, given, n, err);
}

cr_status cr_shaped_net_open(cr_shaped_net *net, const cr_loader *loader, const crema_net_options *options,
                             const crema_input_shape *shapes, int n, cr_err *err)
{
    *net = (cr_shaped_net){0};
    cr_status status = cr_load_graph(loader, options, true, &net->graph, err);
    if (status == CREMA_OK && options->n_weights)
        status = cr_load_weights(loader, options, &net->graph, &net->weights, err);
    if (status == CREMA_OK)
        status = input_shapes(net, shapes, n, err);
    net->shapes.graph = &net->graph;
    net->shapes.weights = net->weights;
    net->shapes.unknown_ok = true;
    if (status == CREMA_OK)
        status = cr_shapes_infer(&net->shapes, &net->graph.arena, err);
    if (status != CREMA_OK)
        cr_shaped_net_close(net);
    return status;
}

void cr_shaped_net_close(cr_shaped_net *net)
{
    cr_weights_free(net->weights);
    cr_graph_free(&net->graph);
    *net = (cr_shaped_net){0};
}
