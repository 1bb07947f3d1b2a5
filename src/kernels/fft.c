/*
 * fft.c - convolutions with large kernels, as products of spectra.
 *
 * A tile of n outputs less the kernel's overlap reads n inputs an axis, n = 16, 24, 32, 48 or 64 (overlap-save). Its
 * transform costs the same whatever the kernel, and then each pair of channels one product of spectra a tile:
 *
 *     image --gather--> lines, z --split--> v --product with u--> y --merge--> z, lines --scatter--> image
 *            transposed,            per bin:    weights, per bin            transposed
 *            padded                 tiles x     and panel of
 *                                   channels    outputs
 *
 * Vectors are channels. Planes, (tile, block of channels), go through the transforms in pairs, as real and imaginary
 * parts (isa/fft.c); tiles follow each other first, so that a pair is neighbours in a block where it can be. A
 * depthwise convolution multiplies the spectra of a pair between its transforms; an item is a pair. All others do a
 * block of tiles at a time, all of its inputs, then bins, then outputs, of as many tiles as keep the spectra in the
 * outer caches. All cuts depend on shapes alone, and sums run over the channels in order.
 */
#include "base/int.h"
#include "kernels/fft_layout.h"
#include "kernels/kernels.h"

enum { CHUNKS = 32 }; // bins are cut in so many items

typedef cr_fft_layout layout;

typedef struct job {
    const layout *l;
    const cr_conv_buffers *b;
    const cr_epilogue *epilogue; // NULL: none
    int64_t group;
    const float *u;            // of the group
    int64_t first_tile, tiles; // of the block at work
    float *v, *y;
} job;

// A tile of a block of channels.
typedef struct plane {
    int64_t image, block, y, x; // y, x: its first output
    int64_t tile;               // in the block of tiles
} plane;

static plane plane_at(const layout *l, int64_t first_tile, int64_t tiles, int64_t index)
{
    int64_t tile = first_tile + index % tiles, in_image = tile % l->image_tiles;
    return (plane){.image = tile / l->image_tiles,
                   .block = index / tiles,
                   .y = in_image / l->columns * l->reach[0],
                   .x = in_image % l->columns * l->reach[1],
                   .tile = index % tiles};
}

/* ---- weights ---- */

static size_t pack_bytes(const cr_conv *c)
{
    layout l = cr_fft_lay_out(c);
    return (size_t)(l.groups * l.u_group) * sizeof(float);
}

static int pack_kind(const cr_conv *c)
{
    layout l = cr_fft_lay_out(c);
    return l.size[0] * (CR_FFT_MAX_SIZE + 1) + l.size[1];
}

static void pack(const cr_conv *c, const float *weights, void *to)
{
    layout l = cr_fft_lay_out(c);
    int64_t lanes = l.kernels->lanes, channels = l.depthwise ? 1 : l.channels;
    cr_fft_weights p = {.height = l.size[0], .width = l.size[1], .bin_step = l.u_bin};
    float *u = to;
    p.kernel_h = l.axis[0].kernel;
    p.kernel_w = l.axis[1].kernel;
    p.output_step = channels * c->kernel_count;
    for (int64_t g = 0; g < l.groups; g++)
        for (int64_t block = 0; block < l.out_blocks; block++) {
            int64_t first = g * l.outputs + block * lanes;
            p.outputs = cr_i64_min(lanes, l.outputs - block * lanes);
            p.scale = c->scale ? c->scale + first : NULL;
            float *panel = u + g * l.u_group + block * l.u_block;
            for (int64_t i = 0; i < channels; i++)
                l.kernels->weights(&p, weights + first * p.output_step + i * c->kernel_count,
                                   panel + i * 2 * lanes);
        }
}

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

// Padded columns [begin, end) one by one: those outside the input.
static void gather_columns(const layout *l, const float *const *rows, int64_t begin, int64_t end, float *to)
{
    int lanes = l->kernels->lanes;
    for (int64_t p = begin; p < end; p++, to += lanes) {
        int32_t x = read_at(&l->axis[1], p);
        if (x == CR_TAP_OUTSIDE)
            fill(to, lanes, l->conv->window->outside);
        else
            for (int i = 0; i < lanes; i++)
                to[i] = rows[i][x];
    }
}

// Row `row` of a plane, for each of its channels; what lies behind the last window is 0. False: all of it is 0.
static bool gather_row(const layout *l, const plane *p, const float *const *channel, int64_t row, float *to)
{
    const cr_axis *axis = l->axis;
    const float *rows[CR_FFT_MAX_LANES];
    int lanes = l->kernels->lanes;
    int64_t all = p->x + l->size[1], end = cr_i64_min(all, axis[1].out + axis[1].kernel - 1), y = p->y + row;
    bool is = y < axis[0].out + axis[0].kernel - 1;
    int32_t at = is ? read_at(&axis[0], y) : CR_TAP_OUTSIDE;
    float outside = is ? l->conv->window->outside : 0;
    if (at == CR_TAP_OUTSIDE) {
        fill(to, (end - p->x) * lanes, outside);
    } else {
        int64_t pad = axis[1].pad_before[0];
        int64_t run = cr_i64_max(p->x, pad), run_end = cr_i64_max(run, cr_i64_min(end, pad + axis[1].in));
        for (int i = 0; i < lanes; i++)
            rows[i] = channel[i] + at * axis[1].in + run - pad;
        l->ends->gather(rows, run_end - run, to + (run - p->x) * lanes);
        for (int i = 0; i < lanes; i++)
            rows[i] = channel[i] + at * axis[1].in;
        gather_columns(l, rows, p->x, cr_i64_min(run, end), to);
        gather_columns(l, rows, run_end, end, to + (run_end - p->x) * lanes);
    }
    fill(to + (end - p->x) * lanes, (all - end) * lanes, 0);
    return at != CR_TAP_OUTSIDE || outside != 0;
}

// Lanes behind the last channel are used by nothing, but must be something.
static void set_channels(const job *j, const plane *p, const float **channel)
{
    const layout *l = j->l;
    const cr_conv *c = l->conv;
    const float *in = j->b->in + p->image * c->in_image_stride + j->group * l->channels * c->in_count;
    for (int64_t i = 0; i < l->kernels->lanes; i++)
        channel[i] = in + cr_i64_min(p->block * l->kernels->lanes + i, l->channels - 1) * c->in_count;
}

// Rows of two planes, or of one and nothing, transformed, to z; lines behind it are scratch.
static void transform_rows(const job *j, const plane *planes, int count, float *z)
{
    const layout *l = j->l;
    const float *channel[2][CR_FFT_MAX_LANES];
    int64_t lanes = l->kernels->lanes;
    float *line[2] = {z + l->z_all, z + l->z_all + l->line_all};
    for (int i = 0; i < count; i++)
        set_channels(j, &planes[i], channel[i]);
    if (count == 1)
        fill(line[1], l->line_all, 0);
    for (int64_t y = 0; y < l->size[0]; y++) {
        bool is = false;
        for (int i = 0; i < count; i++)
            is |= gather_row(l, &planes[i], channel[i], y, line[i]);
        float *row = z + y * l->row_step;
        if (is)
            l->kernels->line(l->size[1], &(cr_fft_line){line[0], line[1], lanes},
                             &(cr_fft_line){row, row + lanes, 2 * lanes});
        else
            fill(row, l->size[1] * 2 * lanes, 0);
    }
}

/* ---- output ---- */

// PARTIAL: sums of windows that are partly outside.
static void scale_row(const layout *l, int64_t y, int64_t x, int64_t columns, float *strip)
{
    int64_t lanes = l->kernels->lanes;
    for (int64_t i = 0; i < columns; i++) {
        float factor = l->axis[0].factor[y] * l->axis[1].factor[x + i];
        for (int64_t k = 0; k < lanes && factor != 1; k++)
            strip[i * lanes + k] *= factor;
    }
}

// Where a plane's outputs go.
typedef struct way_out {
    cr_winograd_scatter scatter;
    float bias[CR_FFT_MAX_LANES], slopes[CR_FFT_MAX_LANES];
    const float *add;
    float *out;
} way_out;

static void set_way_out(const job *j, const plane *p, way_out *w)
{
    const layout *l = j->l;
    const cr_conv *c = l->conv;
    const cr_epilogue *e = j->epilogue;
    int64_t lanes = l->kernels->lanes, first = j->group * l->outputs + p->block * lanes;
    int64_t at = first * c->out_count + p->y * l->axis[1].out + p->x;
    w->scatter = (cr_winograd_scatter){.columns = cr_i64_min(l->reach[1], l->axis[1].out - p->x),
                                       .channels = cr_i64_min(lanes, l->outputs - p->block * lanes),
                                       .channel_step = c->out_count,
                                       .bias = w->bias,
                                       .slopes = w->slopes,
                                       .epilogue = e};
    for (int64_t i = 0; i < lanes; i++) {
        bool is = i < w->scatter.channels;
        w->bias[i] = is && j->b->bias ? j->b->bias[first + i] : 0;
        w->slopes[i] = !e ? 0 : e->activation != CR_ACT_PRELU ? e->slope : is ? e->slopes[first + i] : 0;
    }
    w->add = e && e->add ? e->add + p->image * e->add_image_stride + at : NULL;
    w->out = j->b->out + p->image * c->out_image_stride + at;
}

// From z, whose columns are transformed back.
static void finish_rows(const job *j, const plane *planes, int count, float *z)
{
    const layout *l = j->l;
    int64_t lanes = l->kernels->lanes, rows = 0;
    float *line[2] = {z + l->z_all, z + l->z_all + l->line_all};
    way_out way[2];
    for (int i = 0; i < count; i++) {
        set_way_out(j, &planes[i], &way[i]);
        rows = cr_i64_max(rows, cr_i64_min(l->reach[0], l->axis[0].out - planes[i].y));
    }
    for (int64_t y = 0; y < rows; y++) {
        float *row = z + y * l->row_step;
        l->kernels->line(l->size[1], &(cr_fft_line){row + lanes, row, 2 * lanes},
                         &(cr_fft_line){line[1], line[0], lanes});
        for (int i = 0; i < count; i++) {
            int64_t at = y * l->axis[1].out;
            if (planes[i].y + y >= l->axis[0].out)
                continue;
            if (l->conv->window->partial)
                scale_row(l, planes[i].y + y, planes[i].x, way[i].scatter.columns, line[i]);
            l->ends->scatter(&way[i].scatter, line[i], way[i].add ? way[i].add + at : NULL, way[i].out + at);
        }
    }
}

/* ---- cutting the work ---- */

static float *slot_floats(const job *j, int slot)
{
    return (float *)(void *)(j->b->slot_scratch + (size_t)slot * j->b->slot_step);
}

static cr_fft_tile tile_of(const layout *l, float *z)
{
    return (cr_fft_tile){l->size[0], l->size[1], z, l->row_step};
}

// Planes 2 * item and the next one, if there is one.
static int pair_at(const job *j, int64_t blocks, int64_t item, plane *planes)
{
    int count = 2 * item + 1 < blocks * j->tiles ? 2 : 1;
    for (int i = 0; i < count; i++)
        planes[i] = plane_at(j->l, j->first_tile, j->tiles, 2 * item + i);
    return count;
}

static void depthwise_item(void *ctx, int64_t item, int slot)
{
    const job *j = ctx;
    const layout *l = j->l;
    float *z = slot_floats(j, slot);
    plane p[2];
    int count = pair_at(j, l->in_blocks, item, p);
    cr_fft_tile tile = tile_of(l, z);
    float *u = (float *)j->b->pack;
    transform_rows(j, p, count, z);
    l->kernels->multiply(
        &tile, &(cr_fft_pair){u + p[0].block * l->u_block, u + p[count - 1].block * l->u_block, l->u_bin});
    finish_rows(j, p, count, z);
}

// Of a plane in v or y.
static float *spectrum(float *spectra, int64_t tile_step, int64_t lanes, const plane *p)
{
    return spectra + p->tile * tile_step + p->block * 2 * lanes;
}

static void input_item(void *ctx, int64_t item, int slot)
{
    const job *j = ctx;
    const layout *l = j->l;
    float *z = slot_floats(j, slot);
    plane p[2];
    int count = pair_at(j, l->in_blocks, item, p);
    cr_fft_tile tile = tile_of(l, z);
    transform_rows(j, p, count, z);
    float *first = spectrum(j->v, l->v_tile, l->kernels->lanes, &p[0]);
    float *second = count == 2 ? spectrum(j->v, l->v_tile, l->kernels->lanes, &p[1]) : NULL;
    l->kernels->split(&tile, &(cr_fft_pair){first, second, l->v_bin});
}

static void product_item(void *ctx, int64_t item, int slot)
{
    (void)slot;
    const job *j = ctx;
    const layout *l = j->l;
    int64_t lanes = l->kernels->lanes;
    cr_fft_product p = {j->tiles, l->channels, l->v_tile, l->y_tile};
    for (int64_t q = l->bins * item / CHUNKS; q < l->bins * (item + 1) / CHUNKS; q++)
        for (int64_t block = 0; block < l->out_blocks; block++)
            l->kernels->product(&p, j->v + q * l->v_bin, j->u + q * l->u_bin + block * l->u_block,
                                j->y + q * l->y_bin + block * 2 * lanes);
}

static void output_item(void *ctx, int64_t item, int slot)
{
    const job *j = ctx;
    const layout *l = j->l;
    float *z = slot_floats(j, slot);
    plane p[2];
    int count = pair_at(j, l->out_blocks, item, p);
    cr_fft_tile tile = tile_of(l, z);
    float *first = spectrum(j->y, l->y_tile, l->kernels->lanes, &p[0]);
    float *second = count == 2 ? spectrum(j->y, l->y_tile, l->kernels->lanes, &p[1]) : NULL;
    l->kernels->merge(&tile, &(cr_fft_pair){first, second, l->y_bin});
    finish_rows(j, p, count, z);
}

static size_t slot_bytes(const cr_conv *c)
{
    return (size_t)cr_fft_lay_out(c).slot_all * sizeof(float);
}

static size_t scratch_bytes(const cr_conv *c)
{
    layout l = cr_fft_lay_out(c);
    return (size_t)(l.bins * (l.v_bin + l.y_bin)) * sizeof(float);
}

static void run_group(job *j)
{
    const layout *l = j->l;
    cr_pool *pool = j->b->pool;
    j->u = (const float *)j->b->pack + j->group * l->u_group;
    for (j->first_tile = 0; j->first_tile < l->all_tiles; j->first_tile += j->tiles) {
        j->tiles = cr_i64_min(l->most_tiles, l->all_tiles - j->first_tile);
        cr_parallel(pool, cr_div_up(l->in_blocks * j->tiles, 2), input_item, j);
        cr_parallel(pool, CHUNKS, product_item, j);
        cr_parallel(pool, cr_div_up(l->out_blocks * j->tiles, 2), output_item, j);
    }
}

// Activations with an exponential have a pass of their own, behind the sum.
static bool is_later(const cr_epilogue *e)
{
    return e && (e->activation == CR_ACT_SIGMOID || e->activation == CR_ACT_SWISH);
}

static void run(const cr_conv *c, const cr_conv_buffers *b)
{
    layout l = cr_fft_lay_out(c);
    job j = {.l = &l, .b = b, .epilogue = b->epilogue};
    cr_epilogue sum;
    if (is_later(b->epilogue)) {
        sum = *b->epilogue;
        sum.activation = CR_ACT_NONE;
        j.epilogue = &sum;
    }
    if (l.depthwise) {
        j.tiles = l.all_tiles;
        cr_parallel(b->pool, cr_div_up(l.in_blocks * l.all_tiles, 2), depthwise_item, &j);
    } else {
        j.v = b->scratch;
        j.y = j.v + l.bins * l.v_bin;
        for (j.group = 0; j.group < l.groups; j.group++)
            run_group(&j);
    }
    if (is_later(b->epilogue)) {
        cr_epilogue after = *b->epilogue;
        cr_epilogue_out out = {b->out, c->images, c->out_channels, c->out_count, c->out_image_stride};
        after.add = NULL;
        cr_epilogue_apply(c->kernels, &after, &out, b->pool);
    }
}

const cr_conv_algorithm cr_conv_fft = {
    .name = "fft",
    .accepts = cr_fft_refusal,
    .loses = cr_fft_loses,
    .pack_bytes = pack_bytes,
    .pack_kind = pack_kind,
    .pack = pack,
    .scratch_bytes = scratch_bytes,
    .slot_bytes = slot_bytes,
    .epilogue = true,
    .run = run,
};
