#include "tests/support/net.h"
#include "tests/test.h"

#define REGION(tops, fields) \
    "layer { name: 'r' type: 'Region' bottom: 'in' " tops " region_loss_param { " fields " } }"
#define LOG3 1.0986123f

// x, y, w, h, objectness, two classes; two boxes, the second all 0.
#define VALUES_OF_TWO VALUES(LOG3, 0, 2, -2, -LOG3, 0, LOG3, 0, 0, 0, 0, 0, 0, 0)

START_TEST(activations)
{
    NET_CHECK(.net = REGION("top: 'out'", "num: 2 num_class: 2"),
              .in = {{"in", SHAPE(1, 14, 1, 1), VALUES_OF_TWO}}, .tolerance = 1e-6,
              .out = {{"out", SHAPE(1, 14, 1, 1),
                       VALUES(0.75f, 0.5f, 2, -2, 0.25f, 0.25f, 0.75f, 0.5f, 0.5f, 0, 0, 0.5f, 0.5f, 0.5f)}});
    // Classes lie a map apart: 1 x 2 cells, two images.
    NET_CHECK(.net = REGION("top: 'out'", "num: 1 num_class: 2"),
              .in = {{"in", SHAPE(2, 7, 1, 2),
                      VALUES(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, LOG3, 0, 0, 0, 0, LOG3, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                             LOG3, 0, 0)}},
              .tolerance = 1e-6,
              .out = {{"out", SHAPE(2, 7, 1, 2),
                       VALUES(0.5f, 0.5f, 0.5f, 0.5f, 0, 0, 0, 0, 0.5f, 0.5f, 0.75f, 0.5f, 0.25f, 0.5f, 0.5f,
                              0.75f, 0.5f, 0.5f, 0, 0, 0, 0, 0.5f, 0.5f, 0.5f, 0.75f, 0.5f, 0.25f)}});
}
END_TEST

START_TEST(boxes_and_scores)
{
    NET_CHECK(.net = REGION("top: 'box' top: 'score'",
                            "num: 2 num_class: 2 thresh: 0.1 biases: 2 biases: 1 biases: 4 biases: 3"),
              .in = {{"in", SHAPE(1, 14, 1, 1), VALUES_OF_TWO}}, .tolerance = 1e-5,
              .out = {
                  {"box", SHAPE(2, 1, 1, 4), VALUES(0.75f, 0.5f, 14.778112f, 0.1353353f, 0.5f, 0.5f, 4, 3)},
                  {"score", SHAPE(2, 1, 1, 3), VALUES(0, 0.1875f, 0.1875f, 0.25f, 0.25f, 0.25f)}});
    // Without the softmax, classes are taken as they come; 1 x 2 cells.
    NET_CHECK(.net = REGION("top: 'box' top: 'score'", "num: 1 num_class: 1 softmax: 0 biases: 1 biases: 1"),
              .in = {{"in", SHAPE(1, 6, 1, 2), VALUES(0, 0, 0, 0, 0, 0, 0, 0, 0, LOG3, 3, 4)}},
              .tolerance = 1e-6,
              .out = {{"box", SHAPE(1, 1, 2, 4), VALUES(0.25f, 0.5f, 0.5f, 1, 0.75f, 0.5f, 0.5f, 1)},
                      {"score", SHAPE(1, 1, 2, 2), VALUES(1.5f, 1.5f, 3, 3)}});
}
END_TEST

#define FAILS(text, tops, fields) \
    NET_FAILS(text, .net = REGION(tops, fields), .in = {{"in", SHAPE(1, 14, 1, 1), NO_VALUES}})

START_TEST(errors)
{
    FAILS("num (boxes) and num_class must be above 0", "top: 'out'", "num: @0");
    FAILS("coords is 5; it must be 4", "top: 'out' top: 'score'", "coords: @5");
    FAILS("5 boxes need 10 biases (width and height), not 1", "top: 'out' top: 'score'", "biases: @5");
    FAILS("bottom \"in\" is 1x14x1x1; it must have 4 axes and 5 * 25 channels", "top: 'out'", "");
    NET_FAILS("Region needs region_loss_param",
              .net = "layer { name: 'r' type: 'Region' bottom: 'in' top: 'out' }",
              .in = {{"in", SHAPE(1, 14, 1, 1), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/region", activations, boxes_and_scores, errors)
