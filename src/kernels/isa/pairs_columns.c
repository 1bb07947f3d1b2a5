/*
 * pairs_columns.c - columns to records (pairs.h), with what their sums start with.
 */
#include "kernels/pairs_record.h"

#include <math.h>

enum {
    LARGE = 64,                  // sums of b1 b2, by the number of products, that are too large
    AHEAD = CR_PAIRS_ROWS,       // positions that are prefetched
    PARTS = CR_BLOCK / CR_VECTOR // vectors of a block
};

float CR_ISA(cr_pairs_squares)(const float *from, int64_t n, int64_t step)
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

/* ---- blocks of channels ---- */

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
    float *to = c->record + CR_PAIRS_HEAD + row * CR_BLOCK;
    const float scale = c->scale;
    const int64_t step = c->step;
    for (int64_t b = c->k / CR_BLOCK; b > 0; b -= 2) {
        copy_block(from, scale, false, to, sum, rows);
        if (b == 1)
            break;
        CR_UNROLL
        for (int i = 0; i < rows; i++)
            from[i] += step;
        copy_block(from, scale, true, to + CR_PAIRS_RECORD_BLOCK, sum, rows);
        CR_UNROLL
        for (int i = 0; i < rows; i++)
            from[i] += step;
        to += 2 * CR_PAIRS_RECORD_BLOCK;
    }
    float signs[CR_BLOCK];
    for (int p = 0; p < (int)CR_BLOCK; p++)
        signs[p] = cr_pairs_sign(p, c->k);
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
    for (; row + 4 <= c->n; row += 4)
        copy_blocks(c, row, 4, sums);
    if (c->n - row == 3)
        copy_blocks(c, row, 3, sums);
    else if (c->n - row == 2)
        copy_blocks(c, row, 2, sums);
    else if (c->n - row == 1)
        copy_blocks(c, row, 1, sums);
    cr_store(c->record, sums_of_lanes(sums));
}

/* ---- plain channels ---- */

// Positions of one channel that stand side by side, or anywhere. What is behind them is 0.
CR_INLINE cr_vf read_row(const cr_pairs_columns *c, const float *from, int64_t first, bool beside)
{
    int64_t n = c->n - first < CR_VECTOR ? c->n - first : CR_VECTOR;
    if (beside)
        return cr_load_some(from + c->at[0] + first, n);
    float x[CR_VECTOR] = {0};
    for (int64_t i = 0; i < n; i++)
        x[i] = from[c->at[first + i]];
    return cr_load(x);
}

// A vector of positions, of all channels: to rows `width` apart.
CR_INLINE void copy_vector(const cr_pairs_columns *c, int64_t first, bool beside, int64_t width)
{
    const float *from = c->from;
    float *to = c->record + CR_PAIRS_HEAD + first;
    cr_vf sum = {0}, before = {0};
    for (int64_t p = 0; p < c->k; p++, from += c->step, to += width) {
        cr_vf x = read_row(c, from, first, beside) * c->scale;
        cr_store(to, x);
        float sign = p > 0 ? cr_pairs_sign(p - 1, c->k) : 0;
        if (sign > 0)
            sum += before * x;
        else if (sign < 0)
            sum -= before * x;
        before = x;
    }
    cr_store(c->record + first, sum);
}

CR_INLINE void plain_columns(const cr_pairs_columns *c, int64_t width)
{
    bool beside = c->at[c->n - 1] - c->at[0] == c->n - 1;
    for (int64_t first = 0; first < c->n; first += CR_VECTOR) {
        if (beside)
            copy_vector(c, first, true, width);
        else
            copy_vector(c, first, false, width);
    }
}

/* ---- records ---- */

static void copy(const cr_pairs_columns *c, bool wide)
{
    if (c->blocked)
        blocked_columns(c);
    else if (wide)
        plain_columns(c, c->n > CR_VECTOR ? CR_TILE_WIDTH : CR_VECTOR);
    else
        plain_columns(c, CR_PAIRS_ROWS);
}

// Whether what sums start with is small enough to leave no mark in them; not so where something is infinite.
static bool is_small(const cr_pairs_columns *c)
{
    for (int64_t i = 0; i < c->n; i++)
        if (!(fabsf(c->record[i]) <= (float)(LARGE * c->k)))
            return false;
    return true;
}

static void make_record(const cr_pairs_columns *c, bool wide)
{
    if (c->scale > 0) {
        copy(c, wide);
        if (is_small(c)) {
            c->record[CR_PAIRS_UNSCALE] = 1 / c->scale;
            c->record[CR_PAIRS_PLAIN] = 0;
            return;
        }
    }
    cr_pairs_columns plain = *c;
    plain.scale = 1;
    copy(&plain, wide);
    c->record[CR_PAIRS_UNSCALE] = c->record[CR_PAIRS_PLAIN] = 1;
}

void CR_ISA(cr_pairs_wide_columns)(const cr_pairs_columns *c)
{
    make_record(c, true);
}

void CR_ISA(cr_pairs_deep_columns)(const cr_pairs_columns *c)
{
    make_record(c, false);
}
