/*
 * yolov3_detection_output.c - Yolov3DetectionOutput (YOLO 3): grids of cells to detections; see yolo_base.h.
 *
 * Semantics of yolov3_detection_output_layer.cpp in eric612/MobileNet-YOLO: every class whose sigmoid(score)
 * times sigmoid(objectness) is above confidence_threshold makes a detection. There are mask_group_num
 * bottoms; the mask of bottom t starts at t * (length of mask / mask_group_num), box b has the biases of
 * mask[start + b], in pixels of a picture of width * anchors_scale[t].
 *
 * gaussian_box: per box x, ux, y, uy, w, uw, h, uh, objectness; the sigmoids u tell how uncertain the values
 * are, and the score is multiplied by 1 - their mean, as in the paper (Gaussian YOLOv3). The forks' code for
 * it differs.
 */
#include "crema.pb-c.h"
#include "layers/yolo_base.h"

#include <math.h>

typedef struct yolo3 {
    cr_yolo base;
    const Crema__Yolov3DetectionOutputParameter *p;
    size_t group; // of the mask, for one bottom
} yolo3;

static int64_t decode(const cr_yolo *y, const cr_yolo_cell *cell, cr_box *box, cr_scored *out)
{
    const yolo3 *v = (const yolo3 *)(const void *)y;
    const Crema__Yolov3DetectionOutputParameter *p = v->p;
    int64_t step = cell->step, apart = p->gaussian_box ? 2 * step : step;
    const float *in = cell->in, *score = in + (y->length - y->classes) * step;
    const float *bias = p->biases + 2 * (size_t)p->mask[v->group * (size_t)cell->bottom + (size_t)cell->b];
    float width = (float)cell->width, height = (float)cell->height;
    float scale = (float)p->anchors_scale[cell->bottom], object = cr_sigmoid(score[-step]);
    if (p->gaussian_box)
        object *= 1 - (cr_sigmoid(in[step]) + cr_sigmoid(in[3 * step]) + cr_sigmoid(in[5 * step]) +
                       cr_sigmoid(in[7 * step])) /
                          4;
    *box = cr_yolo_box(((float)cell->column + cr_sigmoid(in[0])) / width,
                       ((float)cell->row + cr_sigmoid(in[apart])) / height,
                       expf(in[2 * apart]) * bias[0] / (width * scale),
                       expf(in[3 * apart]) * bias[1] / (height * scale));
    int64_t n = 0;
    for (int64_t c = 0; c < y->classes; c++) {
        float confidence = cr_sigmoid(score[c * step]) * object;
        if (confidence > p->confidence_threshold)
            out[n++] = (cr_scored){confidence, (int32_t)c};
    }
    return n;
}

static cr_status check_lists(const cr_layer *layer, const Crema__Yolov3DetectionOutputParameter *p,
                             cr_err *err)
{
    size_t bottoms = (size_t)layer->n_in;
    if (p->mask_group_num != bottoms)
        return cr_layer_fail(layer, err, p, "mask_group_num", 0,
                             "mask_group_num is %u, but there are %zu bottoms", p->mask_group_num, bottoms);
    if (p->n_anchors_scale < bottoms)
        return cr_layer_fail(layer, err, p, "anchors_scale", 0,
                             "%zu bottoms need as many anchors_scale, not %zu", bottoms, p->n_anchors_scale);
    for (size_t i = 0; i < bottoms; i++)
        if (p->anchors_scale[i] == 0)
            return cr_layer_fail(layer, err, p, "anchors_scale", i, "anchors_scale must be above 0");
    if (p->num_box < 1 || p->n_mask / bottoms * (bottoms - 1) + p->num_box > p->n_mask)
        return cr_layer_fail(layer, err, p, p->num_box < 1 ? "num_box" : "mask", 0,
                             "%zu bottoms of num_box %u boxes need that many values of mask, not %zu",
                             bottoms, p->num_box, p->n_mask);
    for (size_t i = 0; i < p->n_mask; i++)
        if (p->mask[i] >= p->n_biases / 2)
            return cr_layer_fail(layer, err, p, "mask", i,
                                 "mask %u: there are %zu biases, so 0 to %lld are possible", p->mask[i],
                                 p->n_biases, (long long)(p->n_biases / 2) - 1);
    return CREMA_OK;
}

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__Yolov3DetectionOutputParameter *p = layer->param->yolov3_detection_output_param;
    yolo3 *y = layer->ctx;
    if (!p || !p->has_num_classes || p->num_classes < 1 || p->num_classes > INT32_MAX)
        return cr_layer_fail(layer, err, p, p && p->has_num_classes ? "num_classes" : NULL, 0,
                             "yolov3_detection_output_param needs num_classes, at least 1");
    y->p = p;
    y->group = p->n_mask / (size_t)layer->n_in;
    y->base = (cr_yolo){.param = p,
                        .boxes = p->num_box,
                        .classes = p->num_classes,
                        .length = (p->gaussian_box ? 9 : 5) + (int64_t)p->num_classes,
                        .nms_threshold = p->nms_threshold,
                        .per_box = (int32_t)p->num_classes,
                        .decode = decode};
    return check_lists(layer, p, err);
}

const cr_layer_type cr_layer_yolov3_detection_output = {
    .name = "Yolov3DetectionOutput",
    .about = "boxes of YOLO 3",
    .param = "yolov3_detection_output_param",
    .in_min = 1,
    .in_max = CR_ANY,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_STRIDED,
    .ctx_bytes = sizeof(yolo3),
    .setup = setup,
    .shape = cr_yolo_shape,
    .prepare = cr_yolo_prepare,
    .run = cr_yolo_run,
};
