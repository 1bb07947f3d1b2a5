/*
 * psroi_pooling.c - PSROIPooling (R-FCN): the mean of each bin of each rectangle, each bin from a channel of
 * its own.
 *
 * Semantics of psroi_pooling_layer in daijifeng001/caffe-rfcn: top channel c, bin (i, j) of group_size x
 * group_size reads bottom channel (c * group_size + i) * group_size + j. Corners are rounded first, half away
 * from zero, then scaled: [round(x0) * scale, (round(x1) + 1) * scale), at least 0.1 wide; bins go from floor
 * to ceil and are cut to the map; an empty bin is 0.
 */
#include "crema.pb-c.h"
#include "layers/roi_base.h"

#include <math.h>

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__PSROIPoolingParameter *p = layer->param->psroi_pooling_param;
    cr_roi_base *base = layer->ctx;
    if (!p || !p->has_spatial_scale || !p->has_output_dim || !p->has_group_size)
        return cr_layer_fail(layer, err, p, NULL, 0,
                             "psroi_pooling_param needs spatial_scale, output_dim and group_size");
    if (!(p->spatial_scale > 0))
        return cr_layer_fail(layer, err, p, "spatial_scale", 0, "spatial_scale must be above 0");
    if (p->output_dim < 1)
        return cr_layer_fail(layer, err, p, "output_dim", 0, "output_dim must be above 0");
    if (p->group_size < 1)
        return cr_layer_fail(layer, err, p, "group_size", 0, "group_size must be above 0");
    *base = (cr_roi_base){p->group_size, p->group_size, p->output_dim, p->spatial_scale};
    return CREMA_OK;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const cr_roi_base *base = layer->ctx;
    cr_status status = cr_roi_shape(layer, s, err);
    int64_t channels;
    if (status)
        return status;
    if (!cr_i64_mul(base->pooled_h * base->pooled_w, base->out_channels, &channels) ||
        s->in[0].dim[1] != channels)
        return cr_layer_fail(layer, err, layer->param, "bottom", 0,
                             "bottom \"%s\" has %lld channels; output_dim %lld with group_size %lld takes "
                             "%lld * %lld * %lld",
                             layer->in_name[0], (long long)s->in[0].dim[1], (long long)base->out_channels,
                             (long long)base->pooled_h, (long long)base->out_channels,
                             (long long)base->pooled_h, (long long)base->pooled_h);
    return CREMA_OK;
}

static float mean(const cr_roi *roi, const float *map, const int64_t from[2], const int64_t to[2])
{
    if (from[0] >= to[0] || from[1] >= to[1])
        return 0;
    float sum = 0;
    for (int64_t y = from[0]; y < to[0]; y++)
        for (int64_t x = from[1]; x < to[1]; x++)
            sum += map[y * roi->width + x];
    return sum / (float)((to[0] - from[0]) * (to[1] - from[1]));
}

static void pool(const cr_roi *roi)
{
    const cr_roi_base *base = roi->base;
    const int64_t size[2] = {roi->height, roi->width};
    int64_t group = base->pooled_h;
    float start[2], bin[2];
    for (int a = 0; a < 2; a++) {
        start[a] = roundf(roi->rectangle[1 - a]) * base->scale;
        float side = (roundf(roi->rectangle[3 - a]) + 1) * base->scale - start[a];
        bin[a] = (side > 0.1f ? side : 0.1f) / (float)group;
    }
    int64_t at[2], from[2], to[2];
    for (at[0] = 0; at[0] < group; at[0]++)
        for (at[1] = 0; at[1] < group; at[1]++) {
            int64_t channel = (roi->channel * group + at[0]) * group + at[1];
            for (int a = 0; a < 2; a++)
                cr_roi_clip(cr_box_pixel(floorf((float)at[a] * bin[a] + start[a])),
                            cr_box_pixel(ceilf((float)(at[a] + 1) * bin[a] + start[a])), size[a], &from[a],
                            &to[a]);
            const float *map = roi->map + channel * roi->height * roi->width;
            roi->out[at[0] * group + at[1]] = mean(roi, map, from, to);
        }
}

static void run(const cr_step *step, cr_run *run)
{
    cr_roi_run(step, run, pool);
}

const cr_layer_type cr_layer_psroi_pooling = {
    .name = "PSROIPooling",
    .about = "average over a grid in each region, each cell from channels of its own (R-FCN)",
    .param = "psroi_pooling_param",
    .in_min = 2,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_STRIDED,
    .ctx_bytes = sizeof(cr_roi_base),
    .setup = setup,
    .shape = shape,
    .run = run,
};
