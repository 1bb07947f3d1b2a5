#include "tests/support/net.h"
#include "tests/test.h"

#define DROPOUT(fields) "@layer { name: 'd' type: 'Dropout' bottom: 'x' top: 'out' " fields " }"

START_TEST(is_the_identity)
{
    NET_CHECK(.net = DROPOUT("dropout_param { dropout_ratio: 0.9 }"),
              .in = {{"x", SHAPE(2, 2), VALUES(1, 2, -3, 4)}},
              .out = {{"out", SHAPE(2, 2), VALUES(1, 2, -3, 4)}});
}
END_TEST

START_TEST(in_train_it_warns_and_drops_nothing)
{
    NET_CHECK(.net = DROPOUT(""), .in = {{"x", SHAPE(2, 2), VALUES(1, 2, -3, 4)}},
              .out = {{"out", SHAPE(2, 2), VALUES(1, 2, -3, 4)}}, .train = true,
              .warns = "drops nothing in phase TRAIN");
}
END_TEST

START_TEST(without_scale_train_it_multiplies_by_what_would_be_kept)
{
    NET_CHECK(.net = DROPOUT("dropout_param { dropout_ratio: 0.25 scale_train: false }"),
              .in = {{"x", SHAPE(2, 2), VALUES(4, 8, -12, 16)}},
              .out = {{"out", SHAPE(2, 2), VALUES(3, 6, -9, 12)}});
}
END_TEST

START_TEST(of_random_drops_at_test_time_the_mean_is_run)
{
    NET_CHECK(.net = "layer { name: 'd' type: 'Dropout' bottom: 'x' top: 'out' "
                     "dropout_param { sample_weights_test: @true } }",
              .in = {{"x", SHAPE(2, 2), VALUES(1, 2, -3, 4)}},
              .out = {{"out", SHAPE(2, 2), VALUES(1, 2, -3, 4)}},
              .warns = "asks for random drops at test time");
}
END_TEST

START_TEST(sqrt_scale_is_refused)
{
    NET_FAILS(
        "sqrt_scale",
        .net =
            "layer { name: 'd' type: 'Dropout' bottom: 'x' top: 'out' dropout_param { sqrt_scale: @true } }",
        .in = {{"x", SHAPE(2, 2), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/dropout", is_the_identity, in_train_it_warns_and_drops_nothing,
          without_scale_train_it_multiplies_by_what_would_be_kept,
          of_random_drops_at_test_time_the_mean_is_run, sqrt_scale_is_refused)
