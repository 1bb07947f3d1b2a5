/*
 * load.c - options, reading, building: what crema_net_load and the tools that only look at a net have in common.
 */
#include "api/load.h"
#include "crema.pb-c.h"
#include "read/message.h"
#include "read/sniff.h"
#include "upgrade/upgrade.h"

#include <string.h>

crema_context *cr_context_ref(crema_context *context)
{
    __atomic_add_fetch(&context->refs, 1, __ATOMIC_RELAXED);
    return context;
}

void cr_context_unref(crema_context *context)
{
    if (context && __atomic_sub_fetch(&context->refs, 1, __ATOMIC_ACQ_REL) == 0)
        context->destroy(context);
}

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

static cr_status upgrade(const crema_context *c, cr_arena *arena, const cr_message *message, cr_err *err)
{
    cr_upgrade_report report;
    cr_status status =
        cr_upgrade_net(arena, (Crema__NetParameter *)message->root, message->notes, &c->log, &report, err);
    cr_pos pos = cr_notes_pos(message->notes, NULL, NULL, 0);
    if (status == CREMA_OK && (report.v0 || report.v1))
        cr_info(&c->log, &pos, "is of the %s format and was upgraded%s", report.v0 ? "V0" : "V1",
                report.n_problems ? ", with the warnings above" : "");
    return status;
}

static cr_sniffed kind_of(const crema_file *what)
{
    cr_file file;
    cr_sniff sniff = {0};
    if (cr_file_open(&file, what, NULL) != CREMA_OK)
        return CR_SNIFF_UNKNOWN; // whoever reads it says why
    cr_status status = cr_sniff_file(&file, &sniff, NULL);
    cr_file_close(&file);
    return status == CREMA_OK ? sniff.kind : CR_SNIFF_UNKNOWN;
}

// A binary net may be meant; with weights that are text it is not.
static cr_status check_order(const crema_net_options *o, cr_err *err)
{
    if (o->n_weights == 0 || kind_of(&o->weights[0]) != CR_SNIFF_TEXT || kind_of(&o->net) != CR_SNIFF_NET)
        return CREMA_OK;
    cr_pos pos = {o->net.path, 0, 0};
    return cr_fail(
        err, CREMA_ERR_INPUT, &pos,
        "looks like a binary .caffemodel, and the weights %.120s are text; were the net and its weights "
        "swapped?",
        o->weights[0].path ? o->weights[0].path : "");
}

cr_status cr_load_graph(const crema_context *c, const crema_net_options *o, bool unknown_ok, cr_graph *graph,
                        cr_err *err)
{
    cr_read_options read = {.strict = c->options.strict, .log = &c->log, .expected = c->params};
    cr_message message;
    cr_status status = check_order(o, err);
    if (status == CREMA_OK)
        status =
            cr_read_message(&graph->arena, &o->net, &crema__net_parameter__descriptor, &read, &message, err);
    if (status == CREMA_OK)
        status = upgrade(c, &graph->arena, &message, err);
    if (status != CREMA_OK)
        return status;
    cr_graph_options options = {.train = o->phase == CREMA_TRAIN,
                                .level = o->level,
                                .stages = o->stages,
                                .n_stages = o->n_stages,
                                .types = c->types,
                                .unknown_ok = unknown_ok,
                                .log = &c->log};
    return cr_graph_build(graph, (Crema__NetParameter *)message.root, message.notes, &options, err);
}

cr_status cr_load_weights(const crema_context *c, const crema_net_options *o, const cr_graph *graph,
                          cr_weights **weights, cr_err *err)
{
    cr_weights_options options = {.files = o->weights,
                                  .n_files = o->n_weights,
                                  .allow_missing = o->allow_missing,
                                  .seed = o->seed,
                                  .log = &c->log,
                                  .progress = c->options.progress,
                                  .cancel = c->options.cancel,
                                  .user = c->options.user};
    return cr_weights_open(weights, graph, &options, err);
}

cr_plan_options cr_load_plan_options(const crema_context *context, const cr_shape *input)
{
    const crema_context_options *c = &context->options;
    return (cr_plan_options){.input = input,
                             .exact = c->exact,
                             .winograd_tolerance = c->winograd_tolerance,
                             .factor_0_is_1 = c->factor_0_is_1,
                             .conv_algorithm = c->conv_algorithm,
                             .kernels = context->kernels};
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
