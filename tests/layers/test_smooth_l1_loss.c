#include "tests/support/net.h"
#include "tests/test.h"

#define A                                       \
    {                                           \
        "a", SHAPE(2, 2), VALUES(0.5, 3, -2, 1) \
    }
#define B                                    \
    {                                        \
        "b", SHAPE(2, 2), VALUES(0, 0, 0, 1) \
    }
#define TWO "layer { name: 'l' type: 'SmoothL1Loss' bottom: 'a' bottom: 'b' top: 'out' "
#define THREE "layer { name: 'l' type: 'SmoothL1Loss' bottom: 'a' bottom: 'b' bottom: 'w' top: 'out' "
#define FOUR \
    "layer { name: 'l' type: 'SmoothL1Loss' bottom: 'a' bottom: 'b' bottom: 'w' bottom: 'v' top: 'out' "
#define W                                      \
    {                                          \
        "w", SHAPE(2, 2), VALUES(1, 0.5, 0, 1) \
    }
#define V                                    \
    {                                        \
        "v", SHAPE(2, 2), VALUES(2, 4, 1, 1) \
    }

START_TEST(squares_near_0_lines_behind)
{
    // 0.125, 2.5, 1.5, 0
    NET_CHECK(.net = TWO "}", .in = {A, B}, .out = {{"out", SCALAR, VALUES(2.0625)}});
    // sigma 2: a parabola up to 1/4; 0.375, 2.875, 1.875, 0
    NET_CHECK(.net = TWO "smooth_l1_loss_param { sigma: 2 } }", .in = {A, B},
              .out = {{"out", SCALAR, VALUES(2.5625)}});
}
END_TEST

START_TEST(weights)
{
    // inside: d is 0.5, 1.5, 0, 0
    NET_CHECK(.net = THREE "}", .in = {A, B, W}, .out = {{"out", SCALAR, VALUES((0.125 + 1) / 2)}});
    NET_CHECK(.net = FOUR "}", .in = {A, B, W, V}, .out = {{"out", SCALAR, VALUES((0.25 + 4) / 2)}});
}
END_TEST

START_TEST(wrong_shapes)
{
    NET_FAILS("bottom \"a\" (2x2) and bottom \"v\" (2x1) must have as many values", .net = FOUR "}",
              .in = {A, B, W, {"v", SHAPE(2, 1), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/smooth_l1_loss", squares_near_0_lines_behind, weights, wrong_shapes)
