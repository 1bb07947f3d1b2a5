/*
 * layout.h - where every tensor of a plan stands: views, in-place layers, offsets in one arena.
 *
 * Works on a row per place in the order of steps, not on the graph's layers: a step that took the layers behind it
 * (fuse.h) stands where the last of them was, and what was between them has no bytes.
 */
#ifndef CR_PLAN_LAYOUT_H
#define CR_PLAN_LAYOUT_H

#include "graph/graph.h"

// What stands at one place of the order: the step of the layer with that index in the graph, or nothing, where
// another step does the layer's work or nothing has to be run.
typedef struct cr_use {
    unsigned flags; // of the layer type
    bool view;      // no run: its tops are bottom 0's bytes
    int view_axis;  // CR_CONCAT, CR_SLICE
    int n_in, n_out;
    const int *in, *out; // tensor ids
    int over;            // which of `in` the top may overwrite, besides what the flags say; -1: none
} cr_use;

typedef struct cr_place {
    int input;       // index among the net's inputs, whose buffers are apart; -1: in the arena
    uint64_t offset; // in floats, from the start of the arena or the input's buffer
} cr_place;

typedef struct cr_layout {
    const cr_graph *graph; // its tensors and inputs; who makes and reads them is what the uses say
    cr_tensor *tensor;     // by id: shapes are given; image_stride is set here
    const cr_use *use;     // by layer
    const bool *gone;      // by tensor id: never made, needs no place
    const bool *dynamic;   // by tensor id: the shape is an upper bound
    const bool *kept;      // by tensor id: must hold its value when the run is over, contiguous
    // Results:
    cr_place *place;    // by tensor id
    bool *no_run;       // by layer: views do all the work of the step there
    size_t arena_bytes; // 64 readable bytes behind the last tensor included
    size_t live_bytes;  // the largest sum of what is live at one time: no layout needs less
} cr_layout;

// Temporary memory comes from `scratch`.
cr_status cr_layout_make(cr_layout *layout, cr_arena *scratch, cr_err *err);

#endif
