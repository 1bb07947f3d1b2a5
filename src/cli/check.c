/*
 * check.c - `crema check`: the cases of manifests, a line each.
 *
 * Exit codes are those of the manifest format: 1 when a case failed, 2 when a manifest or a file that it names
 * can't be read.
 */
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/net.h"
#include "cli/plugin.h"
#include "cli/print.h"
#include "crema_tools.h"

#include <string.h>

typedef struct checking {
    cli_session *s;
    const cli_args *args;
    const char *manifest;
    cli_json *json; // NULL: text
    int64_t passed, failed;
} checking;

// "out[0,3,1,2]", in a later step "step 2 out[...]".
static void print_place(const crema_check_result *result)
{
    char index[CLI_SHAPE_TEXT];
    if (result->step > 0)
        printf("step %d ", result->step);
    cli_put_safe(stdout, result->blob);
    printf("[%s]", cli_index_text(result->index, &result->shape, index));
}

static void print_text(const crema_check_result *result)
{
    fputs(result->passed ? "ok    " : "FAIL  ", stdout);
    cli_put_safe(stdout, result->name);
    if (result->blob && result->n_values > 0) {
        fputs("  ", stdout);
        print_place(result);
        if (result->passed)
            printf(": largest error %.3g, allowed %.3g", result->error, result->allowed);
        else
            printf(": got %.9g, expected %.9g, error %.3g, allowed %.3g; %lld of %lld values wrong",
                   result->got, result->expected, result->error, result->allowed, (long long)result->n_wrong,
                   (long long)result->n_values);
    }
    if (result->message && result->message[0]) {
        fputs("  ", stdout);
        cli_put_safe(stdout, result->message);
    }
    putchar('\n');
}

static void print_json(cli_json *j, const char *manifest, const crema_check_result *result)
{
    cli_json_begin(j, NULL, '{');
    cli_json_string(j, "manifest", manifest);
    cli_json_string(j, "name", result->name);
    cli_json_bool(j, "passed", result->passed != 0);
    if (result->blob && result->n_values > 0) {
        cli_json_string(j, "blob", result->blob);
        if (result->step > 0)
            cli_json_int(j, "step", result->step);
        cli_json_ints(j, "index", result->index, result->shape.rank);
        cli_json_double(j, "got", result->got);
        cli_json_double(j, "expected", result->expected);
        cli_json_double(j, "error", result->error);
        cli_json_double(j, "allowed", result->allowed);
        cli_json_int(j, "wrong", result->n_wrong);
        cli_json_int(j, "values", result->n_values);
    }
    if (result->message && result->message[0])
        cli_json_string(j, "message", result->message);
    cli_json_end(j, '}');
}

static void on_result(void *user, const crema_check_result *result)
{
    checking *c = user;
    *(result->passed ? &c->passed : &c->failed) += 1;
    cli_erase_progress(c->s);
    if (c->json)
        print_json(c->json, c->manifest, result);
    else
        print_text(result);
    fflush(stdout);
    cli_progress(c->s, cli_text(&c->s->mem, "%lld cases", (long long)(c->passed + c->failed)), -1);
}

// Also true when nobody reads the results any more (a full disk, a closed pipe).
static int stop(void *user)
{
    const checking *c = user;
    return cli_stop(c->s) || ferror(stdout);
}

static crema_status prepare(void *user, crema_context *context, crema_error *err)
{
    const checking *c = user;
    return cli_plugins_load(c->args, context, err);
}

static int check_all(checking *c, const cli_args *args, crema_check_options *options)
{
    int code = CLI_OK;
    for (int i = 0; i < args->n_operands; i++) {
        crema_error err = {0};
        c->manifest = args->operand[i];
        crema_status status = crema_check_manifest(c->manifest, options, on_result, c, &err);
        if (status == CREMA_OK)
            continue;
        if (status == CREMA_ERR_CANCELLED && !cli_stop(c->s))
            return CLI_FAILED; // standard output failed, which is said at the end
        code = cli_fail_with(c->s, &err);
        if (status == CREMA_ERR_CANCELLED)
            return code;
        code = CLI_USAGE;
    }
    if (code == CLI_OK && options->filter && c->passed + c->failed == 0)
        return cli_fail(c->s, CLI_USAGE, "no case matches --filter \"%s\"", options->filter);
    return code;
}

static int check(cli_session *s, const cli_args *args)
{
    int64_t threads = 0;
    float tolerance = 0;
    int code, small_memory = 0;
    if ((code = cli_int_value(s, args, OPT_THREADS, 1, 1024, &threads)) ||
        (code = cli_winograd_tolerance(s, args, &tolerance)) ||
        (code = cli_small_memory(s, args, &small_memory)))
        return code;
    cli_json json = {.f = stdout};
    checking c = {.s = s, .args = args, .json = cli_value(args, OPT_JSON) ? &json : NULL};
    crema_check_options options = {.struct_size = sizeof options,
                                   .root = cli_value(args, OPT_ROOT),
                                   .filter = cli_value(args, OPT_FILTER),
                                   .exact = cli_value(args, OPT_EXACT) != NULL,
                                   .strict = cli_value(args, OPT_STRICT) != NULL,
                                   .threads = (int)threads,
                                   .conv_algorithm = cli_value(args, OPT_CONV),
                                   .isa = cli_isa(args),
                                   .winograd_tolerance = tolerance,
                                   .small_memory = small_memory,
                                   .cancel = stop,
                                   .user = &c,
                                   .prepare = prepare};
    if (c.json) {
        cli_json_begin(c.json, NULL, '{');
        cli_json_begin(c.json, "cases", '[');
    }
    code = check_all(&c, args, &options);
    cli_erase_progress(s);
    if (c.json) {
        cli_json_end(c.json, ']');
        cli_json_int(c.json, "passed", c.passed);
        cli_json_int(c.json, "failed", c.failed);
        cli_json_end(c.json, '}');
    } else {
        printf("%lld passed, %lld failed\n", (long long)c.passed, (long long)c.failed);
    }
    return code == CLI_OK && c.failed ? CLI_FAILED : code;
}

static const cli_option options[] = {
    {OPT_FILTER, 0, "filter", "TEXT",
     "only cases whose name has TEXT in it, or matches it as a shell pattern"},
    {OPT_ROOT, 0, "root", "DIR", "the manifests' paths are relative to DIR (default: to the manifest)"},
    {OPT_EXACT, 0, "exact", NULL, "direct algorithms only, nothing folded"},
    {OPT_STRICT, 0, "strict", NULL, "tolerances without the rms term"},
    {OPT_CONV, 0, "conv", "NAME", "force a convolution algorithm, such as im2col"},
    {OPT_ISA, 0, "isa", "LEVEL", "kernels: zen4, v4, v3, v2 or neon (default: $CREMA_ISA, or the best)"},
    {OPT_MEMORY, 0, "memory", "small|fast",
     "small: no algorithm whose weights take more when packed (default fast)"},
    {OPT_WINOGRAD_TOLERANCE, 0, "winograd-tolerance", "X",
     "let 3x3 convolutions err by X of their outputs' rms; from 1e-4 on it is faster"},
    {OPT_PLUGIN, 0, "plugin", "FILE.so", "a shared object with more layer types; may be repeated"},
    {OPT_THREADS, 0, "threads", "N", "threads (default: one per core); results are the same for any number"},
    {OPT_JSON, 0, "json", NULL,
     "print JSON; NaN and infinities are the strings \"NaN\", \"Infinity\", \"-Infinity\""},
    {OPT_HELP, 'h', "help", NULL, "this text"},
    {0}};

const cli_command cli_check_command = {
    .name = "check",
    .usage = "MANIFEST... [options]",
    .summary = "run nets on stored inputs and compare with stored outputs",
    .about =
        "Runs the cases of the manifests (YAML) and prints a line a case: the largest error, where it is "
        "and\n"
        "what was allowed. The last line is \"N passed, M failed\" (in JSON: the keys passed and failed).\n"
        "\n"
        "Exits with 0 when all passed, 1 when a case failed, 2 for a wrong use or when a manifest or a file\n"
        "that it names can't be read.\n",
    .group = {{"options", options}},
    .min_operands = 1,
    .operand = "MANIFEST",
    .run = check,
};
