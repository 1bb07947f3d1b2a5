/*
 * cpu.c - what the CPU can do.
 *
 * The levels are those of the x86-64 psABI. Of a level's features only those are asked for that some CPU or
 * virtual machine of the level below has, or lacks, on its own: the others come with them. The compiler's
 * detection counts a feature only if the operating system saves its registers.
 */
#include "base/cpu.h"

#include <string.h>

#if defined(__x86_64__)
static bool runs_v2(void)
{
    return __builtin_cpu_supports("ssse3") && __builtin_cpu_supports("sse4.2") &&
           __builtin_cpu_supports("popcnt");
}

static bool runs_v3(void)
{
    return runs_v2() && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
}

static bool runs_v4(void)
{
    return runs_v3() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
}
#endif

bool cr_cpu_runs(const char *level)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (strcmp(level, "v2") == 0)
        return runs_v2();
    if (strcmp(level, "v3") == 0)
        return runs_v3();
    return strcmp(level, "v4") == 0 && runs_v4();
#elif defined(__aarch64__)
    return strcmp(level, "neon") == 0; // every aarch64 CPU has it
#else
    (void)level;
    return false;
#endif
}
