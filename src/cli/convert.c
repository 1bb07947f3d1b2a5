/*
 * convert.c - `crema convert IN... OUT`: other formats, older ones, and nets for deployment.
 *
 * The last operand is the output; its suffix says what is written. Everything else is the library's business.
 */
#include "cli/commands.h"
#include "cli/net.h"
#include "cli/plugin.h"
#include "cli/print.h"
#include "cli/verify.h"
#include "crema_tools.h"

#include <string.h>

static void on_note(void *user, const char *sentence)
{
    cli_erase_progress(user);
    cli_put_safe(stdout, sentence);
    putchar('\n');
}

// The sentence, with the option that would help.
static int failed(cli_session *s, const cli_args *args, const crema_error *err)
{
    crema_error longer = *err;
    size_t n = strlen(longer.message);
    const char *more = "";
    if (strstr(err->message, "exists already"))
        more = "; --force replaces it";
    else if (strstr(err->message, "so it can't be written") && !cli_value(args, OPT_DROP_UNKNOWN))
        more = "; --drop-unknown leaves it out";
    else if (strstr(err->message, "does not say the shape of its input"))
        more = "; --input-shape gives it";
    else if (strstr(err->message, "can't be known from it and must be given"))
        more = strstr(err->message, "it may be") ? " (--input-shape)" : " (--input-shape BLOB=N,C,H,W)";
    snprintf(longer.message + n, sizeof longer.message - n, "%s", more);
    int code = cli_fail_with(s, &longer);
    return err->status == CREMA_ERR_USAGE ? CLI_USAGE : code;
}

static int convert(cli_session *s, const cli_args *args)
{
    cli_net_request request;
    int n = args->n_operands - 1;
    int code = cli_net_request_read(s, args, &request);
    if (code != CLI_OK)
        return code;
    request.options.n_weights--; // OUT is none
    const char *output = args->operand[n];
    bool verify = cli_value(args, OPT_VERIFY) != NULL;
    if (verify && (code = cli_verify_check(s, output)) != CLI_OK) {
        crema_context_free(request.context);
        return code;
    }
    crema_convert_options options = {.struct_size = sizeof options,
                                     .force = cli_value(args, OPT_FORCE) != NULL,
                                     .drop_unknown = cli_value(args, OPT_DROP_UNKNOWN) != NULL,
                                     .to_deploy = cli_value(args, OPT_TO_DEPLOY) != NULL,
                                     .fold = cli_value(args, OPT_FOLD) != NULL,
                                     .prune_unused = cli_value(args, OPT_PRUNE_UNUSED) != NULL,
                                     .half = cli_value(args, OPT_F16) != NULL,
                                     .shapes = request.shape,
                                     .n_shapes = request.n_shapes,
                                     .phase = request.options.phase,
                                     .level = request.options.level,
                                     .stages = request.options.stages,
                                     .n_stages = request.options.n_stages,
                                     .allow_missing = request.options.allow_missing,
                                     .seed = request.options.seed,
                                     .numbering = cli_value(args, OPT_NUMBERING),
                                     .note = on_note,
                                     .user = s};
    crema_error err;
    crema_status status = crema_convert(request.context, args->operand, n, output, &options, &err);
    if (status != CREMA_OK)
        code = failed(s, args, &err);
    else if (verify)
        code = cli_verify(s, &request, output, options.half != 0);
    crema_context_free(request.context);
    return code;
}

static const cli_option options[] = {
    {OPT_FORCE, 'f', "force", NULL, "replace OUT if it is there"},
    {OPT_TO_DEPLOY, 0, "to-deploy", NULL,
     "make a net for deployment: data layers to Input, losses to predictions, labels out"},
    {OPT_DROP_UNKNOWN, 0, "drop-unknown", NULL, "leave out fields that are not known"},
    {OPT_FOLD, 0, "fold", NULL,
     "BatchNorm, Scale and Bias become part of the layer before them; writes OUT.caffemodel and "
     "OUT.prototxt"},
    {OPT_PRUNE_UNUSED, 0, "prune-unused", NULL,
     "leave out layers that no output comes from, and weights without a layer"},
    {OPT_F16, 0, "f16", NULL, "weights in half precision, as NVIDIA's fork stores them (.caffemodel)"},
    {OPT_VERIFY, 0, "verify", NULL,
     "run IN and OUT on the same random input and print the largest differences"},
    {OPT_NUMBERING, 0, "numbering", "NAME",
     "whose field numbers a binary IN has, such as intel (default: guessed)"},
    {OPT_VERBOSE, 'v', "verbose", NULL, "notes, and every warning"},
    {OPT_HELP, 'h', "help", NULL, "this text"},
    {0}};

const cli_command cli_convert_command = {
    .name = "convert",
    .usage = "IN... OUT [options]",
    .summary = "write a net in another format",
    .about =
        "Writes what IN holds in the format that the suffix of OUT names:\n"
        "\n"
        "  .prototxt       a net or solver as text; .yaml and .json: the same in other words\n"
        "  .caffemodel     a net in the binary form with its weights, from WEIGHTS, NET or NET WEIGHTS\n"
        "  .caffemodel.h5  weights as HDF5\n"
        "  FOLDER/         weights as .npy files, and a list of the layers\n"
        "  .npy            the mean image of a .binaryproto, and .binaryproto from .npy\n"
        "  .onnx           IN are NET and WEIGHTS: a model of ONNX opset 17, for the input shapes as they "
        "are\n"
        "\n"
        "Nets of all ages are read, and today's format is written; comments and unknown fields stay where\n"
        "they are. JSON has no comments, and unknown fields under the key \"_unknown\". A net that is inside "
        "of\n"
        "a .caffemodel comes out without its weights. OUT appears whole or not at all. Layers that ONNX has "
        "no\n"
        "equivalent for are all named, and nothing is written. --verify runs an ONNX model in the "
        "onnxruntime of\n"
        "$CREMA_PYTHON, or python3, and other nets itself.\n",
    .group = {{"net", cli_net_options}, {"output", options}},
    .min_operands = 2,
    .operand = "IN or OUT",
    .run = convert,
};
