/*
 * direct.c - convolution of few input channels, as first layers have them: no matrix of columns is made.
 *
 *     image --cr_strip_fill--> strip of some output lines --kernels/direct.h--> those lines of all output channels
 *              padded, by phase of the stride                panel by panel
 *
 * With so few channels a matrix of columns would be read once or twice only, and its making costs as much as its
 * products. A strip is read by all taps and made through cr_window's tables, so all padding modes are alike; strip and
 * weights stay in the L2 cache.
 *
 * Sums run over k in order from 0 and start with the bias, as gemm.h promises it: the bits are those of `tiled`. An
 * item is a strip of one group of one image; how many lines it has depends on shapes only.
 */
#include "kernels/direct.h"
#include "base/int.h"
#include "kernels/conv.h"
#include "kernels/kernels.h"
#include "kernels/strip.h"

enum {
    LINE = 16,                // floats
    MOST_CHANNELS = 8,        // of a group
    STRIP_FLOATS = 24 << 10,  // a tenth of an L2 cache
    MOST_FLOATS = 1 << 16,    // what needs more for one line is not ours
    MOST_POSITIONS = 1 << 20, // of one axis
    ITEMS = 16,               // a group of an image is cut in so many strips, if they are worth it
    ITEM_MACS = 1 << 18       // the least work that is
};

static const cr_epilogue no_epilogue;

// How one convolution is cut.
typedef struct cut {
    const cr_conv *conv;
    const cr_conv_buffers *buffers;
    int64_t channels, outputs, k, panels; // of a group
    cr_strip strip;
    int64_t strips;       // of an image
    int64_t strip_floats; // of a group
    int64_t *rows;
} cut;

static cut cut_of(const cr_conv *conv, const cr_conv_buffers *buffers)
{
    cut c = {.conv = conv, .buffers = buffers};
    c.channels = conv->in_channels / conv->group;
    c.outputs = conv->out_channels / conv->group;
    c.k = c.channels * conv->kernel_count;
    c.panels = cr_div_up(c.outputs, CR_BLOCK);
    double macs = (double)(c.outputs * c.k) * (double)conv->out_count;
    int64_t out = conv->window->axis[0].out,
            wanted = macs < ITEMS * ITEM_MACS ? 1 + (int64_t)macs / ITEM_MACS : ITEMS;
    int64_t lines = cr_div_up(out, wanted);
    while (lines > 1 && c.channels * cr_strip_of(conv, lines).channel_floats > STRIP_FLOATS)
        lines--;
    c.strips = cr_div_up(out, lines);
    c.strip = cr_strip_of(conv, cr_div_up(out, c.strips));
    c.strip_floats = cr_round_up(c.channels * c.strip.channel_floats + CR_STRIP_SLACK, LINE);
    return c;
}

static const char *refuse_axis(const cr_axis *a)
{
    if (a->out < 1)
        return "there is no output";
    if (a->in > MOST_POSITIONS || a->out > MOST_POSITIONS || a->kernel * a->dilation > MOST_POSITIONS)
        return "an axis is too long";
    return NULL;
}

static const char *accepts(const cr_conv *conv)
{
    const cr_window *w = conv->window;
    int64_t channels = conv->in_channels / conv->group;
    if (!conv->kernels)
        return "no ISA level is chosen";
    if (channels < 1)
        return "there are no channels";
    if (channels > MOST_CHANNELS)
        return "a group has more than 8 input channels";
    if (w->n_axes != 2)
        return "it has not two axes";
    for (int a = 0; a < 2; a++) {
        const char *why = refuse_axis(&w->axis[a]);
        if (why)
            return why;
    }
    if (conv->out_blocked && conv->out_channels / conv->group % CR_BLOCK != 0)
        return "a block has channels of two groups";
    if (conv->kernel_count <= w->axis[0].stride * w->axis[1].stride)
        return "its windows do not overlap";
    if (!cr_strip_serves(conv))
        return "the stride is more than 4, or the padding more than is usual";
    return channels * cr_strip_of(conv, 1).channel_floats > MOST_FLOATS ? "a line does not fit the cache"
                                                                        : NULL;
}

/* ---- sizes and packs ---- */

static int64_t panel_floats(const cut *c)
{
    return c->k * CR_BLOCK;
}

static size_t pack_bytes(const cr_conv *conv)
{
    cut c = cut_of(conv, NULL);
    return (size_t)(conv->group * c.panels * panel_floats(&c)) * sizeof(float);
}

// A panel: weights (channels, k) to (k, CR_BLOCK), with zeros behind the last channel.
static void pack_panel(const float *weights, const double *scale, int64_t channels, int64_t k, float *to)
{
    for (int64_t p = 0; p < k; p++)
        for (int64_t c = 0; c < CR_BLOCK; c++) {
            float x = c < channels ? weights[c * k + p] : 0;
            to[p * CR_BLOCK + c] = c < channels && scale ? (float)(x * scale[c]) : x;
        }
}

static void pack(const cr_conv *conv, const float *weights, void *to)
{
    cut c = cut_of(conv, NULL);
    for (int64_t i = 0; i < conv->group * c.panels; i++) {
        int64_t first = i % c.panels * CR_BLOCK, channel = i / c.panels * c.outputs + first;
        pack_panel(weights + channel * c.k, conv->scale ? conv->scale + channel : NULL,
                   cr_i64_min(c.outputs - first, CR_BLOCK), c.k, (float *)to + i * panel_floats(&c));
    }
}

// Where the rows of a strip are: for all threads.
static size_t scratch_bytes(const cr_conv *conv)
{
    return (size_t)cut_of(conv, NULL).k * sizeof(int64_t);
}

static size_t slot_bytes(const cr_conv *conv)
{
    cut c = cut_of(conv, NULL);
    int64_t factors = conv->window->partial ? c.strip.lines * conv->window->axis[1].out + LINE : 0;
    return (size_t)(c.strip_floats + factors) * sizeof(float);
}

/* ---- running ---- */

static const float *set_factors(const cr_conv *conv, int64_t line, int64_t lines, float *factor)
{
    const cr_axis *y = &conv->window->axis[0], *x = &conv->window->axis[1];
    for (int64_t i = 0; i < lines; i++)
        for (int64_t j = 0; j < x->out; j++)
            factor[i * x->out + j] = y->factor[line + i] * x->factor[j];
    return factor;
}

// All output channels of a group, on a strip from output line `line` on.
static void run_panels(const cut *c, int64_t image, int64_t group, int64_t line, cr_direct_block *b)
{
    const cr_conv *conv = c->conv;
    const cr_conv_buffers *buffers = c->buffers;
    const cr_epilogue *all = buffers->epilogue ? buffers->epilogue : &no_epilogue;
    int64_t position = line * b->line * (conv->out_blocked ? CR_BLOCK : 1);
    for (int64_t p = 0; p < c->panels; p++) {
        int64_t channel = group * c->outputs + p * CR_BLOCK, at = channel * conv->out_count + position;
        cr_epilogue e = *all;
        if (e.add)
            e.add += image * e.add_image_stride + at;
        if (e.slopes)
            e.slopes += channel;
        b->epilogue = &e;
        b->channels = cr_i64_min(c->outputs - p * CR_BLOCK, CR_BLOCK);
        b->weights = (const float *)buffers->pack + (group * c->panels + p) * panel_floats(c);
        b->bias = buffers->bias ? buffers->bias + channel : NULL;
        b->out = buffers->out + image * conv->out_image_stride + at;
        if (conv->out_blocked)
            conv->kernels->direct->blocked(b);
        else
            conv->kernels->direct->plain(b);
    }
}

static void run_item(void *ctx, int64_t item, int slot)
{
    const cut *c = ctx;
    const cr_conv *conv = c->conv;
    const cr_axis *axis = conv->window->axis;
    float *strip = (float *)(void *)(c->buffers->slot_scratch + (size_t)slot * c->buffers->slot_step);
    int64_t line = item % c->strips * c->strip.lines, group = item / c->strips % conv->group;
    int64_t image = item / c->strips / conv->group, lines = cr_i64_min(c->strip.lines, axis[0].out - line);
    if (lines <= 0)
        return;
    cr_strip_part part = {.image = c->buffers->in + image * conv->in_image_stride,
                          .begin = group * c->channels,
                          .end = (group + 1) * c->channels,
                          .line = line,
                          .lines = lines};
    cr_strip_fill(&c->strip, &part, strip);
    cr_direct_block b = {.strip = strip, .rows = c->rows, .k = c->k, .lines = lines};
    b.line = axis[1].out;
    b.pitch = c->strip.pitch;
    b.out_step = conv->out_count;
    if (conv->window->partial)
        b.factor = set_factors(conv, line, lines, strip + c->strip_floats);
    run_panels(c, image, group, line, &b);
}

static void run(const cr_conv *conv, const cr_conv_buffers *buffers)
{
    cut c = cut_of(conv, buffers);
    c.rows = buffers->scratch;
    cr_strip_rows(&c.strip, c.channels, c.rows);
    cr_parallel(buffers->pool, conv->images * conv->group * c.strips, run_item, &c);
}

const cr_conv_algorithm cr_conv_direct = {.name = "direct",
                                          .blocked = CR_WRITES_BLOCKED,
                                          .accepts = accepts,
                                          .pack_bytes = pack_bytes,
                                          .pack = pack,
                                          .epilogue = true,
                                          .scratch_bytes = scratch_bytes,
                                          .slot_bytes = slot_bytes,
                                          .run = run};
