/*
 * probe.c - the loops that measure what a core can do at best at this ISA level.
 *
 *     multiply_add   x[i] = x[i] * a + b      for CHAINS vectors x: enough of them that each multiply-add has its
 *                                             operands ready (latency 4, two a cycle), and all of them in registers
 *     add_up         sum[i] += from[...]      one load a vector, in SUMS chains: the pace of reading
 *     copy           to[...] = from[...]      one load and one store a vector
 *
 * What the loops are made of is checked in the assembly (tests/kernels/test_probe.c): a compiler that spilt a
 * register would make every share of the peak look better than it is.
 */
#include "kernels/probe.h"
#include "kernels/simd.h"

enum { CHAINS = CR_REGISTERS * 3 / 4, SUMS = 8 };

static double CR_ISA(probe_multiply_add)(int64_t turns, float *result)
{
    cr_vf x[CHAINS], a = cr_repeat(0.999f), b = cr_repeat(0.001f);
    CR_UNROLL
    for (int i = 0; i < CHAINS; i++)
        x[i] = b * (float)i;
    for (int64_t t = 0; t < turns; t++) {
        CR_UNROLL
        for (int i = 0; i < CHAINS; i++)
            x[i] = x[i] * a + b;
    }
    CR_UNROLL
    for (int i = 1; i < CHAINS; i++)
        x[0] += x[i];
    *result = x[0][0];
    return 2.0 * CHAINS * CR_VECTOR * (double)turns;
}

static float CR_ISA(probe_add_up)(const float *from, int64_t n)
{
    cr_vf sum[SUMS] = {{0}};
    for (int64_t i = 0; i < n; i += SUMS * CR_VECTOR) {
        CR_UNROLL
        for (int j = 0; j < SUMS; j++)
            sum[j] += cr_load(from + i + j * CR_VECTOR);
    }
    CR_UNROLL
    for (int j = 1; j < SUMS; j++)
        sum[0] += sum[j];
    float total = 0;
    for (int i = 0; i < CR_VECTOR; i++)
        total += sum[0][i];
    return total;
}

static void CR_ISA(probe_copy)(const float *from, int64_t n, float *to)
{
    for (int64_t i = 0; i < n; i += SUMS * CR_VECTOR) {
        CR_UNROLL
        for (int j = 0; j < SUMS; j++)
            cr_store(to + i + j * CR_VECTOR, cr_load(from + i + j * CR_VECTOR));
    }
}

extern const cr_probe_kernels CR_ISA(cr_probe_kernels);
const cr_probe_kernels CR_ISA(cr_probe_kernels) = {
    .multiply_add = CR_ISA(probe_multiply_add), .add_up = CR_ISA(probe_add_up), .copy = CR_ISA(probe_copy)};
