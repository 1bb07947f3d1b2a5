/*
 * context.h - what the public handles hold.
 */
#ifndef CR_API_CONTEXT_H
#define CR_API_CONTEXT_H

#include "base/options.h"
#include "kernels/kernels.h"
#include "run/runner.h"

struct crema_context {
    crema_context_options options; // conv_algorithm is a copy of ours; isa is not kept
    const cr_kernels *kernels;
    cr_arena arena;
    cr_log log;
    int refs; // atomic: the caller's and one for each net
    void (*destroy)(crema_context *context);
    int n_types;
    const cr_layer_type *const *types; // of the caller (custom.c), NULL-ended; NULL: none
    const char *const *params;         // the blocks that these read, NULL-ended
};

struct crema_net {
    crema_context *context;
    cr_graph graph;
    cr_weights *weights;
    cr_plan *plan; // for the declared shapes; NULL when they are not all known
};

struct crema_runner {
    const crema_net *net;
    cr_runner *r;
    // How to plan again.
    cr_arena arena;
    const char **keep;
    int n_keep;
    bool keep_all;
    int n_blobs; // that can be asked for
    int *blob;   // tensor ids, by name of the newest, in the order in which they are made
};

#endif
