/*
 * correlation.c - Correlation: how alike patches of bottom 0 and displaced patches of bottom 1 are.
 *
 * Upstream runs on the GPU only; these are the arithmetics of FlowNet 2's correlation_layer.cu. Both
 * bottoms are padded with `pad` zeros. With r = max_displacement / stride_2 (rounded down), the top has (2
 * r + 1)^2 channels, one for each displacement (dy, dx), dx fastest, in steps of stride_2 from -r to r. At
 * (y, x) a patch of kernel_size begins in bottom 0 at (y, x) * stride_1 + max_displacement; the top is the
 * mean, over the patch and all channels, of the products with the displaced patch of bottom 1 (MULTIPLY),
 * or of the absolute differences (SUBTRACT). Its height and width are ceil((padded - 2 (max_displacement +
 * (kernel_size - 1) / 2)) / stride_1). do_abs and single_direction mean nothing in upstream's forward.
 */
#include "crema.pb-c.h"
#include "layers/resize.h"

#include <math.h>
#include <string.h>

enum { MAX_FIELD = 1 << 15 }; // of sizes, so that no product can overflow

static cr_status check(const cr_layer *layer, const char *field, uint32_t value, uint32_t least, cr_err *err)
{
    if (value < least || value > MAX_FIELD)
        return cr_layer_fail(layer, err, layer->param->correlation_param, field, 0,
                             "%s %u: %u to %d are possible", field, value, least, MAX_FIELD);
    return CREMA_OK;
}

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__CorrelationParameter *p = layer->param->correlation_param;
    if (!p || !p->has_kernel_size)
        return cr_layer_fail(layer, err, p, NULL, 0, "kernel_size is not given (in correlation_param)");
    if (!p->has_max_displacement)
        return cr_layer_fail(layer, err, p, NULL, 0, "max_displacement is not given (in correlation_param)");
    if (p->kernel_size % 2 == 0)
        return cr_layer_fail(layer, err, p, "kernel_size", 0, "kernel_size %u must be odd", p->kernel_size);
    cr_status status = check(layer, "kernel_size", p->kernel_size, 1, err);
    if (!status)
        status = check(layer, "max_displacement", p->max_displacement, 0, err);
    if (!status)
        status = check(layer, "pad", p->pad, 0, err);
    if (!status)
        status = check(layer, "stride_1", p->stride_1, 1, err);
    return status ? status : check(layer, "stride_2", p->stride_2, 1, err);
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    static const char *const axis_name[2] = {"height", "width"};
    const Crema__CorrelationParameter *p = layer->param->correlation_param;
    char a[CR_SHAPE_TEXT], b[CR_SHAPE_TEXT];
    cr_status status = cr_need_planes(layer, s, 0, err);
    if (status)
        return status;
    if (!cr_shape_equal(&s->in[0], &s->in[1]))
        return cr_layer_fail(layer, err, NULL, "bottom", 1,
                             "bottoms \"%s\" (%s) and \"%s\" (%s) must have one shape", layer->in_name[0],
                             cr_shape_text(&s->in[0], a, sizeof a), layer->in_name[1],
                             cr_shape_text(&s->in[1], b, sizeof b));
    int64_t n = 2 * (int64_t)(p->max_displacement / p->stride_2) + 1;
    int64_t border = (int64_t)p->max_displacement + (p->kernel_size - 1) / 2, stride = p->stride_1;
    s->out[0] = s->in[0];
    s->out[0].dim[1] = n * n;
    for (int i = 0; i < 2; i++) {
        int64_t in = s->in[0].dim[2 + i], room = in + 2 * (int64_t)p->pad - 2 * border;
        if (in > INT32_MAX || room < 1)
            return cr_layer_fail(
                layer, err, p, "max_displacement", 0,
                "the bottom's %s %lld with pad %u leaves %lld positions between borders of %lld "
                "(max_displacement, and half of kernel_size); it must be at least 1",
                axis_name[i], (long long)in, p->pad, (long long)room, (long long)border);
        s->out[0].dim[2 + i] = (room + stride - 1) / stride;
    }
    s->macs = (int64_t)p->kernel_size * p->kernel_size;
    if (!cr_shape_valid(&s->out[0]) || !cr_i64_mul(s->macs, cr_shape_count(&s->out[0]), &s->macs) ||
        !cr_i64_mul(s->macs, s->in[0].dim[1], &s->macs))
        return cr_layer_fail(layer, err, p, NULL, 0, "the layer's sizes overflow");
    return CREMA_OK;
}

static cr_status prepare(cr_step *step, const cr_preparing *p, cr_err *err)
{
    const cr_shape *in = &p->tensor[step->in[0]].shape;
    int64_t pad = step->layer->param->correlation_param->pad, plane, bytes = 2 * (int64_t)sizeof(float);
    if (!cr_i64_mul(in->dim[2] + 2 * pad, in->dim[3] + 2 * pad, &plane) ||
        !cr_i64_mul(bytes, plane, &bytes) || !cr_i64_mul(bytes, in->dim[1], &bytes))
        return cr_no_memory(err);
    step->scratch_bytes = (size_t)bytes;
    return CREMA_OK;
}

typedef struct job {
    const Crema__CorrelationParameter *p;
    const float *in[2]; // of the image
    float *padded[2];   // (channels, height, width)
    float *out;
    int64_t channels, height, width; // padded
    int64_t in_height, in_width, out_height, out_width;
    int64_t side; // displacements along one axis
} job;

static void pad_item(void *arg, int64_t item, int slot)
{
    (void)slot;
    const job *j = arg;
    int64_t which = item / j->channels, channel = item % j->channels, pad = j->p->pad;
    const float *in = j->in[which] + channel * j->in_height * j->in_width;
    float *to = j->padded[which] + channel * j->height * j->width;
    memset(to, 0, (size_t)(j->height * j->width) * sizeof *to);
    for (int64_t y = 0; y < j->in_height; y++)
        memcpy(to + (y + pad) * j->width + pad, in + y * j->in_width, (size_t)j->in_width * sizeof *to);
}

static void add_products(const float *a, const float *b, int64_t stride, int64_t n, float *sum)
{
    if (stride == 1)
        for (int64_t x = 0; x < n; x++)
            sum[x] += a[x] * b[x];
    else
        for (int64_t x = 0; x < n; x++)
            sum[x] += a[x * stride] * b[x * stride];
}

static void add_differences(const float *a, const float *b, int64_t stride, int64_t n, float *sum)
{
    for (int64_t x = 0; x < n; x++)
        sum[x] += fabsf(a[x * stride] - b[x * stride]);
}

// One row of one displacement.
static void row_item(void *arg, int64_t item, int slot)
{
    (void)slot;
    const job *j = arg;
    int64_t displacement = item / j->out_height, y = item % j->out_height;
    int64_t radius = j->side / 2, stride = j->p->stride_1, k = j->p->kernel_size;
    int64_t dy = (displacement / j->side - radius) * j->p->stride_2;
    int64_t dx = (displacement % j->side - radius) * j->p->stride_2;
    int64_t top = y * stride + j->p->max_displacement, left = j->p->max_displacement;
    bool subtract = j->p->correlation_type == CREMA__CORRELATION_PARAMETER__CORRELATION_TYPE__SUBTRACT;
    float *out = j->out + item * j->out_width;
    memset(out, 0, (size_t)j->out_width * sizeof *out);
    for (int64_t tap = 0; tap < k * k; tap++)
        for (int64_t c = 0; c < j->channels; c++) {
            int64_t row = c * j->height + top + tap / k, column = left + tap % k;
            const float *a = j->padded[0] + row * j->width + column;
            const float *b = j->padded[1] + (row + dy) * j->width + column + dx;
            (subtract ? add_differences : add_products)(a, b, stride, j->out_width, out);
        }
    float count = (float)(k * k * j->channels);
    for (int64_t x = 0; x < j->out_width; x++)
        out[x] /= count;
}

static void run(const cr_step *step, cr_run *run)
{
    const Crema__CorrelationParameter *p = step->layer->param->correlation_param;
    const cr_tensor *a = cr_in(step, run, 0), *b = cr_in(step, run, 1), *out = cr_out(step, run, 0);
    const int64_t *in = a->shape.dim, *top = out->shape.dim;
    job j = {.p = p,
             .channels = in[1],
             .in_height = in[2],
             .in_width = in[3],
             .out_height = top[2],
             .out_width = top[3],
             .height = in[2] + 2 * (int64_t)p->pad,
             .width = in[3] + 2 * (int64_t)p->pad};
    j.side = 2 * (int64_t)(p->max_displacement / p->stride_2) + 1;
    j.padded[0] = run->scratch;
    j.padded[1] = j.padded[0] + j.channels * j.height * j.width;
    for (int64_t n = 0; n < in[0]; n++) {
        j.in[0] = a->data + n * a->image_stride;
        j.in[1] = b->data + n * b->image_stride;
        j.out = out->data + n * out->image_stride;
        cr_parallel(run->pool, 2 * j.channels, pad_item, &j);
        cr_parallel(run->pool, j.side * j.side * j.out_height, row_item, &j);
    }
}

const cr_layer_type cr_layer_correlation = {
    .name = "Correlation",
    .about = "products of patches of two maps over displacements (FlowNet)",
    .param = "correlation_param",
    .in_min = 2,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_STRIDED,
    .setup = setup,
    .shape = shape,
    .prepare = prepare,
    .run = run,
};
