/*
 * fft_layout.c - tiles, blocks and buffers of fft.c, and the choice of the transforms' sizes.
 *
 * The choice follows a model of the time, in multiply-adds of a vector at the machine's peak: so much for each
 *
 *     position and row of a pair of planes        gathering or scattering, and a transform
 *     vector of inputs and outputs                where these fill more than an L2 cache
 *     product                                     four multiply-adds for a bin of two channels
 *     vector of weights, for each block of tiles  they are many times larger than their taps
 *     vector of spectra                           written once and read once
 *
 * with dearer ones where data come from farther away. The constants were fitted to 208 measurements on Zen 4: tiles of
 * all sizes, 1 to 256 channels, maps of 14 to 224, kernels of 5 to 13; half of these are met within 15%, nearly all
 * within 35%. A layer's images do not count: the packs of a layer shall be those of one image.
 */
#include "kernels/fft_layout.h"
#include "base/int.h"
#include "kernels/kernels.h"

#include <math.h>

enum {
    LINE = 16,               // floats
    SPECTRA_BYTES = 1 << 20, // of a block of tiles
    MOST_SPECTRA = 16 << 20, // where it needs more for LEAST_TILES
    FAR_WEIGHTS = 512 << 10, // which come from far for each block: reading them takes as long
    LEAST_TILES = 13,        // as multiplying them with so many tiles
    MOST_TAPS = 40,          // of an axis
    PACK_TIMES = 12,         // packs have at most so many times the weights' size,
    PACK_BYTES = 4 << 20     // and this
};

// What costs more: tiles, weights, spectra of a block, inputs with outputs from so many bytes on.
enum { FAR_TILE = 192 << 10, FAR_PACK = 12 << 20, FAR_SPECTRA = 5 << 18, FAR_IMAGES = 1 << 20 };
static const double position[2] = {34, 45}, row = 90, image_vector[2] = {0, 7}; // near, far
static const double product = 1.1, weights_vector[2] = {4, 10}, spectra_vector[2] = {8, 25};
// How others compare with the peak: direct sums, those of a channel alone (plain and blocked), Winograd's of 3 taps.
static const double direct_share = 0.9, depthwise_share = 0.42, blocked_share = 0.65;
static const double winograd_3 = 2.8;
// Winograd's of 5 taps, by direct sums: its products, and what each input and output costs by how many there are of the
// other. With few channels, as GoogLeNet has them, its transforms take most of the time.
static const double winograd_product = 0.27, winograd_input = 5.5, winograd_output = 3.5;
static const double clearly = 1.15;

// Of a tile's axes; the width is not 1.
enum { SIZES = 6 };
static const int sizes[SIZES] = {1, 16, 24, 32, 48, 64};

static int64_t odd_lines(int64_t floats)
{
    return (cr_div_up(floats, LINE) | 1) * LINE;
}

static bool is_depthwise(const cr_conv *c)
{
    return c->group == c->in_channels && c->group == c->out_channels;
}

static bool is_far(int64_t floats, int64_t bytes)
{
    return floats * (int64_t)sizeof(float) > bytes;
}

static bool weights_are_far(const cr_fft_layout *l)
{
    return is_far(l->u_group, FAR_WEIGHTS);
}

static int64_t bins_of(int height, int width)
{
    return height * (width / 2 - 1) + 2 * (height / 2 + 1);
}

static void size_spectra(cr_fft_layout *l)
{
    int64_t lanes = l->kernels->lanes;
    l->v_tile = l->in_blocks * 2 * lanes;
    l->y_tile = l->out_blocks * 2 * lanes;
    int64_t tile_bytes = (int64_t)sizeof(float) * l->bins * (l->v_tile + l->y_tile);
    int64_t most = SPECTRA_BYTES / tile_bytes;
    if (weights_are_far(l))
        most = cr_i64_max(most, cr_i64_min(LEAST_TILES, MOST_SPECTRA / tile_bytes));
    most = cr_i64_min(cr_i64_max(most, 1), l->all_tiles);
    l->most_tiles = cr_div_up(l->all_tiles, cr_div_up(l->all_tiles, most));
    l->v_bin = odd_lines(most * l->v_tile); // fewer images may have larger blocks
    l->y_bin = odd_lines(most * l->y_tile);
}

cr_fft_layout cr_fft_lay_out_as(const cr_conv *c, int height, int width)
{
    cr_fft_layout l = {.conv = c, .kernels = c->kernels->fft};
    int64_t lanes = l.kernels->lanes, tiles[2];
    l.axis = c->window->axis;
    l.depthwise = is_depthwise(c);
    l.groups = l.depthwise ? 1 : c->group;
    l.channels = c->in_channels / l.groups;
    l.outputs = c->out_channels / l.groups;
    l.in_blocks = cr_div_up(l.channels, lanes);
    l.out_blocks = cr_div_up(l.outputs, lanes);
    l.size[0] = height;
    l.size[1] = width;
    for (int a = 0; a < 2; a++) {
        l.reach[a] = l.size[a] - l.axis[a].kernel + 1;
        tiles[a] = cr_div_up(l.axis[a].out, l.reach[a]);
    }
    l.columns = tiles[1];
    l.image_tiles = tiles[0] * tiles[1];
    l.all_tiles = c->images * l.image_tiles;
    l.bins = bins_of(height, width);
    l.row_step = odd_lines(width * 2 * lanes);
    l.z_all = height * l.row_step;
    l.line_all = (width + lanes) * lanes;
    l.slot_all = l.z_all + 2 * l.line_all;
    l.u_bin = l.depthwise ? 2 * lanes : l.out_blocks * l.channels * 2 * lanes;
    l.u_block = l.depthwise ? l.bins * l.u_bin : l.channels * 2 * lanes;
    l.u_group = l.bins * l.u_bin * (l.depthwise ? l.out_blocks : 1);
    if (!l.depthwise)
        size_spectra(&l);
    return l;
}

/* ---- the choice ---- */

static double products_time(int64_t bins, int64_t products)
{
    return 4 * product * (double)bins * (double)products;
}

// For a group of one image.
static double time_of(const cr_fft_layout *l)
{
    const cr_conv *c = l->conv;
    int64_t lanes = l->kernels->lanes, area = l->size[0] * l->size[1], spectra = l->v_tile + l->y_tile;
    int64_t images = l->channels * c->in_count + l->outputs * c->out_count;
    double pair = (double)area * position[is_far(l->z_all, FAR_TILE)] + l->size[0] * row;
    double pairs =
        (double)(cr_div_up(l->all_tiles * l->in_blocks, 2) + cr_div_up(l->all_tiles * l->out_blocks, 2));
    double touched = (double)(l->all_tiles * l->in_blocks * area + l->out_blocks * c->out_count);
    double time = pairs * pair + touched * image_vector[is_far(images, FAR_IMAGES)];
    if (l->depthwise)
        return time;
    double in_bins = (double)(l->bins * l->all_tiles);
    double weights = (double)(l->u_group / lanes * cr_div_up(l->all_tiles, l->most_tiles));
    time += products_time(l->bins * l->all_tiles, l->channels * l->out_blocks) +
            weights * weights_vector[is_far(l->u_group, FAR_PACK)];
    bool far = is_far(l->most_tiles * l->bins * spectra, FAR_SPECTRA);
    return time + in_bins * (double)(spectra / lanes) * spectra_vector[far];
}

// Less than that, but most of it, and soon known.
static double least_time(const cr_conv *c, int height, int width)
{
    const cr_axis *axis = c->window->axis;
    bool depthwise = is_depthwise(c);
    int64_t groups = depthwise ? 1 : c->group, lanes = c->kernels->vector;
    int64_t channels = c->in_channels / groups, out_blocks = cr_div_up(c->out_channels / groups, lanes);
    int64_t tiles = cr_div_up(axis[0].out, height - axis[0].kernel + 1) *
                    cr_div_up(axis[1].out, width - axis[1].kernel + 1);
    double pairs = 0.5 * (double)(tiles * (cr_div_up(channels, lanes) + out_blocks));
    double time = pairs * height * width * position[0];
    return depthwise ? time : time + products_time(bins_of(height, width) * tiles, channels * out_blocks);
}

static bool packs_well(const cr_fft_layout *l)
{
    const cr_conv *c = l->conv;
    int64_t weights = c->out_channels * (c->in_channels / c->group) * c->kernel_count;
    return l->groups * l->u_group <= weights * PACK_TIMES + PACK_BYTES / (int64_t)sizeof(float);
}

static bool is_long_enough(const cr_conv *c, int height, int width)
{
    return height >= c->window->axis[0].kernel && width >= c->window->axis[1].kernel;
}

// Time and sizes of what is fastest, if that takes less than so much; else the time is 0.
static double choose(const cr_conv *c, double less_than, int size[2])
{
    cr_conv one = *c;
    double best = 0;
    one.images = 1;
    for (int h = 0; h < SIZES; h++)
        for (int w = 1; w < SIZES; w++) {
            if (!is_long_enough(c, sizes[h], sizes[w]) || least_time(c, sizes[h], sizes[w]) >= less_than)
                continue;
            cr_fft_layout l = cr_fft_lay_out_as(&one, sizes[h], sizes[w]);
            double time = time_of(&l);
            if (time < less_than && packs_well(&l)) {
                best = less_than = time;
                size[0] = sizes[h];
                size[1] = sizes[w];
            }
        }
    return best;
}

cr_fft_layout cr_fft_lay_out(const cr_conv *c)
{
    int size[2] = {CR_FFT_MAX_SIZE, CR_FFT_MAX_SIZE};
    choose(c, INFINITY, size);
    return cr_fft_lay_out_as(c, size[0], size[1]);
}

// For a group of one image, by the fastest of the others.
static double time_of_others(const cr_conv *c)
{
    double lanes = c->kernels->vector, sums = (double)c->out_count * (double)c->kernel_count / lanes;
    if (c->group == c->in_channels && (c->in_blocked || !cr_conv_depthwise.loses(c))) {
        double share = c->kernel_count <= 25 ? direct_share : c->in_blocked ? blocked_share : depthwise_share;
        return sums * (double)(is_depthwise(c) ? c->group : c->out_channels / c->group) / share;
    }
    sums *= (double)(c->in_channels / c->group) * (double)(c->out_channels / c->group);
    if (cr_conv_winograd.accepts(c))
        return sums / direct_share;
    if (c->window->axis[0].kernel == 3)
        return sums / winograd_3;
    return sums * (winograd_product + winograd_input * (double)c->group / (double)c->out_channels +
                   winograd_output * (double)c->group / (double)c->in_channels);
}

const char *cr_fft_loses(const cr_conv *c)
{
    int size[2];
    return choose(c, time_of_others(c) / clearly, size) > 0 ? NULL
                                                            : "the kernel is too small for that to pay";
}

static bool some_size_packs_well(const cr_conv *c)
{
    for (int h = 0; h < SIZES; h++)
        for (int w = 1; w < SIZES; w++) {
            if (!is_long_enough(c, sizes[h], sizes[w]))
                continue;
            cr_fft_layout l = cr_fft_lay_out_as(c, sizes[h], sizes[w]);
            if (packs_well(&l))
                return true;
        }
    return false;
}

const char *cr_fft_refusal(const cr_conv *c)
{
    const cr_window *w = c->window;
    if (!c->kernels)
        return "no ISA level is chosen";
    if (c->exact)
        return "it rounds more than a direct sum does";
    if (w->n_axes != 2)
        return "it has not two axes";
    for (int a = 0; a < 2; a++)
        if (w->axis[a].stride != 1 || w->axis[a].dilation != 1)
            return "stride and dilation are not 1";
        else if (w->axis[a].kernel > MOST_TAPS)
            return "the kernel is larger than 40";
        else if (w->variant && w->axis[a].pad_before[0] != w->axis[a].pad_before[1])
            return "channels differ in their padding";
    if (cr_window_has_empty(w))
        return "a window lies outside the image (PARTIAL)";
    if (c->in_channels / c->group < 1 || c->out_count == 0 || c->images == 0)
        return "there is no output";
    return some_size_packs_well(c) ? NULL : "the weights' spectra would take too much memory";
}
