/*
 * commands.h - the commands, each a table row at the end of its own file.
 */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/args.h"

extern const cli_command cli_run_command, cli_check_command, cli_time_command, cli_summary_command,
    cli_layers_command, cli_convert_command, cli_diff_command;

#endif
