/*
 * roi_align.c - ROIAlign: the mean of points between the cells, in each bin of each rectangle.
 *
 * No Caffe branch of weight has it, and forks differ. This is the reading of ncnn (src/layer/roialign.cpp,
 * version 0, sampling_ratio 0, aligned false), whose converter takes these very fields: corners times
 * spatial_scale are not rounded; a rectangle is at least 1 x 1; a bin is cut to the map, and has ceil(height)
 * x ceil(width) of what is left as its points, spread by the whole bin's size; each is read bilinearly, an
 * empty bin is 0. Synopsys' layer of the name takes a maximum of four points and reads rectangle i in image i
 * only.
 */
#include "crema.pb-c.h"
#include "layers/roi_base.h"

#include <math.h>

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__ROIAlignParameter *p = layer->param->roi_align_param;
    cr_roi_base *base = layer->ctx;
    if (!p || p->pooled_h == 0 || p->pooled_w == 0)
        return cr_layer_fail(layer, err, p,
                             !p            ? NULL
                             : p->pooled_h ? "pooled_w"
                                           : "pooled_h",
                             0, "roi_align_param needs pooled_h and pooled_w, above 0");
    *base = (cr_roi_base){p->pooled_h, p->pooled_w, 0, p->spatial_scale};
    layer->reading = "ncnn: the mean of bilinear samples";
    return CREMA_OK;
}

// One axis of a point: two cells and the weight of the second. Behind the last cell's middle it is that cell.
typedef struct tap {
    int64_t first, second;
    float weight;
} tap;

static tap tap_at(float position, int64_t size)
{
    int64_t first = cr_box_pixel(position);
    if (first < 0)
        first = 0;
    if (first + 1 >= size)
        return (tap){size - 1, size - 1, 0};
    return (tap){first, first + 1, position - (float)first};
}

typedef struct bin {
    float start[2], end[2]; // cut to the map
    float size[2];          // before that
    int64_t points[2];
} bin;

static float mean(const cr_roi *roi, const float *map, const bin *b)
{
    float sum = 0;
    if (!(b->end[0] > b->start[0] && b->end[1] > b->start[1]))
        return 0;
    for (int64_t i = 0; i < b->points[0]; i++) {
        tap y = tap_at(b->start[0] + ((float)i + 0.5f) * b->size[0] / (float)b->points[0], roi->height);
        const float *up = map + y.first * roi->width, *down = map + y.second * roi->width;
        for (int64_t j = 0; j < b->points[1]; j++) {
            tap x = tap_at(b->start[1] + ((float)j + 0.5f) * b->size[1] / (float)b->points[1], roi->width);
            float above = up[x.first] * (1 - x.weight) + up[x.second] * x.weight;
            float below = down[x.first] * (1 - x.weight) + down[x.second] * x.weight;
            sum += above * (1 - y.weight) + below * y.weight;
        }
    }
    return sum / (float)(b->points[0] * b->points[1]);
}

static float clip(float position, int64_t size)
{
    return fminf(fmaxf(position, 0), (float)size);
}

static void pool(const cr_roi *roi)
{
    const cr_roi_base *base = roi->base;
    const int64_t pooled[2] = {base->pooled_h, base->pooled_w}, size[2] = {roi->height, roi->width};
    const float *map = roi->map + roi->channel * roi->height * roi->width;
    float start[2];
    bin b;
    for (int a = 0; a < 2; a++) {
        start[a] = roi->rectangle[1 - a] * base->scale;
        b.size[a] = fmaxf(roi->rectangle[3 - a] * base->scale - start[a], 1) / (float)pooled[a];
    }
    int64_t at[2];
    for (at[0] = 0; at[0] < pooled[0]; at[0]++)
        for (at[1] = 0; at[1] < pooled[1]; at[1]++) {
            for (int a = 0; a < 2; a++) {
                b.start[a] = clip(start[a] + (float)at[a] * b.size[a], size[a]);
                b.end[a] = clip(start[a] + (float)(at[a] + 1) * b.size[a], size[a]);
                b.points[a] = cr_box_pixel(ceilf(b.end[a] - b.start[a]));
            }
            roi->out[at[0] * pooled[1] + at[1]] = mean(roi, map, &b);
        }
}

static void run(const cr_step *step, cr_run *run)
{
    cr_roi_run(step, run, pool);
}

const cr_layer_type cr_layer_roi_align = {
    .name = "ROIAlign",
    .about = "bilinear samples over a grid in each region",
    .param = "roi_align_param",
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
