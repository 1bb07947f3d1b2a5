/*
 * args.c - parsing by table, help, hints.
 */
#include "cli/args.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_NAME = 40 };

// Number of letters to insert, delete or replace to get from a to b.
static size_t edits(const char *a, const char *b)
{
    size_t na = strlen(a), nb = strlen(b), row[LONGEST_NAME + 1];
    if (na > LONGEST_NAME || nb > LONGEST_NAME)
        return SIZE_MAX;
    for (size_t j = 0; j <= nb; j++)
        row[j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            size_t replaced = corner + (tolower((unsigned char)a[i - 1]) != tolower((unsigned char)b[j - 1]));
            corner = row[j];
            size_t shifted = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            row[j] = replaced < shifted ? replaced : shifted;
        }
    }
    return row[nb];
}

const char *cli_nearest(const char *name, const char *const *candidates)
{
    const char *best = NULL;
    size_t least = strlen(name) / 3 + 2; // more edits than a third of the letters and one: not meant
    for (; *candidates; candidates++) {
        size_t n = edits(name, *candidates);
        if (n < least) {
            best = *candidates;
            least = n;
        }
    }
    return best;
}

static const cli_option *find(const cli_command *command, const char *name, size_t length, char letter)
{
    for (const cli_option_group *group = command->group; group->title; group++)
        for (const cli_option *option = group->option; option->id; option++)
            if (letter ? option->letter == letter
                       : strlen(option->name) == length && strncmp(option->name, name, length) == 0)
                return option;
    return NULL;
}

static const cli_option *find_id(const cli_command *command, cli_option_id id)
{
    for (const cli_option_group *group = command->group; group->title; group++)
        for (const cli_option *option = group->option; option->id; option++)
            if (option->id == id)
                return option;
    return NULL;
}

static int unknown_option(cli_session *s, const cli_command *command, const char *name, size_t length)
{
    const char *names[N_OPTION_IDS];
    size_t n = 0;
    for (const cli_option_group *group = command->group; group->title; group++)
        for (const cli_option *option = group->option; option->id && n < N_OPTION_IDS - 1; option++)
            names[n++] = option->name;
    names[n] = NULL;
    const char *given = cli_copy(&s->mem, name, length);
    const char *near = cli_nearest(given, names);
    if (near)
        return cli_fail(s, CLI_USAGE, "%s: unknown option --%s; did you mean --%s?", command->name, given,
                        near);
    return cli_fail(s, CLI_USAGE, "%s: unknown option --%s; \"crema help %s\" lists them", command->name,
                    given, command->name);
}

static void give(cli_args *args, const cli_option *option, const char *value)
{
    args->given[args->n_given++] = (cli_given){option->id, value};
}

// One argument that starts with "--"; *i is moved over a value in the next argument.
static int parse_long(cli_session *s, int argc, char **argv, int *i, cli_args *out)
{
    const char *name = argv[*i] + 2;
    const char *equals = strchr(name, '=');
    size_t length = equals ? (size_t)(equals - name) : strlen(name);
    const cli_option *option = find(out->command, name, length, 0);
    if (!option)
        return unknown_option(s, out->command, name, length);
    if (!option->value && equals)
        return cli_fail(s, CLI_USAGE, "--%s takes no value", option->name);
    if (!option->value)
        give(out, option, "");
    else if (equals)
        give(out, option, equals + 1);
    else if (*i + 1 < argc)
        give(out, option, argv[++*i]);
    else
        return cli_fail(s, CLI_USAGE, "--%s needs a value: --%s %s", option->name, option->name,
                        option->value);
    return CLI_OK;
}

// "-v", "-hv": flags only have letters.
static int parse_letters(cli_session *s, const char *letters, cli_args *out)
{
    if (letters[1]) // one argument may give one option only: the list has no room for more
        return cli_fail(s, CLI_USAGE, "%s: unknown option -%s; \"crema help %s\" lists them",
                        out->command->name, letters, out->command->name);
    const cli_option *option = find(out->command, NULL, 0, letters[0]);
    if (!option)
        return cli_fail(s, CLI_USAGE, "%s: unknown option -%s; \"crema help %s\" lists them",
                        out->command->name, letters, out->command->name);
    give(out, option, "");
    return CLI_OK;
}

int cli_args_parse(cli_session *s, const cli_command *command, int argc, char **argv, cli_args *out)
{
    *out = (cli_args){.command = command};
    out->operand = cli_array(&s->mem, (size_t)argc + 1, sizeof *out->operand);
    out->given = cli_array(&s->mem, (size_t)argc + 1, sizeof *out->given);
    bool options = true;
    for (int i = 0; i < argc; i++) {
        int code = CLI_OK;
        if (!argv[i][0])
            return cli_fail(s, CLI_USAGE, "%s: an argument is empty", command->name);
        if (!options || argv[i][0] != '-' || !argv[i][1])
            out->operand[out->n_operands++] = argv[i];
        else if (strcmp(argv[i], "--") == 0)
            options = false;
        else if (argv[i][1] == '-')
            code = parse_long(s, argc, argv, &i, out);
        else
            code = parse_letters(s, argv[i] + 1, out);
        if (code != CLI_OK)
            return code;
    }
    if (out->n_operands < command->min_operands && !cli_value(out, OPT_HELP))
        return cli_fail(s, CLI_USAGE, "%s: %s is missing: crema %s %s", command->name, command->operand,
                        command->name, command->usage);
    return CLI_OK;
}

void cli_args_help(FILE *f, const cli_command *command)
{
    fprintf(f, "usage: crema %s %s\n\n%s", command->name, command->usage, command->about);
    for (const cli_option_group *group = command->group; group->title; group++) {
        fprintf(f, "\n%s:\n", group->title);
        for (const cli_option *option = group->option; option->id; option++) {
            char left[64], letter[5] = "";
            if (option->letter)
                snprintf(letter, sizeof letter, "-%c, ", option->letter);
            snprintf(left, sizeof left, "%s--%s%s%s", letter, option->name, option->value ? " " : "",
                     option->value ? option->value : "");
            fprintf(f, "  %-29s %s\n", left, option->help);
        }
    }
}

const char *cli_next_value(const cli_args *args, cli_option_id id, int *at)
{
    while (*at < args->n_given) {
        const cli_given *given = &args->given[(*at)++];
        if (given->id == id)
            return given->value;
    }
    return NULL;
}

const char *cli_value(const cli_args *args, cli_option_id id)
{
    const char *value, *last = NULL;
    for (int at = 0; (value = cli_next_value(args, id, &at));)
        last = value;
    return last;
}

int cli_count(const cli_args *args, cli_option_id id)
{
    int n = 0;
    for (int at = 0; cli_next_value(args, id, &at);)
        n++;
    return n;
}

bool cli_parse_int(const char *text, int64_t *out)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end || errno || isspace((unsigned char)*text))
        return false;
    *out = value;
    return true;
}

bool cli_parse_float(const char *text, float *out)
{
    char *end;
    errno = 0;
    float value = strtof(text, &end);
    if (end == text || *end || !isfinite(value) || isspace((unsigned char)*text))
        return false;
    *out = value;
    return true;
}

int cli_int_value(cli_session *s, const cli_args *args, cli_option_id id, int64_t min, int64_t max,
                  int64_t *out)
{
    const char *value = cli_value(args, id);
    int64_t number;
    if (!value)
        return CLI_OK;
    if (!cli_parse_int(value, &number) || number < min || number > max)
        return cli_fail(s, CLI_USAGE, "--%s must be a whole number from %lld to %lld, not \"%s\"",
                        find_id(args->command, id)->name, (long long)min, (long long)max, value);
    *out = number;
    return CLI_OK;
}

int cli_float_value(cli_session *s, const cli_args *args, cli_option_id id, float *out)
{
    const char *value = cli_value(args, id);
    if (value && !cli_parse_float(value, out))
        return cli_fail(s, CLI_USAGE, "--%s must be a number, not \"%s\"", find_id(args->command, id)->name,
                        value);
    return CLI_OK;
}

int cli_word_value(cli_session *s, const cli_args *args, cli_option_id id, const char *const *words, int *out)
{
    const char *value = cli_value(args, id);
    if (!value)
        return CLI_OK;
    for (int i = 0; words[i]; i++)
        if (strcasecmp(words[i], value) == 0) {
            *out = i;
            return CLI_OK;
        }
    const cli_option *option = find_id(args->command, id);
    return cli_fail(s, CLI_USAGE, "--%s must be one of %s, not \"%s\"", option->name, option->value, value);
}
