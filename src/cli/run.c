/*
 * run.c - `crema run`: files in, the net once forward, outputs to people, JSON or files.
 */
#include "cli/commands.h"
#include "cli/results.h"
#include "cli/save.h"

#include <string.h>

// The shapes that the files gave, and which blobs to keep.
static crema_runner *make_runner(cli_session *s, const cli_net *net, const cli_inputs *inputs,
                                 const cli_save *save, crema_error *err)
{
    crema_input_shape *shape = cli_array(&s->mem, (size_t)inputs->n, sizeof *shape);
    for (int i = 0; i < inputs->n; i++)
        shape[i] = (crema_input_shape){inputs->input[i].blob, inputs->input[i].array.shape};
    crema_runner_options options = {.struct_size = sizeof options,
                                    .threads = net->threads,
                                    .shapes = shape,
                                    .n_shapes = inputs->n,
                                    .keep = save->blob,
                                    .n_keep = save->n,
                                    .keep_all = save->folder != NULL};
    return crema_runner_create(net->net, &options, err);
}

// Files first: when one can't be written, nothing is printed.
static int forward_and_show(cli_session *s, const cli_args *args, const cli_results *results,
                            const cli_save *save, crema_runner *runner)
{
    crema_error err = {0};
    int code = cli_inputs_fill(s, results->inputs, runner);
    if (code != CLI_OK)
        return code;
    if (crema_runner_forward(runner, &err) != CREMA_OK)
        return cli_fail_with(s, &err);
    if ((code = cli_save_write(s, save, runner)) || (code = cli_results_draw(s, results, runner)))
        return code;
    bool show = save->n == 0 || results->json || results->top > 0 || cli_value(args, OPT_LABELS);
    return show ? cli_results_print(s, results, runner) : CLI_OK;
}

static int run_net(cli_session *s, const cli_args *args, const cli_net *net, cli_results *results,
                   cli_inputs *inputs)
{
    cli_save save;
    int code;
    results->net = net;
    results->inputs = inputs;
    if ((code = cli_save_parse(s, args, net, &save)) || (code = cli_inputs_read(s, args, net, inputs)) ||
        (code = cli_results_check(s, results)))
        return code;
    crema_error err = {0};
    crema_runner *runner = make_runner(s, net, inputs, &save, &err);
    if (!runner)
        return cli_fail_with(s, &err);
    code = forward_and_show(s, args, results, &save, runner);
    crema_runner_free(runner);
    return code;
}

static int run(cli_session *s, const cli_args *args)
{
    cli_results results;
    cli_net net;
    int code;
    if ((code = cli_results_parse(s, args, &results)) || (code = cli_net_load(s, args, &net)))
        return code;
    cli_inputs inputs = {0};
    code = run_net(s, args, &net, &results, &inputs);
    cli_inputs_free(&inputs);
    cli_net_free(&net);
    return code;
}

static const cli_option input_options[] = {
    {OPT_INPUT, 0, "input", "BLOB=FILE[,FILE]",
     ".npy, JPEG, PNG, PNM; several: a batch; one input needs no BLOB="},
    {0}};

const cli_command cli_run_command = {
    .name = "run",
    .usage = "NET [WEIGHTS...] --input BLOB=FILE[,FILE...] [options]",
    .summary = "run a net on pictures or .npy files",
    .about =
        "Runs NET (.prototxt or .yaml) with the weights of the .caffemodel files; a later file wins. Prints\n"
        "the best classes of each picture for scores, boxes in the picture's own pixels for detections, and\n"
        "shape and range of other outputs.\n"
        "\n"
        "Pictures are preprocessed as the net's transform_param says, or as --preprocess says; single\n"
        "options go over either: value = (pixel - mean) * scale. .npy files are taken as they are.\n",
    .group = {{"input", input_options},
              {"pictures", cli_picture_options},
              {"results", cli_result_options},
              {"net", cli_net_options},
              {"running", cli_compute_options}},
    .min_operands = 1,
    .operand = "NET",
    .run = run,
};
