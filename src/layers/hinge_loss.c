/*
 * hinge_loss.c - HingeLoss: max(0, 1 + x) over all classes, with -x for the labelled one; the sum (L1) or the
 * sum of squares (L2), by the batch size (Caffe's hinge_loss_layer.cpp). All axes behind the first are classes.
 */
#include "crema.pb-c.h"
#include "layers/loss.h"

static cr_status setup(cr_layer *layer, cr_err *err)
{
    const Crema__HingeLossParameter *p = layer->param->hinge_loss_param;
    if (p && p->norm != CREMA__HINGE_LOSS_PARAMETER__NORM__L1 &&
        p->norm != CREMA__HINGE_LOSS_PARAMETER__NORM__L2)
        return cr_layer_fail(layer, err, p, "norm", 0, "norm %d is not known", (int)p->norm);
    return CREMA_OK;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    cr_status status = cr_loss_shape(layer, s, err);
    return status ? status : cr_loss_one_each(layer, s, 1, err);
}

static void run(const cr_step *step, cr_run *run)
{
    const Crema__HingeLossParameter *p = step->layer->param->hinge_loss_param;
    const cr_tensor *x = cr_in(step, run, 0);
    bool squared = p && p->norm == CREMA__HINGE_LOSS_PARAMETER__NORM__L2;
    int64_t images = x->shape.dim[0], classes = cr_shape_range(&x->shape, 1, x->shape.rank);
    double sum = 0;
    for (int64_t i = 0; i < images; i++) {
        int32_t label;
        if (!cr_loss_label(step, run, i, classes, NULL, &label))
            return;
        for (int64_t c = 0; c < classes; c++) {
            float value = x->data[i * classes + c];
            double margin = 1 + (double)(c == label ? -value : value);
            margin = margin < 0 ? 0 : margin; // NaN stays
            sum += squared ? margin * margin : margin;
        }
    }
    cr_out(step, run, 0)->data[0] = (float)(sum / (double)images);
}

const cr_layer_type cr_layer_hinge_loss = {
    .name = "HingeLoss",
    .about = "one-vs-all hinge loss, L1 or L2",
    .param = "hinge_loss_param",
    .in_min = 2,
    .in_max = 2,
    .out_min = 1,
    .out_max = 1,
    .flags = CR_AUTO_TOP,
    .setup = setup,
    .shape = shape,
    .run = run,
};
