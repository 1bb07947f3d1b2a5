/*
 * plan.h - how a graph runs for one set of input shapes. Immutable; many runners may use one plan.
 *
 *   graph + input shapes -> shapes of all tensors -> weights bound -> fusion -> layout -> steps prepared
 */
#ifndef CR_PLAN_PLAN_H
#define CR_PLAN_PLAN_H

#include "plan/layout.h"
#include "plan/shapes.h"

typedef struct cr_plan_options {
    const cr_shape *input; // one per input of the graph, all known
    // Such as they were inferred before: then the plan only measures, has no values and can't run. NULL: a plan to run.
    const cr_shapes *measure;
    const char *const *keep; // blobs whose values must be there after a run; inputs and outputs always are
    int n_keep;
    bool keep_all;
    bool keep_blobs; // values of weights stay, also of those that run() reads through packs alone
    bool keep_folds; // the channels of fusions stay, for whom takes folds out of the plan
    int threads;     // that read and pack weights; 0: one per core
    bool exact;
    float winograd_tolerance;         // as in crema_context_options
    bool small_memory;                // the same
    bool factor_0_is_1;               // of BatchNorm, as in crema_context_options
    const char *conv_algorithm;       // forced, or NULL
    const struct cr_kernels *kernels; // NULL: the best for this CPU
} cr_plan_options;

typedef struct cr_plan cr_plan; // not to outlive its weights
struct cr_plan {
    int refs; // atomic
    cr_arena arena;
    const cr_graph *graph;
    cr_weights *weights;
    cr_tensor *tensor; // by tensor id; data is NULL
    cr_place *place;
    bool *kept;
    int n_steps;
    cr_step
        *step; // by layer that has shapes, in file order; run NULL: a view or part of another, nothing to do
    int n_order;
    cr_step **order; // as they run; those that are part of another are not there
    size_t arena_bytes, live_bytes, scratch_bytes, state_bytes;
    size_t slot_bytes;              // scratch of each thread
    size_t value_bytes, pack_bytes; // of weights that stay as they are, and of packs
    cr_weights_held *held;          // values that the steps read
    int n_held;
};

cr_status cr_plan_create(cr_plan **plan, const cr_graph *graph, cr_weights *weights,
                         const cr_plan_options *options, cr_err *err);
cr_plan *cr_plan_ref(cr_plan *plan);
void cr_plan_unref(cr_plan *plan); // frees with the last reference; NULL is fine

#endif
