/*
 * args.h - a command's options: one table drives parsing, --help and the hint for a misspelt option.
 *
 * Options may stand anywhere among the operands; "--" ends them. A value follows its option or an "=". When an
 * option that takes one value is given twice, the last one counts.
 */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include "cli/session.h"

#include <stdio.h>

// All options there are; each command's table says which it takes.
typedef enum cli_option_id {
    OPT_HELP = 1,
    OPT_VERBOSE,
    OPT_JSON,
    OPT_THREADS,
    OPT_EXACT,
    OPT_STRICT,
    OPT_CONV,
    OPT_ISA,
    OPT_WINOGRAD_TOLERANCE,
    OPT_MEMORY,
    OPT_PHASE,
    OPT_LEVEL,
    OPT_STAGE,
    OPT_SEED,
    OPT_ALLOW_MISSING,
    OPT_BN_FACTOR_1,
    OPT_INPUT_SHAPE,
    OPT_INPUT,
    OPT_PREPROCESS,
    OPT_CHANNELS,
    OPT_SIZE,
    OPT_FIT,
    OPT_MEAN,
    OPT_SCALE,
    OPT_RAW,
    OPT_OUTPUT,
    OPT_DUMP,
    OPT_TOP,
    OPT_LABELS,
    OPT_MIN_SCORE,
    OPT_DRAW,
    OPT_ROOT,
    OPT_FILTER,
    OPT_ITERATIONS,
    OPT_EXPLAIN,
    OPT_ROOFLINE,
    OPT_MARKDOWN,
    OPT_PLUGIN,
    OPT_FORCE,
    OPT_DROP_UNKNOWN,
    OPT_TO_DEPLOY,
    OPT_F16,
    OPT_FOLD,
    OPT_PRUNE_UNUSED,
    OPT_NUMBERING,
    OPT_WEIGHTS,
    OPT_VERIFY,
    N_OPTION_IDS
} cli_option_id;

typedef struct cli_option {
    cli_option_id id; // 0 ends the table
    char letter;      // 0: none
    const char *name;
    const char *value; // what stands for the value in the help; NULL: a flag
    const char *help;
} cli_option;

typedef struct cli_option_group {
    const char *title;
    const cli_option *option;
} cli_option_group;

enum { CLI_MAX_GROUPS = 6 };

typedef struct cli_args cli_args;

typedef struct cli_command {
    const char *name;
    const char *usage;                      // operands
    const char *summary;                    // a line for the list of commands
    const char *about;                      // what it does, some lines
    cli_option_group group[CLI_MAX_GROUPS]; // ended by a title NULL
    int min_operands;
    const char *operand; // what is missing when there are fewer
    int (*run)(cli_session *s, const cli_args *args);
} cli_command;

typedef struct cli_given {
    cli_option_id id;
    const char *value; // "" for a flag
} cli_given;

struct cli_args {
    const cli_command *command;
    int n_operands, n_given;
    const char **operand;
    cli_given *given; // in the order of the command line
};

// argv: what follows the command's name. Fails with CLI_USAGE. With --help among the options, the number of
// operands is not checked.
int cli_args_parse(cli_session *s, const cli_command *command, int argc, char **argv, cli_args *out);
void cli_args_help(FILE *f, const cli_command *command);

// The last value of the option, or NULL when it was not given.
const char *cli_value(const cli_args *args, cli_option_id id);
// The values one by one: start with *at = 0; NULL after the last.
const char *cli_next_value(const cli_args *args, cli_option_id id, int *at);
int cli_count(const cli_args *args, cli_option_id id);

// Numbers. The option's value if it was given, else *out stays. CLI_USAGE when it is not one in [min, max].
int cli_int_value(cli_session *s, const cli_args *args, cli_option_id id, int64_t min, int64_t max,
                  int64_t *out);
int cli_float_value(cli_session *s, const cli_args *args, cli_option_id id, float *out);
// The position of the option's value in a NULL-ended list of words, else *out stays.
int cli_word_value(cli_session *s, const cli_args *args, cli_option_id id, const char *const *words,
                   int *out);

// Whole text to number; false when it is anything else.
bool cli_parse_int(const char *text, int64_t *out);
bool cli_parse_float(const char *text, float *out);

// The candidate that is likely meant by a misspelt name, or NULL. The list ends with NULL.
const char *cli_nearest(const char *name, const char *const *candidates);

#endif
