/*
 * smooth_l1_loss.c - SmoothL1Loss of Fast R-CNN: of d = inside (a - b), where |d| < 1 / sigma^2 the sum of
 * outside sigma^2 d^2 / 2, else of outside (|d| - 0.5 / sigma^2); by the batch size.
 *
 * Source: rbgirshick/caffe-fast-rcnn, smooth_L1_loss_layer.cu. Bottoms 2 and 3 are the inside and outside
 * weights; bottom 2 alone is that of SSD's and the first Fast R-CNN's layer, which have no outside weights.
 */
#include "crema.pb-c.h"
#include "layers/loss.h"

#include <math.h>

static const Crema__SmoothL1LossParameter none = CREMA__SMOOTH_L1_LOSS_PARAMETER__INIT;

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    cr_status status = cr_loss_shape(layer, s, err);
    if (!status)
        status = cr_loss_same_count(layer, s, 0, 1, false, err);
    for (int i = 2; i < layer->n_in && !status; i++)
        status = cr_loss_same_count(layer, s, 0, i, true, err);
    return status;
}

static void run(const cr_step *step, cr_run *run)
{
    const Crema__SmoothL1LossParameter *p = step->layer->param->smooth_l1_loss_param;
    float sigma = (p ? p : &none)->sigma, sigma2 = sigma * sigma;
    const cr_tensor *a = cr_in(step, run, 0);
    const float *b = cr_in(step, run, 1)->data;
    const float *inside = step->n_in > 2 ? cr_in(step, run, 2)->data : NULL;
    const float *outside = step->n_in > 3 ? cr_in(step, run, 3)->data : NULL;
    int64_t n = cr_shape_count(&a->shape);
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        float d = fabsf((a->data[i] - b[i]) * (inside ? inside[i] : 1));
        float error = d < 1 / sigma2 ? 0.5f * d * d * sigma2 : d - 0.5f / sigma2;
        sum += (double)(error * (outside ? outside[i] : 1));
    }
    cr_out(step, run, 0)->data[0] = (float)(sum / (double)a->shape.dim[0]);
}

const cr_layer_type cr_layer_smooth_l1_loss = {
    .name = "SmoothL1Loss",
    .about = "L1 loss that is square near 0",
    .param = "smooth_l1_loss_param",
    .in_min = 2,
    .in_max = 4,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_AUTO_TOP,
    .shape = shape,
    .run = run,
};
