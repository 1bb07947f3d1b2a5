/*
 * deconv.c - the transpose of a convolution: a matrix product, then col2im.
 *
 *     col (out channels * taps, in positions) = transposed weights * in, per image and group
 *     out (out channel, position) = bias + the sum of all entries of col that a tap reads from there
 *
 * "in" and "out" are the deconvolution's own: conv is the convolution whose transpose it is, so its windows
 * slide over our output. col2im adds along the runs of cr_window's tables; taps outside (cropped by the pad)
 * are dropped. Every channel is summed by one thread in one order, so the bits do not depend on the threads.
 */
#include "kernels/blas.h"
#include "kernels/conv.h"

typedef struct job {
    const cr_conv *conv;
    const float *col; // (channels of the group * taps, conv's out positions)
    const float *bias;
    float *out; // of the group's first channel
} job;

typedef struct tap {
    const cr_window *window;
    int64_t at[CR_MAX_AXES];
    int64_t picture_step[CR_MAX_AXES], col_step[CR_MAX_AXES];
} tap;

// Adds what one tap contributes, one axis a level. A run has no tap outside, so the tables are only needed for
// its first position.
static void scatter(const tap *t, int a, const float *restrict col, float *restrict picture)
{
    const cr_axis *axis = &t->window->axis[a];
    int64_t k = t->at[a], begin = axis->run_begin[0][k], end = axis->run_end[0][k];
    if (begin >= end)
        return;
    picture += axis->index[0][k * axis->out + begin] * t->picture_step[a];
    if (a < t->window->n_axes - 1) {
        for (int64_t o = begin; o < end; o++)
            scatter(t, a + 1, col + o * t->col_step[a],
                    picture + (o - begin) * axis->stride * t->picture_step[a]);
    } else if (axis->stride == 1) {
        for (int64_t o = begin; o < end; o++)
            picture[o - begin] += col[o];
    } else {
        for (int64_t o = begin; o < end; o++)
            picture[(o - begin) * axis->stride] += col[o];
    }
}

static void col2im_channel(void *ctx, int64_t channel, int slot)
{
    (void)slot;
    const job *j = ctx;
    const cr_conv *conv = j->conv;
    tap t = {.window = conv->window};
    int64_t picture_step = 1, col_step = 1;
    for (int a = t.window->n_axes - 1; a >= 0; a--) {
        t.picture_step[a] = picture_step;
        t.col_step[a] = col_step;
        picture_step *= t.window->axis[a].in;
        col_step *= t.window->axis[a].out;
    }
    float *picture = j->out + channel * conv->in_count;
    for (int64_t i = 0; i < conv->in_count; i++)
        picture[i] = j->bias ? j->bias[channel] : 0;
    for (int64_t k = 0; k < conv->kernel_count; k++) {
        const float *col = j->col + (channel * conv->kernel_count + k) * conv->out_count;
        int64_t rest = k;
        for (int a = t.window->n_axes - 1; a >= 0; a--) {
            t.at[a] = rest % t.window->axis[a].kernel;
            rest /= t.window->axis[a].kernel;
        }
        if (t.window->n_axes == 0)
            picture[0] += col[0];
        else
            scatter(&t, 0, col, picture);
    }
}

typedef struct geometry {
    const cr_conv *conv;
    const cr_conv_buffers *buffers;
    // The convolution's channels in a group: `wide` are our output's, `narrow` our input's.
    int64_t wide, narrow;
    int64_t col_count; // floats of one group's matrix
    int64_t parts;     // of the groups; 1: the groups run one by one, each on all threads
    int64_t image;     // the one at work
} geometry;

static geometry geometry_of(const cr_conv *conv, const cr_conv_buffers *buffers)
{
    geometry g = {.conv = conv, .buffers = buffers};
    g.wide = conv->in_channels / conv->group;
    g.narrow = conv->out_channels / conv->group;
    g.col_count = g.wide * conv->kernel_count * conv->out_count;
    g.parts = cr_conv_group_parts(conv);
    return g;
}

static void run_group(const geometry *g, int64_t group, float *col, cr_pool *pool)
{
    const cr_conv *conv = g->conv;
    int64_t rows = g->wide * conv->kernel_count;
    cr_gemm gemm = {.trans_a = true,
                    .m = rows,
                    .n = conv->out_count,
                    .k = g->narrow,
                    .lda = rows,
                    .ldb = conv->out_count,
                    .ldc = conv->out_count,
                    .a = g->buffers->weights + group * g->narrow * rows,
                    .b = g->buffers->in + g->image * conv->out_image_stride +
                         group * g->narrow * conv->out_count,
                    .c = col,
                    .alpha = 1};
    cr_sgemm(&gemm, pool);
    job j = {.conv = conv, .col = col};
    j.bias = g->buffers->bias ? g->buffers->bias + group * g->wide : NULL;
    j.out = g->buffers->out + g->image * conv->in_image_stride + group * g->wide * conv->in_count;
    cr_parallel(pool, g->wide, col2im_channel, &j);
}

static void run_part(void *ctx, int64_t part, int slot)
{
    const geometry *g = ctx;
    int64_t end = g->conv->group * (part + 1) / g->parts;
    float *col = (float *)g->buffers->scratch + slot * g->col_count;
    for (int64_t group = g->conv->group * part / g->parts; group < end; group++)
        run_group(g, group, col, NULL);
}

size_t cr_deconv_scratch_bytes(const cr_conv *conv)
{
    geometry g = geometry_of(conv, NULL);
    return (size_t)(g.parts * g.col_count) * sizeof(float);
}

void cr_deconv_run(const cr_conv *conv, const cr_conv_buffers *buffers)
{
    geometry g = geometry_of(conv, buffers);
    for (g.image = 0; g.image < conv->images; g.image++) {
        if (g.parts > 1)
            cr_parallel(buffers->pool, g.parts, run_part, &g);
        for (int64_t group = 0; group < conv->group && g.parts == 1; group++)
            run_group(&g, group, buffers->scratch, buffers->pool);
    }
}
