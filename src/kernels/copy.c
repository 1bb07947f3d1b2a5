/*
 * copy.c - a loop nest is simplified, cut into items for the threads, and each item copies rows or tiles.
 *
 * Rows: the last axis has step 1 on both sides. An item is a run of short rows, or a part of a long one.
 *
 * Tiles: the target runs along axis `last`, the source along axis `fast`:
 *
 *     from:  fast ->  a b c d      to:  last ->  a e i m
 *     last            e f g h      fast          b f j n
 *      |              i j k l       |            c g k o
 *      v              m n o p       v            d h l p
 *
 * 4x4 blocks are transposed in registers, in tiles that keep their lines in the first-level cache.
 */
#include "kernels/copy.h"
#include "base/int.h"

#include <string.h>

enum { ITEM_FLOATS = 16384, TILE = 64, SHORT_ROW = 16 };

typedef float v4 __attribute__((vector_size(16)));

// Positions in a loop nest, last axis fastest.
typedef struct walk {
    int rank;
    int64_t index[CR_MAX_RANK];
    int64_t from, to;
} walk;

typedef struct job {
    cr_copy c;         // simplified; the axes of a row or a tile are taken off the end
    int64_t n;         // row: floats. Tile: length of the target's axis
    int64_t from_step; // tile: of the target's axis in the source
    int64_t m;         // tile: length of the source's axis
    int64_t to_step;   // tile: of the source's axis in the target
    int64_t parts;     // a row or plane is cut into that many
    int64_t parts_n;   // tile: parts along the target's axis
    int64_t units;     // rows or planes times parts
    int64_t per_item;  // units in an item
} job;

static void walk_start(walk *w, const cr_copy *c, int64_t at)
{
    w->rank = c->rank;
    w->from = w->to = 0;
    for (int i = c->rank - 1; i >= 0; i--) {
        w->index[i] = at % c->dim[i];
        at /= c->dim[i];
        w->from += w->index[i] * c->from_step[i];
        w->to += w->index[i] * c->to_step[i];
    }
}

static void walk_next(walk *w, const cr_copy *c)
{
    for (int i = w->rank - 1; i >= 0; i--) {
        w->from += c->from_step[i];
        w->to += c->to_step[i];
        if (++w->index[i] < c->dim[i])
            return;
        w->from -= c->dim[i] * c->from_step[i];
        w->to -= c->dim[i] * c->to_step[i];
        w->index[i] = 0;
    }
}

// Drops axes of length 1 and merges neighbours that are one axis on both sides. False: nothing to copy.
static bool simplify(const cr_copy *in, cr_copy *out)
{
    *out = (cr_copy){.from = in->from, .to = in->to};
    for (int i = 0; i < in->rank; i++) {
        if (in->dim[i] == 0)
            return false;
        if (in->dim[i] == 1)
            continue;
        int last = out->rank - 1;
        bool joins = last >= 0 && out->from_step[last] == in->dim[i] * in->from_step[i] &&
                     out->to_step[last] == in->dim[i] * in->to_step[i];
        if (!joins)
            last = out->rank++;
        out->dim[last] = joins ? out->dim[last] * in->dim[i] : in->dim[i];
        out->from_step[last] = in->from_step[i];
        out->to_step[last] = in->to_step[i];
    }
    return true;
}

static void remove_axis(cr_copy *c, int axis)
{
    size_t behind = (size_t)(c->rank - axis - 1);
    memmove(&c->dim[axis], &c->dim[axis + 1], behind * sizeof c->dim[0]);
    memmove(&c->from_step[axis], &c->from_step[axis + 1], behind * sizeof c->from_step[0]);
    memmove(&c->to_step[axis], &c->to_step[axis + 1], behind * sizeof c->to_step[0]);
    c->rank--;
}

/* ---- rows ---- */

static void copy_row(float *to, const float *from, int64_t n)
{
    if (n > SHORT_ROW) {
        memcpy(to, from, (size_t)n * sizeof *to);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        to[i] = from[i];
}

static void rows_item(void *ctx, int64_t item, int slot)
{
    (void)slot;
    const job *j = ctx;
    int64_t unit = item * j->per_item, end = cr_i64_min(unit + j->per_item, j->units);
    walk w;
    walk_start(&w, &j->c, unit / j->parts);
    if (j->parts > 1) { // one part of a long row
        int64_t at = unit % j->parts * ITEM_FLOATS;
        copy_row(j->c.to + w.to + at, j->c.from + w.from + at, cr_i64_min(ITEM_FLOATS, j->n - at));
        return;
    }
    for (; unit < end; unit++) {
        copy_row(j->c.to + w.to, j->c.from + w.from, j->n);
        walk_next(&w, &j->c);
    }
}

static void run_rows(job *j, cr_pool *pool)
{
    int last = j->c.rank - 1;
    j->n = 1; // single values, unless the last axis is a row on both sides
    if (last >= 0 && j->c.to_step[last] == 1 && j->c.from_step[last] == 1) {
        j->n = j->c.dim[last];
        remove_axis(&j->c, last);
    }
    j->parts = cr_div_up(j->n, ITEM_FLOATS);
    j->per_item = j->parts > 1 ? 1 : ITEM_FLOATS / j->n;
    j->units = j->parts;
    for (int i = 0; i < j->c.rank; i++)
        j->units *= j->c.dim[i];
    cr_parallel(pool, cr_div_up(j->units, j->per_item), rows_item, j);
}

/* ---- tiles ---- */

// to[m][n] = from[n][m] for 4x4 values.
static void transpose_4x4(float *to, int64_t to_step, const float *from, int64_t from_step)
{
    v4 r[4], t[4];
    for (int i = 0; i < 4; i++)
        memcpy(&r[i], from + i * from_step, sizeof r[i]);
    t[0] = __builtin_shufflevector(r[0], r[1], 0, 4, 1, 5);
    t[1] = __builtin_shufflevector(r[2], r[3], 0, 4, 1, 5);
    t[2] = __builtin_shufflevector(r[0], r[1], 2, 6, 3, 7);
    t[3] = __builtin_shufflevector(r[2], r[3], 2, 6, 3, 7);
    r[0] = __builtin_shufflevector(t[0], t[1], 0, 1, 4, 5);
    r[1] = __builtin_shufflevector(t[0], t[1], 2, 3, 6, 7);
    r[2] = __builtin_shufflevector(t[2], t[3], 0, 1, 4, 5);
    r[3] = __builtin_shufflevector(t[2], t[3], 2, 3, 6, 7);
    for (int i = 0; i < 4; i++)
        memcpy(to + i * to_step, &r[i], sizeof r[i]);
}

static void transpose(const job *j, float *to, const float *from, int64_t m, int64_t n)
{
    int64_t x = 0;
    for (; x + 4 <= m; x += 4) {
        int64_t y = 0;
        for (; y + 4 <= n; y += 4)
            transpose_4x4(to + x * j->to_step + y, j->to_step, from + y * j->from_step + x, j->from_step);
        for (; y < n; y++)
            for (int64_t i = x; i < x + 4; i++)
                to[i * j->to_step + y] = from[y * j->from_step + i];
    }
    for (; x < m; x++)
        for (int64_t y = 0; y < n; y++)
            to[x * j->to_step + y] = from[y * j->from_step + x];
}

static void tiles_item(void *ctx, int64_t item, int slot)
{
    (void)slot;
    const job *j = ctx;
    int64_t unit = item * j->per_item, end = cr_i64_min(unit + j->per_item, j->units);
    walk w;
    walk_start(&w, &j->c, unit / j->parts);
    for (; unit < end; unit++) {
        int64_t part = unit % j->parts;
        int64_t x = part / j->parts_n * TILE, y = part % j->parts_n * TILE;
        transpose(j, j->c.to + w.to + x * j->to_step + y, j->c.from + w.from + y * j->from_step + x,
                  cr_i64_min(TILE, j->m - x), cr_i64_min(TILE, j->n - y));
        if (part == j->parts - 1)
            walk_next(&w, &j->c);
    }
}

// The last axis is the target's; `fast` is the source's.
static void run_tiles(job *j, int fast, cr_pool *pool)
{
    int last = j->c.rank - 1;
    j->n = j->c.dim[last];
    j->from_step = j->c.from_step[last];
    j->m = j->c.dim[fast];
    j->to_step = j->c.to_step[fast];
    remove_axis(&j->c, last);
    remove_axis(&j->c, fast);
    j->parts_n = cr_div_up(j->n, TILE);
    j->parts = cr_div_up(j->m, TILE) * j->parts_n;
    j->units = j->parts;
    for (int i = 0; i < j->c.rank; i++)
        j->units *= j->c.dim[i];
    j->per_item = cr_div_up(ITEM_FLOATS, cr_i64_min(TILE, j->m) * cr_i64_min(TILE, j->n));
    cr_parallel(pool, cr_div_up(j->units, j->per_item), tiles_item, j);
}

/* ---- any nest ---- */

void cr_copy_run(const cr_copy *copy, cr_pool *pool)
{
    job j = {0};
    if (copy->from == copy->to || !simplify(copy, &j.c))
        return;
    cr_copy *c = &j.c;
    int last = c->rank - 1;
    if (last >= 0 && c->to_step[last] == 1 && c->from_step[last] != 1)
        for (int i = 0; i < last; i++)
            if (c->from_step[i] == 1) {
                run_tiles(&j, i, pool);
                return;
            }
    run_rows(&j, pool);
}

void cr_copy_steps(const cr_tensor *t, int64_t step[CR_MAX_RANK])
{
    int64_t n = 1;
    for (int i = t->shape.rank - 1; i >= 0; i--) {
        step[i] = i == 0 && t->shape.dim[0] > 1 ? t->image_stride : n;
        n *= t->shape.dim[i];
    }
}
