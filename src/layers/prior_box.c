/*
 * prior_box.c - PriorBox (SSD): boxes of several sizes around the middle of each position of a feature map.
 *
 * Semantics of prior_box_layer.cpp in the ssd branch of weiliu89/caffe:
 *   - bottom 0 is the feature map, bottom 1 the picture; only their heights and widths count;
 *   - per position, for each min_size s: a square of side s; one of side sqrt(s * max_size), if max_size is
 *     given; then, for each aspect ratio r other than 1, s * sqrt(r) by s / sqrt(r);
 *   - ratio 1 is always there; a ratio within 1e-6 of an earlier one is left out; flip adds 1 / r behind r;
 *   - sizes are cut to whole numbers before use, as Caffe keeps them in an int;
 *   - without step, it is picture / map for each axis; the middle is (index + offset) * step;
 *   - top 1 x 2 x (4 * boxes): corners in parts of the picture (clip: within 0..1), then variances.
 */
#include "crema.pb-c.h"
#include "layers/boxes.h"

#include <math.h>

static const Crema__PriorBoxParameter none = CREMA__PRIOR_BOX_PARAMETER__INIT;

typedef struct prior_box {
    size_t n_ratios;
    float *ratio; // other than 1
    int64_t per_position;
    float variance[4];
    float step_h, step_w; // 0: from the picture
    int64_t img_h, img_w; // 0: from the picture
} prior_box;

static cr_status check_sizes(const cr_layer *layer, const Crema__PriorBoxParameter *p, cr_err *err)
{
    if (p->n_min_size == 0)
        return cr_layer_fail(layer, err, p, NULL, 0, "prior_box_param needs a min_size");
    for (size_t i = 0; i < p->n_min_size; i++)
        if (!(p->min_size[i] > 0 && p->min_size[i] <= 1e9f))
            return cr_layer_fail(layer, err, p, "min_size", i, "min_size must be above 0 and at most 1e9");
    if (p->n_max_size > 0 && p->n_max_size != p->n_min_size)
        return cr_layer_fail(
            layer, err, p, "max_size", 0,
            "max_size is given %zu times, min_size %zu times: it must be as often, or not at "
            "all",
            p->n_max_size, p->n_min_size);
    for (size_t i = 0; i < p->n_max_size; i++)
        if (!(p->max_size[i] > p->min_size[i] && p->max_size[i] <= 1e9f))
            return cr_layer_fail(layer, err, p, "max_size", i,
                                 "max_size %g must be above its min_size %g and at most 1e9",
                                 (double)p->max_size[i], (double)p->min_size[i]);
    return CREMA_OK;
}

static bool is_known(const prior_box *b, float ratio)
{
    if (fabs((double)ratio - 1) < 1e-6)
        return true;
    for (size_t i = 0; i < b->n_ratios; i++)
        if (fabsf(ratio - b->ratio[i]) < 1e-6)
            return true;
    return false;
}

static cr_status read_ratios(const cr_layer *layer, const Crema__PriorBoxParameter *p, prior_box *b,
                             cr_err *err)
{
    b->ratio = cr_arena_array(layer->arena, 2 * p->n_aspect_ratio + 1, sizeof *b->ratio);
    if (!b->ratio)
        return cr_no_memory(err);
    for (size_t i = 0; i < p->n_aspect_ratio; i++) {
        float ratio = p->aspect_ratio[i];
        if (!(ratio > 0 && ratio < INFINITY))
            return cr_layer_fail(layer, err, p, "aspect_ratio", i, "aspect_ratio must be above 0");
        if (is_known(b, ratio))
            continue;
        b->ratio[b->n_ratios++] = ratio;
        if (p->flip)
            b->ratio[b->n_ratios++] = (float)(1 / (double)ratio);
    }
    int64_t n_min = (int64_t)p->n_min_size, n_max = (int64_t)p->n_max_size;
    if (!cr_i64_mul((int64_t)b->n_ratios + 1, n_min, &b->per_position) ||
        !cr_i64_add(b->per_position, n_max, &b->per_position))
        return cr_layer_fail(layer, err, p, "aspect_ratio", 0, "too many boxes for a position");
    return CREMA_OK;
}

static cr_status read_variance(const cr_layer *layer, const Crema__PriorBoxParameter *p, prior_box *b,
                               cr_err *err)
{
    if (p->n_variance > 1 && p->n_variance != 4)
        return cr_layer_fail(layer, err, p, "variance", 0, "variance is given %zu times; it must be 1 or 4",
                             p->n_variance);
    for (size_t i = 0; i < p->n_variance; i++)
        if (!(p->variance[i] > 0))
            return cr_layer_fail(layer, err, p, "variance", i, "variance must be above 0");
    for (size_t i = 0; i < 4; i++)
        b->variance[i] = p->n_variance == 0 ? 0.1f : p->variance[p->n_variance == 1 ? 0 : i];
    return CREMA_OK;
}

static cr_status read_image(const cr_layer *layer, const Crema__PriorBoxParameter *p, prior_box *b,
                            cr_err *err)
{
    if (p->has_img_size && (p->has_img_h || p->has_img_w))
        return cr_layer_fail(layer, err, p, "img_size", 0, "give img_size, or img_h and img_w, not both");
    if (p->has_img_size && p->img_size == 0)
        return cr_layer_fail(layer, err, p, "img_size", 0, "img_size must be above 0");
    bool sides = p->has_img_h || p->has_img_w;
    if (sides && (p->img_h == 0 || p->img_w == 0))
        return cr_layer_fail(layer, err, p, p->has_img_h ? "img_h" : "img_w", 0,
                             "img_h and img_w must both be given and above 0");
    b->img_h = sides ? p->img_h : p->img_size;
    b->img_w = sides ? p->img_w : p->img_size;
    return CREMA_OK;
}

static cr_status read_step(const cr_layer *layer, const Crema__PriorBoxParameter *p, prior_box *b,
                           cr_err *err)
{
    if (p->has_step && (p->has_step_h || p->has_step_w))
        return cr_layer_fail(layer, err, p, "step", 0, "give step, or step_h and step_w, not both");
    if (p->has_step && !(p->step > 0))
        return cr_layer_fail(layer, err, p, "step", 0, "step must be above 0");
    bool sides = p->has_step_h || p->has_step_w;
    if (sides && !(p->step_h > 0 && p->step_w > 0))
        return cr_layer_fail(layer, err, p, p->has_step_h ? "step_h" : "step_w", 0,
                             "step_h and step_w must both be given and above 0");
    b->step_h = sides ? p->step_h : p->step;
    b->step_w = sides ? p->step_w : p->step;
    return CREMA_OK;
}

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__PriorBoxParameter *p = layer->param->prior_box_param ? layer->param->prior_box_param : &none;
    prior_box *b = layer->ctx;
    cr_status status = check_sizes(layer, p, err);
    if (!status)
        status = read_ratios(layer, p, b, err);
    if (!status)
        status = read_variance(layer, p, b, err);
    if (!status)
        status = read_image(layer, p, b, err);
    return status ? status : read_step(layer, p, b, err);
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const prior_box *b = layer->ctx;
    int64_t n;
    for (int i = 0; i < 2; i++)
        if (s->in[i].rank > 4 || cr_legacy_dim(&s->in[i], 2) < 1 || cr_legacy_dim(&s->in[i], 3) < 1)
            return cr_layer_fail(layer, err, layer->param, "bottom", (size_t)i,
                                 "bottom \"%s\" has no height and width", layer->in_name[i]);
    if (!cr_i64_mul(cr_legacy_dim(&s->in[0], 2), cr_legacy_dim(&s->in[0], 3), &n) ||
        !cr_i64_mul(n, b->per_position, &n) || !cr_i64_mul(n, 4, &n))
        return cr_layer_fail(layer, err, NULL, NULL, 0, "the top is too large");
    s->out[0] = (cr_shape){3, {1, 2, n}};
    return CREMA_OK;
}

typedef struct place {
    float x, y; // of the middle
    double img_w, img_h;
} place;

static float *put(const place *at, float width, float height, float *out)
{
    double x = (double)at->x, y = (double)at->y, half_w = (double)width / 2, half_h = (double)height / 2;
    out[0] = (float)((x - half_w) / at->img_w);
    out[1] = (float)((y - half_h) / at->img_h);
    out[2] = (float)((x + half_w) / at->img_w);
    out[3] = (float)((y + half_h) / at->img_h);
    return out + 4;
}

static float *put_position(const prior_box *b, const Crema__PriorBoxParameter *p, const place *at, float *out)
{
    for (size_t i = 0; i < p->n_min_size; i++) {
        double size = (double)(int64_t)p->min_size[i];
        out = put(at, (float)size, (float)size, out);
        if (p->n_max_size > 0) {
            float side = (float)sqrt(size * (double)(int64_t)p->max_size[i]);
            out = put(at, side, side, out);
        }
        for (size_t r = 0; r < b->n_ratios; r++) {
            double root = sqrt((double)b->ratio[r]);
            out = put(at, (float)(size * root), (float)(size / root), out);
        }
    }
    return out;
}

static void run(const cr_step *step, cr_run *run)
{
    const prior_box *b = step->layer->ctx;
    const Crema__PriorBoxParameter *p = step->layer->param->prior_box_param;
    const cr_shape *map = &cr_in(step, run, 0)->shape, *picture = &cr_in(step, run, 1)->shape;
    const cr_tensor *top = cr_out(step, run, 0);
    int64_t height = cr_legacy_dim(map, 2), width = cr_legacy_dim(map, 3), n = top->shape.dim[2];
    int64_t img_h = b->img_h ? b->img_h : cr_legacy_dim(picture, 2);
    int64_t img_w = b->img_w ? b->img_w : cr_legacy_dim(picture, 3);
    bool given = b->step_h > 0 && b->step_w > 0;
    float step_h = given ? b->step_h : (float)img_h / (float)height;
    float step_w = given ? b->step_w : (float)img_w / (float)width;
    float *out = top->data;
    for (int64_t y = 0; y < height; y++)
        for (int64_t x = 0; x < width; x++) {
            place at = {((float)x + p->offset) * step_w, ((float)y + p->offset) * step_h, (double)img_w,
                        (double)img_h};
            out = put_position(b, p, &at, out);
        }
    for (int64_t i = 0; p->clip && i < n; i++)
        top->data[i] = fminf(fmaxf(top->data[i], 0), 1);
    for (int64_t i = 0; i < n; i++)
        out[i] = b->variance[i % 4];
}

const cr_layer_type cr_layer_prior_box = {
    .name = "PriorBox",
    .about = "default boxes of SSD for each position of a map",
    .param = "prior_box_param",
    .in_min = 2,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_STRIDED,
    .ctx_bytes = sizeof(prior_box),
    .setup = setup,
    .shape = shape,
    .run = run,
};
