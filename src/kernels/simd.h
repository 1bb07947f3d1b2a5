/*
 * simd.h - vectors of the ISA level at work, for files in kernels/isa/ only: they are compiled once per level.
 *
 * GNU C vector extensions: + - * and comparisons work element by element, a scalar operand is repeated, and
 * x * y + z becomes a fused multiply-add where the level has one (-ffp-contract=fast). Memory is read and
 * written through cr_load and cr_store, which want 4-byte alignment only and may alias anything. Intrinsics stand
 * only where gcc does not know a portable spelling for an instruction: some lanes of a vector in memory, maxima.
 *
 * CR_ISA(name) is name_v4, name_v3, ...: what a file exports, so that levels can be linked together.
 */
#ifndef CR_KERNELS_SIMD_H
#define CR_KERNELS_SIMD_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#ifndef CR_ISA_LEVEL
#error "simd.h is for files that are compiled once per ISA level"
#endif

#define CR_ISA_PASTE(name, level) name##_##level
#define CR_ISA_EXPAND(name, level) CR_ISA_PASTE(name, level)
#define CR_ISA(name) CR_ISA_EXPAND(name, CR_ISA_LEVEL)
#define CR_TEXT_OF(x) #x
#define CR_TEXT(x) CR_TEXT_OF(x)

#if defined(__AVX512F__)
enum { CR_VECTOR = 16, CR_REGISTERS = 32 };
#elif defined(__AVX__)
enum { CR_VECTOR = 8, CR_REGISTERS = 16 };
#elif defined(__aarch64__)
enum { CR_VECTOR = 4, CR_REGISTERS = 32 };
#else
enum { CR_VECTOR = 4, CR_REGISTERS = 16 };
#endif

typedef float cr_vf __attribute__((vector_size(CR_VECTOR * 4)));
typedef int32_t cr_vi __attribute__((vector_size(CR_VECTOR * 4)));
typedef float cr_vf_memory __attribute__((vector_size(CR_VECTOR * 4), aligned(4), may_alias));

// Before a loop of a constant number of turns, whose arrays are to be registers.
#if defined(__clang__)
#define CR_UNROLL _Pragma("clang loop unroll(full)")
#else
#define CR_UNROLL _Pragma("GCC unroll 32")
#endif
#define CR_INLINE static inline __attribute__((always_inline))

CR_INLINE cr_vf cr_load(const float *p)
{
    return *(const cr_vf_memory *)p;
}

CR_INLINE void cr_store(float *p, cr_vf x)
{
    *(cr_vf_memory *)p = x;
}

// mask: lanes of all ones or all zeros, as comparisons give them.
CR_INLINE cr_vf cr_select(cr_vi mask, cr_vf yes, cr_vf no)
{
    return (cr_vf)(((cr_vi)yes & mask) | ((cr_vi)no & ~mask));
}

// A mask of the lanes begin <= lane < end, whatever these are.
CR_INLINE cr_vi cr_lanes(int64_t begin, int64_t end)
{
    cr_vi lane;
    for (int i = 0; i < CR_VECTOR; i++)
        lane[i] = i;
    int32_t first = begin < 0 ? 0 : begin > CR_VECTOR ? CR_VECTOR : (int32_t)begin;
    int32_t last = end < 0 ? 0 : end > CR_VECTOR ? CR_VECTOR : (int32_t)end;
    return (lane >= first) & (lane < last);
}

// Lanes in the mask come from memory, the others from `other`: their memory is neither read nor need be there.
CR_INLINE cr_vf cr_load_lanes(const float *p, cr_vi mask, cr_vf other)
{
#if defined(__AVX512F__)
    return (cr_vf)_mm512_mask_loadu_ps((__m512)other, _mm512_movepi32_mask((__m512i)mask), p);
#elif defined(__AVX__)
    return cr_select(mask, (cr_vf)_mm256_maskload_ps(p, (__m256i)mask), other);
#else
    for (int i = 0; i < CR_VECTOR; i++)
        if (mask[i])
            other[i] = p[i];
    return other;
#endif
}

// The first n floats of a vector, 0 < n <= CR_VECTOR.
CR_INLINE void cr_store_some(float *to, cr_vf x, int64_t n)
{
#if defined(__AVX512F__)
    _mm512_mask_storeu_ps(to, (__mmask16)((1u << n) - 1), (__m512)x);
#else
    if (n == CR_VECTOR) {
        cr_store(to, x);
        return;
    }
    float from[CR_VECTOR];
    cr_store(from, x);
    const float *p = from;
    if (n & 4) {
        memcpy(to, p, 4 * sizeof *to);
        p += 4;
        to += 4;
    }
    if (n & 2) {
        memcpy(to, p, 2 * sizeof *to);
        p += 2;
        to += 2;
    }
    if (n & 1)
        *to = *p;
#endif
}

// The other lanes are 0.
CR_INLINE cr_vf cr_load_some(const float *from, int64_t n)
{
    return n == CR_VECTOR ? cr_load(from) : cr_load_lanes(from, cr_lanes(0, n), (cr_vf){0});
}

CR_INLINE cr_vf cr_repeat(float x)
{
    return x - (cr_vf){0};
}

// Lanes in the mask are *p, the others come from `other`.
CR_INLINE cr_vf cr_repeat_lanes(const float *p, cr_vi mask, cr_vf other)
{
#if defined(__AVX512F__)
    return (cr_vf)_mm512_mask_broadcastss_ps((__m512)other, _mm512_movepi32_mask((__m512i)mask),
                                             _mm_load_ss(p));
#else
    return cr_select(mask, cr_repeat(*p), other);
#endif
}

// x in a register: the compiler may not read it from memory again for each use, as it likes to, which costs twice
// where vectors cross cache lines.
CR_INLINE cr_vf cr_keep(cr_vf x)
{
#if defined(__aarch64__)
    __asm__("" : "+w"(x));
#else
    __asm__("" : "+v"(x));
#endif
    return x;
}

// The same address, which the compiler takes for another one: what two vectors read there is then read twice, each time
// by the instruction that needs it. One that is broadcast to a register first takes a turn of the adders.
CR_INLINE const float *cr_twin(const float *p)
{
    __asm__("" : "+r"(p));
    return p;
}

// Lanes of x and y in turn: those of the lower halves, or of the upper ones.
#if defined(__AVX512F__)
#define CR_ZIP_LOW 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define CR_ZIP_HIGH 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#define CR_EVEN 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define CR_ODD 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
#define CR_UP 16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14
#define CR_DOWN 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
#elif defined(__AVX__)
#define CR_ZIP_LOW 0, 8, 1, 9, 2, 10, 3, 11
#define CR_ZIP_HIGH 4, 12, 5, 13, 6, 14, 7, 15
// Of each half; CR_HALVES then puts these in order. gcc makes three instructions of one shuffle for all of it.
#define CR_EVEN 0, 2, 8, 10, 4, 6, 12, 14
#define CR_ODD 1, 3, 9, 11, 5, 7, 13, 15
#define CR_HALVES 0, 1, 4, 5, 2, 3, 6, 7
#define CR_UP 8, 0, 1, 2, 3, 4, 5, 6
#define CR_DOWN 1, 2, 3, 4, 5, 6, 7, 8
#else
#define CR_ZIP_LOW 0, 4, 1, 5
#define CR_ZIP_HIGH 2, 6, 3, 7
#define CR_EVEN 0, 2, 4, 6
#define CR_ODD 1, 3, 5, 7
#define CR_UP 4, 0, 1, 2
#define CR_DOWN 1, 2, 3, 4
#endif

CR_INLINE cr_vf cr_zip_low(cr_vf x, cr_vf y)
{
    return __builtin_shufflevector(x, y, CR_ZIP_LOW);
}

CR_INLINE cr_vf cr_zip_high(cr_vf x, cr_vf y)
{
    return __builtin_shufflevector(x, y, CR_ZIP_HIGH);
}

// Every second lane of x, then of y, from the first on.
CR_INLINE cr_vf cr_even(cr_vf x, cr_vf y)
{
    cr_vf even = __builtin_shufflevector(x, y, CR_EVEN);
#if defined(CR_HALVES)
    even = __builtin_shufflevector(even, even, CR_HALVES);
#endif
    return even;
}

CR_INLINE cr_vf cr_odd(cr_vf x, cr_vf y)
{
    cr_vf odd = __builtin_shufflevector(x, y, CR_ODD);
#if defined(CR_HALVES)
    odd = __builtin_shufflevector(odd, odd, CR_HALVES);
#endif
    return odd;
}

// x with each lane moved to the next one, or to the one before; lane 0 of y comes in.
CR_INLINE cr_vf cr_up(cr_vf x, cr_vf y)
{
    return __builtin_shufflevector(x, y, CR_UP);
}

CR_INLINE cr_vf cr_down(cr_vf x, cr_vf y)
{
    return __builtin_shufflevector(x, y, CR_DOWN);
}

// Lane i is lane lane[i] of x and y, one behind the other. Worth it only where it is one instruction.
#if defined(__AVX512F__)
enum { CR_PICKS = true };
CR_INLINE cr_vf cr_pick(cr_vf x, cr_vf y, cr_vi lane)
{
    return (cr_vf)_mm512_permutex2var_ps((__m512)x, (__m512i)lane, (__m512)y);
}
#else
enum { CR_PICKS = false };
CR_INLINE cr_vf cr_pick(cr_vf x, cr_vf y, cr_vi lane)
{
    cr_vf picked = x;
    for (int i = 0; i < CR_VECTOR; i++)
        picked[i] = lane[i] < CR_VECTOR ? x[lane[i]] : y[lane[i] - CR_VECTOR];
    return picked;
}
#endif

// n floats, rounded up to whole vectors. Up to 64 bytes behind `from` are read.
CR_INLINE void cr_copy(const float *from, float *to, int64_t n)
{
    for (int64_t i = 0; i < n; i += CR_VECTOR)
        cr_store(to + i, cr_load(from + i));
}

// Every second one: of the last two vectors the second is read only if something in it is wanted.
CR_INLINE void cr_copy_even(const float *from, float *to, int64_t n)
{
    for (int64_t i = 0; i < n; i += CR_VECTOR) {
        cr_vf low = cr_load(from + 2 * i);
        cr_vf high = n - i > CR_VECTOR / 2 ? cr_load(from + 2 * i + CR_VECTOR) : low;
        cr_store(to + i, cr_even(low, high));
    }
}

// x > y ? x : y in every lane: y where one of them is a NaN.
CR_INLINE cr_vf cr_max(cr_vf x, cr_vf y)
{
#if defined(__AVX512F__)
    return (cr_vf)_mm512_max_ps((__m512)x, (__m512)y);
#elif defined(__AVX__)
    return (cr_vf)_mm256_max_ps((__m256)x, (__m256)y);
#elif defined(__SSE__)
    return (cr_vf)_mm_max_ps((__m128)x, (__m128)y);
#else
    return cr_select(x > y, x, y);
#endif
}

// x < y ? x : y in every lane: y where one of them is a NaN.
CR_INLINE cr_vf cr_min(cr_vf x, cr_vf y)
{
#if defined(__AVX512F__)
    return (cr_vf)_mm512_min_ps((__m512)x, (__m512)y);
#elif defined(__AVX__)
    return (cr_vf)_mm256_min_ps((__m256)x, (__m256)y);
#elif defined(__SSE__)
    return (cr_vf)_mm_min_ps((__m128)x, (__m128)y);
#else
    return cr_select(x < y, x, y);
#endif
}

// A square of vectors: row[i][j] becomes row[j][i]. Each round of zips moves one bit of the row's number into the
// lane's.
CR_INLINE void cr_transpose(cr_vf row[CR_VECTOR])
{
    CR_UNROLL
    for (int round = 1; round < CR_VECTOR; round *= 2) {
        cr_vf next[CR_VECTOR];
        CR_UNROLL
        for (int i = 0; i < CR_VECTOR / 2; i++) {
            next[2 * i] = cr_zip_low(row[i], row[i + CR_VECTOR / 2]);
            next[2 * i + 1] = cr_zip_high(row[i], row[i + CR_VECTOR / 2]);
        }
        CR_UNROLL
        for (int i = 0; i < CR_VECTOR; i++)
            row[i] = next[i];
    }
}

#endif
