/*
 * fused.c - BatchNorm, Scale, Bias, a sum and an activation in one pass.
 *
 * Cut by images, then by channels, long ones once more; without values per channel an image is one channel.
 */
#include "layers/fused.h"
#include "kernels/kernels.h"

enum { ITEM = 16384 }; // floats

// What prepare leaves in step->data.
typedef struct fused {
    const cr_kernels *kernels;
    const cr_affine *affine; // by channel, or NULL
} fused;

typedef struct sweep {
    const cr_tensor *in, *out;
    const fused *data;
    cr_epilogue epilogue;
    int64_t channels, count; // floats of a channel
    // An item is some channels of an image, or a part of a long one.
    int64_t item_channels, parts, image_items;
} sweep;

static cr_affine affine_of(const cr_channel *x)
{
    float center = (float)x->center;
    return (cr_affine){center, (float)x->scale, (float)(x->shift + (center - x->center) * x->scale)};
}

static void run_range(const sweep *s, int64_t image, int64_t channel, int64_t begin, int64_t end)
{
    int64_t at = channel * s->count + begin;
    cr_epilogue_row row = cr_epilogue_row_of(&s->epilogue, channel);
    row.in = s->in->data + image * s->in->image_stride + at;
    row.out = s->out->data + image * s->out->image_stride + at;
    row.add = s->epilogue.add ? s->epilogue.add + image * s->epilogue.add_image_stride + at : NULL;
    row.n = end - begin;
    row.affine = s->data->affine ? &s->data->affine[channel] : NULL;
    s->data->kernels->epilogue->run(&row);
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
    sweep s = {.in = cr_in(step, run, 0), .out = cr_out(step, run, 0), .data = step->data};
    cr_step_epilogue(step, run, &s.epilogue);
    const cr_shape *shape = &s.in->shape;
    bool by_channel = s.data->affine || s.epilogue.slopes;
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
    int64_t channels = f->channel ? p->tensor[step->in[0]].shape.dim[1] : 0;
    fused *d = cr_arena_alloc(p->arena, sizeof *d);
    cr_affine *a = cr_arena_array(p->arena, (size_t)channels, sizeof *a);
    if (!d || !a)
        return cr_no_memory(err);
    for (int64_t c = 0; c < channels; c++)
        a[c] = affine_of(&f->channel[c]);
    *d = (fused){p->kernels, f->channel ? a : NULL};
    step->data = d;
    step->run = run;
    step->implementation = f->channel ? "affine" : "fused";
    return CREMA_OK;
}
