/*
 * net.h - loading a net the way the options say; shared by the commands that take NET and WEIGHTS.
 */
#ifndef CLI_NET_H
#define CLI_NET_H

#include "cli/args.h"

typedef struct cli_net {
    crema_context *context;
    crema_net *net;
    int threads;
    int n_shapes; // --input-shape
    crema_input_shape *shape;
} cli_net;

// What the command line says of a net, before anything is loaded. The caller frees the context.
typedef struct cli_net_request {
    crema_context *context;
    crema_net_options options;
    int threads;  // 0: one per core
    int n_shapes; // --input-shape
    crema_input_shape *shape;
} cli_net_request;

// Options of these commands, for their tables.
extern const cli_option cli_net_options[];     // which net: phase, seed, shapes, ...
extern const cli_option cli_compute_options[]; // how: threads, exact, ...

// --isa, or the environment's CREMA_ISA; NULL: neither.
const char *cli_isa(const cli_args *args);
// --winograd-tolerance; *out stays when it was not given.
int cli_winograd_tolerance(cli_session *s, const cli_args *args, float *out);
// --memory: small?
int cli_small_memory(cli_session *s, const cli_args *args, int *out);

int cli_net_request_read(cli_session *s, const cli_args *args, cli_net_request *out);
// Tells the library's sentence, with the option that would help where there is one. Returns the exit code.
int cli_net_load_failed(cli_session *s, const cli_args *args, const crema_error *err);

// Loads what the operands name. On failure nothing is left to be freed.
int cli_net_load(cli_session *s, const cli_args *args, cli_net *out);
void cli_net_free(cli_net *net);

// The shape an input has before any file: --input-shape, else what the net declares (rank -1: nothing).
crema_shape cli_net_input_shape(const cli_net *net, const char *input);
// Whether --input-shape names this input.
bool cli_net_shape_given(const cli_net *net, const char *input);
int cli_net_find_input(const cli_net *net, const char *name, size_t length); // -1: none
bool cli_net_has_blob(const cli_net *net, const char *name, size_t length);
// The type of the layer that makes the blob's last version, or "".
const char *cli_net_maker(const cli_net *net, const char *blob);
// "data", "im_info": for messages.
const char *cli_net_inputs_text(cli_session *s, const cli_net *net);

#endif
