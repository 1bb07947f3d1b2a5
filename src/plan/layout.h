/*
 * layout.h - where every tensor of a plan stands: views, in-place layers, offsets in one arena.
 */
#ifndef CR_PLAN_LAYOUT_H
#define CR_PLAN_LAYOUT_H

#include "graph/graph.h"

// What the layout needs to know of a layer once shapes are known.
typedef struct cr_layer_use {
    bool view;     // no run: its tops are bottom 0's bytes
    int view_axis; // CR_CONCAT, CR_SLICE
} cr_layer_use;

typedef struct cr_place {
    int input;       // index among the net's inputs, whose buffers are apart; -1: in the arena
    uint64_t offset; // in floats, from the start of the arena or the input's buffer
} cr_place;

typedef struct cr_layout {
    const cr_graph *graph;
    cr_tensor *tensor; // by id: shapes are given; image_stride is set here
    const cr_layer_use *use;
    const bool *dynamic; // by tensor id: the shape is an upper bound
    const bool *kept;    // by tensor id: must hold its value when the run is over, contiguous
    // Results:
    cr_place *place;    // by tensor id
    bool *no_run;       // by layer: views do all its work
    size_t arena_bytes; // 64 readable bytes behind the last tensor included
    size_t live_bytes;  // the largest sum of what is live at one time: no layout needs less
} cr_layout;

// Temporary memory comes from `scratch`.
cr_status cr_layout_make(cr_layout *layout, cr_arena *scratch, cr_err *err);

#endif
