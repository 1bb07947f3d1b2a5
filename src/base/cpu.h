/*
 * cpu.h - what the CPU can do.
 */
#ifndef CR_BASE_CPU_H
#define CR_BASE_CPU_H

#include <stdbool.h>

// Whether this CPU and its operating system run code of a level: "v2", "v3", "v4", "zen4" (of x86-64), "neon" (aarch64).
bool cr_cpu_runs(const char *level);

#endif
