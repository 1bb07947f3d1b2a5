#include "base/cpu.h"
#include "kernels/kernels.h"
#include "kernels/winograd_product.h"
#include "tests/support/geometry.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

enum { MAX_TILES = 30, MAX_CHANNELS = 70, MAX_LANES = 16 };

typedef struct operands {
    int lanes;
    float v[(MAX_CHANNELS / 4 + 1) * MAX_TILES * MAX_LANES] __attribute__((aligned(64)));
    float u[(MAX_CHANNELS + 1) * 2 * MAX_LANES] __attribute__((aligned(64)));
    float y[MAX_TILES * 2 * MAX_LANES] __attribute__((aligned(64)));
    float sums[MAX_TILES];
} operands;

static void fill(operands *o, unsigned *seed)
{
    for (size_t i = 0; i < sizeof o->v / sizeof *o->v; i++)
        o->v[i] = random_float(seed);
    for (size_t i = 0; i < sizeof o->u / sizeof *o->u; i++)
        o->u[i] = random_float(seed);
}

static double expected(const operands *o, const cr_winograd_product *p, int64_t tile, int64_t column)
{
    double sum = 0;
    for (int64_t c = 0; c < p->channels; c++)
        sum += (double)o->v[c / o->lanes * p->block_step + tile * o->lanes + c % o->lanes] *
               (double)o->u[c * p->vectors * o->lanes + column];
    return sum;
}

static void compare(const operands *o, const cr_winograd_product *p)
{
    for (int64_t i = 0; i < p->tiles; i++)
        for (int64_t c = 0; c < p->vectors * o->lanes; c++) {
            double want = expected(o, p, i, c), got = (double)o->y[i * p->y_step + c];
            ck_assert_msg(fabs(got - want) < 1e-4, "tile %d of %d, %d channels, column %d: %g, not %g",
                          (int)i, (int)p->tiles, (int)p->channels, (int)c, got, want);
        }
}

static void check(const cr_winograd_product_kernels *k, operands *o, cr_winograd_product *p)
{
    memset(o->y, 0xFF, sizeof o->y);
    k->product(p, o->v, o->u, o->y);
    compare(o, p);
    if (!k->pairs)
        return;
    memset(o->y, 0xFF, sizeof o->y);
    k->weight_sums(p->channels, p->vectors, o->u);
    k->tile_sums(p, o->v, o->sums);
    p->sums = o->sums;
    k->pairs(p, o->v, o->u, o->y);
    compare(o, p);
}

static cr_winograd_product product_of(const operands *o, int64_t tiles, int64_t channels, int vectors)
{
    return (cr_winograd_product){tiles, channels, MAX_TILES * o->lanes, 2 * o->lanes, vectors, NULL};
}

// Every size of a register tile, and channels that are no whole number of blocks.
START_TEST(products_of_every_size)
{
    unsigned seed = 1;
    operands o;
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++) {
        if (!cr_cpu_runs((*k)->name))
            continue;
        o.lanes = (*k)->vector;
        fill(&o, &seed);
        for (int64_t tiles = 1; tiles <= MAX_TILES; tiles++)
            for (int vectors = 1; vectors <= 2; vectors++) {
                cr_winograd_product p = product_of(&o, tiles, 1 + rand_r(&seed) % MAX_CHANNELS, vectors);
                check((*k)->winograd_product, &o, &p);
            }
    }
}
END_TEST

START_TEST(tiles_of_zeros_give_zeros)
{
    unsigned seed = 2;
    operands o;
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++) {
        const cr_winograd_product_kernels *kernels = (*k)->winograd_product;
        if (!cr_cpu_runs((*k)->name) || !kernels->pairs)
            continue;
        o.lanes = (*k)->vector;
        fill(&o, &seed);
        memset(o.v, 0, sizeof o.v);
        memset(o.sums, 0, sizeof o.sums);
        cr_winograd_product p = product_of(&o, MAX_TILES, MAX_CHANNELS, 2);
        p.sums = o.sums;
        kernels->weight_sums(p.channels, p.vectors, o.u);
        kernels->pairs(&p, o.v, o.u, o.y);
        for (int64_t i = 0; i < MAX_TILES * 2 * o.lanes; i++)
            ck_assert(o.y[i] == 0);
    }
}
END_TEST

TEST_MAIN("kernels/winograd_product", products_of_every_size, tiles_of_zeros_give_zeros)
