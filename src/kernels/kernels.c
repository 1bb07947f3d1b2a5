/*
 * kernels.c - the ISA levels of this build, and the choice among them.
 */
#include "kernels/kernels.h"
#include "base/cpu.h"

#include <stddef.h>
#include <string.h>

#if defined(__x86_64__)
extern const cr_kernels cr_kernels_zen4, cr_kernels_v4, cr_kernels_v3, cr_kernels_v2;
const cr_kernels *const cr_kernels_all[] = {&cr_kernels_zen4, &cr_kernels_v4, &cr_kernels_v3, &cr_kernels_v2,
                                            NULL};
#else
extern const cr_kernels cr_kernels_neon;
const cr_kernels *const cr_kernels_all[] = {&cr_kernels_neon, NULL};
#endif

const cr_kernels *cr_kernels_choose(const char *name, const char **why)
{
    *why = name ? "there is no ISA level of that name in this build"
                : "this CPU runs no ISA level of this build";
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++) {
        if (name && strcmp((*k)->name, name) != 0)
            continue;
        if (cr_cpu_runs((*k)->name)) {
            *why = NULL;
            return *k;
        }
        if (name)
            *why = "this CPU does not run it";
    }
    return NULL;
}
