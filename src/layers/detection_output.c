/*
 * detection_output.c - DetectionOutput (SSD): offsets, scores and prior boxes to detections.
 *
 * Semantics of detection_output_layer.cpp and bbox_util.cpp in the ssd branch of weiliu89/caffe. Bottoms:
 * offsets (n, priors * classes or 1 * 4), scores (n, priors * classes), priors (1, 2, priors * 4), boxes then
 * variances.
 *   - per class but the background: scores above confidence_threshold, best first (equal ones in the order of
 *     the priors), the first top_k; then suppression, whose threshold shrinks by eta while it is above 0.5;
 *   - if an image keeps more than keep_top_k, its best remain. Caffe's order of equal scores is that of
 *     std::sort; here the lower class comes first, then the better one within it;
 *   - rows go image by image, class by class, best first. Boxes are not clipped;
 *   - nothing at all found: a row [i, -1, ...] for each image.
 * Two more bottoms are RefineDet's (sfzhang15/RefineDet): objectness (n, priors * 2), which must reach
 * objectness_score or the scores become 1 for class 0 and 0 else; and offsets that refine the priors first.
 *
 * Caffe aborts on a prior without size (CENTER_SIZE, CORNER_SIZE); here its box is what the formula gives.
 */
#include "crema.pb-c.h"
#include "layers/boxes.h"

#include <float.h>
#include <math.h>

enum { BLOCK = 512 }; // boxes decoded as one item of work

typedef struct detection {
    const Crema__DetectionOutputParameter *p;
    const Crema__NonMaximumSuppressionParameter *nms;
    int64_t classes, loc_classes;
    float confidence;
    Crema__NonMaximumSuppressionParameter plain_nms; // where the file has none
} detection;

static cr_status check_nms(const cr_layer *layer, const Crema__NonMaximumSuppressionParameter *nms,
                           cr_err *err)
{
    if (!(nms->nms_threshold >= 0))
        return cr_layer_fail(layer, err, nms, "nms_threshold", 0, "nms_threshold must be at least 0");
    if (!(nms->eta > 0 && nms->eta <= 1))
        return cr_layer_fail(layer, err, nms, "eta", 0, "eta must be above 0 and at most 1");
    return CREMA_OK;
}

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__DetectionOutputParameter *p = layer->param->detection_output_param;
    detection *d = layer->ctx;
    if (!p || !p->has_num_classes || p->num_classes == 0 || p->num_classes > INT32_MAX)
        return cr_layer_fail(layer, err, p, p && p->has_num_classes ? "num_classes" : NULL, 0,
                             "detection_output_param needs num_classes, at least 1");
    if ((unsigned)p->code_type - CREMA__PRIOR_BOX_PARAMETER__CODE_TYPE__CORNER > 2)
        return cr_layer_fail(layer, err, p, "code_type", 0, "code_type %d is not known", (int)p->code_type);
    if (layer->n_in > 4 && !p->share_location)
        return cr_layer_fail(layer, err, p, "share_location", 0,
                             "refined priors (bottom \"%s\") need share_location: true", layer->in_name[4]);
    if (p->save_output_param)
        cr_layer_warn(layer, p->save_output_param, NULL, 0,
                      "save_output_param is ignored: no files are written");
    if (p->has_visualize && p->visualize)
        cr_layer_warn(layer, p, "visualize", 0, "visualize is ignored: nothing is shown");
    crema__non_maximum_suppression_parameter__init(&d->plain_nms);
    d->p = p;
    d->nms = p->nms_param ? p->nms_param : &d->plain_nms;
    d->classes = p->num_classes;
    d->loc_classes = p->share_location ? 1 : d->classes;
    d->confidence = p->has_confidence_threshold ? p->confidence_threshold : -FLT_MAX;
    if (layer->n_in > 3)
        layer->reading =
            layer->n_in > 4 ? "RefineDet: objectness and refined priors" : "RefineDet: objectness";
    return check_nms(layer, d->nms, err);
}

// A bottom must have `images` images of `want` values.
static cr_status check_bottom(const cr_layer *layer, const cr_shaping *s, int i, int64_t want, cr_err *err)
{
    char text[CR_SHAPE_TEXT];
    const cr_shape *in = &s->in[i];
    if (in->rank >= 1 && in->dim[0] == s->in[0].dim[0] && cr_shape_range(in, 1, in->rank) == want)
        return CREMA_OK;
    return cr_layer_fail(layer, err, layer->param, "bottom", (size_t)i,
                         "bottom \"%s\" is %s; %lld images of %lld values were expected for the priors in "
                         "\"%s\"",
                         layer->in_name[i], cr_shape_text(in, text, sizeof text), (long long)s->in[0].dim[0],
                         (long long)want, layer->in_name[2]);
}

static int64_t limit(int64_t value, int64_t most)
{
    return most > -1 && value > most ? most : value;
}

// Detections that an image can have before keep_top_k.
static int64_t most_kept(const detection *d, int64_t priors)
{
    return d->classes * limit(priors, d->nms->has_top_k ? d->nms->top_k : -1);
}

static int64_t priors_of(const cr_shape *prior)
{
    return cr_legacy_dim(prior, 2) / 4;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const detection *d = layer->ctx;
    char text[CR_SHAPE_TEXT];
    const cr_shape *prior = &s->in[2];
    if (s->in[0].rank < 1)
        return cr_layer_fail(layer, err, layer->param, "bottom", 0, "bottom \"%s\" has no axes",
                             layer->in_name[0]);
    if (prior->rank < 3 || prior->dim[0] < 1 || prior->dim[1] != 2)
        return cr_layer_fail(layer, err, layer->param, "bottom", 2,
                             "bottom \"%s\" is %s; prior boxes are 1x2x(4 * number of priors)",
                             layer->in_name[2], cr_shape_text(prior, text, sizeof text));
    int64_t priors = priors_of(prior), scores, rows;
    if (!cr_i64_mul(priors, d->classes, &scores) || scores > INT32_MAX / 4)
        return cr_layer_fail(layer, err, d->p, "num_classes", 0, "%lld classes of %lld priors are too many",
                             (long long)d->classes, (long long)priors);
    cr_status status = check_bottom(layer, s, 0, priors * d->loc_classes * 4, err);
    if (!status)
        status = check_bottom(layer, s, 1, scores, err);
    if (!status && layer->n_in > 3)
        status = check_bottom(layer, s, 3, priors * 2, err);
    if (!status && layer->n_in > 4)
        status = check_bottom(layer, s, 4, priors * 4, err);
    if (status)
        return status;
    if (!cr_i64_mul(s->in[0].dim[0], limit(most_kept(d, priors), d->p->keep_top_k), &rows))
        return cr_layer_fail(layer, err, NULL, NULL, 0, "the top is too large");
    cr_box_rows_shape(s, s->in[0].dim[0], rows);
    s->declared = (cr_shape){4, {1, 1, 1, CR_BOX_ROW}}; // what Caffe's Reshape leaves
    return CREMA_OK;
}

/* ---- scratch: boxes of an image by (location class, prior), candidates of a class, what it keeps ---- */

typedef struct work {
    cr_box *box;
    cr_scored *candidate, *kept, *best, *temp;
} work;

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static work lay_out(const detection *d, int64_t priors, void *scratch)
{
    work w = {.box = scratch};
    size_t kept = (size_t)most_kept(d, priors), n = (size_t)priors;
    w.candidate = (cr_scored *)(void *)(w.box + n * (size_t)d->loc_classes);
    w.kept = w.candidate + n;
    w.best = w.kept + kept;
    w.temp = w.best + kept;
    return w;
}

static cr_status prepare(cr_step *step, const cr_preparing *p, cr_err *err)
{
    (void)err;
    const detection *d = step->layer->ctx;
    int64_t priors = priors_of(&p->tensor[step->in[2]].shape);
    size_t kept = (size_t)most_kept(d, priors), n = (size_t)priors;
    step->scratch_bytes =
        n * (size_t)d->loc_classes * sizeof(cr_box) + (n + 2 * kept + larger(n, kept)) * sizeof(cr_scored);
    return CREMA_OK;
}

/* ---- decoding ---- */

static cr_box decode_corner(const float prior[4], const float variance[4], const float offset[4],
                            const float unit[2])
{
    float corner[4];
    for (int i = 0; i < 4; i++)
        corner[i] = prior[i] + variance[i] * offset[i] * unit[i % 2];
    return (cr_box){corner[0], corner[1], corner[2], corner[3]};
}

static cr_box decode_center(const float prior[4], const float variance[4], const float offset[4],
                            const float size[2])
{
    double middle[2], half[2];
    for (int i = 0; i < 2; i++) {
        float prior_middle = (prior[i] + prior[2 + i]) / 2;
        middle[i] = (double)(variance[i] * offset[i] * size[i] + prior_middle);
        half[i] = (double)(float)(exp((double)(variance[2 + i] * offset[2 + i])) * (double)size[i]) / 2;
    }
    return (cr_box){(float)(middle[0] - half[0]), (float)(middle[1] - half[1]), (float)(middle[0] + half[0]),
                    (float)(middle[1] + half[1])};
}

static cr_box decode(const detection *d, const float *prior, const float *variance, const float *offset)
{
    static const float one[4] = {1, 1, 1, 1};
    const float size[2] = {prior[2] - prior[0], prior[3] - prior[1]};
    if (d->p->variance_encoded_in_target)
        variance = one;
    switch (d->p->code_type) {
    case CREMA__PRIOR_BOX_PARAMETER__CODE_TYPE__CORNER_SIZE:
        return decode_corner(prior, variance, offset, size);
    case CREMA__PRIOR_BOX_PARAMETER__CODE_TYPE__CENTER_SIZE:
        return decode_center(prior, variance, offset, size);
    default:
        return decode_corner(prior, variance, offset, one);
    }
}

typedef struct image {
    const detection *d;
    const float *offset;     // (priors, loc_classes, 4)
    const float *score;      // (priors, classes)
    const float *prior;      // (2, priors, 4)
    const float *objectness; // (priors, 2) or NULL
    const float *refine;     // (priors, 4) or NULL
    int64_t priors;
    work w;
} image;

static void decode_block(void *ctx, int64_t item, int slot)
{
    (void)slot;
    const image *m = ctx;
    int64_t end = (item + 1) * BLOCK, n = m->d->loc_classes;
    for (int64_t i = item * BLOCK; i < end && i < m->priors; i++) {
        const float *prior = m->prior + 4 * i, *variance = m->prior + 4 * (m->priors + i);
        cr_box refined;
        if (m->refine) {
            refined = decode(m->d, prior, variance, m->refine + 4 * i);
            prior = &refined.x0;
        }
        for (int64_t c = 0; c < n; c++)
            m->w.box[c * m->priors + i] = decode(m->d, prior, variance, m->offset + 4 * (i * n + c));
    }
}

/* ---- choosing ---- */

static int64_t candidates(const image *m, int64_t c)
{
    float least = m->d->confidence, without = c == 0 ? 1.0f : 0.0f;
    int64_t n = 0;
    for (int64_t i = 0; i < m->priors; i++) {
        float score = m->score[i * m->d->classes + c];
        if (m->objectness && m->objectness[2 * i + 1] < m->d->p->objectness_score)
            score = without;
        if (score > least)
            m->w.candidate[n++] = (cr_scored){score, (int32_t)i};
    }
    return n;
}

// What class c keeps, appended to w.kept as indices class * priors + prior.
static int64_t keep_class(const image *m, int64_t c, int64_t n_kept)
{
    const detection *d = m->d;
    cr_scored *list = m->w.candidate;
    int64_t n = candidates(m, c);
    cr_sort_scores(list, m->w.temp, n);
    cr_nms nms = {.kind = CR_NMS_SSD,
                  .threshold = d->nms->nms_threshold,
                  .eta = d->nms->eta,
                  .max_kept = INT64_MAX,
                  .per_box = 1,
                  .box = m->w.box + (d->loc_classes > 1 ? c * m->priors : 0)};
    n = cr_nms_run(&nms, list, limit(n, d->nms->has_top_k ? d->nms->top_k : -1));
    for (int64_t i = 0; i < n; i++)
        m->w.kept[n_kept++] = (cr_scored){list[i].score, (int32_t)(c * m->priors + list[i].index)};
    return n_kept;
}

// Leaves the best `most` of all classes, in their order.
static int64_t keep_best(const image *m, int64_t n, int64_t most)
{
    cr_scored *kept = m->w.kept, *best = m->w.best;
    if (n <= most)
        return n;
    if (most == 0)
        return 0;
    for (int64_t i = 0; i < n; i++)
        best[i] = (cr_scored){kept[i].score, (int32_t)i};
    cr_sort_scores(best, m->w.temp, n);
    cr_scored last = best[most - 1];
    int64_t left = 0;
    for (int64_t i = 0; i < n; i++)
        if (kept[i].score > last.score || (kept[i].score == last.score && i <= last.index))
            kept[left++] = kept[i];
    return left;
}

// Writes the rows of one image; returns how many.
static int64_t detect(image *m, int64_t index, float *rows, cr_pool *pool)
{
    const detection *d = m->d;
    int64_t n = 0;
    cr_parallel(pool, (m->priors + BLOCK - 1) / BLOCK, decode_block, m);
    for (int64_t c = 0; c < d->classes; c++)
        if (c != d->p->background_label_id)
            n = keep_class(m, c, n);
    if (d->p->keep_top_k > -1)
        n = keep_best(m, n, d->p->keep_top_k);
    for (int64_t i = 0; i < n; i++) {
        int64_t label = m->w.kept[i].index / m->priors, prior = m->w.kept[i].index % m->priors;
        const cr_box *box = &m->w.box[d->loc_classes > 1 ? m->w.kept[i].index : prior];
        cr_box_row(rows + i * CR_BOX_ROW, index, label, m->w.kept[i].score, box);
    }
    return n;
}

static void run(const cr_step *step, cr_run *run)
{
    const cr_tensor *in[5] = {NULL};
    cr_tensor *out = cr_out(step, run, 0);
    for (int i = 0; i < step->n_in; i++)
        in[i] = cr_in(step, run, i);
    image m = {.d = step->layer->ctx, .prior = in[2]->data, .priors = priors_of(&in[2]->shape)};
    m.w = lay_out(m.d, m.priors, run->scratch);
    int64_t images = in[0]->shape.dim[0], n = 0;
    for (int64_t i = 0; i < images && m.priors > 0; i++) {
        m.offset = in[0]->data + i * in[0]->image_stride;
        m.score = in[1]->data + i * in[1]->image_stride;
        m.objectness = in[3] ? in[3]->data + i * in[3]->image_stride : NULL;
        m.refine = in[4] ? in[4]->data + i * in[4]->image_stride : NULL;
        n += detect(&m, i, out->data + n * CR_BOX_ROW, run->pool);
    }
    cr_box_rows_end(out, images, n);
}

const cr_layer_type cr_layer_detection_output = {
    .name = "DetectionOutput",
    .about = "boxes of SSD: decoding, threshold, non-maximum suppression",
    .param = "detection_output_param",
    .in_min = 3,
    .in_max = 5,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_STRIDED,
    .ctx_bytes = sizeof(detection),
    .setup = setup,
    .shape = shape,
    .prepare = prepare,
    .run = run,
};
