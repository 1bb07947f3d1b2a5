/*
 * half.c - half to float and back by moving bits.
 *
 * A half is 1 sign, 5 exponent (bias 15) and 10 mantissa bits; a float 1, 8 (bias 127) and 23. So mantissas
 * move 13 bits to the left and exponents grow by 112, except at both ends: exponent 31 becomes 255 (inf, nan),
 * and subnormal halves, which floats hold as normal numbers, are mantissa * 2^-24, which is exact.
 */
#include "base/half.h"

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

// What is below the smallest normal half is a multiple of 2^-24: adding 0.5 leaves just that in the float's last
// bits, rounded as the sum is. Elsewhere 13 bits of the mantissa go, and rounding may carry into the exponent.
uint16_t cr_half_from_float(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    bits &= 0x7FFFFFFF;
    if (bits > 0x7F800000)
        return sign | 0x7E00;
    if (bits >= 0x47800000) // 65536
        return sign | 0x7C00;
    if (bits < 0x38800000) { // 2^-14
        float sum;
        memcpy(&sum, &bits, sizeof sum);
        sum += 0.5f;
        memcpy(&bits, &sum, sizeof bits);
        return (uint16_t)(sign | (bits - 0x3F000000));
    }
    bits += 0xFFF + (bits >> 13 & 1) - (112u << 23);
    return (uint16_t)(sign | bits >> 13);
}
