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
};

struct crema_net {
    const crema_context *context;
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
