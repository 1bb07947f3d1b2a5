/*
 * pairs.c - packs, and the loops over tiles in both orientations (pairs.h).
 *
 *   wide   a: panel of weights (k, CR_PAIRS_ROWS)   b: record (k, positions), of two vectors or one
 *   deep   a: record, of CR_PAIRS_ROWS positions    b: panel of weights (k, channels), of two vectors or one
 */
#include "kernels/pairs.h"
#include "kernels/gemm_finish.h"
#include "kernels/gemm_pack.h"
#include "kernels/pairs_record.h"

#include <math.h>

enum {
    TILES = 8, // that a panel runs on at a time
    LINE = TILES * CR_PAIRS_ROWS +
           2 * CR_VECTOR, // floats: positions of one channel, of all these tiles when deep
    FAR = 60              // scales are 2 to the power of at most so much
};

/* ---- packs ---- */

static int64_t panel_floats(int64_t width, int64_t k)
{
    return (k + 2) * width;
}

// The power of two that brings weights of this sum of squares to a root mean square of about 1.
static int exponent_of(double squares, int64_t k)
{
    double size = sqrt(squares / (double)k);
    if (!(size > 0) || !isfinite(size))
        return 0;
    int e = -(int)lrint(log2(size));
    return e < -FAR ? -FAR : e > FAR ? FAR : e;
}

static double squares_of(const float *weights, int64_t k)
{
    enum { SUMS = 16 };
    double sum[SUMS] = {0}, all = 0;
    int64_t p = 0;
    for (; p + SUMS <= k; p += SUMS)
        for (int i = 0; i < SUMS; i++)
            sum[i] += (double)weights[p + i] * (double)weights[p + i];
    for (int i = 0; p + i < k; i++)
        sum[i] += (double)weights[p + i] * (double)weights[p + i];
    for (int i = 0; i < SUMS; i++)
        all += sum[i];
    return all;
}

// -a1 a2 of each channel, where `width` is a constant.
CR_INLINE void sum_pairs(const float *rows, int64_t k, const int width, float *start)
{
    double sum[CR_TILE_WIDTH] = {0};
    for (int64_t p = 0; p + 1 < k; p++) {
        double sign = (double)cr_pairs_sign(p, k);
        for (int c = 0; sign != 0 && c < width; c++)
            sum[c] += sign * (double)rows[p * width + c] * (double)rows[(p + 1) * width + c];
    }
    for (int c = 0; c < width; c++)
        start[c] = (float)sum[c];
}

static void pack_panel(const float *weights, const double *scale, int64_t channels, int64_t k, int64_t width,
                       float *panel)
{
    double by[CR_TILE_WIDTH];
    float *rows = panel + 2 * width;
    memset(panel, 0, (size_t)(2 * width) * sizeof *panel);
    for (int64_t c = 0; c < channels; c++) {
        double own = scale ? scale[c] : 1;
        int e = exponent_of(squares_of(weights + c * k, k) * own * own, k);
        by[c] = ldexp(own, e);
        panel[width + c] = ldexpf(1, -e);
    }
    CR_ISA(cr_gemm_pack_panel)(weights, by, channels, k, rows, width);
    if (width == CR_VECTOR)
        sum_pairs(rows, k, CR_VECTOR, panel);
    else if (width == CR_TILE_WIDTH)
        sum_pairs(rows, k, CR_TILE_WIDTH, panel);
    else
        sum_pairs(rows, k, CR_PAIRS_ROWS, panel);
}

/* ---- one panel at work on a row of tiles ---- */

typedef struct work {
    const cr_pairs_block *b;
    int64_t channel, channels, begin, end; // of the panel; tiles
    cr_gemm_tile t;
    float shift[CR_TILE_WIDTH] __attribute__((aligned(64))); // at least CR_PAIRS_ROWS
} work;

// The panel's weights come later.
static void start(const cr_pairs_block *b, int64_t channel, int64_t most, int64_t begin, int64_t end, work *w)
{
    const cr_gemm_block *g = &b->g;
    w->b = b;
    w->channel = channel;
    w->channels = g->m - channel < most ? g->m - channel : most;
    w->begin = begin;
    w->end = end;
    for (int64_t c = 0; c < CR_TILE_WIDTH; c++)
        w->shift[c] = g->bias && c < w->channels ? g->bias[channel + c] : 0;
    w->t = (cr_gemm_tile){.k = g->depth, .shift = w->shift};
    cr_gemm_set_clamp(g->epilogue, &w->t);
}

// All products as always, to t->sums. `a_step` and `blocked`: of rows of a.
static void run_plain(const cr_gemm_tile *t, int64_t rows, int vectors, int64_t a_step, bool blocked,
                      bool wide)
{
    static const float zeros[CR_TILE_WIDTH];
    cr_gemm_tile plain = *t;
    plain.a_step = a_step;
    plain.begin = zeros;
    plain.bias = NULL;
    plain.out = NULL;
    plain.fetch = t->a;
    plain.fetch_rows = 1;
    CR_ISA(cr_gemm_tiles)[rows - 1][blocked][2 * vectors - 2](&plain);
    for (int64_t i = 0; i < rows; i++)
        for (int j = 0; j < vectors; j++) {
            float *sums = t->sums + i * CR_TILE_WIDTH + j * CR_VECTOR;
            cr_vf times = wide ? cr_repeat(t->unscale[i]) : cr_load(t->unscale + j * CR_VECTOR);
            cr_vf shift = wide ? cr_repeat(t->shift[i]) : cr_load(t->shift + j * CR_VECTOR);
            cr_store(sums, cr_load(sums) * times + shift);
        }
}

static const float *record_of(const work *w, int64_t tile)
{
    const cr_gemm_block *g = &w->b->g;
    return g->columns + (tile - w->b->tile_begin) * g->column_step;
}

/* ---- wide ---- */

static size_t wide_pack_bytes(int64_t m, int64_t k)
{
    return (size_t)((m + CR_PAIRS_ROWS - 1) / CR_PAIRS_ROWS * panel_floats(CR_PAIRS_ROWS, k)) * sizeof(float);
}

static void wide_pack(const float *weights, const double *scale, int64_t m, int64_t k, float *pack)
{
    for (int64_t c = 0; c < m; c += CR_PAIRS_ROWS, pack += panel_floats(CR_PAIRS_ROWS, k))
        pack_panel(weights + c * k, scale ? scale + c : NULL, m - c < CR_PAIRS_ROWS ? m - c : CR_PAIRS_ROWS,
                   k, CR_PAIRS_ROWS, pack);
}

static int64_t wide_tiles(int64_t n)
{
    return (n + CR_TILE_WIDTH - 1) / CR_TILE_WIDTH;
}

static int64_t wide_position(int64_t n, int64_t tile)
{
    return tile * CR_TILE_WIDTH < n ? tile * CR_TILE_WIDTH : n;
}

static int64_t wide_record_floats(int64_t k)
{
    return cr_pairs_record_floats(k, CR_TILE_WIDTH);
}

static void wide_tile(work *w, int64_t i)
{
    const cr_gemm_block *g = &w->b->g;
    cr_gemm_tile *t = &w->t;
    int64_t position = wide_position(g->n, i), lanes = wide_position(g->n, i + 1) - position;
    int64_t at = w->channel * g->out_step + position;
    int vectors = lanes > CR_VECTOR ? 2 : 1;
    const float *record = record_of(w, i);
    bool plain = record[CR_PAIRS_PLAIN] != 0;
    t->begin = record;
    t->unscale_all = record[CR_PAIRS_UNSCALE];
    t->b = record + CR_PAIRS_HEAD;
    t->b_step = vectors * CR_VECTOR;
    t->ahead = t->b;
    bool direct = !plain && lanes == vectors * CR_VECTOR && cr_gemm_is_simple(g->epilogue);
    t->out = direct ? g->out + at : NULL;
    t->residual = direct && g->epilogue->add ? g->epilogue->add + at : NULL;
    t->fetch = g->out + at;
    if (plain)
        run_plain(t, w->channels, vectors, CR_PAIRS_ROWS, false, true);
    else
        CR_ISA(cr_pairs_tiles)[w->channels - 1][CR_PAIRS_WIDE][vectors - 1](t);
    if (!direct)
        CR_ISA(cr_gemm_finish_rows)(g, w->channel, w->channels, position, lanes, t->sums, CR_TILE_WIDTH);
}

static void wide_run(const cr_pairs_block *b)
{
    float sums[CR_TILE_ROWS * CR_TILE_WIDTH] __attribute__((aligned(64)));
    const cr_gemm_block *g = &b->g;
    for (int64_t p = g->panel_begin; p < g->panel_end; p++) {
        work w;
        start(b, p * CR_PAIRS_ROWS, CR_PAIRS_ROWS, b->tile_begin, b->tile_end, &w);
        cr_gemm_tile *t = &w.t;
        t->bias = g->weights + p * panel_floats(CR_PAIRS_ROWS, g->depth);
        t->unscale = t->bias + CR_PAIRS_ROWS;
        t->a = t->unscale + CR_PAIRS_ROWS;
        t->sums = sums;
        t->out_row = t->fetch_row = g->out_step;
        t->out_vector = t->fetch_vector = CR_VECTOR;
        t->fetch_rows = w.channels;
        for (int64_t i = b->tile_begin; i < b->tile_end; i++)
            wide_tile(&w, i);
    }
}

/* ---- deep ---- */

static int64_t deep_width(int64_t channels)
{
    return channels > CR_VECTOR ? CR_TILE_WIDTH : CR_VECTOR;
}

static size_t deep_pack_bytes(int64_t m, int64_t k)
{
    int64_t rest = m % CR_TILE_WIDTH, width = m - rest + (rest ? deep_width(rest) : 0);
    return (size_t)panel_floats(width, k) * sizeof(float);
}

static void deep_pack(const float *weights, const double *scale, int64_t m, int64_t k, float *pack)
{
    for (int64_t c = 0; c < m; c += CR_TILE_WIDTH) {
        int64_t channels = m - c < CR_TILE_WIDTH ? m - c : CR_TILE_WIDTH;
        pack_panel(weights + c * k, scale ? scale + c : NULL, channels, k, deep_width(channels),
                   pack + panel_floats(c, k));
    }
}

static int64_t deep_tiles(int64_t n)
{
    return (n + CR_PAIRS_ROWS - 1) / CR_PAIRS_ROWS;
}

// All tiles have the same number of positions, or one less.
static int64_t deep_position(int64_t n, int64_t tile)
{
    return n * tile / deep_tiles(n);
}

static int64_t deep_record_floats(int64_t k)
{
    return cr_pairs_record_floats(k, CR_PAIRS_ROWS);
}

static void deep_start(const cr_pairs_block *b, int64_t panel, int64_t begin, int64_t end, work *w)
{
    const cr_gemm_block *g = &b->g;
    start(b, panel * CR_TILE_WIDTH, CR_TILE_WIDTH, begin, end, w);
    cr_gemm_tile *t = &w->t;
    int64_t width = deep_width(w->channels);
    t->begin = g->weights + panel_floats(w->channel, g->depth);
    t->unscale = t->begin + width;
    t->b = t->unscale + width;
    t->b_step = width;
    t->ahead_step = width / (end - begin);
    t->out_row = CR_BLOCK;
    t->out_vector = CR_TILE_WIDTH > (int)CR_BLOCK ? g->out_step : CR_VECTOR;
    t->fetch_row = g->out_blocked ? t->out_row : g->out_step;
    t->fetch_vector = g->out_blocked ? t->out_vector : CR_BLOCK * g->out_step;
}

// Whether the tile wrote its outputs; else they wait in t->sums.
static bool deep_tile(work *w, int64_t i, int64_t first, int64_t position, int64_t rows)
{
    const cr_gemm_block *g = &w->b->g;
    cr_gemm_tile *t = &w->t;
    const float *record = record_of(w, i);
    bool plain = record[CR_PAIRS_PLAIN] != 0;
    bool direct = !plain && g->out_blocked && cr_gemm_is_simple(g->epilogue);
    int vectors = (int)(t->b_step / CR_VECTOR);
    t->bias = record;
    t->a = record + CR_PAIRS_HEAD;
    t->unscale_all = record[CR_PAIRS_UNSCALE];
    // The next panel comes while this one's tiles are at work, a share with each.
    t->ahead = t->b + t->k * (t->b_step + t->ahead_step * (i - w->begin));
    // Plain outputs are written when all tiles are done; they stand in about one line of each channel for each tile.
    int64_t at = g->out_blocked ? cr_gemm_blocked_at(g, w->channel, position)
                                : w->channel * g->out_step + first + (i - w->begin) * CR_LINE;
    t->out = direct ? g->out + at : NULL;
    t->residual = direct && g->epilogue->add ? g->epilogue->add + at : NULL;
    t->fetch = g->out + at;
    t->fetch_rows = g->out_blocked ? rows : CR_BLOCK;
    if (plain)
        run_plain(t, rows, vectors, g->in_blocked ? CR_PAIRS_RECORD_BLOCK : CR_PAIRS_ROWS, g->in_blocked,
                  false);
    else
        CR_ISA(cr_pairs_tiles)
    [rows - 1][g->in_blocked ? CR_PAIRS_DEEP_BLOCKED : CR_PAIRS_DEEP][vectors - 1](t);
    return direct;
}

static void deep_panel(const cr_pairs_block *b, int64_t panel, int64_t begin, int64_t end)
{
    float own[CR_TILE_ROWS * CR_TILE_WIDTH] __attribute__((aligned(64)));
    float line[CR_TILE_WIDTH * LINE] __attribute__((aligned(64)));
    const cr_gemm_block *g = &b->g;
    work w;
    deep_start(b, panel, begin, end, &w);
    w.t.sums = own;
    int vectors = (int)(w.t.b_step / CR_VECTOR);
    int64_t first = deep_position(g->n, begin), position = first, next;
    for (int64_t i = begin; i < end; i++, position = next) {
        next = deep_position(g->n, i + 1);
        bool written = deep_tile(&w, i, first, position, next - position);
        if (!g->out_blocked)
            CR_ISA(cr_gemm_transpose)(own, next - position, vectors, line + position - first, LINE);
        else if (!written)
            CR_ISA(cr_gemm_finish_blocked)(g, w.channel, vectors, position, next - position, own);
    }
    if (!g->out_blocked)
        CR_ISA(cr_gemm_finish_rows)(g, w.channel, w.channels, first, position - first, line, LINE);
}

static void deep_run(const cr_pairs_block *b)
{
    for (int64_t i = b->tile_begin; i < b->tile_end; i += TILES)
        for (int64_t p = b->g.panel_begin; p < b->g.panel_end; p++)
            deep_panel(b, p, i, i + TILES < b->tile_end ? i + TILES : b->tile_end);
}

extern const cr_pairs_kernels CR_ISA(cr_pairs_kernels);
const cr_pairs_kernels CR_ISA(cr_pairs_kernels) = {
    .squares = CR_ISA(cr_pairs_squares),
    .wide = {CR_PAIRS_ROWS, wide_pack_bytes, wide_pack, wide_tiles, wide_position, wide_record_floats,
             CR_ISA(cr_pairs_wide_columns), wide_run},
    .deep = {CR_TILE_WIDTH, deep_pack_bytes, deep_pack, deep_tiles, deep_position, deep_record_floats,
             CR_ISA(cr_pairs_deep_columns), deep_run},
};
