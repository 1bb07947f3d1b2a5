/*
 * onnx_emit.h - what the rows of the table of ONNX equivalents share (onnx_table.c): one function a layer type.
 *
 * Such a function sees a layer as it was planned for its shapes - parameters, blobs, and the tables that prepare()
 * made - and appends nodes that compute the same tops from the same bottoms. Where a mode or a value has no
 * equivalent it says so with cr_onnx_refuse(), which is a sentence for the user and the end of that layer; nothing
 * is written then, but the other layers are still looked at, so that the user sees all of them at once.
 *
 * Padding, sizes and dialects are not worked out again here: they come from window.h, the shapes of the plan and
 * the layers' own readers.
 */
#ifndef CR_CONVERT_ONNX_EMIT_H
#define CR_CONVERT_ONNX_EMIT_H

#include "convert/onnx_graph.h"
#include "layers/mean_padding.h"
#include "plan/plan.h"

typedef struct cr_onnx_layer {
    cr_onnx_graph *g;
    const cr_plan *plan;
    const cr_step *step;
    const cr_layer *layer;
    const char *const *in, *const *out; // values of bottoms and tops
    const cr_shape *in_shape, *out_shape;
    int dynamic_axis;    // of the bottoms, -1: all sizes are known; a row may set it for its tops
    const char *refused; // why there is no equivalent
} cr_onnx_layer;

enum {
    CR_ONNX_ANY_SIZE = 1
}; // the row is right for bottoms with an axis whose size is known only while running

typedef struct cr_onnx_row {
    const char *type;
    void (*emit)(cr_onnx_layer *l);
    unsigned flags;
} cr_onnx_row;

// NULL: the type has no equivalent.
const cr_onnx_row *cr_onnx_row_find(const char *type);
extern const cr_onnx_row cr_onnx_table[]; // ends with a row without a type

void cr_onnx_refuse(cr_onnx_layer *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
// An axis as the file gives it, which shape() has accepted.
int cr_onnx_axis(int64_t axis, int rank);
// Blob i of the layer in its own shape, or in another one of as many values.
const char *cr_onnx_blob(cr_onnx_layer *l, int i);
const char *cr_onnx_blob_as(cr_onnx_layer *l, int i, const cr_shape *shape);
// n equal values as a constant of one axis.
const char *cr_onnx_filled(cr_onnx_graph *g, int64_t n, float value);
// The layer computed here and now, for those whose tops depend on shapes and blobs alone; tops become constants.
void cr_onnx_emit_computed(cr_onnx_layer *l);
void cr_onnx_emit_identity(cr_onnx_layer *l);
void cr_onnx_emit_reshape(cr_onnx_layer *l); // bottom 0 in the shape of top 0

/* ---- windows (onnx_window.c) ---- */

// How far windows reach beyond an axis.
typedef struct cr_onnx_reach {
    int64_t before, after; // after may be negative: the windows leave positions unread
} cr_onnx_reach;

// How far the windows reach beyond the bottom, for variant v.
cr_onnx_reach cr_onnx_reach_of(const cr_window *window, int axis, int v);
// x (rank axes, the spatial ones last) made as large as the windows reach, with `outside` where no position of the
// bottom is read: a node Pad, or a Gather for each axis of an index map, or both per run of channels under CORNERS.
const char *cr_onnx_pad(cr_onnx_layer *l, const char *x, const cr_shape *shape, const cr_window *window,
                        int mode, float outside);

// x (images, channels, height, width) with a border of means (layers/mean_padding.h).
const char *cr_onnx_pad_mean(cr_onnx_graph *g, const char *x, const cr_mean_padding *mean,
                             const int64_t size[2]);

#endif
