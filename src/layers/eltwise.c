/*
 * eltwise.c - Eltwise: sum, product or maximum of bottoms of equal shape, value by value.
 *
 * Semantics of Caffe's eltwise_layer.cpp, to the bit where values are odd:
 *   SUM   starts from 0 and adds coeff * bottom in bottom order, product rounded before the sum; a bottom with
 *         coeff 0 is not read (as BLAS's axpy does), so its NaN does not count
 *   PROD  takes no coeff (an error)
 *   MAX   starts as a > b ? a : b of the first two, then a later one wins if it is larger: a NaN in the first
 *         bottom loses, one in the second stays, later ones never win
 *
 * Blocks are computed in a buffer of their own, so the top may be any of the bottoms.
 */
#include "crema.pb-c.h"
#include "layers/layer.h"

#include <string.h>

enum { BLOCK = 256, ITEM_BLOCKS = 32 };

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__EltwiseParameter *p = layer->param->eltwise_param;
    if (!p || p->n_coeff == 0)
        return CREMA_OK;
    if (p->operation == CREMA__ELTWISE_PARAMETER__ELTWISE_OP__PROD)
        return cr_layer_fail(layer, err, p, "coeff", 0, "coeff works with SUM only, not with PROD");
    if (p->n_coeff != (size_t)layer->n_in)
        return cr_layer_fail(layer, err, p, "coeff", 0,
                             "%zu coeff for %d bottoms; give none, or one for each", p->n_coeff, layer->n_in);
    if (p->operation == CREMA__ELTWISE_PARAMETER__ELTWISE_OP__MAX)
        cr_layer_warn(layer, p, "coeff", 0, "coeff has no effect with MAX");
    return CREMA_OK;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    for (int i = 1; i < layer->n_in; i++) {
        char first[CR_SHAPE_TEXT], other[CR_SHAPE_TEXT];
        if (!cr_shape_equal(&s->in[0], &s->in[i]))
            return cr_layer_fail(layer, err, layer->param, "bottom", (size_t)i,
                                 "bottom \"%s\" (%s) and bottom \"%s\" (%s) must have one shape",
                                 layer->in_name[0], cr_shape_text(&s->in[0], first, sizeof first),
                                 layer->in_name[i], cr_shape_text(&s->in[i], other, sizeof other));
    }
    s->out[0] = s->in[0];
    return CREMA_OK;
}

/* ---- one block. The loops have a fixed length, which lets the compiler use vectors ---- */

static void sum_block(float *acc, const float *in, float coeff)
{
    if (coeff == 1)
        for (int i = 0; i < BLOCK; i++)
            acc[i] += in[i];
    else
        for (int i = 0; i < BLOCK; i++)
            acc[i] += coeff * in[i];
}

static void product_block(float *acc, const float *in)
{
    for (int i = 0; i < BLOCK; i++)
        acc[i] *= in[i];
}

static void first_max_block(float *acc, const float *in)
{
    for (int i = 0; i < BLOCK; i++)
        acc[i] = acc[i] > in[i] ? acc[i] : in[i];
}

static void later_max_block(float *acc, const float *in)
{
    for (int i = 0; i < BLOCK; i++)
        acc[i] = in[i] > acc[i] ? in[i] : acc[i];
}

typedef struct work {
    const cr_step *step;
    const cr_run *run;
    int64_t image_count, image_items;
} work;

static void add_bottom(float *acc, const float *in, int k, const Crema__EltwiseParameter *p)
{
    switch (p ? p->operation : CREMA__ELTWISE_PARAMETER__ELTWISE_OP__SUM) {
    case CREMA__ELTWISE_PARAMETER__ELTWISE_OP__PROD:
        product_block(acc, in);
        break;
    case CREMA__ELTWISE_PARAMETER__ELTWISE_OP__MAX:
        if (k == 1)
            first_max_block(acc, in);
        else
            later_max_block(acc, in);
        break;
    default:
        sum_block(acc, in, p && p->n_coeff > 0 ? p->coeff[k] : 1);
    }
}

// n <= BLOCK values at `at` of an image.
static void run_block(const work *w, int64_t image, int64_t at, int64_t n)
{
    const Crema__EltwiseParameter *p = w->step->layer->param->eltwise_param;
    bool sum = !p || p->operation == CREMA__ELTWISE_PARAMETER__ELTWISE_OP__SUM;
    float acc[BLOCK], tail[BLOCK];
    memset(acc, 0, sizeof acc);
    memset(tail, 0, sizeof tail);
    for (int k = 0; k < w->step->n_in; k++) {
        const cr_tensor *t = cr_in(w->step, w->run, k);
        const float *in = t->data + image * t->image_stride + at;
        if (sum && p && p->n_coeff > 0 && p->coeff[k] == 0)
            continue;
        if (n < BLOCK) // the buffers have no values behind their end
            in = memcpy(tail, in, (size_t)n * sizeof *in);
        if (k == 0 && !sum)
            memcpy(acc, in, sizeof acc);
        else
            add_bottom(acc, in, k, p);
    }
    const cr_tensor *out = cr_out(w->step, w->run, 0);
    memcpy(out->data + image * out->image_stride + at, acc, (size_t)n * sizeof *acc);
}

static void run_item(void *ctx, int64_t item, int slot)
{
    (void)slot;
    const work *w = ctx;
    int64_t image = item / w->image_items, at = item % w->image_items * (BLOCK * ITEM_BLOCKS);
    int64_t end = at + BLOCK * ITEM_BLOCKS;
    if (end > w->image_count)
        end = w->image_count;
    for (; at < end; at += BLOCK)
        run_block(w, image, at, end - at < BLOCK ? end - at : BLOCK);
}

static void run(const cr_step *step, cr_run *run)
{
    const cr_tensor *out = cr_out(step, run, 0);
    work w = {.step = step, .run = run, .image_count = cr_tensor_image_count(out)};
    w.image_items = (w.image_count + BLOCK * ITEM_BLOCKS - 1) / (BLOCK * ITEM_BLOCKS);
    cr_parallel(run->pool, cr_tensor_images(out) * w.image_items, run_item, &w);
}

// The plain sum of two.
static cr_status gives(const cr_step *step, const cr_preparing *prep, cr_fusion *what, bool *is, cr_err *err)
{
    const Crema__EltwiseParameter *p = step->layer->param->eltwise_param;
    (void)prep, (void)err;
    *is = step->n_in == 2 && (!p || p->operation == CREMA__ELTWISE_PARAMETER__ELTWISE_OP__SUM);
    for (size_t i = 0; p && i < p->n_coeff; i++)
        *is = *is && p->coeff[i] == 1;
    what->add = step->in[1];
    return CREMA_OK;
}

const cr_layer_type cr_layer_eltwise = {
    .name = "Eltwise",
    .about = "sum, product or maximum of bottoms, value by value",
    .param = "eltwise_param",
    .in_min = 2,
    .in_max = CR_ANY,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_INPLACE | CR_STRIDED,
    .setup = setup,
    .shape = shape,
    .run = run,
    .gives = gives,
};
