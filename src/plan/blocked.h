/*
 * blocked.h - which tensors of a plan are blocked (base/tensor.h).
 *
 *     conv1 --[ ]-- depthwise --[ ]-- 1x1 --[ ]-- depthwise --[ ]-- 1x1 --- softmax
 *            blocked          blocked     blocked           blocked    plain
 *
 * A tensor can be where the step that makes it can write that, all that read it can read that, and nobody else wants
 * to see it. It is worth it around steps that do nothing else with blocked tensors (depthwise convolutions), as far
 * as steps that can do both lead from there. Knows no layer type by name.
 */
#ifndef CR_PLAN_BLOCKED_H
#define CR_PLAN_BLOCKED_H

#include "plan/layout.h"

typedef struct cr_blocking {
    const cr_graph *graph;
    const cr_preparing *prep;
    cr_step *const *at;         // by layer: the step that stands there, or NULL
    const cr_use *use;          // by layer
    const bool *dynamic, *kept; // by tensor id
    cr_tensor *tensor;          // by id: `blocked` is set
} cr_blocking;

// Temporary memory comes from `scratch`.
cr_status cr_choose_blocked(const cr_blocking *b, cr_arena *scratch, cr_err *err);

#endif
