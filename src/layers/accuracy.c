/*
 * accuracy.c - Accuracy: the share of labels among the top_k classes; a second top has the shares by class.
 *
 * Semantics of Caffe's accuracy_layer.cpp: a label is right where fewer than top_k other classes score as much
 * or more, so ties count against it; labels equal to ignore_label do not count; nothing to count gives 0.
 */
#include "crema.pb-c.h"
#include "layers/loss.h"

static const Crema__AccuracyParameter none = CREMA__ACCURACY_PARAMETER__INIT;

static const Crema__AccuracyParameter *param(const cr_layer *layer)
{
    return layer->param->accuracy_param ? layer->param->accuracy_param : &none;
}

static cr_status shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const Crema__AccuracyParameter *p = layer->param->accuracy_param;
    cr_classes c;
    cr_status status = cr_loss_axis(layer, p, param(layer)->axis, s, &c, err);
    if (status)
        return status;
    if (param(layer)->top_k > c.channels)
        return cr_layer_fail(layer, err, p, "top_k", 0,
                             "top_k %u is more than the %lld classes of bottom \"%s\"", param(layer)->top_k,
                             (long long)c.channels, layer->in_name[0]);
    if (layer->n_out > 1)
        s->out[1] = (cr_shape){.rank = 1, .dim = {c.channels}};
    return CREMA_OK;
}

// How many labels each class has: the only thing to keep besides the tops.
static cr_status prepare(cr_step *step, const cr_preparing *p, cr_err *err)
{
    (void)err;
    if (step->n_out > 1)
        step->scratch_bytes = (size_t)p->tensor[step->out[1]].shape.dim[0] * sizeof(int64_t);
    return CREMA_OK;
}

static bool among_top(const float *scores, int64_t step, int64_t classes, int32_t label, int64_t top_k)
{
    float own = scores[label * step];
    int64_t better = -1; // itself is counted too
    for (int64_t c = 0; c < classes; c++)
        better += scores[c * step] >= own;
    return better < top_k;
}

static void run(const cr_step *step, cr_run *run)
{
    const Crema__AccuracyParameter *p = param(step->layer);
    const cr_tensor *data = cr_in(step, run, 0);
    cr_classes c = cr_classes_of(&data->shape, p->axis < 0 ? p->axis + data->shape.rank : p->axis);
    const int32_t *ignore = p->has_ignore_label ? &p->ignore_label : NULL;
    float *by_class = step->n_out > 1 ? cr_out(step, run, 1)->data : NULL;
    int64_t *n_by_class = run->scratch, right = 0, n = 0;
    for (int64_t k = 0; by_class && k < c.channels; k++)
        by_class[k] = 0, n_by_class[k] = 0;
    for (int64_t i = 0; i < c.outer * c.inner; i++) {
        int32_t label;
        if (!cr_loss_label(step, run, i, c.channels, ignore, &label)) {
            if (run->err->status != CREMA_OK)
                return;
            continue;
        }
        const float *scores = data->data + i / c.inner * c.channels * c.inner + i % c.inner;
        bool hit = among_top(scores, c.inner, c.channels, label, p->top_k);
        right += hit;
        n++;
        if (by_class) {
            by_class[label] += (float)hit;
            n_by_class[label]++;
        }
    }
    cr_out(step, run, 0)->data[0] = n ? (float)right / (float)n : 0;
    for (int64_t k = 0; by_class && k < c.channels; k++)
        by_class[k] = n_by_class[k] ? by_class[k] / (float)n_by_class[k] : 0;
}

const cr_layer_type cr_layer_accuracy = {
    .name = "Accuracy",
    .about = "share of labels among the best k scores",
    .param = "accuracy_param",
    .in_min = 2,
    .in_max = 2,
    .out_min = 1,
    .out_max = 2,
    .shape = shape,
    .prepare = prepare,
    .run = run,
};
