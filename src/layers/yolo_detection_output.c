/*
 * yolo_detection_output.c - YoloDetectionOutput (YOLO 2): grids of cells to detections; see yolo_base.h.
 *
 * Semantics of yolo_detection_output_layer.cpp in eric612/Caffe-YOLOv3-Windows: a box has the class with the
 * largest softmax score, times sigmoid(objectness), if that is at least confidence_threshold; sides are
 * exp(w) * bias cells. All bottoms (one or two) have the same biases. side is taken from the bottoms, and
 * label_map_file is not read.
 */
#include "crema.pb-c.h"
#include "layers/yolo_base.h"

#include <math.h>

typedef struct yolo2 {
    cr_yolo base;
    const Crema__YoloDetectionOutputParameter *p;
} yolo2;

static int64_t decode(const cr_yolo *y, const cr_yolo_cell *cell, cr_box *box, cr_scored *out)
{
    const Crema__YoloDetectionOutputParameter *p = ((const yolo2 *)(const void *)y)->p;
    const float *in = cell->in, *score = in + 5 * cell->step;
    const float *bias = p->biases + 2 * cell->b;
    float width = (float)cell->width, height = (float)cell->height, largest = score[0], sum = 0;
    int64_t best = 0;
    for (int64_t c = 1; c < y->classes; c++)
        if (score[c * cell->step] > largest) {
            largest = score[c * cell->step];
            best = c;
        }
    for (int64_t c = 0; c < y->classes; c++)
        sum += expf(score[c * cell->step] - largest);
    *box =
        cr_yolo_box(((float)cell->column + cr_sigmoid(in[0])) / width,
                    ((float)cell->row + cr_sigmoid(in[cell->step])) / height,
                    expf(in[2 * cell->step]) * bias[0] / width, expf(in[3 * cell->step]) * bias[1] / height);
    out[0] = (cr_scored){cr_sigmoid(in[4 * cell->step]) * (1 / sum), (int32_t)best};
    return out[0].score >= p->confidence_threshold;
}

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__YoloDetectionOutputParameter *p = layer->param->yolo_detection_output_param;
    yolo2 *y = layer->ctx;
    if (!p || !p->has_num_classes || p->num_classes < 1 || p->num_classes > INT32_MAX)
        return cr_layer_fail(layer, err, p, p && p->has_num_classes ? "num_classes" : NULL, 0,
                             "yolo_detection_output_param needs num_classes, at least 1");
    if (p->coords != 4)
        return cr_layer_fail(layer, err, p, "coords", 0, "coords is %u; only 4 is known", p->coords);
    if (p->num_box < 1 || p->n_biases < 2 * (size_t)p->num_box)
        return cr_layer_fail(layer, err, p, p->num_box < 1 ? "num_box" : "biases", 0,
                             "%u boxes need %zu biases (width and height of each), not %zu", p->num_box,
                             2 * (size_t)p->num_box, p->n_biases);
    y->p = p;
    y->base = (cr_yolo){.param = p,
                        .boxes = p->num_box,
                        .classes = p->num_classes,
                        .length = 5 + (int64_t)p->num_classes,
                        .nms_threshold = p->nms_threshold,
                        .per_box = 1,
                        .decode = decode};
    return CREMA_OK;
}

const cr_layer_type cr_layer_yolo_detection_output = {
    .name = "YoloDetectionOutput",
    .about = "boxes of YOLO 2",
    .param = "yolo_detection_output_param",
    .in_min = 1,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_STRIDED,
    .ctx_bytes = sizeof(yolo2),
    .setup = setup,
    .shape = cr_yolo_shape,
    .prepare = cr_yolo_prepare,
    .run = cr_yolo_run,
};
