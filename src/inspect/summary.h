/*
 * summary.h - what a net is made of: per layer its shapes, parameters and work, as far as they can be known.
 */
#ifndef CR_INSPECT_SUMMARY_H
#define CR_INSPECT_SUMMARY_H

#include "crema_tools.h"
#include "plan/shapes.h"

typedef struct cr_summary {
    int n_layers;
    crema_summary_layer *layer;
    crema_summary_totals totals;
} cr_summary;

// shapes: of cr_shapes_infer with unknown_ok. Everything lives in the arena; names belong to the graph.
cr_status cr_summary_make(const cr_shapes *shapes, cr_arena *arena, cr_summary *out, cr_err *err);

#endif
