/*
 * fft.h - the hot loops of fft.c, one table of them per ISA level.
 *
 * A plane is a tile of one channel. Vectors hold `lanes` planes, so that transforms are the same steps for all lanes.
 * Two planes (of vectors) are transformed at once, as the real and the imaginary part of one complex tile:
 *
 *     lines    (width, lanes) each: a row of the first plane and one of the second
 *     z        (height, width, re and im, lanes), rows row_step floats apart: the complex tile
 *     spectrum (bins, re and im, lanes), bins bin_step floats apart: of one plane
 *
 * A plane is real, so half of its spectrum tells all. Its bins are the columns 0 .. width / 2; of the first and the
 * last of these, which have such a symmetry themselves, rows 0 .. height / 2 only.
 *
 * Sizes are 16, 24, 32, 48 or 64; a height may be 1.
 */
#ifndef CR_KERNELS_FFT_H
#define CR_KERNELS_FFT_H

#include <stdbool.h>
#include <stdint.h>

enum { CR_FFT_MAX_SIZE = 64, CR_FFT_MAX_TAPS = 40 * 40, CR_FFT_MAX_LANES = 16 };

// n complex vectors: number i has its real part at re + i * step, and the imaginary one at im + i * step.
typedef struct cr_fft_line {
    float *re, *im;
    int64_t step;
} cr_fft_line;

typedef struct cr_fft_tile {
    int height, width;
    float *z;
    int64_t row_step;
} cr_fft_tile;

// The spectra of a tile's two planes; second may be NULL where it is said: there is one.
typedef struct cr_fft_pair {
    float *first, *second;
    int64_t bin_step;
} cr_fft_pair;

typedef struct cr_fft_product {
    int64_t tiles, channels;
    int64_t v_step, y_step; // floats from one tile to the next
} cr_fft_product;

typedef struct cr_fft_weights {
    int height, width;            // of the transform
    int64_t kernel_h, kernel_w;   // their product up to CR_FFT_MAX_TAPS
    int64_t outputs, output_step; // outputs <= lanes; what is left is 0
    const double *scale;          // by output channel; NULL: 1
    int64_t bin_step;
} cr_fft_weights;

typedef struct cr_fft_kernels {
    int lanes;
    // sum over x of from[x] * e^(-2 pi i k x / n). Not in place. The inverse, times n: re and im exchanged on both sides.
    void (*line)(int n, const cr_fft_line *from, const cr_fft_line *to);
    // From z with transformed rows to the spectra of its planes, times 2. second may be NULL.
    void (*split)(const cr_fft_tile *tile, const cr_fft_pair *to);
    // And back: to z, whose rows are then to be transformed back. second may be NULL.
    void (*merge)(const cr_fft_tile *tile, const cr_fft_pair *from);
    // Both, with spectra multiplied by those of weights between.
    void (*multiply)(const cr_fft_tile *tile, const cr_fft_pair *weights);
    // y = v * u for one bin: v (tiles, blocks of channels, re and im, lanes), u (channels, re and im, lanes),
    // y (tiles, re and im, lanes).
    void (*product)(const cr_fft_product *product, const float *v, const float *u, float *y);
    // u of one input channel: the spectrum that the product wants of its taps for some output channels.
    void (*weights)(const cr_fft_weights *weights, const float *taps, float *u);
} cr_fft_kernels;

#endif
