#include "tests/support/net.h"
#include "tests/test.h"

#define AXPY "layer { name: 'a' type: 'Axpy' bottom: 'a' bottom: 'x' bottom: 'y' top: 'out' }"
#define X                                                   \
    {                                                       \
        "x", SHAPE(2, 2, 2), VALUES(1, 2, 3, 4, 5, 6, 7, 8) \
    }
#define Y                                                           \
    {                                                               \
        "y", SHAPE(2, 2, 2), VALUES(10, 20, 30, 40, 50, 60, 70, 80) \
    }

START_TEST(each_channel_of_each_image_has_its_factor)
{
    NET_CHECK(.net = AXPY, .in = {{"a", SHAPE(2, 2), VALUES(1, 10, 100, -1)}, X, Y},
              .out = {{"out", SHAPE(2, 2, 2), VALUES(11, 22, 60, 80, 550, 660, 63, 72)}});
    NET_CHECK(.net = AXPY, .in = {{"a", SHAPE(2, 2, 1, 1), VALUES(1, 10, 100, -1)}, X, Y},
              .out = {{"out", SHAPE(2, 2, 2), VALUES(11, 22, 60, 80, 550, 660, 63, 72)}});
    NET_CHECK(.net = AXPY,
              .in = {{"a", SHAPE(1, 2), VALUES(2, 3)},
                     {"x", SHAPE(1, 2), VALUES(4, 5)},
                     {"y", SHAPE(1, 2), VALUES(6, 7)}},
              .out = {{"out", SHAPE(1, 2), VALUES(14, 22)}});
}
END_TEST

START_TEST(shapes_must_fit)
{
    NET_FAILS("bottom \"a\" (2x1) must have one value for each image and channel",
              .net = "layer { name: 'a' type: 'Axpy' bottom: @'a' bottom: 'x' bottom: 'y' top: 'out' }",
              .in = {{"a", SHAPE(2, 1), NO_VALUES}, X, Y});
    NET_FAILS("bottom \"a\" (2x2x2) must",
              .net = "layer { name: 'a' type: 'Axpy' bottom: @'a' bottom: 'x' bottom: 'y' top: 'out' }",
              .in = {{"a", SHAPE(2, 2, 2), NO_VALUES}, X, Y});
    NET_FAILS("bottom \"y\" (2x2x1) must have the shape of bottom \"x\" (2x2x2)",
              .net = "layer { name: 'a' type: 'Axpy' bottom: 'a' bottom: 'x' bottom: @'y' top: 'out' }",
              .in = {{"a", SHAPE(2, 2), NO_VALUES}, X, {"y", SHAPE(2, 2, 1), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/axpy", each_channel_of_each_image_has_its_factor, shapes_must_fit)
