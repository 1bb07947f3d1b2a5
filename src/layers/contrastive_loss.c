/*
 * contrastive_loss.c - ContrastiveLoss of pairs: d^2 of similar ones, max(margin - d, 0)^2 of the others, by
 * twice the batch size.
 *
 * Semantics of Caffe's contrastive_loss_layer.cpp: d is the distance of bottoms 0 and 1, a pair is similar
 * where bottom 2, cut to an integer, is not 0; legacy_version takes max(margin - d^2, 0), not squared.
 */
#include "crema.pb-c.h"
#include "layers/loss.h"

#include <math.h>

static const Crema__ContrastiveLossParameter none = CREMA__CONTRASTIVE_LOSS_PARAMETER__INIT;

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    cr_status status = cr_loss_shape(layer, s, err);
    if (!status)
        status = cr_loss_same_count(layer, s, 0, 1, false, err);
    return status ? status : cr_loss_one_each(layer, s, 2, err);
}

static double distance2(const float *a, const float *b, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        float d = a[i] - b[i];
        sum += (double)d * (double)d;
    }
    return sum;
}

static void run(const cr_step *step, cr_run *run)
{
    const Crema__ContrastiveLossParameter *p = step->layer->param->contrastive_loss_param;
    p = p ? p : &none;
    const cr_tensor *a = cr_in(step, run, 0), *b = cr_in(step, run, 1), *y = cr_in(step, run, 2);
    int64_t images = a->shape.dim[0], n = cr_shape_range(&a->shape, 1, a->shape.rank);
    double loss = 0, margin = (double)p->margin;
    for (int64_t i = 0; i < images; i++) {
        double d2 = distance2(a->data + i * n, b->data + i * n, n);
        double apart = margin - (p->legacy_version ? d2 : sqrt(d2));
        apart = apart < 0 ? 0 : apart; // NaN stays
        if (truncf(y->data[i]) != 0)
            loss += d2;
        else
            loss += p->legacy_version ? apart : apart * apart;
    }
    cr_out(step, run, 0)->data[0] = (float)(loss / (double)images / 2);
}

const cr_layer_type cr_layer_contrastive_loss = {
    .name = "ContrastiveLoss",
    .about = "distance of pairs, or margin for those that differ",
    .param = "contrastive_loss_param",
    .in_min = 3,
    .in_max = 3,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_AUTO_TOP,
    .shape = shape,
    .run = run,
};
