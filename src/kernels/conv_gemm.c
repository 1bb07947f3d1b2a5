/*
 * conv_gemm.c - convolution as a matrix product: `pointwise` on the activations as they are, `tiled` on parts of
 * the im2col matrix that fit the cache.
 *
 *     out (m, n) = weights (m, k) * columns (k, n)      per image and group
 *
 *   pointwise   columns are the image: no copy; items are blocks of channels and positions
 *   tiled       apart: an item is a range of positions; its thread gathers a part of k for them, multiplies it
 *               with all weights, and goes on with the next part
 *               strips: the same with whole lines of a large map, which are read where they are (strip.h), unless
 *               vectors that their ends fill in part would cost more than the gathering
 *               together: a small map gives too few of such items; all threads gather one part of k for all
 *               positions, then share the channels out
 *
 * Columns of `tiled` lie in scratch with a row length of an odd number of cache lines, so that rows do not fall
 * into the same cache sets. Sums wait in scratch, too, between the parts of k. All cuts depend on shapes only;
 * that they do not change the bits in any case is gemm.h's promise.
 */
#include "kernels/conv.h"
#include "kernels/gather.h"
#include "kernels/gemm.h"
#include "kernels/strip.h"

#include <stddef.h>

enum {
    LINE = 16,            // floats
    DEEP_POSITIONS = 256, // maps up to here lie deep
    ITEMS = 16,           // a product is cut in so many items, if they are worth it
    ITEM_MACS = 1 << 18,  // the least work that is
    APART_ITEMS = 6,      // fewer images, groups and ranges of positions than that are computed together
    COLUMN_FLOATS =
        1 << 15, // apart: of one part of the columns; half of an L2 cache, with the weights' share
    TOGETHER_FLOATS = 1 << 17, // together: the same
    PART_DEPTH = 768,          // apart: k up to here is not cut
    GATHER_MACS = 7,           // gathering an element takes as long as so many multiply-adds of every lane
    DEEP_STEP = 112,
};

static const cr_epilogue no_epilogue;

// How one convolution is cut.
typedef struct cut {
    const cr_conv *conv;
    const cr_conv_buffers *buffers;
    const cr_gemm_layout *layout;
    int64_t m, n, k; // of a group
    int64_t panels;
    size_t pack_bytes; // of a group
    int64_t n_step, n_blocks, panel_step, panel_blocks, k_step;
    int64_t column_step, column_floats;
    bool in_strips;
    cr_strip strip;
    int64_t image, group, k_begin; // together: at work
} cut;

static int64_t min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t divide_up(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

static int64_t round_up(int64_t a, int64_t to)
{
    return divide_up(a, to) * to;
}

static bool is_deep(const cr_conv *conv)
{
    return conv->out_count <= DEEP_POSITIONS;
}

static cut cut_of(const cr_conv *conv, const cr_conv_buffers *buffers)
{
    const cr_gemm_kernels *gemm = conv->kernels->gemm;
    cut c = {.conv = conv, .buffers = buffers, .layout = is_deep(conv) ? &gemm->deep : &gemm->wide};
    c.m = conv->out_channels / conv->group;
    c.n = conv->out_count;
    c.k = conv->in_channels / conv->group * conv->kernel_count;
    c.panels = c.layout->panels(c.m);
    c.pack_bytes = c.layout->pack_bytes(c.m, c.k);
    c.k_step = c.k;
    return c;
}

// Positions first, then panels, until there are enough items.
static void cut_items(cut *c)
{
    int64_t unit = is_deep(c->conv) ? DEEP_STEP : 2 * c->conv->kernels->vector;
    double macs = (double)c->m * (double)c->n * (double)c->k * (double)(c->conv->images * c->conv->group);
    int64_t wanted = min(ITEMS, 1 + (int64_t)(macs / ITEM_MACS));
    wanted = divide_up(wanted, c->conv->images * c->conv->group);
    c->n_step = round_up(divide_up(c->n, wanted), unit);
    c->n_blocks = divide_up(c->n, c->n_step);
    c->panel_step = divide_up(c->panels, divide_up(wanted, c->n_blocks));
    c->panel_blocks = divide_up(c->panels, c->panel_step);
}

static size_t pack_bytes(const cr_conv *conv)
{
    return (size_t)conv->group * cut_of(conv, NULL).pack_bytes;
}

static int pack_kind(const cr_conv *conv)
{
    return is_deep(conv);
}

static void pack(const cr_conv *conv, const float *weights, void *to)
{
    cut c = cut_of(conv, NULL);
    for (int64_t g = 0; g < conv->group; g++)
        c.layout->pack(weights + g * c.m * c.k, conv->scale ? conv->scale + g * c.m : NULL, c.m, c.k,
                       (float *)((char *)to + (size_t)g * c.pack_bytes));
}

// All channels of a group, positions from `position` on; columns, n and panels are the caller's.
static cr_gemm_block block_of(const cut *c, cr_epilogue *epilogue, int64_t image, int64_t group,
                              int64_t position)
{
    const cr_conv_buffers *b = c->buffers;
    int64_t at = group * c->m * c->n + position;
    cr_gemm_block block = {.m = c->m, .depth = c->k, .k_end = c->k, .panel_end = c->panels, .out_step = c->n};
    block.weights = (const float *)(const void *)((const char *)b->pack + (size_t)group * c->pack_bytes);
    block.bias = b->bias ? b->bias + group * c->m : NULL;
    block.out = b->out + image * c->conv->out_image_stride + at;
    *epilogue = b->epilogue ? *b->epilogue : no_epilogue;
    if (epilogue->add)
        epilogue->add += image * epilogue->add_image_stride + at;
    if (epilogue->slopes)
        epilogue->slopes += group * c->m;
    block.epilogue = epilogue;
    return block;
}

/* ---- pointwise ---- */

static const char *pointwise_accepts(const cr_conv *conv)
{
    for (int a = 0; a < conv->window->n_axes; a++) {
        const cr_axis *x = &conv->window->axis[a];
        if (x->kernel != 1)
            return "the kernel is not 1x1";
        if (x->stride != 1)
            return "the stride is not 1";
        if (x->pad_before[0] != 0 || x->pad_after[0] != 0)
            return "it has padding";
    }
    if (conv->window->partial)
        return "it is a partial convolution";
    if (conv->in_channels / conv->group < 1)
        return "there are no channels";
    return NULL;
}

static void pointwise_item(void *ctx, int64_t item, int slot)
{
    (void)slot;
    const cut *c = ctx;
    int64_t panel = item % c->panel_blocks * c->panel_step, rest = item / c->panel_blocks;
    int64_t position = rest % c->n_blocks * c->n_step;
    rest /= c->n_blocks;
    int64_t group = rest % c->conv->group, image = rest / c->conv->group;
    cr_epilogue epilogue;
    cr_gemm_block b = block_of(c, &epilogue, image, group, position);
    b.n = min(c->n_step, c->n - position);
    b.panel_begin = panel;
    b.panel_end = min(panel + c->panel_step, c->panels);
    b.columns = c->buffers->in + image * c->conv->in_image_stride + group * c->k * c->n + position;
    b.column_step = c->n;
    c->layout->run(&b);
}

static void pointwise_run(const cr_conv *conv, const cr_conv_buffers *buffers)
{
    cut c = cut_of(conv, buffers);
    if (conv->images == 0 || c.n == 0)
        return;
    cut_items(&c);
    cr_parallel(buffers->pool, conv->images * conv->group * c.n_blocks * c.panel_blocks, pointwise_item, &c);
}

static size_t no_bytes(const cr_conv *conv)
{
    (void)conv;
    return 0;
}

const cr_conv_algorithm cr_conv_pointwise = {.name = "pointwise",
                                             .accepts = pointwise_accepts,
                                             .pack_bytes = pack_bytes,
                                             .pack_kind = pack_kind,
                                             .pack = pack,
                                             .epilogue = true,
                                             .scratch_bytes = no_bytes,
                                             .run = pointwise_run};

/* ---- tiled ---- */

static const char *tiled_accepts(const cr_conv *conv)
{
    return conv->in_channels / conv->group < 1 ? "there are no channels" : NULL;
}

static int64_t odd_lines(int64_t floats)
{
    int64_t lines = divide_up(floats + CR_GATHER_SLACK, LINE);
    return (lines | 1) * LINE;
}

// Scratch of a part: columns, where their rows start, sums that wait, factors. Offsets in floats.
typedef struct room {
    int64_t rows, partial, factor, end;
} room;

static room room_of(const cut *c)
{
    room r;
    r.rows = c->column_floats;
    r.partial = r.rows + (c->in_strips ? round_up(2 * c->k_step, LINE) : 0);
    r.factor = r.partial;
    if (c->k_step < c->k)
        r.factor += c->n_blocks * c->layout->partial_floats(c->panels, c->n_step) + LINE;
    r.end = r.factor + (c->conv->window->partial ? round_up(c->n_blocks * c->n_step, LINE) + LINE : 0);
    return r;
}

static cut cut_apart(const cr_conv *conv, const cr_conv_buffers *buffers)
{
    cut c = cut_of(conv, buffers);
    int64_t unit = 2 * conv->kernels->vector;
    c.k_step = divide_up(c.k, divide_up(c.k, PART_DEPTH));
    int64_t most = COLUMN_FLOATS / c.k_step / unit * unit;
    int64_t blocks = divide_up(c.n, most > unit ? most : unit);
    c.n_step = round_up(divide_up(c.n, blocks), unit);
    if (c.n_step > c.n && c.n > 0)
        c.n_step = c.n;
    c.n_blocks = 1; // in one room
    c.column_step = odd_lines(c.n_step);
    c.column_floats = c.k_step * c.column_step + CR_GATHER_SLACK;
    return c;
}

// An item is some lines; a part of k some channels.
static cut cut_strips(const cr_conv *conv, const cr_conv_buffers *buffers)
{
    cut c = cut_of(conv, buffers);
    const cr_axis *axis = conv->window->axis;
    int64_t channels = conv->in_channels / conv->group;
    channels = divide_up(channels, min(channels, divide_up(c.k, PART_DEPTH)));
    int64_t lines = divide_up(axis[0].out, ITEMS);
    while (lines > 1 && channels * cr_strip_of(conv, lines).channel_floats > COLUMN_FLOATS)
        lines--;
    c.in_strips = true;
    c.strip = cr_strip_of(conv, lines);
    c.k_step = channels * conv->kernel_count;
    c.n_step = c.strip.lines * round_up(axis[1].out, 2 * conv->kernels->vector); // room for its tiles
    c.n_blocks = 1;
    c.column_floats = round_up(channels * c.strip.channel_floats + CR_STRIP_SLACK, LINE);
    return c;
}

// Strips pay where inputs are read by several taps, and vectors are not much wider than what is left of a line.
static bool is_in_strips(const cr_conv *conv)
{
    const cr_axis *axis = conv->window->axis;
    if (is_deep(conv) || !cr_strip_serves(conv) || conv->kernel_count <= axis[0].stride * axis[1].stride)
        return false;
    cut c = cut_strips(conv, NULL);
    int64_t dropped = round_up(axis[1].out, conv->kernels->vector) - axis[1].out;
    return dropped * c.m <= axis[1].out * GATHER_MACS &&
           conv->group * divide_up(axis[0].out, c.strip.lines) >= APART_ITEMS &&
           c.column_floats <= 4 * COLUMN_FLOATS;
}

static cut cut_together(const cr_conv *conv, const cr_conv_buffers *buffers)
{
    cut c = cut_of(conv, buffers);
    c.column_step = odd_lines(c.n);
    int64_t most = TOGETHER_FLOATS / c.column_step;
    c.k_step = divide_up(c.k, divide_up(c.k, most > LINE ? most : LINE));
    int64_t unit = is_deep(conv) ? DEEP_STEP : 2 * conv->kernels->vector;
    c.n_step = round_up(divide_up(c.n, ITEMS), unit);
    c.n_blocks = divide_up(c.n, c.n_step);
    c.panel_step = 1;
    c.panel_blocks = c.panels;
    c.column_floats = c.k_step * c.column_step + CR_GATHER_SLACK;
    return c;
}

static bool is_together(const cr_conv *conv)
{
    return !is_in_strips(conv) &&
           conv->images * conv->group * divide_up(conv->out_count, cut_apart(conv, NULL).n_step) <
               APART_ITEMS;
}

static size_t tiled_scratch_bytes(const cr_conv *conv)
{
    // There may be fewer images than planned.
    cr_conv one = *conv;
    one.images = 1;
    if (!is_together(&one))
        return 0;
    cut c = cut_together(conv, NULL);
    return (size_t)room_of(&c).end * sizeof(float);
}

static size_t tiled_slot_bytes(const cr_conv *conv)
{
    cut c = is_in_strips(conv) ? cut_strips(conv, NULL) : cut_apart(conv, NULL);
    return (size_t)room_of(&c).end * sizeof(float);
}

// PARTIAL: the product of the axes' factors for n positions.
static void set_factors(const cr_window *window, int64_t position, int64_t n, float *factor)
{
    for (int64_t i = 0; i < n; i++) {
        int64_t at = position + i;
        factor[i] = 1;
        for (int a = window->n_axes - 1; a >= 0; a--) {
            factor[i] *= window->axis[a].factor[at % window->axis[a].out];
            at /= window->axis[a].out;
        }
    }
}

static cr_gather gather_of(const cut *c, int64_t image, int64_t group)
{
    const cr_conv *conv = c->conv;
    return (cr_gather){.window = conv->window,
                       .image = c->buffers->in + image * conv->in_image_stride,
                       .in_count = conv->in_count,
                       .taps = conv->kernel_count,
                       .channel = group * (conv->in_channels / conv->group),
                       .step = c->column_step};
}

static void apart_item(void *ctx, int64_t item, int slot)
{
    const cut *c = ctx;
    int64_t blocks = divide_up(c->n, c->n_step), position = item % blocks * c->n_step;
    int64_t group = item / blocks % c->conv->group, image = item / blocks / c->conv->group;
    float *scratch = (float *)(void *)(c->buffers->slot_scratch + (size_t)slot * c->buffers->slot_step);
    room r = room_of(c);
    cr_epilogue epilogue;
    cr_gemm_block b = block_of(c, &epilogue, image, group, position);
    cr_gather g = gather_of(c, image, group);
    b.n = min(c->n_step, c->n - position);
    b.columns = g.to = scratch;
    b.column_step = c->column_step;
    b.partial = scratch + r.partial;
    g.begin = position;
    g.end = position + b.n;
    if (c->conv->window->partial) {
        set_factors(c->conv->window, position, b.n, scratch + r.factor);
        b.factor = scratch + r.factor;
    }
    for (int64_t k = 0; k < c->k; k += c->k_step) {
        b.k_begin = g.row_begin = k;
        b.k_end = g.row_end = min(k + c->k_step, c->k);
        c->conv->kernels->gather->run(&g);
        c->layout->run(&b);
    }
}

static void strip_item(void *ctx, int64_t item, int slot)
{
    const cut *c = ctx;
    const cr_conv *conv = c->conv;
    const cr_axis *axis = conv->window->axis;
    const cr_strip *s = &c->strip;
    int64_t blocks = divide_up(axis[0].out, s->lines), line = item % blocks * s->lines;
    int64_t lines = min(s->lines, axis[0].out - line), channels = conv->in_channels / conv->group;
    int64_t group = item / blocks % conv->group, image = item / blocks / conv->group;
    float *scratch = (float *)(void *)(c->buffers->slot_scratch + (size_t)slot * c->buffers->slot_step);
    room r = room_of(c);
    int64_t *rows = (int64_t *)(void *)(scratch + r.rows);
    cr_epilogue epilogue;
    cr_gemm_block b = block_of(c, &epilogue, image, group, line * axis[1].out);
    cr_strip_part part = {
        .image = c->buffers->in + image * conv->in_image_stride, .line = line, .lines = lines};
    b.n = lines * axis[1].out;
    b.columns = scratch;
    b.rows = rows;
    b.line = axis[1].out;
    b.pitch = s->pitch > b.line ? s->pitch : 0;
    b.partial = scratch + r.partial;
    if (conv->window->partial) {
        set_factors(conv->window, line * b.line, lines * b.line, scratch + r.factor);
        b.factor = scratch + r.factor;
    }
    cr_strip_rows(s, c->k_step / conv->kernel_count, rows);
    for (int64_t k = 0; k < c->k; k += c->k_step) {
        b.k_begin = k;
        b.k_end = min(k + c->k_step, c->k);
        part.begin = group * channels + b.k_begin / conv->kernel_count;
        part.end = group * channels + b.k_end / conv->kernel_count;
        cr_strip_fill(s, &part, scratch);
        c->layout->run(&b);
    }
}

static void gather_item(void *ctx, int64_t item, int slot)
{
    (void)slot;
    const cut *c = ctx;
    cr_gather g = gather_of(c, c->image, c->group);
    int64_t rows = min(c->k_step, c->k - c->k_begin);
    g.row_begin = c->k_begin + rows * item / ITEMS;
    g.row_end = c->k_begin + rows * (item + 1) / ITEMS;
    g.end = c->n;
    g.to = (float *)c->buffers->scratch + rows * item / ITEMS * c->column_step;
    c->conv->kernels->gather->run(&g);
}

static void together_item(void *ctx, int64_t item, int slot)
{
    (void)slot;
    const cut *c = ctx;
    int64_t panel = item % c->panel_blocks, block = item / c->panel_blocks, position = block * c->n_step;
    float *scratch = c->buffers->scratch;
    room r = room_of(c);
    cr_epilogue epilogue;
    cr_gemm_block b = block_of(c, &epilogue, c->image, c->group, position);
    b.n = min(c->n_step, c->n - position);
    b.panel_begin = panel;
    b.panel_end = panel + 1;
    b.k_begin = c->k_begin;
    b.k_end = min(c->k_begin + c->k_step, c->k);
    b.columns = scratch + position;
    b.column_step = c->column_step;
    b.partial = scratch + r.partial + item * c->layout->partial_floats(1, c->n_step);
    if (c->conv->window->partial)
        b.factor = scratch + r.factor + position;
    c->layout->run(&b);
}

static void run_together(cut *c)
{
    cr_pool *pool = c->buffers->pool;
    if (c->conv->window->partial)
        set_factors(c->conv->window, 0, c->n, (float *)c->buffers->scratch + room_of(c).factor);
    for (c->image = 0; c->image < c->conv->images; c->image++)
        for (c->group = 0; c->group < c->conv->group; c->group++)
            for (c->k_begin = 0; c->k_begin < c->k; c->k_begin += c->k_step) {
                cr_parallel(pool, ITEMS, gather_item, c);
                cr_parallel(pool, c->n_blocks * c->panel_blocks, together_item, c);
            }
}

static void tiled_run(const cr_conv *conv, const cr_conv_buffers *buffers)
{
    int64_t groups = conv->images * conv->group;
    if (groups == 0 || conv->out_count == 0)
        return;
    if (is_in_strips(conv)) {
        cut c = cut_strips(conv, buffers);
        cr_parallel(buffers->pool, groups * divide_up(conv->window->axis[0].out, c.strip.lines), strip_item,
                    &c);
    } else if (is_together(conv)) {
        cut c = cut_together(conv, buffers);
        run_together(&c);
    } else {
        cut c = cut_apart(conv, buffers);
        cr_parallel(buffers->pool, groups * divide_up(c.n, c.n_step), apart_item, &c);
    }
}

const cr_conv_algorithm cr_conv_tiled = {.name = "tiled",
                                         .accepts = tiled_accepts,
                                         .pack_bytes = pack_bytes,
                                         .pack_kind = pack_kind,
                                         .pack = pack,
                                         .epilogue = true,
                                         .scratch_bytes = tiled_scratch_bytes,
                                         .slot_bytes = tiled_slot_bytes,
                                         .run = tiled_run};
