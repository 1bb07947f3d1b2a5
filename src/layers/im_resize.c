/*
 * im_resize.c - ImResize (OpenPose's caffe_rtpose): heat maps of several scales, enlarged and averaged.
 *
 * Semantics of imresize_layer.cu there; its CPU code was not kept in step. The images of bottom (n, c, h, w)
 * are one picture at n scales: number i covers start_scale - i * scale_gap of the map, in its middle, so
 * floor(side / 2 * (1 - start_scale + i * scale_gap)) cells are left off at each end (side / 2 is a whole
 * number). What remains is resized by cubic interpolation (a = -0.5), cells at the ends repeated, and the
 * mean over i is the top (1, c, height, width): factor times the bottom's sides, or target_spatial_height and
 * _width where factor is 0. Before the first cell's middle the polynomial goes on; that is the source's way.
 */
#include "crema.pb-c.h"
#include "layers/layer.h"

#include <math.h>
#include <string.h>

typedef struct im_resize {
    Crema__ImResizeParameter p; // the file's, or the defaults
} im_resize;

typedef struct taps {
    int32_t at[4];
    float weight[4];
} taps;

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__ImResizeParameter *p = layer->param->imresize_param;
    im_resize *r = layer->ctx;
    if (p)
        r->p = *p;
    else
        crema__im_resize_parameter__init(&r->p);
    if (!(r->p.factor >= 0 && r->p.factor < 1e6f))
        return cr_layer_fail(layer, err, p, "factor", 0, "factor must be above 0, or 0 for a target size");
    if (!isfinite(r->p.start_scale) || !isfinite(r->p.scale_gap))
        return cr_layer_fail(layer, err, p, isfinite(r->p.start_scale) ? "scale_gap" : "start_scale", 0,
                             "start_scale and scale_gap must be numbers");
    return CREMA_OK;
}

// Cells that image i leaves off at each end of an axis.
static double margin(const im_resize *r, int64_t side, int64_t i)
{
    return floor((double)((float)(side / 2) * (1 - r->p.start_scale + (float)i * r->p.scale_gap)));
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const im_resize *r = layer->ctx;
    const cr_shape *in = &s->in[0];
    const Crema__ImResizeParameter *p = layer->param->imresize_param;
    char text[CR_SHAPE_TEXT];
    if (in->rank != 4 || in->dim[0] < 1)
        return cr_layer_fail(layer, err, layer->param, "bottom", 0,
                             "bottom \"%s\" is %s; it must have 4 axes, and an image for each scale",
                             layer->in_name[0], cr_shape_text(in, text, sizeof text));
    int64_t out[2] = {r->p.target_spatial_height, r->p.target_spatial_width};
    for (int a = 0; a < 2; a++) {
        int64_t side = in->dim[2 + a];
        if (r->p.factor > 0)
            out[a] = (int64_t)((float)side * r->p.factor);
        if (out[a] < 1 || side < 1)
            return cr_layer_fail(layer, err, p, r->p.factor > 0 ? "factor" : NULL, 0,
                                 "the top would have no %s", a == 0 ? "height" : "width");
        // Linear in the number of the image: the first and the last are the extremes.
        for (int64_t i = 0; i<in->dim[0]; i += in->dim[0]> 1 ? in->dim[0] - 1 : 1) {
            double off = margin(r, side, i);
            if (off < 0 || 2 * off >= (double)side)
                return cr_layer_fail(layer, err, p, i == 0 ? "start_scale" : "scale_gap", 0,
                                     "image %lld covers %g of the map; it must be above 0 and at most 1",
                                     (long long)i, (double)(r->p.start_scale - (float)i * r->p.scale_gap));
        }
    }
    cr_shape rows = {3, {in->dim[1], out[0], in->dim[3]}}, columns = {3, {in->dim[0], out[1], sizeof(taps)}};
    if (in->dim[2] > INT32_MAX || in->dim[3] > INT32_MAX || !cr_shape_valid(&rows) ||
        !cr_shape_valid(&columns))
        return cr_layer_fail(layer, err, p, NULL, 0, "the top is too large");
    s->out[0] = (cr_shape){4, {1, in->dim[1], out[0], out[1]}};
    return CREMA_OK;
}

// The four cells for position `to` of n_to, over n_from cells that begin at first.
static taps taps_at(int64_t to, int64_t n_to, int64_t n_from, int64_t first)
{
    float offset = (float)n_to / (float)n_from / 2 - 0.5f;
    float from = ((float)to - offset) * ((float)n_from / (float)n_to);
    int64_t left = (int64_t)((double)from + 1e-5), last = n_from - 1;
    left = left < 0 ? 0 : left > last ? last : left;
    float d = from - (float)left;
    taps t = {.weight = {((-0.5f * d + 1) * d - 0.5f) * d, (1.5f * d - 2.5f) * d * d + 1,
                         ((-1.5f * d + 2) * d + 0.5f) * d, (0.5f * d - 0.5f) * d * d}};
    for (int64_t k = 0; k < 4; k++) {
        int64_t cell = left + k - 1;
        t.at[k] = (int32_t)(first + (cell < 0 ? 0 : cell > last ? last : cell));
    }
    return t;
}

/* ---- scratch: taps of the top's columns for each image; per row of the top, the sums of four rows ---- */

static cr_status prepare(cr_step *step, const cr_preparing *p, cr_err *err)
{
    (void)err;
    const cr_shape *in = &p->tensor[step->in[0]].shape, *out = &p->tensor[step->out[0]].shape;
    step->scratch_bytes = (size_t)(in->dim[0] * out->dim[3]) * sizeof(taps) +
                          (size_t)(out->dim[1] * out->dim[2] * in->dim[3]) * sizeof(float);
    return CREMA_OK;
}

typedef struct work {
    const im_resize *r;
    const cr_tensor *in, *out;
    int64_t height, width, out_height, out_width;
    taps *across;
    float *rows; // (channels * out_height, width)
} work;

// One row of one map of the top.
static void item(void *ctx, int64_t index, int slot)
{
    (void)slot;
    const work *w = ctx;
    int64_t channel = index / w->out_height, y = index % w->out_height, n = w->in->shape.dim[0];
    float *out = w->out->data + index * w->out_width, *row = w->rows + index * w->width;
    memset(out, 0, (size_t)w->out_width * sizeof *out);
    for (int64_t i = 0; i < n; i++) {
        int64_t off = (int64_t)margin(w->r, w->height, i);
        const float *map = w->in->data + i * w->in->image_stride + channel * w->height * w->width;
        taps v = taps_at(y, w->out_height, w->height - 2 * off, off);
        const float *in[4];
        for (int k = 0; k < 4; k++)
            in[k] = map + v.at[k] * w->width;
        for (int64_t x = 0; x < w->width; x++)
            row[x] = v.weight[0] * in[0][x] + v.weight[1] * in[1][x] + v.weight[2] * in[2][x] +
                     v.weight[3] * in[3][x];
        for (int64_t x = 0; x < w->out_width; x++) {
            const taps *h = &w->across[i * w->out_width + x];
            out[x] += h->weight[0] * row[h->at[0]] + h->weight[1] * row[h->at[1]] +
                      h->weight[2] * row[h->at[2]] + h->weight[3] * row[h->at[3]];
        }
    }
    for (int64_t x = 0; x < w->out_width; x++)
        out[x] /= (float)n;
}

static void run(const cr_step *step, cr_run *run)
{
    work w = {.r = step->layer->ctx, .in = cr_in(step, run, 0), .out = cr_out(step, run, 0)};
    int64_t n = w.in->shape.dim[0];
    w.height = w.in->shape.dim[2];
    w.width = w.in->shape.dim[3];
    w.out_height = w.out->shape.dim[2];
    w.out_width = w.out->shape.dim[3];
    w.across = run->scratch;
    w.rows = (float *)(void *)(w.across + n * w.out_width);
    for (int64_t i = 0; i < n; i++) {
        int64_t off = (int64_t)margin(w.r, w.width, i);
        for (int64_t x = 0; x < w.out_width; x++)
            w.across[i * w.out_width + x] = taps_at(x, w.out_width, w.width - 2 * off, off);
    }
    cr_parallel(run->pool, w.out->shape.dim[1] * w.out_height, item, &w);
}

const cr_layer_type cr_layer_im_resize = {
    .name = "ImResize",
    .about = "cubic resizing and averaging of heat maps (OpenPose)",
    .param = "imresize_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_STRIDED,
    .ctx_bytes = sizeof(im_resize),
    .setup = setup,
    .shape = shape,
    .prepare = prepare,
    .run = run,
};
