/*
 * fuse.h - layers that become part of the step before them.
 *
 *     conv1 -- bn1 -- scale1 -- sum -- relu1        one step with an epilogue, at the place of relu1
 *                       shortcut /                  what was between them has no bytes
 *
 * A step takes the layer behind it where the tensor between them has one reader and is neither asked for nor
 * dynamic, and where the row's `takes` allows what the layer `gives`. Knows no layer type by name.
 */
#ifndef CR_PLAN_FUSE_H
#define CR_PLAN_FUSE_H

#include "graph/graph.h"

typedef struct cr_fuse {
    const cr_graph *graph;
    const cr_preparing *prep;
    const bool *dynamic, *kept; // by tensor id
    cr_step **at; // by layer: its step, NULL: none; after it the step that stands there in the order
    bool *gone;   // result, by tensor id: never made
} cr_fuse;

// Sets `out` and `fusion` of the steps that take, `part_of` of those that are taken.
cr_status cr_fuse_steps(cr_fuse *fuse, cr_arena *scratch, cr_err *err);

#endif
