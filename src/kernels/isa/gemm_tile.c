/*
 * gemm_tile.c - the register tile: a function for every number of rows and vectors.
 *
 * gemm_tile.h has the drawing. Rows of a stand side by side, or a block of channels apart.
 */
#include "kernels/gemm_tile.h"
#include "kernels/simd_activation.h"

CR_INLINE void scale(const cr_gemm_tile *t, cr_vf sum[CR_TILE_ROWS][CR_TILE_VECTORS], const int rows,
                     const int vectors)
{
    CR_UNROLL
    for (int j = 0; j < vectors; j++) {
        cr_vf factor = cr_load(t->factor + j * CR_VECTOR);
        CR_UNROLL
        for (int i = 0; i < rows; i++)
            sum[i][j] = cr_apply_factor(factor, sum[i][j], cr_repeat(t->late_bias[i]));
    }
}

CR_INLINE void finish(const cr_gemm_tile *t, cr_vf sum[CR_TILE_ROWS][CR_TILE_VECTORS], const int rows,
                      const int vectors)
{
    if (t->factor)
        scale(t, sum, rows, vectors);
    cr_vf min = cr_repeat(t->min), max = cr_repeat(t->max);
    float *out = t->out;
    const float *residual = t->residual;
    const int64_t out_row = t->out_row, out_vector = t->out_vector;
    const bool floor = t->floor, ceiling = t->ceiling;
    CR_UNROLL
    for (int i = 0; i < rows; i++) {
        CR_UNROLL
        for (int j = 0; j < vectors; j++) {
            int64_t at = i * out_row + j * out_vector;
            cr_vf x = sum[i][j];
            if (residual)
                x += cr_load(residual + at);
            if (floor)
                x = cr_max(min, x);
            if (ceiling)
                x = cr_min(max, x);
            cr_store(out + at, x);
        }
    }
}

// To the output, or to `sums`.
CR_INLINE void leave(const cr_gemm_tile *t, cr_vf sum[CR_TILE_ROWS][CR_TILE_VECTORS], const int rows,
                     const int vectors)
{
    if (t->out) {
        finish(t, sum, rows, vectors);
        return;
    }
    CR_UNROLL
    for (int i = 0; i < rows; i++) {
        CR_UNROLL
        for (int j = 0; j < vectors; j++)
            cr_store(t->sums + i * CR_TILE_WIDTH + j * CR_VECTOR, sum[i][j]);
    }
}

CR_INLINE void add_products(const float *a, const int a_row, const float *b,
                            cr_vf sum[CR_TILE_ROWS][CR_TILE_VECTORS], const int rows, const int vectors)
{
    cr_vf column[CR_TILE_VECTORS];
    CR_UNROLL
    for (int j = 0; j < vectors; j++)
        column[j] = cr_load(b + j * CR_VECTOR);
    CR_UNROLL
    for (int i = 0; i < rows; i++) {
        CR_UNROLL
        for (int j = 0; j < vectors; j++)
            sum[i][j] += a[i * a_row] * column[j];
    }
}

CR_INLINE void add_start(const float *start, cr_vf sum[CR_TILE_ROWS][CR_TILE_VECTORS], const int rows,
                         const int vectors)
{
    CR_UNROLL
    for (int i = 0; i < rows; i++) {
        CR_UNROLL
        for (int j = 0; j < vectors; j++)
            sum[i][j] += cr_load(start + i * CR_TILE_WIDTH + j * CR_VECTOR);
    }
}

CR_INLINE void start(const cr_gemm_tile *t, cr_vf sum[CR_TILE_ROWS][CR_TILE_VECTORS], const int rows,
                     const int vectors)
{
    cr_vf first[CR_TILE_VECTORS];
    CR_UNROLL
    for (int j = 0; j < vectors; j++)
        first[j] = t->bias ? (cr_vf){0} : cr_load(t->begin + j * CR_VECTOR);
    bool own = t->begin_step > 0;
    CR_UNROLL
    for (int i = 0; i < rows; i++) {
        CR_UNROLL
        for (int j = 0; j < vectors; j++)
            sum[i][j] = t->bias ? cr_repeat(t->bias[i])
                        : own   ? cr_load(t->begin + i * CR_TILE_WIDTH + j * CR_VECTOR)
                                : first[j];
    }
}

// The lines of one row of outputs; returns the next row.
CR_INLINE const float *fetch_out(const cr_gemm_tile *t, const float *fetch, const float *last,
                                 const int vectors)
{
    CR_UNROLL
    for (int j = 0; j < vectors; j += CR_LINE / CR_VECTOR)
        __builtin_prefetch(fetch + j * t->fetch_vector, 1);
    return fetch + (fetch < last ? t->fetch_row : 0);
}

// A block of each row of the next tile's, which stand behind this one's: one row with each of its lanes.
CR_INLINE void fetch_next(const float *a, const int rows, const int lanes, int lane)
{
    if (lanes > 1)
        __builtin_prefetch(a + (rows + lane) * lanes);
}

// lanes: products of one row of a that stand side by side in memory; k is a multiple.
CR_INLINE void run(const cr_gemm_tile *t, const int rows, const int vectors, const int lanes)
{
    cr_vf sum[CR_TILE_ROWS][CR_TILE_VECTORS];
    const float *a = t->a, *b = t->b;
    int64_t a_step = t->a_step, b_step = t->b_step;
    start(t, sum, rows, vectors);
    for (int s = 0; s < t->n_starts; s++)
        add_start(t->starts[s], sum, rows, vectors);
    const float *ahead = t->ahead;
    int64_t ahead_step = t->ahead_step;
    const float *fetch = t->fetch, *last = fetch + (t->fetch_rows - 1) * t->fetch_row;
    if (lanes == 1 && t->rows) {
        for (int64_t p = 0; p < t->k; p++, a += a_step) {
            fetch = fetch_out(t, fetch, last, vectors);
            add_products(a, 1, b + t->rows[p], sum, rows, vectors);
        }
    } else {
        for (int64_t p = t->k; p > 0; p -= lanes, a += a_step)
            for (int lane = 0; lane < lanes; lane++, b += b_step, ahead += ahead_step) {
                __builtin_prefetch(ahead);
                fetch = fetch_out(t, fetch, last, vectors);
                fetch_next(a, rows, lanes, lane);
                add_products(a + lane, lanes, b, sum, rows, vectors);
            }
    }
    leave(t, sum, rows, vectors);
}

#if CR_TILE_HALVES
typedef float half_vector __attribute__((vector_size(CR_HALF_VECTOR * 4)));

CR_INLINE half_vector load_half(const float *from)
{
    half_vector x;
    memcpy(&x, from, sizeof x);
    return x;
}

// run() of one and a half vectors, deep, and to `sums` in any case.
CR_INLINE void run_half(const cr_gemm_tile *t, const int rows, const int lanes)
{
    cr_vf sum[CR_TILE_ROWS];
    half_vector half[CR_TILE_ROWS];
    const float *a = t->a, *b = t->b, *ahead = t->ahead;
    CR_UNROLL
    for (int i = 0; i < rows; i++) {
        sum[i] = cr_load(t->begin + i * t->begin_step);
        half[i] = load_half(t->begin + i * t->begin_step + CR_VECTOR);
    }
    for (int s = 0; s < t->n_starts; s++) {
        CR_UNROLL
        for (int i = 0; i < rows; i++) {
            sum[i] += cr_load(t->starts[s] + i * CR_TILE_WIDTH);
            half[i] += load_half(t->starts[s] + i * CR_TILE_WIDTH + CR_VECTOR);
        }
    }
    const float *fetch = t->fetch, *last = fetch + (t->fetch_rows - 1) * t->fetch_row;
    for (int64_t p = t->k; p > 0; p -= lanes, a += t->a_step)
        for (int lane = 0; lane < lanes; lane++, b += t->b_step, ahead += t->ahead_step) {
            __builtin_prefetch(ahead);
            fetch = fetch_out(t, fetch, last, CR_TILE_VECTORS);
            fetch_next(a, rows, lanes, lane);
            cr_vf column = cr_load(b);
            half_vector half_column = load_half(b + CR_VECTOR);
            CR_UNROLL
            for (int i = 0; i < rows; i++) {
                sum[i] += a[i * lanes + lane] * column;
                half[i] += a[i * lanes + lane] * half_column;
            }
        }
    CR_UNROLL
    for (int i = 0; i < rows; i++) {
        cr_store(t->sums + i * CR_TILE_WIDTH, sum[i]);
        memcpy(t->sums + i * CR_TILE_WIDTH + CR_VECTOR, &half[i], sizeof half[i]);
    }
}
#endif

/* ---- pairs ---- */

enum { RECORD = (int)CR_BLOCK * CR_PAIRS_ROWS }; // floats of a block of rows

// Two products: a1 b1 + a2 b2 = (a1 + b2) (a2 + b1) - a1 a2 - b1 b2, or with differences and all other signs; and a third
// one as it is. Each vector has a pointer of its own to the rows: see cr_twin().
CR_INLINE void add_three(const float *const a[CR_TILE_VECTORS], const int at, const int a_step,
                         const int a_row, const float *b, const bool minus,
                         cr_vf sum[CR_TILE_ROWS][CR_TILE_VECTORS], const int rows, const int vectors)
{
    const int width = vectors * CR_VECTOR;
    cr_vf x[CR_TILE_VECTORS], y[CR_TILE_VECTORS], z[CR_TILE_VECTORS];
    CR_UNROLL
    for (int j = 0; j < vectors; j++) {
        x[j] = cr_load(b + j * CR_VECTOR);
        y[j] = cr_load(b + width + j * CR_VECTOR);
        z[j] = cr_load(b + 2 * width + j * CR_VECTOR);
    }
    CR_UNROLL
    for (int i = 0; i < rows; i++) {
        CR_UNROLL
        for (int j = 0; j < vectors; j++) {
            const float *p = a[j] + at + i * a_row;
            if (minus)
                sum[i][j] -= (x[j] - p[a_step]) * (y[j] - p[0]);
            else
                sum[i][j] += (x[j] + p[a_step]) * (y[j] + p[0]);
            sum[i][j] += z[j] * p[2 * a_step];
        }
    }
}

// What run_pairs() works with.
typedef struct pairs {
    const float *a[CR_TILE_VECTORS], *b; // the middle of a block of rows of a, and its columns
    const float *ahead, *fetch, *last;   // prefetched
    int64_t ahead_step;                  // for three products
} pairs;

// CR_BLOCK products: five times three, and one. Addresses of rows count from the middle of a block, so that they are short.
CR_INLINE void add_block(const cr_gemm_tile *t, pairs *p, const int a_step, const int a_row, const bool minus,
                         cr_vf sum[CR_TILE_ROWS][CR_TILE_VECTORS], const int rows, const int vectors)
{
    const int middle = RECORD / 2, width = vectors * CR_VECTOR;
    CR_UNROLL
    for (int k = 0; k + 3 <= (int)CR_BLOCK; k += 3) {
        __builtin_prefetch(p->ahead);
        p->ahead += p->ahead_step;
        p->fetch = fetch_out(t, p->fetch, p->last, vectors);
        add_three(p->a, k * a_step - middle, a_step, a_row, p->b + k * width, minus != (k % 2 != 0), sum,
                  rows, vectors);
    }
    const int last = (int)CR_BLOCK - 1;
    add_products(p->a[0] + last * a_step - middle, a_row, p->b + last * width, sum, rows, vectors);
    CR_UNROLL
    for (int j = 0; j < CR_TILE_VECTORS; j++)
        p->a[j] = cr_twin(p->a[j] + RECORD);
    p->b += CR_BLOCK * width;
}

CR_INLINE void unscale(const cr_gemm_tile *t, cr_vf sum[CR_TILE_ROWS][CR_TILE_VECTORS], const int rows,
                       const int vectors, const bool wide)
{
    CR_UNROLL
    for (int j = 0; j < vectors; j++) {
        cr_vf times = {0}, shift = {0};
        if (!wide) {
            times = cr_load(t->unscale + j * CR_VECTOR) * t->unscale_all;
            shift = cr_load(t->shift + j * CR_VECTOR);
        }
        CR_UNROLL
        for (int i = 0; i < rows; i++)
            sum[i][j] =
                wide ? sum[i][j] * (t->unscale[i] * t->unscale_all) + t->shift[i] : sum[i][j] * times + shift;
    }
}

CR_INLINE void run_pairs(const cr_gemm_tile *t, const int rows, const int vectors, const int kind)
{
    const int a_step = kind == CR_PAIRS_DEEP_BLOCKED ? 1 : CR_PAIRS_ROWS;
    const int a_row = kind == CR_PAIRS_DEEP_BLOCKED ? (int)CR_BLOCK : 1;
    const int width = vectors * CR_VECTOR;
    cr_vf sum[CR_TILE_ROWS][CR_TILE_VECTORS];
    CR_UNROLL
    for (int j = 0; j < vectors; j++) {
        cr_vf first = cr_load(t->begin + j * CR_VECTOR);
        CR_UNROLL
        for (int i = 0; i < rows; i++)
            sum[i][j] = first + t->bias[i];
    }
    pairs p = {.b = t->b, .ahead = t->ahead, .ahead_step = 3 * t->ahead_step, .fetch = t->fetch};
    p.last = t->fetch + (t->fetch_rows - 1) * t->fetch_row;
    for (int j = 0; j < CR_TILE_VECTORS; j++)
        p.a[j] = cr_twin(t->a + RECORD / 2);
    int64_t k = t->k;
    for (; k >= 2 * (int)CR_BLOCK; k -= 2 * (int)CR_BLOCK) {
        add_block(t, &p, a_step, a_row, false, sum, rows, vectors);
        add_block(t, &p, a_step, a_row, true, sum, rows, vectors);
    }
    if (k >= (int)CR_BLOCK) {
        add_block(t, &p, a_step, a_row, false, sum, rows, vectors);
        k -= (int)CR_BLOCK;
    }
    const float *rest = p.a[0] - RECORD / 2, *b = p.b;
    for (; k > 0; k--, rest += a_step, b += width)
        add_products(rest, a_row, b, sum, rows, vectors);
    unscale(t, sum, rows, vectors, kind == CR_PAIRS_WIDE);
    leave(t, sum, rows, vectors);
}

// A function for every size, so that the sums have names and can be registers.
// clang-format off
#define TILE(name, r, v, lanes) static void CR_ISA(name##_##r##_##v)(const cr_gemm_tile *t) { run(t, r, v, lanes); }
#if CR_TILE_HALVES
#define TILE_HALF(name, r, lanes) static void CR_ISA(name##_##r##_half)(const cr_gemm_tile *t) { run_half(t, r, lanes); }
#define HALF_OF(name, r) CR_ISA(name##_##r##_half)
#else
#define TILE_HALF(name, r, lanes)
#define HALF_OF(name, r) NULL
#endif
#define THREE(name, r, lanes) TILE(name, r, 1, lanes) TILE_HALF(name, r, lanes) TILE(name, r, 2, lanes)
#define TILES(r) THREE(tile, r, 1) THREE(block, r, CR_BLOCK)
TILES(1) TILES(2) TILES(3) TILES(4) TILES(5) TILES(6)
#if CR_TILE_ROWS > 6
TILES(7) TILES(8) TILES(9) TILES(10) TILES(11) TILES(12)
#endif
#if CR_TILE_ROWS > 12
TILES(13) TILES(14)
#endif

#define ROW(name, r) {CR_ISA(name##_##r##_1), HALF_OF(name, r), CR_ISA(name##_##r##_2)}
#define ROWS(r) {ROW(tile, r), ROW(block, r)}
void (*const CR_ISA(cr_gemm_tiles)[CR_TILE_ROWS][2][2 * CR_TILE_VECTORS - 1])(const cr_gemm_tile *t) = {
    ROWS(1), ROWS(2), ROWS(3), ROWS(4), ROWS(5), ROWS(6),
#if CR_TILE_ROWS > 6
    ROWS(7), ROWS(8), ROWS(9), ROWS(10), ROWS(11), ROWS(12),
#endif
#if CR_TILE_ROWS > 12
    ROWS(13), ROWS(14),
#endif
};

#define PAIRS(name, r, v, kind) static void CR_ISA(name##_##r##_##v)(const cr_gemm_tile *t) { run_pairs(t, r, v, kind); }
#define PAIRS_BOTH(name, r, kind) PAIRS(name, r, 1, kind) PAIRS(name, r, 2, kind)
#define PAIRS_ALL(r) PAIRS_BOTH(wide, r, CR_PAIRS_WIDE) PAIRS_BOTH(deep, r, CR_PAIRS_DEEP) PAIRS_BOTH(deep_blocked, r, CR_PAIRS_DEEP_BLOCKED)
PAIRS_ALL(1) PAIRS_ALL(2) PAIRS_ALL(3) PAIRS_ALL(4)
#if CR_PAIRS_ROWS > 4
PAIRS_ALL(5) PAIRS_ALL(6) PAIRS_ALL(7) PAIRS_ALL(8) PAIRS_ALL(9) PAIRS_ALL(10) PAIRS_ALL(11) PAIRS_ALL(12)
#endif

#define PAIRS_ROW(name, r) {CR_ISA(name##_##r##_1), CR_ISA(name##_##r##_2)}
#define PAIRS_ROWS(r) {PAIRS_ROW(wide, r), PAIRS_ROW(deep, r), PAIRS_ROW(deep_blocked, r)}
void (*const CR_ISA(cr_pairs_tiles)[CR_PAIRS_ROWS][CR_PAIRS_TILES][CR_TILE_VECTORS])(const cr_gemm_tile *t) = {
    PAIRS_ROWS(1), PAIRS_ROWS(2), PAIRS_ROWS(3), PAIRS_ROWS(4),
#if CR_PAIRS_ROWS > 4
    PAIRS_ROWS(5), PAIRS_ROWS(6), PAIRS_ROWS(7), PAIRS_ROWS(8), PAIRS_ROWS(9), PAIRS_ROWS(10), PAIRS_ROWS(11), PAIRS_ROWS(12),
#endif
};
// clang-format on
