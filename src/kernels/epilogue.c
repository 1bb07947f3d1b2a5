/*
 * epilogue.c - the epilogue as a pass of its own, for algorithms that do not apply it themselves.
 *
 * An item is one channel of one image: its values are still near in the caches when the algorithm wrote them last.
 */
#include "kernels/epilogue.h"

#include <math.h>
#include <stddef.h>

typedef struct job {
    const cr_epilogue *e;
    const cr_epilogue_out *out;
} job;

static void activate(const cr_epilogue *e, float slope, float *x, int64_t n)
{
    switch (e->activation) {
    case CR_ACT_NONE:
        break;
    case CR_ACT_RELU:
    case CR_ACT_PRELU:
        for (int64_t i = 0; i < n; i++)
            x[i] = x[i] < 0 ? slope * x[i] : x[i];
        break;
    case CR_ACT_CLIP:
        for (int64_t i = 0; i < n; i++)
            x[i] = x[i] < e->min ? e->min : x[i] > e->max ? e->max : x[i];
        break;
    case CR_ACT_SIGMOID:
        for (int64_t i = 0; i < n; i++)
            x[i] = 1 / (1 + expf(-x[i]));
        break;
    case CR_ACT_SWISH:
        for (int64_t i = 0; i < n; i++)
            x[i] = x[i] / (1 + expf(-slope * x[i]));
        break;
    case CR_ACT_HARDSWISH:
        for (int64_t i = 0; i < n; i++) {
            float y = x[i] + 3;
            x[i] *= (y < 0 ? 0 : y > 6 ? 6 : y) / 6;
        }
        break;
    }
}

static void channel(void *ctx, int64_t item, int slot)
{
    (void)slot;
    const job *j = ctx;
    const cr_epilogue_out *o = j->out;
    int64_t image = item / o->channels, c = item % o->channels;
    float *x = o->data + image * o->image_stride + c * o->count;
    if (j->e->add) {
        const float *add = j->e->add + image * j->e->add_image_stride + c * o->count;
        for (int64_t i = 0; i < o->count; i++)
            x[i] += add[i];
    }
    activate(j->e, j->e->activation == CR_ACT_PRELU ? j->e->slopes[c] : j->e->slope, x, o->count);
}

void cr_epilogue_apply(const cr_epilogue *e, const cr_epilogue_out *out, cr_pool *pool)
{
    if (!e || (!e->add && e->activation == CR_ACT_NONE))
        return;
    job j = {e, out};
    cr_parallel(pool, out->images * out->channels, channel, &j);
}
