#include "tests/support/net.h"
#include "tests/test.h"

START_TEST(all_values_pass)
{
    NET_CHECK(.net = "layer { name: 'd' type: 'SeLuDropout' bottom: 'x' top: 'out' }",
              .in = {{"x", SHAPE(2, 2), VALUES(1, -2, 3, -4)}},
              .out = {{"out", SHAPE(2, 2), VALUES(1, -2, 3, -4)}}, .strict = true);
}
END_TEST

START_TEST(training_is_not_what_we_do)
{
    NET_CHECK(.net = "@layer { name: 'd' type: 'SeLuDropout' bottom: 'x' top: 'out' selu_dropout_param { "
                     "dropout_ratio: 0.1 } }",
              .in = {{"x", SHAPE(2, 1), VALUES(1, -2)}}, .out = {{"out", SHAPE(2, 1), VALUES(1, -2)}},
              .train = true, .warns = "drops nothing in phase TRAIN");
}
END_TEST

TEST_MAIN("layers/selu_dropout", all_values_pass, training_is_not_what_we_do)
