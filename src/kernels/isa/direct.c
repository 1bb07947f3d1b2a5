/*
 * direct.c - sums of products over a strip: a register tile in two orientations.
 *
 *                 a vector b, or two              every step of k loads b, and multiplies it by each a,
 *     a: rows     [................]              which is broadcast from memory
 *        *        [................]
 *        *        [................]
 *
 *   plain     a: weights of some channels         b: positions, side by side
 *   blocked   a: positions, side by side          b: weights of 16 channels, or of 8
 *
 * With 512-bit vectors a multiply-add reads its broadcast by itself, so 16 rows of one vector are a tile that keeps
 * few registers and is done soon; the other levels share a broadcast among two vectors.
 *
 * A plain tile may go over the end of a line: then it has positions of the next one, too, behind those of the gap,
 * which are dropped. Such tiles go through a small buffer, and so do residuals, PARTIAL's factors and activations
 * that take more than two operations.
 */
#include "kernels/direct.h"
#include "base/int.h"
#include "base/tensor.h"
#include "kernels/simd_activation.h"

#include <math.h>

#if defined(__AVX512F__)
#define ROWS 16
enum { VECTORS = 1 };
#elif defined(__aarch64__)
#define ROWS 12
enum { VECTORS = 2 };
#else
#define ROWS 6
enum { VECTORS = 2 };
#endif
enum { WIDTH = VECTORS * CR_VECTOR };

// What a tile does to its sums: nothing, or what cr_epilogue says where that is simple.
enum { RAW, FLOOR, CLIP, LEAKY };

// Tiles of one size, side by side.
typedef struct tile {
    int64_t k, count;
    const float *strip; // position 0 of the first
    int64_t strip_step; // to the next
    const int64_t *rows;
    const float *weights;
    const float *bias;
    const float *factor; // PARTIAL: of position 0; NULL: sums are not scaled here
    int64_t factor_step;
    const float *late_bias; // as bias, added to what is scaled
    float *out;             // rows out_step apart
    int64_t out_step, tile_step;
    int finish;
    float min, max;
    const float *slopes; // LEAKY: as bias
} tile;

static const float no_bias[CR_BLOCK];

/* ---- the register tile ---- */

CR_INLINE void store(const tile *t, float *out, cr_vf sum[ROWS][VECTORS], const int rows, const bool blocked,
                     const int finish)
{
    cr_vf min = cr_repeat(t->min), max = cr_repeat(t->max);
    const float *slopes = t->slopes;
    int64_t step = t->out_step;
    CR_UNROLL
    for (int i = 0; i < rows; i++) {
        CR_UNROLL
        for (int j = 0; j < VECTORS; j++) {
            cr_vf x = sum[i][j];
            if (finish == FLOOR || finish == CLIP)
                x = cr_max(min, x);
            if (finish == CLIP)
                x = cr_min(max, x);
            if (finish == LEAKY)
                x = cr_leaky_by(x, blocked ? cr_load(slopes + j * CR_VECTOR) : cr_repeat(slopes[i]));
            cr_store(out + j * CR_VECTOR, x);
        }
        out += step;
        __asm__("" : "+r"(out)); // one after the other: all at once they would not fit the registers
    }
}

CR_INLINE void scale(const tile *t, const float *factor, cr_vf sum[ROWS][VECTORS], const int rows,
                     const bool blocked)
{
    CR_UNROLL
    for (int i = 0; i < rows; i++) {
        CR_UNROLL
        for (int j = 0; j < VECTORS; j++) {
            cr_vf by = blocked ? cr_repeat(factor[i]) : cr_load(factor + j * CR_VECTOR);
            cr_vf bias = blocked ? cr_load(t->late_bias + j * CR_VECTOR) : cr_repeat(t->late_bias[i]);
            sum[i][j] = cr_apply_factor(by, sum[i][j], bias);
        }
    }
}

CR_INLINE void run_one(const tile *t, const float *strip, const float *factor, float *out, const int rows,
                       const bool blocked)
{
    cr_vf sum[ROWS][VECTORS];
    const float *weights = t->weights;
    const int64_t *row = t->rows;
    CR_UNROLL
    for (int i = 0; i < rows; i++) {
        CR_UNROLL
        for (int j = 0; j < VECTORS; j++)
            sum[i][j] = blocked ? cr_load(t->bias + j * CR_VECTOR) : cr_repeat(t->bias[i]);
    }
    // What the next tile writes comes while this one's sums are made.
    CR_UNROLL
    for (int i = 0; i < rows; i++)
        __builtin_prefetch(out + t->tile_step + i * t->out_step, 1);
    for (int64_t p = 0, k = t->k; p < k; p++, weights += CR_BLOCK) {
        const float *a = blocked ? strip + row[p] : weights, *b = blocked ? weights : strip + row[p];
        cr_vf column[VECTORS];
        CR_UNROLL
        for (int j = 0; j < VECTORS; j++)
            column[j] = cr_load(b + j * CR_VECTOR);
        CR_UNROLL
        for (int i = 0; i < rows; i++) {
            CR_UNROLL
            for (int j = 0; j < VECTORS; j++)
                sum[i][j] += a[i] * column[j];
        }
    }
    if (factor)
        scale(t, factor, sum, rows, blocked);
    switch (t->finish) {
    case FLOOR:
        store(t, out, sum, rows, blocked, FLOOR);
        break;
    case CLIP:
        store(t, out, sum, rows, blocked, CLIP);
        break;
    case LEAKY:
        store(t, out, sum, rows, blocked, LEAKY);
        break;
    default:
        store(t, out, sum, rows, blocked, RAW);
    }
}

CR_INLINE void run(const tile *t, const int rows, const bool blocked)
{
    const float *strip = t->strip, *factor = t->factor;
    float *out = t->out;
    for (int64_t i = t->count; i > 0; i--, strip += t->strip_step, out += t->tile_step) {
        run_one(t, strip, factor, out, rows, blocked);
        if (factor)
            factor += t->factor_step;
    }
}

// A function for every size, so that the sums have names and can be registers.
// clang-format off
#define PLAIN(r) static void CR_ISA(plain_##r)(const tile *t) { run(t, r, false); }
#define BLOCKED(r) static void CR_ISA(blocked_##r)(const tile *t) { run(t, r, true); }
PLAIN(1) PLAIN(2) PLAIN(3) PLAIN(4) PLAIN(5) PLAIN(6)
BLOCKED(1) BLOCKED(2) BLOCKED(3) BLOCKED(4) BLOCKED(5) BLOCKED(6)
#if ROWS > 6
PLAIN(7) PLAIN(8) PLAIN(9) PLAIN(10) PLAIN(11) PLAIN(12)
BLOCKED(7) BLOCKED(8) BLOCKED(9) BLOCKED(10) BLOCKED(11) BLOCKED(12)
#endif
#if ROWS > 12
PLAIN(13) PLAIN(14) PLAIN(15) PLAIN(16)
BLOCKED(13) BLOCKED(14) BLOCKED(15) BLOCKED(16)
#endif

#define PAIR(r) {CR_ISA(plain_##r), CR_ISA(blocked_##r)}
static void (*const tiles[ROWS][2])(const tile *t) = {
    PAIR(1), PAIR(2), PAIR(3), PAIR(4), PAIR(5), PAIR(6),
#if ROWS > 6
    PAIR(7), PAIR(8), PAIR(9), PAIR(10), PAIR(11), PAIR(12),
#endif
#if ROWS > 12
    PAIR(13), PAIR(14), PAIR(15), PAIR(16),
#endif
};
// clang-format on

/* ---- what is not finished in the tile ---- */

// The epilogue for a vector of sums. Bits are those of the tile where that could do it, too.
CR_INLINE cr_vf finish(const cr_epilogue *e, cr_vf x, cr_vf slope)
{
    if (e->activation == CR_ACT_RELU && e->slope == 0)
        return cr_max((cr_vf){0}, x);
    if (e->activation == CR_ACT_RELU || e->activation == CR_ACT_PRELU)
        return cr_leaky_by(x, slope);
    return cr_activate(e->activation, e->slope, e->min, e->max, x);
}

// Plain: n sums of each of `rows` channels, for the positions from `position` on.
static void finish_channels(const cr_direct_block *b, int64_t channel, int64_t rows, int64_t position,
                            int64_t n, const float *sums)
{
    const cr_epilogue *e = b->epilogue;
    for (int64_t c = channel; c < channel + rows; c++, sums += WIDTH) {
        int64_t at = c * b->out_step + position;
        cr_vf bias = cr_repeat(b->factor && b->bias ? b->bias[c] : 0);
        cr_vf slope = cr_repeat(e->activation == CR_ACT_PRELU ? e->slopes[c] : e->slope);
        for (int64_t i = 0; i < n; i += CR_VECTOR) {
            int64_t lanes = n - i < CR_VECTOR ? n - i : CR_VECTOR;
            cr_vf x = cr_load(sums + i);
            if (b->factor)
                x = cr_apply_factor(cr_load(b->factor + position + i), x, bias);
            if (e->add)
                x += cr_load_some(e->add + at + i, lanes);
            cr_store_some(b->out + at + i, finish(e, x, slope), lanes);
        }
    }
}

// Blocked: the sums of WIDTH channels at each of `rows` positions.
static void finish_positions(const cr_direct_block *b, int64_t channel, int64_t rows, int64_t position,
                             const float *sums)
{
    const cr_epilogue *e = b->epilogue;
    for (int64_t i = 0; i < rows * VECTORS; i++) {
        int64_t c = channel + i % VECTORS * CR_VECTOR, at = (position + i / VECTORS) * CR_BLOCK + c;
        cr_vf x = cr_load(sums + i * CR_VECTOR);
        cr_vf slope = e->activation == CR_ACT_PRELU ? cr_load(e->slopes + c) : cr_repeat(e->slope);
        if (b->factor)
            x = cr_apply_factor(cr_repeat(b->factor[position + i / VECTORS]), x,
                                b->bias ? cr_load(b->bias + c) : (cr_vf){0});
        if (e->add)
            x += cr_load(e->add + at);
        cr_store(b->out + at, finish(e, x, slope));
    }
}

/* ---- the loops ---- */

// slopes: CR_BLOCK floats, for LEAKY.
static tile tile_of(const cr_direct_block *b, float *slopes)
{
    const cr_epilogue *e = b->epilogue;
    tile t = {.k = b->k, .count = 1, .rows = b->rows, .slopes = slopes};
    bool is_relu = e->activation == CR_ACT_RELU && e->slope == 0;
    if (e->add)
        return t;
    if (e->activation == CR_ACT_NONE || is_relu) {
        t.finish = FLOOR;
        t.min = is_relu ? 0 : -INFINITY;
    } else if (e->activation == CR_ACT_CLIP) {
        t.finish = CLIP;
        t.min = e->min;
        t.max = e->max;
    } else if (e->activation == CR_ACT_RELU || e->activation == CR_ACT_PRELU) {
        t.finish = LEAKY;
        for (int64_t c = 0; c < b->channels; c++)
            slopes[c] = e->activation == CR_ACT_PRELU ? e->slopes[c] : e->slope;
    }
    return t;
}

static const float *first_bias(const cr_direct_block *b, int64_t channel)
{
    return b->bias && !b->factor ? b->bias + channel : no_bias;
}

// Plain: n values, which the tile has finished, of each of `rows` channels.
static void store_channels(const cr_direct_block *b, int64_t channel, int64_t rows, int64_t position,
                           int64_t n, const float *values)
{
    float *out = b->out + channel * b->out_step + position;
    for (int64_t r = 0; r < rows; r++, out += b->out_step, values += WIDTH)
        for (int64_t i = 0; i < n; i += CR_VECTOR)
            cr_store_some(out + i, cr_load(values + i), n - i < CR_VECTOR ? n - i : CR_VECTOR);
}

// WIDTH positions from (y, x) on; only those of line y, or of the lines behind it, too.
static void plain_end(const cr_direct_block *b, tile t, int64_t channel, int64_t rows, int64_t y, int64_t x,
                      bool on)
{
    float sums[(ROWS + 1) * WIDTH] __attribute__((aligned(64)));
    t.strip = b->strip + y * b->pitch + x;
    t.out = sums;
    t.out_step = WIDTH;
    if (b->factor)
        t.finish = RAW; // some lanes may have no factor
    tiles[rows - 1][0](&t);
    for (int64_t lane = 0; lane < WIDTH && y < b->lines; lane += b->pitch - x, x = 0, y++) {
        int64_t n = b->line - x < WIDTH - lane ? b->line - x : WIDTH - lane;
        if (t.finish)
            store_channels(b, channel, rows, y * b->line + x, n, sums + lane);
        else
            finish_channels(b, channel, rows, y * b->line + x, n, sums + lane);
        if (!on)
            return;
    }
}

// The tiles in line y from x on, of which the last may go over its end. Returns where that ends.
static int64_t plain_line(const cr_direct_block *b, tile t, int64_t channel, int64_t rows, int64_t y,
                          int64_t x, bool on)
{
    int64_t whole = t.finish && x < b->line ? (b->line - x) / WIDTH : 0;
    if (whole > 0) {
        t.count = whole;
        t.strip = b->strip + y * b->pitch + x;
        t.out = b->out + channel * b->out_step + y * b->line + x;
        t.factor = b->factor ? b->factor + y * b->line + x : NULL;
        tiles[rows - 1][0](&t);
        x += whole * WIDTH;
        t.count = 1;
        t.factor = NULL;
    }
    for (; x < b->line; x += WIDTH)
        plain_end(b, t, channel, rows, y, x, on);
    return x;
}

static void plain(const cr_direct_block *b)
{
    float slopes[CR_BLOCK];
    tile t = tile_of(b, slopes);
    int64_t parts = cr_div_up(b->channels, ROWS), all = (b->lines - 1) * b->pitch + b->line;
    // Over the ends of lines if that makes less tiles.
    bool on = cr_div_up(all, WIDTH) < b->lines * cr_div_up(b->line, WIDTH);
    t.strip_step = t.tile_step = t.factor_step = WIDTH;
    t.out_step = b->out_step;
    for (int64_t part = 0; part < parts; part++) {
        int64_t channel = b->channels * part / parts, rows = b->channels * (part + 1) / parts - channel;
        t.weights = b->weights + channel;
        t.bias = first_bias(b, channel);
        t.slopes = slopes + channel;
        t.late_bias = b->bias ? b->bias + channel : no_bias;
        for (int64_t y = 0, x = 0; y < b->lines; y++) {
            x = plain_line(b, t, channel, rows, y, x, on);
            x = on && x > b->pitch ? x - b->pitch : 0;
        }
    }
}

// Tiles of `rows` positions each, `position` being the first in the output.
static void blocked_tiles(const cr_direct_block *b, tile t, int64_t channel, int64_t rows, int64_t position)
{
    float sums[ROWS * WIDTH] __attribute__((aligned(64)));
    if (t.finish) {
        t.out = b->out + position * CR_BLOCK + channel;
        t.strip_step = t.factor_step = rows;
        t.tile_step = rows * CR_BLOCK;
        t.factor = b->factor ? b->factor + position : NULL;
        t.late_bias = b->bias ? b->bias + channel : no_bias;
        tiles[rows - 1][1](&t);
        return;
    }
    t.out = sums;
    t.out_step = WIDTH;
    for (int64_t n = t.count; n > 0; n--, t.strip += rows, position += rows) {
        t.count = 1;
        tiles[rows - 1][1](&t);
        finish_positions(b, channel, rows, position, sums);
    }
}

// The tiles of a line have the same number of positions, or one less.
static void blocked(const cr_direct_block *b)
{
    float slopes[CR_BLOCK];
    tile t = tile_of(b, slopes);
    int64_t n_tiles = cr_div_up(b->line, ROWS), less = b->line / n_tiles, more = b->line % n_tiles;
    t.out_step = CR_BLOCK;
    for (int64_t channel = 0; channel < CR_BLOCK; channel += WIDTH) {
        t.weights = b->weights + channel;
        t.bias = first_bias(b, channel);
        t.slopes = slopes + channel;
        for (int64_t y = 0; y < b->lines; y++) {
            t.strip = b->strip + y * b->pitch;
            t.count = more;
            if (more > 0)
                blocked_tiles(b, t, channel, less + 1, y * b->line);
            t.strip += more * (less + 1);
            t.count = n_tiles - more;
            blocked_tiles(b, t, channel, less, y * b->line + more * (less + 1));
        }
    }
}

extern const cr_direct_kernels CR_ISA(cr_direct_kernels);
const cr_direct_kernels CR_ISA(cr_direct_kernels) = {.plain = plain, .blocked = blocked};
