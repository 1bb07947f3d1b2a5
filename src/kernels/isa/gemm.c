/*
 * gemm.c - the matrix product: the loops over tiles in both orientations, and their packs.
 *
 *   wide   a: panel of weights (k, rows)      b: columns, as they lie in memory
 *   deep   a: columns, as they lie in memory  b: panel of weights (k, 2 vectors)
 *          rows of a, one for each position, stand side by side, or a block of channels apart
 *
 * Deep outputs that lie in blocks of channels are written as the tile has them; others are transposed on their way.
 *
 * What the tile does not do to sums (gemm_tile.h), and tiles that stick out of the output, go through a small buffer
 * and gemm_finish.h.
 */
#include "kernels/gemm.h"
#include "kernels/gemm_finish.h"
#include "kernels/gemm_pack.h"

#include <string.h>

enum {
    DEEP_TILES = 8,                                      // position tiles that deep transposes at a time
    DEEP_ROW = DEEP_TILES * CR_TILE_ROWS + 2 * CR_VECTOR // floats
};

static const float no_bias[CR_TILE_ROWS];

/* ---- wide ---- */

static int64_t wide_panels(int64_t m)
{
    return (m + CR_TILE_ROWS - 1) / CR_TILE_ROWS;
}

// The first channel of a panel: all are alike, or differ by one.
static int64_t wide_channel(int64_t m, int64_t panel)
{
    return m * panel / wide_panels(m);
}

static int64_t wide_partial_floats(int64_t panels, int64_t n)
{
    return panels * CR_TILE_ROWS * ((n + CR_TILE_WIDTH - 1) / CR_TILE_WIDTH) * CR_TILE_WIDTH;
}

static size_t wide_pack_bytes(int64_t m, int64_t k)
{
    return (size_t)(m * k) * sizeof(float);
}

static const float *first_bias(const cr_gemm_block *b, int64_t channel)
{
    if (b->k_begin > 0)
        return NULL;
    return b->bias && !b->factor ? b->bias + channel : no_bias;
}

// The tiles of one column of panels: `lanes` positions, which columns have at `from` and the output at `to`.
static void wide_column(const cr_gemm_block *b, cr_gemm_tile t, int64_t from, int64_t to, int64_t lanes,
                        float *partial)
{
    float sums[CR_TILE_ROWS * CR_TILE_WIDTH] __attribute__((aligned(64)));
    bool last = b->k_end == b->depth;
    int vectors = lanes > CR_VECTOR ? 2 : 1;
    const cr_epilogue *e = b->epilogue;
    bool direct = last && lanes == vectors * CR_VECTOR && cr_gemm_is_simple(e);
    t.b = b->columns + from;
    for (int64_t p = b->panel_begin; p < b->panel_end; p++) {
        int64_t channel = wide_channel(b->m, p), rows = wide_channel(b->m, p + 1) - channel;
        int64_t at = channel * b->out_step + to;
        t.a = b->weights + channel * b->depth + b->k_begin * rows;
        t.a_step = rows;
        t.bias = first_bias(b, channel);
        t.begin = t.sums = partial ? partial + (p - b->panel_begin) * CR_TILE_ROWS * CR_TILE_WIDTH : sums;
        t.begin_step = CR_TILE_WIDTH;
        t.out = direct ? b->out + at : NULL;
        t.factor = b->factor ? b->factor + to : NULL;
        t.late_bias = b->bias ? b->bias + channel : no_bias;
        t.residual = e->add ? e->add + at : NULL;
        // The next column's rows have two lines each: they come while the last two panels are at work.
        int64_t left = b->panel_end - 1 - p;
        bool fetch = left < 2 && !b->rows && from + CR_TILE_WIDTH < b->n;
        t.ahead = fetch ? t.b + CR_TILE_WIDTH + (1 - left) * CR_LINE : t.a;
        t.ahead_step = fetch ? b->column_step : 0;
        t.fetch = b->out + at;
        t.fetch_rows = rows;
        CR_ISA(cr_gemm_tiles)[rows - 1][0][2 * vectors - 2](&t);
        if (last && !direct)
            CR_ISA(cr_gemm_finish_rows)(b, channel, rows, to, lanes, t.sums, CR_TILE_WIDTH);
    }
}

// The first position of a tile at x. One that would stick out of its line begins earlier, and gives some outputs
// once more: whole vectors are stored faster than parts of them. Not so if it would add to what it has written.
static int64_t first_of(const cr_gemm_block *b, int64_t line, int64_t x, int64_t *lanes)
{
    int64_t wanted = (*lanes + CR_VECTOR - 1) / CR_VECTOR * CR_VECTOR;
    if (b->epilogue->add || wanted > line)
        return x;
    x -= wanted - *lanes;
    *lanes = wanted;
    return x;
}

static void wide_run(const cr_gemm_block *b)
{
    cr_gemm_tile t = {.k = b->k_end - b->k_begin, .b_step = b->column_step, .rows = b->rows};
    bool whole = b->k_begin == 0 && b->k_end == b->depth;
    int64_t column_floats = (b->panel_end - b->panel_begin) * CR_TILE_ROWS * CR_TILE_WIDTH;
    cr_gemm_set_clamp(b->epilogue, &t);
    t.out_row = t.fetch_row = b->out_step;
    t.out_vector = t.fetch_vector = CR_VECTOR;
    int64_t line = b->pitch > 0 ? b->line : b->n, i = 0;
    for (int64_t begin = 0, from = 0; begin < b->n; begin += line, from += b->pitch)
        for (int64_t x = 0; x < line; x += CR_TILE_WIDTH, i++) {
            int64_t lanes = line - x < CR_TILE_WIDTH ? line - x : CR_TILE_WIDTH,
                    at = first_of(b, line, x, &lanes);
            wide_column(b, t, from + at, begin + at, lanes, whole ? NULL : b->partial + i * column_floats);
        }
}

/* ---- deep ---- */

static int64_t deep_panels(int64_t m)
{
    return (m + CR_TILE_WIDTH - 1) / CR_TILE_WIDTH;
}

static int64_t deep_tiles(int64_t n)
{
    return (n + CR_TILE_ROWS - 1) / CR_TILE_ROWS;
}

static int64_t deep_partial_floats(int64_t panels, int64_t n)
{
    return panels * deep_tiles(n) * CR_TILE_ROWS * CR_TILE_WIDTH;
}

// Floats of a row of a panel with so many channels.
static int64_t deep_width(int64_t channels)
{
    if (CR_TILE_HALVES && channels > CR_VECTOR && channels <= CR_VECTOR + CR_HALF_VECTOR)
        return CR_VECTOR + CR_HALF_VECTOR;
    return (channels + CR_VECTOR - 1) / CR_VECTOR * CR_VECTOR;
}

static size_t deep_pack_bytes(int64_t m, int64_t k)
{
    return (size_t)((m / CR_TILE_WIDTH * CR_TILE_WIDTH + deep_width(m % CR_TILE_WIDTH)) * k) * sizeof(float);
}

// What sums start with: the bias along each row.
static void deep_bias(const cr_gemm_block *b, int64_t channel, int64_t channels, float *bias)
{
    for (int64_t c = 0; c < CR_TILE_WIDTH; c++)
        bias[c] = b->bias && !b->factor && c < channels ? b->bias[channel + c] : 0;
}

// The tiles are cut for b->cut positions, of which there may be fewer.
static int64_t deep_cut(const cr_gemm_block *b)
{
    return b->cut > 0 ? b->cut : b->n;
}

static int64_t deep_position(const cr_gemm_block *b, int64_t i)
{
    int64_t cut = deep_cut(b), position = cut * i / deep_tiles(cut);
    return position < b->n ? position : b->n;
}

// One panel at work on a row of tiles.
typedef struct deep {
    const cr_gemm_block *b;
    int64_t channel, channels;
    int64_t begin, end, first; // tiles, and the position of the first
    int64_t waiting;           // where the first one's sums are in buffers of sums that wait
    int vectors;
    bool last, direct; // out is written; by the tile itself
    cr_gemm_tile t;
    float bias[CR_TILE_WIDTH] __attribute__((aligned(64)));
} deep;

static void deep_begin(const cr_gemm_block *b, int64_t panel, int64_t begin, int64_t end, deep *d)
{
    d->b = b;
    d->channel = panel * CR_TILE_WIDTH;
    d->channels = b->m - d->channel < CR_TILE_WIDTH ? b->m - d->channel : CR_TILE_WIDTH;
    d->begin = begin;
    d->end = end;
    d->first = deep_position(b, begin);
    d->waiting = ((panel - b->panel_begin) * deep_tiles(deep_cut(b)) + begin) * CR_TILE_ROWS * CR_TILE_WIDTH;
    d->vectors = d->channels > CR_VECTOR ? 2 : 1;
    d->last = b->k_end == b->depth && !b->sums;
    d->direct = d->last && b->out_blocked && !b->factor && cr_gemm_is_simple(b->epilogue);
    deep_bias(b, d->channel, d->channels, d->bias);
    int64_t step = deep_width(d->channels);
    cr_gemm_tile t = {.k = b->k_end - b->k_begin, .a_step = b->column_step, .b_step = step};
    t.b = b->weights + d->channel * b->depth + b->k_begin * step;
    t.ahead_step = step / (end - begin);
    t.n_starts = b->n_starts;
    t.begin = d->bias;
    t.out_row = CR_BLOCK;
    t.out_vector = CR_TILE_WIDTH > (int)CR_BLOCK ? b->out_step : CR_VECTOR;
    t.fetch_row = b->out_blocked ? t.out_row : b->out_step;
    t.fetch_vector = !d->last ? CR_VECTOR : b->out_blocked ? t.out_vector : CR_BLOCK * b->out_step;
    cr_gemm_set_clamp(b->epilogue, &t);
    d->t = t;
}

// Tile i: where its outputs go, and which ones are prefetched. Plain outputs, which are written when all of d's tiles
// are done, stand in as many lines for each channel as there are tiles: one for each.
static void deep_outputs(deep *d, int64_t i, int64_t position, int64_t rows)
{
    const cr_gemm_block *b = d->b;
    cr_gemm_tile *t = &d->t;
    int64_t at = b->out_blocked ? cr_gemm_blocked_at(b, d->channel, position)
                                : d->channel * b->out_step + d->first + (i - d->begin) * CR_LINE;
    t->out = d->direct ? b->out + at : NULL;
    t->residual = d->direct && b->epilogue->add ? b->epilogue->add + at : NULL;
    t->fetch = d->last ? b->out + at : t->sums;
    t->fetch_rows = !d->last ? 1 : b->out_blocked ? rows : CR_BLOCK;
}

static void deep_tile(deep *d, int64_t i, int64_t position, int64_t rows)
{
    const cr_gemm_block *b = d->b;
    int64_t waiting = d->waiting + (i - d->begin) * CR_TILE_ROWS * CR_TILE_WIDTH;
    cr_gemm_tile *t = &d->t;
    t->a = b->columns + position * (b->in_blocked ? CR_BLOCK : 1);
    // The next panel comes while this one's tiles are at work, a share with each.
    t->ahead = t->b + b->depth * t->b_step + t->k * t->ahead_step * (i - d->begin);
    if (b->k_begin > 0 || !d->last)
        t->sums = (b->sums ? b->sums : b->partial) + waiting;
    for (int s = 0; s < b->n_starts; s++)
        t->starts[s] = b->starts[s] + waiting;
    if (b->k_begin > 0) {
        t->begin = t->sums;
        t->begin_step = CR_TILE_WIDTH;
    }
    deep_outputs(d, i, position, rows);
    CR_ISA(cr_gemm_tiles)[rows - 1][b->in_blocked][t->b_step / CR_HALF_VECTOR - 2](t);
}

// One panel, position tiles [begin, end).
static void deep_tiles_run(const cr_gemm_block *b, int64_t panel, int64_t begin, int64_t end)
{
    float own[CR_TILE_ROWS * CR_TILE_WIDTH] __attribute__((aligned(64)));
    float line[CR_TILE_WIDTH * DEEP_ROW] __attribute__((aligned(64)));
    deep d;
    deep_begin(b, panel, begin, end, &d);
    d.t.sums = own;
    int64_t position = d.first, rows;
    for (int64_t i = begin; i < end && position < b->n; i++, position += rows) {
        rows = deep_position(b, i + 1) - position;
        deep_tile(&d, i, position, rows);
        if (d.last && !b->out_blocked)
            CR_ISA(cr_gemm_transpose)(d.t.sums, rows, d.vectors, line + position - d.first, DEEP_ROW);
        else if (d.last && !d.direct)
            CR_ISA(cr_gemm_finish_blocked)(b, d.channel, d.vectors, position, rows, d.t.sums);
    }
    if (d.last && !b->out_blocked)
        CR_ISA(cr_gemm_finish_rows)(b, d.channel, d.channels, d.first, position - d.first, line, DEEP_ROW);
}

static void deep_run(const cr_gemm_block *b)
{
    int64_t n_tiles = deep_tiles(deep_cut(b));
    for (int64_t i = 0; i < n_tiles; i += DEEP_TILES)
        for (int64_t p = b->panel_begin; p < b->panel_end; p++)
            deep_tiles_run(b, p, i, i + DEEP_TILES < n_tiles ? i + DEEP_TILES : n_tiles);
}

/* ---- packs ---- */

static void wide_pack(const float *weights, const double *scale, int64_t m, int64_t k, float *pack)
{
    for (int64_t p = 0; p < wide_panels(m); p++) {
        int64_t channel = wide_channel(m, p), rows = wide_channel(m, p + 1) - channel;
        CR_ISA(cr_gemm_pack_panel)
        (weights + channel * k, scale ? scale + channel : NULL, rows, k, pack + channel * k, rows);
    }
}

static void wide_pack_transposed(const float *weights, int64_t m, int64_t k, int64_t step, float *pack)
{
    for (int64_t p = 0; p < wide_panels(m); p++) {
        int64_t channel = wide_channel(m, p), rows = wide_channel(m, p + 1) - channel;
        float *panel = pack + channel * k;
        for (int64_t i = 0; i < k; i++)
            memcpy(panel + i * rows, weights + i * step + channel, (size_t)rows * sizeof *panel);
    }
}

static void deep_pack(const float *weights, const double *scale, int64_t m, int64_t k, float *pack)
{
    for (int64_t channel = 0; channel < m; channel += CR_TILE_WIDTH) {
        int64_t rows = m - channel < CR_TILE_WIDTH ? m - channel : CR_TILE_WIDTH;
        CR_ISA(cr_gemm_pack_panel)
        (weights + channel * k, scale ? scale + channel : NULL, rows, k, pack + channel * k,
         deep_width(rows));
    }
}

extern const cr_gemm_kernels CR_ISA(cr_gemm_kernels);
const cr_gemm_kernels CR_ISA(cr_gemm_kernels) = {
    .tile_rows = CR_TILE_ROWS,
    .wide = {wide_panels, wide_pack_bytes, wide_pack, wide_partial_floats, wide_run},
    .wide_pack_transposed = wide_pack_transposed,
    .deep = {deep_panels, deep_pack_bytes, deep_pack, deep_partial_floats, deep_run},
};
