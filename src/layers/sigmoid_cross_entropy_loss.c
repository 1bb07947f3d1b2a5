/*
 * sigmoid_cross_entropy_loss.c - SigmoidCrossEntropyLoss: -t log(s(x)) - (1 - t) log(1 - s(x)), summed.
 *
 * Semantics of Caffe's sigmoid_cross_entropy_loss_layer.cpp: a target for each value, any number (not only 0
 * and 1); those that ignore_label names, cut to integers, do not count. Unless loss_param says otherwise, the
 * divisor is the batch size, not the valid count as in SoftmaxWithLoss.
 */
#include "crema.pb-c.h"
#include "layers/loss.h"

#include <math.h>

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    cr_status status = cr_loss_shape(layer, s, err);
    return status ? status : cr_loss_same_count(layer, s, 0, 1, true, err);
}

static void run(const cr_step *step, cr_run *run)
{
    const cr_tensor *x = cr_in(step, run, 0);
    const float *target = cr_in(step, run, 1)->data;
    const int32_t *ignore = cr_loss_ignored(step->layer);
    int64_t images = x->shape.dim[0], inner = cr_shape_range(&x->shape, 1, x->shape.rank), valid = 0;
    double loss = 0;
    for (int64_t i = 0; i < images * inner; i++) {
        if (ignore && truncf(target[i]) == (float)*ignore)
            continue;
        double v = (double)x->data[i], t = (double)target[i];
        loss -= v * (t - (v >= 0)) - log1p(exp(v >= 0 ? -v : v));
        valid++;
    }
    int fallback = CREMA__LOSS_PARAMETER__NORMALIZATION_MODE__BATCH_SIZE;
    cr_out(step, run, 0)->data[0] =
        (float)(loss / cr_loss_normalizer(step->layer, fallback, images, inner, valid));
}

const cr_layer_type cr_layer_sigmoid_cross_entropy_loss = {
    .name = "SigmoidCrossEntropyLoss",
    .about = "cross entropy of sigmoids with targets",
    .in_min = 2,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_AUTO_TOP,
    .setup = cr_loss_setup,
    .shape = shape,
    .run = run,
};
