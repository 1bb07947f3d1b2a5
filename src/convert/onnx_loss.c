/*
 * onnx_loss.c - losses and Accuracy: sums over places that have a label.
 *
 * Places are (outer, inner) around the axis of the classes, as in layers/loss.h. Labels are cut to integers; those
 * that ignore_label names count for nothing, and stand as class 0 where something is picked by them. What the sum is
 * divided by is loss.h's to say; where that depends on the labels it is counted in the model.
 */
#include "convert/onnx_rows.h"
#include "crema.pb-c.h"
#include "layers/loss.h"

#include <float.h>

typedef struct places {
    cr_onnx_layer *l;
    cr_onnx_graph *g;
    cr_classes c;
    const char *label; // (outer, 1, inner), int64
    const char *valid; // of the same shape, 1 or 0; NULL: all are
} places;

static const char *unary(cr_onnx_graph *g, const char *op, const char *x)
{
    return cr_onnx_op(g, op, NULL, x, NULL);
}

static const char *binary(cr_onnx_graph *g, const char *op, const char *a, const char *b)
{
    return cr_onnx_op(g, op, NULL, a, b, NULL);
}

static const char *at_least(cr_onnx_graph *g, const char *x, float least)
{
    return binary(g, "Max", x, cr_onnx_scalar(g, least));
}

// The sum of everything, as a scalar.
static const char *sum_all(cr_onnx_graph *g, const char *x, const char *out)
{
    x = cr_onnx_op(g, "ReduceSum", out, x, NULL);
    cr_onnx_int(g, "keepdims", 0);
    return x;
}

// Top 0: the sum of x by a number.
static void end(cr_onnx_layer *l, const char *x, double divisor)
{
    x = binary(l->g, "Div", sum_all(l->g, x, NULL), cr_onnx_scalar(l->g, (float)divisor));
    cr_onnx_reshape(l->g, x, l->out[0], &l->out_shape[0]);
}

static const char *in_shape_of(cr_onnx_layer *l, int i, const cr_shape *shape)
{
    return cr_shape_equal(shape, &l->in_shape[i]) ? l->in[i] : cr_onnx_reshape(l->g, l->in[i], NULL, shape);
}

static double images(const cr_onnx_layer *l)
{
    return (double)l->in_shape[0].dim[0];
}

/* ---- labels ---- */

static places read_labels(cr_onnx_layer *l, int axis, const int32_t *ignore)
{
    places p = {.l = l, .g = l->g, .c = cr_classes_of(&l->in_shape[0], axis)};
    cr_shape shape = {.rank = 3, .dim = {p.c.outer, 1, p.c.inner}};
    p.label = cr_onnx_cast(l->g, in_shape_of(l, 1, &shape), NULL, CR_ONNX_INT64);
    if (!ignore)
        return p;
    const char *ignored = binary(l->g, "Equal", p.label, cr_onnx_index(l->g, *ignore));
    p.label = cr_onnx_op(l->g, "Where", NULL, ignored, cr_onnx_index(l->g, 0), p.label, NULL);
    p.valid = cr_onnx_cast(l->g, unary(l->g, "Not", ignored), NULL, CR_ONNX_FLOAT);
    return p;
}

// x as (outer, classes, inner).
static const char *by_class(const places *p, const char *x)
{
    cr_shape shape = {.rank = 3, .dim = {p->c.outer, p->c.channels, p->c.inner}};
    return cr_shape_equal(&shape, &p->l->in_shape[0]) ? x : cr_onnx_reshape(p->g, x, NULL, &shape);
}

// What x (outer, classes, inner) has at the labels: (outer, 1, inner).
static const char *at_label(const places *p, const char *x)
{
    x = cr_onnx_op(p->g, "GatherElements", NULL, x, p->label, NULL);
    cr_onnx_int(p->g, "axis", 1);
    return x;
}

// (outer, classes, inner): 1 where the class is the label's.
static const char *one_hot(const places *p)
{
    int64_t *index = cr_onnx_index_room(p->g, p->c.channels);
    for (int64_t i = 0; i < p->c.channels && index; i++)
        index[i] = i;
    cr_shape shape = {.rank = 2, .dim = {p->c.channels, 1}};
    const char *equal = binary(p->g, "Equal", p->label, cr_onnx_index_table(p->g, &shape, index));
    return cr_onnx_cast(p->g, equal, NULL, CR_ONNX_FLOAT);
}

static const char *only_valid(const places *p, const char *x)
{
    return p->valid ? binary(p->g, "Mul", x, p->valid) : x;
}

static const char *count_valid(const places *p)
{
    return p->valid ? sum_all(p->g, p->valid, NULL) : cr_onnx_scalar(p->g, (float)(p->c.outer * p->c.inner));
}

// Top 0: the sum over what counts, divided as loss_param says.
static void end_normalized(const places *p, const char *x, int fallback)
{
    double two = cr_loss_normalizer(p->l->layer, fallback, p->c.outer, p->c.inner, 2);
    bool counts = two != cr_loss_normalizer(p->l->layer, fallback, p->c.outer, p->c.inner, 3);
    const char *divisor = counts ? at_least(p->g, count_valid(p), 1) : cr_onnx_scalar(p->g, (float)two);
    x = binary(p->g, "Div", sum_all(p->g, only_valid(p, x), NULL), divisor);
    cr_onnx_reshape(p->g, x, p->l->out[0], &p->l->out_shape[0]);
}

/* ---- losses with a softmax inside ---- */

static places softmax_places(cr_onnx_layer *l, int64_t axis, const char **prob)
{
    int at = cr_onnx_axis(axis, l->in_shape[0].rank);
    places p = read_labels(l, at, cr_loss_ignored(l->layer));
    *prob = cr_onnx_op(l->g, "Softmax", l->step->n_out > 1 ? l->out[1] : NULL, l->in[0], NULL);
    cr_onnx_int(l->g, "axis", at);
    *prob = by_class(&p, *prob);
    return p;
}

void cr_onnx_softmax_loss(cr_onnx_layer *l)
{
    static const Crema__SoftmaxParameter none = CREMA__SOFTMAX_PARAMETER__INIT;
    const Crema__LossParameter *loss = l->layer->param->loss_param;
    const char *prob;
    places p = softmax_places(
        l, (l->layer->param->softmax_param ? l->layer->param->softmax_param : &none)->axis, &prob);
    const char *x = unary(l->g, "Neg", unary(l->g, "Log", at_least(l->g, at_label(&p, prob), FLT_MIN)));
    if (loss && loss->weight_by_label_freqs) {
        cr_shape shape = {.rank = 1, .dim = {p.c.channels}};
        const char *weight = cr_onnx_floats(l->g, "class_weighting", &shape, loss->class_weighting);
        x = binary(l->g, "Mul", x, cr_onnx_gather(l->g, weight, NULL, 0, p.label));
    }
    end_normalized(&p, x, CREMA__LOSS_PARAMETER__NORMALIZATION_MODE__VALID);
}

// The row of the matrix that the label says, times the logarithms: places before classes.
void cr_onnx_infogain_loss(cr_onnx_layer *l)
{
    static const Crema__InfogainLossParameter none = CREMA__INFOGAIN_LOSS_PARAMETER__INIT;
    static const int order[3] = {0, 2, 1};
    const Crema__InfogainLossParameter *param = l->layer->param->infogain_loss_param;
    const char *prob;
    places p = softmax_places(l, (param ? param : &none)->axis, &prob);
    cr_onnx_graph *g = l->g;
    const char *log = unary(g, "Log", at_least(g, cr_onnx_transpose(g, prob, NULL, 3, order), 1e-20f));
    const char *matrix = in_shape_of(l, 2, &(cr_shape){.rank = 2, .dim = {p.c.channels, p.c.channels}});
    cr_shape flat = {.rank = 2, .dim = {p.c.outer, p.c.inner}};
    const char *row = cr_onnx_gather(g, matrix, NULL, 0, cr_onnx_reshape(g, p.label, NULL, &flat));
    const char *x = cr_onnx_sum(g, binary(g, "Mul", row, log), 2, 3);
    x = cr_onnx_reshape(g, unary(g, "Neg", x), NULL,
                        &(cr_shape){.rank = 3, .dim = {p.c.outer, 1, p.c.inner}});
    end_normalized(&p, x, CREMA__LOSS_PARAMETER__NORMALIZATION_MODE__VALID);
}

/* ---- the others ---- */

void cr_onnx_multinomial_logistic_loss(cr_onnx_layer *l)
{
    places p = {.l = l,
                .g = l->g,
                .c = {l->in_shape[0].dim[0], cr_shape_range(&l->in_shape[0], 1, l->in_shape[0].rank), 1}};
    cr_shape shape = {.rank = 3, .dim = {p.c.outer, 1, 1}};
    p.label = cr_onnx_cast(l->g, in_shape_of(l, 1, &shape), NULL, CR_ONNX_INT64);
    const char *x = at_least(l->g, at_label(&p, by_class(&p, l->in[0])), 1e-20f);
    end(l, unary(l->g, "Neg", unary(l->g, "Log", x)), images(l));
}

void cr_onnx_hinge_loss(cr_onnx_layer *l)
{
    const Crema__HingeLossParameter *param = l->layer->param->hinge_loss_param;
    cr_onnx_graph *g = l->g;
    places p = {.l = l,
                .g = g,
                .c = {l->in_shape[0].dim[0], cr_shape_range(&l->in_shape[0], 1, l->in_shape[0].rank), 1}};
    cr_shape shape = {.rank = 3, .dim = {p.c.outer, 1, 1}};
    p.label = cr_onnx_cast(g, in_shape_of(l, 1, &shape), NULL, CR_ONNX_INT64);
    const char *twice = binary(g, "Mul", one_hot(&p), cr_onnx_scalar(g, 2));
    const char *sign = binary(g, "Sub", cr_onnx_scalar(g, 1), twice); // -1 at the label
    const char *x = binary(g, "Mul", by_class(&p, l->in[0]), sign);
    x = unary(g, "Relu", binary(g, "Add", x, cr_onnx_scalar(g, 1)));
    if (param && param->norm == CREMA__HINGE_LOSS_PARAMETER__NORM__L2)
        x = binary(g, "Mul", x, x);
    end(l, x, images(l));
}

void cr_onnx_euclidean_loss(cr_onnx_layer *l)
{
    const char *d = binary(l->g, "Sub", l->in[0], in_shape_of(l, 1, &l->in_shape[0]));
    end(l, binary(l->g, "Mul", d, d), 2 * images(l));
}

// log(1 + exp(x)) - x t.
void cr_onnx_sigmoid_cross_entropy_loss(cr_onnx_layer *l)
{
    cr_onnx_graph *g = l->g;
    const int32_t *ignore = cr_loss_ignored(l->layer);
    const char *target = in_shape_of(l, 1, &l->in_shape[0]);
    const char *gain = binary(g, "Mul", l->in[0], target);
    const char *x = binary(g, "Sub", unary(g, "Softplus", l->in[0]), gain);
    places p = {.l = l, .g = g};
    p.c.outer = l->in_shape[0].dim[0];
    p.c.inner = cr_shape_range(&l->in_shape[0], 1, l->in_shape[0].rank);
    if (ignore) {
        const char *label = cr_onnx_cast(g, target, NULL, CR_ONNX_INT64);
        const char *ignored = binary(g, "Equal", label, cr_onnx_index(g, *ignore));
        p.valid = cr_onnx_cast(g, unary(g, "Not", ignored), NULL, CR_ONNX_FLOAT);
    }
    end_normalized(&p, x, CREMA__LOSS_PARAMETER__NORMALIZATION_MODE__BATCH_SIZE);
}

void cr_onnx_contrastive_loss(cr_onnx_layer *l)
{
    static const Crema__ContrastiveLossParameter none = CREMA__CONTRASTIVE_LOSS_PARAMETER__INIT;
    const Crema__ContrastiveLossParameter *param = l->layer->param->contrastive_loss_param;
    cr_onnx_graph *g = l->g;
    param = param ? param : &none;
    int64_t n = l->in_shape[0].dim[0];
    cr_shape rows = {.rank = 2, .dim = {n, cr_shape_count(&l->in_shape[0]) / (n ? n : 1)}};
    const char *a = in_shape_of(l, 0, &rows), *b = in_shape_of(l, 1, &rows);
    const char *d = binary(g, "Sub", a, b);
    const char *squares = cr_onnx_sum(g, binary(g, "Mul", d, d), 1, 2); // (n, 1)
    const char *distance = param->legacy_version ? squares : unary(g, "Sqrt", squares);
    const char *apart = unary(g, "Relu", binary(g, "Sub", cr_onnx_scalar(g, param->margin), distance));
    if (!param->legacy_version)
        apart = binary(g, "Mul", apart, apart);
    const char *label = in_shape_of(l, 2, &(cr_shape){.rank = 2, .dim = {n, 1}});
    label = cr_onnx_cast(g, label, NULL, CR_ONNX_INT64);
    const char *similar = cr_onnx_cast(g, label, NULL, CR_ONNX_BOOL);
    end(l, cr_onnx_op(g, "Where", NULL, similar, squares, apart, NULL), 2 * images(l));
}

void cr_onnx_smooth_l1_loss(cr_onnx_layer *l)
{
    static const Crema__SmoothL1LossParameter none = CREMA__SMOOTH_L1_LOSS_PARAMETER__INIT;
    const Crema__SmoothL1LossParameter *param = l->layer->param->smooth_l1_loss_param;
    cr_onnx_graph *g = l->g;
    float sigma = (param ? param : &none)->sigma, sigma2 = sigma * sigma;
    const cr_shape *shape = &l->in_shape[0];
    const char *d = binary(g, "Sub", l->in[0], in_shape_of(l, 1, shape));
    if (l->step->n_in > 2)
        d = binary(g, "Mul", d, in_shape_of(l, 2, shape));
    d = unary(g, "Abs", d);
    const char *squares = binary(g, "Mul", d, d);
    const char *near = binary(g, "Mul", squares, cr_onnx_scalar(g, 0.5f * sigma2));
    const char *far = binary(g, "Sub", d, cr_onnx_scalar(g, 0.5f / sigma2));
    const char *is_near = binary(g, "Less", d, cr_onnx_scalar(g, 1 / sigma2));
    const char *x = cr_onnx_op(g, "Where", NULL, is_near, near, far, NULL);
    if (l->step->n_in > 3)
        x = binary(g, "Mul", x, in_shape_of(l, 3, shape));
    end(l, x, images(l));
}

// A label is right where at most top_k classes, its own included, score as much or more.
void cr_onnx_accuracy(cr_onnx_layer *l)
{
    static const Crema__AccuracyParameter none = CREMA__ACCURACY_PARAMETER__INIT;
    const Crema__AccuracyParameter *param = l->layer->param->accuracy_param;
    cr_onnx_graph *g = l->g;
    param = param ? param : &none;
    places p = read_labels(l, cr_onnx_axis(param->axis, l->in_shape[0].rank),
                           param->has_ignore_label ? &param->ignore_label : NULL);
    const char *score = by_class(&p, l->in[0]);
    const char *better = binary(g, "GreaterOrEqual", score, at_label(&p, score));
    better = cr_onnx_sum(g, cr_onnx_cast(g, better, NULL, CR_ONNX_FLOAT), 1, 2);
    const char *right = binary(g, "LessOrEqual", better, cr_onnx_scalar(g, (float)param->top_k));
    right = only_valid(&p, cr_onnx_cast(g, right, NULL, CR_ONNX_FLOAT));
    const char *n_all = at_least(g, count_valid(&p), 1);
    const char *share = binary(g, "Div", sum_all(g, right, NULL), n_all);
    cr_onnx_reshape(g, share, l->out[0], &l->out_shape[0]);
    if (l->step->n_out < 2)
        return;
    static const int64_t around[2] = {0, 2};
    const char *axes = cr_onnx_indices(g, 2, around), *hot = only_valid(&p, one_hot(&p));
    const char *n = cr_onnx_op(g, "ReduceSum", NULL, hot, axes, NULL);
    const char *n_right = cr_onnx_op(g, "ReduceSum", NULL, binary(g, "Mul", hot, right), axes, NULL);
    cr_onnx_reshape(g, binary(g, "Div", n_right, at_least(g, n, 1)), l->out[1], &l->out_shape[1]);
}
