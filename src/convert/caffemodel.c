/*
 * caffemodel.c - what becomes a .caffemodel: a net, weights, or both; and with both, less of them.
 *
 *     NET                  binary.c: the net, and what weights are in its file, as they are
 *     WEIGHTS              layers with names, types and blobs
 *     NET WEIGHTS          the net with the blobs that its layers have in the weights, found by name as Caffe does
 *     NET WEIGHTS --fold   the same, simplified (simplify.c), and the net by itself as .prototxt beside it
 */
#include "convert/net.h"
#include "convert/simplify.h"
#include "crema.pb-c.h"
#include "schema/field.h"
#include "write/prototxt.h"

#include <string.h>

typedef struct sources {
    const cr_convert_job *job;
    cr_weights_file weights;
    bool *used; // by stored layer
} sources;

// The layer of the file that gives the net's layer its blobs: of that name, the last one, as Caffe would load them.
static const cr_stored_layer *stored_of(sources *s, const char *name)
{
    const cr_stored_layer *found = NULL;
    for (int i = 0; i < s->weights.n_layers; i++)
        if (s->weights.layer[i].n_blobs > 0 && strcmp(s->weights.layer[i].name, name) == 0) {
            s->used[i] = true;
            found = &s->weights.layer[i];
        }
    return found;
}

static cr_status put_layer(sources *s, const cr_simplified_layer *layer, cr_weights_writer *to, cr_err *err)
{
    const Crema__LayerParameter *param = layer->param;
    const char *name = param->name ? param->name : "";
    const cr_stored_layer *stored = stored_of(s, name);
    cr_stored_layer bare = {.name = name, .type = param->type ? param->type : ""};
    return cr_simplify_write(&s->weights, stored ? stored : &bare, layer, to, err);
}

// Weights without a layer would be lost; a net for deployment has fewer layers on purpose.
static cr_status check_used(const sources *s, cr_err *err)
{
    bool left_out = s->job->options.prune_unused || s->job->options.to_deploy;
    for (int i = 0; i < s->weights.n_layers; i++)
        if (s->weights.layer[i].n_blobs > 0 && !s->used[i] && !left_out)
            return cr_fail(
                err, CREMA_ERR_UNSUPPORTED, &(cr_pos){s->weights.path, 0, 0},
                "has weights for a layer \"%s\", which the net does not have; such weights are left out "
                "when what is not used is (--prune-unused)",
                s->weights.layer[i].name);
    return CREMA_OK;
}

static cr_status open_writer(const sources *s, const Crema__NetParameter *net, cr_weights_writer **to,
                             cr_err *err)
{
    const crema_convert_options *o = &s->job->options;
    cr_caffemodel_options options = {o->force != 0, o->half != 0, s->weights.net_name, net};
    return cr_caffemodel_writer_open(to, s->job->output, &options, err);
}

/* ---- without changes ---- */

static cr_status read_net(const cr_convert_job *job, const Crema__NetParameter **net, cr_err *err)
{
    cr_pos pos = {job->input[0], 0, 0};
    cr_convert_source source;
    cr_status status = cr_convert_read(job, 0, &source, err);
    if (status)
        return status;
    if (source.solver)
        return cr_fail(err, CREMA_ERR_INPUT, &pos, "is a solver; a .caffemodel holds a net and its weights");
    *net = (const Crema__NetParameter *)source.message.root;
    return cr_convert_only_known(source.message.root, source.message.notes, err);
}

static cr_status join(sources *s, cr_err *err)
{
    const Crema__NetParameter *net = NULL;
    cr_weights_writer *to;
    // The net of a .caffemodel alone is the one inside.
    bool bare = s->job->n_inputs == 1 && strcmp(s->weights.format->name, "caffemodel") != 0;
    cr_status status = bare ? CREMA_OK : read_net(s->job, &net, err);
    if (!status)
        status = open_writer(s, net, &to, err);
    if (status)
        return status;
    if (!net)
        return cr_convert_finish(to, cr_convert_layers(&s->weights, to, err), err);
    for (size_t i = 0; i < net->n_layer && !status; i++)
        status = put_layer(s, &(cr_simplified_layer){.param = net->layer[i]}, to, err);
    return cr_convert_finish(to, status ? status : check_used(s, err), err);
}

/* ---- simplified ---- */

static cr_status write_text(const cr_convert_job *job, const Crema__NetParameter *net, const cr_notes *notes,
                            cr_writer **writer, cr_err *err)
{
    size_t n = strlen(job->output) - strlen(".caffemodel");
    char *path = cr_arena_printf(job->arena, "%.*s.prototxt", (int)n, job->output);
    cr_text text = {0};
    cr_status status = path ? cr_write_prototxt(&net->base, notes, &text, err) : cr_no_memory(err);
    if (!status)
        status = cr_writer_open(writer, path, job->options.force != 0, err);
    if (!status && text.n > 0 && (status = cr_writer_write(*writer, text.s, text.n, err)))
        cr_writer_abort(*writer);
    cr_text_free(&text);
    return status;
}

// Both files are whole before either takes its place.
static cr_status write_both(sources *s, const cr_graph *g, const cr_simplified *less, cr_err *err)
{
    Crema__NetParameter net = *g->net;
    Crema__LayerParameter **layer = cr_arena_array(s->job->arena, (size_t)less->n_layers + 1, sizeof *layer);
    cr_weights_writer *to;
    cr_writer *text;
    if (!layer)
        return cr_no_memory(err);
    for (int i = 0; i < less->n_layers; i++) {
        layer[i] = (Crema__LayerParameter *)less->layer[i].param;
        layer[i]->n_blobs = 0; // of a net that is inside of a .caffemodel: they have no place in text
    }
    net.layer = layer;
    net.n_layer = (size_t)less->n_layers;
    cr_status status = write_text(s->job, &net, g->notes, &text, err);
    if (status)
        return status;
    status = open_writer(s, &net, &to, err);
    for (int i = 0; i < less->n_layers && !status; i++)
        if ((status = put_layer(s, &less->layer[i], to, err)))
            to->type->discard(to);
    if (!status)
        status = to->type->commit(to, err);
    if (!status)
        return cr_writer_commit(text, err);
    cr_writer_abort(text);
    return status;
}

static cr_status read_shapes(const cr_convert_job *job, const cr_graph *g, cr_shape *shape, cr_err *err)
{
    cr_status status = cr_load_input_shapes(g, shape, job->options.shapes, job->options.n_shapes, err);
    for (int i = 0; i < g->n_inputs && !status; i++)
        if (shape[i].rank < 0)
            status = cr_fail(err, CREMA_ERR_USAGE, &(cr_pos){job->input[0], 0, 0},
                             "the net does not say the shape of its input \"%s\", which folding has to know",
                             g->tensor[g->input[i]].name);
    return status;
}

static cr_status simplify_graph(sources *s, cr_graph *g, cr_weights *weights, cr_err *err)
{
    const cr_convert_job *job = s->job;
    cr_simplified less;
    cr_shape *shape = cr_arena_array(job->arena, (size_t)g->n_inputs + 1, sizeof *shape);
    for (int i = 0; i < g->n_layers; i++) // also of those that will be folded
        stored_of(s, g->node[i].layer->name);
    cr_status status = shape ? check_used(s, err) : cr_no_memory(err);
    cr_simplify_options options = {job->options.fold != 0, job->options.prune_unused != 0, shape,
                                   job->factor_0_is_1};
    if (!status && options.fold)
        status = read_shapes(job, g, shape, err);
    if (!status)
        status = cr_simplify(g, weights, &options, job->arena, &less, err);
    if (!status)
        status = write_both(s, g, &less, err);
    if (!status)
        cr_convert_note(job, "%d layers are folded into others, %d are left out; %d stay", less.n_folded,
                        less.n_pruned, less.n_layers);
    return status;
}

static cr_status simplify(sources *s, cr_err *err)
{
    const crema_convert_options *o = &s->job->options;
    crema_file file = {.path = s->job->input[1]};
    crema_net_options net = {.struct_size = sizeof net,
                             .net = {.path = s->job->input[0]},
                             .weights = &file,
                             .n_weights = 1,
                             .phase = o->phase,
                             .level = o->level,
                             .stages = o->stages,
                             .n_stages = o->n_stages};
    cr_graph graph = {0};
    cr_weights *weights = NULL;
    cr_status status = cr_load_graph(s->job->loader, &net, !o->fold, &graph, err);
    if (!status)
        status = cr_convert_only_known(&graph.net->base, graph.notes, err);
    if (!status)
        status = cr_load_weights(s->job->loader, &net, &graph, &weights, err);
    if (!status)
        status = simplify_graph(s, &graph, weights, err);
    cr_weights_free(weights);
    cr_graph_free(&graph);
    return status;
}

static cr_status to_caffemodel(const cr_convert_job *job, cr_err *err)
{
    bool less = job->options.fold || job->options.prune_unused;
    if (job->n_inputs == 1 && !job->options.half && !less && cr_convert_is_net(job->input[0]))
        return cr_convert_binary(job, err);
    if (less && job->n_inputs < 2)
        return cr_fail(err, CREMA_ERR_USAGE, NULL, "folding and leaving out need a net and its weights");
    if (less && (job->options.to_deploy || job->options.drop_unknown))
        return cr_fail(err, CREMA_ERR_USAGE, NULL,
                       "folding and leaving out work on a net as it is; convert it to .prototxt before");
    sources s = {.job = job};
    cr_status status = cr_weights_file_open(&s.weights, job->input[job->n_inputs - 1], job->log, err);
    if (status)
        return status;
    s.used = cr_arena_array(job->arena, (size_t)s.weights.n_layers + 1, sizeof *s.used);
    if (!s.used)
        status = cr_no_memory(err);
    else
        status = less ? simplify(&s, err) : join(&s, err);
    cr_weights_file_close(&s.weights);
    return status;
}

const cr_converter cr_convert_to_caffemodel = {
    .suffixes = ".caffemodel",
    .about = "a net with weights",
    .inputs = "a net, weights, or a net and its weights",
    .min_inputs = 1,
    .max_inputs = 2,
    .takes = CR_CONVERT_NET_OPTIONS | CR_CONVERT_HALF | CR_CONVERT_SIMPLIFY,
    .run = to_caffemodel,
};
