/*
 * conv.h - convolution as a kernel sees it: a window geometry in tables, and an ordered list of algorithms.
 *
 * layers/window.c is the only home of padding: it turns rules and modes into the tables of cr_window. A
 * kernel reads an index per tap and position and knows no mode.
 *
 * The first algorithm of cr_conv_algorithms that accepts a convolution runs it; the last one, im2col, accepts
 * all and is the reference for the others. The choice depends on shapes and CPU only, never on timing.
 */
#ifndef CR_KERNELS_CONV_H
#define CR_KERNELS_CONV_H

#include "base/parallel.h"
#include "base/tensor.h"
#include "kernels/epilogue.h"

#define CR_MAX_AXES 6
#define CR_TAP_OUTSIDE (-1)

// One spatial axis. Tables hold one row per tap k (out entries each), for variant 0 and, under CORNERS, 1.
typedef struct cr_axis {
    int64_t in, out;
    int64_t kernel, stride, dilation;
    int64_t pad_before[2], pad_after[2]; // per variant
    // index[v][k * out + o]: the input position that tap k of output o reads, or CR_TAP_OUTSIDE.
    const int32_t *index[2];
    // Outputs run_begin[v][k] <= o < run_end[v][k] read o * stride + k * dilation - pad_before[v], inside the
    // input: a loop over them needs no table.
    const int64_t *run_begin[2], *run_end[2];
    // Outputs all of whose taps are inside, for both variants.
    int64_t inner_begin, inner_end;
    const float *factor; // PARTIAL: per output, kernel / taps inside the image (0: none inside); else NULL
} cr_axis;

// A single position: what stands for an axis that a window does not have.
extern const cr_axis cr_axis_single;

typedef struct cr_window {
    int n_axes;
    cr_axis axis[CR_MAX_AXES];
    float outside; // what a tap outside reads: 0, or pad_value
    bool partial;  // the sum is multiplied by the product of the axes' factors, before the bias
    // CORNERS: bit a of variant[c] is the variant of axis a for channel c; NULL: variant 0 everywhere.
    const uint8_t *variant;
} cr_window;

// PARTIAL: whether some window has no tap inside; it gives 0, without the bias.
bool cr_window_has_empty(const cr_window *w);

typedef struct cr_conv {
    const cr_window *window;
    int64_t images, in_channels, out_channels, group;
    int64_t in_image_stride, out_image_stride; // floats
    int64_t in_count, out_count;               // positions of one channel: products over the axes
    int64_t kernel_count;                      // taps: product over the axes
    const struct cr_kernels *kernels;          // of the chosen ISA level
    bool exact;                                // direct sums only
    const double
        *scale; // by output channel: pack() multiplies the weights by it; NULL: none. it is there until then
    // The largest error allowed, by the root mean square of the outputs; 0: the least that Winograd can do.
    float winograd_tolerance;
    bool small_memory;            // no pack that is clearly larger than the weights
    bool in_blocked, out_blocked; // how activations lie: see base/tensor.h; the epilogue's `add` lies as out
} cr_conv;

typedef struct cr_conv_buffers {
    const float *in;             // (images, in_channels, in positions)
    float *out;                  // (images, out_channels, out positions)
    const float *weights;        // (out_channels, in_channels / group, taps)
    const float *bias;           // (out_channels) or NULL
    const void *pack;            // what pack() made, or NULL
    const cr_epilogue *epilogue; // NULL: none
    void *scratch;               // scratch_bytes, 64-byte aligned
    cr_pool *pool;
    char *slot_scratch; // of the threads: slot s has its slot_bytes at slot_scratch + s * slot_step
    size_t slot_step;   // a multiple of 64
} cr_conv_buffers;

// What an algorithm can do with blocked activations.
enum cr_blocked {
    CR_READS_BLOCKED = 1,
    CR_WRITES_BLOCKED = 2,
    CR_BLOCKED_BOTH = 4 // both or neither
};

typedef struct cr_conv_algorithm {
    const char *name;
    unsigned blocked; // of cr_blocked; accepts() then looks at the convolution's in_blocked and out_blocked
    const char *(*accepts)(const cr_conv *conv); // NULL: yes; else the reason for refusing
    // Of what it accepts: why another is faster, or NULL. Not asked where the algorithm is forced. NULL: it never is.
    // The others have activations as the convolution's in_blocked and out_blocked say, whatever this one can do.
    const char *(*loses)(const cr_conv *conv);
    size_t (*pack_bytes)(const cr_conv *conv); // 0 or NULL function: runs on the weights as they are
    // Packs of one layer may differ with the shape of its input: which of them this is. NULL: all are alike.
    int (*pack_kind)(const cr_conv *conv);
    void (*pack)(const cr_conv *conv, const float *weights, void *pack); // scaled by conv->scale
    // The same in parts, in any order and on any thread: weights of the output channels [first, first + n) alone, where
    // first is a multiple of pack_unit() and n is that or what is left. Both functions or none.
    int64_t (*pack_unit)(const cr_conv *conv);
    void (*pack_rows)(const cr_conv *conv, const float *weights, int64_t first, int64_t n, void *pack);
    size_t (*scratch_bytes)(const cr_conv *conv); // shared by all layers of a runner; whatever the threads
    size_t (*slot_bytes)(const cr_conv *conv);    // scratch of each thread; NULL: none
    bool epilogue; // run applies it itself, and what it adds may be the output; else it is applied afterwards
    void (*run)(const cr_conv *conv, const cr_conv_buffers *buffers);
} cr_conv_algorithm;

extern const cr_conv_algorithm *const cr_conv_algorithms[]; // NULL-ended, im2col last
// Why the algorithm can't, may not or should not run a convolution, or NULL.
const char *cr_conv_refusal(const cr_conv_algorithm *algorithm, const cr_conv *conv);
// The first that is not refused, or the one named `force` if it can and may run it. NULL: *why says what is wrong.
const cr_conv_algorithm *cr_conv_choose(const cr_conv *conv, const char *force, const char **why);

// Whether an algorithm on plain activations is faster than those on blocked ones, as in_blocked and out_blocked say.
bool cr_conv_prefers_plain(const cr_conv *conv);

// Groups that are many and small (depthwise) are cut into so many parts that run side by side, each slot with
// scratch of its own; 1: the groups run one by one, each on all threads. Depends on the number of groups alone.
int64_t cr_conv_group_parts(const cr_conv *conv);

extern const cr_conv_algorithm cr_conv_dot, cr_conv_fft, cr_conv_depthwise, cr_conv_depthwise_blocked,
    cr_conv_winograd, cr_conv_pairs, cr_conv_strassen, cr_conv_pointwise, cr_conv_direct, cr_conv_tiled,
    cr_conv_im2col;

// Deconvolution. conv is the convolution whose transpose this is: its `in` is our output. Weights (conv out_channels,
// conv in_channels / group, taps); bias per conv in_channels. There is no epilogue.
extern const cr_conv_algorithm cr_deconv_col2im;

// The textbook matrix of one image: col (channels * taps, out positions), channels [first, first + channels).
void cr_im2col(const cr_window *window, const float *image, int64_t first, int64_t channels, float *col,
               cr_pool *pool);

#endif
