/*
 * yolo_base.h - what YoloDetectionOutput and Yolov3DetectionOutput of eric612/MobileNet-YOLO share: grids of
 * cells in, rows of detections out.
 *
 * A bottom is (n, boxes * length, height, width); per box x, y, w, h, objectness, scores of classes. The
 * middle of a box is (column + sigmoid(x)) / width, its side exp(w) * bias / width in cells (version 2) or
 * over the picture (version 3), all in parts of the picture. Boxes of all classes are suppressed together
 * (overlap >= threshold), best first; rows [image, class + 1, score, x0, y0, x1, y1] are not clipped.
 *
 * The fork mixes the images of a batch and calls all of them 0; here each image is on its own. Its order of
 * equal scores is that of std::sort; here it is the order of bottoms, cells, boxes, classes.
 */
#ifndef CR_LAYERS_YOLO_BASE_H
#define CR_LAYERS_YOLO_BASE_H

#include "layers/boxes.h"

typedef struct cr_yolo cr_yolo;

// One cell's box b of a bottom: the values of box b start at in, `step` apart.
typedef struct cr_yolo_cell {
    int bottom;
    int64_t b, row, column, height, width;
    const float *in;
    int64_t step;
} cr_yolo_cell;

// First in the layer's ctx, filled by its setup.
struct cr_yolo {
    const void *param; // its parameter block
    int64_t boxes, classes, length;
    float nms_threshold;
    int32_t per_box; // candidates that a box may make: 1, or as many as classes
    // Fills the box and its candidates, as {score, class}; returns how many.
    int64_t (*decode)(const cr_yolo *y, const cr_yolo_cell *cell, cr_box *box, cr_scored *out);
};

cr_status cr_yolo_shape(const cr_layer *layer, cr_shaping *s, cr_err *err);
cr_status cr_yolo_prepare(cr_step *step, const cr_preparing *p, cr_err *err);
void cr_yolo_run(const cr_step *step, cr_run *run);

float cr_sigmoid(float x);
// Corners from middle and sides.
cr_box cr_yolo_box(float x, float y, float w, float h);

#endif
