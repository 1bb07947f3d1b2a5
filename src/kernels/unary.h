/*
 * unary.h - functions of one value, by vectors.
 */
#ifndef CR_KERNELS_UNARY_H
#define CR_KERNELS_UNARY_H

#include <stdint.h>

typedef enum cr_unary_function {
    CR_UNARY_EXP,     // a * exp(b x)
    CR_UNARY_LOG,     // a * log(b x + c)
    CR_UNARY_SIGMOID, // 1 / (1 + exp(-x))
    CR_UNARY_SWISH,   // x / (1 + exp(-a x))
    CR_UNARY_TANH,
    CR_UNARY_ELU,  // a * x where x > 0, else b * (exp(x) - 1)
    CR_UNARY_BNLL, // log(1 + exp(x))
    CR_UNARY_MISH  // x * tanh(log(1 + exp(x)))
} cr_unary_function;

// out may be in.
typedef struct cr_unary {
    cr_unary_function function;
    float a, b, c;
    const float *in;
    float *out;
    int64_t n;
} cr_unary;

typedef struct cr_unary_kernels {
    void (*run)(const cr_unary *unary);
} cr_unary_kernels;

#endif
