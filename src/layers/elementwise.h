/*
 * elementwise.h - layers whose every output value depends on one input value, and perhaps on its channel.
 *
 * A tensor is seen as rows of equal length: the positions of one channel. A layer gives a function for a piece
 * (some whole rows, or a part of one row); pieces run in parallel, in place or not, and whatever the
 * image_stride of bottom and top is. Pieces are cut by size alone.
 *
 * The piece functions are loops over a contiguous piece->n * piece->inner floats.
 */
#ifndef CR_LAYERS_ELEMENTWISE_H
#define CR_LAYERS_ELEMENTWISE_H

#include "kernels/unary.h"
#include "layers/layer.h"

// Row r of the whole tensor, counted over all images, belongs to channel r % channels.
typedef struct cr_rows {
    int64_t images;
    int64_t rows;  // of one image
    int64_t inner; // floats in a row
    int64_t channels;
} cr_rows;

typedef struct cr_piece {
    const float *in;
    float *out;
    int64_t channel;  // of the first row; the next row is of the next channel
    int64_t n, inner; // rows, floats in each
} cr_piece;

typedef void (*cr_piece_fn)(const void *arg, const cr_piece *piece);

// No channels at all: piece->channel means nothing.
cr_rows cr_rows_plain(const cr_tensor *t);
// Channels are the axes [axis, axis + n_axes); n_axes 0 is as cr_rows_plain.
cr_rows cr_rows_of(const cr_tensor *t, int axis, int n_axes);

// Runs fn over all of bottom 0, into top 0. The shapes are equal.
void cr_elementwise(const cr_step *step, cr_run *run, const cr_rows *rows, cr_piece_fn fn, const void *arg);

// The same for a layer without channels; fn's arg is the layer's ctx.
void cr_elementwise_plain(const cr_step *step, cr_run *run, cr_piece_fn fn);

// The same with a function that kernels have; its in, out and n do not count.
void cr_elementwise_unary(const cr_step *step, cr_run *run, const cr_unary *unary);

// A cr_layer_type.shape for them: top 0 is like bottom 0.
cr_status cr_shape_like_bottom(const cr_layer *layer, cr_shaping *s, cr_err *err);

/* ---- Scale and Bias: an operand that covers some axes of bottom 0 ---- */

// The operand's shape: the axes [axis, axis + num_axes) of bottom 0 (num_axes -1: to the end), or bottom 1's own
// shape. Fails with a position where axes are out of range or the dims of bottom 1 differ.
cr_status cr_operand_shape(const cr_layer *layer, const void *message, const cr_shaping *s, int64_t axis,
                           int64_t num_axes, cr_shape *operand, cr_err *err);
// How the operand lies in bottom 0, when running.
cr_rows cr_operand_rows(const cr_step *step, const cr_run *run, int64_t axis, int64_t num_axes);

// For gives(): whether the operand is a blob with one value, or one for each channel of axis 1.
bool cr_operand_is_by_channel(const cr_step *step, const cr_preparing *p, int64_t axis);

// The operand's values by channel.
typedef struct cr_operand {
    const float *data;
    bool scalar; // one value for all channels
    int64_t image_count, image_stride;
} cr_operand;

cr_operand cr_operand_blob(const float *data, const cr_rows *rows);
cr_operand cr_operand_bottom(const cr_tensor *t);
float cr_operand_at(const cr_operand *operand, int64_t channel);

#endif
