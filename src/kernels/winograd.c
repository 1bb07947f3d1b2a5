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
 * Tiles at the end of an axis may do without some points (winograd_layout.c). Tiles of a block are numbered by
 * kind,
 *
 *     A (no end), B (end of a row), C (end of a column), D (both)
 *
 * so that a point that the end of columns lacks has the tiles A, B, one that the end of rows lacks A, C (C then
 * stands where B would), one that both lack A. The numbers of a point are always one run.
 */
#include "base/int.h"
#include "kernels/kernels.h"
#include "kernels/winograd_layout.h"

enum { MIN_CHANNELS = 8 }; // of input and output: below, the transforms cost more than they save

typedef struct job {
    const cr_winograd_layout *l;
    const cr_conv_buffers *b;
    const float *in, *u, *bias, *slopes, *add; // of the group
    float *out;
    const cr_epilogue *epilogue; // NULL where it is applied afterwards
    float *v;                    // shared
    cr_winograd_block block;     // whose panels are at work
} job;

/* ---- input ---- */

// What padded position p of an axis reads.
static int32_t read_at(const cr_axis *axis, int64_t p)
{
    int64_t o = cr_i64_min(p, axis->out - 1);
    return axis->index[0][(p - o) * axis->out + o];
}

static void fill(float *to, int64_t n, float value)
{
    for (int64_t i = 0; i < n; i++)
        to[i] = value;
}

// Padded columns [begin, end) of a row one by one: those outside the input.
static void gather_columns(const cr_winograd_layout *l, const float *const *rows, int64_t begin, int64_t end,
                           float *to)
{
    const cr_window *w = l->conv->window;
    int lanes = l->kernels->lanes;
    for (int64_t p = begin; p < end; p++, to += lanes) {
        int32_t x = read_at(&w->axis[1], p);
        for (int i = 0; i < lanes; i++)
            to[i] = x == CR_TAP_OUTSIDE ? w->outside : rows[i][x];
    }
}

// Padded columns [first, first + columns) of one padded row; what lies behind the last window is 0. plane: of each
// channel of the block.
static void gather_row(const cr_winograd_layout *l, const float *const *plane, int64_t row, int64_t first,
                       int64_t columns, float *to)
{
    const cr_axis *axis = l->conv->window->axis;
    const float *rows[CR_WINOGRAD_MAX_LANES];
    int lanes = l->kernels->lanes;
    int64_t all = first + columns, end = cr_i64_min(all, l->width + l->taps - 1);
    int32_t y = row < l->height + l->taps - 1 ? read_at(&axis[0], row) : CR_TAP_OUTSIDE;
    if (y == CR_TAP_OUTSIDE) {
        float value = row < l->height + l->taps - 1 ? l->conv->window->outside : 0;
        fill(to, (end - first) * lanes, value);
    } else {
        int64_t pad = axis[1].pad_before[0];
        int64_t run = cr_i64_max(first, pad), run_end = cr_i64_max(run, cr_i64_min(end, pad + axis[1].in));
        for (int i = 0; i < lanes; i++)
            rows[i] = plane[i] + y * axis[1].in + run - pad;
        l->kernels->gather(rows, run_end - run, to + (run - first) * lanes);
        for (int i = 0; i < lanes; i++)
            rows[i] = plane[i] + y * axis[1].in;
        gather_columns(l, rows, first, cr_i64_min(run, end), to);
        gather_columns(l, rows, run_end, end, to + (run_end - first) * lanes);
    }
    fill(to + (end - first) * lanes, (all - end) * lanes, 0);
}

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

static void transform_input(const job *j, const cr_winograd_block *b, int64_t block_index, float *slab,
                            float *v)
{
    const cr_winograd_layout *l = j->l;
    int64_t lanes = l->kernels->lanes;
    v += block_index * l->tiles * lanes;
    for (int64_t n = 0; n < b->images; n++) {
        const float *image = j->in + (b->image + n) * l->conv->in_image_stride;
        const float *plane[CR_WINOGRAD_MAX_LANES];
        // lanes behind the last channel are read by no product, but must be something
        for (int64_t i = 0; i < lanes; i++)
            plane[i] = image + cr_i64_min(block_index * lanes + i, l->channels - 1) * l->conv->in_count;
        for (int64_t y = 0; y < b->rows * l->m + l->taps - 1; y++)
            gather_row(l, plane, b->row * l->m + y, b->column * l->m, b->columns * l->m + l->taps - 1,
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

/* ---- products and output ---- */

static void multiply(const job *j, const cr_winograd_block *b, int64_t panel, const float *v, float *y)
{
    const cr_winograd_layout *l = j->l;
    int64_t lanes = l->kernels->lanes;
    cr_winograd_product p = {0, l->channels, l->tiles * lanes, 2 * lanes,
                             cr_winograd_panel_vectors(l, panel)};
    const float *u = j->u + panel * l->panel_all;
    for (int q = 0; q < l->points * l->points; q++) {
        bool wide_row = !(l->end_points[0] >> q / l->points & 1);
        bool wide_column = !(l->end_points[1] >> q % l->points & 1);
        p.tiles = b->n_a;
        if (!wide_column)
            p.tiles += b->n_b;
        if (!wide_row)
            p.tiles += wide_column ? b->n_c : b->tiles - b->n_a - b->n_b;
        l->kernels->product(&p, v + q * l->v_step, u + q * l->channels * p.vectors * lanes,
                            y + q * l->y_step);
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

// PARTIAL: sums of windows that are partly outside.
static void scale_row(const cr_winograd_layout *l, int64_t row, int64_t first, int64_t columns, float *strip)
{
    const cr_axis *axis = l->conv->window->axis;
    int64_t lanes = l->kernels->lanes;
    for (int64_t x = 0; x < columns; x++) {
        float factor = axis[0].factor[row] * axis[1].factor[first + x];
        for (int64_t i = 0; i < lanes && factor != 1; i++)
            strip[x * lanes + i] *= factor;
    }
}

// What the epilogue says for `channels` output channels of the group, from the first; values has room for lanes of
// biases and slopes.
static cr_winograd_scatter scatter_of(const job *j, int64_t first, int64_t channels, float *values)
{
    const cr_epilogue *e = j->epilogue;
    int64_t lanes = j->l->kernels->lanes;
    cr_winograd_scatter s = {.channels = channels, .channel_step = j->l->conv->out_count};
    s.bias = values;
    s.slopes = values + lanes;
    s.epilogue = e;
    for (int64_t i = 0; i < lanes; i++) {
        bool is = i < channels;
        values[i] = is && j->bias ? j->bias[first + i] : 0;
        values[lanes + i] = !e ? 0 : e->activation != CR_ACT_PRELU ? e->slope : is ? j->slopes[first + i] : 0;
    }
    return s;
}

// Row `row` of tiles of the block's image n, for the channels of s, from the first.
static void scatter_strip(const job *j, const cr_winograd_block *b, int64_t n, int64_t row,
                          const cr_winograd_scatter *s, int64_t first, float *strip)
{
    const cr_winograd_layout *l = j->l;
    int64_t y = (b->row + row) * l->m, x = b->column * l->m, image = b->image + n;
    for (int64_t r = 0; r < cr_i64_min(l->m, l->height - y); r++) {
        int64_t at = first * l->conv->out_count + (y + r) * l->width + x;
        const float *add = j->add ? j->add + image * j->epilogue->add_image_stride + at : NULL;
        if (l->conv->window->partial)
            scale_row(l, y + r, x, s->columns, strip + r * l->strip_row);
        l->kernels->scatter(s, strip + r * l->strip_row, add,
                            j->out + image * l->conv->out_image_stride + at);
    }
}

static void transform_output(const job *j, const cr_winograd_block *b, int64_t panel, const float *y,
                             float *strip)
{
    const cr_winograd_layout *l = j->l;
    int64_t lanes = l->kernels->lanes, end = cr_i64_min(l->outputs, (panel + 1) * 2 * lanes);
    for (int64_t c = panel * 2 * lanes; c < end; c += lanes, y += lanes) {
        float values[2 * CR_WINOGRAD_MAX_LANES];
        cr_winograd_scatter s = scatter_of(j, c, cr_i64_min(lanes, end - c), values);
        s.columns = cr_i64_min(b->columns * l->m, l->width - b->column * l->m);
        for (int64_t i = 0; i < b->images * b->rows; i++) {
            output_strip(l, b, i / b->rows, i % b->rows, y, strip);
            scatter_strip(j, b, i / b->rows, i % b->rows, &s, c, strip);
        }
    }
}

/* ---- cutting the work ---- */

static void run_panel(const job *j, const cr_winograd_block *b, int64_t panel, const float *v, float *slot)
{
    multiply(j, b, panel, v, slot);
    transform_output(j, b, panel, slot, slot + j->l->y_all);
}

static float *slot_floats(const job *j, int slot)
{
    return (float *)(j->b->slot_scratch + (size_t)slot * j->b->slot_step);
}

static void input_item(void *ctx, int64_t item, int slot)
{
    const job *j = ctx;
    transform_input(j, &j->block, item, slot_floats(j, slot) + j->l->y_all + j->l->strip_all, j->v);
}

static void panel_item(void *ctx, int64_t item, int slot)
{
    const job *j = ctx;
    run_panel(j, &j->block, item, j->v, slot_floats(j, slot));
}

static size_t slot_bytes(const cr_conv *c)
{
    return (size_t)cr_winograd_lay_out(c).slot_all * sizeof(float);
}

static size_t scratch_bytes(const cr_conv *c)
{
    cr_winograd_layout l = cr_winograd_lay_out(c);
    return l.shared ? (size_t)l.v_all * sizeof(float) : 0;
}

// Activations with an exponential have a pass of their own.
static bool fused(const cr_epilogue *e)
{
    return e && e->activation != CR_ACT_SIGMOID && e->activation != CR_ACT_SWISH;
}

static job job_of(const cr_winograd_layout *l, const cr_conv_buffers *b, int64_t group)
{
    const cr_conv *c = l->conv;
    const cr_epilogue *e = fused(b->epilogue) ? b->epilogue : NULL;
    int64_t first = group * l->outputs,
            group_pack = (int64_t)(cr_winograd_pack_bytes(c) / sizeof(float)) / c->group;
    job j = {
        .l = l, .b = b, .v = b->scratch, .u = (const float *)b->pack + group * group_pack, .epilogue = e};
    j.in = b->in + group * l->channels * c->in_count;
    j.out = b->out + first * c->out_count;
    j.bias = b->bias ? b->bias + first : NULL;
    j.slopes = e && e->slopes ? e->slopes + first : NULL;
    j.add = e && e->add ? e->add + first * c->out_count : NULL;
    return j;
}

// A block of one group.
static void own_item(void *ctx, int64_t item, int slot)
{
    const job *any = ctx;
    const cr_winograd_layout *l = any->l;
    job j = job_of(l, any->b, item / cr_winograd_blocks(l));
    float *y = slot_floats(&j, slot), *slab = y + l->y_all + l->strip_all, *v = slab + l->slab_all;
    cr_winograd_block b = cr_winograd_block_at(l, item % cr_winograd_blocks(l));
    for (int64_t c = 0; c < l->blocks; c++)
        transform_input(&j, &b, c, slab, v);
    for (int64_t p = 0; p < l->panels; p++)
        run_panel(&j, &b, p, v, y);
}

static void run_shared(job *j)
{
    const cr_winograd_layout *l = j->l;
    for (int64_t i = 0; i < cr_winograd_blocks(l); i++) {
        j->block = cr_winograd_block_at(l, i);
        cr_parallel(j->b->pool, l->blocks, input_item, j);
        cr_parallel(j->b->pool, l->panels, panel_item, j);
    }
}

static void run(const cr_conv *c, const cr_conv_buffers *b)
{
    cr_winograd_layout l = cr_winograd_lay_out(c);
    job j = job_of(&l, b, 0);
    if (!l.shared)
        cr_parallel(b->pool, c->group * cr_winograd_blocks(&l), own_item, &j);
    for (int64_t g = 0; l.shared && g < c->group; g++) {
        j = job_of(&l, b, g);
        run_shared(&j);
    }
    cr_epilogue_out out = {b->out, c->images, c->out_channels, c->out_count, c->out_image_stride};
    if (!fused(b->epilogue))
        cr_epilogue_apply(c->kernels, b->epilogue, &out, b->pool);
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
    .scratch_bytes = scratch_bytes,
    .slot_bytes = slot_bytes,
    .epilogue = true,
    .run = run,
};
