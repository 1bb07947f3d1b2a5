/*
 * region.c - Region (YOLO 2): the activations of a grid of boxes.
 *
 * Bottom (n, boxes * (coords + 1 + classes), h, w): per box x, y, w, h, objectness, scores of classes. x, y
 * and objectness go through the sigmoid, classes through a softmax over the classes of a box. Forks differ in
 * what comes out; the number of tops tells them apart:
 *   - one top (openvinotoolkit/training_toolbox_caffe, OpenVINO's RegionYolo): the bottom's shape, the rest
 *     copied;
 *   - two tops (zhang-xin/caffe and others, after darknet's get_region_boxes): boxes (n * boxes, h, w, 4) as
 *     middle and sides in parts of the picture, sides exp(w) * bias / width; and scores (n * boxes, h, w,
 *     classes + 1): objectness times class, 0 unless above thresh, and last the largest of them. There n is
 *     always 1.
 *
 * Parameters are those of region_loss_param. Where softmax is given as 0 in the second form, classes stay as
 * they are.
 */
#include "crema.pb-c.h"
#include "layers/yolo_base.h"

#include <math.h>

typedef struct region {
    const Crema__RegionLossParameter *p;
    int64_t boxes, classes, coords, length;
} region;

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__RegionLossParameter *p = layer->param->region_loss_param;
    region *r = layer->ctx;
    if (!p)
        return cr_layer_fail(layer, err, NULL, NULL, 0, "Region needs region_loss_param");
    if (p->num < 1 || p->num_class < 1)
        return cr_layer_fail(layer, err, p, p->num < 1 ? "num" : "num_class", 0,
                             "num (boxes) and num_class must be above 0");
    if (p->coords < 2 || (layer->n_out > 1 && p->coords != 4))
        return cr_layer_fail(layer, err, p, "coords", 0, "coords is %u; it must be 4", p->coords);
    if (layer->n_out > 1 && p->n_biases < 2 * (size_t)p->num)
        return cr_layer_fail(layer, err, p, "biases", 0,
                             "%u boxes need %zu biases (width and height), not %zu", p->num,
                             2 * (size_t)p->num, p->n_biases);
    *r = (region){p, p->num, p->num_class, p->coords, (int64_t)p->coords + 1 + p->num_class};
    layer->reading = layer->n_out > 1 ? "boxes and scores" : "activations in the bottom's shape";
    return CREMA_OK;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const region *r = layer->ctx;
    char text[CR_SHAPE_TEXT];
    const cr_shape *in = &s->in[0];
    int64_t n;
    if (in->rank != 4 || in->dim[1] != r->boxes * r->length || !cr_i64_mul(in->dim[0], r->boxes, &n))
        return cr_layer_fail(
            layer, err, layer->param, "bottom", 0,
            "bottom \"%s\" is %s; it must have 4 axes and %lld * %lld channels (boxes, values of "
            "each)",
            layer->in_name[0], cr_shape_text(in, text, sizeof text), (long long)r->boxes,
            (long long)r->length);
    s->out[0] = *in;
    if (layer->n_out > 1) {
        s->out[0] = (cr_shape){4, {n, in->dim[2], in->dim[3], 4}};
        s->out[1] = (cr_shape){4, {n, in->dim[2], in->dim[3], r->classes + 1}};
    }
    return CREMA_OK;
}

typedef struct work {
    const region *r;
    const cr_tensor *in, *out, *score; // score: NULL in the first form
    int64_t height, width;
} work;

// The largest score and the sum of exp(score - largest).
static float softmax_sum(const float *in, int64_t n, int64_t step, float *largest)
{
    float sum = 0;
    *largest = in[0];
    for (int64_t c = 1; c < n; c++)
        *largest = in[c * step] > *largest ? in[c * step] : *largest;
    for (int64_t c = 0; c < n; c++)
        sum += expf(in[c * step] - *largest);
    return sum;
}

static void activate(const work *w, const float *in, float *out)
{
    const region *r = w->r;
    int64_t step = w->height * w->width;
    float largest, sum = softmax_sum(in + (r->coords + 1) * step, r->classes, step, &largest);
    for (int64_t k = 0; k <= r->coords; k++)
        out[k * step] = k < 2 || k == r->coords ? cr_sigmoid(in[k * step]) : in[k * step];
    for (int64_t k = r->coords + 1; k < r->length; k++)
        out[k * step] = expf(in[k * step] - largest) / sum;
}

static void make_box(const work *w, int64_t box, int64_t cell, const float *in, float *out, float *score)
{
    const region *r = w->r;
    int64_t step = w->height * w->width;
    const float *bias = r->p->biases + 2 * box, *class = in + 5 * step;
    float largest, sum = softmax_sum(class, r->classes, step, &largest), most = 0;
    float object = cr_sigmoid(in[4 * step]);
    out[0] = ((float)(cell % w->width) + cr_sigmoid(in[0])) / (float)w->width;
    out[1] = ((float)(cell / w->width) + cr_sigmoid(in[step])) / (float)w->height;
    out[2] = expf(in[2 * step]) * bias[0] / (float)w->width;
    out[3] = expf(in[3 * step]) * bias[1] / (float)w->height;
    bool softmax = !r->p->has_softmax || r->p->softmax;
    for (int64_t c = 0; c < r->classes; c++) {
        float one = softmax ? expf(class[c * step] - largest) / sum : class[c * step];
        float value = object * one;
        most = value > most ? value : most;
        score[c] = value > r->p->thresh ? value : 0;
    }
    score[r->classes] = most > r->p->thresh ? most : 0;
}

// One box number of one image.
static void item(void *ctx, int64_t index, int slot)
{
    (void)slot;
    const work *w = ctx;
    const region *r = w->r;
    int64_t image = index / r->boxes, box = index % r->boxes, cells = w->height * w->width;
    const float *in = w->in->data + image * w->in->image_stride + box * r->length * cells;
    for (int64_t cell = 0; cell < cells; cell++)
        if (w->score)
            make_box(w, box, cell, in + cell, w->out->data + index * w->out->image_stride + 4 * cell,
                     w->score->data + index * w->score->image_stride + (r->classes + 1) * cell);
        else
            activate(w, in + cell,
                     w->out->data + image * w->out->image_stride + box * r->length * cells + cell);
}

static void run(const cr_step *step, cr_run *run)
{
    work w = {.r = step->layer->ctx, .in = cr_in(step, run, 0), .out = cr_out(step, run, 0)};
    w.score = step->n_out > 1 ? cr_out(step, run, 1) : NULL;
    w.height = w.in->shape.dim[2];
    w.width = w.in->shape.dim[3];
    cr_parallel(run->pool, w.in->shape.dim[0] * w.r->boxes, item, &w);
}

const cr_layer_type cr_layer_region = {
    .name = "Region",
    .about = "activations of YOLO 2 on its way to boxes",
    .param = "region_loss_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 2,
    .flags = CR_STRIDED,
    .ctx_bytes = sizeof(region),
    .setup = setup,
    .shape = shape,
    .run = run,
};
