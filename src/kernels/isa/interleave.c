/*
 * interleave.c - squares of vectors from rows of channels, transposed, and back with what the outputs get.
 */
#include "kernels/interleave.h"
#include "kernels/simd_activation.h"

#include <string.h>

// Lanes of (a, b) in blocks of w: the even blocks of both, or the odd ones, alternating.
#define EVEN(w, lane) ((lane) & (w) ? CR_VECTOR + (lane) - (w) : (lane))
#define ODD(w, lane) ((lane) & (w) ? CR_VECTOR + (lane) : (lane) + (w))
#define LANES_4(f, w, i) f(w, i), f(w, i + 1), f(w, i + 2), f(w, i + 3)
#if defined(__AVX512F__)
#define LANES(f, w) LANES_4(f, w, 0), LANES_4(f, w, 4), LANES_4(f, w, 8), LANES_4(f, w, 12)
#elif defined(__AVX__)
#define LANES(f, w) LANES_4(f, w, 0), LANES_4(f, w, 4)
#else
#define LANES(f, w) LANES_4(f, w, 0)
#endif
#define PICK(name, f, w)                                   \
    CR_INLINE cr_vf name(cr_vf a, cr_vf b)                 \
    {                                                      \
        return __builtin_shufflevector(a, b, LANES(f, w)); \
    }
// clang-format off
PICK(even_1, EVEN, 1)
PICK(odd_1, ODD, 1)
PICK(even_2, EVEN, 2)
PICK(odd_2, ODD, 2)
#if defined(__AVX__)
PICK(even_4, EVEN, 4)
PICK(odd_4, ODD, 4)
#endif
#if defined(__AVX512F__)
PICK(even_8, EVEN, 8)
PICK(odd_8, ODD, 8)
#endif
// clang-format on

CR_INLINE void exchange(cr_vf *x, int w, cr_vf (*even)(cr_vf, cr_vf), cr_vf (*odd)(cr_vf, cr_vf))
{
    CR_UNROLL
    for (int i = 0; i < CR_VECTOR; i++) {
        if (i & w)
            continue;
        cr_vf a = x[i], b = x[i + w];
        x[i] = even(a, b);
        x[i + w] = odd(a, b);
    }
}

// Row i, lane j <-> row j, lane i: one bit of the two indices after the other.
CR_INLINE void transpose(cr_vf *x)
{
    exchange(x, 1, even_1, odd_1);
    exchange(x, 2, even_2, odd_2);
#if defined(__AVX__)
    exchange(x, 4, even_4, odd_4);
#endif
#if defined(__AVX512F__)
    exchange(x, 8, even_8, odd_8);
#endif
}

static void gather(const float *const *channel, int64_t at, int64_t columns, float scale, float *to)
{
    for (int64_t x = 0; x < columns; x += CR_VECTOR) {
        cr_vf tile[CR_VECTOR];
        CR_UNROLL
        for (int i = 0; i < CR_VECTOR; i++)
            tile[i] = cr_load(channel[i] + at + x);
        transpose(tile);
        CR_UNROLL
        for (int i = 0; i < CR_VECTOR; i++)
            cr_store(to + (x + i) * CR_VECTOR, tile[i] * scale);
    }
}

// The first n lanes, 0 < n < CR_VECTOR, in pieces of constant size.
CR_INLINE void store_part(float *to, cr_vf x, int64_t n)
{
    float lane[CR_VECTOR];
    const float *from = lane;
    memcpy(lane, &x, sizeof x);
    CR_UNROLL
    for (int piece = CR_VECTOR / 2; piece > 0; piece /= 2) {
        if (n & piece) {
            memcpy(to, from, (size_t)piece * sizeof *to);
            to += piece;
            from += piece;
        }
    }
}

// x[i]: values of channel i.
CR_INLINE void activate(const cr_interleave_scatter *s, cr_vf *x)
{
    const cr_epilogue *e = s->epilogue;
    cr_activation activation = e->activation;
    if (activation == CR_ACT_RELU || activation == CR_ACT_PRELU) {
        CR_UNROLL
        for (int i = 0; i < CR_VECTOR; i++)
            x[i] = cr_leaky(x[i], s->slopes[i]);
    } else if (activation == CR_ACT_CLIP) {
        float min = e->min, max = e->max;
        CR_UNROLL
        for (int i = 0; i < CR_VECTOR; i++)
            x[i] = cr_clip(x[i], min, max);
    } else if (activation == CR_ACT_HARDSWISH) {
        CR_UNROLL
        for (int i = 0; i < CR_VECTOR; i++)
            x[i] = cr_hardswish(x[i]);
    }
}

static void scatter(const cr_interleave_scatter *s, const float *from, const float *add, float *to)
{
    cr_vf scale = s->scale ? cr_load(s->scale) : cr_repeat(1), bias = cr_load(s->bias);
    for (int64_t x = 0; x < s->columns; x += CR_VECTOR) {
        cr_vf tile[CR_VECTOR];
        int64_t n = s->columns - x;
        CR_UNROLL
        for (int i = 0; i < CR_VECTOR; i++)
            tile[i] = cr_load(from + (x + i) * CR_VECTOR) * scale + bias;
        transpose(tile);
        for (int i = 0; add && i < s->channels; i++)
            tile[i] += cr_load_some(add + i * s->channel_step + x, n < CR_VECTOR ? n : CR_VECTOR);
        activate(s, tile);
        if (n >= CR_VECTOR && s->channels == CR_VECTOR) {
            CR_UNROLL
            for (int i = 0; i < CR_VECTOR; i++)
                cr_store(to + i * s->channel_step + x, tile[i]);
            continue;
        }
        for (int i = 0; i < s->channels; i++) {
            if (n >= CR_VECTOR)
                cr_store(to + i * s->channel_step + x, tile[i]);
            else
                store_part(to + i * s->channel_step + x, tile[i], n);
        }
    }
}

extern const cr_interleave_kernels CR_ISA(cr_interleave_kernels);
const cr_interleave_kernels CR_ISA(cr_interleave_kernels) = {
    .lanes = CR_VECTOR, .gather = gather, .scatter = scatter};
