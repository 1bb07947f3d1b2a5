/*
 * pairs.c - packs, records of columns, and the loops over tiles (pairs.h).
 *
 * A panel of the pack, two vectors wide or one:
 *
 *     -a1 a2 of each channel | 1 / scale of each channel | (k, width) weights
 */
#include "kernels/pairs.h"
#include "kernels/gemm_finish.h"
#include "kernels/gemm_pack.h"

#include <math.h>

enum {
    TILES = 8,                                    // that a panel runs on at a time
    LINE = TILES * CR_PAIRS_ROWS + 2 * CR_VECTOR, // floats: positions of one channel, of all these tiles
    HEAD = 2 * (int)CR_BLOCK,                     // of a record
    UNSCALE = CR_BLOCK,                           // in the head
    PLAIN = UNSCALE + 1,
    RECORD_BLOCK = (int)CR_BLOCK * CR_PAIRS_ROWS,
    LARGE = 64,                  // sums of b1 b2, by the number of products, that are too large
    FAR = 60,                    // scales are 2 to the power of at most so much
    AHEAD = CR_PAIRS_ROWS,       // positions that are prefetched
    PARTS = CR_BLOCK / CR_VECTOR // vectors of a block
};

// What a sum has to start with, of the products of p and p + 1 in a block; where there is 0, they are not a pair. The other
// way round in every second block.
static const float signs[CR_BLOCK] = {-1, 0, 0, 1, 0, 0, -1, 0, 0, 1, 0, 0, -1, 0, 0, 0};

static float sign_of(int64_t p, int64_t k)
{
    int64_t block = p / CR_BLOCK;
    if (block == k / CR_BLOCK)
        return 0;
    return block % 2 != 0 ? -signs[p % CR_BLOCK] : signs[p % CR_BLOCK];
}

/* ---- packs ---- */

static int64_t panels(int64_t m)
{
    return (m + CR_TILE_WIDTH - 1) / CR_TILE_WIDTH;
}

static int64_t width_of(int64_t channels)
{
    return channels > CR_VECTOR ? CR_TILE_WIDTH : CR_VECTOR;
}

static int64_t panel_floats(int64_t width, int64_t k)
{
    return (k + 2) * width;
}

static size_t pack_bytes(int64_t m, int64_t k)
{
    int64_t rest = m % CR_TILE_WIDTH;
    int64_t floats = m / CR_TILE_WIDTH * panel_floats(CR_TILE_WIDTH, k);
    return (size_t)(floats + (rest ? panel_floats(width_of(rest), k) : 0)) * sizeof(float);
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
        double sign = (double)sign_of(p, k);
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
    else
        sum_pairs(rows, k, CR_TILE_WIDTH, panel);
}

static void pack(const float *weights, const double *scale, int64_t m, int64_t k, float *pack)
{
    for (int64_t first = 0; first < m; first += CR_TILE_WIDTH) {
        int64_t channels = m - first < CR_TILE_WIDTH ? m - first : CR_TILE_WIDTH;
        pack_panel(weights + first * k, scale ? scale + first : NULL, channels, k, width_of(channels),
                   pack + panel_floats(1, k) * first);
    }
}

/* ---- records ---- */

static int64_t tiles(int64_t n)
{
    return (n + CR_PAIRS_ROWS - 1) / CR_PAIRS_ROWS;
}

static int64_t record_floats(int64_t k)
{
    return (HEAD + k * CR_PAIRS_ROWS + 2 * CR_BLOCK - 1) / CR_BLOCK * CR_BLOCK;
}

static float squares(const float *from, int64_t n, int64_t step)
{
    cr_vf sum[PARTS] = {{0}};
    for (int64_t i = 0; i < n; i++, from += step) {
        CR_UNROLL
        for (int j = 0; j < PARTS; j++) {
            cr_vf x = cr_load(from + j * CR_VECTOR);
            sum[j] += x * x;
        }
    }
    float all = 0;
    for (int j = 0; j < PARTS; j++)
        for (int i = 0; i < CR_VECTOR; i++)
            all += sum[j][i];
    return all;
}

// The lanes' sums of CR_VECTOR vectors: lane i is that of x[i]. Each round of zips halves the vectors.
CR_INLINE cr_vf sums_of_lanes(cr_vf x[CR_VECTOR])
{
    CR_UNROLL
    for (int n = CR_VECTOR / 2; n > 0; n /= 2) {
        CR_UNROLL
        for (int i = 0; i < n; i++)
            x[i] = cr_zip_low(x[i], x[i + n]) + cr_zip_high(x[i], x[i + n]);
    }
    return x[0];
}

// One block of `rows` positions: copied; products of neighbours are added to `sum`, or taken from it.
CR_INLINE void copy_block(const float *from[4], float scale, bool minus, float *to, cr_vf sum[4][PARTS],
                          const int rows)
{
    CR_UNROLL
    for (int i = 0; i < rows; i++) {
        __builtin_prefetch(from[i] + AHEAD * (int)CR_BLOCK);
        cr_vf after = {0};
        CR_UNROLL
        for (int j = PARTS - 1; j >= 0; j--) {
            cr_vf x = cr_load(from[i] + j * CR_VECTOR) * scale;
            cr_store(to + i * (int)CR_BLOCK + j * CR_VECTOR, x);
            if (minus)
                sum[i][j] -= x * cr_down(x, after);
            else
                sum[i][j] += x * cr_down(x, after);
            after = x;
        }
    }
}

// All blocks of `rows` positions. Returned are the sums that their products start with, spread over lanes.
CR_INLINE void copy_blocks(const cr_pairs_columns *c, const int64_t row, const int rows, cr_vf *sums)
{
    cr_vf sum[4][PARTS] = {{{0}}};
    const float *from[4];
    CR_UNROLL
    for (int i = 0; i < rows; i++)
        from[i] = c->from + c->at[row + i];
    float *to = c->record + HEAD + row * CR_BLOCK;
    const float scale = c->scale;
    const int64_t step = c->step;
    for (int64_t b = c->k / CR_BLOCK; b > 0; b -= 2) {
        copy_block(from, scale, false, to, sum, rows);
        if (b == 1)
            break;
        CR_UNROLL
        for (int i = 0; i < rows; i++)
            from[i] += step;
        copy_block(from, scale, true, to + RECORD_BLOCK, sum, rows);
        CR_UNROLL
        for (int i = 0; i < rows; i++)
            from[i] += step;
        to += 2 * RECORD_BLOCK;
    }
    CR_UNROLL
    for (int i = 0; i < rows; i++) {
        CR_UNROLL
        for (int j = 0; j < PARTS; j++)
            sums[row + i] += sum[i][j] * cr_load(signs + j * CR_VECTOR);
    }
}

static void blocked_columns(const cr_pairs_columns *c)
{
    cr_vf sums[CR_VECTOR] = {{0}};
    int64_t row = 0;
    for (; row + 4 <= c->rows; row += 4)
        copy_blocks(c, row, 4, sums);
    if (c->rows - row == 3)
        copy_blocks(c, row, 3, sums);
    else if (c->rows - row == 2)
        copy_blocks(c, row, 2, sums);
    else if (c->rows - row == 1)
        copy_blocks(c, row, 1, sums);
    cr_store(c->record, sums_of_lanes(sums));
}

// The next row of plain columns.
CR_INLINE cr_vf copy_row(const cr_pairs_columns *c, const float *from, bool beside, float *to)
{
    cr_vf x = {0};
    if (beside) {
        x = cr_load_some(from, c->rows);
    } else {
        CR_UNROLL
        for (int i = 0; i < CR_PAIRS_ROWS; i++)
            if (i < c->rows)
                x[i] = from[c->at[i]];
    }
    x *= c->scale;
    cr_store(to, x);
    return x;
}

static void plain_columns(const cr_pairs_columns *c)
{
    bool beside = c->at[c->rows - 1] - c->at[0] == c->rows - 1;
    const float *from = c->from + (beside ? c->at[0] : 0);
    float *to = c->record + HEAD;
    cr_vf sum = {0}, before = {0};
    for (int64_t p = 0; p < c->k; p++, from += c->step, to += CR_PAIRS_ROWS) {
        cr_vf x = copy_row(c, from, beside, to);
        float sign = p > 0 ? sign_of(p - 1, c->k) : 0;
        if (sign > 0)
            sum += before * x;
        else if (sign < 0)
            sum -= before * x;
        before = x;
    }
    cr_store(c->record, sum);
}

static void copy_columns(const cr_pairs_columns *c)
{
    if (c->blocked)
        blocked_columns(c);
    else
        plain_columns(c);
}

// Whether what sums start with is small enough to leave no mark in them; not so where something is infinite.
static bool is_small(const cr_pairs_columns *c)
{
    for (int64_t i = 0; i < c->rows; i++)
        if (!(fabsf(c->record[i]) <= (float)(LARGE * c->k)))
            return false;
    return true;
}

static void columns(const cr_pairs_columns *c)
{
    if (c->scale > 0) {
        copy_columns(c);
        if (is_small(c)) {
            c->record[UNSCALE] = 1 / c->scale;
            c->record[PLAIN] = 0;
            return;
        }
    }
    cr_pairs_columns plain = *c;
    plain.scale = 1;
    copy_columns(&plain);
    c->record[UNSCALE] = c->record[PLAIN] = 1;
}

/* ---- products ---- */

// One panel at work on a row of tiles.
typedef struct work {
    const cr_pairs_block *b;
    int64_t channel, channels, tiles;
    int64_t first; // position of the first tile
    int64_t begin, end;
    int vectors;
    bool direct;
    cr_gemm_tile t;
    float shift[CR_TILE_WIDTH] __attribute__((aligned(64)));
} work;

static void start(const cr_pairs_block *b, int64_t panel, int64_t begin, int64_t end, work *w)
{
    const cr_gemm_block *g = &b->g;
    w->b = b;
    w->channel = panel * CR_TILE_WIDTH;
    w->channels = g->m - w->channel < CR_TILE_WIDTH ? g->m - w->channel : CR_TILE_WIDTH;
    w->tiles = tiles(g->n);
    w->begin = begin;
    w->end = end;
    w->first = cr_pairs_position(g->n, w->tiles, begin);
    w->vectors = w->channels > CR_VECTOR ? 2 : 1;
    w->direct = g->out_blocked && cr_gemm_is_simple(g->epilogue);
    for (int64_t c = 0; c < CR_TILE_WIDTH; c++)
        w->shift[c] = g->bias && c < w->channels ? g->bias[w->channel + c] : 0;
    int64_t width = w->vectors * CR_VECTOR;
    cr_gemm_tile t = {.k = g->depth, .b_step = width};
    t.begin = g->weights + w->channel * panel_floats(1, g->depth);
    t.unscale = t.begin + width;
    t.b = t.unscale + width;
    t.shift = w->shift;
    t.ahead_step = width / (end - begin);
    t.out_row = CR_BLOCK;
    t.out_vector = CR_TILE_WIDTH > (int)CR_BLOCK ? g->out_step : CR_VECTOR;
    t.fetch_row = g->out_blocked ? t.out_row : g->out_step;
    t.fetch_vector = g->out_blocked ? t.out_vector : CR_BLOCK * g->out_step;
    cr_gemm_set_clamp(g->epilogue, &t);
    w->t = t;
}

// All products as always, to t->sums.
static void run_plain(cr_gemm_tile *t, int64_t rows, bool blocked, int vectors)
{
    static const float zeros[CR_TILE_WIDTH];
    cr_gemm_tile plain = *t;
    plain.a_step = blocked ? RECORD_BLOCK : CR_PAIRS_ROWS;
    plain.begin = zeros;
    plain.bias = NULL;
    plain.out = NULL;
    plain.fetch = t->a;
    plain.fetch_rows = 1;
    CR_ISA(cr_gemm_tiles)[rows - 1][blocked][2 * vectors - 2](&plain);
    for (int64_t i = 0; i < rows; i++)
        for (int j = 0; j < vectors; j++) {
            float *sums = t->sums + i * CR_TILE_WIDTH + j * CR_VECTOR;
            cr_store(sums,
                     cr_load(sums) * cr_load(t->unscale + j * CR_VECTOR) + cr_load(t->shift + j * CR_VECTOR));
        }
}

// Whether the tile wrote its outputs.
static bool run_tile(work *w, int64_t i, int64_t position, int64_t rows)
{
    const cr_gemm_block *g = &w->b->g;
    cr_gemm_tile *t = &w->t;
    const float *record = g->columns + (i - w->b->tile_begin) * g->column_step;
    t->bias = record;
    t->a = record + HEAD;
    t->unscale_all = record[UNSCALE];
    // The next panel comes while this one's tiles are at work, a share with each.
    t->ahead = t->b + t->k * (t->b_step + t->ahead_step * (i - w->begin));
    int64_t at = g->out_blocked ? cr_gemm_blocked_at(g, w->channel, position)
                                : w->channel * g->out_step + w->first + (i - w->begin) * CR_LINE;
    bool plain = record[PLAIN] != 0;
    t->out = w->direct && !plain ? g->out + at : NULL;
    t->residual = w->direct && g->epilogue->add ? g->epilogue->add + at : NULL;
    t->fetch = g->out + at;
    t->fetch_rows = g->out_blocked ? rows : CR_BLOCK;
    if (plain)
        run_plain(t, rows, g->in_blocked, w->vectors);
    else
        CR_ISA(cr_pairs_tiles)[rows - 1][g->in_blocked][w->vectors - 1](t);
    return t->out != NULL;
}

static void run_panel(const cr_pairs_block *b, int64_t panel, int64_t begin, int64_t end)
{
    float own[CR_TILE_ROWS * CR_TILE_WIDTH] __attribute__((aligned(64)));
    float line[CR_TILE_WIDTH * LINE] __attribute__((aligned(64)));
    const cr_gemm_block *g = &b->g;
    work w;
    start(b, panel, begin, end, &w);
    w.t.sums = own;
    int64_t position = w.first, next;
    for (int64_t i = begin; i < end; i++, position = next) {
        next = cr_pairs_position(g->n, w.tiles, i + 1);
        bool written = run_tile(&w, i, position, next - position);
        if (!g->out_blocked)
            CR_ISA(cr_gemm_transpose)(own, next - position, w.vectors, line + position - w.first, LINE);
        else if (!written)
            CR_ISA(cr_gemm_finish_blocked)(g, w.channel, w.vectors, position, next - position, own);
    }
    if (!g->out_blocked)
        CR_ISA(cr_gemm_finish_rows)(g, w.channel, w.channels, w.first, position - w.first, line, LINE);
}

static void run(const cr_pairs_block *b)
{
    for (int64_t i = b->tile_begin; i < b->tile_end; i += TILES)
        for (int64_t p = b->g.panel_begin; p < b->g.panel_end; p++)
            run_panel(b, p, i, i + TILES < b->tile_end ? i + TILES : b->tile_end);
}

extern const cr_pairs_kernels CR_ISA(cr_pairs_kernels);
const cr_pairs_kernels CR_ISA(cr_pairs_kernels) = {.pack_bytes = pack_bytes,
                                                   .pack = pack,
                                                   .panels = panels,
                                                   .tiles = tiles,
                                                   .record_floats = record_floats,
                                                   .squares = squares,
                                                   .columns = columns,
                                                   .run = run};
