/*
 * onnx.h - a net with its weights as an ONNX model (opset 17, IR version 8).
 *
 *   graph -> plan (shapes, weights, tables) -> nodes, one layer after the other (onnx_table.c) -> file (onnx_write.c)
 *
 * The shapes are those of the plan, and fixed. Inputs, outputs and blobs keep their names; a blob that a later layer
 * overwrites in place is called blob__layer before. Bottoms and tops are float32 throughout, as in Caffe.
 */
#ifndef CR_CONVERT_ONNX_H
#define CR_CONVERT_ONNX_H

#include "plan/plan.h"

typedef struct cr_onnx_options {
    const cr_shape *input; // one per input of the graph, all known
    bool factor_0_is_1;    // of BatchNorm, as in crema_context_options
    bool force;            // existing files are replaced
    const char *version;   // of the program, for the file
    uint64_t most_inside;  // a model with more bytes of values has them in a file of their own; 0: 1.9 GB
    const cr_log *log;     // layers without equivalent, one warning each
} cr_onnx_options;

// Writes the file, or it and PATH.data beside it. Layers that have no equivalent are all named in warnings; nothing
// is written then. The graph may hold layers of unknown types; they are among those.
cr_status cr_onnx_export(const cr_graph *graph, cr_weights *weights, const char *path,
                         const cr_onnx_options *options, cr_err *err);

#endif
