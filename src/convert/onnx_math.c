/*
 * onnx_math.c - layers that combine values: products, sums, the largest.
 */
#include "convert/onnx_rows.h"
#include "crema.pb-c.h"

void cr_onnx_inner_product(cr_onnx_layer *l)
{
    static const Crema__InnerProductParameter none = CREMA__INNER_PRODUCT_PARAMETER__INIT;
    const Crema__InnerProductParameter *p =
        l->layer->param->inner_product_param ? l->layer->param->inner_product_param : &none;
    cr_onnx_graph *g = l->g;
    int axis = cr_onnx_axis(p->axis, l->in_shape[0].rank);
    const char *x = l->in[0];
    if (axis != 1 || l->in_shape[0].rank != 2) {
        x = cr_onnx_op(g, "Flatten", NULL, x, NULL);
        cr_onnx_int(g, "axis", axis);
    }
    x = cr_onnx_op(g, "Gemm", axis == 1 ? l->out[0] : NULL, x, cr_onnx_blob(l, 0),
                   p->bias_term ? cr_onnx_blob(l, 1) : "", NULL);
    cr_onnx_int(g, "transB", !p->transpose);
    if (axis != 1)
        cr_onnx_reshape(g, x, l->out[0], &l->out_shape[0]);
}

static const char *weighted(cr_onnx_layer *l, const Crema__EltwiseParameter *p, int i)
{
    if (!p || p->n_coeff == 0 || p->coeff[i] == 1)
        return l->in[i];
    return cr_onnx_op(l->g, "Mul", NULL, l->in[i], cr_onnx_scalar(l->g, p->coeff[i]), NULL);
}

// A bottom with coeff 0 is not read, as in the layer.
static void eltwise_sum(cr_onnx_layer *l, const Crema__EltwiseParameter *p)
{
    cr_onnx_graph *g = l->g;
    const char *sum = NULL;
    int last = -1;
    for (int i = 0; i < l->step->n_in; i++)
        if (!p || p->n_coeff == 0 || p->coeff[i] != 0)
            last = i;
    for (int i = 0; i <= last; i++) {
        if (p && p->n_coeff > 0 && p->coeff[i] == 0)
            continue;
        const char *x = weighted(l, p, i);
        if (sum)
            sum = cr_onnx_op(g, "Add", i == last ? l->out[0] : NULL, sum, x, NULL);
        else
            sum = i == last ? cr_onnx_op(g, "Identity", l->out[0], x, NULL) : x;
    }
    if (last < 0)
        cr_onnx_op(g, "Mul", l->out[0], l->in[0], cr_onnx_scalar(g, 0), NULL);
}

void cr_onnx_eltwise(cr_onnx_layer *l)
{
    const Crema__EltwiseParameter *p = l->layer->param->eltwise_param;
    const char *x = l->in[0];
    switch (p ? p->operation : CREMA__ELTWISE_PARAMETER__ELTWISE_OP__SUM) {
    case CREMA__ELTWISE_PARAMETER__ELTWISE_OP__PROD:
        for (int i = 1; i < l->step->n_in; i++)
            x = cr_onnx_op(l->g, "Mul", i + 1 == l->step->n_in ? l->out[0] : NULL, x, l->in[i], NULL);
        break;
    case CREMA__ELTWISE_PARAMETER__ELTWISE_OP__MAX:
        cr_onnx_op_list(l->g, "Max", l->out[0], (size_t)l->step->n_in, l->in);
        break;
    default:
        eltwise_sum(l, p);
    }
}

void cr_onnx_reduction(cr_onnx_layer *l)
{
    static const Crema__ReductionParameter none = CREMA__REDUCTION_PARAMETER__INIT;
    const Crema__ReductionParameter *p =
        l->layer->param->reduction_param ? l->layer->param->reduction_param : &none;
    int rank = l->in_shape[0].rank, axis = l->out_shape[0].rank;
    const char *x;
    switch (p->operation) {
    case CREMA__REDUCTION_PARAMETER__REDUCTION_OP__ASUM:
        x = cr_onnx_reduce(l->g, "ReduceL1", l->in[0], axis, rank);
        break;
    case CREMA__REDUCTION_PARAMETER__REDUCTION_OP__SUMSQ:
        x = cr_onnx_reduce(l->g, "ReduceSumSquare", l->in[0], axis, rank);
        break;
    case CREMA__REDUCTION_PARAMETER__REDUCTION_OP__MEAN:
        x = cr_onnx_reduce(l->g, "ReduceMean", l->in[0], axis, rank);
        break;
    default:
        x = cr_onnx_sum(l->g, l->in[0], axis, rank);
    }
    if (p->coeff != 1)
        x = cr_onnx_op(l->g, "Mul", NULL, x, cr_onnx_scalar(l->g, p->coeff), NULL);
    cr_onnx_reshape(l->g, x, l->out[0], &l->out_shape[0]);
}

/* ---- ArgMax ---- */

// Of the input's shape but for k on the axis; the index is int64. Of k = 1 there is only what is asked for.
typedef struct best {
    bool want_index, want_value;
    const char *index, *value;
} best;

// Of equal values the one with the larger index comes first: TopK prefers the smaller, so it gets the axis reversed.
static void top_k(cr_onnx_graph *g, const char *x, int axis, int64_t n, int64_t k, best *b)
{
    if (k == 1 && b->want_value)
        b->value = cr_onnx_reduce(g, "ReduceMax", x, axis, axis + 1);
    if (k == 1 && b->want_index) {
        b->index = cr_onnx_op(g, "ArgMax", NULL, x, NULL);
        cr_onnx_int(g, "axis", axis);
        cr_onnx_int(g, "select_last_index", 1);
    }
    if (k == 1)
        return;
    int64_t back = -1, end = INT64_MIN, at = axis;
    x = cr_onnx_op(g, "Slice", NULL, x, cr_onnx_indices(g, 1, &back), cr_onnx_indices(g, 1, &end),
                   cr_onnx_indices(g, 1, &at), cr_onnx_indices(g, 1, &back), NULL);
    b->value = cr_onnx_op(g, "TopK", NULL, x, cr_onnx_indices(g, 1, &k), NULL);
    const char *from_end = cr_onnx_more(g, NULL);
    cr_onnx_int(g, "axis", axis);
    if (b->want_index)
        b->index = cr_onnx_op(g, "Sub", NULL, cr_onnx_index(g, n - 1), from_end, NULL);
}

void cr_onnx_argmax(cr_onnx_layer *l)
{
    static const Crema__ArgMaxParameter none = CREMA__ARG_MAX_PARAMETER__INIT;
    const Crema__ArgMaxParameter *p = l->layer->param->argmax_param ? l->layer->param->argmax_param : &none;
    cr_onnx_graph *g = l->g;
    const cr_shape *in = &l->in_shape[0];
    if (p->has_axis) {
        int axis = cr_onnx_axis(p->axis, in->rank);
        best b = {.want_index = !p->out_max_val, .want_value = p->out_max_val};
        top_k(g, l->in[0], axis, in->dim[axis], p->top_k, &b);
        if (p->out_max_val)
            cr_onnx_op(g, "Identity", l->out[0], b.value, NULL);
        else
            cr_onnx_cast(g, b.index, l->out[0], CR_ONNX_FLOAT);
        return;
    }
    cr_shape flat = {.rank = 2, .dim = {in->dim[0], cr_shape_range(in, 1, in->rank)}};
    best b = {.want_index = true, .want_value = p->out_max_val};
    top_k(g, cr_onnx_reshape(g, l->in[0], NULL, &flat), 1, flat.dim[1], p->top_k, &b);
    const char *both[2] = {cr_onnx_cast(g, b.index, NULL, CR_ONNX_FLOAT), b.value};
    const char *x = p->out_max_val ? cr_onnx_concat(g, NULL, 1, 2, both) : both[0]; // (n, 2 k) as (n, 2, k)
    cr_onnx_reshape(g, x, l->out[0], &l->out_shape[0]);
}
