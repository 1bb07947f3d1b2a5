/*
 * onnx_norm.c - normalizations, and the layers that scale and add learned values.
 */
#include "convert/onnx_rows.h"
#include "crema.pb-c.h"
#include "layers/norm_base.h"

#include <math.h>

static void lrn_within(cr_onnx_layer *l, const Crema__LRNParameter *p)
{
    cr_onnx_graph *g = l->g;
    int64_t size = p->local_size, kernel[2] = {size, size}, pad = size / 2, pads[4] = {pad, pad, pad, pad};
    const char *mean =
        cr_onnx_op(g, "AveragePool", NULL, cr_onnx_op(g, "Mul", NULL, l->in[0], l->in[0], NULL), NULL);
    cr_onnx_ints(g, "kernel_shape", 2, kernel);
    cr_onnx_ints(g, "pads", 4, pads);
    cr_onnx_int(g, "count_include_pad", 1);
    const char *base = cr_onnx_op(g, "Mul", NULL, mean, cr_onnx_scalar(g, p->alpha), NULL);
    base = cr_onnx_op(g, "Add", NULL, base, cr_onnx_scalar(g, 1), NULL);
    base = cr_onnx_op(g, "Pow", NULL, base, cr_onnx_scalar(g, p->beta), NULL);
    cr_onnx_op(g, "Div", l->out[0], l->in[0], base, NULL);
}

void cr_onnx_lrn(cr_onnx_layer *l)
{
    static const Crema__LRNParameter none = CREMA__LRNPARAMETER__INIT;
    const Crema__LRNParameter *p = l->layer->param->lrn_param ? l->layer->param->lrn_param : &none;
    if (p->norm_region == CREMA__LRNPARAMETER__NORM_REGION__WITHIN_CHANNEL) {
        lrn_within(l, p);
        return;
    }
    cr_onnx_op(l->g, "LRN", l->out[0], l->in[0], NULL);
    cr_onnx_int(l->g, "size", p->local_size);
    cr_onnx_float(l->g, "alpha", p->alpha);
    cr_onnx_float(l->g, "beta", p->beta);
    cr_onnx_float(l->g, "bias", p->k);
}

/* ---- BatchNorm and BN ---- */

// values[i] * factor, or `fill` where there are no values, as a constant for `rank` axes with channels on axis 1.
static const char *per_channel(cr_onnx_layer *l, const float *values, float factor, float fill, int64_t n)
{
    float *copy = cr_onnx_room(l->g, n);
    for (int64_t i = 0; i < n && copy; i++)
        copy[i] = values ? values[i] * factor : fill;
    return cr_onnx_floats(l->g, NULL, &(cr_shape){.rank = 1, .dim = {n}}, copy);
}

// Channels of the statistics of the batch: all axes but 1 (of one axis: that one) averaged, kept with length 1.
static const char *over_batch(cr_onnx_layer *l, const char *x)
{
    int64_t axes[CR_MAX_RANK];
    size_t n = 0;
    for (int i = 0; i < l->in_shape[0].rank; i++)
        if (i != 1)
            axes[n++] = i;
    x = cr_onnx_op(l->g, "ReduceMean", NULL, x, NULL);
    cr_onnx_ints(l->g, "axes", n, axes);
    return x;
}

// A constant of n values that broadcasts along axis 1.
static const char *along_channels(cr_onnx_layer *l, const float *values, int64_t n)
{
    cr_shape shape = {.rank = l->in_shape[0].rank > 1 ? l->in_shape[0].rank - 1 : 1, .dim = {n}};
    for (int i = 1; i < shape.rank; i++)
        shape.dim[i] = 1;
    return cr_onnx_floats(l->g, NULL, &shape, values);
}

static void batch_norm(cr_onnx_layer *l, const cr_norm *norm, int64_t n, const char *out)
{
    cr_onnx_graph *g = l->g;
    const char *mean = over_batch(l, l->in[0]);
    const char *x = cr_onnx_op(g, "Sub", NULL, l->in[0], mean, NULL);
    const char *variance = over_batch(l, cr_onnx_op(g, "Mul", NULL, x, x, NULL));
    const char *deviation = cr_onnx_op(
        g, "Sqrt", NULL, cr_onnx_op(g, "Add", NULL, variance, cr_onnx_scalar(g, norm->eps), NULL), NULL);
    x = cr_onnx_op(g, "Div", norm->scale ? NULL : out, x, deviation, NULL);
    if (norm->scale)
        x = cr_onnx_op(g, "Mul", norm->bias ? NULL : out, x, along_channels(l, norm->scale, n), NULL);
    if (norm->scale && norm->bias)
        cr_onnx_op(g, "Add", out, x, along_channels(l, norm->bias, n), NULL);
    if (l->step->n_out > 1)
        cr_onnx_reshape(g, mean, l->out[1], &l->out_shape[1]);
    if (l->step->n_out > 2)
        cr_onnx_reshape(g, variance, l->out[2], &l->out_shape[2]);
}

static void stored_norm(cr_onnx_layer *l, const cr_norm *norm, int64_t n, const char *out)
{
    cr_onnx_graph *g = l->g;
    const char *x = l->in[0];
    if (!norm->variance) { // scale and bias alone
        x = cr_onnx_op(g, "Mul", norm->bias ? NULL : out, x, along_channels(l, norm->scale, n), NULL);
        if (norm->bias)
            cr_onnx_op(g, "Add", out, x, along_channels(l, norm->bias, n), NULL);
        return;
    }
    bool flat = l->in_shape[0].rank == 1;
    if (flat)
        x = cr_onnx_reshape(g, x, NULL, &(cr_shape){.rank = 2, .dim = {l->in_shape[0].dim[0], 1}});
    const char *y =
        cr_onnx_op(g, "BatchNormalization", flat ? NULL : out, x, per_channel(l, norm->scale, 1, 1, n),
                   per_channel(l, norm->scale ? norm->bias : NULL, 1, 0, n),
                   per_channel(l, norm->mean, norm->factor, 0, n),
                   per_channel(l, norm->variance, norm->factor, 0, n), NULL);
    cr_onnx_float(g, "epsilon", norm->eps);
    if (flat)
        cr_onnx_reshape(g, y, out, &l->out_shape[0]);
}

static void emit_norm(cr_onnx_layer *l, const cr_norm *norm)
{
    int64_t n = l->in_shape[0].rank > 1 ? l->in_shape[0].dim[1] : 1;
    const char *out = norm->relu ? cr_onnx_name(l->g, l->layer->name) : l->out[0];
    if (norm->batch_stats)
        batch_norm(l, norm, n, out);
    else
        stored_norm(l, norm, n, out);
    if (norm->relu)
        cr_onnx_op(l->g, "Relu", l->out[0], out, NULL);
}

void cr_onnx_batch_norm(cr_onnx_layer *l)
{
    cr_norm norm = cr_batch_norm_of(l->step, l->in_shape[0].rank > 1 ? l->in_shape[0].dim[1] : 1);
    emit_norm(l, &norm);
}

void cr_onnx_bn(cr_onnx_layer *l)
{
    cr_norm norm = cr_bn_of(l->step);
    emit_norm(l, &norm);
}

/* ---- Scale and Bias ---- */

// The shape of an operand that stands for axes [axis, axis + operand->rank) of bottom 0, for ONNX, which aligns
// shapes at their ends.
static cr_shape aligned(const cr_onnx_layer *l, const cr_shape *operand, int64_t axis)
{
    cr_shape shape = *operand;
    if (shape.rank > 0)
        for (int i = cr_onnx_axis(axis, l->in_shape[0].rank) + operand->rank; i < l->in_shape[0].rank; i++)
            shape.dim[shape.rank++] = 1;
    return shape;
}

// Blob i, or bottom 1.
static const char *operand(cr_onnx_layer *l, int64_t axis, bool bottom, int i)
{
    cr_shape shape = aligned(l, bottom ? &l->in_shape[1] : &l->step->blob_shape[i], axis);
    if (!bottom)
        return cr_onnx_blob_as(l, i, &shape);
    return cr_shape_equal(&shape, &l->in_shape[1]) ? l->in[1] : cr_onnx_reshape(l->g, l->in[1], NULL, &shape);
}

// The bias of a Scale has the shape of the scale, also where that is bottom 1.
void cr_onnx_scale(cr_onnx_layer *l)
{
    static const Crema__ScaleParameter none = CREMA__SCALE_PARAMETER__INIT;
    const Crema__ScaleParameter *p = l->layer->param->scale_param ? l->layer->param->scale_param : &none;
    const char *scale = operand(l, p->axis, l->step->n_in > 1, 0);
    const char *x = cr_onnx_op(l->g, "Mul", p->bias_term ? NULL : l->out[0], l->in[0], scale, NULL);
    if (p->bias_term)
        cr_onnx_op(l->g, "Add", l->out[0], x, operand(l, p->axis, false, l->step->n_blobs - 1), NULL);
}

void cr_onnx_bias(cr_onnx_layer *l)
{
    static const Crema__BiasParameter none = CREMA__BIAS_PARAMETER__INIT;
    const Crema__BiasParameter *p = l->layer->param->bias_param ? l->layer->param->bias_param : &none;
    cr_onnx_op(l->g, "Add", l->out[0], l->in[0], operand(l, p->axis, l->step->n_in > 1, 0), NULL);
}

// a: (N, C) or (N, C, 1...), for x and y (N, C, ...).
void cr_onnx_axpy(cr_onnx_layer *l)
{
    cr_shape shape = {.rank = l->in_shape[1].rank, .dim = {l->in_shape[0].dim[0], l->in_shape[0].dim[1]}};
    for (int i = 2; i < shape.rank; i++)
        shape.dim[i] = 1;
    const char *a =
        cr_shape_equal(&shape, &l->in_shape[0]) ? l->in[0] : cr_onnx_reshape(l->g, l->in[0], NULL, &shape);
    cr_onnx_op(l->g, "Add", l->out[0], cr_onnx_op(l->g, "Mul", NULL, a, l->in[1], NULL), l->in[2], NULL);
}

/* ---- norms and moments ---- */

static const char *length_of(cr_onnx_layer *l, int from, int to, float eps, const char *out)
{
    cr_onnx_graph *g = l->g;
    const char *sum = cr_onnx_sum(g, cr_onnx_op(g, "Mul", NULL, l->in[0], l->in[0], NULL), from, to);
    if (eps != 0)
        sum = cr_onnx_op(g, "Add", NULL, sum, cr_onnx_scalar(g, eps), NULL);
    return cr_onnx_op(g, "Sqrt", out, sum, NULL);
}

void cr_onnx_normalize(cr_onnx_layer *l)
{
    const Crema__NormalizeParameter *p = l->layer->param->norm_param;
    bool across = p ? p->across_spatial : true;
    int rank = l->in_shape[0].rank;
    const char *length = length_of(l, 1, across ? rank : 2, p ? p->eps : 1e-10f, NULL);
    const char *x = cr_onnx_op(l->g, "Div", NULL, l->in[0], length, NULL);
    cr_shape shape = {.rank = rank - 1, .dim = {cr_shape_count(&l->step->blob_shape[0])}};
    for (int i = 1; i < shape.rank; i++)
        shape.dim[i] = 1;
    cr_onnx_op(l->g, "Mul", l->out[0], x, cr_onnx_blob_as(l, 0, &shape), NULL);
}

void cr_onnx_channel_norm(cr_onnx_layer *l)
{
    length_of(l, 1, 2, 0, l->out[0]);
}

void cr_onnx_mvn(cr_onnx_layer *l)
{
    const Crema__MVNParameter *p = l->layer->param->mvn_param;
    cr_onnx_graph *g = l->g;
    int rank = l->in_shape[0].rank, from = p && p->across_channels ? 1 : 2;
    bool variance = !p || p->normalize_variance;
    const char *mean = from < rank ? cr_onnx_reduce(g, "ReduceMean", l->in[0], from, rank) : l->in[0];
    const char *x = cr_onnx_op(g, "Sub", variance ? NULL : l->out[0], l->in[0], mean, NULL);
    if (!variance)
        return;
    const char *squares = cr_onnx_op(g, "Mul", NULL, x, x, NULL);
    if (from < rank)
        squares = cr_onnx_reduce(g, "ReduceMean", squares, from, rank);
    const char *deviation = cr_onnx_op(g, "Sqrt", NULL, squares, NULL);
    deviation = cr_onnx_op(g, "Add", NULL, deviation, cr_onnx_scalar(g, p ? p->eps : 1e-9f), NULL);
    cr_onnx_op(g, "Div", l->out[0], x, deviation, NULL);
}
