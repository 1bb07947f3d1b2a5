/*
 * inputs.h - the inputs of `crema run`: which files go to which blob, and how a picture becomes one.
 */
#ifndef CLI_INPUTS_H
#define CLI_INPUTS_H

#include "cli/net.h"
#include "crema_tools.h"

typedef struct cli_input {
    const char *blob;
    int n_files;
    const char **file;
    crema_array array;          // of all files
    crema_placement *placement; // a file each; zero for .npy
} cli_input;

typedef struct cli_inputs {
    int n;
    cli_input *input; // as in the net
} cli_inputs;

extern const cli_option cli_picture_options[]; // preprocessing

// Matches --input to the net's inputs and reads the files. Free in any case.
int cli_inputs_read(cli_session *s, const cli_args *args, const cli_net *net, cli_inputs *out);
void cli_inputs_free(cli_inputs *inputs);
// Copies the values into a runner that was made for their shapes.
int cli_inputs_fill(cli_session *s, const cli_inputs *inputs, crema_runner *runner);

// The first input that was read from pictures, or NULL.
const cli_input *cli_inputs_pictures(const cli_inputs *inputs);
// What row i of a batch of n is called: its file's name, or "image 3" where files and rows don't go together.
const char *cli_inputs_row_name(cli_session *s, const cli_inputs *inputs, int64_t i, int64_t n);

#endif
