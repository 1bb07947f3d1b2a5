/*
 * winograd_weights.c - the transform of Winograd weights, for a panel of output channels.
 *
 *     w, a row for each output      tile, a row for each tap         u, for each point
 *     c0 t0 t1 .. t8 c1 t0 ..       outputs 0 1 2 ..  of c0 t0       outputs 0 1 2 .. of c0
 *     c0 t0 t1 .. t8 c1 t0 ..  -->  outputs 0 1 2 ..  of c0 t1  -->  outputs 0 1 2 .. of c1
 *
 * The taps of some channels are transposed, so that a vector is one tap of as many outputs; then each channel is
 * transformed along both axes. A buffer takes what comes out: points lie so far apart in u, by large powers of two,
 * that their lines would push each other out of the caches; so each gets some lines at a time.
 *
 * In double, so that the errors are those of the sums alone. The points are 0, pairs of a point and its negative, and
 * infinity: a pair has the same even part, and odd parts of opposite sign.
 */
#include "kernels/winograd_weights.h"

enum {
    HALF = CR_VECTOR / 2,
    MAX_POINTS = CR_WINOGRAD_MAX_POINTS,
    MAX_TAPS = CR_WINOGRAD_MAX_TAPS,
    POINT_STEP = 2 * CR_VECTOR * CR_VECTOR + 16 // of some channels: an odd number of cache lines
};

typedef double vd __attribute__((vector_size(CR_VECTOR * 4)));
typedef double vd_memory __attribute__((vector_size(CR_VECTOR * 4), aligned(8), may_alias));
typedef float vh __attribute__((vector_size(CR_VECTOR * 2)));
typedef float vh_memory __attribute__((vector_size(CR_VECTOR * 2), aligned(4), may_alias));

// n floats, at most MAX_TAPS * MAX_TAPS vectors, of so many outputs; taps of outputs that are not there are 0.
static void transpose(const cr_winograd_weights *p, const float *w, int64_t outputs, int64_t n, float *tile)
{
    for (int64_t i = 0; i < n; i += CR_VECTOR) {
        cr_vf x[CR_VECTOR];
        int64_t lanes = n - i < CR_VECTOR ? n - i : CR_VECTOR;
        for (int64_t o = 0; o < CR_VECTOR; o++)
            x[o] = o < outputs ? cr_load_some(w + o * p->output_step + i, lanes) : (cr_vf){0};
        cr_transpose(x);
        CR_UNROLL
        for (int j = 0; j < CR_VECTOR; j++)
            cr_store(tile + (i + j) * CR_VECTOR, x[j]);
    }
}

// One axis. Taps stand `step` apart.
CR_INLINE void transform_axis(const cr_winograd_weights *p, const int points, const int taps, const vd *tap,
                              const int step, vd *to)
{
    to[0] = p->g[0][0] * tap[0];
    CR_UNROLL
    for (int i = 1; i < points - 1; i += 2) {
        vd even = p->g[i][0] * tap[0], odd = p->g[i][1] * tap[step];
        CR_UNROLL
        for (int k = 2; k < taps; k += 2) {
            even += p->g[i][k] * tap[k * step];
            if (k + 1 < taps)
                odd += p->g[i][k + 1] * tap[(k + 1) * step];
        }
        to[i] = even + odd;
        to[i + 1] = even - odd;
    }
    to[points - 1] = tap[(taps - 1) * step];
}

// Half a vector of outputs of one channel, points POINT_STEP apart.
CR_INLINE void transform(const cr_winograd_weights *p, const int points, const int taps, vd scale,
                         const float *tile, float *u)
{
    vd tap[MAX_TAPS * MAX_TAPS], half[MAX_TAPS][MAX_POINTS], to[MAX_POINTS];
    CR_UNROLL
    for (int t = 0; t < taps * taps; t++)
        tap[t] = __builtin_convertvector(*(const vh_memory *)(tile + t * CR_VECTOR), vd) * scale;
    CR_UNROLL
    for (int t = 0; t < taps; t++)
        transform_axis(p, points, taps, tap + t, taps, half[t]);
    CR_UNROLL
    for (int i = 0; i < points; i++) {
        transform_axis(p, points, taps, &half[0][i], MAX_POINTS, to);
        CR_UNROLL
        for (int j = 0; j < points; j++)
            *(vh_memory *)(u + (i * points + j) * POINT_STEP) = __builtin_convertvector(to[j], vh);
    }
}

// Up to CR_VECTOR channels, to (points, channels, width) in a buffer.
CR_INLINE void transform_some(const cr_winograd_weights *p, const int points, const int taps, const float *w,
                              int64_t channels, const double *scale, float *u)
{
    float tile[MAX_TAPS * MAX_TAPS * CR_VECTOR * CR_VECTOR] __attribute__((aligned(64)));
    for (int64_t o = 0; o < p->width; o += CR_VECTOR) {
        transpose(p, w + o * p->output_step, p->outputs - o, channels * taps * taps, tile);
        for (int64_t c = 0; c < channels; c++)
            for (int64_t h = o; h < o + CR_VECTOR; h += HALF)
                transform(p, points, taps, *(const vd_memory *)(scale + h),
                          tile + c * taps * taps * CR_VECTOR + h - o, u + c * p->width + h);
    }
}

CR_INLINE void panel(const cr_winograd_weights *p, const int points, const int taps, const float *w, float *u)
{
    float some[MAX_POINTS * MAX_POINTS * POINT_STEP] __attribute__((aligned(64)));
    double scale[2 * CR_VECTOR];
    for (int64_t o = 0; o < p->width; o++)
        scale[o] = p->scale && o < p->outputs ? p->scale[o] : 1;
    for (int64_t c = 0; c < p->channels; c += CR_VECTOR) {
        int64_t channels = p->channels - c < CR_VECTOR ? p->channels - c : CR_VECTOR;
        transform_some(p, points, taps, w + c * taps * taps, channels, scale, some);
        for (int q = 0; q < points * points; q++)
            memcpy(u + q * p->q_step + c * p->width, some + q * POINT_STEP,
                   (size_t)(channels * p->width) * sizeof *u);
    }
}

void CR_ISA(cr_winograd_transform)(const cr_winograd_weights *p, const float *w, float *u)
{
    if (p->taps == 5)
        panel(p, 6, 5, w, u);
    else if (p->points == 4)
        panel(p, 4, 3, w, u);
    else if (p->points == 6)
        panel(p, 6, 3, w, u);
    else
        panel(p, 8, 3, w, u);
}
