/*
 * onnx_window.c - padding of sliding windows, in ONNX's terms.
 *
 * The tables of cr_window say what each tap of each output reads. ONNX's operators know zeros only, so every other
 * mode is a larger input and an operator without pads:
 *
 *     position q of the larger input  =  what the table has for a tap k of an output o with
 *                                        o * stride + k * dilation = q
 *
 * Reflect (as far as one mirror reaches) and replicate are ONNX's own modes of Pad; constants too. The other index
 * maps (symmetric, circular, mirrors of mirrors) are a Gather for each axis with such a table. Under CORNERS each
 * run of channels has pads of its own: it is cut out, padded, and put back. A border of means is a product with a
 * matrix for each axis, in which the padded image replaces what is not border.
 */
#include "convert/onnx_emit.h"
#include "crema.pb-c.h"

enum { RUNS = 8 };

cr_onnx_reach cr_onnx_reach_of(const cr_window *window, int axis, int v)
{
    const cr_axis *a = &window->axis[axis];
    int64_t length = (a->out - 1) * a->stride + (a->kernel - 1) * a->dilation + 1;
    return (cr_onnx_reach){a->pad_before[v], length - a->in - a->pad_before[v]};
}

// One node Pad; mode NULL: constant.
static const char *pad_node(cr_onnx_graph *g, const char *x, int rank, int n_axes, const cr_onnx_reach *reach,
                            const char *mode, float outside)
{
    int64_t pads[2 * CR_MAX_RANK] = {0};
    bool any = false;
    for (int a = 0; a < n_axes; a++) {
        pads[rank - n_axes + a] = reach[a].before;
        pads[2 * rank - n_axes + a] = reach[a].after > 0 ? reach[a].after : 0;
        any = any || reach[a].before > 0 || reach[a].after > 0;
    }
    if (!any)
        return x;
    const char *y = cr_onnx_op(g, "Pad", NULL, x, cr_onnx_indices(g, 2 * (size_t)rank, pads),
                               mode ? "" : cr_onnx_scalar(g, outside), NULL);
    if (mode)
        cr_onnx_text(g, "mode", mode);
    return y;
}

// Entry q: the position that place q of the padded axis reads.
static const char *index_table(cr_onnx_graph *g, const cr_axis *axis, int64_t length)
{
    int64_t *table = cr_onnx_index_room(g, length);
    for (int64_t k = 0; k < axis->kernel && table; k++)
        for (int64_t o = 0; o < axis->out; o++)
            table[o * axis->stride + k * axis->dilation] = axis->index[0][k * axis->out + o];
    return table ? cr_onnx_indices_kept(g, (size_t)length, table) : "";
}

static const char *gather_axes(cr_onnx_graph *g, const char *x, int rank, const cr_window *window,
                               const cr_onnx_reach *reach)
{
    for (int a = 0; a < window->n_axes; a++) {
        int64_t length = window->axis[a].in + reach[a].before + reach[a].after;
        if (reach[a].before > 0 || reach[a].after > 0)
            x = cr_onnx_gather(g, x, NULL, rank - window->n_axes + a,
                               index_table(g, &window->axis[a], length));
    }
    return x;
}

// All the pads that the rule gives: their sum is that of the other variant, so the parts fit together.
static cr_onnx_reach corner_pads(const cr_axis *axis, int v)
{
    return (cr_onnx_reach){axis->pad_before[v], axis->pad_after[v]};
}

static const char *pad_corners(cr_onnx_graph *g, const char *x, const cr_shape *shape,
                               const cr_window *window, float outside)
{
    int n = window->n_axes, rank = shape->rank, channel_axis = rank - n - 1;
    const char *part[RUNS];
    size_t n_parts = 0;
    int64_t channels = shape->dim[channel_axis];
    for (int64_t from = 0, to; from < channels && n_parts < RUNS; from = to) {
        for (to = from + 1; to < channels && window->variant[to] == window->variant[from];)
            to++;
        cr_onnx_reach reach[CR_MAX_AXES];
        for (int a = 0; a < n; a++)
            reach[a] = corner_pads(&window->axis[a], window->variant[from] >> a & 1);
        const char *run = cr_onnx_slice(g, x, NULL, channel_axis, from, to);
        part[n_parts++] = pad_node(g, run, rank, n, reach, NULL, outside);
    }
    return n_parts == 1 ? part[0] : cr_onnx_concat(g, NULL, channel_axis, n_parts, part);
}

// Whether ONNX's reflect can do it: no mirror of a mirror.
static bool mirrors_once(const cr_window *window, const cr_onnx_reach *reach)
{
    for (int a = 0; a < window->n_axes; a++)
        if (reach[a].before >= window->axis[a].in || reach[a].after >= window->axis[a].in)
            return false;
    return true;
}

const char *cr_onnx_pad(cr_onnx_layer *l, const char *x, const cr_shape *shape, const cr_window *window,
                        int mode, float outside)
{
    cr_onnx_reach reach[CR_MAX_AXES];
    if (window->variant)
        return pad_corners(l->g, x, shape, window, outside);
    for (int a = 0; a < window->n_axes; a++)
        reach[a] = cr_onnx_reach_of(window, a, 0);
    switch (mode) {
    case CREMA__PAD_MODE__ZERO:
    case CREMA__PAD_MODE__CONSTANT:
    case CREMA__PAD_MODE__PARTIAL:
        return pad_node(l->g, x, shape->rank, window->n_axes, reach, NULL, outside);
    case CREMA__PAD_MODE__REFLECT:
        if (mirrors_once(window, reach))
            return pad_node(l->g, x, shape->rank, window->n_axes, reach, "reflect", 0);
        return gather_axes(l->g, x, shape->rank, window, reach);
    case CREMA__PAD_MODE__REPLICATE:
        return pad_node(l->g, x, shape->rank, window->n_axes, reach, "edge", 0);
    case CREMA__PAD_MODE__SYMMETRIC:
    case CREMA__PAD_MODE__CIRCULAR:
        return gather_axes(l->g, x, shape->rank, window, reach);
    default:
        cr_onnx_refuse(l, "a pad_mode that depends on means");
        return x;
    }
}

// (padded size, size) of an axis, or transposed.
static const char *mean_matrix(cr_onnx_graph *g, const cr_mean_padding *mean, int axis, int64_t out,
                               int64_t in)
{
    float *weights = cr_onnx_room(g, out * in), *turned = axis == 1 ? cr_onnx_room(g, out * in) : weights;
    if (!weights || !turned)
        return "";
    cr_mean_padding_weights(mean, axis, weights);
    for (int64_t i = 0; i < out * in && axis == 1; i++)
        turned[i % in * out + i / in] = weights[i];
    cr_shape shape = {.rank = 2, .dim = {axis == 1 ? in : out, axis == 1 ? out : in}};
    return cr_onnx_floats(g, "means", &shape, turned);
}

const char *cr_onnx_pad_mean(cr_onnx_graph *g, const char *x, const cr_mean_padding *mean,
                             const int64_t size[2])
{
    int64_t out[2], pads[8] = {0};
    cr_mean_padding_size(mean, out);
    cr_shape shape = {.rank = 2, .dim = {out[0], out[1]}};
    float *border = cr_onnx_room(g, out[0] * out[1]);
    for (int a = 0; a < 2; a++)
        pads[2 + a] = pads[6 + a] = (out[a] - size[a]) / 2;
    for (int64_t i = 0; i < out[0] * out[1] && border; i++) {
        int64_t y = i / out[1] - pads[2], x_at = i % out[1] - pads[3];
        border[i] = y < 0 || y >= size[0] || x_at < 0 || x_at >= size[1];
    }
    const char *z = cr_onnx_op(g, "MatMul", NULL, mean_matrix(g, mean, 0, out[0], size[0]), x, NULL);
    z = cr_onnx_op(g, "MatMul", NULL, z, mean_matrix(g, mean, 1, out[1], size[1]), NULL);
    z = cr_onnx_op(g, "Mul", NULL, z, cr_onnx_floats(g, "border", &shape, border), NULL);
    x = cr_onnx_op(g, "Pad", NULL, x, cr_onnx_indices(g, 8, pads), NULL);
    return cr_onnx_op(g, "Add", NULL, x, z, NULL);
}
