/*
 * manifest.h - a regression manifest: which nets to run on which inputs, and what must come out.
 *
 * A YAML file with the keys version (1), defaults {rtol, atol, rms} and cases. Everything is parsed and checked
 * before any net is run; an unknown key, a missing one or one of the wrong kind is an error with its position.
 * The README describes the format for users.
 */
#ifndef CR_CHECK_MANIFEST_H
#define CR_CHECK_MANIFEST_H

#include "base/err.h"
#include "base/mem.h"

// A value passes when |got - expected| <= atol + rtol * |expected| + rms * RMS(expected blob).
typedef struct cr_tolerance {
    double rtol, atol, rms;
} cr_tolerance;

// A file for a blob. Positions are those of its entry in the manifest.
typedef struct cr_case_input {
    const char *blob, *file;
    const char *preprocess; // a YAML file for a picture; NULL: none
} cr_case_input;

typedef struct cr_case_expect {
    const char *blob, *file;
    cr_tolerance tolerance;
} cr_case_expect;

typedef struct cr_case_step {
    int n_inputs, n_expects;
    const cr_case_input *input;
    const cr_case_expect *expect;
} cr_case_step;

// Paths are as seen from here: joined with the root or the manifest's folder.
typedef struct cr_case {
    const char *name, *net;
    const char *weights; // NULL: from the fillers
    const char *error;   // NULL, or: the load must fail with a message that contains this
    bool train;
    int level;
    int n_stages;
    const char *const *stage;
    bool has_seed;
    uint64_t seed;
    bool has_steps; // false: one step, made of the case's own inputs and expect
    int n_steps;    // 0 with `error`
    const cr_case_step *step;
} cr_case;

typedef struct cr_manifest {
    int n_cases;
    const cr_case *cases;
} cr_manifest;

// root: what paths are relative to; NULL: the manifest's folder. Everything lives in the arena.
cr_status cr_manifest_read(cr_arena *arena, const char *path, const char *root, cr_manifest *out,
                           cr_err *err);

#endif
