/*
 * winograd_product.c - the products of the Winograd convolution: register tiles of some tiles by one or two vectors
 * of output channels; the tiles' values are read again and again as operands that memory repeats.
 *
 * Pairs of channels pay where additions run beside multiplications. There every third channel remains as it is, so
 * that both kinds of units are full: of a block of 16 channels
 *
 *     (0 1) 2  (3 4) 5  (6 7) 8  (9 10) 11  (12 13) 14 15
 *
 * those in brackets are pairs, which makes 11 multiply-adds and 10 additions of 16 multiply-adds. The products of
 * every second pair are taken with the other sign, sum -= (a1 - b2) (a2 - b1), so that sums of positive numbers do not
 * grow. Channels of a last block that is not full are not paired.
 *
 * Each vector of columns has a pointer of its own to what is repeated: see cr_twin().
 */
#include "kernels/winograd_product.h"
#include "kernels/simd.h"

#if defined(__AVX512F__)
#define ROWS 14
#define PAIR_ROWS 12
#elif defined(__aarch64__)
#define ROWS 12
#else
#define ROWS 6
#endif

// What a register tile works on.
typedef struct job {
    const float *v, *u;
    float *y;
    const float *sums;  // of pairs, by tile
    const float *ahead; // and what is prefetched: so many lines with every FETCH channels
    int64_t lines;
} job;

CR_INLINE void one(const int rows, const int vectors, cr_vf sum[ROWS][2], const float *const *v,
                   const float *u)
{
    cr_vf column[2];
    CR_UNROLL
    for (int j = 0; j < vectors; j++)
        column[j] = cr_load(u + j * CR_VECTOR);
    CR_UNROLL
    for (int i = 0; i < rows; i++) {
        CR_UNROLL
        for (int j = 0; j < vectors; j++)
            sum[i][j] += v[j][i * CR_VECTOR] * column[j];
    }
}

CR_INLINE void rows_product(const cr_winograd_product *p, const int rows, const int vectors, const job *t)
{
    const float *v = t->v, *u = t->u;
    cr_vf sum[ROWS][2];
    CR_UNROLL
    for (int i = 0; i < rows; i++) {
        CR_UNROLL
        for (int j = 0; j < vectors; j++)
            sum[i][j] = (cr_vf){0};
    }
    for (int64_t left = p->channels; left > 0; left -= CR_VECTOR) {
        const float *end = v + (left < CR_VECTOR ? left : CR_VECTOR);
        for (const float *a = v; a < end; a++, u += vectors * CR_VECTOR)
            one(rows, vectors, sum, (const float *const[]){a, a}, u);
        v += p->block_step;
    }
    CR_UNROLL
    for (int i = 0; i < rows; i++) {
        CR_UNROLL
        for (int j = 0; j < vectors; j++)
            cr_store(t->y + i * p->y_step + j * CR_VECTOR, sum[i][j]);
    }
}

// A function for every size, so that the sums have names and can be registers.
typedef void rows_fn(const cr_winograd_product *p, const job *t);
#define SIZE(name, r)                                                      \
    static void name##_##r##_1(const cr_winograd_product *p, const job *t) \
    {                                                                      \
        name##_product(p, r, 1, t);                                        \
    }                                                                      \
    static void name##_##r##_2(const cr_winograd_product *p, const job *t) \
    {                                                                      \
        name##_product(p, r, 2, t);                                        \
    }
#define BOTH(name, r)                  \
    {                                  \
        name##_##r##_1, name##_##r##_2 \
    }
// clang-format off
SIZE(rows, 1) SIZE(rows, 2) SIZE(rows, 3) SIZE(rows, 4) SIZE(rows, 5) SIZE(rows, 6)
#if ROWS > 6
SIZE(rows, 7) SIZE(rows, 8) SIZE(rows, 9) SIZE(rows, 10) SIZE(rows, 11) SIZE(rows, 12)
#endif
#if ROWS > 12
SIZE(rows, 13) SIZE(rows, 14)
#endif
static rows_fn *const row_functions[ROWS][2] = {
    BOTH(rows, 1), BOTH(rows, 2), BOTH(rows, 3), BOTH(rows, 4), BOTH(rows, 5), BOTH(rows, 6),
#if ROWS > 6
    BOTH(rows, 7), BOTH(rows, 8), BOTH(rows, 9), BOTH(rows, 10), BOTH(rows, 11), BOTH(rows, 12),
#endif
#if ROWS > 12
    BOTH(rows, 13), BOTH(rows, 14),
#endif
};
// clang-format on

// Tiles in as few groups as registers allow, of sizes as equal as can be.
static void product(const cr_winograd_product *p, const float *v, const float *u, float *y)
{
    int64_t groups = (p->tiles + ROWS - 1) / ROWS;
    for (int64_t g = 0; g < groups; g++) {
        int64_t first = p->tiles * g / groups, rows = p->tiles * (g + 1) / groups - first;
        job t = {.v = v + first * CR_VECTOR, .u = u, .y = y + first * p->y_step};
        row_functions[rows - 1][p->vectors - 1](p, &t);
    }
}

/* ---- pairs ---- */

#if defined(PAIR_ROWS)
enum {
    LEAST_TILES = 4, // fewer chains of sums wait for each other
    FETCH = 4,
    LINE = 16 // floats
};

CR_INLINE void pair(const int rows, const int vectors, const bool minus, cr_vf sum[ROWS][2],
                    const float *const *v, const float *u)
{
    cr_vf a1[2], a2[2];
    CR_UNROLL
    for (int j = 0; j < vectors; j++) {
        a1[j] = cr_load(u + j * CR_VECTOR);
        a2[j] = cr_load(u + (vectors + j) * CR_VECTOR);
    }
    CR_UNROLL
    for (int i = 0; i < rows; i++) {
        CR_UNROLL
        for (int j = 0; j < vectors; j++) {
            const float *b = v[j] + i * CR_VECTOR;
            if (minus)
                sum[i][j] -= (a1[j] - cr_repeat(b[1])) * (a2[j] - cr_repeat(b[0]));
            else
                sum[i][j] += (a1[j] + cr_repeat(b[1])) * (a2[j] + cr_repeat(b[0]));
        }
    }
}

// FETCH channels at a time, since a burst of prefetches would hold up the loads of u.
CR_INLINE void block(const int rows, const int vectors, cr_vf sum[ROWS][2], const float *const *v,
                     const float *u, const float *ahead, int64_t lines)
{
    const int step = vectors * CR_VECTOR;
    CR_UNROLL
    for (int k = 0; k < CR_VECTOR; k++) {
        const float *at[] = {v[0] + k, v[1] + k};
        if (k % FETCH == 0)
            for (const float *end = ahead + lines * LINE; ahead < end; ahead += LINE)
                __builtin_prefetch(ahead, 0, 2);
        if (k % 3 == 0 && k < CR_VECTOR - 1)
            pair(rows, vectors, k % 2 != 0, sum, at, u + k * step);
        else if (k % 3 != 1)
            one(rows, vectors, sum, at, u + k * step);
    }
}

CR_INLINE void pairs_product(const cr_winograd_product *p, const int rows, const int vectors, const job *t)
{
    cr_vf sum[ROWS][2];
    const float *u = t->u, *ahead = t->ahead, *from[2] = {cr_twin(t->v), cr_twin(t->v)};
    CR_UNROLL
    for (int i = 0; i < rows; i++) {
        CR_UNROLL
        for (int j = 0; j < vectors; j++)
            sum[i][j] = (cr_vf){0};
    }
    int64_t left = p->channels;
    for (; left >= CR_VECTOR; left -= CR_VECTOR) {
        block(rows, vectors, sum, from, u, ahead, t->lines);
        ahead += t->lines * LINE * (CR_VECTOR / FETCH);
        u += CR_VECTOR * vectors * CR_VECTOR;
        from[0] += p->block_step;
        from[1] += p->block_step;
    }
    for (; left > 0; left--) {
        one(rows, vectors, sum, from, u);
        u += vectors * CR_VECTOR;
        from[0]++;
        from[1]++;
    }
    CR_UNROLL
    for (int j = 0; j < vectors; j++) {
        cr_vf of_weights = cr_load(u + j * CR_VECTOR);
        CR_UNROLL
        for (int i = 0; i < rows; i++)
            cr_store(t->y + i * p->y_step + j * CR_VECTOR, sum[i][j] - of_weights - t->sums[i]);
    }
}

// clang-format off
SIZE(pairs, 1) SIZE(pairs, 2) SIZE(pairs, 3) SIZE(pairs, 4) SIZE(pairs, 5) SIZE(pairs, 6)
SIZE(pairs, 7) SIZE(pairs, 8) SIZE(pairs, 9) SIZE(pairs, 10) SIZE(pairs, 11) SIZE(pairs, 12)
static rows_fn *const pair_functions[PAIR_ROWS][2] = {
    BOTH(pairs, 1), BOTH(pairs, 2), BOTH(pairs, 3), BOTH(pairs, 4), BOTH(pairs, 5), BOTH(pairs, 6),
    BOTH(pairs, 7), BOTH(pairs, 8), BOTH(pairs, 9), BOTH(pairs, 10), BOTH(pairs, 11), BOTH(pairs, 12),
};
// clang-format on

// While the groups of tiles read one point's u, they prefetch the next one's, each its part: only then is memory, of
// which a large layer's u must come, at work all the time.
static void pairs(const cr_winograd_product *p, const float *v, const float *u, float *y)
{
    if (p->tiles < LEAST_TILES) {
        product(p, v, u, y);
        return;
    }
    int64_t groups = (p->tiles + PAIR_ROWS - 1) / PAIR_ROWS, width = p->vectors * CR_VECTOR;
    const float *next = u + (p->channels + 1) * width;
    for (int64_t g = 0; g < groups; g++) {
        int64_t first = p->tiles * g / groups, rows = p->tiles * (g + 1) / groups - first;
        job t = {.v = v + first * CR_VECTOR, .u = u, .y = y + first * p->y_step, .sums = p->sums + first};
        t.ahead = next + p->channels * width * g / groups;
        t.lines = (FETCH * width / LINE + groups - 1) / groups;
        pair_functions[rows - 1][p->vectors - 1](p, &t);
    }
}

// By the very additions that tiles of zeros do, so that theirs are zeros in the end.
static void weight_sums(int64_t channels, int vectors, float *u)
{
    static const float zeros[CR_VECTOR];
    cr_winograd_product p = {.channels = channels, .vectors = vectors};
    float *row = u + channels * vectors * CR_VECTOR;
    job t = {.v = zeros, .u = u, .y = row, .sums = zeros};
    memset(row, 0, (size_t)vectors * sizeof(cr_vf));
    pair_functions[0][vectors - 1](&p, &t);
}

// Lanes of pairs with each other; the rest with anything.
#define SWAPPED 1, 0, 2, 4, 3, 5, 7, 6, 8, 10, 9, 11, 13, 12, 14, 15
static const cr_vf sign = {1, 0, 0, -1, 0, 0, 1, 0, 0, -1, 0, 0, 1, 0, 0, 0};

static void tile_sums(const cr_winograd_product *p, const float *v, float *sums)
{
    for (int64_t i = 0; i < p->tiles; i++) {
        const float *from = v + i * CR_VECTOR;
        cr_vf sum = {0};
        for (int64_t left = p->channels; left >= CR_VECTOR; left -= CR_VECTOR, from += p->block_step) {
            cr_vf x = cr_load(from);
            sum += x * __builtin_shufflevector(x, x, SWAPPED);
        }
        sum *= sign;
        float lane[CR_VECTOR];
        memcpy(lane, &sum, sizeof sum);
        sums[i] = (lane[0] + lane[6] + lane[12]) + (lane[3] + lane[9]);
    }
}
#endif

extern const cr_winograd_product_kernels CR_ISA(cr_winograd_product_kernels);
const cr_winograd_product_kernels CR_ISA(cr_winograd_product_kernels) = {
    .product = product,
#if defined(PAIR_ROWS)
    .pairs = pairs,
    .weight_sums = weight_sums,
    .tile_sums = tile_sums,
#endif
};
