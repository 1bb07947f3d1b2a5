/*
 * convert.h - one conversion, and the table of formats that can be written.
 *
 *     inputs --- load, options ---> what a converter needs ---> one output, whole or not at all
 *
 * A format is a file of its own with a cr_converter at its end, and a line in the table of convert.c, which picks
 * the converter by the output's suffix and refuses options that it does not know. The converter reads the inputs
 * (cr_convert_read for a net or solver in any form; load/load.h for a graph with weights), says what a user should know (cr_convert_note), and writes through cr_writer (base/file.h) with job->options.force.
 *
 * Contract: nothing is written when anything fails. What can't be said in the new format is an error that names it,
 * or all of it, unless an option says to drop it.
 */
#ifndef CR_CONVERT_CONVERT_H
#define CR_CONVERT_CONVERT_H

#include "base/text.h"
#include "crema_tools.h"
#include "load/load.h"

typedef struct cr_convert_job {
    cr_arena *arena; // until the conversion has ended
    const cr_loader *loader;
    const cr_log *log; // the loader's
    crema_convert_options options;
    const char *const *input; // paths
    int n_inputs;
    const char *output; // path
    bool factor_0_is_1; // of BatchNorm, as in crema_context_options
} cr_convert_job;

// Options that a converter knows; others are refused when they are given. force, strict (of the context) and the
// numbering are for all.
enum {
    CR_CONVERT_DROP_UNKNOWN = 1,
    CR_CONVERT_TO_DEPLOY = 2,
    CR_CONVERT_SHAPES = 4,   // input shapes
    CR_CONVERT_STATE = 8,    // phase, level and stages
    CR_CONVERT_WEIGHTS = 16, // missing weights and the seed of the fillers
    CR_CONVERT_HALF = 32,
    CR_CONVERT_SIMPLIFY = 64, // folding and pruning
    CR_CONVERT_NET_OPTIONS =  // what cr_convert_read does
    CR_CONVERT_DROP_UNKNOWN | CR_CONVERT_TO_DEPLOY | CR_CONVERT_SHAPES | CR_CONVERT_STATE
};

typedef struct cr_converter {
    const char *suffixes; // ".yaml .yml", in lower case
    const char *about;    // "a net or solver as YAML", for messages
    const char *inputs;   // what it takes: "NET", "NET WEIGHTS"
    int min_inputs, max_inputs;
    unsigned takes;
    cr_status (*run)(const cr_convert_job *job, cr_err *err);
} cr_converter;

// Picks a converter and runs it.
cr_status cr_convert(const cr_convert_job *job, cr_err *err);

// What a user should know of the result; a warning, which is about an input, goes to the log instead.
void cr_convert_note(const cr_convert_job *job, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

// The text to the output's path, whole or not at all.
cr_status cr_convert_write_text(const cr_convert_job *job, const cr_text *text, cr_err *err);

// The converters, each at the end of its own file.
extern const cr_converter cr_convert_to_prototxt, cr_convert_to_yaml, cr_convert_to_json, cr_convert_to_onnx;
extern const cr_converter cr_convert_to_caffemodel, cr_convert_to_hdf5, cr_convert_to_folder,
    cr_convert_to_npy, cr_convert_to_binaryproto;

#endif
