/*
 * main.c - the command `crema`: picks what to do by the first argument.
 *
 * The command uses the public headers only, so that another language can do all that it can.
 */
#include "cli/commands.h"

#include <string.h>

static const cli_command *const commands[] = {&cli_run_command,     &cli_check_command,  &cli_time_command,
                                              &cli_summary_command, &cli_layers_command, &cli_convert_command,
                                              &cli_diff_command};
enum { N_COMMANDS = sizeof commands / sizeof *commands };

static const cli_command *find_command(const char *name)
{
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static void usage(FILE *f)
{
    fputs("usage: crema COMMAND ...\n\n", f);
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(f, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
    fputs("  help     all options of a command: crema help COMMAND\n", f);
}

static void help(void)
{
    puts("crema runs Caffe nets: a .prototxt (or the same in YAML) with the weights of a .caffemodel.\n");
    usage(stdout);
    puts("\ncrema --version prints the version.\n"
         "\n"
         "  crema run deploy.prototxt net.caffemodel --input cat.jpg --size net --labels synset.txt\n"
         "  crema run deploy.prototxt net.caffemodel --input data=x.npy --output prob=prob.npy\n"
         "  crema time deploy.prototxt --allow-missing\n"
         "  crema check cases.yaml\n"
         "  crema convert train_val.prototxt net.yaml\n"
         "\n"
         "Exit status: 0, 1 when something failed or an input is wrong, 2 for a wrong use.");
}

static int unknown_command(cli_session *s, const char *name)
{
    const char *names[N_COMMANDS + 2];
    for (size_t i = 0; i < N_COMMANDS; i++)
        names[i] = commands[i]->name;
    names[N_COMMANDS] = "help";
    names[N_COMMANDS + 1] = NULL;
    const char *near = cli_nearest(name, names);
    if (near)
        return cli_fail(s, CLI_USAGE, "unknown command \"%s\"; did you mean \"crema %s\"?", name, near);
    return cli_fail(s, CLI_USAGE, "unknown command \"%s\"; \"crema --help\" lists them", name);
}

static int run_command(cli_session *s, const cli_command *command, int argc, char **argv)
{
    cli_args args;
    int code = cli_args_parse(s, command, argc, argv, &args);
    if (code != CLI_OK)
        return code;
    s->verbose = cli_value(&args, OPT_VERBOSE) != NULL;
    if (cli_value(&args, OPT_HELP)) {
        cli_args_help(stdout, command);
        return CLI_OK;
    }
    return command->run(s, &args);
}

static int dispatch(cli_session *s, int argc, char **argv)
{
    if (argc < 2) {
        usage(stderr);
        return CLI_USAGE;
    }
    const char *name = argv[1];
    bool asks_help = strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0;
    if (asks_help && argc == 2) {
        help();
        return CLI_OK;
    }
    if (strcmp(name, "--version") == 0) {
        printf("crema %s\n", crema_version());
        return CLI_OK;
    }
    if (asks_help)
        name = argv[2];
    else if (name[0] == '-')
        return cli_fail(s, CLI_USAGE, "options follow a command, as in \"crema run NET %s\"", name);
    const cli_command *command = find_command(name);
    if (!command)
        return unknown_command(s, name);
    if (asks_help) {
        cli_args_help(stdout, command);
        return CLI_OK;
    }
    return run_command(s, command, argc - 2, argv + 2);
}

int main(int argc, char **argv)
{
    cli_session session;
    cli_session_begin(&session);
    return cli_session_end(&session, dispatch(&session, argc, argv));
}
