/*
 * layers.c - `crema layers`: all layer types, as a table for people, JSON for programs, or the Markdown that stands
 * in README.md.
 */
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/print.h"

enum { MAX_ALIASES = sizeof((crema_layer_type_info *)0)->aliases / sizeof(char *), NAMES_TEXT = 200 };

// "1", "1 to 3", "2 or more", "any".
static const char *counts_text(int min, int max, char buf[40])
{
    if (max < 0 && min == 0)
        snprintf(buf, 40, "any");
    else if (max < 0)
        snprintf(buf, 40, "%d or more", min);
    else if (min == max)
        snprintf(buf, 40, "%d", min);
    else
        snprintf(buf, 40, "%d to %d", min, max);
    return buf;
}

// The name and its aliases, each between `quote`s.
static const char *names_text(const crema_layer_type_info *t, const char *quote, char buf[NAMES_TEXT])
{
    int at = snprintf(buf, NAMES_TEXT, "%s%s%s", quote, t->name, quote);
    for (int i = 0; i < MAX_ALIASES && t->aliases[i] && at < NAMES_TEXT; i++)
        at += snprintf(buf + at, (size_t)(NAMES_TEXT - at), ", %s%s%s", quote, t->aliases[i], quote);
    return buf;
}

static void print_table(cli_session *s)
{
    static const char *const columns[] = {"<type", "<parameters", "<bottoms", "<tops", "<computes", NULL};
    cli_table table;
    crema_layer_type_info t;
    char text[NAMES_TEXT];
    cli_table_begin(&table, &s->mem, columns);
    for (int i = 0; crema_layer_type_at(i, &t) == CREMA_OK; i++) {
        cli_table_cell(&table, "%s", names_text(&t, "", text));
        cli_table_cell(&table, "%s", t.params ? t.params : "");
        cli_table_cell(&table, "%s", counts_text(t.min_bottoms, t.max_bottoms, text));
        cli_table_cell(&table, "%s", counts_text(t.min_tops, t.max_tops, text));
        cli_table_cell(&table, "%s%s", t.about, t.not_run ? " (not run)" : "");
    }
    cli_table_print(&table, stdout);
}

static void print_markdown(void)
{
    crema_layer_type_info t;
    char names[NAMES_TEXT], bottoms[40], tops[40];
    puts("| type | parameters | bottoms | tops | computes |\n|---|---|---|---|---|");
    for (int i = 0; crema_layer_type_at(i, &t) == CREMA_OK; i++)
        printf("| %s | %s | %s | %s | %s%s |\n", names_text(&t, "`", names), t.params ? t.params : "",
               counts_text(t.min_bottoms, t.max_bottoms, bottoms), counts_text(t.min_tops, t.max_tops, tops),
               t.about, t.not_run ? " (not run)" : "");
}

static void json_count(cli_json *j, const char *key, int n)
{
    if (n >= 0)
        cli_json_int(j, key, n);
    else
        cli_json_string(j, key, NULL);
}

static void print_json(void)
{
    cli_json json = {.f = stdout}, *j = &json;
    crema_layer_type_info t;
    cli_json_begin(j, NULL, '[');
    for (int i = 0; crema_layer_type_at(i, &t) == CREMA_OK; i++) {
        cli_json_begin(j, NULL, '{');
        cli_json_string(j, "name", t.name);
        cli_json_begin(j, "aliases", '[');
        for (int a = 0; a < MAX_ALIASES && t.aliases[a]; a++)
            cli_json_string(j, NULL, t.aliases[a]);
        cli_json_end(j, ']');
        cli_json_string(j, "params", t.params);
        json_count(j, "min_bottoms", t.min_bottoms);
        json_count(j, "max_bottoms", t.max_bottoms);
        json_count(j, "min_tops", t.min_tops);
        json_count(j, "max_tops", t.max_tops);
        cli_json_string(j, "about", t.about);
        cli_json_string(j, "not_run", t.not_run);
        cli_json_end(j, '}');
    }
    cli_json_end(j, ']');
}

static int list_layers(cli_session *s, const cli_args *args)
{
    if (args->n_operands > 0)
        return cli_fail(s, CLI_USAGE, "layers: takes no operand, \"%s\" is one too many", args->operand[0]);
    if (cli_value(args, OPT_JSON))
        print_json();
    else if (cli_value(args, OPT_MARKDOWN))
        print_markdown();
    else
        print_table(s);
    return CLI_OK;
}

static const cli_option options[] = {
    {OPT_JSON, 0, "json", NULL, "print JSON; a maximum of null means any number"},
    {OPT_MARKDOWN, 0, "markdown", NULL, "print the table of README.md"},
    {OPT_HELP, 'h', "help", NULL, "this text"},
    {0}};

const cli_command cli_layers_command = {
    .name = "layers",
    .usage = "[options]",
    .summary = "list all layer types",
    .about =
        "Lists the layer types that nets may have: names and aliases, the blocks of parameters that they "
        "read,\n"
        "how many bottoms and tops they take, and what they compute. Layers that only training needs are\n"
        "marked: nets that have them load, but they are not run.\n",
    .group = {{"output", options}},
    .run = list_layers,
};
