/*
 * fft_layout.c - tiles, blocks and buffers of fft.c, and the choice of the transforms' sizes.
 *
 * The choice follows a model of the time, in multiply-adds of a vector at the machine's peak. Its constants were
 * fitted to measurements (Zen 4, all sizes, 3 to 256 channels, maps of 28 to 224, kernels of 3 to 31). It knows
 *
 *     transforms    by position and by row of a tile; dearer where z leaves most of an L2 cache
 *     products      four multiply-adds of real numbers a bin, at their share of the peak
 *     weights       once for each block of tiles: their spectra are many times larger than their taps
 *
 * A layer's images do not count: the packs of a layer shall be those of its first image.
 */
#include "kernels/fft_layout.h"
#include "base/int.h"
#include "kernels/kernels.h"

enum {
    LINE = 16,               // floats
    SPECTRA_BYTES = 1 << 20, // of a block of tiles
    MOST_SPECTRA = 16 << 20, // where it needs more for LEAST_TILES
    FAR_WEIGHTS = 512 << 10, // which come from far for each block: reading them takes as long
    LEAST_TILES = 13,        // as multiplying them with so many tiles
    MOST_TAPS = 40,          // of an axis
    PACK_TIMES = 12,         // packs have at most so many times the weights' size,
    PACK_BYTES = 4 << 20,    // and this
    Z_BYTES = 192 << 10      // of a tile that is near
};

static const double per_position = 38, per_far_position = 50, per_row = 350; // of a pair of planes
static const double product_share = 0.75;                                    // of the peak
static const double per_far_weights = 11, per_near_weights = 2;              // of a vector of them
// What others reach: direct sums, those of a channel alone, Winograd's of 3 and 5 taps.
static const double direct_share = 0.95, depthwise_share = 0.5, winograd_3 = 2.7, winograd_5 = 2.1;
static const double clearly = 1.25;

static int64_t odd_lines(int64_t floats)
{
    return (cr_div_up(floats, LINE) | 1) * LINE;
}

static bool is_depthwise(const cr_conv *c)
{
    return c->group == c->in_channels && c->group == c->out_channels;
}

static bool weights_are_far(const cr_fft_layout *l)
{
    return l->u_group * (int64_t)sizeof(float) > FAR_WEIGHTS;
}

static void size_spectra(cr_fft_layout *l)
{
    int64_t lanes = l->kernels->lanes;
    l->v_tile = l->in_blocks * 2 * lanes;
    l->y_tile = l->out_blocks * 2 * lanes;
    int64_t tile_bytes = (int64_t)sizeof(float) * l->bins * (l->v_tile + l->y_tile);
    int64_t most = SPECTRA_BYTES / tile_bytes;
    if (weights_are_far(l))
        most = cr_max(most, cr_min(LEAST_TILES, MOST_SPECTRA / tile_bytes));
    most = cr_min(cr_max(most, 1), l->all_tiles);
    l->most_tiles = cr_div_up(l->all_tiles, cr_div_up(l->all_tiles, most));
    l->v_bin = odd_lines(most * l->v_tile); // fewer images may have larger blocks
    l->y_bin = odd_lines(most * l->y_tile);
}

static cr_fft_layout lay_out_as(const cr_conv *c, int height, int width)
{
    cr_fft_layout l = {.conv = c, .kernels = c->kernels->fft, .ends = c->kernels->winograd};
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
    l.bins = height * (width / 2 - 1) + 2 * (height / 2 + 1);
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

// For a group of one image.
static double time_of(const cr_fft_layout *l)
{
    double positions = l->size[0] * l->size[1], vectors = (double)(l->u_group / l->kernels->lanes);
    bool is_near = l->z_all * (int64_t)sizeof(float) <= Z_BYTES;
    double pair = positions * (is_near ? per_position : per_far_position) + l->size[0] * per_row;
    double pairs =
        (double)(cr_div_up(l->all_tiles * l->in_blocks, 2) + cr_div_up(l->all_tiles * l->out_blocks, 2));
    double per_weights = weights_are_far(l) ? per_far_weights : per_near_weights;
    if (l->depthwise)
        return pairs * pair + vectors * per_weights;
    double products = 4 * (double)(l->bins * l->all_tiles) * (double)(l->channels * l->out_blocks);
    double reads = vectors * (double)cr_div_up(l->all_tiles, l->most_tiles);
    return pairs * pair + products / product_share + reads * per_weights;
}

static bool packs_well(const cr_fft_layout *l)
{
    const cr_conv *c = l->conv;
    int64_t weights = c->out_channels * (c->in_channels / c->group) * c->kernel_count;
    return l->groups * l->u_group <= weights * PACK_TIMES + PACK_BYTES / (int64_t)sizeof(float);
}

// The sizes of the least time; 0: there are none.
static double choose(const cr_conv *c, int size[2])
{
    static const int heights[] = {1, 16, 24, 32, 48, 64};
    cr_conv one = *c;
    double best = 0;
    one.images = 1;
    for (int h = 0; h < 6; h++)
        for (int w = 1; w < 6; w++) {
            if (heights[h] < c->window->axis[0].kernel || heights[w] < c->window->axis[1].kernel)
                continue;
            cr_fft_layout l = lay_out_as(&one, heights[h], heights[w]);
            double time = time_of(&l);
            if (packs_well(&l) && (best == 0 || time < best)) {
                best = time;
                size[0] = heights[h];
                size[1] = heights[w];
            }
        }
    return best;
}

cr_fft_layout cr_fft_lay_out(const cr_conv *c)
{
    int size[2] = {CR_FFT_MAX_SIZE, CR_FFT_MAX_SIZE};
    choose(c, size);
    return lay_out_as(c, size[0], size[1]);
}

// For a group of one image, by the fastest of the others.
static double time_of_others(const cr_conv *c)
{
    double lanes = c->kernels->vector, sums = (double)c->out_count * (double)c->kernel_count / lanes;
    if (is_depthwise(c))
        return sums * (double)c->group / (c->kernel_count <= 25 ? direct_share : depthwise_share);
    sums *= (double)(c->in_channels / c->group) * (double)(c->out_channels / c->group);
    if (!cr_conv_winograd.accepts(c))
        return sums / (c->window->axis[0].kernel == 3 ? winograd_3 : winograd_5);
    return sums / direct_share;
}

const char *cr_fft_loses(const cr_conv *c)
{
    int size[2];
    return choose(c, size) * clearly < time_of_others(c) ? NULL : "the kernel is too small for that to pay";
}

// PARTIAL: such a window gives 0, without the bias.
static bool some_window_is_empty(const cr_window *w)
{
    for (int a = 0; a < w->n_axes && w->partial; a++)
        for (int64_t o = 0; o < w->axis[a].out; o++)
            if (w->axis[a].factor[o] == 0)
                return true;
    return false;
}

const char *cr_fft_refusal(const cr_conv *c)
{
    const cr_window *w = c->window;
    int size[2];
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
    if (some_window_is_empty(w))
        return "a window lies outside the image (PARTIAL)";
    if (c->in_channels / c->group < 1 || c->out_count == 0 || c->images == 0)
        return "there is no output";
    return choose(c, size) == 0 ? "the weights' spectra would take too much memory" : NULL;
}
