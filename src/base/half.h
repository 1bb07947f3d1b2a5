/*
 * half.h - IEEE half precision to float and back. NVIDIA's fork stores weights so.
 */
#ifndef CR_BASE_HALF_H
#define CR_BASE_HALF_H

#include <stdint.h>

// The float with the value of these bits; every half has one. A NaN stays a NaN, with its sign.
float cr_half_to_float(uint16_t bits);
// The nearest half, of two the even one. From 65520 on that is infinity. A NaN stays a NaN, with its sign.
uint16_t cr_half_from_float(float value);

#endif
