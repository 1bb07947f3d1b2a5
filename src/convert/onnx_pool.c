/*
 * onnx_pool.c - Pooling and SPP as MaxPool and AveragePool of ONNX.
 *
 * Caffe rounds sizes up and clips the last window; ONNX has a ceil_mode that drops and counts otherwise in each
 * runtime. So it is never used: the pads are those with which ONNX's floor formula gives Caffe's size,
 *
 *     before = the layer's,   after = (out - 1) * stride + kernel - in - before      (0 if negative)
 *
 * What AVE divides by differs too. Per axis a window has a span (what Caffe divides by: its part inside of image and
 * pads, cr_pooling_axis) and a count inside the image:
 *
 *     all spans are the kernel      count_include_pad = 1
 *     all spans are the counts      count_include_pad = 0
 *     else                          count_include_pad = 1, then times a constant map of kernel / span
 *
 * Operators want pads smaller than the kernel; windows that lie outside as a whole, other paddings than zeros and
 * pads per channel (CORNERS) are a larger input (onnx_window.c), with -FLT_MAX where MAX must not look.
 */
#include "convert/onnx_rows.h"
#include "crema.pb-c.h"
#include "layers/pooling_base.h"

#include <float.h>

typedef struct pool {
    cr_onnx_layer *l;
    cr_window_spec spec;
    cr_pooling_data d;
    cr_shape in;
    cr_window window; // of geometry alone, or with the mode's tables
    bool padded;      // the input is made larger first
    bool mapped;      // the sums of AVE are scaled by a map
    bool include_pad;
    int64_t before[2], after[2];
} pool;

static bool read_pool(cr_onnx_layer *l, pool *p, cr_pooling_method method, const int64_t out[2])
{
    cr_preparing prep = {.arena = &l->g->arena};
    cr_err err = {0};
    const int64_t *in = &p->in.dim[2];
    p->l = l;
    if (cr_pooling_prepare(&prep, &p->spec, method, &p->in, out, &p->d, &err) ||
        cr_window_build(&l->g->arena, &p->spec, 2, in, out, p->in.dim[1], &p->window, &err)) {
        if (err.status == CREMA_ERR_MEMORY)
            l->g->no_memory = true;
        else
            cr_onnx_refuse(l, "%s", err.message);
        return false;
    }
    p->padded = p->window.variant || p->d.pooling.window;
    for (int a = 0; a < 2; a++) {
        cr_onnx_reach reach = cr_onnx_reach_of(&p->window, a, 0);
        p->before[a] = reach.before;
        p->after[a] = reach.after > 0 ? reach.after : 0;
        p->padded |= p->before[a] >= p->spec.kernel[a] || p->after[a] >= p->spec.kernel[a];
    }
    return true;
}

// How AVE divides.
static void choose_divisor(pool *p)
{
    bool whole = true, inside = !p->padded;
    for (int v = 0; v < (p->window.variant ? 2 : 1); v++)
        for (int a = 0; a < 2; a++) {
            const cr_pooling_axis *axis = &p->d.pooling.axis[a];
            for (int64_t o = 0; o < axis->out; o++) {
                whole = whole && axis->span[v][o] == (float)axis->kernel;
                inside = inside && axis->span[v][o] == (float)(axis->end[v][o] - axis->begin[v][o]);
            }
        }
    whole = whole || p->d.pooling.window; // values outside count
    p->include_pad = whole || !inside;
    p->mapped = !whole && !inside;
}

static void attributes(const pool *p)
{
    cr_onnx_graph *g = p->l->g;
    cr_onnx_ints(g, "kernel_shape", 2, p->spec.kernel);
    cr_onnx_ints(g, "strides", 2, p->spec.stride);
    if (!p->padded) {
        int64_t pads[4] = {p->before[0], p->before[1], p->after[0], p->after[1]};
        cr_onnx_ints(g, "pads", 4, pads);
    }
}

// (1, 1 or channels, oh, ow): kernel / span.
static const char *divisor_map(const pool *p)
{
    const cr_pooling_axis *h = &p->d.pooling.axis[0], *w = &p->d.pooling.axis[1];
    const uint8_t *variant = p->window.variant;
    cr_shape shape = {.rank = 4, .dim = {1, variant ? p->in.dim[1] : 1, h->out, w->out}};
    float *map = cr_onnx_room(p->l->g, cr_shape_count(&shape)), *at = map;
    for (int64_t c = 0; c < shape.dim[1] && map; c++)
        for (int64_t o = 0; o < h->out * w->out; o++) {
            int bits = variant ? variant[c] : 0;
            float span = h->span[bits & 1][o / w->out] * w->span[bits >> 1 & 1][o % w->out];
            *at++ = (float)(h->kernel * w->kernel) / span;
        }
    return cr_onnx_floats(p->l->g, "divisor", &shape, map);
}

static const char *average(pool *p, const char *x, const char *out)
{
    cr_onnx_graph *g = p->l->g;
    const char *y = cr_onnx_op(g, "AveragePool", p->mapped ? NULL : out, x, NULL);
    attributes(p);
    cr_onnx_int(g, "count_include_pad", p->include_pad);
    return p->mapped ? cr_onnx_op(g, "Mul", out, y, divisor_map(p), NULL) : y;
}

// sum(x^2) / sum(x) where the sum is positive, else 0. The averages have one divisor.
static const char *stochastic(pool *p, const char *x, const char *out)
{
    cr_onnx_graph *g = p->l->g;
    p->mapped = false;
    p->include_pad = true;
    const char *zero = cr_onnx_scalar(g, 0);
    const char *sum = average(p, x, NULL);
    const char *squares = average(p, cr_onnx_op(g, "Mul", NULL, x, x, NULL), NULL);
    const char *positive = cr_onnx_op(g, "Greater", NULL, sum, zero, NULL);
    return cr_onnx_op(g, "Where", out, positive, cr_onnx_op(g, "Div", NULL, squares, sum, NULL), zero, NULL);
}

// The second output of MaxPool counts over the whole tensor; a mask counts in its channel.
static void mask(const pool *p, const char *out)
{
    cr_onnx_graph *g = p->l->g;
    const char *index = cr_onnx_more(g, NULL);
    const char *count = cr_onnx_index(g, p->in.dim[2] * p->in.dim[3]);
    cr_onnx_cast(g, cr_onnx_op(g, "Mod", NULL, index, count, NULL), out, CR_ONNX_FLOAT);
}

static bool is_global(const pool *p)
{
    bool global = !p->padded;
    for (int a = 0; a < 2; a++)
        global = global && p->window.axis[a].out == 1 && p->before[a] == 0 && p->after[a] == 0 &&
                 p->spec.kernel[a] == p->in.dim[2 + a];
    return global;
}

// x -> out (NULL: a name is made), mask_out NULL: none.
static const char *emit_pool(pool *p, cr_pooling_method method, const char *x, const char *out,
                             const char *mask_out)
{
    cr_onnx_graph *g = p->l->g;
    if (is_global(p) && method != CR_POOLING_STOCHASTIC && !mask_out)
        return cr_onnx_op(g, method == CR_POOLING_MAX ? "GlobalMaxPool" : "GlobalAveragePool", out, x, NULL);
    if (mask_out && p->padded) {
        cr_onnx_refuse(p->l, "a mask together with this padding");
        return x;
    }
    if (p->padded) {
        float outside = p->d.pooling.window ? p->window.outside : method == CR_POOLING_MAX ? -FLT_MAX : 0;
        x = cr_onnx_pad(p->l, x, &p->in, &p->window, p->spec.mode, outside);
    }
    if (method == CR_POOLING_STOCHASTIC)
        return stochastic(p, x, out);
    if (method == CR_POOLING_AVE) {
        choose_divisor(p);
        return average(p, x, out);
    }
    const char *y = cr_onnx_op(g, "MaxPool", out, x, NULL);
    attributes(p);
    if (mask_out)
        mask(p, mask_out);
    return y;
}

void cr_onnx_pooling(cr_onnx_layer *l)
{
    const Crema__PoolingParameter *param = l->layer->param->pooling_param;
    pool p = {.in = l->in_shape[0]};
    cr_err err = {0};
    if (cr_window_spec_pool(l->layer, &p.spec, &err)) {
        cr_onnx_refuse(l, "%s", err.message);
        return;
    }
    for (int a = 0; a < 2 && param->global_pooling; a++)
        p.spec.kernel[a] = p.in.dim[2 + a];
    if (read_pool(l, &p, (cr_pooling_method)param->pool, &l->out_shape[0].dim[2]))
        emit_pool(&p, (cr_pooling_method)param->pool, l->in[0], l->out[0],
                  l->step->n_out > 1 ? l->out[1] : NULL);
}

// A level of the pyramid: spp.c has the formulas.
static bool read_level(cr_onnx_layer *l, int level, pool *p)
{
    int64_t bins = (int64_t)1 << level, out[2];
    *p = (pool){.in = l->in_shape[0], .spec = {.message = l->layer->param->spp_param, .n_axes = 2}};
    for (int a = 0; a < 2; a++) {
        int64_t in = p->in.dim[2 + a], kernel = (in + bins - 1) / bins;
        p->spec.kernel[a] = p->spec.stride[a] = kernel;
        p->spec.dilation[a] = 1;
        p->spec.pad_before[a] = p->spec.pad_after[a] = (kernel * bins - in + 1) / 2;
    }
    for (int a = 0; a < 2; a++)
        out[a] = cr_pooling_size(&p->spec, a, p->in.dim[2 + a], true);
    return read_pool(l, p, (cr_pooling_method)l->layer->param->spp_param->pool, out);
}

void cr_onnx_spp(cr_onnx_layer *l)
{
    enum { MAX_LEVELS = 25 };
    const Crema__SPPParameter *param = l->layer->param->spp_param;
    const char *level[MAX_LEVELS];
    size_t n = param->pyramid_height;
    for (size_t i = 0; i < n && i < MAX_LEVELS && !l->refused; i++) {
        pool p;
        if (!read_level(l, (int)i, &p))
            return;
        level[i] = emit_pool(&p, (cr_pooling_method)param->pool, l->in[0], n == 1 ? l->out[0] : NULL, NULL);
        if (n > 1) {
            level[i] = cr_onnx_op(l->g, "Flatten", NULL, level[i], NULL);
            cr_onnx_int(l->g, "axis", 1);
        }
    }
    if (n > 1 && !l->refused)
        cr_onnx_concat(l->g, l->out[0], 1, n, level);
}
