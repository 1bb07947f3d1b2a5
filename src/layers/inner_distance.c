/*
 * inner_distance.c - InnerDistance: the distance of the input to every row of the weights.
 *
 *     x (M, K): axes before `axis`, axes from it on;   y (M, N)
 *     L2   y = sum of (x - w)^2: without a root        L1   y = sum of |x - w|
 *
 * The rows are weights (N, K), N = num_output, or a second bottom, whose axis 0 is N; then num_output and the
 * weights do not count. A bias (N) is added where the file stores one or, without a file, where bias_term is set.
 * With normalize, each row of weights (not of a bottom) is divided by its length.
 *
 * Source: inner_distance_layer of happynear's Caffe, in both of its versions: the older has bias and normalize, the
 * newer the second bottom, and perhaps a third one, labels for training. Its transpose only turns the shape of the
 * weights and then reads them as if it had not, so it is refused here.
 */
#include "crema.pb-c.h"
#include "layers/layer.h"

#include <math.h>
#include <string.h>

typedef struct context {
    const Crema__InnerDistanceParameter *p;
    bool l1;
} context;

static const Crema__InnerDistanceParameter none = CREMA__INNER_DISTANCE_PARAMETER__INIT;

static cr_status setup(cr_layer *layer, cr_err *err)
{
    context *ctx = layer->ctx;
    const Crema__InnerDistanceParameter *block = layer->param->inner_distance_param;
    ctx->p = block ? block : &none;
    const char *type = ctx->p->distance_type;
    ctx->l1 = strcmp(type, "L1") == 0;
    if (!ctx->l1 && strcmp(type, "L2") != 0)
        return cr_layer_fail(layer, err, block, "distance_type", 0,
                             "distance_type \"%.40s\" is not known; it is \"L1\" or \"L2\"", type);
    if (ctx->p->transpose)
        return cr_layer_fail(layer, err, block, "transpose", 0,
                             "transpose is not supported: the weights are rows of num_output");
    if (layer->n_in == 1 && ctx->p->num_output == 0)
        return cr_layer_fail(layer, err, block, "num_output", 0, "num_output must be given, and at least 1");
    return CREMA_OK;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const context *ctx = layer->ctx;
    const Crema__InnerDistanceParameter *p = ctx->p;
    const cr_shape *in = &s->in[0];
    int axis;
    cr_status status =
        cr_layer_axis(layer, layer->param->inner_distance_param, "axis", p->axis, in->rank, 0, &axis, err);
    if (status != CREMA_OK)
        return status;
    int64_t n = p->num_output, k = cr_shape_range(in, axis, in->rank);
    if (layer->n_in > 1) {
        const cr_shape *rows = &s->in[1];
        char text[CR_SHAPE_TEXT];
        n = rows->rank > 0 ? rows->dim[0] : 0;
        if (rows->rank == 0 || cr_shape_range(rows, 1, rows->rank) != k)
            return cr_layer_fail(
                layer, err, layer->param, "bottom", 1,
                "bottom \"%s\" is %s; its rows must have the %lld values of the first bottom's",
                layer->in_name[1], cr_shape_text(rows, text, sizeof text), (long long)k);
    } else {
        bool bias = s->n_stored > 0 ? s->n_stored > 1 : p->bias_term;
        s->n_blobs = bias ? 2 : 1;
        s->blob[0] = (cr_blob_spec){
            .shape = {.rank = 2, .dim = {n, k}}, .what = "weights", .filler = p->weight_filler};
        s->blob[1] =
            (cr_blob_spec){.shape = {.rank = 1, .dim = {n}}, .what = "bias", .filler = p->bias_filler};
    }
    s->out[0] = *in;
    s->out[0].rank = axis + 1;
    s->out[0].dim[axis] = n;
    if (!cr_i64_mul(n, k, &s->macs) || !cr_i64_mul(s->macs, cr_shape_range(in, 0, axis), &s->macs))
        return cr_layer_fail(layer, err, layer->param->inner_distance_param, "num_output", 0,
                             "%lld rows make the layer's sizes overflow", (long long)n);
    return CREMA_OK;
}

static float distance(const float *x, const float *w, float scale, int64_t k, bool l1)
{
    float sum = 0;
    for (int64_t i = 0; i < k; i++) {
        float d = x[i] - w[i] * scale;
        sum += l1 ? fabsf(d) : d * d;
    }
    return sum;
}

typedef struct job {
    const float *x, *rows, *bias; // bias may be NULL
    float *y;
    int64_t m, n, k;
    bool l1, normalize;
} job;

// One output of every row of x.
static void run_row(void *arg, int64_t index, int slot)
{
    (void)slot;
    const job *j = arg;
    const float *w = j->rows + index * j->k;
    float scale = 1;
    if (j->normalize)
        scale = 1 / sqrtf(distance(w, w, 0, j->k, false));
    for (int64_t i = 0; i < j->m; i++)
        j->y[i * j->n + index] =
            distance(j->x + i * j->k, w, scale, j->k, j->l1) + (j->bias ? j->bias[index] : 0);
}

static void run(const cr_step *step, cr_run *run)
{
    const context *ctx = step->layer->ctx;
    const cr_tensor *x = cr_in(step, run, 0), *y = cr_out(step, run, 0);
    int rank = x->shape.rank, axis = y->shape.rank - 1;
    bool stored = step->n_in == 1;
    job j = {.x = x->data, .y = y->data, .l1 = ctx->l1, .normalize = ctx->p->normalize && stored};
    j.rows = stored ? step->blob[0] : cr_in(step, run, 1)->data;
    j.bias = step->n_blobs > 1 ? step->blob[1] : NULL;
    j.m = cr_shape_range(&x->shape, 0, axis);
    j.n = y->shape.dim[axis];
    j.k = cr_shape_range(&x->shape, axis, rank);
    cr_parallel(run->pool, j.n, run_row, &j);
}

const cr_layer_type cr_layer_inner_distance = {
    .name = "InnerDistance",
    .about = "L1 or squared L2 distance to learned rows",
    .param = "inner_distance_param",
    .in_min = 1,
    .in_max = 3,
    .out_min = 1,
    .out_max = 1,
    .ctx_bytes = sizeof(context),
    .setup = setup,
    .shape = shape,
    .run = run,
};
