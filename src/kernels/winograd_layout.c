/*
 * winograd_layout.c - tiles, blocks and buffers of winograd.c, and its packs.
 *
 * For 3 taps m is 4, or 2 where that is less work (small maps: tiles would stick out, and the transformed weights,
 * which come from memory, are fewer), or 6 where the user allows its errors; for 5 taps it is 2. The tiles at the end
 * of an axis may stick out of the map. Then they do without some points, that is, without their products:
 *
 *     outputs wanted   of 4                    of 2
 *     3                infinity
 *     2                +-R                     (nothing)
 *     1                +-R, infinity           infinity
 */
#include "kernels/winograd_layout.h"
#include "base/int.h"
#include "kernels/interleave.h"
#include "kernels/kernels.h"
#include "kernels/pairs.h"
#include "kernels/winograd_product.h"

#include <math.h>

enum {
    OWN_BYTES = 640 << 10,   // v and y of a block that one thread computes alone: they shall stay in its L2
    MANY_BLOCKS = 12,        // then each is one item
    LEAST_TILES = 14,        // of such a block: a full register tile of the products
    SHARED_BYTES = 4 << 20,  // v of a block whose panels are items
    PANEL_BYTES = 512 << 10, // and y of one panel
    PAIR_CHANNELS = 32,      // from which on pairs save more than their sums cost
    FETCH_TILES = 8 // reading a point's weights from memory takes as long as its products for so many tiles
};

// Mean squares of inputs for which pairs are used, and of weights that count: those below are no normal numbers.
static const double LEAST_SQUARE = 1e-24, LARGEST_SQUARE = 1e24, LEAST_WEIGHTS = 1e-75;

// The largest error of tiles of 6, by the root mean square of the outputs, that was seen with 512 channels: 6e-5.
static const float error_of_6 = 1e-4f;

static int taps_of(const cr_conv *c)
{
    return (int)c->window->axis[0].kernel;
}

// The points that a tile has of which so many outputs are wanted.
static unsigned points_of(int m, int taps, int64_t outputs)
{
    unsigned infinity = 1u << (m + taps - 2), points = 2 * infinity - 1;
    if (m == 4 && outputs <= 2)
        points &= ~(3u << 3);
    if (m <= 4 && outputs % 2 != 0)
        points &= ~infinity;
    return points;
}

// Products of one pair of channels, with the time that their weights take to come.
static int64_t work(const cr_conv *c, int m)
{
    int64_t points[2], each = m + taps_of(c) - 1;
    for (int a = 0; a < 2; a++) {
        int64_t others = cr_div_up(c->window->axis[a].out, m) - 1;
        unsigned last = points_of(m, taps_of(c), c->window->axis[a].out - others * m);
        points[a] = others * each + __builtin_popcount(last);
    }
    return points[0] * points[1] + each * each * FETCH_TILES;
}

int cr_winograd_m(const cr_conv *c)
{
    if (taps_of(c) == 5)
        return 2;
    int m = work(c, 2) < work(c, 4) ? 2 : 4;
    return c->winograd_tolerance >= error_of_6 && work(c, 6) < work(c, m) ? 6 : m;
}

static void cut_blocks(cr_winograd_layout *l, int64_t tiles, int64_t images)
{
    tiles = cr_i64_max(tiles, 1);
    l->column_blocks = cr_div_up(l->columns, tiles);
    l->block_columns = cr_div_up(l->columns, l->column_blocks);
    int64_t most_rows = cr_i64_max(tiles / l->columns, 1);
    l->row_blocks = cr_div_up(l->rows, most_rows);
    l->block_rows = cr_div_up(l->rows, l->row_blocks);
    l->block_images =
        l->row_blocks == 1 ? cr_i64_min(cr_i64_max(tiles / (l->rows * l->columns), 1), images) : 1;
    l->image_blocks = cr_div_up(images, l->block_images);
    l->tiles = l->block_images * l->block_rows * l->block_columns;
}

int64_t cr_winograd_blocks(const cr_winograd_layout *l)
{
    return l->image_blocks * l->row_blocks * l->column_blocks;
}

// An odd number of cache lines, so that steps do not fall on the same few lines of a cache.
static int64_t odd_lines(int64_t floats)
{
    int64_t lines = cr_div_up(floats, 16);
    return (lines | 1) * 16;
}

static int64_t panel_floats(const cr_winograd_layout *l, int64_t width)
{
    return (l->points * l->points * l->u_rows + l->pairs) * width;
}

static void size_buffers(cr_winograd_layout *l)
{
    int64_t lanes = l->kernels->lanes, all = l->points * l->points;
    l->v_step = odd_lines(l->blocks * l->tiles * lanes);
    l->v_all = all * l->v_step;
    l->y_step = odd_lines(l->tiles * 2 * lanes);
    l->y_all = all * l->y_step;
    l->slab_row = odd_lines((l->block_columns * l->m + l->taps - 1) * lanes);
    l->slab_all = (l->block_rows * l->m + l->taps - 1) * l->slab_row + lanes * lanes;
    l->strip_row = odd_lines(cr_div_up(l->block_columns * l->m, lanes) * lanes * lanes);
    l->strip_all = l->m * l->strip_row;
    l->sums_all = l->pairs ? all * l->tiles : 0;
    int64_t by_image = l->pairs ? (1 + l->blocks) * l->block_images : 0;
    l->block_all = l->v_all + odd_lines(l->sums_all + by_image);
    l->slot_all = l->y_all + l->slab_all + l->strip_all + (l->shared ? 0 : l->block_all);
    l->panel_all = panel_floats(l, 2 * lanes);
}

cr_winograd_layout cr_winograd_lay_out(const cr_conv *c)
{
    const cr_axis *axis = c->window->axis;
    cr_winograd_layout l = {.conv = c, .kernels = c->kernels->winograd};
    int64_t lanes = l.kernels->lanes;
    l.channels = c->in_channels / c->group;
    l.outputs = c->out_channels / c->group;
    l.height = axis[0].out;
    l.width = axis[1].out;
    l.blocks = cr_div_up(l.channels, lanes);
    l.panels = cr_div_up(l.outputs, 2 * lanes);
    l.taps = taps_of(c);
    l.m = cr_winograd_m(c);
    l.points = l.m + l.taps - 1;
    l.pairs = c->kernels->adds_beside && l.channels >= PAIR_CHANNELS;
    l.u_rows = l.channels + l.pairs;
    l.rows = cr_div_up(l.height, l.m);
    l.columns = cr_div_up(l.width, l.m);
    l.all = points_of(l.m, l.taps, l.m);
    for (int a = 0; a < 2; a++) {
        int64_t outputs = (axis[a].out - 1) % l.m + 1;
        l.end_points[a] = points_of(l.m, l.taps, outputs);
        l.end_m[a] = l.m == 4 && outputs <= 2 ? 2 : l.m;
    }
    int64_t tile_bytes = (int64_t)sizeof(float) * l.points * l.points; // per channel
    int64_t own = OWN_BYTES / (tile_bytes * (l.blocks + 2) * lanes);
    cut_blocks(&l, cr_i64_min(own, cr_i64_max(LEAST_TILES, c->group * l.rows * l.columns / MANY_BLOCKS)),
               c->images);
    l.shared = c->group * l.row_blocks * l.column_blocks < MANY_BLOCKS;
    if (l.shared) {
        int64_t most = SHARED_BYTES / (tile_bytes * l.blocks * lanes);
        cut_blocks(&l, cr_i64_min(most, PANEL_BYTES / (tile_bytes * 2 * lanes)), c->images);
    }
    size_buffers(&l);
    return l;
}

cr_winograd_block cr_winograd_block_at(const cr_winograd_layout *l, int64_t index)
{
    cr_winograd_block b;
    int64_t x = index % l->column_blocks, y = index / l->column_blocks % l->row_blocks;
    b.image = index / l->column_blocks / l->row_blocks * l->block_images;
    b.row = y * l->block_rows;
    b.column = x * l->block_columns;
    b.images = cr_i64_min(l->block_images, l->conv->images - b.image);
    b.rows = cr_i64_min(l->block_rows, l->rows - b.row);
    b.columns = cr_i64_min(l->block_columns, l->columns - b.column);
    b.full_rows = b.rows - (l->end_points[0] != l->all && b.row + b.rows == l->rows);
    b.full_columns = b.columns - (l->end_points[1] != l->all && b.column + b.columns == l->columns);
    b.n_a = b.images * b.full_rows * b.full_columns;
    b.n_b = b.images * b.full_rows * (b.columns - b.full_columns);
    b.n_c = b.images * (b.rows - b.full_rows) * b.full_columns;
    b.tiles = b.images * b.rows * b.columns;
    return b;
}

/* ---- weights ---- */

// g[point][tap]: what a tap counts in the transform of the weights.
static void weight_matrix(cr_winograd_weights *p)
{
    static const double of_8[7] = {0, 1, -1, 2, -2, 0.5, -0.5};
    static const double of_6[5] = {0, CR_WINOGRAD_P, -CR_WINOGRAD_P, CR_WINOGRAD_R, -CR_WINOGRAD_R};
    const double *point = p->points == 8 ? of_8 : of_6;
    int finite = p->points == 8 ? 7 : 5; // tiles of 2 use the first 3, scaled as among tiles of 4
    for (int i = 0; i < p->points - 1; i++) {
        double value = 1;
        for (int k = 0; k < finite; k++)
            value /= k == i ? 1 : point[i] - point[k];
        if (fabs(point[i]) == 2)
            value *= 4; // what the inputs' transform lacks
        for (int t = 0; t < p->taps; t++, value *= point[i])
            p->g[i][t] = value;
    }
    for (int t = 0; t < p->taps; t++)
        p->g[p->points - 1][t] = t == p->taps - 1;
}

size_t cr_winograd_pack_bytes(const cr_conv *c)
{
    cr_winograd_layout l = cr_winograd_lay_out(c);
    int64_t width = cr_div_up(l.outputs, l.kernels->lanes) * l.kernels->lanes;
    return (size_t)(c->group * panel_floats(&l, width)) * sizeof(float);
}

int cr_winograd_panel_vectors(const cr_winograd_layout *l, int64_t panel)
{
    return l->outputs - panel * 2 * l->kernels->lanes > l->kernels->lanes ? 2 : 1;
}

// A panel, or a group.
int64_t cr_winograd_pack_unit(const cr_conv *c)
{
    return c->group > 1 ? c->out_channels / c->group : 2 * c->kernels->winograd->lanes;
}

// The mean square of what an axis's transform makes of inputs whose mean square is 1.
static double input_gain(int points)
{
    return points == 4 ? 3.25 : points == 6 ? 6.5 : 37.6;
}

// And of weights.
static double weight_gain(const cr_winograd_weights *p)
{
    double sum = 0;
    for (int i = 0; i < p->points; i++)
        for (int t = 0; t < p->taps; t++)
            sum += p->g[i][t] * p->g[i][t];
    return sum / p->points;
}

// The power of two that brings numbers of this mean square to about 1.
static double scale_of(double mean_square)
{
    int exponent;
    frexp(mean_square, &exponent);
    return ldexp(1, -(exponent >> 1));
}

float cr_winograd_input_scale(const cr_winograd_layout *l, double mean_square)
{
    double gain = input_gain(l->points);
    bool fits = mean_square >= LEAST_SQUARE && mean_square <= LARGEST_SQUARE;
    return fits ? (float)scale_of(mean_square * gain * gain) : 0;
}

// In floats where that is exact enough.
static double mean_square_of(const cr_winograd_layout *l, const float *w, int64_t n)
{
    int64_t lines = n / CR_BLOCK;
    double squares =
        (double)l->conv->kernels->pairs->squares(w, lines, CR_BLOCK) / (double)(lines * CR_BLOCK);
    if (squares >= LEAST_SQUARE && squares <= LARGEST_SQUARE)
        return squares;
    squares = 0;
    for (int64_t i = 0; i < n; i++)
        squares += (double)w[i] * (double)w[i];
    return squares / (double)n;
}

// Pairs: by what the weights w of an output, times `own`, are multiplied. *undo: and their products afterwards, which
// leave no errors behind where all weights are 0 or as good as that.
static double output_scale(const cr_winograd_layout *l, const cr_winograd_weights *p, const float *w,
                           double own, float *undo)
{
    double gain = weight_gain(p), squares = own * own * gain * gain * mean_square_of(l, w, p->output_step);
    double scale = squares >= LEAST_WEIGHTS && squares <= 1 / LEAST_WEIGHTS ? scale_of(squares) : 1;
    *undo = squares < LEAST_WEIGHTS ? 0 : (float)(1 / scale);
    return own * scale;
}

static void scale_outputs(const cr_winograd_layout *l, const cr_winograd_weights *p, const float *w,
                          double *scale, float *undo)
{
    for (int64_t o = 0; o < p->outputs; o++)
        scale[o] = output_scale(l, p, w + o * p->output_step, p->scale ? p->scale[o] : 1, &undo[o]);
    for (int64_t o = p->outputs; o < p->width; o++)
        undo[o] = 0;
}

// Of one group.
void cr_winograd_pack_rows(const cr_conv *c, const float *weights, int64_t first, int64_t n, void *to)
{
    cr_winograd_layout l = cr_winograd_lay_out(c);
    int64_t taps = l.taps * l.taps, points = l.points * l.points;
    int64_t group_width = cr_div_up(l.outputs, l.kernels->lanes) * l.kernels->lanes;
    cr_winograd_weights p = {.points = l.points, .taps = l.taps, .channels = l.channels};
    float *group = (float *)to + first / l.outputs * panel_floats(&l, group_width);
    p.output_step = l.channels * taps;
    weight_matrix(&p);
    for (int64_t end = first + n; first < end; first += p.outputs) {
        int64_t at = first % l.outputs;
        double scale[2 * CR_INTERLEAVE_LANES];
        float *u = group + panel_floats(&l, at);
        p.width = cr_winograd_panel_vectors(&l, at / (2 * l.kernels->lanes)) * l.kernels->lanes;
        p.outputs = cr_i64_min(p.width, l.outputs - at);
        p.scale = c->scale ? c->scale + first : NULL;
        p.q_step = l.u_rows * p.width;
        if (l.pairs) {
            scale_outputs(&l, &p, weights, scale, u + points * p.q_step);
            p.scale = scale;
        }
        l.kernels->weights(&p, weights, u);
        for (int64_t q = 0; l.pairs && q < points; q++)
            c->kernels->winograd_product->weight_sums(l.channels, (int)(p.width / l.kernels->lanes),
                                                      u + q * p.q_step);
        weights += p.outputs * p.output_step;
    }
}

void cr_winograd_pack(const cr_conv *c, const float *weights, void *to)
{
    int64_t outputs = c->out_channels / c->group, step = c->in_channels / c->group * c->kernel_count;
    for (int64_t first = 0; first < c->out_channels; first += outputs)
        cr_winograd_pack_rows(c, weights + first * step, first, outputs, to);
}
