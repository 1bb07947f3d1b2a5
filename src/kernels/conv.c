/*
 * conv.c - the ordered list of convolution algorithms, and the choice among them.
 *
 * The first that accepts wins, so the order is the policy: special and fast ones first, im2col, which accepts
 * all, last. The choice depends on the convolution's shape and the CPU only, so results repeat.
 */
#include "kernels/conv.h"

#include <string.h>

enum { MANY_GROUPS = 8, MAX_PARTS = 16, SMALL_PACK = 64 << 10 };

const cr_conv_algorithm *const cr_conv_algorithms[] = {
    &cr_conv_dot,       &cr_conv_fft,       &cr_conv_depthwise_blocked,
    &cr_conv_depthwise, &cr_conv_winograd,  &cr_conv_pairs,
    &cr_conv_strassen,  &cr_conv_pointwise, &cr_conv_direct,
    &cr_conv_tiled,     &cr_conv_im2col,    NULL,
};

static const int32_t single_index = 0;
static const int64_t single_begin = 0, single_end = 1;
const cr_axis cr_axis_single = {.in = 1,
                                .out = 1,
                                .kernel = 1,
                                .stride = 1,
                                .dilation = 1,
                                .index = {&single_index, &single_index},
                                .run_begin = {&single_begin, &single_begin},
                                .run_end = {&single_end, &single_end},
                                .inner_end = 1};

bool cr_window_has_empty(const cr_window *w)
{
    for (int a = 0; a < w->n_axes && w->partial; a++)
        for (int64_t o = 0; o < w->axis[a].out; o++)
            if (w->axis[a].factor[o] == 0)
                return true;
    return false;
}

// Packs that round channels up to whole panels are no larger by more than this, in all but small layers.
static bool is_larger(size_t pack, size_t weights)
{
    return pack > weights + weights / 8 + SMALL_PACK;
}

static const char *refuse_blocked(const cr_conv_algorithm *a, const cr_conv *conv)
{
    if ((conv->in_blocked && !(a->blocked & CR_READS_BLOCKED)) ||
        (conv->out_blocked && !(a->blocked & CR_WRITES_BLOCKED)) ||
        (conv->in_blocked != conv->out_blocked && (a->blocked & CR_BLOCKED_BOTH)))
        return "channels lie in blocks";
    return NULL;
}

// Why it can't or may not run.
static const char *refuse(const cr_conv_algorithm *a, const cr_conv *conv)
{
    const char *why = a->accepts(conv);
    if (!why)
        why = refuse_blocked(a, conv);
    if (why || !conv->small_memory || !a->pack_bytes)
        return why;
    int64_t weights = conv->out_channels * (conv->in_channels / conv->group) * conv->kernel_count;
    return is_larger(a->pack_bytes(conv), (size_t)weights * sizeof(float))
               ? "little memory is to be used, and its weights take more when packed"
               : NULL;
}

const char *cr_conv_refusal(const cr_conv_algorithm *a, const cr_conv *conv)
{
    const char *why = refuse(a, conv);
    return why || !a->loses ? why : a->loses(conv);
}

bool cr_conv_prefers_plain(const cr_conv *conv)
{
    cr_conv plain = *conv;
    plain.in_blocked = plain.out_blocked = false;
    for (const cr_conv_algorithm *const *a = cr_conv_algorithms; *a; a++)
        if (refuse_blocked(*a, conv) && (*a)->loses && !refuse(*a, &plain) && !(*a)->loses(conv))
            return true;
    return false;
}

const cr_conv_algorithm *cr_conv_choose(const cr_conv *conv, const char *force, const char **why)
{
    for (const cr_conv_algorithm *const *a = cr_conv_algorithms; *a; a++) {
        if (force && strcmp((*a)->name, force) != 0)
            continue;
        const char *reason = force ? refuse(*a, conv) : cr_conv_refusal(*a, conv);
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
