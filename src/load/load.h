/*
 * load.h - the way from files to a net, its graph and its weights, for all that starts with a net: running, summaries,
 * conversions. What a context decides about reading is a cr_loader, so that rooms below the API can load, too.
 */
#ifndef CR_LOAD_LOAD_H
#define CR_LOAD_LOAD_H

#include "graph/graph.h"
#include "plan/shapes.h"
#include "read/message.h"

typedef struct cr_loader {
    const cr_log *log;                 // must outlive the graph and the weights, whose layers warn later
    const char *numbering;             // of binary nets (read/dialects.h); NULL: guessed
    bool strict;                       // unknown fields are errors, a singular field given twice too
    const cr_layer_type *const *types; // of the caller, NULL-ended; NULL: none
    const char *const *params;         // the blocks that these read, NULL-ended
    void (*progress)(void *user, const char *what, double fraction);
    int (*cancel)(void *user);
    void *user;
} cr_loader;

// Checks the caller's options and copies what must outlive the call into the arena.
cr_status cr_load_options(cr_arena *arena, const crema_net_options *from, crema_net_options *to, cr_err *err);
// A net in any form and of any age, upgraded. left: what stays in a binary file (read/message.h), or NULL.
cr_status cr_load_net(const cr_loader *loader, cr_arena *arena, const crema_file *file, cr_left_list *left,
                      cr_message *message, cr_err *err);
// The second half of it, for a message that was read otherwise.
cr_status cr_load_upgrade(const cr_loader *loader, cr_arena *arena, const cr_message *message, cr_err *err);
// Reads the net into the graph, which is empty but for its arena. unknown_ok: layers of unknown types are kept.
cr_status cr_load_graph(const cr_loader *loader, const crema_net_options *options, bool unknown_ok,
                        cr_graph *graph, cr_err *err);
cr_status cr_load_weights(const cr_loader *loader, const crema_net_options *options, const cr_graph *graph,
                          cr_weights **weights, cr_err *err);
// Puts the caller's shapes over those of the graph's inputs (shapes: one per input); and the same over those that the
// net declares.
cr_status cr_load_override_shapes(const cr_graph *graph, cr_shape *shapes, const crema_input_shape *given,
                                  int n, cr_err *err);
cr_status cr_load_input_shapes(const cr_graph *graph, cr_shape *shapes, const crema_input_shape *given, int n,
                               cr_err *err);

// A net with the shapes of all that can be known: for tools that look at nets without running them. Layers of unknown
// types and inputs without a shape leave what depends on them unknown. All zero is closed.
typedef struct cr_shaped_net {
    cr_graph graph;
    cr_weights *weights; // NULL: no file was given
    cr_shapes shapes;
} cr_shaped_net;

// On failure nothing is left to be closed.
cr_status cr_shaped_net_open(cr_shaped_net *net, const cr_loader *loader, const crema_net_options *options,
                             const crema_input_shape *shapes, int n, cr_err *err);
void cr_shaped_net_close(cr_shaped_net *net);

#endif
