/*
 * im2col.c - the textbook convolution: gather the windows into a matrix, then one matrix product.
 *
 *     col (channels * taps, out positions)     row (c, tap): what that tap reads at every position
 *     out = weights (out_channels, channels * taps) * col, per image and group
 *
 * Accepts every geometry: it reads cr_window's tables only. It is the reference for the other algorithms.
 * A row of the matrix is copied in runs along the last axis: inside the input a run needs no table.
 *
 * The bias is put into the output first and the product is added to it: that costs nothing, since sgemm would
 * clear its output otherwise. PARTIAL multiplies the finished sums, so there the bias comes last.
 *
 * Scratch holds the matrix of one group, or of one group per part (cr_conv_group_parts).
 */
#include "kernels/blas.h"
#include "kernels/conv.h"

#include <string.h>

enum {
    ROW_FLOATS = 16384 // a work item of the gather copies about so many floats
};

// Where the pieces of one row are read and written.
typedef struct row {
    const cr_window *window;
    int64_t tap[CR_MAX_AXES];
    int variant[CR_MAX_AXES];
    int64_t in_step[CR_MAX_AXES], out_step[CR_MAX_AXES]; // floats between neighbours along an axis
} row;

static void fill(float *to, int64_t n, float value)
{
    for (int64_t i = 0; i < n; i++)
        to[i] = value;
}

static float read_tap(const float *from, int32_t index, float outside)
{
    return index == CR_TAP_OUTSIDE ? outside : from[index];
}

static void copy_run(const float *restrict from, int64_t stride, float *restrict to, int64_t n)
{
    if (stride == 1) {
        memcpy(to, from, (size_t)n * sizeof *to);
    } else if (stride == 2) {
        for (int64_t i = 0; i < n; i++)
            to[i] = from[2 * i];
    } else {
        for (int64_t i = 0; i < n; i++)
            to[i] = from[stride * i];
    }
}

// What tap k of the axis reads along the row `from`, for all outputs.
static void gather_line(const cr_axis *axis, int64_t k, int v, float outside, const float *from, float *to)
{
    const int32_t *index = axis->index[v] + k * axis->out;
    int64_t begin = axis->run_begin[v][k], end = axis->run_end[v][k];
    for (int64_t o = 0; o < begin; o++)
        to[o] = read_tap(from, index[o], outside);
    if (begin < end)
        copy_run(from + index[begin], axis->stride, to + begin, end - begin);
    for (int64_t o = end; o < axis->out; o++)
        to[o] = read_tap(from, index[o], outside);
}

static void gather(const row *r, int a, const float *from, float *to)
{
    const cr_axis *axis = &r->window->axis[a];
    if (a == r->window->n_axes - 1) {
        gather_line(axis, r->tap[a], r->variant[a], r->window->outside, from, to);
        return;
    }
    const int32_t *index = axis->index[r->variant[a]] + r->tap[a] * axis->out;
    for (int64_t o = 0; o < axis->out; o++, to += r->out_step[a]) {
        if (index[o] == CR_TAP_OUTSIDE)
            fill(to, r->out_step[a], r->window->outside);
        else
            gather(r, a + 1, from + index[o] * r->in_step[a], to);
    }
}

typedef struct gather_job {
    const cr_window *window;
    const float *image;
    int64_t first, taps, rows, rows_per_item;
    int64_t in_count, out_count;
    float *col;
} gather_job;

static void gather_row(const gather_job *job, row *r, int64_t index)
{
    const cr_window *window = job->window;
    int64_t c = job->first + index / job->taps, tap = index % job->taps;
    for (int a = window->n_axes - 1; a >= 0; a--) {
        r->tap[a] = tap % window->axis[a].kernel;
        tap /= window->axis[a].kernel;
        r->variant[a] = window->variant ? window->variant[c] >> a & 1 : 0;
    }
    const float *from = job->image + c * job->in_count;
    float *to = job->col + index * job->out_count;
    if (window->n_axes == 0)
        *to = *from;
    else
        gather(r, 0, from, to);
}

static void gather_rows(void *ctx, int64_t item, int slot)
{
    (void)slot;
    const gather_job *job = ctx;
    row r = {.window = job->window};
    int64_t in_step = 1, out_step = 1;
    for (int a = job->window->n_axes - 1; a >= 0; a--) {
        r.in_step[a] = in_step;
        r.out_step[a] = out_step;
        in_step *= job->window->axis[a].in;
        out_step *= job->window->axis[a].out;
    }
    int64_t end = (item + 1) * job->rows_per_item;
    for (int64_t i = item * job->rows_per_item; i < end && i < job->rows; i++)
        gather_row(job, &r, i);
}

void cr_im2col(const cr_window *window, const float *image, int64_t first, int64_t channels, float *col,
               cr_pool *pool)
{
    gather_job job = {.window = window, .image = image, .first = first, .col = col};
    job.taps = job.in_count = job.out_count = 1;
    for (int a = 0; a < window->n_axes; a++) {
        job.taps *= window->axis[a].kernel;
        job.in_count *= window->axis[a].in;
        job.out_count *= window->axis[a].out;
    }
    job.rows = channels * job.taps;
    job.rows_per_item = 1 + ROW_FLOATS / (job.out_count > 0 ? job.out_count : 1);
    cr_parallel(pool, (job.rows + job.rows_per_item - 1) / job.rows_per_item, gather_rows, &job);
}

// The matrix would be the image itself: one tap that steps through the input, or one window over all of it.
static bool is_image(const cr_window *window)
{
    bool pointwise = true, whole = true;
    for (int a = 0; a < window->n_axes; a++) {
        const cr_axis *x = &window->axis[a];
        bool bare = x->pad_before[0] == 0 && x->pad_after[0] == 0;
        pointwise &= bare && x->kernel == 1 && x->stride == 1;
        whole &= bare && x->kernel == x->in && x->out == 1 && x->dilation == 1;
    }
    return pointwise || whole;
}

typedef struct geometry {
    const cr_conv *conv;
    const cr_conv_buffers *buffers;
    int64_t in_group, out_group; // channels of one group
    int64_t k;                   // rows of the matrix
    int64_t parts;               // of the groups; 1: the groups run one by one, each on all threads
    int64_t image;               // the one at work
} geometry;

static geometry geometry_of(const cr_conv *conv, const cr_conv_buffers *buffers)
{
    geometry g = {.conv = conv, .buffers = buffers, .parts = cr_conv_group_parts(conv)};
    g.in_group = conv->in_channels / conv->group;
    g.out_group = conv->out_channels / conv->group;
    g.k = g.in_group * conv->kernel_count;
    return g;
}

// PARTIAL: sums times their factor, then the bias; a window with no tap inside stays 0.
static void scale_partial(const geometry *g, int64_t group, float *out)
{
    const cr_window *window = g->conv->window;
    for (int64_t p = 0; p < g->conv->out_count; p++) {
        int64_t at = p;
        float factor = 1;
        for (int a = window->n_axes - 1; a >= 0; a--) {
            factor *= window->axis[a].factor[at % window->axis[a].out];
            at /= window->axis[a].out;
        }
        for (int64_t c = 0; c < g->out_group; c++) {
            float *x = &out[c * g->conv->out_count + p];
            float bias = g->buffers->bias ? g->buffers->bias[group * g->out_group + c] : 0;
            *x = factor > 0 ? *x * factor + bias : 0;
        }
    }
}

static void put_bias(const geometry *g, int64_t group, float *out)
{
    const float *bias = g->buffers->bias + group * g->out_group;
    for (int64_t c = 0; c < g->out_group; c++)
        fill(out + c * g->conv->out_count, g->conv->out_count, bias[c]);
}

static void run_group(const geometry *g, int64_t group, float *col, cr_pool *pool)
{
    const cr_conv *conv = g->conv;
    const float *in = g->buffers->in + g->image * conv->in_image_stride;
    float *out = g->buffers->out + g->image * conv->out_image_stride + group * g->out_group * conv->out_count;
    const float *matrix = in + group * g->in_group * conv->in_count;
    bool bias_first = g->buffers->bias && !conv->window->partial;
    if (!is_image(conv->window)) {
        cr_im2col(conv->window, in, group * g->in_group, g->in_group, col, pool);
        matrix = col;
    }
    if (bias_first)
        put_bias(g, group, out);
    cr_gemm gemm = {.m = g->out_group,
                    .n = conv->out_count,
                    .k = g->k,
                    .lda = g->k,
                    .ldb = conv->out_count,
                    .ldc = conv->out_count,
                    .a = g->buffers->weights + group * g->out_group * g->k,
                    .b = matrix,
                    .c = out,
                    .alpha = 1,
                    .beta = bias_first ? 1 : 0};
    cr_sgemm(&gemm, pool);
    if (conv->window->partial)
        scale_partial(g, group, out);
}

static void run_part(void *ctx, int64_t part, int slot)
{
    const geometry *g = ctx;
    int64_t end = g->conv->group * (part + 1) / g->parts;
    float *col = (float *)g->buffers->scratch + slot * g->k * g->conv->out_count;
    for (int64_t group = g->conv->group * part / g->parts; group < end; group++)
        run_group(g, group, col, NULL);
}

static void run(const cr_conv *conv, const cr_conv_buffers *buffers)
{
    geometry g = geometry_of(conv, buffers);
    for (g.image = 0; g.image < conv->images; g.image++) {
        if (g.parts > 1)
            cr_parallel(buffers->pool, g.parts, run_part, &g);
        for (int64_t group = 0; group < conv->group && g.parts == 1; group++)
            run_group(&g, group, buffers->scratch, buffers->pool);
    }
}

static const char *accepts(const cr_conv *conv)
{
    (void)conv;
    return NULL;
}

static size_t scratch_bytes(const cr_conv *conv)
{
    geometry g = geometry_of(conv, NULL);
    return is_image(conv->window) ? 0 : (size_t)(g.parts * g.k * conv->out_count) * sizeof(float);
}

const cr_conv_algorithm cr_conv_im2col = {
    .name = "im2col", .accepts = accepts, .scratch_bytes = scratch_bytes, .run = run};
