/*
 * pairs.c - 1x1 convolutions of any stride, by Winograd's inner product (pairs.h).
 *
 * Large maps: an item is some tiles of positions, which are copied to records in the thread's own scratch, and all
 * channels. Small ones, where there would be few items, for each strip of positions:
 *
 *     columns    an item is a tile: its positions are copied to a record in scratch
 *     products   an item is some tiles, and some panels of channels
 *
 * The scale of the columns comes from a sample of the image, so it is the same for all tiles and threads. All cuts
 * depend on shapes alone.
 */
#include "kernels/pairs.h"
#include "base/int.h"
#include "kernels/product.h"

#include <math.h>

enum {
    SCRATCH_FLOATS = 128 << 10, // of a strip, if it has more tiles than an item
    ITEM_TILES = 8,             // 96 positions
    WIDE_ITEM_TILES = 2,        // 64 positions
    OWN_ITEMS = 8,              // from so many items of tiles on, maps are large
    ITEMS = 16,                 // in a strip, if they are worth it
    ITEM_MACS = 1 << 18,        // the least work that is
    LARGE_MAP = 256,            // positions
    PACK_FLOATS = 1 << 16,      // of weights that are packed at a time
    SAMPLES = 64,               // lines of CR_BLOCK floats
    FAR = 60
};

typedef struct cut {
    cr_product p;
    const cr_pairs_layout *layout;
    bool own;                                 // records are the threads' own
    int64_t tiles, item_tiles, record, strip; // of the map; of an item; floats; positions
    int64_t panel_step, panel_blocks;
} cut;

typedef struct job {
    const cut *c;
    int64_t image, position, n, tiles;
    float scale;
} job;

static const char *refuse_window(const cr_window *w)
{
    for (int a = 0; a < w->n_axes; a++) {
        const cr_axis *x = &w->axis[a];
        if (x->kernel != 1)
            return "the kernel is not 1x1";
        if (x->pad_before[0] != 0 || x->pad_after[0] != 0)
            return "it has padding";
    }
    return w->partial ? "it is a partial convolution" : NULL;
}

static const cr_pairs_layout *layout_of(const cr_conv *conv)
{
    return cr_product_is_deep(conv) ? &conv->kernels->pairs->deep : &conv->kernels->pairs->wide;
}

static cut cut_of(const cr_conv *conv, const cr_conv_buffers *buffers)
{
    cut c = {.p = cr_product_of(conv, buffers), .layout = layout_of(conv)};
    bool wide = c.layout == &conv->kernels->pairs->wide;
    c.item_tiles = wide ? WIDE_ITEM_TILES : ITEM_TILES;
    c.p.panels = cr_div_up(c.p.m, c.layout->panel);
    c.record = c.layout->record_floats(c.p.k);
    c.tiles = c.layout->tiles(c.p.n);
    c.own = wide || c.tiles > (OWN_ITEMS - 1) * ITEM_TILES;
    if (c.own) {
        c.strip = c.p.n;
        c.panel_step = c.p.panels;
        c.panel_blocks = 1;
        return c;
    }
    c.strip = cr_div_up(c.p.n, cr_div_up(c.tiles, cr_i64_max(SCRATCH_FLOATS / c.record, c.item_tiles)));
    double macs = (double)c.p.m * (double)c.strip * (double)c.p.k;
    int64_t items = cr_i64_min(ITEMS, 1 + (int64_t)(macs / ITEM_MACS));
    int64_t blocks =
        cr_i64_min(c.p.panels, cr_div_up(items, cr_div_up(c.layout->tiles(c.strip), c.item_tiles)));
    c.panel_step = cr_div_up(c.p.panels, blocks);
    c.panel_blocks = cr_div_up(c.p.panels, c.panel_step);
    return c;
}

static const char *pairs_accepts(const cr_conv *conv)
{
    const char *why = refuse_window(conv->window);
    if (why)
        return why;
    if (conv->exact)
        return "it rounds more than a direct sum does";
    if (conv->group > 1)
        return "it has groups";
    if (conv->in_channels < 1 || conv->out_channels < 1)
        return "there are no channels";
    if (conv->in_blocked && conv->in_channels % CR_BLOCK != 0)
        return "the last block of inputs is not full";
    if (conv->in_count > INT32_MAX / CR_BLOCK)
        return "the map is too large";
    return NULL;
}

// About 280 thousandths of the products' time are saved. Against it stand the copies of columns, whose share goes with
// 1 / m, and the first and last steps of a tile, with 1 / k; fitted to a grid of m and k. Small maps wait between their
// copies and their products.
static const char *pairs_loses(const cr_conv *conv)
{
    if (!conv->kernels->adds_beside)
        return "the processor does not add beside its multiply-adds";
    int64_t cost = 7700 / conv->out_channels + 7000 / conv->in_channels;
    return cost > (conv->out_count > LARGE_MAP ? 250 : 175) ? "it has few channels" : NULL;
}

static size_t pairs_pack_bytes(const cr_conv *conv)
{
    return layout_of(conv)->pack_bytes(conv->out_channels, conv->in_channels);
}

static int64_t pairs_pack_unit(const cr_conv *conv)
{
    int64_t panel = layout_of(conv)->panel;
    return cr_i64_max(PACK_FLOATS / (panel * conv->in_channels), 1) * panel;
}

static void pairs_pack_rows(const cr_conv *conv, const float *weights, int64_t first, int64_t n, void *to)
{
    const cr_pairs_layout *layout = layout_of(conv);
    char *panel = (char *)to + layout->pack_bytes(first, conv->in_channels);
    layout->pack(weights, conv->scale ? conv->scale + first : NULL, n, conv->in_channels,
                 (float *)(void *)panel);
}

static void pairs_pack(const cr_conv *conv, const float *weights, void *to)
{
    pairs_pack_rows(conv, weights, 0, conv->out_channels, to);
}

static size_t pairs_scratch_bytes(const cr_conv *conv)
{
    cut c = cut_of(conv, NULL);
    return c.own ? 0 : (size_t)(c.layout->tiles(c.strip) * c.record) * sizeof(float);
}

static size_t pairs_slot_bytes(const cr_conv *conv)
{
    cut c = cut_of(conv, NULL);
    return c.own ? (size_t)(c.item_tiles * c.record) * sizeof(float) : 0;
}

// A power of two that brings what an image has to a root mean square of about 1; 0: there is none.
static float scale_of(const cut *c, int64_t image)
{
    const cr_conv *conv = c->p.conv;
    int64_t lines = conv->in_channels * conv->in_count / CR_BLOCK, n = cr_i64_min(lines, SAMPLES);
    const float *from = c->p.buffers->in + image * conv->in_image_stride;
    if (n == 0)
        return 0;
    float squares = c->p.conv->kernels->pairs->squares(from, n, lines / n * CR_BLOCK);
    float size = sqrtf(squares / (float)(n * CR_BLOCK));
    if (!(size > 0) || !isfinite(size))
        return 0;
    int e = -(int)lrintf(log2f(size));
    return e < -FAR || e > FAR ? 0 : ldexpf(1, e);
}

// Where a position of the output reads its input.
static int32_t input_of(const cr_conv *conv, int64_t position)
{
    const cr_window *w = conv->window;
    int64_t at = 0, step = 1;
    for (int a = w->n_axes - 1; a >= 0; a--) {
        const cr_axis *x = &w->axis[a];
        at += position % x->out * x->stride * step;
        position /= x->out;
        step *= x->in;
    }
    return (int32_t)(at * (conv->in_blocked ? CR_BLOCK : 1));
}

static void copy_tile(const job *j, int64_t tile, float *record)
{
    const cut *c = j->c;
    const cr_conv *conv = c->p.conv;
    int32_t at[2 * CR_BLOCK];
    int64_t begin = c->layout->position(j->n, tile), end = c->layout->position(j->n, tile + 1);
    for (int64_t i = begin; i < end; i++)
        at[i - begin] = input_of(conv, j->position + i);
    cr_pairs_columns columns = {.k = c->p.k, .blocked = conv->in_blocked, .at = at, .n = end - begin};
    columns.from = c->p.buffers->in + j->image * conv->in_image_stride;
    columns.step = conv->in_count * (conv->in_blocked ? CR_BLOCK : 1);
    columns.scale = j->scale;
    columns.record = record;
    c->layout->columns(&columns);
}

static void columns_item(void *ctx, int64_t tile, int slot)
{
    (void)slot;
    const job *j = ctx;
    copy_tile(j, tile, (float *)j->c->p.buffers->scratch + tile * j->c->record);
}

// records: of the tiles from `tile` on.
static void multiply(const job *j, int64_t tile, int64_t panel, const float *records)
{
    const cut *c = j->c;
    cr_epilogue epilogue;
    cr_pairs_block b = {.g = cr_product_block(&c->p, &epilogue, j->image, 0, j->position)};
    b.g.weights = c->p.buffers->pack;
    b.g.n = j->n;
    b.g.panel_begin = panel;
    b.g.panel_end = cr_i64_min(panel + c->panel_step, c->p.panels);
    b.g.columns = records;
    b.g.column_step = c->record;
    b.tile_begin = tile;
    b.tile_end = cr_i64_min(tile + c->item_tiles, j->tiles);
    c->layout->run(&b);
}

static void products_item(void *ctx, int64_t item, int slot)
{
    (void)slot;
    const job *j = ctx;
    const cut *c = j->c;
    int64_t tile = item / c->panel_blocks * c->item_tiles;
    multiply(j, tile, item % c->panel_blocks * c->panel_step,
             (const float *)c->p.buffers->scratch + tile * c->record);
}

static void own_item(void *ctx, int64_t item, int slot)
{
    const job *j = ctx;
    const cut *c = j->c;
    float *records = (float *)(void *)(c->p.buffers->slot_scratch + (size_t)slot * c->p.buffers->slot_step);
    int64_t tile = item * c->item_tiles;
    for (int64_t i = tile; i < cr_i64_min(tile + c->item_tiles, j->tiles); i++)
        copy_tile(j, i, records + (i - tile) * c->record);
    multiply(j, tile, 0, records);
}

static void run_strip(const cut *c, job *j)
{
    cr_pool *pool = c->p.buffers->pool;
    j->n = cr_i64_min(c->strip, c->p.n - j->position);
    j->tiles = c->layout->tiles(j->n);
    int64_t items = cr_div_up(j->tiles, c->item_tiles);
    if (c->own) {
        cr_parallel(pool, items, own_item, j);
        return;
    }
    cr_parallel(pool, j->tiles, columns_item, j);
    cr_parallel(pool, items * c->panel_blocks, products_item, j);
}

static void pairs_run(const cr_conv *conv, const cr_conv_buffers *buffers)
{
    cut c = cut_of(conv, buffers);
    for (int64_t image = 0; image < conv->images; image++) {
        job j = {.c = &c, .image = image, .scale = scale_of(&c, image)};
        for (; j.position < c.p.n; j.position += c.strip)
            run_strip(&c, &j);
    }
}

const cr_conv_algorithm cr_conv_pairs = {.name = "pairs",
                                         .blocked = CR_READS_BLOCKED | CR_WRITES_BLOCKED,
                                         .accepts = pairs_accepts,
                                         .loses = pairs_loses,
                                         .pack_bytes = pairs_pack_bytes,
                                         .pack_kind = cr_product_pack_kind,
                                         .pack = pairs_pack,
                                         .pack_unit = pairs_pack_unit,
                                         .pack_rows = pairs_pack_rows,
                                         .scratch_bytes = pairs_scratch_bytes,
                                         .slot_bytes = pairs_slot_bytes,
                                         .epilogue = true,
                                         .run = pairs_run};
