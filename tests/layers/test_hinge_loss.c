#include "tests/support/net.h"
#include "tests/test.h"

#define LOSS(fields) "layer { name: 'l' type: 'HingeLoss' bottom: 'x' bottom: 'y' top: 'out' " fields " }"
#define IN                                                \
    {                                                     \
        {"x", SHAPE(2, 3), VALUES(2, -3, 0.5, -1, 0, 1)}, \
        {                                                 \
            "y", SHAPE(2), VALUES(0, 2)                   \
        }                                                 \
    }

START_TEST(l1_and_l2)
{
    // margins: 0 (1 - 2), 0, 1.5; 0, 1, 0
    NET_CHECK(.net = LOSS(""), .in = IN, .out = {{"out", SCALAR, VALUES(1.25)}});
    NET_CHECK(.net = LOSS("hinge_loss_param { norm: L1 }"), .in = IN, .out = {{"out", SCALAR, VALUES(1.25)}});
    NET_CHECK(.net = LOSS("hinge_loss_param { norm: L2 }"), .in = IN,
              .out = {{"out", SCALAR, VALUES(1.625)}});
}
END_TEST

START_TEST(all_axes_behind_the_first_are_classes)
{
    NET_CHECK(.net = LOSS(""), .in = {{"x", SHAPE(1, 2, 2), VALUES(0, 0, 0, -2)}, {"y", SHAPE(1), VALUES(3)}},
              .out = {{"out", SCALAR, VALUES(6)}});
}
END_TEST

START_TEST(wrong_input)
{
    NET_FAILS("norm", .net = LOSS("hinge_loss_param { norm: @L3 }"), .in = IN);
    NET_FAILS("must have one value for each of the 2 entries",
              .net = "layer { name: 'l' type: 'HingeLoss' bottom: 'x' bottom: @'y' top: 'out' }",
              .in = {{"x", SHAPE(2, 3), NO_VALUES}, {"y", SHAPE(2, 0), NO_VALUES}});
    NET_FAILS("label 3 (value 1", .net = LOSS(""),
              .in = {{"x", SHAPE(2, 3), NO_VALUES}, {"y", SHAPE(2), VALUES(0, 3)}}, .when_run = true);
}
END_TEST

TEST_MAIN("layers/hinge_loss", l1_and_l2, all_axes_behind_the_first_are_classes, wrong_input)
