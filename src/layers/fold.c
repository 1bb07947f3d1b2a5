/*
 * fold.c - scales and shifts into weights and biases.
 *
 * What is folded into a layer is always a part of the one chain behind it, so the last layer of that part names it.
 */
#include "layers/fold.h"
#include "base/int.h"

#include <stdio.h>
#include <string.h>

enum {
    BEHIND = 64,   // bytes
    UNIT = 1 << 16 // floats that are packed at a time
};

cr_status cr_give_channels(const cr_step *step, const cr_preparing *p, cr_fusion *what, cr_channel **channel,
                           cr_err *err)
{
    const cr_shape *in = &p->tensor[step->in[0]].shape;
    *channel = NULL;
    if (in->rank < 2)
        return CREMA_OK;
    *channel = cr_arena_array(p->scratch, (size_t)in->dim[1], sizeof **channel);
    if (!*channel)
        return cr_no_memory(err);
    for (int64_t c = 0; c < in->dim[1]; c++)
        (*channel)[c].scale = 1;
    what->channel = *channel;
    return CREMA_OK;
}

bool cr_folds(const cr_step *step)
{
    return step->fusion && step->fusion->channel;
}

cr_status cr_fold(const cr_step *step, const cr_preparing *p, int64_t channels, const float **bias,
                  const double **scale, cr_err *err)
{
    const float *own = step->n_blobs > 1 ? step->blob[1] : NULL;
    *bias = own;
    *scale = NULL;
    if (!cr_folds(step))
        return CREMA_OK;
    float *folded = cr_arena_array(p->arena, (size_t)channels, sizeof *folded);
    double *by = cr_arena_array(p->scratch, (size_t)channels, sizeof *by);
    if (!folded || !by)
        return cr_no_memory(err);
    for (int64_t c = 0; c < channels; c++) {
        const cr_channel *x = &step->fusion->channel[c];
        folded[c] = (float)(((own ? own[c] : 0) - x->center) * x->scale + x->shift);
        by[c] = x->scale;
    }
    *bias = folded;
    *scale = by;
    return CREMA_OK;
}

typedef struct rows {
    const cr_channel *channel;
    int64_t n, count;
} rows;

static void fill_rows(const void *arg, const float *weights, int64_t first, int64_t n, void *pack)
{
    const rows *r = arg;
    float *to = (float *)pack + first * r->count;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < r->count; j++)
            to[i * r->count + j] = (float)(weights[i * r->count + j] * r->channel[first + i].scale);
    if (first + n == r->n)
        memset(to + n * r->count, 0, BEHIND);
}

static void fill(const void *arg, const float *const *values, void *pack)
{
    const rows *r = arg;
    fill_rows(arg, values[0], 0, r->n, pack);
}

cr_status cr_fold_weights(cr_step *step, const cr_preparing *p, int64_t channels, cr_err *err)
{
    char key[CR_FOLD_TEXT + 16], fold[CR_FOLD_TEXT];
    rows *r = cr_arena_alloc(p->arena, sizeof *r);
    if (!r)
        return cr_no_memory(err);
    int64_t count = cr_shape_count(&step->blob_shape[0]);
    *r = (rows){step->fusion->channel, channels, channels > 0 ? count / channels : 0};
    step->packed[0] = true;
    snprintf(key, sizeof key, "as it is%s", cr_fold_key(step, p, fold));
    cr_pack_recipe recipe = {
        .key = key, .bytes = (size_t)count * sizeof(float) + BEHIND, .fill = fill, .arg = r};
    recipe.fill_rows = fill_rows;
    recipe.rows = channels;
    recipe.unit = r->count > 0 ? cr_i64_max(UNIT / r->count, 1) : 0;
    return p->pack(p, step, &recipe, err);
}

const char *cr_fold_key(const cr_step *step, const cr_preparing *p, char text[CR_FOLD_TEXT])
{
    text[0] = 0;
    if (cr_folds(step))
        snprintf(text, CR_FOLD_TEXT, " to %d%s", step->fusion->affine, p->factor_0_is_1 ? " by 1" : "");
    return text;
}
