/*
 * half.h - IEEE half precision to float. NVIDIA's fork stores weights so.
 */
#ifndef CR_READ_HALF_H
#define CR_READ_HALF_H

#include <stdint.h>

// The float with the value of these bits; every half has one. A NaN stays a NaN, with its sign.
float cr_half_to_float(uint16_t bits);

#endif
