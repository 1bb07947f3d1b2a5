/*
 * multinomial_logistic_loss.c - MultinomialLogisticLoss: -log(p[label]) of probabilities that some layer above
 * made, by the batch size (Caffe's multinomial_logistic_loss_layer.cpp). There is one label per entry, all axes
 * behind the first are classes, and probabilities count as 1e-20 at least.
 */
#include "layers/loss.h"

#include <math.h>

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    cr_status status = cr_loss_shape(layer, s, err);
    return status ? status : cr_loss_one_each(layer, s, 1, err);
}

static void run(const cr_step *step, cr_run *run)
{
    const cr_tensor *x = cr_in(step, run, 0);
    int64_t images = x->shape.dim[0], classes = cr_shape_range(&x->shape, 1, x->shape.rank);
    double loss = 0;
    for (int64_t i = 0; i < images; i++) {
        int32_t label;
        if (!cr_loss_label(step, run, i, classes, NULL, &label))
            return;
        float p = x->data[i * classes + label];
        loss -= log((double)(p < 1e-20f ? 1e-20f : p));
    }
    cr_out(step, run, 0)->data[0] = (float)(loss / (double)images);
}

const cr_layer_type cr_layer_multinomial_logistic_loss = {
    .name = "MultinomialLogisticLoss",
    .about = "cross entropy of probabilities with labels",
    .in_min = 2,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_AUTO_TOP,
    .shape = shape,
    .run = run,
};
