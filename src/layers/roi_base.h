/*
 * roi_base.h - layers that pool rectangles of a feature map to one size: ROIPooling, PSROIPooling, ROIAlign.
 *
 * Bottoms: the map (n, c, h, w) and the rectangles (r, 5): image, x0, y0, x1, y1, in pixels of the picture;
 * values behind the fifth are ignored, as in Caffe. Top: (r, channels, pooled_h, pooled_w).
 */
#ifndef CR_LAYERS_ROI_BASE_H
#define CR_LAYERS_ROI_BASE_H

#include "layers/boxes.h"

// First in the layer's ctx, filled by its setup.
typedef struct cr_roi_base {
    int64_t pooled_h, pooled_w;
    int64_t out_channels; // 0: those of the map
    float scale;
} cr_roi_base;

// One rectangle of one channel. map: that channel's (height, width) in the right image; out: (pooled_h,
// pooled_w).
typedef struct cr_roi {
    const cr_roi_base *base;
    const float *rectangle; // x0, y0, x1, y1
    const float *map;       // channel 0 of the rectangle's image
    int64_t channel, height, width;
    float *out;
} cr_roi;

typedef void (*cr_roi_fn)(const cr_roi *roi);

cr_status cr_roi_shape(const cr_layer *layer, cr_shaping *s, cr_err *err);
// Fails (run->err) where a rectangle's image does not exist; else fn for each rectangle and channel.
void cr_roi_run(const cr_step *step, cr_run *run, cr_roi_fn fn);

// A bin's cells along one axis: [*from, *to) of `size` cells.
void cr_roi_clip(int64_t from, int64_t to, int64_t size, int64_t *clipped_from, int64_t *clipped_to);

#endif
