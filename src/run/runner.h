/*
 * runner.h - a runner: the buffers, layer state, timers and threads of one caller, on a shared plan.
 *
 * Loading and planning may fail; cr_runner_forward allocates nothing and fails only where the cancel callback
 * or a layer's data decide.
 */
#ifndef CR_RUN_RUNNER_H
#define CR_RUN_RUNNER_H

#include "plan/plan.h"

typedef struct cr_runner {
    cr_plan *plan;
    cr_run run;       // what steps get
    char *arena;      // plan->arena_bytes
    float **input;    // by input of the graph
    cr_shape *shape;  // room for the bottoms and tops of a dynamic step
    int64_t *time_ns; // by step, of the last forward
    int (*cancel)(void *user);
    void *user;
} cr_runner;

// Takes a reference to the plan. Inputs start as zeros.
cr_status cr_runner_create(cr_runner **runner, cr_plan *plan, int threads, cr_err *err);
void cr_runner_free(cr_runner *runner);

// Puts another plan of the same graph in; values of inputs that keep their shape are kept. On error nothing changes.
cr_status cr_runner_replan(cr_runner *runner, cr_plan *plan, cr_err *err);

cr_status cr_runner_forward(cr_runner *runner, cr_err *err);
// Forgets the state that layers keep between forwards.
void cr_runner_reset(cr_runner *runner);

#endif
