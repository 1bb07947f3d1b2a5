/*
 * fused.c - BatchNorm, Scale, Bias, a sum and an activation in one pass.
 *
 * Each channel of each image is cut in blocks; a block is scaled into the top, and gets its sum and activation while
 * it stands in the cache. x * scale + shift is computed as (x - center) * scale + rest with center = -shift / scale,
 * so that values near a large mean lose nothing.
 */
#include "layers/fused.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 4096, ITEM = 16384 }; // floats

typedef struct affine {
    float center, scale, rest;
} affine;

typedef struct sweep {
    const cr_tensor *in, *out;
    const affine *affine; // by channel, or NULL
    const cr_epilogue *epilogue;
    int64_t channels, count; // floats of a channel
    // An item is some channels of an image, or a part of a long one.
    int64_t item_channels, parts, image_items;
} sweep;

static affine affine_of(double scale, double shift)
{
    float center = (float)(scale != 0 ? -shift / scale : 0);
    if (!isfinite(center))
        center = 0;
    return (affine){center, (float)scale, (float)(shift + center * scale)};
}

static void scale_block(const affine *a, const float *in, float *out, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = (in[i] - a->center) * a->scale + a->rest;
}

static void run_range(const sweep *s, int64_t image, int64_t channel, int64_t begin, int64_t end)
{
    const float *in = s->in->data + image * s->in->image_stride + channel * s->count;
    float *out = s->out->data + image * s->out->image_stride + channel * s->count;
    cr_epilogue e = s->epilogue ? *s->epilogue : (cr_epilogue){0};
    if (e.add)
        e.add += image * e.add_image_stride + channel * s->count + begin;
    if (e.slopes)
        e.slopes += channel;
    for (int64_t at = begin; at < end; at += BLOCK) {
        int64_t n = end - at < BLOCK ? end - at : BLOCK;
        if (s->affine)
            scale_block(&s->affine[channel], in + at, out + at, n);
        else if (in != out)
            memcpy(out + at, in + at, (size_t)n * sizeof *out);
        cr_epilogue_out block = {out + at, 1, 1, n, 0};
        cr_epilogue_apply(&e, &block, NULL);
        if (e.add)
            e.add += n;
    }
}

static void run_item(void *ctx, int64_t item, int slot)
{
    (void)slot;
    const sweep *s = ctx;
    int64_t image = item / s->image_items, part = item % s->image_items % s->parts;
    int64_t first = item % s->image_items / s->parts * s->item_channels;
    int64_t end = part + 1 < s->parts ? (part + 1) * ITEM : s->count;
    for (int64_t c = first; c < s->channels && c < first + s->item_channels; c++)
        run_range(s, image, c, part * ITEM, end);
}

static void run(const cr_step *step, cr_run *run)
{
    cr_epilogue epilogue;
    sweep s = {.in = cr_in(step, run, 0), .out = cr_out(step, run, 0), .affine = step->data};
    s.epilogue = cr_step_epilogue(step, run, &epilogue);
    const cr_shape *shape = &s.in->shape;
    bool by_channel = s.affine || (s.epilogue && s.epilogue->slopes);
    s.channels = by_channel ? shape->dim[1] : 1;
    s.count = by_channel ? cr_shape_range(shape, 2, shape->rank) : cr_tensor_image_count(s.in);
    if (s.count == 0 || s.channels == 0)
        return;
    s.item_channels = s.count < ITEM ? ITEM / s.count : 1;
    s.parts = (s.count + ITEM - 1) / ITEM;
    s.image_items = (s.channels + s.item_channels - 1) / s.item_channels * s.parts;
    cr_parallel(run->pool, cr_tensor_images(s.in) * s.image_items, run_item, &s);
}

cr_status cr_fused_prepare(cr_step *step, const cr_preparing *p, cr_err *err)
{
    const cr_fusion *f = step->fusion;
    step->run = run;
    step->implementation = "fused";
    if (!f->scale)
        return CREMA_OK;
    int64_t channels = p->tensor[step->in[0]].shape.dim[1];
    affine *a = cr_arena_array(p->arena, (size_t)channels, sizeof *a);
    if (!a)
        return cr_no_memory(err);
    for (int64_t c = 0; c < channels; c++)
        a[c] = affine_of(f->scale[c], f->shift[c]);
    step->data = a;
    step->implementation = "affine";
    return CREMA_OK;
}

cr_status cr_give_affine(const cr_step *step, const cr_preparing *p, cr_fusion *what, double **scale,
                         double **shift, bool *is, cr_err *err)
{
    const cr_shape *in = &p->tensor[step->in[0]].shape;
    *is = in->rank > 1;
    if (!*is)
        return CREMA_OK;
    size_t channels = (size_t)in->dim[1];
    *scale = cr_arena_array(p->arena, channels, sizeof **scale);
    *shift = cr_arena_array(p->arena, channels, sizeof **shift);
    if (!*scale || !*shift)
        return cr_no_memory(err);
    for (size_t c = 0; c < channels; c++)
        (*scale)[c] = 1;
    what->scale = *scale;
    what->shift = *shift;
    return CREMA_OK;
}
