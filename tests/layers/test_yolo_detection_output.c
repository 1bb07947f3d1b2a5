#include "tests/support/net.h"
#include "tests/test.h"

#include <math.h>

#define YOLO(fields)                                                                                     \
    "layer { name: 'y' type: 'YoloDetectionOutput' bottom: 'in' top: 'out' yolo_detection_output_param " \
    "{ " fields " } }"
#define ONE "num_classes: 2 num_box: 1 biases: 1 biases: 0.5 "
#define ROWS(n, ...)                                  \
    {                                                 \
        "out", SHAPE(1, 1, n, 7), VALUES(__VA_ARGS__) \
    }
#define YOLOS .tolerance = 1e-6, .contiguous_only = true
#define STILL                              \
    {                                      \
        "in", SHAPE(1, 7, 1, 2), NO_VALUES \
    }
#define LOG2 0.6931472f
#define LOG3 1.0986123f

// Middles (0.25, 0.5) and (0.75, 0.5), sides 1 / 2 and 0.5; objectness 0.5, class 0 by 0.5. The
// threshold itself is enough.
START_TEST(cells)
{
    NET_CHECK(YOLOS, .net = YOLO(ONE "confidence_threshold: 0.25"), .in = {STILL},
              .out = {ROWS(2, 0, 1, 0.25f, 0, 0.25f, 0.5f, 0.75f, 0, 1, 0.25f, 0.5f, 0.25f, 1, 0.75f)});
    NET_CHECK(YOLOS, .net = YOLO(ONE "confidence_threshold: 0.26"), .in = {STILL},
              .out = {ROWS(1, 0, -1, -1, -1, -1, -1, -1)});
}
END_TEST

// Cell 1: x and y at 0.75, twice as wide, objectness 0.75, class 1 by 0.75. Nothing is clipped.
START_TEST(values_of_a_box)
{
    NET_CHECK(
        YOLOS, .net = YOLO(ONE "confidence_threshold: 0.5"),
        .in = {{"in", SHAPE(1, 7, 1, 2), VALUES(0, LOG3, 0, LOG3, 0, LOG2, 0, 0, 0, LOG3, 0, 0, 0, LOG3)}},
        .out = {ROWS(1, 0, 2, 0.5625f, 0.375f, 0.5f, 1.375f, 1)});
}
END_TEST

// Two boxes of one cell, of other classes: suppressed together, also at the threshold (overlap 0.5).
START_TEST(classes_are_suppressed_together)
{
    const char *fields = YOLO("num_classes: 1 num_box: 2 biases: 1 biases: 1 biases: 1 biases: 0.5 "
                              "confidence_threshold: 0.1 nms_threshold: 0.5");
    NET_CHECK(YOLOS, .net = fields,
              .in = {{"in", SHAPE(1, 12, 1, 1), VALUES(0, 0, 0, 0, LOG3, 0, 0, 0, 0, 0, 0, 0)}},
              .out = {ROWS(1, 0, 1, 0.75f, 0, 0, 1, 1)});
}
END_TEST

START_TEST(two_bottoms_and_images)
{
    NET_CHECK(YOLOS,
              .net = "layer { name: 'y' type: 'YoloDetectionOutput' bottom: 'in' bottom: 'fine' top: 'out' "
                     "yolo_detection_output_param { num_classes: 1 num_box: 1 biases: 1 biases: 1 "
                     "confidence_threshold: 0.6 nms_threshold: 0.9 } }",
              .in = {{"in", SHAPE(2, 6, 1, 1), VALUES(0, 0, 0, 0, -9, 0, 0, 0, 0, 0, LOG3, 0)},
                     {"fine", SHAPE(2, 6, 1, 2),
                      VALUES(0, 0, 0, 0, 0, 0, 0, 0, -9, -9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -9, 2, 0, 0)}},
              .out = {ROWS(2, 1, 1, 0.880797f, 0.5f, 0, 1, 1, 1, 1, 0.75f, 0, 0, 1, 1)});
}
END_TEST

START_TEST(no_numbers)
{
    NET_CHECK(
        YOLOS, .net = YOLO(ONE "confidence_threshold: 0"),
        .in = {{"in", SHAPE(1, 7, 1, 2), VALUES(0, NAN, 0, 0, 0, INFINITY, 0, 1e30f, NAN, 0, 0, 0, 0, 0)}},
        .out = {{"out", SHAPE(1, 1, 1, 7), NO_VALUES}});
}
END_TEST

#define FAILS(text, fields) NET_FAILS(text, .net = YOLO(fields), .in = {STILL})

START_TEST(errors)
{
    FAILS("needs num_classes, at least 1", "num_box: 1");
    FAILS("needs num_classes, at least 1", "num_classes: @0");
    FAILS("coords is 5; only 4 is known", "num_classes: 2 coords: @5");
    FAILS("5 boxes need 10 biases (width and height of each), not 2", "num_classes: 2 biases: @1 biases: 2");
    FAILS("bottom \"in\" is 1x7x1x2; it must have 4 axes and 1 * 8 channels",
          "num_classes: 3 num_box: 1 biases: 1 biases: 1");
}
END_TEST

TEST_MAIN("layers/yolo_detection_output", cells, values_of_a_box, classes_are_suppressed_together,
          two_bottoms_and_images, no_numbers, errors)
