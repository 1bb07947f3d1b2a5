/*
 * filter.h - which layers of a net belong to a state (phase, level, stages).
 */
#ifndef CR_GRAPH_FILTER_H
#define CR_GRAPH_FILTER_H

#include "graph/graph.h"

typedef struct Crema__NetParameter Crema__NetParameter;

// The stages of a net's own `state` and those of the caller; its phase and level are the caller's.
typedef struct cr_state {
    const Crema__NetParameter *net;
    const cr_graph_options *options;
} cr_state;

// Whether the layer's include and exclude rules keep it. Both kinds on one layer are an error, as in Caffe.
cr_status cr_filter_keeps(const cr_state *state, const Crema__LayerParameter *layer, const cr_notes *notes,
                          bool *keeps, cr_err *err);

#endif
