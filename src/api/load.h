/*
 * load.h - the way from files to a graph and its weights, for all that starts with a net.
 */
#ifndef CR_API_LOAD_H
#define CR_API_LOAD_H

#include "api/context.h"

// A net keeps its context. NULL is fine to unref.
crema_context *cr_context_ref(crema_context *context);
void cr_context_unref(crema_context *context);

// Checks the caller's options and copies what must outlive the call into the arena.
cr_status cr_load_options(cr_arena *arena, const crema_net_options *from, crema_net_options *to, cr_err *err);
// Reads the net into the graph, which is empty but for its arena. unknown_ok: layers of unknown types are kept.
cr_status cr_load_graph(const crema_context *context, const crema_net_options *options, bool unknown_ok,
                        cr_graph *graph, cr_err *err);
cr_status cr_load_weights(const crema_context *context, const crema_net_options *options,
                          const cr_graph *graph, cr_weights **weights, cr_err *err);
// What a context's options mean for a plan; the caller adds what is to be kept.
cr_plan_options cr_load_plan_options(const crema_context *context, const cr_shape *input);
// Puts the caller's shapes over those of the graph's inputs (shapes: one per input).
cr_status cr_load_override_shapes(const cr_graph *graph, cr_shape *shapes, const crema_input_shape *given,
                                  int n, cr_err *err);

#endif
