/*
 * loss.h - what losses share: a scalar top, labels along an axis, and what the sum is divided by.
 *
 * Semantics are those of Caffe's loss_layer.cpp and of the loss layers that repeat them. Labels stand in a
 * bottom as floats and are cut to integers; a label that is no class is an error when running, where Caffe
 * reads what lies behind its buffer. Sums are made in double, one after the other: values of losses hardly
 * depend on the order, and the bits do not depend on the threads.
 */
#ifndef CR_LAYERS_LOSS_H
#define CR_LAYERS_LOSS_H

#include "layers/layer.h"

// For cr_layer_type.shape: top 0 becomes a scalar. Fails unless bottoms 0 and 1 have as many entries on axis 0.
cr_status cr_loss_shape(const cr_layer *layer, cr_shaping *s, cr_err *err);
// Fails unless bottoms a and b have as many values per entry of axis 0, or, with whole, in all.
cr_status cr_loss_same_count(const cr_layer *layer, const cr_shaping *s, int a, int b, bool whole,
                             cr_err *err);
// Fails unless bottom i has at least one value per entry of bottom 0.
cr_status cr_loss_one_each(const cr_layer *layer, const cr_shaping *s, int i, cr_err *err);

// Entries, classes and positions around an axis of bottom 0; bottom 1 has one label per entry and position.
typedef struct cr_classes {
    int64_t outer, channels, inner;
} cr_classes;

cr_classes cr_classes_of(const cr_shape *data, int axis);
// Resolves the axis and checks the number of labels.
cr_status cr_loss_axis(const cr_layer *layer, const void *message, int64_t axis, const cr_shaping *s,
                       cr_classes *classes, cr_err *err);

// The label at[i] of bottom 1 into *value. False: to be skipped, since it is `*ignore` (NULL: no label is), or
// because it is no class: then run->err is set.
bool cr_loss_label(const cr_step *step, cr_run *run, int64_t i, int64_t channels, const int32_t *ignore,
                   int32_t *value);
// loss_param.ignore_label, or NULL.
const int32_t *cr_loss_ignored(const cr_layer *layer);

// What a loss over outer * inner places, of which `valid` count, is divided by: loss_param.normalization, or the
// older `normalize` (true VALID, false BATCH_SIZE), or `fallback`, a NormalizationMode. At least 1, as in Caffe.
// PRE_FIXED (R-FCN) gives the divisor itself.
double cr_loss_normalizer(const cr_layer *layer, int fallback, int64_t outer, int64_t inner, int64_t valid);
// A cr_layer_type.setup that checks the fields of loss_param.
cr_status cr_loss_setup(cr_layer *layer, cr_err *err);

/* ---- losses with a softmax inside: SoftmaxWithLoss, InfogainLoss ---- */

// Top 0 is a scalar, top 1 (if there) the softmax; there is a label for each entry and position.
cr_status cr_softmax_loss_shape(const cr_layer *layer, const void *message, int64_t axis, cr_shaping *s,
                                cr_classes *classes, cr_err *err);
cr_status cr_softmax_loss_prepare(cr_step *step, const cr_preparing *p, cr_err *err);

// The probabilities of one place, `step` floats from class to class.
typedef struct cr_odds {
    const float *p;
    int64_t step, classes;
    int32_t label;
} cr_odds;

// Softmax, then the sum of value() over all places that count, divided as in cr_loss_normalizer.
void cr_softmax_loss_run(const cr_step *step, cr_run *run, int64_t axis,
                         double (*value)(const void *arg, const cr_odds *odds), const void *arg);

#endif
