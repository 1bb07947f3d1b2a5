/*
 * euclidean_loss.c - EuclideanLoss: the sum of (a - b)^2, by twice the batch size (Caffe's
 * euclidean_loss_layer.cpp). The shapes may differ as long as the counts per entry agree.
 */
#include "layers/loss.h"

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    cr_status status = cr_loss_shape(layer, s, err);
    return status ? status : cr_loss_same_count(layer, s, 0, 1, false, err);
}

static void run(const cr_step *step, cr_run *run)
{
    const cr_tensor *a = cr_in(step, run, 0), *b = cr_in(step, run, 1);
    int64_t n = cr_shape_count(&a->shape);
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        float d = a->data[i] - b->data[i];
        sum += (double)d * (double)d;
    }
    cr_out(step, run, 0)->data[0] = (float)(sum / (double)a->shape.dim[0] / 2);
}

const cr_layer_type cr_layer_euclidean_loss = {
    .name = "EuclideanLoss",
    .about = "half the mean squared difference",
    .in_min = 2,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_AUTO_TOP,
    .shape = shape,
    .run = run,
};
