/*
 * inputs.h - the older forms of a net's inputs, as one Input layer.
 */
#ifndef CR_GRAPH_INPUTS_H
#define CR_GRAPH_INPUTS_H

#include "graph/graph.h"

// For a net with `input` fields: makes the Input layer that Caffe's upgrade makes (called "input", all inputs
// as tops); *layer is NULL for a net without. The layer lives in the arena.
cr_status cr_inputs_layer(cr_arena *arena, const Crema__NetParameter *net, cr_notes *notes,
                          Crema__LayerParameter **layer, cr_err *err);

#endif
