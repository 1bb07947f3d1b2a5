/*
 * mean_padding.h - distribution padding: pad_mode MEAN_INTERP and MEAN_REFLECT.
 *
 * The border is made of local means of the image, so it is no map from index to index as the other modes are, and
 * window.c's tables can't say it. A layer pads a copy with this and goes on with a window that needs no pads.
 */
#ifndef CR_LAYERS_MEAN_PADDING_H
#define CR_LAYERS_MEAN_PADDING_H

#include "layers/window.h"

typedef struct cr_mean_padding cr_mean_padding;

// Of planes of in[0] x in[1], on which the spec has been checked (cr_window_check). Lives in the arena.
cr_status cr_mean_padding_make(cr_arena *arena, const cr_window_spec *spec, const int64_t in[2],
                               const cr_mean_padding **made, cr_err *err);
// Height and width with the border.
void cr_mean_padding_size(const cr_mean_padding *mean, int64_t size[2]);
int64_t cr_mean_padding_in_count(const cr_mean_padding *mean); // floats of a plane without it

typedef struct cr_mean_planes {
    const float *in; // (images, channels, height, width)
    float *out;      // (images, channels, height + 2 pad, width + 2 pad)
    int64_t images, channels;
    int64_t in_image_stride, out_image_stride; // floats
} cr_mean_planes;
// What the border's values are along an axis, 0 or 1: (padded size, size) weights. A value of the border is the sum
// over both axes' weights of the plane.
void cr_mean_padding_weights(const cr_mean_padding *mean, int axis, float *weights);
void cr_mean_padding_run(const cr_mean_padding *mean, const cr_mean_planes *planes, cr_pool *pool);

#endif
