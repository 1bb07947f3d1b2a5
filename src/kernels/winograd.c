/*
 * winograd.c - 3x3 and 5x5 convolutions of stride 1 with a fraction of the multiplications.
 *
 * A tile of m x m outputs of t x t taps reads n x n inputs, n = m + t - 1. Both are seen as polynomials, whose
 * product is known from its values at n points an axis; so per pair of channels n^2 multiplications give what
 * t^2 m^2 would (isa/winograd.c has the points). Per point the sum over the input channels is a matrix product over
 * many tiles:
 *
 *     image --gather--> slab --input--> v --product with u--> y --output--> strip --scatter--> image
 *            transposed,       per point:     weights, per      a panel of        transposed
 *            padded            tiles x        point and panel   outputs
 *                              channels
 *
 * Tiles are taken in blocks, rectangles of them in one or more images. Where there are many blocks, each is one
 * work item that does all of the above in caches of its own. Where there are few, their inputs are transformed
 * side by side first, and then an item is a block and a panel of output channels. All borders depend on shapes
 * alone. Small images put several of a batch into one block.
 *
 * Where additions run beside multiplications the products are taken by pairs of channels (winograd_product.h), for which
 * v and u must be of one size: weights are scaled when they are packed, by output channel; the inputs of a block, by
 * image, where they are gathered; outputs take it back where they are scattered. All scales are powers of two. A block
 * whose inputs are all zeros, too large or too small for that, or not finite, has products of the usual kind.
 *
 * Tiles at the end of an axis may do without some points (winograd_layout.c). Tiles of a block are numbered by
 * kind,
 *
 *     A (no end), B (end of a row), C (end of a column), D (both)
 *
 * so that a point that the end of columns lacks has the tiles A, B, one that the end of rows lacks A, C (C then
 * stands where B would), one that both lack A. The numbers of a point are always one run.
 */
#include "base/int.h"
#include "kernels/interleave.h"
#include "kernels/kernels.h"
#include "kernels/pairs.h"
#include "kernels/winograd_layout.h"
#include "kernels/winograd_product.h"

enum { MIN_CHANNELS = 8 }; // of input and output: below, the transforms cost more than they save

typedef struct job {
    const cr_winograd_layout *l;
    const cr_conv_buffers *b;
    int64_t group;
    const float *u;              // of the group
    const cr_epilogue *epilogue; // but for an exponential
    cr_winograd_block block;     // what is at work
    float *v;                    // of it
    bool pairs;                  // of channels; then there are
    float *sums;                 // of tiles: (points, l->tiles)
    float *scales;               // of images
    float *squares;              // (blocks, images): means
} job;

/* ---- input ---- */

// Number of the first tile of kind A or C in a row, and of its tile of kind B or D.
static void tile_numbers(const cr_winograd_block *b, int64_t image, int64_t row, int64_t *full,
                         int64_t *narrow)
{
    if (row < b->full_rows) {
        *full = (image * b->full_rows + row) * b->full_columns;
        *narrow = b->n_a + image * b->full_rows + row;
    } else {
        *full = b->n_a + b->n_b + image * b->full_columns;
        *narrow = b->n_a + b->n_b + b->n_c + image;
    }
}

// The tiles of kind A or C in a row; one is tile_step floats behind the other.
static cr_winograd_tiles tiles_of(const cr_winograd_layout *l, const cr_winograd_block *b, int64_t row,
                                  int64_t tile_step)
{
    bool low = row >= b->full_rows;
    return (cr_winograd_tiles){.points = l->points,
                               .taps = l->taps,
                               .height = low ? l->end_m[0] : l->m,
                               .width = l->m,
                               .rows = low ? l->end_points[0] : l->all,
                               .columns = l->all,
                               .count = b->full_columns,
                               .tile_step = tile_step,
                               .everywhere = l->end_points[1],
                               .narrow_shift = low ? b->n_b * tile_step : 0};
}

// On to the tile at its end, if that lacks points.
static void to_end(const cr_winograd_layout *l, const cr_winograd_block *b, cr_winograd_tiles *t)
{
    t->width = l->end_m[1];
    t->columns = l->end_points[1];
    t->narrow_shift = 0;
    t->count = b->columns - b->full_columns;
}

// The group's channels of the block's image n.
static const float *image_of(const job *j, int64_t n)
{
    const cr_conv *c = j->l->conv;
    return j->b->in + (j->block.image + n) * c->in_image_stride + j->group * j->l->channels * c->in_count;
}

static void transform_input(const job *j, int64_t block_index, float *slab)
{
    const cr_winograd_layout *l = j->l;
    const cr_winograd_block *b = &j->block;
    int64_t lanes = l->kernels->lanes;
    float *v = j->v + block_index * l->tiles * lanes;
    for (int64_t n = 0; n < b->images; n++) {
        cr_interleave_in in;
        cr_interleave_set_in(&in, l->conv, image_of(j, n), block_index * lanes, l->channels);
        if (j->pairs)
            in.scale = j->scales[n];
        for (int64_t y = 0; y < b->rows * l->m + l->taps - 1; y++)
            cr_interleave_row_in(&in, b->row * l->m + y, b->column * l->m, b->columns * l->m + l->taps - 1,
                                 slab + y * l->slab_row);
        for (int64_t row = 0; row < b->rows; row++) {
            int64_t full, narrow;
            tile_numbers(b, n, row, &full, &narrow);
            const float *from = slab + row * l->m * l->slab_row;
            cr_winograd_tiles t = tiles_of(l, b, row, lanes);
            t.q_step = l->v_step;
            t.row_step = l->slab_row;
            l->kernels->input(&t, from, v + full * lanes);
            to_end(l, b, &t);
            l->kernels->input(&t, from + b->full_columns * l->m * lanes, v + narrow * lanes);
        }
    }
}

/* ---- scales ---- */

// [*begin, *end): inputs of an axis that windows of its outputs first .. first + outputs - 1 read, but for odd paddings.
static void inputs_of(const cr_winograd_layout *l, int axis, int64_t first, int64_t outputs, int64_t *begin,
                      int64_t *end)
{
    const cr_axis *a = &l->conv->window->axis[axis];
    *begin = cr_i64_max(first - a->pad_before[0], 0);
    *end = cr_i64_max(cr_i64_min(first + outputs + l->taps - 1 - a->pad_before[0], a->in), *begin);
}

// The mean square of the inputs of a block of channels in the block's image n; of whole lines of CR_BLOCK only.
static float mean_square(const job *j, int64_t block_index, int64_t n)
{
    const cr_winograd_layout *l = j->l;
    const cr_winograd_block *b = &j->block;
    int64_t lanes = l->kernels->lanes, width = l->conv->window->axis[1].in, y, y_end, x, x_end;
    int64_t first = block_index * lanes, end = cr_i64_min(first + lanes, l->channels);
    inputs_of(l, 0, b->row * l->m, b->rows * l->m, &y, &y_end);
    inputs_of(l, 1, b->column * l->m, b->columns * l->m, &x, &x_end);
    bool whole = x_end - x == width; // then rows stand one behind the other
    int64_t runs = whole ? 1 : y_end - y, lines = (whole ? (y_end - y) * width : x_end - x) / CR_BLOCK;
    float sum = 0;
    for (int64_t c = first; c < end; c++)
        for (int64_t r = 0; r < runs; r++)
            sum += l->conv->kernels->pairs->squares(
                image_of(j, n) + c * l->conv->in_count + (y + r) * width + x, lines, CR_BLOCK);
    return sum / (float)((end - first) * runs * lines * CR_BLOCK);
}

static void squares_item(void *ctx, int64_t item, int slot)
{
    const job *j = ctx;
    (void)slot;
    for (int64_t n = 0; n < j->block.images; n++)
        j->squares[item * j->block.images + n] = mean_square(j, item, n);
}

// From the mean squares: the images' scales, or that the block is better done without pairs.
static void set_scales(job *j)
{
    const cr_winograd_layout *l = j->l;
    j->pairs = l->pairs;
    for (int64_t n = 0; j->pairs && n < j->block.images; n++) {
        double sum = 0;
        for (int64_t c = 0; c < l->blocks; c++)
            sum += (double)j->squares[c * j->block.images + n];
        j->scales[n] = cr_winograd_input_scale(l, sum / (double)l->blocks);
        j->pairs = j->scales[n] != 0;
    }
}

// By what the products of `lanes` output channels, from `at` in a panel, are multiplied: those of the block's image n.
static void undo_scales(const job *j, int64_t panel, int64_t at, int64_t n, float *scale)
{
    const cr_winograd_layout *l = j->l;
    int64_t lanes = l->kernels->lanes, width = cr_winograd_panel_vectors(l, panel) * lanes;
    const float *of_weights = j->u + panel * l->panel_all + l->points * l->points * l->u_rows * width + at;
    for (int64_t i = 0; i < lanes; i++)
        scale[i] = of_weights[i] / (j->pairs ? j->scales[n] : 1);
}

/* ---- products and output ---- */

// Of point q, for all panels.
static cr_winograd_product product_of(const job *j, int q)
{
    const cr_winograd_layout *l = j->l;
    const cr_winograd_block *b = &j->block;
    int64_t lanes = l->kernels->lanes;
    bool wide_row = !(l->end_points[0] >> q / l->points & 1);
    bool wide_column = !(l->end_points[1] >> q % l->points & 1);
    cr_winograd_product p = {b->n_a, l->channels, l->tiles * lanes, 2 * lanes, 0, NULL};
    if (!wide_column)
        p.tiles += b->n_b;
    if (!wide_row)
        p.tiles += wide_column ? b->n_c : b->tiles - b->n_a - b->n_b;
    if (j->pairs)
        p.sums = j->sums + q * l->tiles;
    return p;
}

// Of point q.
static void sums_item(void *ctx, int64_t q, int slot)
{
    const job *j = ctx;
    (void)slot;
    cr_winograd_product p = product_of(j, (int)q);
    j->l->conv->kernels->winograd_product->tile_sums(&p, j->v + q * j->l->v_step, j->sums + q * j->l->tiles);
}

static void multiply(const job *j, int64_t panel, float *y)
{
    const cr_winograd_layout *l = j->l;
    const cr_winograd_product_kernels *k = l->conv->kernels->winograd_product;
    const float *u = j->u + panel * l->panel_all;
    int vectors = cr_winograd_panel_vectors(l, panel);
    for (int q = 0; q < l->points * l->points; q++) {
        cr_winograd_product p = product_of(j, q);
        p.vectors = vectors;
        (j->pairs ? k->pairs : k->product)(
            &p, j->v + q * l->v_step, u + q * l->u_rows * vectors * l->kernels->lanes, y + q * l->y_step);
    }
}

static void output_strip(const cr_winograd_layout *l, const cr_winograd_block *b, int64_t n, int64_t row,
                         const float *y, float *strip)
{
    int64_t full, narrow, width = 2 * l->kernels->lanes;
    tile_numbers(b, n, row, &full, &narrow);
    cr_winograd_tiles t = tiles_of(l, b, row, width);
    t.q_step = l->y_step;
    t.row_step = l->strip_row;
    l->kernels->output(&t, y + full * width, strip);
    to_end(l, b, &t);
    l->kernels->output(&t, y + narrow * width, strip + b->full_columns * l->m * l->kernels->lanes);
}

static void transform_output(const job *j, int64_t panel, const float *y, float *strip)
{
    const cr_winograd_layout *l = j->l;
    const cr_winograd_block *b = &j->block;
    int64_t lanes = l->kernels->lanes, end = cr_i64_min(l->outputs, (panel + 1) * 2 * lanes);
    int64_t x = b->column * l->m;
    for (int64_t c = panel * 2 * lanes; c < end; c += lanes, y += lanes) {
        float scale[CR_INTERLEAVE_LANES];
        cr_interleave_out out;
        cr_interleave_set_out(&out, l->conv, j->b, j->epilogue, j->group * l->outputs + c,
                              cr_i64_min(lanes, end - c));
        out.scatter.columns = cr_i64_min(b->columns * l->m, l->width - x);
        out.scatter.scale = l->pairs ? scale : NULL;
        for (int64_t i = 0; i < b->images * b->rows; i++) {
            int64_t row = (b->row + i % b->rows) * l->m;
            if (l->pairs && i % b->rows == 0)
                undo_scales(j, panel, c % (2 * lanes), i / b->rows, scale);
            output_strip(l, b, i / b->rows, i % b->rows, y, strip);
            for (int64_t r = 0; r < cr_i64_min(l->m, l->height - row); r++)
                cr_interleave_row_out(&out, b->image + i / b->rows, row + r, x, strip + r * l->strip_row);
        }
    }
}

/* ---- cutting the work ---- */

static void run_panel(const job *j, int64_t panel, float *slot)
{
    multiply(j, panel, slot);
    transform_output(j, panel, slot, slot + j->l->y_all);
}

static float *slot_floats(const job *j, int slot)
{
    return (float *)(j->b->slot_scratch + (size_t)slot * j->b->slot_step);
}

static void input_item(void *ctx, int64_t item, int slot)
{
    const job *j = ctx;
    transform_input(j, item, slot_floats(j, slot) + j->l->y_all + j->l->strip_all);
}

static void panel_item(void *ctx, int64_t item, int slot)
{
    const job *j = ctx;
    run_panel(j, item, slot_floats(j, slot));
}

static size_t slot_bytes(const cr_conv *c)
{
    return (size_t)cr_winograd_lay_out(c).slot_all * sizeof(float);
}

static size_t scratch_bytes(const cr_conv *c)
{
    cr_winograd_layout l = cr_winograd_lay_out(c);
    return l.shared ? (size_t)l.block_all * sizeof(float) : 0;
}

static void set_group(job *j, int64_t group)
{
    const cr_conv *c = j->l->conv;
    j->group = group;
    j->u =
        (const float *)j->b->pack + group * (int64_t)(cr_winograd_pack_bytes(c) / sizeof(float)) / c->group;
}

// What is at work, and where its v and all that belongs to it lies.
static void set_block(job *j, int64_t index, float *at)
{
    const cr_winograd_layout *l = j->l;
    j->block = cr_winograd_block_at(l, index);
    j->v = at;
    j->sums = j->v + l->v_all;
    j->scales = j->sums + l->sums_all;
    j->squares = j->scales + l->block_images;
}

// A block of one group.
static void own_item(void *ctx, int64_t item, int slot)
{
    const job *any = ctx;
    const cr_winograd_layout *l = any->l;
    job j = *any;
    set_group(&j, item / cr_winograd_blocks(l));
    float *y = slot_floats(&j, slot), *slab = y + l->y_all + l->strip_all;
    set_block(&j, item % cr_winograd_blocks(l), slab + l->slab_all);
    for (int64_t c = 0; l->pairs && c < l->blocks; c++)
        squares_item(&j, c, slot);
    set_scales(&j);
    for (int64_t c = 0; c < l->blocks; c++)
        transform_input(&j, c, slab);
    for (int64_t q = 0; j.pairs && q < l->points * l->points; q++)
        sums_item(&j, q, slot);
    for (int64_t p = 0; p < l->panels; p++)
        run_panel(&j, p, y);
}

static void run_shared(job *j)
{
    const cr_winograd_layout *l = j->l;
    for (int64_t i = 0; i < cr_winograd_blocks(l); i++) {
        set_block(j, i, j->b->scratch);
        if (l->pairs)
            cr_parallel(j->b->pool, l->blocks, squares_item, j);
        set_scales(j);
        cr_parallel(j->b->pool, l->blocks, input_item, j);
        if (j->pairs)
            cr_parallel(j->b->pool, l->points * l->points, sums_item, j);
        cr_parallel(j->b->pool, l->panels, panel_item, j);
    }
}

static void run(const cr_conv *c, const cr_conv_buffers *b)
{
    cr_winograd_layout l = cr_winograd_lay_out(c);
    cr_epilogue now, later;
    cr_epilogue_split(b->epilogue, &now, &later);
    job j = {.l = &l, .b = b, .epilogue = &now};
    if (!l.shared)
        cr_parallel(b->pool, c->group * cr_winograd_blocks(&l), own_item, &j);
    for (int64_t g = 0; l.shared && g < c->group; g++) {
        set_group(&j, g);
        run_shared(&j);
    }
    cr_epilogue_out out = {b->out, c->images, c->out_channels, c->out_count, c->out_image_stride};
    cr_epilogue_apply(c->kernels, &later, &out, b->pool);
}

static const char *accepts(const cr_conv *c)
{
    const cr_window *w = c->window;
    if (!c->kernels)
        return "no ISA level is chosen";
    if (c->exact)
        return "it rounds more than a direct sum does";
    if (w->n_axes != 2)
        return "it has two axes";
    for (int a = 0; a < 2; a++)
        if ((w->axis[a].kernel != 3 && w->axis[a].kernel != 5) || w->axis[a].kernel != w->axis[0].kernel ||
            w->axis[a].stride != 1 || w->axis[a].dilation != 1)
            return "the window is not 3x3 or 5x5 with stride and dilation 1";
        else if (w->variant && w->axis[a].pad_before[0] != w->axis[a].pad_before[1])
            return "channels differ in their padding";
    if (cr_window_has_empty(w))
        return "a window lies outside the image (PARTIAL)";
    if (c->in_channels / c->group < MIN_CHANNELS || c->out_channels / c->group < MIN_CHANNELS)
        return "a group has fewer than 8 channels";
    if (c->out_count == 0 || c->images == 0)
        return "there is no output";
    return NULL;
}

const cr_conv_algorithm cr_conv_winograd = {
    .name = "winograd",
    .accepts = accepts,
    .pack_bytes = cr_winograd_pack_bytes,
    .pack_kind = cr_winograd_m,
    .pack = cr_winograd_pack,
    .pack_unit = cr_winograd_pack_unit,
    .pack_rows = cr_winograd_pack_rows,
    .scratch_bytes = scratch_bytes,
    .slot_bytes = slot_bytes,
    .epilogue = true,
    .run = run,
};
