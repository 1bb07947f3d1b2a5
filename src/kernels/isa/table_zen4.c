/*
 * table_zen4.c - level zen4: the functions of v4, for AMD's processors since Zen 4.
 *
 * These add on two units that stand beside the two for multiply-adds, where others use the same ones for both: per
 * cycle a 512-bit addition and a 512-bit multiply-add, as measured on one, where the operand from memory is broadcast
 * by the addition itself.
 */
#if defined(__AVX512F__)
#define CR_TABLE zen4
#define CR_ADDS_BESIDE true
#include "kernels/isa/table.c"
#endif
