/*
 * net.c - loading a net the way the options say.
 */
#include "cli/net.h"

#include "cli/plugin.h"
#include "cli/print.h"

#include <stdlib.h>
#include <string.h>

const cli_option cli_net_options[] = {
    {OPT_PHASE, 0, "phase", "train|test", "the phase whose layers run (default test)"},
    {OPT_LEVEL, 0, "level", "N", "the level that rules of layers ask for (default 0)"},
    {OPT_STAGE, 0, "stage", "NAME", "a stage that rules of layers ask for; may be repeated"},
    {OPT_INPUT_SHAPE, 0, "input-shape", "BLOB=N,C,H,W", "an input's shape, over the net's; may be repeated"},
    {OPT_ALLOW_MISSING, 0, "allow-missing", NULL, "fill weights that no file has from the net's fillers"},
    {OPT_SEED, 0, "seed", "N", "seed of the fillers (default 0)"},
    {OPT_BN_FACTOR_1, 0, "bn-factor-1", NULL,
     "BatchNorm with factor 0: take its statistics as real (NVIDIA's)"},
    {OPT_PLUGIN, 0, "plugin", "FILE.so", "a shared object with more layer types; may be repeated"},
    {OPT_STRICT, 0, "strict", NULL, "fields that are not known, or given twice, are errors"},
    {0}};

const cli_option cli_compute_options[] = {
    {OPT_THREADS, 0, "threads", "N", "threads (default: one per core); results are the same for any number"},
    {OPT_EXACT, 0, "exact", NULL, "direct algorithms only, nothing folded"},
    {OPT_CONV, 0, "conv", "NAME", "force a convolution algorithm, such as im2col"},
    {OPT_ISA, 0, "isa", "LEVEL", "kernels: zen4, v4, v3, v2 or neon (default: $CREMA_ISA, or the best)"},
    {OPT_MEMORY, 0, "memory", "small|fast",
     "small: no algorithm whose weights take more when packed (default fast)"},
    {OPT_WINOGRAD_TOLERANCE, 0, "winograd-tolerance", "X",
     "let 3x3 convolutions err by X of their outputs' rms; from 1e-4 on it is faster"},
    {OPT_JSON, 0, "json", NULL,
     "print JSON; NaN and infinities are the strings \"NaN\", \"Infinity\", \"-Infinity\""},
    {OPT_VERBOSE, 'v', "verbose", NULL, "notes, and every warning"},
    {OPT_HELP, 'h', "help", NULL, "this text"},
    {0}};

static int parse_shapes(cli_session *s, const cli_args *args, cli_net_request *out)
{
    int n = cli_count(args, OPT_INPUT_SHAPE);
    out->shape = cli_array(&s->mem, (size_t)n, sizeof *out->shape);
    const char *value;
    for (int at = 0; (value = cli_next_value(args, OPT_INPUT_SHAPE, &at));) {
        const char *equals = strrchr(value, '=');
        crema_input_shape *shape = &out->shape[out->n_shapes++];
        if (!equals || equals == value || !cli_parse_shape(equals + 1, &shape->shape))
            return cli_fail(s, CLI_USAGE, "--input-shape must be BLOB=N,C,H,W, not \"%s\"", value);
        shape->name = cli_copy(&s->mem, value, (size_t)(equals - value));
    }
    return CLI_OK;
}

static int parse_net_options(cli_session *s, const cli_args *args, crema_net_options *out)
{
    static const char *const phases[] = {"test", "train", NULL};
    int64_t level = 0, seed = 0;
    int code, phase = 0;
    if ((code = cli_word_value(s, args, OPT_PHASE, phases, &phase)) ||
        (code = cli_int_value(s, args, OPT_LEVEL, INT32_MIN, INT32_MAX, &level)) ||
        (code = cli_int_value(s, args, OPT_SEED, 0, INT64_MAX, &seed)))
        return code;
    out->phase = phase ? CREMA_TRAIN : CREMA_TEST;
    out->level = (int)level;
    out->seed = (uint64_t)seed;
    out->allow_missing = cli_value(args, OPT_ALLOW_MISSING) != NULL;
    out->net.path = args->operand[0];
    crema_file *weights = cli_array(&s->mem, (size_t)args->n_operands, sizeof *weights);
    for (int i = 1; i < args->n_operands; i++)
        weights[out->n_weights++].path = args->operand[i];
    out->weights = weights;
    const char **stages = cli_array(&s->mem, (size_t)args->n_given + 1, sizeof *stages); // ended by NULL
    for (int at = 0; (stages[out->n_stages] = cli_next_value(args, OPT_STAGE, &at));)
        out->n_stages++;
    out->stages = stages;
    return CLI_OK;
}

// An input that --input-shape names must be there.
static int check_shapes(cli_session *s, const cli_net *net)
{
    for (int i = 0; i < net->n_shapes; i++) {
        const char *name = net->shape[i].name;
        if (cli_net_find_input(net, name, strlen(name)) < 0)
            return cli_fail(s, CLI_USAGE, "--input-shape: the net has no input \"%s\"; its inputs: %s", name,
                            cli_net_inputs_text(s, net));
    }
    return CLI_OK;
}

// The option that would help, or NULL.
static const char *hint(const cli_args *args, const crema_error *err)
{
    bool filled = args->n_operands > 1 || cli_value(args, OPT_ALLOW_MISSING);
    if (!filled && strstr(err->message, "no weights file was given"))
        return "; name a weights file, or fill them with --allow-missing";
    if (strstr(err->message, "keep it out of phase TEST"))
        return "; try --phase train";
    return NULL;
}

int cli_net_load_failed(cli_session *s, const cli_args *args, const crema_error *err)
{
    const char *more = err->status == CREMA_ERR_CANCELLED ? NULL : hint(args, err);
    if (!more)
        return cli_fail_with(s, err);
    crema_error longer = *err;
    size_t n = strlen(longer.message);
    snprintf(longer.message + n, sizeof longer.message - n, "%s", more);
    return cli_fail_with(s, &longer);
}

const char *cli_isa(const cli_args *args)
{
    const char *isa = cli_value(args, OPT_ISA);
    if (!isa)
        isa = getenv("CREMA_ISA");
    return isa && *isa ? isa : NULL;
}

int cli_winograd_tolerance(cli_session *s, const cli_args *args, float *out)
{
    int code = cli_float_value(s, args, OPT_WINOGRAD_TOLERANCE, out);
    if (code == CLI_OK && *out < 0)
        return cli_fail(s, CLI_USAGE, "--winograd-tolerance must not be negative");
    return code;
}

int cli_small_memory(cli_session *s, const cli_args *args, int *out)
{
    static const char *const words[] = {"fast", "small", NULL};
    return cli_word_value(s, args, OPT_MEMORY, words, out);
}

int cli_net_request_read(cli_session *s, const cli_args *args, cli_net_request *out)
{
    int64_t threads = 0;
    crema_context_options how = {.struct_size = sizeof how,
                                 .user = s,
                                 .log = cli_on_log,
                                 .progress = cli_on_progress,
                                 .cancel = cli_stop,
                                 .strict = cli_value(args, OPT_STRICT) != NULL,
                                 .exact = cli_value(args, OPT_EXACT) || cli_value(args, OPT_VERIFY),
                                 .factor_0_is_1 = cli_value(args, OPT_BN_FACTOR_1) != NULL,
                                 .conv_algorithm = cli_value(args, OPT_CONV),
                                 .isa = cli_isa(args)};
    int code;
    if ((code = cli_winograd_tolerance(s, args, &how.winograd_tolerance)) ||
        (code = cli_small_memory(s, args, &how.small_memory)) ||
        (code = cli_int_value(s, args, OPT_THREADS, 1, 1024, &threads)))
        return code;
    how.threads = (int)threads;
    *out = (cli_net_request){.options.struct_size = sizeof out->options, .threads = how.threads};
    if ((code = parse_net_options(s, args, &out->options)) || (code = parse_shapes(s, args, out)))
        return code;
    crema_error err = {0};
    out->context = crema_context_create(&how, &err);
    if (!out->context || cli_plugins_load(args, out->context, &err) != CREMA_OK) {
        crema_context_free(out->context);
        return cli_fail_with(s, &err);
    }
    return CLI_OK;
}

int cli_net_load(cli_session *s, const cli_args *args, cli_net *out)
{
    cli_net_request request;
    *out = (cli_net){0};
    int code = cli_net_request_read(s, args, &request);
    if (code != CLI_OK)
        return code;
    *out = (cli_net){.context = request.context,
                     .threads = request.threads,
                     .n_shapes = request.n_shapes,
                     .shape = request.shape};
    crema_error err = {0};
    out->net = crema_net_load(out->context, &request.options, &err);
    code = out->net ? check_shapes(s, out) : cli_net_load_failed(s, args, &err);
    cli_flush_warnings(s);
    if (code != CLI_OK)
        cli_net_free(out);
    return code;
}

void cli_net_free(cli_net *net)
{
    crema_net_free(net->net);
    crema_context_free(net->context);
    net->net = NULL;
    net->context = NULL;
}

static bool same(const char *name, const char *text, size_t length)
{
    return strlen(name) == length && memcmp(name, text, length) == 0;
}

int cli_net_find_input(const cli_net *net, const char *name, size_t length)
{
    for (int i = 0; i < crema_net_n_inputs(net->net); i++)
        if (same(crema_net_input(net->net, i, NULL), name, length))
            return i;
    return -1;
}

bool cli_net_shape_given(const cli_net *net, const char *input)
{
    for (int i = 0; i < net->n_shapes; i++)
        if (strcmp(net->shape[i].name, input) == 0)
            return true;
    return false;
}

crema_shape cli_net_input_shape(const cli_net *net, const char *input)
{
    crema_shape shape = {.rank = -1};
    int i = cli_net_find_input(net, input, strlen(input));
    if (i >= 0)
        crema_net_input(net->net, i, &shape);
    for (i = 0; i < net->n_shapes; i++)
        if (strcmp(net->shape[i].name, input) == 0)
            shape = net->shape[i].shape;
    return shape;
}

// The last layer that makes a blob of that name; false: none.
static bool find_maker(const cli_net *net, const char *name, size_t length, crema_layer_info *out)
{
    for (int i = crema_net_n_layers(net->net) - 1; i >= 0; i--) {
        crema_layer_info layer = {0};
        if (crema_net_layer(net->net, i, &layer) != CREMA_OK)
            continue;
        for (int t = 0; t < layer.n_tops; t++)
            if (same(layer.tops[t], name, length)) {
                *out = layer;
                return true;
            }
    }
    return false;
}

bool cli_net_has_blob(const cli_net *net, const char *name, size_t length)
{
    crema_layer_info layer;
    return cli_net_find_input(net, name, length) >= 0 || find_maker(net, name, length, &layer);
}

const char *cli_net_maker(const cli_net *net, const char *blob)
{
    crema_layer_info layer;
    return find_maker(net, blob, strlen(blob), &layer) ? layer.type : "";
}

const char *cli_net_inputs_text(cli_session *s, const cli_net *net)
{
    char *text = NULL;
    for (int i = 0; i < crema_net_n_inputs(net->net); i++) {
        crema_shape declared;
        char shape[CLI_SHAPE_TEXT];
        const char *name = crema_net_input(net->net, i, &declared);
        text = cli_text(&s->mem, "%s%s\"%s\" (%s)", text ? text : "", text ? ", " : "", name,
                        cli_shape_text(&declared, shape));
    }
    return text ? text : "none";
}
