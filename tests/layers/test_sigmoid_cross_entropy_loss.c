#include "tests/support/net.h"
#include "tests/test.h"

#define LOSS(fields) \
    "layer { name: 'l' type: 'SigmoidCrossEntropyLoss' bottom: 'x' bottom: 'y' top: 'out' " fields " }"
#define LN2 0.69314718f
#define LN3 1.0986123f
#define LN4 1.3862944f
// sigmoids 1/2, 3/4; 1/4, 3/4
#define X                                           \
    {                                               \
        "x", SHAPE(2, 2), VALUES(0, LN3, -LN3, LN3) \
    }
#define OUT(v) .out = {{"out", SCALAR, VALUES(v)}}, .tolerance = 1e-6

START_TEST(by_the_batch_unless_told)
{
    float sum = LN2 + (LN4 - LN3) + (LN4 - LN3) + LN4;
    NET_CHECK(.net = LOSS(""), .in = {X, {"y", SHAPE(2, 2), VALUES(1, 1, 0, 0)}}, OUT(sum / 2));
    NET_CHECK(.net = LOSS("loss_param { normalize: true }"),
              .in = {X, {"y", SHAPE(2, 2), VALUES(1, 1, 0, 0)}}, OUT(sum / 4));
    NET_CHECK(.net = LOSS("loss_param { normalize: false }"),
              .in = {X, {"y", SHAPE(2, 2), VALUES(1, 1, 0, 0)}}, OUT(sum / 2));
    NET_CHECK(.net = LOSS("loss_param { normalization: NONE }"),
              .in = {X, {"y", SHAPE(2, 2), VALUES(1, 1, 0, 0)}}, OUT(sum));
}
END_TEST

START_TEST(ignored_targets)
{
    float sum = LN2 + (LN4 - LN3) + LN4;
#define Y {"y", SHAPE(2, 2), VALUES(1, 1, -1, 0)}
    NET_CHECK(.net = LOSS("loss_param { ignore_label: -1 }"), .in = {X, Y}, OUT(sum / 2));
    NET_CHECK(.net = LOSS("loss_param { ignore_label: -1 normalization: VALID }"), .in = {X, Y},
              OUT(sum / 3));
    NET_CHECK(.net = LOSS("loss_param { ignore_label: -1 normalization: FULL }"), .in = {X, Y}, OUT(sum / 4));
}
END_TEST

START_TEST(targets_are_any_numbers)
{
    // 1/2 of each: -log of the product's root
    NET_CHECK(.net = LOSS(""), .in = {{"x", SHAPE(1, 1), VALUES(LN3)}, {"y", SHAPE(1, 1), VALUES(0.5)}},
              OUT(LN4 - LN3 / 2));
}
END_TEST

START_TEST(large_values_do_not_overflow)
{
    NET_CHECK(.net = LOSS(""),
              .in = {{"x", SHAPE(1, 2), VALUES(500, -500)}, {"y", SHAPE(1, 2), VALUES(0, 0)}}, OUT(500));
}
END_TEST

START_TEST(wrong_shapes)
{
    NET_FAILS("must have as many values",
              .net =
                  "layer { name: 'l' type: 'SigmoidCrossEntropyLoss' bottom: 'x' bottom: @'y' top: 'out' }",
              .in = {X, {"y", SHAPE(2, 1), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/sigmoid_cross_entropy_loss", by_the_batch_unless_told, ignored_targets,
          targets_are_any_numbers, large_values_do_not_overflow, wrong_shapes)
