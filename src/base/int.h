/*
 * int.h - what is done to sizes and positions everywhere: the smaller and larger one, divisions that round up.
 *
 * Operands are positive or 0 where that matters; nothing here checks for overflow (base/mem.h does).
 */
#ifndef CR_BASE_INT_H
#define CR_BASE_INT_H

#include <stdint.h>

static inline int64_t cr_i64_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t cr_i64_max(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static inline int64_t cr_div_up(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

static inline int64_t cr_round_up(int64_t a, int64_t to)
{
    return (a + to - 1) / to * to;
}

#endif
