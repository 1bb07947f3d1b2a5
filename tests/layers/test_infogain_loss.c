#include "tests/support/net.h"
#include "tests/test.h"

#define LOSS(fields) \
    "layer { name: 'l' type: 'InfogainLoss' bottom: 'x' bottom: 'y' bottom: 'h' top: 'out' " fields " }"
#define LN2 0.69314718f
#define LN3 1.0986123f
#define LN4 1.3862944f
#define H                                          \
    {                                              \
        "h", SHAPE(1, 1, 2, 2), VALUES(1, 2, 0, 3) \
    }
#define OUT(v) .out = {{"out", SCALAR, VALUES(v)}}, .tolerance = 1e-6

START_TEST(rows_of_the_matrix_weigh_the_logs)
{
    // probabilities 1/2 1/2 (label 0) and 1/4 3/4 (label 1)
    NET_CHECK(.net = LOSS(""),
              .in = {{"x", SHAPE(2, 2), VALUES(5, 5, 0, LN3)}, {"y", SHAPE(2), VALUES(0, 1)}, H},
              OUT((3 * LN2 + 3 * (LN4 - LN3)) / 2));
    NET_CHECK(.net = LOSS("loss_param { ignore_label: 0 normalization: NONE }"),
              .in = {{"x", SHAPE(2, 2), VALUES(5, 5, 0, LN3)}, {"y", SHAPE(2), VALUES(0, 1)}, H},
              OUT(3 * (LN4 - LN3)));
}
END_TEST

START_TEST(positions_and_axes)
{
    NET_CHECK(.net = LOSS(""),
              .in = {{"x", SHAPE(1, 2, 2), VALUES(0, 0, 0, LN3)}, {"y", SHAPE(1, 2), VALUES(1, 0)}, H},
              OUT((3 * LN2 + LN4 + 2 * (LN4 - LN3)) / 2));
    NET_CHECK(.net = LOSS("infogain_loss_param { axis: -1 }"),
              .in = {{"x", SHAPE(1, 2, 2), VALUES(0, 0, 0, LN3)}, {"y", SHAPE(1, 2), VALUES(1, 0)}, H},
              OUT((3 * LN2 + LN4 + 2 * (LN4 - LN3)) / 2));
}
END_TEST

START_TEST(the_second_top_is_the_softmax)
{
    NET_CHECK(.net = "layer { name: 'l' type: 'InfogainLoss' bottom: 'x' bottom: 'y' bottom: 'h' top: 'out' "
                     "top: 'p' }",
              .in = {{"x", SHAPE(1, 2), VALUES(0, LN3)}, {"y", SHAPE(1), VALUES(1)}, H},
              .out = {{"out", SCALAR, VALUES(3 * (LN4 - LN3))}, {"p", SHAPE(1, 2), VALUES(0.25, 0.75)}},
              .tolerance = 1e-6);
}
END_TEST

START_TEST(wrong_input)
{
    NET_FAILS("has to be given as the third bottom",
              .net = "layer { name: 'l' type: 'InfogainLoss' bottom: 'x' bottom: 'y' top: 'out' "
                     "infogain_loss_param { source: @'h.binaryproto' } }",
              .in = {{"x", SHAPE(1, 2), NO_VALUES}, {"y", SHAPE(1), NO_VALUES}});
    NET_FAILS("has to be given as the third bottom",
              .net = "@layer { name: 'l' type: 'InfogainLoss' bottom: 'x' bottom: 'y' top: 'out' }",
              .in = {{"x", SHAPE(1, 2), NO_VALUES}, {"y", SHAPE(1), NO_VALUES}});
    NET_FAILS("not the older normalize", .net = LOSS("loss_param { normalize: @true }"),
              .in = {{"x", SHAPE(1, 2), NO_VALUES}, {"y", SHAPE(1), NO_VALUES}, H});
    NET_FAILS("bottom \"h\" (1x1x2x2) must be a matrix over the 3 classes", .net = LOSS(""),
              .in = {{"x", SHAPE(1, 3), NO_VALUES}, {"y", SHAPE(1), NO_VALUES}, H});
    NET_FAILS("axis 2 is out of range", .net = LOSS("infogain_loss_param { axis: @2 }"),
              .in = {{"x", SHAPE(1, 2), NO_VALUES}, {"y", SHAPE(1), NO_VALUES}, H});
    NET_FAILS("label 2 (value 0", .net = LOSS(""),
              .in = {{"x", SHAPE(1, 2), NO_VALUES}, {"y", SHAPE(1), VALUES(2)}, H}, .when_run = true);
}
END_TEST

TEST_MAIN("layers/infogain_loss", rows_of_the_matrix_weigh_the_logs, positions_and_axes,
          the_second_top_is_the_softmax, wrong_input)
