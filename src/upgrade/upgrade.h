/*
 * upgrade.h - nets and solvers of every age become what today's Caffe writes.
 *
 * V0 (2013): `layers { layer { type: "conv" ... } }`, V1 (2014): `layers { type: CONVOLUTION ... }`, V2:
 * `layer { type: "Convolution" ... }`. What leaves this room is V2 with Input layers; no other room knows of
 * anything else. In memory, in place, and idempotent. Positions, comments and unknown fields move along.
 */
#ifndef CR_UPGRADE_UPGRADE_H
#define CR_UPGRADE_UPGRADE_H

#include "schema/notes.h"

typedef struct Crema__NetParameter Crema__NetParameter;
typedef struct Crema__SolverParameter Crema__SolverParameter;

typedef struct cr_upgrade_report {
    bool v0, v1;         // had `layers` of that format
    bool data_transform; // had transformation fields in the blocks of V1 data layers
    bool inputs;         // had `input` fields
    bool batch_norm;     // had BatchNorm layers with learning rates for its statistics
    bool type_names;     // had types spelled as another format has them
    int n_problems;      // warnings: what was dropped, or may not mean the same
} cr_upgrade_report;

// The net and all that is added to it live in the arena. report may be NULL. Fails where Caffe refuses to guess:
// `layer` and `layers` in one net, a padding layer that can't be merged, shapes that are missing for `input`.
cr_status cr_upgrade_net(cr_arena *arena, Crema__NetParameter *net, cr_notes *notes, const cr_log *log,
                         cr_upgrade_report *report, cr_err *err);

// solver_type becomes type (both are an error); a missing snapshot_prefix becomes the file's name without its
// suffix (file may be NULL). Nets inside a solver are left as they are, as Caffe does.
cr_status cr_upgrade_solver(cr_arena *arena, Crema__SolverParameter *solver, cr_notes *notes,
                            const char *file, cr_err *err);

#endif
