/*
 * boxes.h - what the layers that make or read boxes share: order by score, overlap, suppression, output rows.
 *
 * Nothing here allocates: the lists are the caller's scratch memory. Scores and boxes may be anything, NaN
 * and infinities too: loops end by counts alone, and what is read from data as a position is clamped.
 */
#ifndef CR_LAYERS_BOXES_H
#define CR_LAYERS_BOXES_H

#include "layers/layer.h"

typedef struct cr_box {
    float x0, y0, x1, y1;
} cr_box;

// A candidate: its score, and which it is (the meaning of index is the layer's).
typedef struct cr_scored {
    float score;
    int32_t index;
} cr_scored;

// Highest score first, equal ones in the order they have (std::stable_sort). No score may be NaN. temp holds
// n.
void cr_sort_scores(cr_scored *list, cr_scored *temp, int64_t n);

// When a candidate is dropped because of a better one; overlap is intersection over union.
enum cr_nms_kind {
    CR_NMS_SSD,   // unless overlap <= threshold: one that is not a number drops too
    CR_NMS_PIXEL, // overlap > threshold; corners are pixels that belong to the box: sides are x1 - x0 + 1
    CR_NMS_YOLO   // overlap >= threshold
};

typedef struct cr_nms {
    enum cr_nms_kind kind;
    float threshold;
    float eta;         // after each kept box, while the threshold is above 0.5, it is multiplied by this
    int64_t max_kept;  // stop there
    int32_t per_box;   // candidate i has box i / per_box
    const cr_box *box; // by i / per_box
} cr_nms;

float cr_box_overlap(const cr_box *a, const cr_box *b, enum cr_nms_kind kind);

// Greedy non-maximum suppression over a list that is sorted by score. The kept ones move to its front;
// returns how many.
int64_t cr_nms_run(const cr_nms *nms, cr_scored *list, int64_t n);

/* ---- rows [image, label, score, x0, y0, x1, y1] of a 1 x 1 x n x 7 top ---- */

enum { CR_BOX_ROW = 7 };

// The top's shape with at most max_rows (or a row per image, where nothing is found); marks it as dynamic.
void cr_box_rows_shape(cr_shaping *s, int64_t images, int64_t max_rows);
void cr_box_row(float *row, int64_t image, int64_t label, float score, const cr_box *box);
// Ends the output after n rows. None: a row [i, -1, -1, ...] for each image, as Caffe does.
void cr_box_rows_end(cr_tensor *out, int64_t images, int64_t n);

/* ---- shapes and positions ---- */

// Caffe's num, channels, height, width of a blob: axes that it doesn't have are 1.
int64_t cr_legacy_dim(const cr_shape *shape, int axis);
// To an integer within +-1e9, so that sums and differences fit; 0 for NaN.
int64_t cr_box_pixel(float position);

#endif
