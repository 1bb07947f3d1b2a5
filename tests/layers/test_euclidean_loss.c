#include "tests/support/net.h"
#include "tests/test.h"

#define LOSS "layer { name: 'l' type: 'EuclideanLoss' bottom: 'a' bottom: 'b' top: 'out' }"
#define FOUR VALUES(1, 2, 3, 4)

START_TEST(half_of_the_squares_by_the_batch)
{
    NET_CHECK(.net = LOSS, .in = {{"a", SHAPE(2, 2), FOUR}, {"b", SHAPE(2, 2), VALUES(1, 0, 0, 5)}},
              .out = {{"out", SCALAR, VALUES(3.5)}}); // (0 + 4 + 9 + 1) / 2 / 2
    NET_CHECK(.net = LOSS, .in = {{"a", SHAPE(1, 4), FOUR}, {"b", SHAPE(1, 2, 2), VALUES(1, 0, 0, 5)}},
              .out = {{"out", SCALAR, VALUES(7)}});
}
END_TEST

START_TEST(loss_weight_does_not_change_the_top)
{
    NET_CHECK(
            .net =
                "layer { name: 'l' type: 'EuclideanLoss' bottom: 'a' bottom: 'b' top: 'out' loss_weight: 9 }",
            .in = {{"a", SHAPE(1, 1), VALUES(2)}, {"b", SHAPE(1, 1), VALUES(0)}},
            .out = {{"out", SCALAR, VALUES(2)}});
}
END_TEST

START_TEST(wrong_shapes)
{
    NET_FAILS("bottom \"a\" (2x2) and bottom \"b\" (1x2) must have the same first axis", .net = LOSS,
              .in = {{"a", SHAPE(2, 2), NO_VALUES}, {"b", SHAPE(1, 2), NO_VALUES}});
    NET_FAILS("must have as many values",
              .net = "layer { name: 'l' type: 'EuclideanLoss' bottom: 'a' bottom: @'b' top: 'out' }",
              .in = {{"a", SHAPE(2, 2), NO_VALUES}, {"b", SHAPE(2, 3), NO_VALUES}});
    NET_FAILS("has 1 bottoms; it takes exactly 2",
              .net = "layer { name: 'l' type: 'EuclideanLoss' bottom: 'a' top: 'out' }",
              .in = {{"a", SHAPE(2, 2), NO_VALUES}});
    NET_FAILS("must have the same first axis", .net = LOSS,
              .in = {{"a", SCALAR, NO_VALUES}, {"b", SCALAR, NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/euclidean_loss", half_of_the_squares_by_the_batch, loss_weight_does_not_change_the_top,
          wrong_shapes)
