/*
 * dense_block.c - DenseBlock: a whole block of a DenseNet in one layer, as caffe_ocr and its origin, Tongcheng's
 * Caffe, have it (DenseBlock_layer.cpp and .cu).
 *
 *     y = x (C channels);  numTransition times:  y = concat(y, conv3x3(relu(bn(y)))), growthRate channels more
 *     with use_BC:         y = concat(y, conv3x3(relu(bn'(conv1x1(relu(bn(y)))))), 4 growthRate channels between
 *
 * Blobs, T = numTransition of each kind, transition t having C + t growthRate channels c:
 *
 *     0 filters 3x3, 1 scales (1 c 1 1), 2 biases, 3 means, 4 variances,
 *     with use_BC 5 filters 1x1, 6-9 scales to variances of bn';  one factor at the end
 *
 * What is odd: the filters are turned by 180 degrees against Convolution's (the mode CUDNN_CONVOLUTION, and the
 * loops for the CPU agree); eps is 1e-5; the bottom's channels count, not initChannel. The factor stays 0 in
 * training on a GPU, whose means and variances are real; training on a CPU, with a factor, divides them by it.
 * Dropout is for training alone, and so is all else that the block says. Phase TRAIN is not run.
 */
#include "crema.pb-c.h"
#include "kernels/blas.h"
#include "kernels/conv.h"
#include "layers/window.h"

#include <math.h>
#include <string.h>

enum {
    FILTER,
    SCALE,
    BIAS,
    MEAN,
    VARIANCE,
    PLAIN_KINDS,
    BOTTLENECK_KINDS = 10,
    TAPS = 9,
    MAX_TRANSITIONS = 1000
};

typedef struct block {
    const Crema__DenseBlockParameter *p;
    int64_t transitions, growth;
    bool bottleneck;
} block;

static int64_t inner(const block *b) // channels between the two convolutions
{
    return 4 * b->growth;
}

static int kinds(const block *b)
{
    return b->bottleneck ? BOTTLENECK_KINDS : PLAIN_KINDS;
}

// Blob `kind` of transition t; kind is one of the enum, behind it those of bn'.
static int at(const block *b, int kind, int64_t t)
{
    return (int)(kind * b->transitions + t);
}

static cr_status setup(cr_layer *layer, cr_err *err)
{
    block *b = layer->ctx;
    const Crema__DenseBlockParameter *p = b->p = layer->param->denseblock_param;
    if (!p)
        return cr_layer_fail(layer, err, NULL, NULL, 0,
                             "denseblock_param must be given, with numTransition and growthRate");
    if (p->numtransition < 1 || p->numtransition > MAX_TRANSITIONS)
        return cr_layer_fail(layer, err, p, "numTransition", 0, "numTransition must be 1 to %d, not %d",
                             MAX_TRANSITIONS, p->numtransition);
    if (p->growthrate < 1)
        return cr_layer_fail(layer, err, p, "growthRate", 0, "growthRate must be at least 1, not %d",
                             p->growthrate);
    b->transitions = p->numtransition;
    b->growth = p->growthrate;
    b->bottleneck = p->use_bc;
    return CREMA_OK;
}

static cr_blob_spec blob_at(const cr_layer *layer, const cr_shaping *s, int i)
{
    const block *b = layer->ctx;
    int kind = (int)(i / b->transitions);
    int64_t c = s->in[0].dim[1] + i % b->transitions * b->growth;
    if (kind == kinds(b))
        return (cr_blob_spec){.shape = {.rank = 1, .dim = {1}}, .what = "factor"};
    const Crema__FillerParameter *filler = b->p->filter_filler;
    if (kind == FILTER)
        return (cr_blob_spec){.shape = {4, {b->growth, b->bottleneck ? inner(b) : c, 3, 3}},
                              .what = "filters",
                              .filler = filler};
    if (kind == PLAIN_KINDS)
        return (cr_blob_spec){.shape = {4, {inner(b), c, 1, 1}}, .what = "filters", .filler = filler};
    cr_shape channels = {4, {1, kind < PLAIN_KINDS ? c : inner(b), 1, 1}};
    switch (kind % PLAIN_KINDS) {
    case SCALE:
        return (cr_blob_spec){.shape = channels, .what = "scales", .filler = b->p->bn_scaler_filler};
    case BIAS:
        return (cr_blob_spec){.shape = channels, .what = "biases", .filler = b->p->bn_bias_filler};
    case MEAN:
        return (cr_blob_spec){.shape = channels, .what = "means"};
    default:
        return (cr_blob_spec){.shape = channels, .what = "variances", .fill = 1};
    }
}

// Multiply-adds of one position. Growth is below 2^31 and the transitions are few, so only products need care.
static bool count_macs(const block *b, int64_t channels, int64_t *macs)
{
    int64_t one, sum = 0;
    for (int64_t t = 0; t < b->transitions; t++) {
        int64_t c = channels + t * b->growth;
        bool fits = b->bottleneck ? cr_i64_mul(inner(b), c + b->growth * TAPS, &one)
                                  : cr_i64_mul(b->growth * TAPS, c, &one);
        if (!fits || !cr_i64_add(sum, one, &sum))
            return false;
    }
    *macs = sum;
    return true;
}

static const cr_window_spec window_3x3 = {.n_axes = 2,
                                          .kernel = {3, 3},
                                          .stride = {1, 1},
                                          .dilation = {1, 1},
                                          .pad_before = {1, 1},
                                          .pad_after = {1, 1}};

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    enum { BOUND = 16 * sizeof(float) };
    const block *b = layer->ctx;
    const cr_shape *in = &s->in[0];
    char text[CR_SHAPE_TEXT];
    if (in->rank != 4)
        return cr_layer_fail(layer, err, layer->param, "bottom", 0,
                             "bottom \"%s\" is %s; it must have 4 axes", layer->in_name[0],
                             cr_shape_text(in, text, sizeof text));
    int64_t macs, bound;
    bool fits = count_macs(b, in->dim[1], &macs) && cr_i64_mul(macs, BOUND, &bound);
    for (int i = 0; i < 4 && fits; i++) // an empty axis must not hide that the others are too large
        if (i != 1)
            fits =
                cr_i64_mul(macs, in->dim[i], &macs) && cr_i64_mul(bound, in->dim[i] ? in->dim[i] : 1, &bound);
    if (!fits)
        return cr_layer_fail(layer, err, b->p, "growthRate", 0, "the layer's sizes overflow");
    for (int a = 0; a < 2; a++) {
        cr_status status = cr_window_check(layer, &window_3x3, a, in->dim[2 + a], in->dim[2 + a], err);
        if (status != CREMA_OK)
            return status;
    }
    s->macs = macs;
    s->out[0] = *in;
    s->out[0].dim[1] += b->transitions * b->growth;
    s->n_blobs = (int)(kinds(b) * b->transitions) + 1;
    s->blob_at = blob_at;
    return CREMA_OK;
}

/* ---- what a plan keeps ---- */

typedef struct plan {
    const block *b;
    int64_t channels; // of the bottom
    cr_window window;
    cr_conv conv; // the 3x3 convolution of the last transition, which has the largest bottom
    // Scratch, in floats: relu(bn(y)), the same of the bottleneck, then the convolution's own.
    size_t inner_at, conv_at;
} plan;

static int64_t conv_channels(const plan *d, int64_t t)
{
    return d->b->bottleneck ? inner(d->b) : d->channels + t * d->b->growth;
}

// The 3x3 filters of all transitions, one behind the other, turned to Convolution's order.
static void turn(const void *arg, const float *const *blob, void *pack)
{
    const plan *d = arg;
    float *to = pack;
    for (int64_t t = 0; t < d->b->transitions; t++) {
        const float *from = blob[at(d->b, FILTER, t)];
        int64_t n = d->b->growth * conv_channels(d, t);
        for (int64_t i = 0; i < n; i++, from += TAPS)
            for (int tap = TAPS - 1; tap >= 0; tap--)
                *to++ = from[tap];
    }
}

static int64_t turned_count(const plan *d)
{
    int64_t n = 0;
    for (int64_t t = 0; t < d->b->transitions; t++)
        n += d->b->growth * conv_channels(d, t) * TAPS;
    return n;
}

static size_t round_up(int64_t n)
{
    return (size_t)(n + 15) / 16 * 16;
}

static cr_status prepare(cr_step *step, const cr_preparing *p, cr_err *err)
{
    const cr_shape *in = &p->tensor[step->in[0]].shape;
    plan *d = cr_arena_alloc(p->arena, sizeof *d);
    if (!d)
        return cr_no_memory(err);
    if (step->layer->train)
        return cr_layer_fail(step->layer, err, NULL, NULL, 0, "is run in phase TEST only");
    const block *b = d->b = step->layer->ctx;
    d->channels = in->dim[1];
    step->data = d;
    cr_status status =
        cr_window_build(p->arena, &window_3x3, 2, &in->dim[2], &in->dim[2], 1, &d->window, err);
    if (status != CREMA_OK)
        return status;
    int64_t count = in->dim[2] * in->dim[3], last = b->transitions - 1;
    d->conv = (cr_conv){.window = &d->window,
                        .images = 1,
                        .in_channels = conv_channels(d, last),
                        .out_channels = b->growth,
                        .group = 1,
                        .in_count = count,
                        .out_count = count,
                        .kernel_count = TAPS,
                        .kernels = p->kernels};
    d->inner_at = round_up((d->channels + last * b->growth) * count);
    d->conv_at = d->inner_at + (b->bottleneck ? round_up(inner(b) * count) : 0);
    step->scratch_bytes = d->conv_at * sizeof(float) + cr_conv_im2col.scratch_bytes(&d->conv);
    if (cr_conv_im2col.slot_bytes)
        step->slot_bytes = cr_conv_im2col.slot_bytes(&d->conv);
    cr_pack_recipe recipe = {.key = "turned", .fill = turn, .arg = d};
    recipe.bytes = (size_t)turned_count(d) * sizeof(float);
    return p->pack(p, step, &recipe, err);
}

/* ---- running ---- */

typedef struct norm {
    const float *x;
    float *y;
    int64_t count;
    const float *const *blob; // scale of this transition; the others lie `step` further each
    int64_t step;
    float factor;
} norm;

static void run_norm(void *arg, int64_t c, int slot)
{
    (void)slot;
    const norm *n = arg;
    float scale = n->blob[0][c], bias = n->blob[n->step][c];
    float mean = n->blob[2 * n->step][c] * n->factor, variance = n->blob[3 * n->step][c] * n->factor;
    float a = scale / sqrtf(variance + 1e-5f);
    const float *x = n->x + c * n->count;
    float *y = n->y + c * n->count;
    for (int64_t i = 0; i < n->count; i++) {
        float v = a * (x[i] - mean) + bias;
        y[i] = v > 0 ? v : 0;
    }
}

// One transition of one image, whose channels stand at y.
static void run_transition(const cr_step *step, cr_run *run, float *y, int64_t t, const float *weights)
{
    const plan *d = step->data;
    const block *b = d->b;
    float *scratch = run->scratch, *between = scratch + d->inner_at;
    int64_t channels = d->channels + t * b->growth, count = d->conv.in_count;
    float factor = step->blob[step->n_blobs - 1][0];
    norm n = {.x = y, .y = scratch, .count = count, .step = b->transitions};
    n.factor = factor == 0 ? 1 : 1 / factor;
    n.blob = &step->blob[at(b, SCALE, t)];
    cr_parallel(run->pool, channels, run_norm, &n);
    if (b->bottleneck) {
        cr_gemm g = {.m = inner(b), .n = count, .k = channels, .lda = channels, .ldb = count, .ldc = count};
        g.a = step->blob[at(b, PLAIN_KINDS + FILTER, t)];
        g.b = scratch;
        g.c = between;
        g.alpha = 1;
        cr_sgemm(&g, run->pool);
        n.x = n.y = between;
        n.blob = &step->blob[at(b, PLAIN_KINDS + SCALE, t)];
        cr_parallel(run->pool, inner(b), run_norm, &n);
    }
    cr_conv conv = d->conv;
    conv.in_channels = conv_channels(d, t);
    conv.in_image_stride = conv.in_channels * count;
    conv.out_image_stride = b->growth * count;
    cr_conv_buffers buffers = {.in = b->bottleneck ? between : scratch,
                               .out = y + channels * count,
                               .weights = weights,
                               .scratch = scratch + d->conv_at,
                               .pool = run->pool,
                               .slot_scratch = run->slot_scratch,
                               .slot_step = run->slot_bytes};
    cr_conv_im2col.run(&conv, &buffers);
}

static void run(const cr_step *step, cr_run *run)
{
    const plan *d = step->data;
    const cr_tensor *in = cr_in(step, run, 0);
    cr_tensor *out = cr_out(step, run, 0);
    int64_t bytes = cr_tensor_image_count(in) * (int64_t)sizeof(float);
    for (int64_t i = 0; i < in->shape.dim[0] && d->conv.in_count > 0; i++) {
        float *y = out->data + i * out->image_stride;
        const float *weights = step->pack;
        memcpy(y, in->data + i * in->image_stride, (size_t)bytes);
        for (int64_t t = 0; t < d->b->transitions; t++) {
            run_transition(step, run, y, t, weights);
            weights += d->b->growth * conv_channels(d, t) * TAPS;
        }
    }
}

const cr_layer_type cr_layer_dense_block = {
    .name = "DenseBlock",
    .about = "a whole block of DenseNet",
    .param = "denseblock_param",
    .in_min = 1,
    .in_max = 1,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_STRIDED,
    .ctx_bytes = sizeof(block),
    .setup = setup,
    .shape = shape,
    .prepare = prepare,
    .run = run,
};
