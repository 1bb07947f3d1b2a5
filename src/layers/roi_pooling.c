/*
 * roi_pooling.c - ROIPooling (Fast R-CNN): the largest value in each bin of each rectangle.
 *
 * Semantics of roi_pooling_layer.cpp in rbgirshick/caffe-fast-rcnn: corners times spatial_scale are rounded
 * to cells, half away from zero, and both corner cells belong to the rectangle, which is at least 1 x 1; bins
 * go from floor to ceil, so neighbours may share cells, and are cut to the map; an empty bin is 0. A NaN
 * never wins, and nothing below -FLT_MAX.
 *
 * pooled_size is Intel's way to give pooled_h and pooled_w: one value for both, or h and w.
 */
#include "crema.pb-c.h"
#include "layers/roi_base.h"

#include <float.h>
#include <math.h>

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__ROIPoolingParameter *p = layer->param->roi_pooling_param;
    cr_roi_base *base = layer->ctx;
    if (!p)
        return cr_layer_fail(layer, err, NULL, NULL, 0, "roi_pooling_param needs pooled_h and pooled_w");
    if (p->n_pooled_size > 0 && (p->has_pooled_h || p->has_pooled_w))
        return cr_layer_fail(layer, err, p, "pooled_size", 0,
                             "give pooled_h and pooled_w, or pooled_size, not both");
    if (p->n_pooled_size > 2)
        return cr_layer_fail(layer, err, p, "pooled_size", 2,
                             "pooled_size is one value, or height and width");
    base->pooled_h = p->n_pooled_size ? p->pooled_size[0] : p->pooled_h;
    base->pooled_w = p->n_pooled_size ? p->pooled_size[p->n_pooled_size - 1] : p->pooled_w;
    base->scale = p->spatial_scale;
    if (base->pooled_h == 0 || base->pooled_w == 0)
        return cr_layer_fail(layer, err, p,
                             p->n_pooled_size ? "pooled_size"
                             : base->pooled_h ? "pooled_w"
                                              : "pooled_h",
                             0, "pooled_h and pooled_w must be above 0");
    return CREMA_OK;
}

static float largest(const cr_roi *roi, const float *map, const int64_t from[2], const int64_t to[2])
{
    if (from[0] >= to[0] || from[1] >= to[1])
        return 0;
    float most = -FLT_MAX;
    for (int64_t y = from[0]; y < to[0]; y++)
        for (int64_t x = from[1]; x < to[1]; x++)
            most = map[y * roi->width + x] > most ? map[y * roi->width + x] : most;
    return most;
}

static void pool(const cr_roi *roi)
{
    const cr_roi_base *base = roi->base;
    const int64_t pooled[2] = {base->pooled_h, base->pooled_w}, size[2] = {roi->height, roi->width};
    int64_t start[2];
    float bin[2];
    for (int a = 0; a < 2; a++) {
        start[a] = cr_box_pixel(roundf(roi->rectangle[1 - a] * base->scale));
        int64_t side = cr_box_pixel(roundf(roi->rectangle[3 - a] * base->scale)) - start[a] + 1;
        bin[a] = (float)(side > 1 ? side : 1) / (float)pooled[a];
    }
    const float *map = roi->map + roi->channel * roi->height * roi->width;
    int64_t at[2], from[2], to[2];
    for (at[0] = 0; at[0] < pooled[0]; at[0]++)
        for (at[1] = 0; at[1] < pooled[1]; at[1]++) {
            for (int a = 0; a < 2; a++)
                cr_roi_clip(start[a] + (int64_t)floorf((float)at[a] * bin[a]),
                            start[a] + (int64_t)ceilf((float)(at[a] + 1) * bin[a]), size[a], &from[a],
                            &to[a]);
            roi->out[at[0] * pooled[1] + at[1]] = largest(roi, map, from, to);
        }
}

static void run(const cr_step *step, cr_run *run)
{
    cr_roi_run(step, run, pool);
}

const cr_layer_type cr_layer_roi_pooling = {
    .name = "ROIPooling",
    .about = "maximum over a grid in each region",
    .param = "roi_pooling_param",
    .in_min = 2,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_STRIDED,
    .ctx_bytes = sizeof(cr_roi_base),
    .setup = setup,
    .shape = cr_roi_shape,
    .run = run,
};
