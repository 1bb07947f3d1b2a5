#include "tests/support/net.h"
#include "tests/test.h"

#include <math.h>

#define RELU(fields) "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'out' " fields " }"

START_TEST(negative_values_become_0)
{
    NET_CHECK(.net = RELU(""), .in = {{"x", SHAPE(2, 2, 1), VALUES(-1, 2, 0, -3)}},
              .out = {{"out", SHAPE(2, 2, 1), VALUES(0, 2, 0, 0)}});
}
END_TEST

START_TEST(negative_values_are_multiplied_by_the_slope)
{
    NET_CHECK(.net = RELU("relu_param { negative_slope: 0.25 }"),
              .in = {{"x", SHAPE(2, 2), VALUES(-4, 2, 0, -INFINITY)}},
              .out = {{"out", SHAPE(2, 2), VALUES(-1, 2, 0, -INFINITY)}});
}
END_TEST

START_TEST(nan_stays_nan_and_slope_0_times_infinity_is_one_as_in_caffe)
{
    NET_CHECK(.net = RELU(""), .in = {{"x", SHAPE(1, 3), VALUES(NAN, INFINITY, -INFINITY)}},
              .out = {{"out", SHAPE(1, 3), VALUES(NAN, INFINITY, NAN)}});
}
END_TEST

START_TEST(works_in_place)
{
    NET_CHECK(.net = "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'y' }"
                     "layer { name: 'p' type: 'ReLU' bottom: 'y' top: 'y' relu_param { negative_slope: 2 } }"
                     "layer { name: 'q' type: 'ReLU' bottom: 'y' top: 'out' }",
              .in = {{"x", SHAPE(1, 2), VALUES(-4, 2)}}, .out = {{"out", SHAPE(1, 2), VALUES(0, 2)}});
}
END_TEST

START_TEST(one_number_and_no_numbers_work)
{
    NET_CHECK(.net = RELU(""), .in = {{"x", SCALAR, VALUES(-5)}}, .out = {{"out", SCALAR, VALUES(0)}});
    NET_CHECK(.net = RELU(""), .in = {{"x", SHAPE(2, 0, 3), NO_VALUES}},
              .out = {{"out", SHAPE(2, 0, 3), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/relu", negative_values_become_0, negative_values_are_multiplied_by_the_slope,
          nan_stays_nan_and_slope_0_times_infinity_is_one_as_in_caffe, works_in_place,
          one_number_and_no_numbers_work)
