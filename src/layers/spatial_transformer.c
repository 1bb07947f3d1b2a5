/*
 * spatial_transformer.c - SpatialTransformer: bottom 0, read along an affine map that bottom 1 gives.
 *
 * Semantics of st_layer.cpp in daerduoCarey's layer, which RMPE took over; they differ from the paper's.
 * The top, output_H x output_W (the bottom's size by default), has at row i and column j the coordinates
 * u = 2 i / output_H - 1, v = 2 j / output_W - 1: rows come first, and the last position is not 1. It reads
 * the row (t11 u + t12 v + t13 + 1) / 2 * H and the column (t21 u + t22 v + t23 + 1) / 2 * W of the bottom,
 * bilinearly; what is outside counts as 0. Bottom 1 has the six values for each image, less those that
 * st_param fixes. There is no other transform_type than "affine", and no other sampler_type than
 * "bilinear".
 */
#include "crema.pb-c.h"
#include "layers/resize.h"
#include "layers/sample.h"

#include <math.h>
#include <string.h>

enum { THETAS = 6 };

typedef struct context {
    bool fixed[THETAS];
    float theta[THETAS];
    int n_free; // values that bottom 1 gives
} context;

static cr_status setup(cr_layer *layer, cr_err *err)
{
    static const Crema__SpatialTransformerParameter none = CREMA__SPATIAL_TRANSFORMER_PARAMETER__INIT;
    const Crema__SpatialTransformerParameter *p = layer->param->st_param ? layer->param->st_param : &none;
    if (p->transform_type && strcmp(p->transform_type, "affine") != 0)
        return cr_layer_fail(layer, err, p, "transform_type", 0,
                             "transform_type \"%s\": only \"affine\" is known", p->transform_type);
    if (p->sampler_type && strcmp(p->sampler_type, "bilinear") != 0)
        return cr_layer_fail(layer, err, p, "sampler_type", 0,
                             "sampler_type \"%s\": only \"bilinear\" is known", p->sampler_type);
    if (p->has_output_h && p->output_h < 1)
        return cr_layer_fail(layer, err, p, "output_H", 0, "output_H %d is less than 1", p->output_h);
    if (p->has_output_w && p->output_w < 1)
        return cr_layer_fail(layer, err, p, "output_W", 0, "output_W %d is less than 1", p->output_w);
    context *ctx = layer->ctx;
    const protobuf_c_boolean fixed[THETAS] = {p->has_theta_1_1, p->has_theta_1_2, p->has_theta_1_3,
                                              p->has_theta_2_1, p->has_theta_2_2, p->has_theta_2_3};
    const double theta[THETAS] = {p->theta_1_1, p->theta_1_2, p->theta_1_3,
                                  p->theta_2_1, p->theta_2_2, p->theta_2_3};
    for (int i = 0; i < THETAS; i++) {
        ctx->fixed[i] = fixed[i];
        ctx->theta[i] = (float)theta[i];
        ctx->n_free += !fixed[i];
    }
    return CREMA_OK;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const context *ctx = layer->ctx;
    const Crema__SpatialTransformerParameter *p = layer->param->st_param;
    cr_status status = cr_need_planes(layer, s, 0, err);
    if (status)
        return status;
    const cr_shape *in = &s->in[0], *theta = &s->in[1];
    char text[CR_SHAPE_TEXT];
    if (theta->rank < 1 || theta->dim[0] != in->dim[0] ||
        cr_shape_range(theta, 1, theta->rank) != ctx->n_free)
        return cr_layer_fail(layer, err, NULL, "bottom", 1,
                             "bottom \"%s\" (%s) must have %d values for each of the %lld images of \"%s\"",
                             layer->in_name[1], cr_shape_text(theta, text, sizeof text), ctx->n_free,
                             (long long)in->dim[0], layer->in_name[0]);
    s->out[0] = *in;
    if (p && p->has_output_h)
        s->out[0].dim[2] = p->output_h;
    if (p && p->has_output_w)
        s->out[0].dim[3] = p->output_w;
    int64_t from, to;
    if (!cr_i64_mul(in->dim[2], in->dim[3], &from) || from > CR_SAMPLE_MAX ||
        !cr_i64_mul(s->out[0].dim[2], s->out[0].dim[3], &to) || to > CR_SAMPLE_MAX)
        return cr_layer_fail(layer, err, p, p && p->has_output_h ? "output_H" : NULL, 0,
                             "the planes are too large");
    return CREMA_OK;
}

static cr_status prepare(cr_step *step, const cr_preparing *p, cr_err *err)
{
    return cr_sample_scratch(step, p, err);
}

typedef struct map {
    const context *ctx;
    const cr_tensor *theta;
    int64_t in_height, in_width, out_height, out_width;
} map;

// The two positions of an axis around `at`, and their weights; a position outside of 0 .. n-1 weighs 0 and
// is replaced by the other one. False: both are outside.
static bool around(float at, int64_t n, int64_t position[2], float weight[2])
{
    if (!(at > -1 && at < (float)n)) // NaN too
        return false;
    int64_t low = (int64_t)floorf(at), high = low + 1;
    float rest = at - (float)low;
    position[0] = low < 0 ? high : low;
    position[1] = high < n ? high : low;
    weight[0] = low < 0 ? 0 : 1 - rest;
    weight[1] = high < n ? rest : 0;
    return position[0] < n;
}

static void sample_row(const void *arg, int64_t n, int64_t y, cr_sample *s)
{
    const map *m = arg;
    const float *given = m->theta->data + n * m->theta->image_stride;
    float t[THETAS];
    for (int i = 0; i < THETAS; i++)
        t[i] = m->ctx->fixed[i] ? m->ctx->theta[i] : *given++;
    float u = (float)(2.0 * (double)y / (double)m->out_height - 1);
    for (int64_t x = 0; x < m->out_width; x++, s++) {
        float v = (float)(2.0 * (double)x / (double)m->out_width - 1);
        float row = (t[0] * u + t[1] * v + t[2] + 1) / 2 * (float)m->in_height;
        float column = (t[3] * u + t[4] * v + t[5] + 1) / 2 * (float)m->in_width;
        int64_t h[2], w[2];
        float a[2], b[2];
        s->at[0] = -1;
        if (!around(row, m->in_height, h, a) || !around(column, m->in_width, w, b))
            continue;
        for (int i = 0; i < 4; i++) {
            s->at[i] = (int32_t)(h[i / 2] * m->in_width + w[i % 2]);
            s->weight[i] = a[i / 2] * b[i % 2];
        }
    }
}

static void run(const cr_step *step, cr_run *run)
{
    const cr_shape *in = &cr_in(step, run, 0)->shape, *out = &cr_out(step, run, 0)->shape;
    map m = {step->layer->ctx, cr_in(step, run, 1), in->dim[2], in->dim[3], out->dim[2], out->dim[3]};
    cr_sample_run(step, run, sample_row, &m, 0);
}

const cr_layer_type cr_layer_spatial_transformer = {
    .name = "SpatialTransformer",
    .about = "an image sampled through an affine map per image",
    .param = "st_param",
    .in_min = 2,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_STRIDED,
    .ctx_bytes = sizeof(context),
    .setup = setup,
    .shape = shape,
    .prepare = prepare,
    .run = run,
};
