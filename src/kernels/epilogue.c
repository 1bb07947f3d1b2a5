/*
 * epilogue.c - the epilogue as a pass of its own, for algorithms that do not apply it themselves.
 *
 * An item is one channel of one image: its values are still near in the caches when the algorithm wrote them last.
 */
#include "kernels/epilogue.h"
#include "kernels/kernels.h"

#include <stddef.h>

typedef struct job {
    const cr_kernels *kernels;
    const cr_epilogue *e;
    const cr_epilogue_out *out;
} job;

void cr_epilogue_split(const cr_epilogue *e, cr_epilogue *now, cr_epilogue *later)
{
    *now = e ? *e : (cr_epilogue){.activation = CR_ACT_NONE};
    *later = (cr_epilogue){.activation = CR_ACT_NONE};
    if (now->activation == CR_ACT_SIGMOID || now->activation == CR_ACT_SWISH) {
        later->activation = now->activation;
        later->slope = now->slope;
        now->activation = CR_ACT_NONE;
    }
}

cr_epilogue_row cr_epilogue_row_of(const cr_epilogue *e, int64_t channel)
{
    return (cr_epilogue_row){.activation = e->activation,
                             .slope = e->activation == CR_ACT_PRELU ? e->slopes[channel] : e->slope,
                             .min = e->min,
                             .max = e->max};
}

static void run_channel(void *ctx, int64_t item, int slot)
{
    (void)slot;
    const job *j = ctx;
    const cr_epilogue_out *o = j->out;
    int64_t image = item / o->channels, c = item % o->channels;
    cr_epilogue_row r = cr_epilogue_row_of(j->e, c);
    r.out = o->data + image * o->image_stride + c * o->count;
    r.in = r.out;
    r.add = j->e->add ? j->e->add + image * j->e->add_image_stride + c * o->count : NULL;
    r.n = o->count;
    j->kernels->epilogue->run(&r);
}

void cr_epilogue_apply(const cr_kernels *kernels, const cr_epilogue *e, const cr_epilogue_out *out,
                       cr_pool *pool)
{
    if (!e || (!e->add && e->activation == CR_ACT_NONE))
        return;
    job j = {kernels, e, out};
    cr_parallel(pool, out->images * out->channels, run_channel, &j);
}
