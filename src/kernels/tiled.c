/*
 * tiled.c - convolution as a matrix product with parts of the im2col matrix that fit the cache.
 *
 *   apart       an item is a range of positions; its thread gathers a part of k for them, multiplies it with all
 *               weights, and goes on with the next part
 *   strips      the same with whole lines of a large map, which are read where they are (strip.h), unless vectors
 *               that their ends fill in part would cost more than the gathering
 *   together    a small map gives too few of such items; all threads gather one part of k for all positions, then
 *               share the channels out
 *
 * Columns lie in scratch with a row length of an odd number of cache lines, so that rows do not fall into the same
 * cache sets. Sums wait in scratch, too, between the parts of k. All cuts depend on shapes only; that they do not
 * change the bits in any case is gemm.h's promise.
 */
#include "base/int.h"
#include "kernels/gather.h"
#include "kernels/kernels.h"
#include "kernels/product.h"
#include "kernels/strip.h"

#include <stddef.h>

enum {
    LINE = 16,       // floats
    ITEMS = 16,      // a product is cut in so many items
    APART_ITEMS = 6, // fewer images, groups and ranges of positions than that are computed together
    COLUMN_FLOATS =
        1 << 15, // apart: of one part of the columns; half of an L2 cache, with the weights' share
    TOGETHER_FLOATS = 1 << 17, // together: the same
    PART_DEPTH = 768,          // apart: k up to here is not cut
    GATHER_MACS = 7            // gathering an element takes as long as so many multiply-adds of every lane
};

// How one convolution is cut.
typedef struct cut {
    cr_product p;
    int64_t n_step, n_blocks, k_step;
    int64_t column_step, column_floats;
    bool in_strips;
    cr_strip strip;
    int64_t image, group, k_begin; // together: at work
} cut;

static cut cut_of(const cr_conv *conv, const cr_conv_buffers *buffers)
{
    cut c = {.p = cr_product_of(conv, buffers)};
    c.k_step = c.p.k;
    return c;
}

static const char *tiled_accepts(const cr_conv *conv)
{
    return conv->in_channels / conv->group < 1 ? "there are no channels" : NULL;
}

static int64_t odd_lines(int64_t floats)
{
    int64_t lines = cr_div_up(floats + CR_GATHER_SLACK, LINE);
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
    r.partial = r.rows + (c->in_strips ? cr_round_up(2 * c->k_step, LINE) : 0);
    r.factor = r.partial;
    if (c->k_step < c->p.k)
        r.factor += c->n_blocks * c->p.layout->partial_floats(c->p.panels, c->n_step) + LINE;
    r.end = r.factor + (c->p.conv->window->partial ? cr_round_up(c->n_blocks * c->n_step, LINE) + LINE : 0);
    return r;
}

static cut cut_apart(const cr_conv *conv, const cr_conv_buffers *buffers)
{
    cut c = cut_of(conv, buffers);
    int64_t unit = 2 * conv->kernels->vector;
    c.k_step = cr_div_up(c.p.k, cr_div_up(c.p.k, PART_DEPTH));
    int64_t most = COLUMN_FLOATS / c.k_step / unit * unit;
    int64_t blocks = cr_div_up(c.p.n, most > unit ? most : unit);
    c.n_step = cr_round_up(cr_div_up(c.p.n, blocks), unit);
    if (c.n_step > c.p.n && c.p.n > 0)
        c.n_step = c.p.n;
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
    channels = cr_div_up(channels, cr_i64_min(channels, cr_div_up(c.p.k, PART_DEPTH)));
    int64_t lines = cr_div_up(axis[0].out, ITEMS);
    while (lines > 1 && channels * cr_strip_of(conv, lines).channel_floats > COLUMN_FLOATS)
        lines--;
    c.in_strips = true;
    c.strip = cr_strip_of(conv, lines);
    c.k_step = channels * conv->kernel_count;
    c.n_step = c.strip.lines * cr_round_up(axis[1].out, 2 * conv->kernels->vector); // room for its tiles
    c.n_blocks = 1;
    c.column_floats = cr_round_up(channels * c.strip.channel_floats + CR_STRIP_SLACK, LINE);
    return c;
}

// Strips pay where inputs are read by several taps, and vectors are not much wider than what is left of a line.
static bool is_in_strips(const cr_conv *conv)
{
    const cr_axis *axis = conv->window->axis;
    if (cr_product_is_deep(conv) || !cr_strip_serves(conv) ||
        conv->kernel_count <= axis[0].stride * axis[1].stride)
        return false;
    cut c = cut_strips(conv, NULL);
    int64_t dropped = cr_round_up(axis[1].out, conv->kernels->vector) - axis[1].out;
    return dropped * c.p.m <= axis[1].out * GATHER_MACS &&
           conv->group * cr_div_up(axis[0].out, c.strip.lines) >= APART_ITEMS &&
           c.column_floats <= 4 * COLUMN_FLOATS;
}

static cut cut_together(const cr_conv *conv, const cr_conv_buffers *buffers)
{
    cut c = cut_of(conv, buffers);
    c.column_step = odd_lines(c.p.n);
    int64_t most = TOGETHER_FLOATS / c.column_step;
    c.k_step = cr_div_up(c.p.k, cr_div_up(c.p.k, most > LINE ? most : LINE));
    int64_t unit = cr_product_unit(conv);
    c.n_step = cr_round_up(cr_div_up(c.p.n, ITEMS), unit);
    c.n_blocks = cr_div_up(c.p.n, c.n_step);
    c.column_floats = c.k_step * c.column_step + CR_GATHER_SLACK;
    return c;
}

static bool is_together(const cr_conv *conv)
{
    return !is_in_strips(conv) &&
           conv->images * conv->group * cr_div_up(conv->out_count, cut_apart(conv, NULL).n_step) <
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
    const cr_axis *last = &window->axis[window->n_axes - 1];
    for (int64_t i = 0; i < n;) {
        int64_t x = (position + i) % last->out, at = (position + i) / last->out;
        float line = 1;
        for (int a = window->n_axes - 2; a >= 0; a--) {
            line *= window->axis[a].factor[at % window->axis[a].out];
            at /= window->axis[a].out;
        }
        for (; x < last->out && i < n; x++, i++)
            factor[i] = line * last->factor[x];
    }
}

static cr_gather gather_of(const cut *c, int64_t image, int64_t group)
{
    const cr_conv *conv = c->p.conv;
    return (cr_gather){.window = conv->window,
                       .image = c->p.buffers->in + image * conv->in_image_stride,
                       .in_count = conv->in_count,
                       .taps = conv->kernel_count,
                       .channel = group * (conv->in_channels / conv->group),
                       .step = c->column_step};
}

static void apart_item(void *ctx, int64_t item, int slot)
{
    const cut *c = ctx;
    int64_t blocks = cr_div_up(c->p.n, c->n_step), position = item % blocks * c->n_step;
    int64_t group = item / blocks % c->p.conv->group, image = item / blocks / c->p.conv->group;
    float *scratch = (float *)(void *)(c->p.buffers->slot_scratch + (size_t)slot * c->p.buffers->slot_step);
    room r = room_of(c);
    cr_epilogue epilogue;
    cr_gemm_block b = cr_product_block(&c->p, &epilogue, image, group, position);
    cr_gather g = gather_of(c, image, group);
    b.n = cr_i64_min(c->n_step, c->p.n - position);
    b.columns = g.to = scratch;
    b.column_step = c->column_step;
    b.partial = scratch + r.partial;
    g.begin = position;
    g.end = position + b.n;
    if (c->p.conv->window->partial) {
        set_factors(c->p.conv->window, position, b.n, scratch + r.factor);
        b.factor = scratch + r.factor;
    }
    for (int64_t k = 0; k < c->p.k; k += c->k_step) {
        b.k_begin = g.row_begin = k;
        b.k_end = g.row_end = cr_i64_min(k + c->k_step, c->p.k);
        c->p.conv->kernels->gather->run(&g);
        c->p.layout->run(&b);
    }
}

static void strip_item(void *ctx, int64_t item, int slot)
{
    const cut *c = ctx;
    const cr_conv *conv = c->p.conv;
    const cr_axis *axis = conv->window->axis;
    const cr_strip *s = &c->strip;
    int64_t blocks = cr_div_up(axis[0].out, s->lines), line = item % blocks * s->lines;
    int64_t lines = cr_i64_min(s->lines, axis[0].out - line), channels = conv->in_channels / conv->group;
    int64_t group = item / blocks % conv->group, image = item / blocks / conv->group;
    float *scratch = (float *)(void *)(c->p.buffers->slot_scratch + (size_t)slot * c->p.buffers->slot_step);
    room r = room_of(c);
    int64_t *rows = (int64_t *)(void *)(scratch + r.rows);
    cr_epilogue epilogue;
    cr_gemm_block b = cr_product_block(&c->p, &epilogue, image, group, line * axis[1].out);
    cr_strip_part part = {
        .image = c->p.buffers->in + image * conv->in_image_stride, .line = line, .lines = lines};
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
    for (int64_t k = 0; k < c->p.k; k += c->k_step) {
        b.k_begin = k;
        b.k_end = cr_i64_min(k + c->k_step, c->p.k);
        part.begin = group * channels + b.k_begin / conv->kernel_count;
        part.end = group * channels + b.k_end / conv->kernel_count;
        cr_strip_fill(s, &part, scratch);
        c->p.layout->run(&b);
    }
}

static void gather_item(void *ctx, int64_t item, int slot)
{
    (void)slot;
    const cut *c = ctx;
    cr_gather g = gather_of(c, c->image, c->group);
    int64_t rows = cr_i64_min(c->k_step, c->p.k - c->k_begin);
    g.row_begin = c->k_begin + rows * item / ITEMS;
    g.row_end = c->k_begin + rows * (item + 1) / ITEMS;
    g.end = c->p.n;
    g.to = (float *)c->p.buffers->scratch + rows * item / ITEMS * c->column_step;
    c->p.conv->kernels->gather->run(&g);
}

static void together_item(void *ctx, int64_t item, int slot)
{
    (void)slot;
    const cut *c = ctx;
    int64_t panel = item % c->p.panels, block = item / c->p.panels, position = block * c->n_step;
    float *scratch = c->p.buffers->scratch;
    room r = room_of(c);
    cr_epilogue epilogue;
    cr_gemm_block b = cr_product_block(&c->p, &epilogue, c->image, c->group, position);
    b.n = cr_i64_min(c->n_step, c->p.n - position);
    b.panel_begin = panel;
    b.panel_end = panel + 1;
    b.k_begin = c->k_begin;
    b.k_end = cr_i64_min(c->k_begin + c->k_step, c->p.k);
    b.columns = scratch + position;
    b.column_step = c->column_step;
    b.partial = scratch + r.partial + item * c->p.layout->partial_floats(1, c->n_step);
    if (c->p.conv->window->partial)
        b.factor = scratch + r.factor + position;
    c->p.layout->run(&b);
}

static void run_together(cut *c)
{
    cr_pool *pool = c->p.buffers->pool;
    if (c->p.conv->window->partial)
        set_factors(c->p.conv->window, 0, c->p.n, (float *)c->p.buffers->scratch + room_of(c).factor);
    for (c->image = 0; c->image < c->p.conv->images; c->image++)
        for (c->group = 0; c->group < c->p.conv->group; c->group++)
            for (c->k_begin = 0; c->k_begin < c->p.k; c->k_begin += c->k_step) {
                cr_parallel(pool, ITEMS, gather_item, c);
                cr_parallel(pool, c->n_blocks * c->p.panels, together_item, c);
            }
}

static void tiled_run(const cr_conv *conv, const cr_conv_buffers *buffers)
{
    int64_t groups = conv->images * conv->group;
    if (groups == 0 || conv->out_count == 0)
        return;
    if (is_in_strips(conv)) {
        cut c = cut_strips(conv, buffers);
        cr_parallel(buffers->pool, groups * cr_div_up(conv->window->axis[0].out, c.strip.lines), strip_item,
                    &c);
    } else if (is_together(conv)) {
        cut c = cut_together(conv, buffers);
        run_together(&c);
    } else {
        cut c = cut_apart(conv, buffers);
        cr_parallel(buffers->pool, groups * cr_div_up(c.p.n, c.n_step), apart_item, &c);
    }
}

const cr_conv_algorithm cr_conv_tiled = {.name = "tiled",
                                         .accepts = tiled_accepts,
                                         .pack_bytes = cr_product_pack_bytes,
                                         .pack_kind = cr_product_pack_kind,
                                         .pack = cr_product_pack,
                                         .pack_unit = cr_product_pack_unit,
                                         .pack_rows = cr_product_pack_rows,
                                         .epilogue = true,
                                         .scratch_bytes = tiled_scratch_bytes,
                                         .slot_bytes = tiled_slot_bytes,
                                         .run = tiled_run};
