/*
 * interleave.c - which pixels a padded row has, and what the outputs of a block of channels get.
 *
 * Most of a padded row is a run of the image's; that goes through the vectors of isa/interleave.c. The columns beside
 * it are read one by one, as the window's tables say.
 */
#include "kernels/interleave.h"
#include "base/int.h"
#include "kernels/kernels.h"

static int lanes_of(const cr_conv *c)
{
    return c->kernels->interleave->lanes;
}

static void fill(float *to, int64_t n, float value)
{
    for (int64_t i = 0; i < n; i++)
        to[i] = value;
}

/* ---- in ---- */

void cr_interleave_set_in(cr_interleave_in *in, const cr_conv *c, const float *image, int64_t first,
                          int64_t n)
{
    in->conv = c;
    in->scale = 1;
    for (int64_t i = 0; i < lanes_of(c); i++)
        in->channel[i] = image + cr_i64_min(first + i, n - 1) * c->in_count;
}

// Padded positions from 0 to the last that a window reads.
static int64_t padded(const cr_axis *axis)
{
    return axis->out + axis->kernel - 1;
}

// What padded position p of an axis reads.
static int32_t read_at(const cr_axis *axis, int64_t p)
{
    int64_t o = cr_i64_min(p, axis->out - 1);
    return axis->index[0][(p - o) * axis->out + o];
}

// Columns [begin, end) one by one: those outside the image, whose row starts at `at`.
static void columns_in(const cr_interleave_in *in, int64_t at, int64_t begin, int64_t end, float *to)
{
    const cr_window *w = in->conv->window;
    int lanes = lanes_of(in->conv);
    for (int64_t p = begin; p < end; p++, to += lanes) {
        int32_t x = read_at(&w->axis[1], p);
        for (int i = 0; i < lanes; i++)
            to[i] = in->scale * (x == CR_TAP_OUTSIDE ? w->outside : in->channel[i][at + x]);
    }
}

// Columns [first, end) of row y of the image.
static void image_row_in(const cr_interleave_in *in, int64_t y, int64_t first, int64_t end, float *to)
{
    const cr_conv *c = in->conv;
    const cr_axis *axis = &c->window->axis[1];
    int lanes = lanes_of(c);
    int64_t pad = axis->pad_before[0], at = y * axis->in;
    int64_t run = cr_i64_max(first, pad), run_end = cr_i64_max(run, cr_i64_min(end, pad + axis->in));
    c->kernels->interleave->gather(in->channel, at + run - pad, run_end - run, in->scale,
                                   to + (run - first) * lanes);
    columns_in(in, at, first, cr_i64_min(run, end), to);
    columns_in(in, at, run_end, end, to + (run_end - first) * lanes);
}

bool cr_interleave_row_in(const cr_interleave_in *in, int64_t row, int64_t first, int64_t columns, float *to)
{
    const cr_window *w = in->conv->window;
    int lanes = lanes_of(in->conv);
    int64_t all = first + columns, end = cr_i64_min(all, padded(&w->axis[1]));
    bool is = row < padded(&w->axis[0]);
    int32_t y = is ? read_at(&w->axis[0], row) : CR_TAP_OUTSIDE;
    float outside = is ? in->scale * w->outside : 0;
    if (y == CR_TAP_OUTSIDE)
        fill(to, (end - first) * lanes, outside);
    else
        image_row_in(in, y, first, end, to);
    fill(to + (end - first) * lanes, (all - end) * lanes, 0);
    return y != CR_TAP_OUTSIDE || outside != 0;
}

/* ---- out ---- */

void cr_interleave_set_out(cr_interleave_out *out, const cr_conv *c, const cr_conv_buffers *b,
                           const cr_epilogue *e, int64_t first, int64_t n)
{
    out->conv = c;
    out->buffers = b;
    out->first = first;
    out->scatter = (cr_interleave_scatter){
        .channels = n, .channel_step = c->out_count, .bias = out->bias, .slopes = out->slopes, .epilogue = e};
    for (int64_t i = 0; i < lanes_of(c); i++) {
        bool is = i < n;
        out->bias[i] = is && b->bias ? b->bias[first + i] : 0;
        out->slopes[i] = e->activation != CR_ACT_PRELU ? e->slope : is ? e->slopes[first + i] : 0;
    }
}

// PARTIAL: sums of windows that are partly outside.
static void scale_row(const cr_interleave_out *out, int64_t y, int64_t x, float *row)
{
    const cr_axis *axis = out->conv->window->axis;
    int64_t lanes = lanes_of(out->conv);
    for (int64_t i = 0; i < out->scatter.columns; i++) {
        float factor = axis[0].factor[y] * axis[1].factor[x + i];
        for (int64_t k = 0; k < lanes && factor != 1; k++)
            row[i * lanes + k] *= factor;
    }
}

void cr_interleave_row_out(const cr_interleave_out *out, int64_t image, int64_t y, int64_t x, float *from)
{
    const cr_conv *c = out->conv;
    const cr_epilogue *e = out->scatter.epilogue;
    int64_t at = out->first * c->out_count + y * c->window->axis[1].out + x;
    const float *add = e->add ? e->add + image * e->add_image_stride + at : NULL;
    if (c->window->partial)
        scale_row(out, y, x, from);
    c->kernels->interleave->scatter(&out->scatter, from, add,
                                    out->buffers->out + image * c->out_image_stride + at);
}
