/*
 * shapes.h - the shape of every tensor, from the shapes of the inputs.
 */
#ifndef CR_PLAN_SHAPES_H
#define CR_PLAN_SHAPES_H

#include "plan/weights.h"

typedef struct cr_shapes {
    const cr_graph *graph;
    cr_weights *weights;   // its stored blobs decide some dialects; NULL: nothing is stored
    const cr_shape *input; // one per input of the graph; rank -1: not known
    // Unknown inputs, unknown types and layers that are not run leave what depends on them unknown (rank -1);
    // else that is an error where somebody reads it.
    bool unknown_ok;
    // Results, in the arena:
    cr_shape *tensor;           // by tensor id
    const cr_shaping **shaping; // by layer; NULL: a source, or not known
    bool *dynamic;              // by tensor id: run decides on axis 0, or on what follows from it
} cr_shapes;

cr_status cr_shapes_infer(cr_shapes *shapes, cr_arena *arena, cr_err *err);

// Asks one layer again, for what its bottoms are now. in and out have room for the layer's bottoms and tops; in is
// filled. Never allocates.
cr_status cr_shapes_again(const cr_step *step, const cr_shape *in, cr_shape *out, cr_err *err);

#endif
