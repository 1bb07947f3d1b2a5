/*
 * infogain_loss.c - InfogainLoss: minus the sum over classes k of H[label, k] log(softmax(x)[k]); a second top
 * is the softmax.
 *
 * Semantics of Caffe 1.0's infogain_loss_layer.cpp (before, bottom 0 held probabilities): the classes stand on
 * infogain_loss_param.axis, probabilities count as 1e-20 at least, and the sum is divided as in SoftmaxWithLoss
 * (loss.h), but for the old `normalize`, which is refused. H is bottom 2; a file that `source` names is not
 * read.
 */
#include "crema.pb-c.h"
#include "layers/loss.h"

#include <math.h>

static const Crema__InfogainLossParameter none = CREMA__INFOGAIN_LOSS_PARAMETER__INIT;

static int64_t axis_field(const cr_layer *layer)
{
    return (layer->param->infogain_loss_param ? layer->param->infogain_loss_param : &none)->axis;
}

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__InfogainLossParameter *p = layer->param->infogain_loss_param;
    const Crema__LossParameter *loss = layer->param->loss_param;
    if (layer->n_in < 3) {
        cr_layer_fail(layer, err, p, p && p->source ? "source" : NULL, 0,
                      "the infogain matrix has to be given as the third bottom; a source file is not read");
        if (err)
            err->status = CREMA_ERR_UNSUPPORTED;
        return CREMA_ERR_UNSUPPORTED;
    }
    if (loss && loss->has_normalize)
        return cr_layer_fail(layer, err, loss, "normalize", 0,
                             "takes the field normalization, not the older normalize");
    return cr_loss_setup(layer, err);
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    cr_classes c;
    cr_status status =
        cr_softmax_loss_shape(layer, layer->param->infogain_loss_param, axis_field(layer), s, &c, err);
    if (status)
        return status;
    char text[CR_SHAPE_TEXT];
    int64_t wanted;
    if (!cr_i64_mul(c.channels, c.channels, &wanted) || cr_shape_count(&s->in[2]) != wanted)
        return cr_layer_fail(layer, err, layer->param, "bottom", 2,
                             "bottom \"%s\" (%s) must be a matrix over the %lld classes of bottom \"%s\"",
                             layer->in_name[2], cr_shape_text(&s->in[2], text, sizeof text),
                             (long long)c.channels, layer->in_name[0]);
    return CREMA_OK;
}

static double value(const void *matrix, const cr_odds *odds)
{
    const float *row = (const float *)matrix + odds->label * odds->classes;
    double loss = 0;
    for (int64_t k = 0; k < odds->classes; k++) {
        float p = odds->p[k * odds->step];
        loss -= (double)row[k] * log((double)(p < 1e-20f ? 1e-20f : p));
    }
    return loss;
}

static void run(const cr_step *step, cr_run *run)
{
    cr_softmax_loss_run(step, run, axis_field(step->layer), value, cr_in(step, run, 2)->data);
}

const cr_layer_type cr_layer_infogain_loss = {
    .name = "InfogainLoss",
    .about = "cross entropy weighted by a matrix of classes",
    .param = "infogain_loss_param",
    .in_min = 2,
    .in_max = 3,
    .out_min = 1,
    .out_max = 2,
    .flags = CR_AUTO_TOP,
    .setup = setup,
    .shape = shape,
    .prepare = cr_softmax_loss_prepare,
    .run = run,
};
