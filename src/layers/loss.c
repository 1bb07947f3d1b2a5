/*
 * loss.c - see loss.h.
 */
#include "layers/loss.h"
#include "crema.pb-c.h"
#include "layers/softmax.h"

#include <math.h>

cr_status cr_loss_shape(const cr_layer *layer, cr_shaping *s, cr_err *err)
{
    const cr_shape *a = &s->in[0], *b = &s->in[1];
    char a_text[CR_SHAPE_TEXT], b_text[CR_SHAPE_TEXT];
    if (a->rank < 1 || b->rank < 1 || a->dim[0] != b->dim[0])
        return cr_layer_fail(
            layer, err, layer->param, "bottom", 1,
            "bottom \"%s\" (%s) and bottom \"%s\" (%s) must have the same first axis, the batch",
            layer->in_name[0], cr_shape_text(a, a_text, sizeof a_text), layer->in_name[1],
            cr_shape_text(b, b_text, sizeof b_text));
    s->out[0].rank = 0;
    return CREMA_OK;
}

cr_status cr_loss_same_count(const cr_layer *layer, const cr_shaping *s, int a, int b, bool whole,
                             cr_err *err)
{
    const cr_shape *x = &s->in[a], *y = &s->in[b];
    char x_text[CR_SHAPE_TEXT], y_text[CR_SHAPE_TEXT];
    int from = whole ? 0 : 1;
    if (cr_shape_range(x, from, x->rank) == cr_shape_range(y, from, y->rank))
        return CREMA_OK;
    return cr_layer_fail(layer, err, layer->param, "bottom", (size_t)b,
                         "bottom \"%s\" (%s) and bottom \"%s\" (%s) must have as many values",
                         layer->in_name[a], cr_shape_text(x, x_text, sizeof x_text), layer->in_name[b],
                         cr_shape_text(y, y_text, sizeof y_text));
}

cr_status cr_loss_one_each(const cr_layer *layer, const cr_shaping *s, int i, cr_err *err)
{
    char text[CR_SHAPE_TEXT];
    if (cr_shape_count(&s->in[i]) >= s->in[0].dim[0])
        return CREMA_OK;
    return cr_layer_fail(
        layer, err, layer->param, "bottom", (size_t)i,
        "bottom \"%s\" (%s) must have one value for each of the %lld entries of bottom \"%s\"",
        layer->in_name[i], cr_shape_text(&s->in[i], text, sizeof text), (long long)s->in[0].dim[0],
        layer->in_name[0]);
}

cr_classes cr_classes_of(const cr_shape *data, int axis)
{
    return (cr_classes){.outer = cr_shape_range(data, 0, axis),
                        .channels = data->dim[axis],
                        .inner = cr_shape_range(data, axis + 1, data->rank)};
}

cr_status cr_loss_axis(const cr_layer *layer, const void *message, int64_t axis, const cr_shaping *s,
                       cr_classes *classes, cr_err *err)
{
    int at;
    cr_status status = cr_layer_axis(layer, message, "axis", axis, s->in[0].rank, 0, &at, err);
    if (status != CREMA_OK)
        return status;
    *classes = cr_classes_of(&s->in[0], at);
    int64_t labels = cr_shape_count(&s->in[1]);
    if (classes->outer * classes->inner != labels) {
        char text[CR_SHAPE_TEXT];
        return cr_layer_fail(
            layer, err, layer->param, "bottom", 1,
            "bottom \"%s\" has %lld labels; bottom \"%s\" (%s) with classes on axis %d needs "
            "%lld x %lld",
            layer->in_name[1], (long long)labels, layer->in_name[0],
            cr_shape_text(&s->in[0], text, sizeof text), at, (long long)classes->outer,
            (long long)classes->inner);
    }
    return CREMA_OK;
}

bool cr_loss_label(const cr_step *step, cr_run *run, int64_t i, int64_t channels, const int32_t *ignore,
                   int32_t *value)
{
    float label = cr_in(step, run, 1)->data[i];
    float whole = truncf(label);
    if (ignore && whole == (float)*ignore)
        return false;
    if (whole >= 0 && whole < (float)channels && whole < (float)INT32_MAX) {
        *value = (int32_t)whole;
        return true;
    }
    const cr_layer *layer = step->layer;
    cr_layer_fail(layer, run->err, layer->param, "bottom", 1,
                  "label %g (value %lld of bottom \"%s\") is none of the %lld classes of bottom \"%s\"",
                  (double)label, (long long)i, layer->in_name[1], (long long)channels, layer->in_name[0]);
    return false;
}

const int32_t *cr_loss_ignored(const cr_layer *layer)
{
    const Crema__LossParameter *p = layer->param->loss_param;
    return p && p->has_ignore_label ? &p->ignore_label : NULL;
}

double cr_loss_normalizer(const cr_layer *layer, int fallback, int64_t outer, int64_t inner, int64_t valid)
{
    const Crema__LossParameter *p = layer->param->loss_param;
    int mode = fallback;
    if (p && p->has_normalization)
        mode = (int)p->normalization;
    else if (p && p->has_normalize)
        mode = p->normalize ? CREMA__LOSS_PARAMETER__NORMALIZATION_MODE__VALID
                            : CREMA__LOSS_PARAMETER__NORMALIZATION_MODE__BATCH_SIZE;
    double n = 1;
    switch (mode) {
    case CREMA__LOSS_PARAMETER__NORMALIZATION_MODE__FULL:
        n = (double)outer * (double)inner;
        break;
    case CREMA__LOSS_PARAMETER__NORMALIZATION_MODE__VALID:
        n = (double)valid;
        break;
    case CREMA__LOSS_PARAMETER__NORMALIZATION_MODE__BATCH_SIZE:
        n = (double)outer;
        break;
    case CREMA__LOSS_PARAMETER__NORMALIZATION_MODE__PRE_FIXED:
        n = (double)p->pre_fixed_normalizer;
        break;
    default:
        break;
    }
    return n > 1 ? n : 1;
}

cr_status cr_loss_setup(cr_layer *layer, cr_err *err)
{
    const Crema__LossParameter *p = layer->param->loss_param;
    if (!p || !p->has_normalization)
        return CREMA_OK;
    int mode = (int)p->normalization;
    if (mode != CREMA__LOSS_PARAMETER__NORMALIZATION_MODE__PRE_FIXED &&
        (mode < CREMA__LOSS_PARAMETER__NORMALIZATION_MODE__FULL ||
         mode > CREMA__LOSS_PARAMETER__NORMALIZATION_MODE__NONE))
        return cr_layer_fail(layer, err, p, "normalization", 0, "normalization %d is not known", mode);
    return CREMA_OK;
}

/* ---- with a softmax inside ---- */

cr_status cr_softmax_loss_shape(const cr_layer *layer, const void *message, int64_t axis, cr_shaping *s,
                                cr_classes *classes, cr_err *err)
{
    cr_status status = cr_loss_shape(layer, s, err);
    if (!status)
        status = cr_loss_axis(layer, message, axis, s, classes, err);
    if (!status && layer->n_out > 1)
        s->out[1] = s->in[0];
    return status;
}

cr_status cr_softmax_loss_prepare(cr_step *step, const cr_preparing *p, cr_err *err)
{
    (void)err;
    if (step->n_out < 2) // the softmax needs a place
        step->scratch_bytes = (size_t)cr_shape_count(&p->tensor[step->in[0]].shape) * sizeof(float);
    return CREMA_OK;
}

void cr_softmax_loss_run(const cr_step *step, cr_run *run, int64_t axis,
                         double (*value)(const void *arg, const cr_odds *odds), const void *arg)
{
    const cr_tensor *data = cr_in(step, run, 0);
    cr_tensor prob = *data;
    prob.data = step->n_out > 1 ? cr_out(step, run, 1)->data : run->scratch;
    int at = (int)(axis < 0 ? axis + data->shape.rank : axis);
    cr_softmax(step->kernels, data, &prob, at, run->pool);
    cr_classes c = cr_classes_of(&data->shape, at);
    const int32_t *ignore = cr_loss_ignored(step->layer);
    cr_odds odds = {.step = c.inner, .classes = c.channels};
    double loss = 0;
    int64_t valid = 0;
    for (int64_t i = 0; i < c.outer * c.inner; i++) {
        if (cr_loss_label(step, run, i, c.channels, ignore, &odds.label)) {
            odds.p = prob.data + i / c.inner * c.channels * c.inner + i % c.inner;
            loss += value(arg, &odds);
            valid++;
        } else if (run->err->status != CREMA_OK) {
            return;
        }
    }
    int fallback = CREMA__LOSS_PARAMETER__NORMALIZATION_MODE__VALID;
    cr_out(step, run, 0)->data[0] =
        (float)(loss / cr_loss_normalizer(step->layer, fallback, c.outer, c.inner, valid));
}
