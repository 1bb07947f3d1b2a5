/*
 * normalize.c - Normalize: divides by the length of a vector, then multiplies by a learned scale.
 *
 * The layer of the SSD fork (normalize_layer.cpp). The vector is the whole image with across_spatial, which
 * is on by default, else the channels (axis 1) of one position. eps is added to the sum of squares, under the
 * root. The scale is one number with channel_shared, also the default, else one per channel; 1 without a
 * filler. A shared scale has no axes, or one of length 1 in older files.
 */
#include "crema.pb-c.h"
#include "layers/elementwise.h"

#include <math.h>

enum { POSITIONS = 64 }; // in one item of work

static const Crema__NormalizeParameter none = {.across_spatial = true, .channel_shared = true, .eps = 1e-10f};

static const Crema__NormalizeParameter *param(const cr_layer *layer)
{
    return layer->param->norm_param ? layer->param->norm_param : &none;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const Crema__NormalizeParameter *p = param(layer);
    const cr_shape *in = &s->in[0];
    char text[CR_SHAPE_TEXT];
    if (in->rank < 2)
        return cr_layer_fail(layer, err, layer->param, "bottom", 0,
                             "needs channels along axis 1, which bottom \"%s\" (%s) does not have",
                             layer->in_name[0], cr_shape_text(in, text, sizeof text));
    s->n_blobs = 1;
    s->blob[0] = (cr_blob_spec){.what = "scale", .filler = p->scale_filler, .fill = 1};
    if (!p->channel_shared)
        s->blob[0].shape = (cr_shape){.rank = 1, .dim = {in->dim[1]}};
    else if (s->n_stored == 1 && s->stored[0].rank == 1)
        s->blob[0].shape = (cr_shape){.rank = 1, .dim = {1}};
    return cr_shape_like_bottom(layer, s, err);
}

typedef struct norm {
    const cr_tensor *in, *out;
    cr_operand scale;
    int64_t channels, inner, blocks; // blocks of positions in an image
    float eps;
} norm;

static void image_item(void *ctx, int64_t image, int slot)
{
    (void)slot;
    const norm *s = ctx;
    const float *in = s->in->data + image * s->in->image_stride;
    float *out = s->out->data + image * s->out->image_stride;
    double sum = s->eps;
    for (int64_t i = 0; i < s->channels * s->inner; i++)
        sum += (double)in[i] * in[i];
    float length = (float)sqrt(sum);
    for (int64_t c = 0; c < s->channels; c++) {
        float scale = cr_operand_at(&s->scale, c);
        for (int64_t i = c * s->inner; i < (c + 1) * s->inner; i++)
            out[i] = in[i] / length * scale;
    }
}

static void positions_item(void *ctx, int64_t index, int slot)
{
    (void)slot;
    const norm *s = ctx;
    int64_t image = index / s->blocks, from = index % s->blocks * POSITIONS;
    int64_t n = s->inner - from < POSITIONS ? s->inner - from : POSITIONS;
    const float *in = s->in->data + image * s->in->image_stride + from;
    float *out = s->out->data + image * s->out->image_stride + from;
    double sum[POSITIONS];
    float length[POSITIONS];
    for (int64_t i = 0; i < n; i++)
        sum[i] = s->eps;
    for (int64_t c = 0; c < s->channels; c++)
        for (int64_t i = 0; i < n; i++)
            sum[i] += (double)in[c * s->inner + i] * in[c * s->inner + i];
    for (int64_t i = 0; i < n; i++)
        length[i] = (float)sqrt(sum[i]);
    for (int64_t c = 0; c < s->channels; c++) {
        float scale = cr_operand_at(&s->scale, c);
        for (int64_t i = 0; i < n; i++)
            out[c * s->inner + i] = in[c * s->inner + i] / length[i] * scale;
    }
}

static void run(const cr_step *step, cr_run *run)
{
    const Crema__NormalizeParameter *p = param(step->layer);
    norm s = {.in = cr_in(step, run, 0), .out = cr_out(step, run, 0), .eps = p->eps};
    cr_rows rows = cr_rows_of(s.in, 1, 1);
    s.scale = cr_operand_blob(step->blob[0], &rows);
    s.scale.scalar |= p->channel_shared;
    s.channels = rows.channels;
    s.inner = rows.inner;
    s.blocks = (s.inner + POSITIONS - 1) / POSITIONS;
    if (p->across_spatial)
        cr_parallel(run->pool, rows.images, image_item, &s);
    else
        cr_parallel(run->pool, rows.images * s.blocks, positions_item, &s);
}

const cr_layer_type cr_layer_normalize = {
    .name = "Normalize",
    .about = "divided by the L2 norm across channels, with a learned scale (SSD)",
    .aliases = {"L2Norm", "NormalizeBBox"},
    .param = "norm_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_INPLACE | CR_STRIDED,
    .shape = shape,
    .run = run,
};
