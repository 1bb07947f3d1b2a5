/*
 * diff.h - where two nets differ: layers, fields, shapes, weights.
 */
#ifndef CR_CONVERT_DIFF_H
#define CR_CONVERT_DIFF_H

#include "crema_tools.h"
#include "load/load.h"

typedef struct cr_diff {
    cr_arena *arena;
    const cr_loader *loader;
    crema_diff_options options;
    const char *path[2];
    void (*report)(void *user, const crema_diff_item *item);
    void *user;
    int64_t n; // of reports
    cr_err *err;
} cr_diff;

// A layer with its counterpart: the k-th of a name in one net belongs to the k-th of that name in the other.
typedef struct cr_layer_pair {
    int64_t a, b; // indices; -1: only the other net has it
} cr_layer_pair;

// Pairs by name and occurrence: those of A in its order, then those that only B has. NULL: out of memory.
cr_layer_pair *cr_pair_names(cr_arena *arena, const char *const *a, size_t n_a, const char *const *b,
                             size_t n_b, size_t *n);

// Compares and reports. diff->n says how often.
cr_status cr_diff_run(cr_diff *diff);
cr_status cr_diff_shapes(cr_diff *diff);  // diff_shapes.c
cr_status cr_diff_weights(cr_diff *diff); // diff_weights.c

void cr_diff_report(cr_diff *diff, const crema_diff_item *item);

#endif
