/*
 * onnx_convert.c - `crema convert NET WEIGHTS... OUT.onnx`: the converter that onnx.c serves.
 *
 * The net is loaded as for running, in the shapes that it declares or that the options give; layers of unknown types
 * are let in, so that they are named together with all others that have no equivalent.
 */
#include "convert/convert.h"
#include "convert/onnx.h"
#include "read/sniff.h"

enum { MAX_INPUTS = 64 };

static cr_status export(const cr_convert_job *job, const cr_graph *graph, cr_weights *weights, cr_err *err)
{
    cr_shape *shape = cr_arena_array(job->arena, (size_t)graph->n_inputs + 1, sizeof *shape);
    if (!shape)
        return cr_no_memory(err);
    cr_status status = cr_load_input_shapes(graph, shape, job->options.shapes, job->options.n_shapes, err);
    for (int i = 0; i < graph->n_inputs && !status; i++)
        if (shape[i].rank < 0)
            status = cr_fail(
                err, CREMA_ERR_USAGE, &(cr_pos){job->input[0], 0, 0},
                "the net does not say the shape of its input \"%s\", and an ONNX model has fixed shapes",
                graph->tensor[graph->input[i]].name);
    cr_onnx_options options = {.input = shape,
                               .factor_0_is_1 = job->factor_0_is_1,
                               .force = job->options.force,
                               .version = crema_version(),
                               .log = job->log};
    return status ? status : cr_onnx_export(graph, weights, job->output, &options, err);
}

static cr_status run(const cr_convert_job *job, cr_err *err)
{
    crema_file weights_file[MAX_INPUTS];
    // A .caffemodel alone brings its weights along.
    bool inside = job->n_inputs == 1 && cr_sniff_kind(&(crema_file){.path = job->input[0]}) == CR_SNIFF_NET;
    for (int i = inside ? 0 : 1; i < job->n_inputs; i++)
        weights_file[inside ? i : i - 1] = (crema_file){.path = job->input[i]};
    const crema_convert_options *o = &job->options;
    crema_net_options net = {.struct_size = sizeof net,
                             .net = {.path = job->input[0]},
                             .weights = weights_file,
                             .n_weights = inside ? 1 : job->n_inputs - 1,
                             .allow_missing = o->allow_missing,
                             .seed = o->seed,
                             .phase = o->phase,
                             .level = o->level,
                             .stages = o->stages,
                             .n_stages = o->n_stages};
    cr_graph graph = {0};
    cr_weights *weights = NULL;
    cr_status status = cr_load_graph(job->loader, &net, true, &graph, err);
    if (!status)
        status = cr_load_weights(job->loader, &net, &graph, &weights, err);
    if (!status)
        status = export(job, &graph, weights, err);
    cr_weights_free(weights);
    cr_graph_free(&graph);
    return status;
}

const cr_converter cr_convert_to_onnx = {
    .suffixes = ".onnx",
    .about = "an ONNX model",
    .inputs = "a net and its weights",
    .min_inputs = 1,
    .max_inputs = MAX_INPUTS,
    .takes = CR_CONVERT_SHAPES | CR_CONVERT_STATE | CR_CONVERT_WEIGHTS,
    .run = run,
};
