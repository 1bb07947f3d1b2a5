/*
 * diff.c - `crema diff A B`: a line for each difference of two nets.
 *
 * Exit status as of diff(1): 0 when there is none, 1 when there are some, 2 when something can't be read.
 */
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/net.h"
#include "cli/print.h"
#include "crema_tools.h"

#include <string.h>

typedef struct printing {
    cli_session *s;
    cli_json *json; // NULL: text
} printing;

/* ---- text ---- */

static void put_place(const crema_diff_side *side)
{
    cli_put_safe(stdout, side->file);
    if (side->line > 0)
        printf(":%d:%d", side->line, side->column);
}

static void put_value(const crema_diff_side *side)
{
    cli_put_safe(stdout, side->present ? side->value : "not set");
    fputs(" (", stdout);
    put_place(side);
    putchar(')');
}

static void put_shapes(const crema_diff_item *item)
{
    char a[CLI_SHAPE_TEXT], b[CLI_SHAPE_TEXT];
    const crema_diff_side *only = item->a.present ? &item->a : &item->b;
    if (item->a.present && item->b.present) {
        printf("%s, %s", cli_shape_text(&item->a.shape, a), cli_shape_text(&item->b.shape, b));
    } else {
        printf("%s, only in ", cli_shape_text(&only->shape, a));
        cli_put_safe(stdout, only->file);
    }
}

static void index_of(int64_t at, const crema_shape *shape, int64_t index[CREMA_MAX_RANK])
{
    for (int i = shape->rank - 1; i >= 0; i--) {
        index[i] = shape->dim[i] > 0 ? at % shape->dim[i] : 0;
        at /= shape->dim[i] > 0 ? shape->dim[i] : 1;
    }
}

static void put_weights(const crema_diff_item *item)
{
    char text[CLI_SHAPE_TEXT];
    int64_t index[CREMA_MAX_RANK];
    printf(", weights %d: ", item->blob);
    if (item->n_values == 0) {
        put_shapes(item);
        return;
    }
    index_of(item->index, &item->a.shape, index);
    printf("%lld of %lld values differ, most at [%s]: %.9g, %.9g; rms of all %.3g",
           (long long)item->n_different, (long long)item->n_values,
           cli_index_text(index, &item->a.shape, text), item->value_a, item->value_b, item->rms);
}

static void print_text(const crema_diff_item *item)
{
    if (item->kind == CREMA_DIFF_SHAPE) {
        fputs("blob \"", stdout);
        cli_put_safe(stdout, item->path);
        fputs("\": ", stdout);
        put_shapes(item);
    } else if (item->layer) {
        fputs("layer \"", stdout);
        cli_put_safe(stdout, item->layer);
        fputs("\" (", stdout);
        cli_put_safe(stdout, item->type);
        putchar(')');
    } else {
        fputs("net", stdout);
    }
    if (item->kind == CREMA_DIFF_LAYER) {
        fputs(": only in ", stdout);
        put_place(item->a.present ? &item->a : &item->b);
    } else if (item->kind == CREMA_DIFF_ORDER) {
        fputs(": stands elsewhere among the layers: ", stdout);
        put_place(&item->a);
        fputs(", ", stdout);
        put_place(&item->b);
    } else if (item->kind == CREMA_DIFF_FIELD) {
        printf(": ");
        cli_put_safe(stdout, item->path);
        fputs(": ", stdout);
        put_value(&item->a);
        fputs(", ", stdout);
        put_value(&item->b);
    } else if (item->kind == CREMA_DIFF_WEIGHTS) {
        put_weights(item);
    }
    putchar('\n');
}

/* ---- JSON ---- */

static void json_side(cli_json *j, const char *key, const crema_diff_side *side)
{
    cli_json_begin(j, key, '{');
    cli_json_string(j, "file", side->file);
    if (side->line > 0) {
        cli_json_int(j, "line", side->line);
        cli_json_int(j, "column", side->column);
    }
    cli_json_bool(j, "present", side->present != 0);
    if (side->value)
        cli_json_string(j, "value", side->value);
    if (side->shape.rank >= 0)
        cli_json_shape(j, "shape", &side->shape);
    cli_json_end(j, '}');
}

static void print_json(cli_json *j, const crema_diff_item *item)
{
    static const char *const kind[] = {"layer", "order", "field", "shape", "weights"};
    cli_json_begin(j, NULL, '{');
    cli_json_string(j, "kind", kind[item->kind]);
    if (item->layer) {
        cli_json_string(j, "layer", item->layer);
        cli_json_string(j, "type", item->type);
    }
    if (item->path)
        cli_json_string(j, item->kind == CREMA_DIFF_SHAPE ? "blob" : "field", item->path);
    json_side(j, "a", &item->a);
    json_side(j, "b", &item->b);
    if (item->kind == CREMA_DIFF_WEIGHTS)
        cli_json_int(j, "index", item->blob);
    if (item->n_values > 0) {
        int64_t index[CREMA_MAX_RANK];
        index_of(item->index, &item->a.shape, index);
        cli_json_int(j, "values", item->n_values);
        cli_json_int(j, "different", item->n_different);
        cli_json_ints(j, "worst", index, item->a.shape.rank);
        cli_json_double(j, "worst_a", item->value_a);
        cli_json_double(j, "worst_b", item->value_b);
        cli_json_double(j, "rms", item->rms);
    }
    cli_json_end(j, '}');
}

static void on_item(void *user, const crema_diff_item *item)
{
    const printing *p = user;
    cli_erase_progress(p->s);
    if (p->json)
        print_json(p->json, item);
    else
        print_text(item);
}

/* ---- the command ---- */

static int weights(cli_session *s, const cli_args *args, crema_diff_options *options)
{
    int at = 0;
    const char *first = cli_next_value(args, OPT_WEIGHTS, &at),
               *second = cli_next_value(args, OPT_WEIGHTS, &at);
    int n = args->n_operands;
    // "--weights A B": the second one comes as an operand.
    if (first && !second && n == 3) {
        second = args->operand[2];
        n = 2;
    }
    if (n != 2 || (first && !second))
        return cli_fail(s, CLI_USAGE, "diff: takes two nets, and with --weights the weights of both");
    options->weights_a = first;
    options->weights_b = second;
    return CLI_OK;
}

static int diff(cli_session *s, const cli_args *args)
{
    cli_net_request request;
    crema_diff_options options = {.struct_size = sizeof options, .numbering = cli_value(args, OPT_NUMBERING)};
    int code = weights(s, args, &options);
    if (code != CLI_OK || (code = cli_net_request_read(s, args, &request)) != CLI_OK)
        return code == CLI_FAILED ? CLI_USAGE : code;
    options.shapes = request.shape;
    options.n_shapes = request.n_shapes;
    options.phase = request.options.phase;
    options.level = request.options.level;
    options.stages = request.options.stages;
    options.n_stages = request.options.n_stages;
    cli_json json = {.f = stdout};
    printing p = {.s = s, .json = cli_value(args, OPT_JSON) ? &json : NULL};
    if (p.json) {
        cli_json_begin(p.json, NULL, '{');
        cli_json_begin(p.json, "differences", '[');
    }
    crema_error err;
    int64_t n = 0;
    crema_status status =
        crema_diff(request.context, args->operand[0], args->operand[1], &options, on_item, &p, &n, &err);
    crema_context_free(request.context);
    cli_erase_progress(s);
    if (p.json) {
        cli_json_end(p.json, ']');
        cli_json_end(p.json, '}');
    }
    if (status != CREMA_OK) {
        code = cli_fail_with(s, &err);
        return code == CLI_FAILED ? CLI_USAGE : code;
    }
    if (!p.json)
        printf(n == 0   ? "no differences\n"
               : n == 1 ? "%lld difference\n"
                        : "%lld differences\n",
               (long long)n);
    return n > 0 ? CLI_FAILED : CLI_OK;
}

static const cli_option options[] = {
    {OPT_WEIGHTS, 0, "weights", "A.caffemodel B.caffemodel", "compare these weights, too"},
    {OPT_PHASE, 0, "phase", "train|test", "the phase whose shapes are compared (default test)"},
    {OPT_LEVEL, 0, "level", "N", "the level that rules of layers ask for (default 0)"},
    {OPT_STAGE, 0, "stage", "NAME", "a stage that rules of layers ask for; may be repeated"},
    {OPT_INPUT_SHAPE, 0, "input-shape", "BLOB=N,C,H,W",
     "an input's shape in both nets, for the shapes of blobs; may be repeated"},
    {OPT_NUMBERING, 0, "numbering", "NAME", "whose field numbers binary nets have (default: guessed)"},
    {OPT_PLUGIN, 0, "plugin", "FILE.so", "a shared object with more layer types; may be repeated"},
    {OPT_STRICT, 0, "strict", NULL, "fields that are not known, or given twice, are errors"},
    {OPT_JSON, 0, "json", NULL, "print JSON"},
    {OPT_VERBOSE, 'v', "verbose", NULL, "notes, and every warning"},
    {OPT_HELP, 'h', "help", NULL, "this text"},
    {0}};

const cli_command cli_diff_command = {
    .name = "diff",
    .usage = "A B [options]",
    .summary = "where two nets differ: layers, fields, shapes, weights",
    .about =
        "Compares two nets of any form and age, as upgraded to today's format: layers by name, their fields\n"
        "with both values and where they stand, shapes of blobs as far as they can be known, and weights: "
        "of\n"
        "two .caffemodels, or of those that --weights names. A field that is set to its default differs "
        "from\n"
        "one that is not set.\n"
        "\n"
        "Exits with 0 when there is no difference, 1 when there is one, 2 when something can't be read.\n",
    .group = {{"options", options}},
    .min_operands = 2,
    .operand = "A or B",
    .run = diff,
};
