/*
 * cpu.c - what the CPU can do.
 *
 * The levels are those of the x86-64 psABI, and zen4: v4 on AMD's processors, which add beside multiplying. Of a level's features only those are asked for that some CPU or
 * virtual machine of the level below has, or lacks, on its own: the others come with them. The compiler's
 * detection counts a feature only if the operating system saves its registers.
 */
#include "base/cpu.h"

#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>

enum { FAMILY_ZEN3_AND_4 = 0x19 };

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

// Of family 19h only Zen 4 has v4; later families descend from it.
static bool runs_zen4(void)
{
    unsigned eax, ebx, ecx, edx;
    if (!runs_v4() || !__builtin_cpu_is("amd") || !__get_cpuid(1, &eax, &ebx, &ecx, &edx))
        return false;
    unsigned family = (eax >> 8 & 15) + (eax >> 20 & 255); // the second part counts where the first is 15
    return family >= FAMILY_ZEN3_AND_4;
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
    if (strcmp(level, "zen4") == 0)
        return runs_zen4();
    return strcmp(level, "v4") == 0 && runs_v4();
#elif defined(__aarch64__)
    return strcmp(level, "neon") == 0; // every aarch64 CPU has it
#else
    (void)level;
    return false;
#endif
}
