/*
 * onnx_ssd.c - DetectionOutput of SSD, and pooling of regions.
 *
 * DetectionOutput is decoding, which is arithmetic, then for each image and class the best scores, suppression, and
 * the best of all classes. ONNX's NonMaxSuppression walks [batches x classes]; an image's classes are its batches,
 * as each has candidates of its own:
 *
 *     scores (C, P) -- TopK --> (C, K), indices --> boxes (C, K, 4) -- NonMaxSuppression --> rows [class, 0, k]
 *        (best first in each class, classes in order: Caffe's own order)  -- TopK, sorted back --> keep_top_k
 *
 * TopK and NonMaxSuppression prefer the lower index among equals, as the layer does. NonMaxSuppression turns boxes
 * whose corners are exchanged around; in Caffe such a box overlaps nothing. So it sees max(corner, other corner),
 * a box without an area, which overlaps nothing there. Where nothing at all is found a row of -1 for each image
 * stands behind the (no) rows, and the cut at the end takes it along.
 */
#include "convert/onnx_rows.h"
#include "crema.pb-c.h"
#include "layers/boxes.h"

#include <float.h>

typedef struct ssd {
    cr_onnx_layer *l;
    cr_onnx_graph *g;
    const Crema__DetectionOutputParameter *p;
    int64_t images, priors, classes, loc_classes, candidates, keep;
    const char *variance[2]; // (1, P, 1, 2): of centers and of sizes, or of corners
} ssd;

static const char *mul(cr_onnx_graph *g, const char *a, const char *b)
{
    return cr_onnx_op(g, "Mul", NULL, a, b, NULL);
}

static const char *add(cr_onnx_graph *g, const char *a, const char *b)
{
    return cr_onnx_op(g, "Add", NULL, a, b, NULL);
}

static const char *sub(cr_onnx_graph *g, const char *a, const char *b)
{
    return cr_onnx_op(g, "Sub", NULL, a, b, NULL);
}

// Both halves of the last of four axes.
static void halves(cr_onnx_graph *g, const char *x, const char *half[2])
{
    half[0] = cr_onnx_slice(g, x, NULL, 3, 0, 2);
    half[1] = cr_onnx_slice(g, x, NULL, 3, 2, 4);
}

// Offsets (n, P, L, 4) on priors (1 or n, P, 1, 4) to boxes (n, P, L, 4).
static const char *decode(const ssd *s, const char *prior, const char *offset)
{
    cr_onnx_graph *g = s->g;
    const char *corner[2], *off[2], *box[2];
    halves(g, prior, corner);
    halves(g, offset, off);
    const char *size = sub(g, corner[1], corner[0]);
    for (int i = 0; i < 2 && !s->p->variance_encoded_in_target; i++)
        off[i] = mul(g, off[i], s->variance[i]);
    if (s->p->code_type == CREMA__PRIOR_BOX_PARAMETER__CODE_TYPE__CENTER_SIZE) {
        const char *half = cr_onnx_scalar(g, 0.5f);
        const char *middle = mul(g, add(g, corner[0], corner[1]), half);
        middle = add(g, mul(g, off[0], size), middle);
        const char *reach = mul(g, mul(g, cr_onnx_op(g, "Exp", NULL, off[1], NULL), size), half);
        box[0] = sub(g, middle, reach);
        box[1] = add(g, middle, reach);
    } else {
        bool by_size = s->p->code_type == CREMA__PRIOR_BOX_PARAMETER__CODE_TYPE__CORNER_SIZE;
        for (int i = 0; i < 2; i++)
            box[i] = add(g, corner[i], by_size ? mul(g, off[i], size) : off[i]);
    }
    return cr_onnx_concat(g, NULL, 3, 2, box);
}

static const char *decode_all(ssd *s)
{
    cr_onnx_graph *g = s->g;
    cr_onnx_layer *l = s->l;
    cr_shape shape = {.rank = 4, .dim = {2, s->priors, 1, 4}};
    const char *both = cr_onnx_reshape(g, l->in[2], NULL, &shape);
    const char *prior = cr_onnx_slice(g, both, NULL, 0, 0, 1);
    halves(g, cr_onnx_slice(g, both, NULL, 0, 1, 2), s->variance);
    shape.dim[0] = s->images;
    if (s->l->step->n_in > 4)
        prior = decode(s, prior, cr_onnx_reshape(g, l->in[4], NULL, &shape));
    shape.dim[2] = s->loc_classes;
    return decode(s, prior, cr_onnx_reshape(g, l->in[0], NULL, &shape));
}

// (n, C, P): RefineDet's objectness below its threshold makes the scores 1 for class 0, else 0.
static const char *scores_of(const ssd *s)
{
    static const int order[3] = {0, 2, 1};
    cr_onnx_graph *g = s->g;
    cr_shape shape = {.rank = 3, .dim = {s->images, s->priors, s->classes}};
    const char *score = cr_onnx_reshape(g, s->l->in[1], NULL, &shape);
    if (s->l->step->n_in > 3) {
        shape.dim[2] = 2;
        const char *object = cr_onnx_slice(g, cr_onnx_reshape(g, s->l->in[3], NULL, &shape), NULL, 2, 1, 2);
        const char *low =
            cr_onnx_op(g, "Less", NULL, object, cr_onnx_scalar(g, s->p->objectness_score), NULL);
        float *without = cr_onnx_room(g, s->classes);
        if (without)
            without[0] = 1;
        cr_shape per_class = {.rank = 1, .dim = {s->classes}};
        score = cr_onnx_op(g, "Where", NULL, low, cr_onnx_floats(g, NULL, &per_class, without), score, NULL);
    }
    return cr_onnx_transpose(g, score, NULL, 3, order);
}

// The classes but the background, as indices and as float labels.
static const char *classes_of(const ssd *s, const char **label)
{
    int64_t n = 0, *index = cr_onnx_index_room(s->g, s->classes);
    float *value = cr_onnx_room(s->g, s->classes);
    for (int64_t c = 0; c < s->classes && index && value; c++)
        if (c != s->p->background_label_id) {
            value[n] = (float)c;
            index[n++] = c;
        }
    *label = cr_onnx_floats(s->g, NULL, &(cr_shape){.rank = 1, .dim = {n}}, value);
    return cr_onnx_indices_kept(s->g, (size_t)n, index);
}

// Rows of `at` (m, 2), where x has a value or a box.
static const char *gather_nd(cr_onnx_graph *g, const char *x, const char *at)
{
    return cr_onnx_op(g, "GatherND", NULL, x, at, NULL);
}

// box (C, K, 4), score (C, K) to selected [class, k] (m, 2).
static const char *suppress(const ssd *s, const char *box, const char *score)
{
    static const int64_t columns[2] = {0, 2};
    cr_onnx_graph *g = s->g;
    const Crema__NonMaximumSuppressionParameter *nms = s->p->nms_param;
    float threshold = nms ? nms->nms_threshold : 0.3f;
    const char *low = cr_onnx_slice(g, box, NULL, 2, 0, 2), *high = cr_onnx_slice(g, box, NULL, 2, 2, 4);
    const char *corner[2] = {low, cr_onnx_op(g, "Max", NULL, low, high, NULL)};
    box = cr_onnx_concat(g, NULL, 2, 2, corner);
    score = cr_onnx_op(g, "Unsqueeze", NULL, score, cr_onnx_indices(g, 1, &(int64_t){1}), NULL);
    float least = s->p->has_confidence_threshold ? s->p->confidence_threshold : -FLT_MAX;
    const char *selected =
        cr_onnx_op(g, "NonMaxSuppression", NULL, box, score, cr_onnx_index(g, s->candidates),
                   cr_onnx_scalar(g, threshold < 1 ? threshold : 1), cr_onnx_scalar(g, least), NULL);
    return cr_onnx_gather(g, selected, NULL, 1, cr_onnx_indices(g, 2, columns));
}

// The best `keep` of all classes, in the order in which they are.
static const char *keep_best(const ssd *s, const char *selected, const char *score)
{
    cr_onnx_graph *g = s->g;
    const char *found = gather_nd(g, score, selected);
    const char *n = cr_onnx_op(g, "Min", NULL, cr_onnx_op(g, "Shape", NULL, found, NULL),
                               cr_onnx_indices(g, 1, &s->keep), NULL);
    cr_onnx_op(g, "TopK", NULL, found, n, NULL);
    const char *best = cr_onnx_more(g, NULL);
    best = cr_onnx_op(g, "TopK", NULL, best, n, NULL);
    cr_onnx_more(g, NULL);
    cr_onnx_int(g, "largest", 0);
    return cr_onnx_gather(g, selected, NULL, 0, best);
}

// Rows (m, 7) of image i.
static const char *rows_of(const ssd *s, int64_t i, const char *boxes, const char *scores)
{
    cr_onnx_graph *g = s->g;
    const char *label, *classes = classes_of(s, &label), *which = cr_onnx_index(g, i);
    const char *score = cr_onnx_gather(g, cr_onnx_gather(g, scores, NULL, 0, which), NULL, 0, classes);
    const char *box = cr_onnx_gather(g, boxes, NULL, 0, which); // (P, L, 4)
    score = cr_onnx_op(g, "TopK", NULL, score, cr_onnx_indices(g, 1, &s->candidates), NULL);
    const char *index = cr_onnx_more(g, NULL); // (C, K)
    if (s->loc_classes == 1) {
        box = cr_onnx_reshape(g, box, NULL, &(cr_shape){.rank = 2, .dim = {s->priors, 4}});
        box = cr_onnx_gather(g, box, NULL, 0, index);
    } else {
        static const int order[3] = {1, 0, 2};
        box = cr_onnx_gather(g, cr_onnx_transpose(g, box, NULL, 3, order), NULL, 0, classes);
        index = cr_onnx_op(g, "Unsqueeze", NULL, index, cr_onnx_indices(g, 1, &(int64_t){2}), NULL);
        box = gather_nd(g, box, index);
        cr_onnx_int(g, "batch_dims", 1);
    }
    const char *selected = suppress(s, box, score);
    if (s->p->keep_top_k > -1)
        selected = keep_best(s, selected, score);
    const char *part[4];
    const char *one = cr_onnx_indices(g, 1, &(int64_t){1});
    part[2] = cr_onnx_op(g, "Unsqueeze", NULL, gather_nd(g, score, selected), one, NULL);
    part[1] = cr_onnx_gather(g, label, NULL, 0, cr_onnx_slice(g, selected, NULL, 1, 0, 1));
    part[0] = cr_onnx_op(g, "Expand", NULL, cr_onnx_scalar(g, (float)i),
                         cr_onnx_op(g, "Shape", NULL, part[1], NULL), NULL);
    part[3] = gather_nd(g, box, selected);
    return cr_onnx_concat(g, NULL, 1, 4, part);
}

// All rows, or where there are none, one of -1 for each image.
static void end_rows(const ssd *s, const char *rows)
{
    cr_onnx_graph *g = s->g;
    cr_shape shape = {.rank = 2, .dim = {s->images, CR_BOX_ROW}};
    float *none = cr_onnx_room(g, s->images * CR_BOX_ROW);
    for (int64_t i = 0; i < s->images * CR_BOX_ROW && none; i++)
        none[i] = i % CR_BOX_ROW ? -1 : (float)(i / CR_BOX_ROW);
    const char *part[2] = {rows, cr_onnx_floats(g, NULL, &shape, none)};
    const char *zero = cr_onnx_indices(g, 1, &(int64_t){0});
    const char *n = cr_onnx_gather(g, cr_onnx_op(g, "Shape", NULL, rows, NULL), NULL, 0, zero);
    const char *empty = cr_onnx_cast(g, cr_onnx_op(g, "Equal", NULL, n, zero, NULL), NULL, CR_ONNX_INT64);
    n = add(g, n, mul(g, empty, cr_onnx_indices(g, 1, &s->images)));
    const char *all = cr_onnx_op(g, "Slice", NULL, cr_onnx_concat(g, NULL, 0, 2, part), zero, n, zero, NULL);
    cr_onnx_reshape(g, all, s->l->out[0], &(cr_shape){.rank = 4, .dim = {1, 1, -1, CR_BOX_ROW}});
}

void cr_onnx_detection_output(cr_onnx_layer *l)
{
    const Crema__DetectionOutputParameter *p = l->layer->param->detection_output_param;
    const Crema__NonMaximumSuppressionParameter *nms = p->nms_param;
    ssd s = {.l = l, .g = l->g, .p = p, .images = l->in_shape[0].dim[0], .classes = p->num_classes};
    s.priors = cr_legacy_dim(&l->in_shape[2], 2) / 4;
    s.loc_classes = p->share_location ? 1 : s.classes;
    s.candidates = nms && nms->has_top_k && nms->top_k > -1 && nms->top_k < s.priors ? nms->top_k : s.priors;
    s.keep = p->keep_top_k;
    if (nms && nms->eta < 1 && nms->nms_threshold > 0.5f) {
        cr_onnx_refuse(l, "nms_param.eta %g, a threshold that changes while boxes are kept",
                       (double)nms->eta);
        return;
    }
    if (s.priors < 1 || s.images < 1 || s.candidates < 1) {
        cr_onnx_refuse(l, "there are no boxes");
        return;
    }
    const char **rows = cr_arena_array(&l->g->arena, (size_t)s.images, sizeof *rows);
    l->g->no_memory |= !rows;
    const char *boxes = decode_all(&s), *scores = scores_of(&s);
    for (int64_t i = 0; i < s.images && rows; i++)
        rows[i] = rows_of(&s, i, boxes, scores);
    if (rows)
        end_rows(&s, s.images == 1 ? rows[0] : cr_onnx_concat(l->g, NULL, 0, (size_t)s.images, rows));
    l->dynamic_axis = 2;
}

/* ---- regions ---- */

// Rows [image, x0, y0, x1, y1]; what a bottom has behind these is not read.
static const char *regions(cr_onnx_layer *l)
{
    const cr_shape *in = &l->in_shape[1];
    cr_shape shape = {.rank = 2, .dim = {in->dim[0], cr_shape_range(in, 1, in->rank)}};
    const char *x = cr_shape_equal(&shape, in) ? l->in[1] : cr_onnx_reshape(l->g, l->in[1], NULL, &shape);
    return shape.dim[1] > 5 ? cr_onnx_slice(l->g, x, NULL, 1, 0, 5) : x;
}

void cr_onnx_roi_pooling(cr_onnx_layer *l)
{
    const Crema__ROIPoolingParameter *p = l->layer->param->roi_pooling_param;
    cr_onnx_op(l->g, "MaxRoiPool", l->out[0], l->in[0], regions(l), NULL);
    cr_onnx_ints(l->g, "pooled_shape", 2, &l->out_shape[0].dim[2]);
    cr_onnx_float(l->g, "spatial_scale", p->spatial_scale);
}
