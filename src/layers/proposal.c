/*
 * proposal.c - Proposal and Python's ProposalLayer (Faster R-CNN): anchors, moved by predicted offsets, that
 * score best and do not overlap.
 *
 * Bottoms: scores (n, 2 * anchors, h, w), background first; offsets (n, 4 * anchors, h, w); im_info (1 or n,
 * 3 or more): height, width, scale. Tops: rows [image, x0, y0, x1, y1], as many as there are; and their
 * scores.
 *   - anchors: base_size square around (base_size - 1) / 2; per ratio, sides of equal area and whole pixels;
 *     per scale, those times the scale. Per position of the map, moved by feat_stride;
 *   - corners are pixels that belong to the box, so its width is x1 - x0 + 1; the moved box is clipped to the
 *     picture and must have min_size * scale on both sides;
 *   - the best pre_nms_topn, suppression above nms_thresh, of what is left the best post_nms_topn. Equal
 *     scores: in order of rows, columns, anchors (in both sources it is up to their sort). NaN scores are
 *     left out.
 *
 * Python is lib/rpn/proposal_layer.py of rbgirshick/py-faster-rcnn, with its configuration's numbers: 6000
 * and 300 in the TEST phase, 12000 and 2000 in TRAIN; boxes that are too small are left out; param_str has
 * feat_stride, in soeaver/py-RFCN-priv also scales, ratios, base_size. One image. Whole pixels are rounded
 * half to even (NumPy). Its GPU code suppresses above nms_thresh, as here; its CPU code also at nms_thresh.
 *
 * Native is proposal_layer.cpp of PVANET, in many forks: boxes that are too small score 0, but stay; a fourth
 * value of im_info is the scale of widths; halves are rounded up. A fork's own default for ratios and scales
 * is unknown: Python's are taken.
 */
#include "crema.pb-c.h"
#include "layers/boxes.h"
#include "layers/python.h"
#include "layers/python_param.h"

#include <math.h>

enum { MAX_LIST = 64, ROI = 5 };

typedef struct proposal {
    bool python;
    int64_t n_anchors;
    cr_box *anchor;
    float stride, min_size, threshold;
    int64_t pre_nms, post_nms;
} proposal;

/* ---- anchors ---- */

typedef struct anchors {
    double base;
    double ratio[MAX_LIST], scale[MAX_LIST];
    int n_ratios, n_scales;
} anchors;

static const anchors plain = {16, {0.5, 1, 2}, {8, 16, 32}, 3, 3};

static double whole(const proposal *p, double x)
{
    return p->python ? rint(x) : floor(x + 0.5);
}

static cr_status make_anchors(cr_layer *layer, const anchors *a, cr_err *err)
{
    proposal *p = layer->ctx;
    double middle = 0.5 * (a->base - 1);
    p->n_anchors = a->n_ratios * a->n_scales;
    p->anchor = cr_arena_array(layer->arena, (size_t)p->n_anchors, sizeof *p->anchor);
    if (!p->anchor)
        return cr_no_memory(err);
    cr_box *out = p->anchor;
    for (int r = 0; r < a->n_ratios; r++) {
        double width = whole(p, sqrt(a->base * a->base / a->ratio[r])),
               height = whole(p, width * a->ratio[r]);
        for (int s = 0; s < a->n_scales; s++) {
            double x = 0.5 * (width * a->scale[s] - 1), y = 0.5 * (height * a->scale[s] - 1);
            *out++ =
                (cr_box){(float)(middle - x), (float)(middle - y), (float)(middle + x), (float)(middle + y)};
        }
    }
    return CREMA_OK;
}

static bool all_positive(const double *list, int n)
{
    for (int i = 0; i < n; i++)
        if (!(list[i] > 0 && list[i] < 1e9))
            return false;
    return true;
}

/* ---- Python ---- */

// The numbers of a key; without the key, list stays. one: a single number is wanted.
static cr_status read_list(const cr_layer *layer, const char *key, bool one, double *list, int *n,
                           cr_err *err)
{
    const Crema__PythonParameter *python = layer->param->python_param;
    cr_python_value value;
    double read[MAX_LIST];
    enum cr_python_found found = cr_python_get(python->param_str, key, &value);
    if (found == CR_PYTHON_BAD)
        return cr_layer_fail(layer, err, python, "param_str", 0,
                             "param_str must be a map like \"'feat_stride': 16\"");
    if (found == CR_PYTHON_ABSENT)
        return CREMA_OK;
    int got = cr_python_numbers(&value, read, MAX_LIST);
    if (got < 1 || got > (one ? 1 : MAX_LIST) || !all_positive(read, got))
        return cr_layer_fail(layer, err, python, "param_str", 0, "%s in param_str must be %s above 0", key,
                             one ? "a number" : "1 to 64 numbers");
    *n = got;
    for (int i = 0; i < got; i++)
        list[i] = read[i];
    return CREMA_OK;
}

static cr_status setup_python(cr_layer *layer, cr_err *err)
{
    proposal *p = layer->ctx;
    anchors a = plain;
    double stride = 0;
    int n_stride = 0, n_base = 1;
    cr_status status = read_list(layer, "feat_stride", true, &stride, &n_stride, err);
    if (!status)
        status = read_list(layer, "scales", false, a.scale, &a.n_scales, err);
    if (!status)
        status = read_list(layer, "ratios", false, a.ratio, &a.n_ratios, err);
    if (!status)
        status = read_list(layer, "base_size", true, &a.base, &n_base, err);
    if (status)
        return status;
    if (n_stride == 0)
        return cr_layer_fail(layer, err, layer->param->python_param, "param_str", 0,
                             "param_str must have feat_stride");
    *p = (proposal){.python = true,
                    .stride = (float)stride,
                    .min_size = 16,
                    .threshold = 0.7f,
                    .pre_nms = layer->train ? 12000 : 6000,
                    .post_nms = layer->train ? 2000 : 300};
    layer->reading = "py-faster-rcnn: rpn.proposal_layer";
    return make_anchors(layer, &a, err);
}

/* ---- native ---- */

static cr_status copy_list(const cr_layer *layer, const Crema__ProposalParameter *q, const char *field,
                           const float *from, size_t n, double *list, int *n_list, cr_err *err)
{
    if (n > MAX_LIST)
        return cr_layer_fail(layer, err, q, field, MAX_LIST, "at most %d values of %s are possible", MAX_LIST,
                             field);
    for (size_t i = 0; i < n; i++) {
        list[i] = (double)from[i];
        if (!all_positive(&list[i], 1))
            return cr_layer_fail(layer, err, q, field, i, "%s must be above 0", field);
    }
    *n_list = n > 0 ? (int)n : *n_list;
    return CREMA_OK;
}

static cr_status setup(cr_layer *layer, cr_err *err)
{
    proposal *p = layer->ctx;
    Crema__ProposalParameter none;
    crema__proposal_parameter__init(&none);
    const Crema__ProposalParameter *q = layer->param->proposal_param ? layer->param->proposal_param : &none;
    anchors a = plain;
    a.base = q->base_size;
    const struct {
        const char *field;
        uint32_t value;
    } counts[] = {{"feat_stride", q->feat_stride},
                  {"base_size", q->base_size},
                  {"pre_nms_topn", q->pre_nms_topn},
                  {"post_nms_topn", q->post_nms_topn}};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (counts[i].value == 0)
            return cr_layer_fail(layer, err, q, counts[i].field, 0, "%s must be above 0", counts[i].field);
    if (!(q->nms_thresh >= 0))
        return cr_layer_fail(layer, err, q, "nms_thresh", 0, "nms_thresh must be at least 0");
    cr_status status = copy_list(layer, q, "ratio", q->ratio, q->n_ratio, a.ratio, &a.n_ratios, err);
    if (!status)
        status = copy_list(layer, q, "scale", q->scale, q->n_scale, a.scale, &a.n_scales, err);
    if (status)
        return status;
    *p = (proposal){.stride = (float)q->feat_stride,
                    .min_size = (float)q->min_size,
                    .threshold = q->nms_thresh,
                    .pre_nms = q->pre_nms_topn,
                    .post_nms = q->post_nms_topn};
    return make_anchors(layer, &a, err);
}

/* ---- shapes ---- */

static int64_t boxes_of(const proposal *p, const cr_shape *scores)
{
    return p->n_anchors * scores->dim[2] * scores->dim[3];
}

static cr_status check_map(const cr_layer *layer, const cr_shaping *s, int i, int64_t channels, cr_err *err)
{
    char text[CR_SHAPE_TEXT];
    const cr_shape *in = &s->in[i], *scores = &s->in[0];
    if (in->rank == 4 && in->dim[1] == channels && in->dim[0] == scores->dim[0] &&
        in->dim[2] == scores->dim[2] && in->dim[3] == scores->dim[3])
        return CREMA_OK;
    const proposal *p = layer->ctx;
    return cr_layer_fail(layer, err, layer->param, "bottom", (size_t)i,
                         "bottom \"%s\" is %s; for %lld anchors it must have 4 axes and %lld channels%s",
                         layer->in_name[i], cr_shape_text(in, text, sizeof text), (long long)p->n_anchors,
                         (long long)channels, i ? ", else as the scores" : "");
}

// Row i of im_info (the only one, if there are no more), and how many values it has.
static int64_t info_row(const cr_shape *info, int64_t i, int64_t *row)
{
    *row = info->rank > 1 && i < info->dim[0] ? i : 0;
    return info->rank == 1                      ? info->dim[0]
           : info->rank > 1 && info->dim[0] > 0 ? cr_shape_range(info, 1, info->rank)
                                                : 0;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const proposal *p = layer->ctx;
    int64_t row, positions, n, rows;
    cr_status status = check_map(layer, s, 0, 2 * p->n_anchors, err);
    if (!status)
        status = check_map(layer, s, 1, 4 * p->n_anchors, err);
    if (status)
        return status;
    if (p->python && s->in[0].dim[0] != 1)
        return cr_layer_fail(layer, err, layer->param, "bottom", 0,
                             "bottom \"%s\" has %lld images; ProposalLayer takes one", layer->in_name[0],
                             (long long)s->in[0].dim[0]);
    if (info_row(&s->in[2], 0, &row) < 3)
        return cr_layer_fail(layer, err, layer->param, "bottom", 2,
                             "bottom \"%s\" must have 3 values: height, width, scale", layer->in_name[2]);
    if (!cr_i64_mul(s->in[0].dim[2], s->in[0].dim[3], &positions) ||
        !cr_i64_mul(positions, p->n_anchors, &n) || n > INT32_MAX ||
        !cr_i64_mul(s->in[0].dim[0], n < p->post_nms ? n : p->post_nms, &rows))
        return cr_layer_fail(layer, err, layer->param, "bottom", 0, "the map has too many positions");
    s->out[0] = (cr_shape){2, {rows, ROI}};
    if (layer->n_out > 1)
        s->out[1] = p->python ? (cr_shape){2, {rows, 1}} : (cr_shape){1, {rows}};
    s->dynamic = 3;
    return CREMA_OK;
}

static cr_status prepare(cr_step *step, const cr_preparing *p, cr_err *err)
{
    (void)err;
    size_t n = (size_t)boxes_of(step->layer->ctx, &p->tensor[step->in[0]].shape);
    step->scratch_bytes = n * (sizeof(cr_box) + 2 * sizeof(cr_scored));
    return CREMA_OK;
}

/* ---- running ---- */

typedef struct image {
    const proposal *p;
    const float *score, *offset; // (anchors, h, w) of the foreground, (anchors, 4, h, w)
    int64_t height, width;
    float picture_h, picture_w, min_h, min_w;
    cr_box *box;
    cr_scored *candidate, *temp; // score NaN: dropped
} image;

static float clip(float x, float size)
{
    float most = size - 1 < x ? size - 1 : x;
    return most > 0 ? most : 0;
}

// The anchor at its place, moved by d; false: too small, or not a box of numbers.
static bool move(const image *m, const cr_box *at, const float d[4], cr_box *out)
{
    float w = at->x1 - at->x0 + 1, h = at->y1 - at->y0 + 1;
    float x = d[0] * w + (at->x0 + 0.5f * w), y = d[1] * h + (at->y0 + 0.5f * h);
    float half_w = 0.5f * (expf(d[2]) * w), half_h = 0.5f * (expf(d[3]) * h);
    *out = (cr_box){clip(x - half_w, m->picture_w), clip(y - half_h, m->picture_h),
                    clip(x + half_w, m->picture_w), clip(y + half_h, m->picture_h)};
    return !isnan(x) && !isnan(y) && !isnan(half_w) && !isnan(half_h) && out->x1 - out->x0 + 1 >= m->min_w &&
           out->y1 - out->y0 + 1 >= m->min_h;
}

static void one_row(void *ctx, int64_t y, int slot)
{
    (void)slot;
    const image *m = ctx;
    int64_t n = m->p->n_anchors, area = m->height * m->width;
    for (int64_t x = 0; x < m->width; x++)
        for (int64_t a = 0; a < n; a++) {
            int64_t cell = y * m->width + x, i = cell * n + a;
            const float *d = m->offset + 4 * a * area + cell;
            float shift_x = (float)x * m->p->stride, shift_y = (float)y * m->p->stride;
            const cr_box *anchor = &m->p->anchor[a];
            const cr_box at = {anchor->x0 + shift_x, anchor->y0 + shift_y, anchor->x1 + shift_x,
                               anchor->y1 + shift_y};
            float score = m->score[a * area + cell];
            if (!move(m, &at, (const float[]){d[0], d[area], d[2 * area], d[3 * area]}, &m->box[i]))
                score = m->p->python ? NAN : 0 * score;
            m->candidate[i] = (cr_scored){score, (int32_t)i};
        }
}

// Rows of one image; returns how many.
static int64_t propose(image *m, int64_t index, float *rows, float *scores, cr_pool *pool)
{
    const proposal *p = m->p;
    int64_t all = p->n_anchors * m->height * m->width, n = 0;
    cr_parallel(pool, m->height, one_row, m);
    for (int64_t i = 0; i < all; i++)
        if (!isnan(m->candidate[i].score))
            m->candidate[n++] = m->candidate[i];
    cr_sort_scores(m->candidate, m->temp, n);
    cr_nms nms = {.kind = CR_NMS_PIXEL,
                  .threshold = p->threshold,
                  .eta = 1,
                  .max_kept = p->post_nms,
                  .per_box = 1,
                  .box = m->box};
    n = cr_nms_run(&nms, m->candidate, n < p->pre_nms ? n : p->pre_nms);
    for (int64_t i = 0; i < n; i++) {
        const cr_box *box = &m->box[m->candidate[i].index];
        const float row[ROI] = {(float)index, box->x0, box->y0, box->x1, box->y1};
        for (int k = 0; k < ROI; k++)
            rows[i * ROI + k] = row[k];
        if (scores)
            scores[i] = m->candidate[i].score;
    }
    return n;
}

static void run(const cr_step *step, cr_run *run)
{
    const cr_tensor *score = cr_in(step, run, 0), *offset = cr_in(step, run, 1), *info = cr_in(step, run, 2);
    cr_tensor *out = cr_out(step, run, 0), *out_score = step->n_out > 1 ? cr_out(step, run, 1) : NULL;
    image m = {.p = step->layer->ctx, .height = score->shape.dim[2], .width = score->shape.dim[3]};
    int64_t all = boxes_of(m.p, &score->shape), rows = 0;
    m.box = run->scratch;
    m.candidate = (cr_scored *)(void *)(m.box + all);
    m.temp = m.candidate + all;
    for (int64_t i = 0; i < score->shape.dim[0]; i++) {
        int64_t row, n = info_row(&info->shape, i, &row);
        const float *about = info->data + row * info->image_stride;
        m.picture_h = about[0];
        m.picture_w = about[1];
        m.min_h = m.p->min_size * about[2];
        m.min_w = m.p->min_size * about[!m.p->python && n > 3 ? 3 : 2];
        m.score = score->data + i * score->image_stride + all;
        m.offset = offset->data + i * offset->image_stride;
        rows += propose(&m, i, out->data + rows * ROI, out_score ? out_score->data + rows : NULL, run->pool);
    }
    out->shape.dim[0] = rows;
    if (out_score)
        out_score->shape.dim[0] = rows;
}

const cr_layer_type cr_layer_python_proposal = {
    .name = "Python",
    .param = "python_param",
    .in_min = 3,
    .in_max = 3,
    .out_min = 1,
    .out_max = 2,
    .flags = CR_STRIDED,
    .ctx_bytes = sizeof(proposal),
    .setup = setup_python,
    .shape = shape,
    .prepare = prepare,
    .run = run,
};

const cr_layer_type cr_layer_proposal = {
    .name = "Proposal",
    .about = "regions of Faster R-CNN from scores and offsets of anchors",
    .param = "proposal_param",
    .in_min = 3,
    .in_max = 3,
    .out_min = 1,
    .out_max = 2,
    .flags = CR_STRIDED,
    .ctx_bytes = sizeof(proposal),
    .setup = setup,
    .shape = shape,
    .prepare = prepare,
    .run = run,
};
