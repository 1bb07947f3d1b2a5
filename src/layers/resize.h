/*
 * resize.h - resizing of planes by weights that are separable: one table of taps for rows, one for columns.
 *
 * Output o of an axis is the sum of weight[o * width + t] * in[first[o] + t] over t < n[o]. The tables are
 * made when a plan is made; planes (channels of images) run in parallel, in pieces of whole rows.
 */
#ifndef CR_LAYERS_RESIZE_H
#define CR_LAYERS_RESIZE_H

#include "layers/layer.h"

typedef struct cr_taps {
    int64_t in, out; // sizes of the axis
    int64_t width;   // of the table: the largest n
    int32_t *first;  // (out)
    int32_t *n;      // (out), at least 1 each
    float *weight;   // (out, width)
} cr_taps;

// The most that an axis may have, in or out: the tables hold int32.
#define CR_RESIZE_MAX ((int64_t)1 << 24)

// Room for the tables; the caller fills first, n and weight.
cr_status cr_taps_alloc(cr_arena *arena, int64_t in, int64_t out, int64_t width, cr_taps *taps, cr_err *err);
// Nearest: output o is input o / scale.
cr_status cr_taps_repeat(cr_arena *arena, int64_t in, int64_t scale, cr_taps *taps, cr_err *err);

typedef struct cr_resize {
    cr_taps row, column;               // of the height, of the width
    int64_t row_offset, column_offset; // where the used part begins in a plane
    int64_t in_height, in_width;       // of a whole plane
    int64_t block;                     // output rows in a piece
} cr_resize;

// Sets block and the step's scratch. rows, columns and sizes are set; planes: of the largest batch.
cr_status cr_resize_prepare(cr_step *step, cr_resize *resize, int64_t planes, cr_err *err);
// Bottom 0 to top 0, over the last two of at least three axes; all values are multiplied by `factor`.
void cr_resize_run(const cr_step *step, cr_run *run, const cr_resize *resize, float factor);

// A bottom that must have the axes n, c, h, w.
cr_status cr_need_planes(const cr_layer *layer, const cr_shaping *s, int bottom, cr_err *err);

#endif
