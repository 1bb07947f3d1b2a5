/*
 * roi_base.c - shapes and the loop of the layers that pool rectangles.
 */
#include "layers/roi_base.h"

enum { CHANNELS = 16 }; // of one rectangle, as one item of work

cr_status cr_roi_shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const cr_roi_base *base = layer->ctx;
    char text[CR_SHAPE_TEXT];
    if (s->in[0].rank != 4)
        return cr_layer_fail(layer, err, layer->param, "bottom", 0,
                             "bottom \"%s\" is %s; a map has 4 axes (images, channels, height, width)",
                             layer->in_name[0], cr_shape_text(&s->in[0], text, sizeof text));
    if (s->in[1].rank < 2 || cr_shape_range(&s->in[1], 1, s->in[1].rank) < 5)
        return cr_layer_fail(layer, err, layer->param, "bottom", 1,
                             "bottom \"%s\" is %s; rectangles are rows of 5 values (image, x0, y0, x1, y1)",
                             layer->in_name[1], cr_shape_text(&s->in[1], text, sizeof text));
    int64_t channels = base->out_channels ? base->out_channels : s->in[0].dim[1];
    s->out[0] = (cr_shape){4, {s->in[1].dim[0], channels, base->pooled_h, base->pooled_w}};
    return CREMA_OK;
}

typedef struct work {
    const cr_roi_base *base;
    const cr_tensor *map, *rois, *out;
    int64_t channels, blocks; // blocks of channels
    cr_roi_fn fn;
} work;

static void item(void *ctx, int64_t index, int slot)
{
    (void)slot;
    const work *w = ctx;
    int64_t r = index / w->blocks, first = index % w->blocks * CHANNELS;
    const float *roi = w->rois->data + r * w->rois->image_stride;
    const cr_shape *map = &w->map->shape;
    cr_roi one = {.base = w->base,
                  .rectangle = roi + 1,
                  .map = w->map->data + (int64_t)roi[0] * w->map->image_stride,
                  .height = map->dim[2],
                  .width = map->dim[3]};
    for (int64_t c = first; c < first + CHANNELS && c < w->channels; c++) {
        one.channel = c;
        one.out = w->out->data + r * w->out->image_stride + c * w->base->pooled_h * w->base->pooled_w;
        w->fn(&one);
    }
}

void cr_roi_run(const cr_step *step, cr_run *run, cr_roi_fn fn)
{
    work w = {.base = step->layer->ctx,
              .map = cr_in(step, run, 0),
              .rois = cr_in(step, run, 1),
              .out = cr_out(step, run, 0),
              .fn = fn};
    int64_t n = w.rois->shape.dim[0], images = w.map->shape.dim[0];
    for (int64_t r = 0; r < n; r++) {
        float image = w.rois->data[r * w.rois->image_stride];
        if (!(image > -1 && image < (float)images)) { // cut to a whole number, as Caffe does
            cr_layer_fail(step->layer, run->err, step->layer->param, "bottom", 1,
                          "rectangle %lld is in image %g; bottom \"%s\" has %lld images", (long long)r,
                          (double)image, step->layer->in_name[0], (long long)images);
            return;
        }
    }
    w.channels = w.out->shape.dim[1];
    w.blocks = (w.channels + CHANNELS - 1) / CHANNELS;
    cr_parallel(run->pool, n * w.blocks, item, &w);
}

void cr_roi_clip(int64_t from, int64_t to, int64_t size, int64_t *clipped_from, int64_t *clipped_to)
{
    *clipped_from = from < 0 ? 0 : from > size ? size : from;
    *clipped_to = to < 0 ? 0 : to > size ? size : to;
}
