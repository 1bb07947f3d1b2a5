/*
 * depthwise_blocked.c - convolution of each channel on its own, where channels lie in blocks of 16.
 *
 *     block of channels   rows x columns x 16 --- strip of rows ---> rows x columns x 16
 *     block of channels   ...
 *
 * Nothing is copied and no table is made but for one row: what a row outside reads, in the shared scratch. Weights are
 * packed to (blocks, taps, 16). An item is some strips of rows; cuts depend on shapes only.
 */
#include "kernels/depthwise_blocked.h"
#include "base/int.h"
#include "kernels/kernels.h"

#include <math.h>

enum {
    ITEMS = 32,              // a run is cut in so many, if they are worth it
    ITEM_MACS = 1 << 16,     // the least work that is
    MOST_POSITIONS = 1 << 20 // of one axis
};

static const float zeros[CR_BLOCK];

typedef struct job {
    const cr_conv *conv;
    const cr_conv_buffers *b;
    cr_epilogue now, later;
    cr_depthwise_rows rows; // what is the same for all
    float slopes[CR_BLOCK]; // RELU
    int64_t blocks, strip_rows, strips, units, items;
} job;

static const cr_axis *columns_of(const cr_window *w)
{
    return &w->axis[w->n_axes - 1];
}

static const cr_axis *rows_of(const cr_window *w)
{
    return w->n_axes == 2 ? &w->axis[0] : &cr_axis_single;
}

static const char *accepts(const cr_conv *conv)
{
    const cr_window *w = conv->window;
    if (!conv->kernels)
        return "no ISA level is chosen";
    if (conv->in_channels != conv->group || conv->group < 1)
        return "a group has not one input channel";
    if (conv->out_channels != conv->group)
        return "a channel has several outputs";
    if (conv->group % CR_BLOCK != 0)
        return "16 does not divide the channels";
    if (w->n_axes != 1 && w->n_axes != 2)
        return "it has not one or two axes";
    if (w->variant)
        return "the padding is not the same for all channels";
    for (int a = 0; a < w->n_axes; a++)
        if (w->axis[a].in > MOST_POSITIONS)
            return "an axis is too long";
    return conv->in_blocked && conv->out_blocked ? NULL : "channels do not lie in blocks";
}

static size_t pack_bytes(const cr_conv *conv)
{
    return (size_t)(conv->group * conv->kernel_count) * sizeof(float);
}

static void pack(const cr_conv *conv, const float *weights, void *to)
{
    float *out = to;
    int64_t taps = conv->kernel_count;
    for (int64_t c = 0; c < conv->group; c++)
        for (int64_t t = 0; t < taps; t++) {
            double scale = conv->scale ? conv->scale[c] : 1;
            out[(c / CR_BLOCK * taps + t) * CR_BLOCK + c % CR_BLOCK] = (float)(weights[c * taps + t] * scale);
        }
}

// A column outside reads the first of them.
static int64_t outside_floats(const cr_conv *conv)
{
    return cr_i64_max(columns_of(conv->window)->in, 1) * CR_BLOCK;
}

static size_t scratch_bytes(const cr_conv *conv)
{
    return (size_t)outside_floats(conv) * sizeof(float);
}

// A plain ReLU is a clamp. An activation with an exponential is a pass of its own, while a strip is in the cache.
static void set_activation(job *j)
{
    cr_depthwise_rows *r = &j->rows;
    r->activation = j->now.activation;
    r->min = -INFINITY;
    r->max = INFINITY;
    switch (j->now.activation) {
    case CR_ACT_RELU:
        for (int i = 0; i < CR_BLOCK; i++)
            j->slopes[i] = j->now.slope;
        r->slopes = j->slopes;
        if (j->now.slope == 0) {
            r->activation = CR_ACT_CLIP;
            r->min = 0;
        }
        break;
    case CR_ACT_CLIP:
        r->min = j->now.min;
        r->max = j->now.max;
        break;
    default:
        break;
    }
}

static void set_rows(job *j)
{
    const cr_window *w = j->conv->window;
    float *outside = j->b->scratch;
    j->rows =
        (cr_depthwise_rows){.h = rows_of(w), .w = columns_of(w), .outside = outside, .partial = w->partial};
    for (int64_t i = 0; i < outside_floats(j->conv); i++)
        outside[i] = w->outside;
    set_activation(j);
}

static void run_strip(const job *j, int64_t image, int64_t block, int64_t row)
{
    const cr_conv *c = j->conv;
    cr_depthwise_rows r = j->rows;
    int64_t at = block * CR_BLOCK * c->out_count, channel = block * CR_BLOCK;
    r.in = j->b->in + image * c->in_image_stride + block * CR_BLOCK * c->in_count;
    r.weights = (const float *)j->b->pack + channel * c->kernel_count;
    r.bias = j->b->bias ? j->b->bias + channel : zeros;
    r.out = j->b->out + image * c->out_image_stride + at;
    if (j->now.add)
        r.add = j->now.add + image * j->now.add_image_stride + at;
    if (r.activation == CR_ACT_PRELU)
        r.slopes = j->now.slopes + channel;
    r.row_begin = row;
    r.row_end = cr_i64_min(row + j->strip_rows, r.h->out);
    c->kernels->depthwise_blocked->run(&r);
    int64_t row_floats = r.w->out * CR_BLOCK;
    cr_epilogue_out out = {.data = r.out + row * row_floats,
                           .images = 1,
                           .channels = 1,
                           .count = (r.row_end - row) * row_floats};
    cr_epilogue_apply(c->kernels, &j->later, &out, NULL);
}

static void run_item(void *ctx, int64_t item, int slot)
{
    (void)slot;
    const job *j = ctx;
    for (int64_t u = j->units * item / j->items; u < j->units * (item + 1) / j->items; u++) {
        int64_t block = u / j->strips % j->blocks, image = u / j->strips / j->blocks;
        run_strip(j, image, block, u % j->strips * j->strip_rows);
    }
}

static void run(const cr_conv *conv, const cr_conv_buffers *buffers)
{
    job j = {.conv = conv, .b = buffers};
    if (conv->images == 0)
        return;
    cr_epilogue_split(buffers->epilogue, &j.now, &j.later);
    set_rows(&j);
    j.blocks = conv->group / CR_BLOCK;
    double macs = (double)(conv->images * conv->group) * (double)conv->out_count * (double)conv->kernel_count;
    int64_t wanted = cr_i64_min(ITEMS, 1 + (int64_t)(macs / ITEM_MACS));
    j.strip_rows = cr_div_up(j.rows.h->out, cr_div_up(wanted, conv->images * j.blocks));
    j.strip_rows = cr_round_up(j.strip_rows, 2); // the kernels take two at a time
    j.strips = cr_div_up(j.rows.h->out, j.strip_rows);
    j.units = conv->images * j.blocks * j.strips;
    j.items = cr_i64_min(j.units, wanted);
    cr_parallel(buffers->pool, j.items, run_item, &j);
}

const cr_conv_algorithm cr_conv_depthwise_blocked = {.name = "depthwise_blocked",
                                                     .blocked = CR_READS_BLOCKED | CR_WRITES_BLOCKED |
                                                                CR_BLOCKED_BOTH,
                                                     .accepts = accepts,
                                                     .pack_bytes = pack_bytes,
                                                     .pack = pack,
                                                     .scratch_bytes = scratch_bytes,
                                                     .epilogue = true,
                                                     .run = run};
