/*
 * half.c - half to float by moving bits.
 *
 * A half is 1 sign, 5 exponent (bias 15) and 10 mantissa bits; a float 1, 8 (bias 127) and 23. So mantissas
 * move 13 bits to the left and exponents grow by 112, except at both ends: exponent 31 becomes 255 (inf, nan),
 * and subnormal halves, which floats hold as normal numbers, are mantissa * 2^-24, which is exact.
 */
#include "read/half.h"

#include <string.h>

float cr_half_to_float(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31, mantissa = half & 0x3FF;
    uint32_t bits;
    float value;
    if (exponent == 0) {
        value = (float)mantissa * 0x1p-24f;
        return sign ? -value : value;
    }
    bits = sign | (exponent == 31 ? 255 : exponent + 112) << 23 | mantissa << 13;
    memcpy(&value, &bits, sizeof value);
    return value;
}
