/*
 * onnx_resize.c - resizing.
 *
 * Interp is ONNX's linear Resize with align_corners, Upsample its nearest one, or a scatter by a mask. Resample has
 * coordinates that ONNX does not know (layers/resample.c), so its table of taps becomes a matrix for each axis:
 * y = R x C; where every output has one tap of weight 1, a Gather.
 */
#include "convert/onnx_rows.h"
#include "crema.pb-c.h"
#include "layers/resize.h"

#include <string.h>

// x resized to the shape of top 0.
static void resize(cr_onnx_layer *l, const char *x, const char *out, const char *mode,
                   const char *coordinates)
{
    cr_onnx_graph *g = l->g;
    const cr_shape *to = &l->out_shape[0];
    cr_onnx_op(g, "Resize", out, x, "", "", cr_onnx_indices(g, (size_t)to->rank, to->dim), NULL);
    cr_onnx_text(g, "mode", mode);
    cr_onnx_text(g, "coordinate_transformation_mode", coordinates);
    if (!strcmp(mode, "nearest"))
        cr_onnx_text(g, "nearest_mode", "floor");
}

void cr_onnx_interp(cr_onnx_layer *l)
{
    const Crema__InterpParameter *p = l->layer->param->interp_param;
    const char *x = l->in[0];
    for (int a = 2; a < 4 && p && (p->pad_beg || p->pad_end); a++)
        x = cr_onnx_slice(l->g, x, NULL, a, -(int64_t)p->pad_beg, l->in_shape[0].dim[a] + p->pad_end);
    if (l->step->shaping->view)
        cr_onnx_emit_identity(l);
    else
        resize(l, x, l->out[0], "linear", "align_corners");
}

// The mask says where in its plane each value goes.
static void scatter(cr_onnx_layer *l)
{
    cr_onnx_graph *g = l->g;
    const cr_shape *in = &l->in_shape[0], *out = &l->out_shape[0];
    int64_t planes = in->dim[0] * in->dim[1];
    cr_shape from = {.rank = 2, .dim = {planes, cr_shape_range(in, 2, 4)}};
    int64_t to[2] = {planes, cr_shape_range(out, 2, 4)};
    const char *empty = cr_onnx_op(g, "Expand", NULL, cr_onnx_scalar(g, 0), cr_onnx_indices(g, 2, to), NULL);
    const char *mask = cr_onnx_cast(g, l->in[1], NULL, CR_ONNX_INT64);
    mask = cr_onnx_reshape(g, mask, NULL, &from);
    const char *x = cr_onnx_reshape(g, l->in[0], NULL, &from);
    x = cr_onnx_op(g, "ScatterElements", NULL, empty, mask, x, NULL);
    cr_onnx_int(g, "axis", 1);
    cr_onnx_reshape(g, x, l->out[0], out);
}

void cr_onnx_upsample(cr_onnx_layer *l)
{
    const Crema__UpsampleParameter *p = l->layer->param->upsample_param;
    bool stride = p && (p->has_stride || p->has_stride_h || p->has_stride_w);
    float factor = stride && p->has_scale ? (float)p->scale : 1;
    if (l->step->n_in > 1) {
        scatter(l);
    } else if (factor == 1) {
        resize(l, l->in[0], l->out[0], "nearest", "asymmetric");
    } else {
        const char *x = cr_onnx_op(l->g, "Mul", NULL, l->in[0], cr_onnx_scalar(l->g, factor), NULL);
        resize(l, x, l->out[0], "nearest", "asymmetric");
    }
}

static bool picks_one(const cr_taps *taps)
{
    for (int64_t o = 0; o < taps->out; o++)
        if (taps->n[o] != 1 || taps->weight[o * taps->width] != 1)
            return false;
    return true;
}

// (out, in), or transposed.
static const char *matrix(cr_onnx_graph *g, const cr_taps *taps, bool transposed)
{
    int64_t row = transposed ? 1 : taps->in, column = transposed ? taps->out : 1;
    float *m = cr_onnx_room(g, taps->in * taps->out);
    for (int64_t o = 0; o < taps->out && m; o++)
        for (int64_t t = 0; t < taps->n[o]; t++)
            m[o * row + (taps->first[o] + t) * column] = taps->weight[o * taps->width + t];
    cr_shape shape = {.rank = 2,
                      .dim = {transposed ? taps->in : taps->out, transposed ? taps->out : taps->in}};
    return cr_onnx_floats(g, "taps", &shape, m);
}

static const char *one_axis(cr_onnx_graph *g, const char *x, const char *out, const cr_taps *taps, int axis)
{
    if (!picks_one(taps))
        return axis == 2 ? cr_onnx_op(g, "MatMul", out, matrix(g, taps, false), x, NULL)
                         : cr_onnx_op(g, "MatMul", out, x, matrix(g, taps, true), NULL);
    int64_t *index = cr_onnx_index_room(g, taps->out);
    for (int64_t o = 0; o < taps->out && index; o++)
        index[o] = taps->first[o];
    return cr_onnx_gather(g, x, out, axis, cr_onnx_indices_kept(g, (size_t)taps->out, index));
}

void cr_onnx_resample(cr_onnx_layer *l)
{
    const cr_resize *r = l->step->data;
    const char *x = one_axis(l->g, l->in[0], NULL, &r->row, 2);
    one_axis(l->g, x, l->out[0], &r->column, 3);
}
