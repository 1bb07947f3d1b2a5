/*
 * onnx_conv.c - the layers that read convolution_param: Conv and ConvTranspose of ONNX.
 *
 * Zero padding goes into the operator's pads: the file's own where ONNX's formula gives Caffe's size with them, else
 * as much as the windows read. Any other padding is done before (onnx_window.c). PARTIAL scales the sums by a map of
 * constants, so its bias is added behind.
 *
 * The channels stand at `axis`, whatever it is; where that is not 1, or there are no spatial axes, the layer runs on
 * another shape of the same values:  (N..., C, S...) -> (prod N, C, S... or 1).
 */
#include "convert/onnx_rows.h"
#include "crema.pb-c.h"

#include <string.h>

typedef struct conv {
    cr_onnx_layer *l;
    cr_window window;
    int mode, n_axes; // axes: at least 1
    cr_shape bottom;  // as images
    cr_shape in, out; // (images, channels, spatial); in: with a border of means, if there is one
    cr_shape weights; // (channels, channels / group, taps)
    int64_t group;
    const cr_mean_padding *mean; // NULL: the window pads
} conv;

// Shape `s` as images, channels and at least one spatial axis.
static cr_shape as_images(const cr_shape *s, int axis)
{
    cr_shape r = {.rank = 2 + s->rank - axis - 1, .dim = {cr_shape_range(s, 0, axis), s->dim[axis]}};
    for (int a = axis + 1; a < s->rank; a++)
        r.dim[2 + a - axis - 1] = s->dim[a];
    if (r.rank == 2)
        r.dim[r.rank++] = 1;
    return r;
}

// The window then slides over the padded bottom, without pads. False: no memory.
static bool pad_mean(conv *c, cr_window_spec *spec)
{
    if (cr_mean_padding_make(&c->l->g->arena, spec, &c->in.dim[2], &c->mean, NULL)) {
        c->l->g->no_memory = true;
        return false;
    }
    cr_mean_padding_size(c->mean, &c->in.dim[2]);
    spec->rule = CREMA__PAD_RULE__VALID;
    spec->mode = CREMA__PAD_MODE__ZERO;
    return true;
}

// False: refused, or no memory.
static bool read_conv(cr_onnx_layer *l, bool transposed, conv *c)
{
    const Crema__ConvolutionParameter *p = l->layer->param->convolution_param;
    int axis = cr_onnx_axis(p->axis, l->in_shape[0].rank), n = l->in_shape[0].rank - axis - 1;
    cr_window_spec spec;
    *c = (conv){.l = l, .in = as_images(&l->in_shape[0], axis), .out = as_images(&l->out_shape[0], axis)};
    cr_err err = {0};
    c->bottom = c->in;
    if (cr_window_spec_conv(l->layer, n, &spec, &err)) {
        cr_onnx_refuse(l, "%s", err.message);
        return false;
    }
    if (n == 0)
        spec.kernel[0] = spec.stride[0] = spec.dilation[0] = 1;
    c->n_axes = n ? n : 1;
    if (cr_window_is_mean(&spec) && !pad_mean(c, &spec))
        return false;
    c->mode = spec.mode;
    const int64_t *in = (transposed ? &c->out : &c->in)->dim + 2,
                  *out = (transposed ? &c->in : &c->out)->dim + 2;
    int64_t channels = (transposed ? &c->out : &c->in)->dim[1];
    if (cr_window_build(&l->g->arena, &spec, c->n_axes, in, out, channels, &c->window, &err)) {
        l->g->no_memory = true; // any other failure would have been one of the plan
        return false;
    }
    c->weights = l->step->blob_shape[0];
    while (c->weights.rank < 2 + c->n_axes)
        c->weights.dim[c->weights.rank++] = 1;
    c->group = channels / c->weights.dim[1];
    if (c->n_axes > 3)
        cr_onnx_refuse(l, "%d spatial axes; Conv of ONNX's runtimes has up to 3", c->n_axes);
    return !l->refused;
}

static void attributes(const conv *c, const int64_t *before, const int64_t *after)
{
    int64_t kernel[CR_MAX_AXES], stride[CR_MAX_AXES], dilation[CR_MAX_AXES], pads[2 * CR_MAX_AXES];
    for (int a = 0; a < c->n_axes; a++) {
        const cr_axis *axis = &c->window.axis[a];
        kernel[a] = axis->kernel;
        stride[a] = axis->stride;
        dilation[a] = axis->dilation;
        pads[a] = before[a];
        pads[c->n_axes + a] = after[a];
    }
    cr_onnx_graph *g = c->l->g;
    cr_onnx_ints(g, "kernel_shape", (size_t)c->n_axes, kernel);
    cr_onnx_ints(g, "strides", (size_t)c->n_axes, stride);
    cr_onnx_ints(g, "dilations", (size_t)c->n_axes, dilation);
    cr_onnx_ints(g, "pads", 2 * (size_t)c->n_axes, pads);
    cr_onnx_int(g, "group", c->group);
}

// The pads of the operator: those of the file where ONNX's formula then gives the size, else what is read.
static void operator_pads(const conv *c, int64_t *before, int64_t *after)
{
    for (int a = 0; a < c->n_axes; a++) {
        const cr_axis *axis = &c->window.axis[a];
        cr_onnx_reach reach = cr_onnx_reach_of(&c->window, a, 0);
        int64_t left = axis->pad_after[0] - reach.after; // positions behind the last window
        before[a] = reach.before;
        after[a] = left >= 0 && left < axis->stride ? axis->pad_after[0] : reach.after > 0 ? reach.after : 0;
    }
}

// PARTIAL: the factors of the windows, or, where they have any tap inside, 1. *empty: some have none.
static const char *factor_map(const conv *c, bool factors, bool *empty)
{
    cr_shape shape = {.rank = 2 + c->n_axes, .dim = {1, 1}};
    memcpy(shape.dim + 2, c->out.dim + 2, (size_t)c->n_axes * sizeof *shape.dim);
    int64_t n = cr_shape_count(&shape);
    float *map = cr_onnx_room(c->l->g, n);
    for (int64_t i = 0; i < n && map; i++) {
        map[i] = 1;
        int64_t rest = i;
        for (int a = c->n_axes - 1; a >= 0; a--) {
            map[i] *= c->window.axis[a].factor[rest % shape.dim[2 + a]];
            rest /= shape.dim[2 + a];
        }
        *empty = *empty || map[i] == 0;
        map[i] = factors ? map[i] : map[i] > 0;
    }
    return cr_onnx_floats(c->l->g, "factor", &shape, map);
}

// Blob i, or what stands for none.
static const char *bias_of(const conv *c, int i)
{
    return c->l->step->n_blobs > i ? cr_onnx_blob(c->l, i) : "";
}

// The sums times their factors, plus the bias; windows without a tap inside are 0, bias and all.
static const char *scale_partial(const conv *c, const char *sum, const char *y, bool with_bias)
{
    cr_onnx_graph *g = c->l->g;
    bool empty = false;
    const char *factor = factor_map(c, true, &empty);
    sum = cr_onnx_op(g, "Mul", with_bias ? NULL : y, sum, factor, NULL);
    if (!with_bias)
        return sum;
    cr_shape per_channel = {.rank = c->n_axes + 1, .dim = {c->out.dim[1]}};
    for (int a = 0; a < c->n_axes; a++)
        per_channel.dim[1 + a] = 1;
    sum = cr_onnx_op(g, "Add", empty ? NULL : y, sum, cr_onnx_blob_as(c->l, 1, &per_channel), NULL);
    return empty ? cr_onnx_op(g, "Mul", y, sum, factor_map(c, false, &empty), NULL) : sum;
}

// x -> y; both have the shapes of c. y NULL: a name is made.
static const char *convolve_with(const conv *c, const char *x, const char *y, bool with_bias)
{
    cr_onnx_layer *l = c->l;
    int64_t before[CR_MAX_AXES] = {0}, after[CR_MAX_AXES] = {0};
    if (c->mean)
        x = cr_onnx_pad_mean(l->g, x, c->mean, &c->bottom.dim[2]);
    bool inside = !c->window.variant && c->window.outside == 0 &&
                  (c->mode == CREMA__PAD_MODE__ZERO || c->mode == CREMA__PAD_MODE__CONSTANT ||
                   c->mode == CREMA__PAD_MODE__PARTIAL);
    if (inside)
        operator_pads(c, before, after);
    else
        x = cr_onnx_pad(l, x, &c->in, &c->window, c->mode, c->window.outside);
    const char *weights = cr_onnx_blob_as(l, 0, &c->weights);
    if (!c->window.partial) {
        y = cr_onnx_op(l->g, "Conv", y, x, weights, with_bias ? bias_of(c, 1) : "", NULL);
        attributes(c, before, after);
        return y;
    }
    const char *sum = cr_onnx_op(l->g, "Conv", NULL, x, weights, NULL);
    attributes(c, before, after);
    return scale_partial(c, sum, y, with_bias && l->step->n_blobs > 1);
}

static const char *convolve(const conv *c, const char *x, const char *y)
{
    return convolve_with(c, x, y, true);
}

static const char *transpose_conv(const conv *c, const char *x, const char *y)
{
    int64_t before[CR_MAX_AXES], after[CR_MAX_AXES];
    for (int a = 0; a < c->n_axes; a++) {
        before[a] = c->window.axis[a].pad_before[0];
        after[a] = c->window.axis[a].pad_after[0];
    }
    const char *weights = cr_onnx_blob_as(c->l, 0, &c->weights);
    y = cr_onnx_op(c->l->g, "ConvTranspose", y, x, weights, bias_of(c, 1), NULL);
    attributes(c, before, after);
    return y;
}

// Every bottom, in the shape of images and back.
static void each_bottom(const conv *c, const char *(*fn)(const conv *c, const char *x, const char *y))
{
    cr_onnx_layer *l = c->l;
    bool same = cr_shape_equal(&c->bottom, &l->in_shape[0]);
    for (int i = 0; i < l->step->n_in && !l->refused; i++) {
        const char *x = same ? l->in[i] : cr_onnx_reshape(l->g, l->in[i], NULL, &c->bottom);
        x = fn(c, x, same ? l->out[i] : NULL);
        if (!same)
            cr_onnx_reshape(l->g, x, l->out[i], &l->out_shape[i]);
    }
}

void cr_onnx_convolution(cr_onnx_layer *l)
{
    conv c;
    if (read_conv(l, false, &c))
        each_bottom(&c, convolve);
}

void cr_onnx_deconvolution(cr_onnx_layer *l)
{
    conv c;
    if (read_conv(l, true, &c))
        each_bottom(&c, transpose_conv);
}

// The second part is a 1x1 convolution over all axes.
static const char *separable(const conv *c, const char *x, const char *y)
{
    x = convolve_with(c, x, NULL, false);
    const char *weights = cr_onnx_blob(c->l, 1);
    return cr_onnx_op(c->l->g, "Conv", y, x, weights, bias_of(c, 2), NULL);
}

void cr_onnx_separable_convolution(cr_onnx_layer *l)
{
    conv c;
    if (read_conv(l, false, &c))
        each_bottom(&c, separable);
}

// The columns: what each tap reads, gathered along each axis, then taps before positions.
//     (n, c, h, w) -> (n, c, kh * oh, kw * ow) -> (n, c, kh, oh, kw, ow) -> (n, c, kh, kw, oh, ow)
static const char *columns(const conv *c, const char *x)
{
    cr_onnx_graph *g = c->l->g;
    int n = c->n_axes, order[CR_MAX_RANK];
    const char *table[CR_MAX_AXES];
    cr_shape split = {.rank = 2 + 2 * n, .dim = {c->in.dim[0], c->in.dim[1]}};
    order[0] = 0;
    order[1] = 1;
    for (int a = 0; a < n; a++) {
        const cr_axis *axis = &c->window.axis[a];
        int64_t count = axis->kernel * axis->out, *index = cr_onnx_index_room(g, count);
        for (int64_t i = 0; i < count && index; i++)
            index[i] = i % axis->out * axis->stride + i / axis->out * axis->dilation;
        table[a] = cr_onnx_indices_kept(g, (size_t)count, index);
        split.dim[2 + 2 * a] = axis->kernel;
        split.dim[3 + 2 * a] = axis->out;
        order[2 + a] = 2 + 2 * a;
        order[2 + n + a] = 3 + 2 * a;
    }
    for (int a = 0; a < n; a++)
        x = cr_onnx_gather(g, x, NULL, 2 + a, table[a]);
    x = cr_onnx_reshape(g, x, NULL, &split);
    return cr_onnx_transpose(g, x, NULL, split.rank, order);
}

void cr_onnx_im2col(cr_onnx_layer *l)
{
    const Crema__ConvolutionParameter *p = l->layer->param->convolution_param;
    int axis = cr_onnx_axis(p->axis, l->in_shape[0].rank), n = l->in_shape[0].rank - axis - 1;
    cr_window_spec spec;
    conv c = {.l = l,
              .in = as_images(&l->in_shape[0], axis),
              .n_axes = n,
              .window = *(const cr_window *)l->step->data};
    if (2 + 2 * n > CR_MAX_RANK || cr_window_spec_conv(l->layer, n, &spec, NULL)) {
        cr_onnx_refuse(l, "%d spatial axes make too many axes", n);
        return;
    }
    const char *x = cr_onnx_reshape(l->g, l->in[0], NULL, &c.in);
    x = cr_onnx_pad(l, x, &c.in, &c.window, spec.mode, c.window.outside);
    cr_onnx_reshape(l->g, columns(&c, x), l->out[0], &l->out_shape[0]);
}
