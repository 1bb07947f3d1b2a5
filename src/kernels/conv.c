/*
 * conv.c - the ordered list of convolution algorithms, and the choice among them.
 *
 * The first that accepts wins, so the order is the policy: special and fast ones first, im2col, which accepts
 * all, last. The choice depends on the convolution's shape and the CPU only, so results repeat.
 */
#include "kernels/conv.h"

#include <string.h>

enum { MANY_GROUPS = 8, MAX_PARTS = 16 };

const cr_conv_algorithm *const cr_conv_algorithms[] = {
    &cr_conv_dot, &cr_conv_depthwise, &cr_conv_winograd, &cr_conv_pointwise, &cr_conv_tiled, &cr_conv_im2col,
    NULL,
};

const cr_conv_algorithm *cr_conv_choose(const cr_conv *conv, const char *force, const char **why)
{
    for (const cr_conv_algorithm *const *a = cr_conv_algorithms; *a; a++) {
        if (force && strcmp((*a)->name, force) != 0)
            continue;
        const char *reason = (*a)->accepts(conv);
        if (!reason)
            return *a;
        if (force) {
            *why = reason;
            return NULL;
        }
    }
    *why = force ? "there is no convolution algorithm of that name" : "no algorithm accepts this convolution";
    return NULL;
}

int64_t cr_conv_group_parts(const cr_conv *conv)
{
    if (conv->group < MANY_GROUPS)
        return 1;
    return conv->group < MAX_PARTS ? conv->group : MAX_PARTS;
}
