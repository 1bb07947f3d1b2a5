#include "tests/support/net.h"
#include "tests/test.h"

#include <math.h>

#define LOSS(fields) \
    "layer { name: 'l' type: 'SoftmaxWithLoss' bottom: 'x' bottom: 'y' top: 'out' " fields " }"
#define LN2 0.69314718f
#define LN3 1.0986123f
#define LN4 1.3862944f

// Two entries of three classes: odds 1 2 1 and 1 1 2.
#define X                                              \
    {                                                  \
        "x", SHAPE(2, 3), VALUES(0, LN2, 0, 0, 0, LN2) \
    }
#define OUT(v) .out = {{"out", SCALAR, VALUES(v)}}, .tolerance = 1e-6

START_TEST(mean_of_the_labels_logs)
{
    NET_CHECK(.net = LOSS(""), .in = {X, {"y", SHAPE(2), VALUES(1, 0)}}, OUT((LN2 + LN4) / 2));
    // Caffe cuts labels to integers
    NET_CHECK(.net = LOSS(""), .in = {X, {"y", SHAPE(2), VALUES(1.9f, -0.5f)}}, OUT((LN2 + LN4) / 2));
    NET_CHECK(.net = LOSS(""), .in = {X, {"y", SHAPE(2, 1, 1), VALUES(1, 2)}}, OUT(LN2));
}
END_TEST

START_TEST(the_second_top_is_the_softmax)
{
    NET_CHECK(.net =
                  "layer { name: 'l' type: 'SoftmaxWithLoss' bottom: 'x' bottom: 'y' top: 'out' top: 'p' }",
              .in = {X, {"y", SHAPE(2), VALUES(1, 0)}},
              .out = {{"out", SCALAR, VALUES((LN2 + LN4) / 2)},
                      {"p", SHAPE(2, 3), VALUES(.25, .5, .25, .25, .25, .5)}},
              .tolerance = 1e-6);
}
END_TEST

// (2, 2, 2): odds of class 1 against class 0 are 1, 3 and 3, 1 at the two positions.
#define X2                                                      \
    {                                                           \
        "x", SHAPE(2, 2, 2), VALUES(0, 0, 0, LN3, 0, 0, LN3, 0) \
    }
#define Y2                                      \
    {                                           \
        "y", SHAPE(2, 1, 2), VALUES(1, 7, 1, 0) \
    }

START_TEST(ignored_labels_and_divisors)
{
    float sum = LN2 + logf(4 / 3.f) + LN2; // the 7 does not count
    NET_CHECK(.net = LOSS("loss_param { ignore_label: 7 }"), .in = {X2, Y2}, OUT(sum / 3));
    NET_CHECK(.net = LOSS("loss_param { ignore_label: 7 normalization: VALID }"), .in = {X2, Y2},
              OUT(sum / 3));
    NET_CHECK(.net = LOSS("loss_param { ignore_label: 7 normalization: FULL }"), .in = {X2, Y2},
              OUT(sum / 4));
    NET_CHECK(.net = LOSS("loss_param { ignore_label: 7 normalization: BATCH_SIZE }"), .in = {X2, Y2},
              OUT(sum / 2));
    NET_CHECK(.net = LOSS("loss_param { ignore_label: 7 normalization: NONE }"), .in = {X2, Y2}, OUT(sum));
    NET_CHECK(.net = LOSS("loss_param { ignore_label: 7 normalization: PRE_FIXED pre_fixed_normalizer: 8 }"),
              .in = {X2, Y2}, OUT(sum / 8));
    NET_CHECK(.net = LOSS("loss_param { ignore_label: 7 normalize: true }"), .in = {X2, Y2}, OUT(sum / 3));
    NET_CHECK(.net = LOSS("loss_param { ignore_label: 7 normalize: false }"), .in = {X2, Y2}, OUT(sum / 2));
    // the newer field wins
    NET_CHECK(.net = LOSS("loss_param { ignore_label: 7 normalize: false normalization: NONE }"),
              .in = {X2, Y2}, OUT(sum));
    // all ignored: the divisor is at least 1
    NET_CHECK(.net = LOSS("loss_param { ignore_label: -1 }"),
              .in = {X2, {"y", SHAPE(2, 2), VALUES(-1, -1, -1, -1)}}, OUT(0));
}
END_TEST

START_TEST(other_axes)
{
    NET_CHECK(.net = LOSS("softmax_param { axis: -1 }"),
              .in = {{"x", SHAPE(1, 2, 2), VALUES(0, 0, LN3, 0)}, {"y", SHAPE(1, 2), VALUES(1, 1)}},
              OUT((LN2 + LN4) / 2));
    NET_CHECK(.net = LOSS("softmax_param { axis: 0 }"),
              .in = {{"x", SHAPE(2, 2), VALUES(0, 0, LN3, 0)}, {"y", SHAPE(2), VALUES(0, 1)}},
              OUT((LN4 + LN2) / 2));
}
END_TEST

START_TEST(a_probability_of_0_counts_as_the_least_float)
{
    NET_CHECK(.net = LOSS(""), .in = {{"x", SHAPE(1, 2), VALUES(0, 1000)}, {"y", SHAPE(1), VALUES(0)}},
              OUT(87.336545f));
    NET_CHECK(.net = LOSS(""), .in = {{"x", SHAPE(1, 2), VALUES(0, NAN)}, {"y", SHAPE(1), VALUES(0)}},
              OUT(NAN));
}
END_TEST

START_TEST(segnet_weights_its_classes)
{
    // weighted sum, by the plain count
    NET_CHECK(.net = LOSS("loss_param { weight_by_label_freqs: true class_weighting: [0.5, 1, 3] }"),
              .in = {X, {"y", SHAPE(2), VALUES(2, 0)}}, OUT((3 * LN4 + .5f * LN4) / 2));
    NET_CHECK(.net = LOSS("loss_param { class_weighting: [0.5, 1, 3] }"),
              .in = {X, {"y", SHAPE(2), VALUES(2, 0)}}, OUT(LN4));
    NET_FAILS("class_weighting has 2 values for the 3 classes",
              .net = LOSS("loss_param { weight_by_label_freqs: true class_weighting: [@0.5, 1] }"),
              .in = {X, {"y", SHAPE(2), VALUES(2, 0)}});
}
END_TEST

START_TEST(many_positions)
{
    enum { N = 3, C = 5, HW = 700 };
    static float x[N * C * HW], y[N * HW];
    for (int i = 0; i < N * C * HW; i++)
        x[i] = i / HW % C == 2 ? LN4 : 0; // probability 1/2 for class 2, 1/8 for the others
    for (int i = 0; i < N * HW; i++)
        y[i] = (float)(i % C);
    NET_CHECK(.net = LOSS(""), .in = {{"x", SHAPE(N, C, HW), x, N * C * HW}, {"y", SHAPE(N, HW), y, N * HW}},
              OUT((LN2 + 4 * 3 * LN2) / 5));
}
END_TEST

START_TEST(without_a_top)
{
    NET_CHECK(.net = "layer { name: 'l' type: 'SoftmaxWithLoss' bottom: 'x' bottom: 'y' }"
                     "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'z' }",
              .in = {X, {"y", SHAPE(2), VALUES(1, 0)}}, .out = {{"z", SHAPE(2, 3), NO_VALUES}});
}
END_TEST

START_TEST(wrong_shapes_and_labels)
{
    NET_FAILS("must have the same first axis",
              .net = "layer { name: 'l' type: 'SoftmaxWithLoss' bottom: 'x' bottom: @'y' top: 'out' }",
              .in = {X, {"y", SHAPE(3), NO_VALUES}});
    NET_FAILS("\"y\" has 4 labels; bottom \"x\" (2x3) with classes on axis 1 needs 2 x 1", .net = LOSS(""),
              .in = {X, {"y", SHAPE(2, 2), NO_VALUES}});
    NET_FAILS("axis 2 is out of range", .net = LOSS("softmax_param { axis: @2 }"),
              .in = {X, {"y", SHAPE(2), NO_VALUES}});
    NET_FAILS("normalization", .net = LOSS("loss_param { normalization: @HALF }"),
              .in = {X, {"y", SHAPE(2), NO_VALUES}});
    NET_FAILS("label 3 (value 1 of bottom \"y\") is none of the 3 classes of bottom \"x\"",
              .net = "layer { name: 'l' type: 'SoftmaxWithLoss' bottom: 'x' bottom: @'y' top: 'out' }",
              .in = {X, {"y", SHAPE(2), VALUES(2, 3)}}, .when_run = true);
    NET_FAILS("label -1 (value 0", .net = LOSS(""), .in = {X, {"y", SHAPE(2), VALUES(-1, 0)}},
              .when_run = true);
    NET_FAILS("label nan (value 0", .net = LOSS(""), .in = {X, {"y", SHAPE(2), VALUES(NAN, 0)}},
              .when_run = true);
    NET_FAILS("label 1e+30", .net = LOSS(""), .in = {X, {"y", SHAPE(2), VALUES(0, 1e30f)}}, .when_run = true);
}
END_TEST

TEST_MAIN("layers/softmax_loss", mean_of_the_labels_logs, the_second_top_is_the_softmax,
          ignored_labels_and_divisors, other_axes, a_probability_of_0_counts_as_the_least_float,
          segnet_weights_its_classes, many_positions, without_a_top, wrong_shapes_and_labels)
