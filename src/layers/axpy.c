/*
 * axpy.c - Axpy: a * x + y, where a has one value for each channel of each image.
 *
 * The layer of SENet's Caffe. Bottoms a (N, C) or (N, C, 1, 1), x and y (N, C, ...) of one shape; no
 * parameters.
 */
#include "layers/layer.h"

enum { PIECE = 16384 }; // floats in one item of work, but at least one row

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const cr_shape *a = &s->in[0], *x = &s->in[1], *y = &s->in[2];
    char text[CR_SHAPE_TEXT], other[CR_SHAPE_TEXT];
    bool fits = a->rank >= 2 && x->rank >= 2 && a->dim[0] == x->dim[0] && a->dim[1] == x->dim[1];
    for (int i = 2; i < a->rank; i++)
        fits = fits && a->dim[i] == 1;
    if (!fits)
        return cr_layer_fail(layer, err, layer->param, "bottom", 0,
                             "bottom \"%s\" (%s) must have one value for each image and channel of bottom "
                             "\"%s\" (%s)",
                             layer->in_name[0], cr_shape_text(a, text, sizeof text), layer->in_name[1],
                             cr_shape_text(x, other, sizeof other));
    if (!cr_shape_equal(x, y))
        return cr_layer_fail(layer, err, layer->param, "bottom", 2,
                             "bottom \"%s\" (%s) must have the shape of bottom \"%s\" (%s)",
                             layer->in_name[2], cr_shape_text(y, text, sizeof text), layer->in_name[1],
                             cr_shape_text(x, other, sizeof other));
    s->out[0] = *x;
    return CREMA_OK;
}

typedef struct axpy {
    const cr_tensor *a, *x, *y, *out;
    int64_t channels, inner;
    int64_t rows, item_rows;
} axpy;

static void item(void *ctx, int64_t index, int slot)
{
    (void)slot;
    const axpy *s = ctx;
    int64_t end = (index + 1) * s->item_rows;
    for (int64_t row = index * s->item_rows; row < end && row < s->rows; row++) {
        int64_t image = row / s->channels, channel = row % s->channels, at = channel * s->inner;
        float a = s->a->data[image * s->a->image_stride + channel];
        const float *x = s->x->data + image * s->x->image_stride + at;
        const float *y = s->y->data + image * s->y->image_stride + at;
        float *out = s->out->data + image * s->out->image_stride + at;
        for (int64_t i = 0; i < s->inner; i++)
            out[i] = a * x[i] + y[i];
    }
}

static void run(const cr_step *step, cr_run *run)
{
    axpy s = {.a = cr_in(step, run, 0), .x = cr_in(step, run, 1), .y = cr_in(step, run, 2)};
    s.out = cr_out(step, run, 0);
    s.channels = s.x->shape.dim[1];
    s.inner = cr_shape_range(&s.x->shape, 2, s.x->shape.rank);
    s.rows = s.x->shape.dim[0] * s.channels;
    s.item_rows = s.inner < PIECE ? PIECE / (s.inner > 0 ? s.inner : 1) : 1;
    cr_parallel(run->pool, (s.rows + s.item_rows - 1) / s.item_rows, item, &s);
}

const cr_layer_type cr_layer_axpy = {
    .name = "Axpy",
    .about = "a x + y with a factor per channel (SENet)",
    .in_min = 3,
    .in_max = 3,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_STRIDED,
    .shape = shape,
    .run = run,
};
