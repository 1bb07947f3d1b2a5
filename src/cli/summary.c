/*
 * summary.c - `crema summary`: what a net is made of, layer by layer, without running it.
 *
 * Exit code 1 when the net has layers of unknown types; they are shown, with what can't be known as "?".
 */
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/net.h"
#include "cli/print.h"
#include "crema_tools.h"

static const char *shapes_text(cli_session *s, const crema_summary_blob *blob, int n)
{
    const char *text = "";
    for (int i = 0; i < n; i++) {
        char shape[CLI_SHAPE_TEXT];
        text = cli_text(&s->mem, "%s%s%s %s", text, i ? ", " : "", blob[i].name,
                        cli_shape_text(&blob[i].shape, shape));
    }
    return text;
}

static const char *params_text(cli_session *s, const crema_summary_layer *layer)
{
    const char *text = "";
    for (int i = 0; i < layer->n_params; i++) {
        char shape[CLI_SHAPE_TEXT];
        text = cli_text(&s->mem, "%s%s%s", text, i ? ", " : "", cli_shape_text(&layer->params[i], shape));
    }
    return text;
}

static const char *type_text(cli_session *s, const crema_summary_layer *layer)
{
    if (layer->unknown)
        return cli_text(&s->mem, "%s (unknown)", layer->type);
    if (layer->not_run)
        return cli_text(&s->mem, "%s (not run)", layer->type);
    return layer->reading ? cli_text(&s->mem, "%s (%s)", layer->type, layer->reading) : layer->type;
}

static void count_cell(cli_table *table, int64_t n)
{
    if (n)
        cli_table_cell(table, "%lld", (long long)n);
    else
        cli_table_cell(table, "-");
}

static void print_memory(const crema_summary_totals *t)
{
    if (t->activation_bytes)
        printf("to run: weights %.2f MB, packed weights %.2f MB, activations %.2f MB (at least %.2f), "
               "scratch %.2f MB and %.2f MB a thread\n",
               (double)t->weight_bytes / 1e6, (double)t->pack_bytes / 1e6, (double)t->activation_bytes / 1e6,
               (double)t->live_bytes / 1e6, (double)t->scratch_bytes / 1e6,
               (double)t->thread_scratch_bytes / 1e6);
}

static void print_text(cli_session *s, const crema_summary *summary)
{
    static const char *const columns[] = {"<layer",      "<type",  "<bottoms", "<tops",
                                          "<parameters", "values", "MACs",     NULL};
    cli_table table;
    cli_table_begin(&table, &s->mem, columns);
    crema_summary_layer layer;
    for (int i = 0; crema_summary_get_layer(summary, i, &layer) == CREMA_OK; i++) {
        cli_table_cell(&table, "%s", layer.name);
        cli_table_cell(&table, "%s", type_text(s, &layer));
        cli_table_cell(&table, "%s", shapes_text(s, layer.bottoms, layer.n_bottoms));
        cli_table_cell(&table, "%s", shapes_text(s, layer.tops, layer.n_tops));
        cli_table_cell(&table, "%s", params_text(s, &layer));
        count_cell(&table, layer.n_values);
        count_cell(&table, layer.macs);
    }
    cli_table_print(&table, stdout);
    crema_summary_totals t;
    crema_summary_get_totals(summary, &t);
    printf("\n%d layers, %lld learned values (%.2f MB), %.3f million multiply-adds, activations %.2f MB\n",
           crema_summary_n_layers(summary), (long long)t.n_values, (double)t.n_values * 4 / 1e6,
           (double)t.macs / 1e6, (double)t.n_activations * 4 / 1e6);
    if (t.n_not_run)
        printf("%d of them are not run\n", t.n_not_run);
    print_memory(&t);
}

static void json_blobs(cli_json *j, const char *key, const crema_summary_blob *blob, int n)
{
    cli_json_begin(j, key, '[');
    for (int i = 0; i < n; i++) {
        cli_json_begin(j, NULL, '{');
        cli_json_string(j, "name", blob[i].name);
        cli_json_shape(j, "shape", &blob[i].shape);
        cli_json_end(j, '}');
    }
    cli_json_end(j, ']');
}

static void json_layer(cli_json *j, const crema_summary_layer *layer)
{
    cli_json_begin(j, NULL, '{');
    cli_json_string(j, "name", layer->name);
    cli_json_string(j, "type", layer->type);
    if (layer->reading)
        cli_json_string(j, "reading", layer->reading);
    if (layer->unknown)
        cli_json_bool(j, "unknown", true);
    if (layer->not_run)
        cli_json_bool(j, "not_run", true);
    cli_json_int(j, "line", layer->line);
    json_blobs(j, "bottoms", layer->bottoms, layer->n_bottoms);
    json_blobs(j, "tops", layer->tops, layer->n_tops);
    cli_json_begin(j, "params", '[');
    for (int i = 0; i < layer->n_params; i++) {
        cli_json_begin(j, NULL, '{');
        cli_json_shape(j, "shape", &layer->params[i]);
        cli_json_end(j, '}');
    }
    cli_json_end(j, ']');
    cli_json_int(j, "values", layer->n_values);
    cli_json_int(j, "macs", layer->macs);
    cli_json_end(j, '}');
}

static void print_json(const crema_summary *summary)
{
    cli_json json = {.f = stdout}, *j = &json;
    crema_summary_layer layer;
    crema_summary_blob blob;
    crema_summary_totals t;
    crema_summary_get_totals(summary, &t);
    cli_json_begin(j, NULL, '{');
    cli_json_string(j, "name", crema_summary_name(summary));
    cli_json_begin(j, "layers", '[');
    for (int i = 0; crema_summary_get_layer(summary, i, &layer) == CREMA_OK; i++)
        json_layer(j, &layer);
    cli_json_end(j, ']');
    for (int outputs = 0; outputs < 2; outputs++) {
        cli_json_begin(j, outputs ? "outputs" : "inputs", '[');
        for (int i = 0; (outputs ? crema_summary_get_output : crema_summary_get_input)(summary, i, &blob);
             i++) {
            cli_json_begin(j, NULL, '{');
            cli_json_string(j, "name", blob.name);
            cli_json_shape(j, "shape", &blob.shape);
            cli_json_end(j, '}');
        }
        cli_json_end(j, ']');
    }
    cli_json_int(j, "values", t.n_values);
    cli_json_int(j, "macs", t.macs);
    cli_json_int(j, "activations", t.n_activations);
    cli_json_int(j, "unknown_layers", t.n_unknown);
    if (t.activation_bytes) {
        cli_json_begin(j, "memory", '{');
        cli_json_int(j, "weight_bytes", t.weight_bytes);
        cli_json_int(j, "pack_bytes", t.pack_bytes);
        cli_json_int(j, "activation_bytes", t.activation_bytes);
        cli_json_int(j, "live_bytes", t.live_bytes);
        cli_json_int(j, "scratch_bytes", t.scratch_bytes);
        cli_json_int(j, "thread_scratch_bytes", t.thread_scratch_bytes);
        cli_json_end(j, '}');
    }
    cli_json_end(j, '}');
}

static int show(cli_session *s, const cli_args *args, const crema_summary *summary)
{
    crema_summary_totals t;
    crema_summary_get_totals(summary, &t);
    cli_erase_progress(s);
    if (cli_value(args, OPT_JSON))
        print_json(summary);
    else
        print_text(s, summary);
    if (!t.n_unknown)
        return CLI_OK;
    return cli_fail(s, CLI_FAILED, "%d layer%s of unknown types; what depends on them is shown as \"?\"",
                    t.n_unknown, t.n_unknown == 1 ? " is" : "s are");
}

static int summarise(cli_session *s, const cli_args *args)
{
    cli_net_request request;
    int code = cli_net_request_read(s, args, &request);
    if (code != CLI_OK)
        return code;
    crema_error err = {0};
    crema_summary *summary =
        crema_summary_create(request.context, &request.options, request.shape, request.n_shapes, &err);
    code = summary ? show(s, args, summary) : cli_net_load_failed(s, args, &err);
    cli_flush_warnings(s);
    crema_summary_free(summary);
    crema_context_free(request.context);
    return code;
}

static const cli_option options[] = {
    {OPT_JSON, 0, "json", NULL, "print JSON; shapes that can't be known are null"},
    {OPT_VERBOSE, 'v', "verbose", NULL, "notes, and every warning"},
    {OPT_HELP, 'h', "help", NULL, "this text"},
    {0}};

const cli_command cli_summary_command = {
    .name = "summary",
    .usage = "NET [WEIGHTS...] [options]",
    .summary = "show what a net is made of",
    .about =
        "Shows each layer's type (and which of several dialects it is taken for), its bottoms and tops with\n"
        "their shapes, its parameters and its work in multiply-adds; then the totals, and what memory the "
        "net\n"
        "takes when it runs. Nothing is run, and weights are needed only where they decide on a dialect. A\n"
        "shape that can't be known, such as that of a data layer, is shown as \"?\": --input-shape gives "
        "it.\n"
        "Layers of unknown types are marked, and make the exit status 1.\n",
    .group = {{"net", cli_net_options}, {"output", options}},
    .min_operands = 1,
    .operand = "NET",
    .run = summarise,
};
