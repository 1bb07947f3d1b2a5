#include "tests/support/net.h"
#include "tests/test.h"

#define LOSS "layer { name: 'l' type: 'MultinomialLogisticLoss' bottom: 'x' bottom: 'y' top: 'out' }"
#define LN2 0.69314718f

START_TEST(logs_of_given_probabilities)
{
    NET_CHECK(.net = LOSS,
              .in = {{"x", SHAPE(2, 2), VALUES(0.5, 0.5, 0.25, 0.75)},
                     {"y", SHAPE(2, 1, 1, 1), VALUES(1, 0)}},
              .out = {{"out", SCALAR, VALUES(1.5f * LN2)}}, .tolerance = 1e-6);
}
END_TEST

START_TEST(no_less_than_1e_minus_20)
{
    NET_CHECK(.net = LOSS, .in = {{"x", SHAPE(1, 2), VALUES(0, 1)}, {"y", SHAPE(1), VALUES(0)}},
              .out = {{"out", SCALAR, VALUES(46.0517f)}}, .tolerance = 1e-6);
}
END_TEST

START_TEST(wrong_input)
{
    NET_FAILS("label 2 (value 0 of bottom \"y\") is none of the 2 classes", .net = LOSS,
              .in = {{"x", SHAPE(1, 2), NO_VALUES}, {"y", SHAPE(1), VALUES(2)}}, .when_run = true);
    NET_FAILS("must have the same first axis", .net = LOSS,
              .in = {{"x", SHAPE(1, 2), NO_VALUES}, {"y", SHAPE(2), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/multinomial_logistic_loss", logs_of_given_probabilities, no_less_than_1e_minus_20,
          wrong_input)
