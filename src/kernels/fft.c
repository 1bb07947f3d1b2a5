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
#include "kernels/interleave.h"
#include "kernels/kernels.h"

enum { CHUNKS = 32 }; // bins are cut in so many items

typedef cr_fft_layout layout;

typedef struct job {
    const layout *l;
    const cr_conv_buffers *b;
    const cr_epilogue *epilogue; // but for an exponential
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

// Before the spectra of the weights: the sizes that were chosen for them, so that run() need not choose.
typedef struct header {
    int32_t height, width;
} header;

enum { HEADER = 16 }; // floats

static size_t pack_bytes(const cr_conv *c)
{
    layout l = cr_fft_lay_out(c);
    return (size_t)(HEADER + l.groups * l.u_group) * sizeof(float);
}

static int pack_kind(const cr_conv *c)
{
    layout l = cr_fft_lay_out(c);
    return l.size[0] * (CR_FFT_MAX_SIZE + 1) + l.size[1];
}

static void pack_weights(const layout *l, const float *weights, float *u)
{
    const cr_conv *c = l->conv;
    int64_t lanes = l->kernels->lanes, channels = l->depthwise ? 1 : l->channels;
    cr_fft_weights p = {.height = l->size[0], .width = l->size[1], .bin_step = l->u_bin};
    p.kernel_h = l->axis[0].kernel;
    p.kernel_w = l->axis[1].kernel;
    p.output_step = channels * c->kernel_count;
    for (int64_t g = 0; g < l->groups; g++)
        for (int64_t block = 0; block < l->out_blocks; block++) {
            int64_t first = g * l->outputs + block * lanes;
            p.outputs = cr_i64_min(lanes, l->outputs - block * lanes);
            p.scale = c->scale ? c->scale + first : NULL;
            float *panel = u + g * l->u_group + block * l->u_block;
            for (int64_t i = 0; i < channels; i++)
                l->kernels->weights(&p, weights + first * p.output_step + i * c->kernel_count,
                                    panel + i * 2 * lanes);
        }
}

static void pack(const cr_conv *c, const float *weights, void *to)
{
    layout l = cr_fft_lay_out(c);
    *(header *)to = (header){l.size[0], l.size[1]};
    pack_weights(&l, weights, (float *)to + HEADER);
}

static const float *spectra_of_weights(const cr_conv_buffers *b)
{
    return (const float *)b->pack + HEADER;
}

/* ---- input ---- */

static void clear(float *to, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        to[i] = 0;
}

// Rows of two planes, or of one and nothing, transformed, to z; lines behind it are scratch.
static void transform_rows(const job *j, const plane *planes, int count, float *z)
{
    const layout *l = j->l;
    const cr_conv *c = l->conv;
    int64_t lanes = l->kernels->lanes;
    float *line[2] = {z + l->z_all, z + l->z_all + l->line_all};
    cr_interleave_in in[2];
    for (int i = 0; i < count; i++) {
        int64_t at = planes[i].image * c->in_image_stride + j->group * l->channels * c->in_count;
        cr_interleave_set_in(&in[i], c, j->b->in + at, planes[i].block * lanes, l->channels);
    }
    if (count == 1)
        clear(line[1], l->line_all);
    for (int64_t y = 0; y < l->size[0]; y++) {
        bool is = false;
        for (int i = 0; i < count; i++)
            is |= cr_interleave_row_in(&in[i], planes[i].y + y, planes[i].x, l->size[1], line[i]);
        float *row = z + y * l->row_step;
        if (is)
            l->kernels->line(l->size[1], &(cr_fft_line){line[0], line[1], lanes},
                             &(cr_fft_line){row, row + lanes, 2 * lanes});
        else
            clear(row, l->size[1] * 2 * lanes);
    }
}

/* ---- output ---- */

// From z, whose columns are transformed back.
static void finish_rows(const job *j, const plane *planes, int count, float *z)
{
    const layout *l = j->l;
    int64_t lanes = l->kernels->lanes, rows = 0;
    float *line[2] = {z + l->z_all, z + l->z_all + l->line_all};
    cr_interleave_out out[2];
    for (int i = 0; i < count; i++) {
        int64_t first = planes[i].block * lanes;
        cr_interleave_set_out(&out[i], l->conv, j->b, j->epilogue, j->group * l->outputs + first,
                              cr_i64_min(lanes, l->outputs - first));
        out[i].scatter.columns = cr_i64_min(l->reach[1], l->axis[1].out - planes[i].x);
        rows = cr_i64_max(rows, cr_i64_min(l->reach[0], l->axis[0].out - planes[i].y));
    }
    for (int64_t y = 0; y < rows; y++) {
        float *row = z + y * l->row_step;
        l->kernels->line(l->size[1], &(cr_fft_line){row + lanes, row, 2 * lanes},
                         &(cr_fft_line){line[1], line[0], lanes});
        for (int i = 0; i < count; i++)
            if (planes[i].y + y < l->axis[0].out)
                cr_interleave_row_out(&out[i], planes[i].image, planes[i].y + y, planes[i].x, line[i]);
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
    float *u = (float *)spectra_of_weights(j->b);
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
    j->u = spectra_of_weights(j->b) + j->group * l->u_group;
    for (j->first_tile = 0; j->first_tile < l->all_tiles; j->first_tile += j->tiles) {
        j->tiles = cr_i64_min(l->most_tiles, l->all_tiles - j->first_tile);
        cr_parallel(pool, cr_div_up(l->in_blocks * j->tiles, 2), input_item, j);
        cr_parallel(pool, CHUNKS, product_item, j);
        cr_parallel(pool, cr_div_up(l->out_blocks * j->tiles, 2), output_item, j);
    }
}

static void run(const cr_conv *c, const cr_conv_buffers *b)
{
    const header *chosen = b->pack;
    layout l = cr_fft_lay_out_as(c, chosen->height, chosen->width);
    cr_epilogue now, later;
    cr_epilogue_split(b->epilogue, &now, &later);
    job j = {.l = &l, .b = b, .epilogue = &now};
    if (l.depthwise) {
        j.tiles = l.all_tiles;
        cr_parallel(b->pool, cr_div_up(l.in_blocks * l.all_tiles, 2), depthwise_item, &j);
    } else {
        j.v = b->scratch;
        j.y = j.v + l.bins * l.v_bin;
        for (j.group = 0; j.group < l.groups; j.group++)
            run_group(&j);
    }
    cr_epilogue_out out = {b->out, c->images, c->out_channels, c->out_count, c->out_image_stride};
    cr_epilogue_apply(c->kernels, &later, &out, b->pool);
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
