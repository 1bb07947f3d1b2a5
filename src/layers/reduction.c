/*
 * reduction.c - Reduction: coeff times the sum, the sum of absolute values, the sum of squares or the mean over
 * the axes from `axis` on (Caffe's reduction_layer.cpp). Those axes vanish; all of them leave a scalar.
 *
 *     in (rows, n): a row is cut into chunks of CHUNK floats, which are summed in double, in parallel, and then
 *     added up in order
 */
#include "crema.pb-c.h"
#include "layers/layer.h"

enum { CHUNK = 16384 };

static const Crema__ReductionParameter none = CREMA__REDUCTION_PARAMETER__INIT;

static const Crema__ReductionParameter *param(const cr_layer *layer)
{
    return layer->param->reduction_param ? layer->param->reduction_param : &none;
}

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__ReductionParameter *p = param(layer);
    if (p->operation < CREMA__REDUCTION_PARAMETER__REDUCTION_OP__SUM ||
        p->operation > CREMA__REDUCTION_PARAMETER__REDUCTION_OP__MEAN)
        return cr_layer_fail(layer, err, p, "operation", 0, "operation %d is not known", (int)p->operation);
    return CREMA_OK;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    int axis;
    cr_status status = cr_layer_axis(layer, layer->param->reduction_param, "axis", param(layer)->axis,
                                     s->in[0].rank, 0, &axis, err);
    if (status)
        return status;
    s->out[0] = s->in[0];
    s->out[0].rank = axis;
    return CREMA_OK;
}

static int64_t chunks_of(int64_t n)
{
    return n > CHUNK ? (n + CHUNK - 1) / CHUNK : 1;
}

static cr_status prepare(cr_step *step, const cr_preparing *p, cr_err *err)
{
    (void)err;
    const cr_shape *in = &p->tensor[step->in[0]].shape, *out = &p->tensor[step->out[0]].shape;
    int64_t chunks = chunks_of(cr_shape_range(in, out->rank, in->rank));
    if (chunks > 1) // less than the bottom itself
        step->scratch_bytes = (size_t)(cr_shape_count(out) * chunks) * sizeof(double);
    return CREMA_OK;
}

typedef struct reduction {
    const float *in;
    float *out;
    int operation;
    int64_t n, chunks, rows;
    double coeff;
    double *partial;   // (rows, chunks), where chunks > 1
    int64_t item_rows; // where chunks is 1
} reduction;

static double sum_of(const float *x, int64_t n, int operation)
{
    double sum = 0;
    switch (operation) {
    case CREMA__REDUCTION_PARAMETER__REDUCTION_OP__ASUM:
        for (int64_t i = 0; i < n; i++)
            sum += (double)(x[i] < 0 ? -x[i] : x[i]);
        return sum;
    case CREMA__REDUCTION_PARAMETER__REDUCTION_OP__SUMSQ:
        for (int64_t i = 0; i < n; i++)
            sum += (double)x[i] * (double)x[i];
        return sum;
    default:
        for (int64_t i = 0; i < n; i++)
            sum += (double)x[i];
        return sum;
    }
}

static void whole_rows(void *ctx, int64_t item, int slot)
{
    (void)slot;
    const reduction *r = ctx;
    for (int64_t row = item * r->item_rows; row < (item + 1) * r->item_rows && row < r->rows; row++)
        r->out[row] = (float)(r->coeff * sum_of(r->in + row * r->n, r->n, r->operation));
}

static void chunk(void *ctx, int64_t item, int slot)
{
    (void)slot;
    const reduction *r = ctx;
    int64_t row = item / r->chunks, from = item % r->chunks * CHUNK;
    int64_t n = r->n - from < CHUNK ? r->n - from : CHUNK;
    r->partial[item] = sum_of(r->in + row * r->n + from, n, r->operation);
}

static void run(const cr_step *step, cr_run *run)
{
    const Crema__ReductionParameter *p = param(step->layer);
    const cr_tensor *in = cr_in(step, run, 0), *out = cr_out(step, run, 0);
    reduction r = {.in = in->data, .out = out->data, .operation = (int)p->operation, .partial = run->scratch};
    r.n = cr_shape_range(&in->shape, out->shape.rank, in->shape.rank);
    r.rows = cr_shape_count(&out->shape);
    r.chunks = chunks_of(r.n);
    r.coeff = (double)p->coeff;
    if (p->operation == CREMA__REDUCTION_PARAMETER__REDUCTION_OP__MEAN)
        r.coeff = (double)(p->coeff / (float)r.n); // in float, as in Caffe
    if (r.chunks == 1) {
        r.item_rows = r.n > 0 ? CHUNK / r.n : CHUNK;
        cr_parallel(run->pool, (r.rows + r.item_rows - 1) / r.item_rows, whole_rows, &r);
        return;
    }
    cr_parallel(run->pool, r.rows * r.chunks, chunk, &r);
    for (int64_t row = 0; row < r.rows; row++) {
        double sum = 0;
        for (int64_t i = 0; i < r.chunks; i++)
            sum += r.partial[row * r.chunks + i];
        r.out[row] = (float)(r.coeff * sum);
    }
}

const cr_layer_type cr_layer_reduction = {
    .name = "Reduction",
    .about = "sum, mean, sum of absolute or of squared values of all axes from one on",
    .param = "reduction_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .setup = setup,
    .shape = shape,
    .prepare = prepare,
    .run = run,
};
