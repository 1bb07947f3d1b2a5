/*
 * softmax_loss.c - SoftmaxWithLoss: the mean of -log(softmax(x)[label]); a second top is the softmax.
 *
 * Semantics of Caffe's softmax_loss_layer.cpp: softmax_param.axis holds the classes, there is a label per entry
 * and position, probabilities count as FLT_MIN at least, labels equal to ignore_label do not count, and the sum
 * is divided by the number of labels that do (loss_param.normalization, see loss.h). SegNet's
 * weight_by_label_freqs multiplies each label's loss by class_weighting[label]; the divisor stays a count.
 */
#include "crema.pb-c.h"
#include "layers/loss.h"

#include <float.h>
#include <math.h>

static const Crema__SoftmaxParameter none = CREMA__SOFTMAX_PARAMETER__INIT;

static int64_t axis_field(const cr_layer *layer)
{
    return (layer->param->softmax_param ? layer->param->softmax_param : &none)->axis;
}

static const float *weights_of(const cr_layer *layer)
{
    const Crema__LossParameter *p = layer->param->loss_param;
    return p && p->weight_by_label_freqs ? p->class_weighting : NULL;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const Crema__LossParameter *p = layer->param->loss_param;
    cr_classes c;
    cr_status status =
        cr_softmax_loss_shape(layer, layer->param->softmax_param, axis_field(layer), s, &c, err);
    if (!status && p && p->weight_by_label_freqs && p->n_class_weighting != (size_t)c.channels)
        return cr_layer_fail(layer, err, p,
                             p->n_class_weighting ? "class_weighting" : "weight_by_label_freqs", 0,
                             "class_weighting has %zu values for the %lld classes of bottom \"%s\"",
                             p->n_class_weighting, (long long)c.channels, layer->in_name[0]);
    return status;
}

static double value(const void *weights, const cr_odds *odds)
{
    float p = odds->p[odds->label * odds->step];
    double loss = -log((double)(p < FLT_MIN ? FLT_MIN : p));
    return weights ? loss * (double)((const float *)weights)[odds->label] : loss;
}

static void run(const cr_step *step, cr_run *run)
{
    cr_softmax_loss_run(step, run, axis_field(step->layer), value, weights_of(step->layer));
}

const cr_layer_type cr_layer_softmax_loss = {
    .name = "SoftmaxWithLoss",
    .about = "cross entropy of a softmax with labels",
    .param = "softmax_param",
    .in_min = 2,
    .in_max = 2,
    .out_min = 1,
    .out_max = 2,
    .flags = CR_AUTO_TOP,
    .setup = cr_loss_setup,
    .shape = shape,
    .prepare = cr_softmax_loss_prepare,
    .run = run,
};
