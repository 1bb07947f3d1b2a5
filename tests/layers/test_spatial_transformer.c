#include "tests/support/net.h"
#include "tests/test.h"

#include <math.h>

#define ST(fields)                                                                                   \
    "layer { name: 's' type: 'SpatialTransformer' bottom: 'in' bottom: 'theta' top: 'out' st_param " \
    "{ " fields " } }"

static const float six[6] = {1, 2, 3, 4, 5, 6};

START_TEST(the_identity)
{
    NET_CHECK(.net = ST(""),
              .in = {{"in", SHAPE(1, 1, 2, 2), VALUES(1, 2, 3, 4)},
                     {"theta", SHAPE(1, 6), VALUES(1, 0, 0, 0, 1, 0)}},
              .out = {{"out", SHAPE(1, 1, 2, 2), VALUES(1, 2, 3, 4)}});
    NET_CHECK(.net = "layer { name: 's' type: 'SpatialTransformer' bottom: 'in' bottom: 'theta' top: 'out' }",
              .in = {{"in", SHAPE(1, 1, 2, 2), VALUES(1, 2, 3, 4)},
                     {"theta", SHAPE(1, 2, 3), VALUES(1, 0, 0, 0, 1, 0)}},
              .out = {{"out", SHAPE(1, 1, 2, 2), VALUES(1, 2, 3, 4)}});
}
END_TEST

// Twice as many columns: column j reads 2 j / 4 * 2 / 2, so the last one reads half outside.
START_TEST(coordinates_end_one_step_before_1)
{
    NET_CHECK(.net = ST("output_W: 4"),
              .in = {{"in", SHAPE(1, 1, 1, 2), VALUES(2, 4)},
                     {"theta", SHAPE(1, 6), VALUES(1, 0, 0, 0, 1, 0)}},
              .out = {{"out", SHAPE(1, 1, 1, 4), VALUES(2, 3, 4, 2)}});
    NET_CHECK(.net = ST("output_H: 1 output_W: 1"), // u = v = -1
              .in = {{"in", SHAPE(1, 1, 2, 3), six, 6}, {"theta", SHAPE(1, 6), VALUES(1, 0, 0, 0, 1, 0)}},
              .out = {{"out", SHAPE(1, 1, 1, 1), VALUES(1)}});
}
END_TEST

// The first row of theta gives the bottom's row from (row, column, 1).
START_TEST(rows_come_first)
{
    NET_CHECK(.net = ST(""), // one row further down: t13 = 2 / H
              .in = {{"in", SHAPE(1, 1, 2, 2), VALUES(1, 2, 3, 4)},
                     {"theta", SHAPE(1, 6), VALUES(1, 0, 1, 0, 1, 0)}},
              .out = {{"out", SHAPE(1, 1, 2, 2), VALUES(3, 4, 0, 0)}});
    NET_CHECK(.net = ST(""), // transposed
              .in = {{"in", SHAPE(1, 1, 2, 2), VALUES(1, 2, 3, 4)},
                     {"theta", SHAPE(1, 6), VALUES(0, 1, 0, 1, 0, 0)}},
              .out = {{"out", SHAPE(1, 1, 2, 2), VALUES(1, 3, 2, 4)}});
    NET_CHECK(.net = ST(""), // half a column to the left: what is outside counts as 0
              .in = {{"in", SHAPE(1, 1, 1, 2), VALUES(2, 4)},
                     {"theta", SHAPE(1, 6), VALUES(1, 0, 0, 0, 1, -0.5)}},
              .out = {{"out", SHAPE(1, 1, 1, 2), VALUES(1, 3)}});
    NET_CHECK(.net = ST(""),
              .in = {{"in", SHAPE(1, 1, 1, 2), VALUES(2, 4)},
                     {"theta", SHAPE(1, 6), VALUES(1, 0, NAN, 0, 1, INFINITY)}},
              .out = {{"out", SHAPE(1, 1, 1, 2), VALUES(0, 0)}});
}
END_TEST

START_TEST(fixed_values_are_not_in_bottom_1)
{
    NET_CHECK(.net = ST("theta_1_1: 1 theta_1_2: 0 theta_2_1: 0 theta_2_2: 1"),
              .in = {{"in", SHAPE(2, 2, 2, 1), VALUES(1, 2, 10, 20, 3, 4, 30, 40)},
                     {"theta", SHAPE(2, 2), VALUES(0, 0, 1, 0)}},
              .out = {{"out", SHAPE(2, 2, 2, 1), VALUES(1, 2, 10, 20, 4, 0, 40, 0)}});
}
END_TEST

#define BOTTOMS .in = {{"in", SHAPE(2, 1, 2, 2), NO_VALUES}, {"theta", SHAPE(2, 6), NO_VALUES}}

START_TEST(wrong_fields)
{
    NET_FAILS("transform_type \"projective\": only \"affine\" is known",
              .net = ST("transform_type: @'projective'"), BOTTOMS);
    NET_FAILS("sampler_type \"nearest\": only \"bilinear\" is known", .net = ST("sampler_type: @'nearest'"),
              BOTTOMS);
    NET_FAILS("output_H 0 is less than 1", .net = ST("output_H: @0"), BOTTOMS);
    NET_FAILS("output_W -3 is less than 1", .net = ST("output_W: @-3"), BOTTOMS);
    NET_FAILS("the planes are too large", .net = ST("output_H: @2147483647 output_W: 2147483647"), BOTTOMS);
    NET_FAILS("bottom \"theta\" (2x6) must have 5 values for each of the 2 images of \"in\"",
              .net = ST("theta_1_1: 1"), BOTTOMS);
}
END_TEST

TEST_MAIN("layers/spatial_transformer", the_identity, coordinates_end_one_step_before_1, rows_come_first,
          fixed_values_are_not_in_bottom_1, wrong_fields)
