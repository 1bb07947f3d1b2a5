/*
 * inner_product.c - InnerProduct: every output is a weighted sum of all inputs from `axis` on, plus a bias.
 *
 *     x (M, K): axes before `axis`, axes from it on;   y (M, N), N = num_output
 *     weights (N, K), or (K, N) with transpose;   bias (N)
 *
 * (N, K) is read row by row as it lies, at the pace of memory while M is small (kernels/dot.h); (K, N) goes to
 * sgemm. The top has the axes before `axis` and one more. Sources: inner_product_layer.cpp. Weights of older files,
 * 1x1xNxK, are read as (N, K).
 */
#include "crema.pb-c.h"
#include "kernels/blas.h"
#include "kernels/dot.h"
#include "layers/fold.h"
#include "layers/layer.h"

static const Crema__InnerProductParameter none = CREMA__INNER_PRODUCT_PARAMETER__INIT;

static const Crema__InnerProductParameter *param(const cr_layer *layer)
{
    return layer->param->inner_product_param ? layer->param->inner_product_param : &none;
}

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__InnerProductParameter *p = param(layer);
    if (p->num_output == 0)
        return cr_layer_fail(layer, err, layer->param->inner_product_param, "num_output", 0,
                             "num_output must be given, and at least 1");
    if (p->relu)
        return cr_layer_fail(layer, err, p, "relu", 0, "relu is not supported: put a ReLU layer behind it");
    if (p->normalize)
        return cr_layer_fail(layer, err, p, "normalize", 0, "normalize is not supported");
    return CREMA_OK;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const Crema__InnerProductParameter *p = param(layer);
    const cr_shape *in = &s->in[0];
    int axis;
    cr_status status =
        cr_layer_axis(layer, layer->param->inner_product_param, "axis", p->axis, in->rank, 0, &axis, err);
    if (status != CREMA_OK)
        return status;
    int64_t n = p->num_output, k = cr_shape_range(in, axis, in->rank);
    s->out[0] = *in;
    s->out[0].rank = axis + 1;
    s->out[0].dim[axis] = n;
    cr_shape weights = {.rank = 2, .dim = {p->transpose ? k : n, p->transpose ? n : k}};
    s->blob[s->n_blobs++] =
        (cr_blob_spec){.shape = weights, .what = "weights", .filler = p->weight_filler, .late = true};
    if (p->bias_term)
        s->blob[s->n_blobs++] =
            (cr_blob_spec){.shape = {.rank = 1, .dim = {n}}, .what = "bias", .filler = p->bias_filler};
    if (!cr_i64_mul(n, k, &s->macs) || !cr_i64_mul(s->macs, cr_shape_range(in, 0, axis), &s->macs))
        return cr_layer_fail(layer, err, layer->param->inner_product_param, "num_output", 0,
                             "num_output %u makes the product too large", p->num_output);
    return CREMA_OK;
}

// rows of x, each k floats, `x_step` apart, to rows of y. With more than one part, k is cut and the parts lie
// `part_step` apart: the batch axis is one of the summed axes, and images are apart.
typedef struct product {
    int64_t rows, k, x_step, y_step;
    int64_t parts, part_step;
} product;

// What prepare leaves in step->data.
typedef struct prepared {
    const cr_kernels *kernels;
    const float *bias; // with what is folded into it; NULL: none
} prepared;

static cr_status prepare(cr_step *step, const cr_preparing *p, cr_err *err)
{
    int64_t n = param(step->layer)->num_output;
    prepared *d = cr_arena_alloc(p->arena, sizeof *d);
    if (!d)
        return cr_no_memory(err);
    const double *scale;
    d->kernels = p->kernels;
    step->data = d;
    step->implementation = param(step->layer)->transpose ? "sgemm" : "dot";
    cr_status status = cr_fold(step, p, n, &d->bias, &scale, err);
    return status == CREMA_OK && cr_folds(step) ? cr_fold_weights(step, p, n, err) : status;
}

// y = x * weights + bias, where all of k is at hand and the weights are stored by rows of k.
static void run_dot(const cr_step *step, cr_run *run, const product *x, const float *in, float *out)
{
    const prepared *p = step->data;
    cr_dot_product d = {.m = param(step->layer)->num_output, .n = x->rows, .k = x->k, .x = in};
    d.w = cr_folds(step) ? step->pack : step->blob[0];
    d.w_step = x->k;
    d.x_step = x->x_step;
    d.bias = p->bias;
    d.y = out;
    d.y_step = x->y_step;
    cr_epilogue epilogue;
    d.epilogue = cr_step_epilogue(step, run, &epilogue);
    cr_dot(p->kernels, &d, run->pool);
}

static void run_product(const cr_step *step, cr_run *run, const product *x, const float *in, float *out)
{
    const Crema__InnerProductParameter *p = param(step->layer);
    int64_t n = p->num_output;
    if (!p->transpose && x->parts == 1) {
        run_dot(step, run, x, in, out);
        return;
    }
    cr_gemm g = {.trans_b = !p->transpose, .m = x->rows, .n = n, .k = x->k, .alpha = 1};
    g.lda = x->x_step;
    g.ldb = p->transpose ? n : x->k * x->parts;
    g.ldc = x->y_step;
    g.c = out;
    for (int64_t part = 0; part < x->parts; part++) {
        g.a = in + part * x->part_step;
        g.b = step->blob[0] + part * x->k * (p->transpose ? n : 1);
        cr_sgemm(&g, run->pool);
        g.beta = 1;
    }
    for (int64_t row = 0; p->bias_term && row < x->rows; row++)
        for (int64_t i = 0; i < n; i++)
            out[row * x->y_step + i] += step->blob[1][i];
}

// Where run() comes to a single run_dot(), and the outputs are the channels.
static unsigned takes(const cr_step *step, const cr_preparing *prep)
{
    const Crema__InnerProductParameter *p = param(step->layer);
    int axis = p->axis < 0 ? p->axis + prep->tensor[step->in[0]].shape.rank : p->axis;
    return axis == 1 && !p->transpose ? CR_TAKES_ALL & ~CR_TAKES_OPERAND : 0;
}

static void run(const cr_step *step, cr_run *run)
{
    const Crema__InnerProductParameter *p = param(step->layer);
    const cr_tensor *in = cr_in(step, run, 0), *out = cr_out(step, run, 0);
    int rank = in->shape.rank, axis = p->axis < 0 ? p->axis + rank : p->axis;
    int64_t n = p->num_output;
    product x = {.rows = cr_shape_range(&in->shape, 0, axis), .k = cr_shape_range(&in->shape, axis, rank)};
    x.parts = 1;
    x.x_step = x.k;
    x.y_step = n;
    if (axis == 1) {
        x.x_step = in->image_stride;
        x.y_step = out->image_stride;
    } else if (axis == 0 && !cr_tensor_contiguous(in)) {
        x.parts = in->shape.dim[0];
        x.part_step = in->image_stride;
        x.k = cr_tensor_image_count(in);
    } else if (axis > 1 && !(cr_tensor_contiguous(in) && cr_tensor_contiguous(out))) {
        x.rows = cr_shape_range(&in->shape, 1, axis);
        for (int64_t i = 0; i < in->shape.dim[0]; i++)
            run_product(step, run, &x, in->data + i * in->image_stride, out->data + i * out->image_stride);
        return;
    }
    run_product(step, run, &x, in->data, out->data);
}

const cr_layer_type cr_layer_inner_product = {
    .name = "InnerProduct",
    .about = "fully connected: weighted sums of all values from an axis on",
    .param = "inner_product_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_STRIDED,
    .setup = setup,
    .shape = shape,
    .prepare = prepare,
    .run = run,
    .takes = takes,
};
