/*
 * simplify.h - a net that computes the same with less: layers folded into the weights before them, layers without
 * effect left out.
 */
#ifndef CR_CONVERT_SIMPLIFY_H
#define CR_CONVERT_SIMPLIFY_H

#include "convert/weights.h"
#include "graph/graph.h"

// What becomes of a layer that stays.
typedef struct cr_simplified_layer {
    const Crema__LayerParameter *param; // changed where something was folded in
    const cr_channel *channel;          // per output channel, folded into weights and bias; NULL: nothing
    int64_t n_channels;
} cr_simplified_layer;

typedef struct cr_simplified {
    int n_layers;
    cr_simplified_layer *layer; // in the graph's order
    int n_folded, n_pruned;     // layers that are gone
} cr_simplified;

typedef struct cr_simplify_options {
    bool fold, prune;
    const cr_shape *input; // one per input of the graph
    bool factor_0_is_1;    // of BatchNorm
} cr_simplify_options;

// Layers and names come from the graph, whose parameters are changed; values from the weights, which must be its own.
// All else lives in the arena.
cr_status cr_simplify(cr_graph *graph, cr_weights *weights, const cr_simplify_options *options,
                      cr_arena *arena, cr_simplified *out, cr_err *err);

// Writes weights and bias of such a layer with the fold in them, worked out in double precision.
cr_status cr_simplify_write(const cr_weights_file *from, const cr_stored_layer *stored,
                            const cr_simplified_layer *layer, cr_weights_writer *to, cr_err *err);

#endif
