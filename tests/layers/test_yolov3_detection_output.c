#include "tests/support/net.h"
#include "tests/test.h"

#include <math.h>

#define YOLO(fields)                                                                                         \
    "layer { name: 'y' type: 'Yolov3DetectionOutput' bottom: 'in' top: 'out' yolov3_detection_output_param " \
    "{ " fields " } }"
// Two boxes of a cell; the mask turns the biases around. The picture is 8 wide for a map of one cell.
#define TWO                                                                                             \
    "num_classes: 2 num_box: 2 mask_group_num: 1 anchors_scale: 8 mask: 1 mask: 0 biases: 2 biases: 2 " \
    "biases: 4 "                                                                                        \
    "biases: 8 "
#define ROWS(n, ...)                                  \
    {                                                 \
        "out", SHAPE(1, 1, n, 7), VALUES(__VA_ARGS__) \
    }
#define YOLOS .tolerance = 1e-6, .contiguous_only = true
#define STILL                               \
    {                                       \
        "in", SHAPE(1, 14, 1, 1), NO_VALUES \
    }
#define LOG3 1.0986123f

// All scores are 0.25: box 0 is 4 / 8 by 8 / 8, box 1 2 / 8 by 2 / 8. Both make a detection for each class,
// and the second class falls to the first.
START_TEST(masks_and_classes)
{
    NET_CHECK(YOLOS, .net = YOLO(TWO "confidence_threshold: 0.2"), .in = {STILL},
              .out = {ROWS(2, 0, 1, 0.25f, 0.25f, 0, 0.75f, 1, 0, 1, 0.25f, 0.375f, 0.375f, 0.625f, 0.625f)});
    NET_CHECK(YOLOS, .net = YOLO(TWO "confidence_threshold: 0.2 nms_threshold: 1.5"), .in = {STILL},
              .out = {{"out", SHAPE(1, 1, 4, 7), NO_VALUES}});
    // Scores must be above the threshold, not at it.
    NET_CHECK(YOLOS, .net = YOLO(TWO "confidence_threshold: 0.25"), .in = {STILL},
              .out = {ROWS(1, 0, -1, -1, -1, -1, -1, -1)});
}
END_TEST

START_TEST(classes_have_their_own_sigmoid)
{
    NET_CHECK(
        YOLOS, .net = YOLO(TWO "confidence_threshold: 0.3"),
        .in = {{"in", SHAPE(1, 14, 1, 1), VALUES(0, 0, 0, 0, LOG3, LOG3, LOG3 * 2, 0, 0, 0, 0, 0, 0, 0)}},
        .out = {ROWS(1, 0, 2, 0.675f, 0.25f, 0, 0.75f, 1)});
}
END_TEST

// The second bottom has the second half of the mask and its own scale; 2 x 1 cells.
START_TEST(bottoms)
{
    NET_CHECK(
        YOLOS,
        .net = "layer { name: 'y' type: 'Yolov3DetectionOutput' bottom: 'in' bottom: 'fine' top: 'out' "
               "yolov3_detection_output_param { num_classes: 1 num_box: 1 mask_group_num: 2 anchors_scale: 8 "
               "anchors_scale: 4 mask: 1 mask: 0 biases: 2 biases: 1 biases: 4 biases: 8 "
               "confidence_threshold: 0.2 } }",
        .in = {{"in", SHAPE(1, 6, 1, 1), VALUES(0, 0, 0, 0, LOG3, 0)},
               {"fine", SHAPE(1, 6, 2, 1), VALUES(0, 0, 0, 0, 0, 0, 0, 0, -9, LOG3 * 2, 0, 0)}},
        .out = {ROWS(2, 0, 1, 0.45f, 0.25f, 0.6875f, 0.75f, 0.8125f, 0, 1, 0.375f, 0.25f, 0, 0.75f, 1)});
}
END_TEST

// x, ux, y, uy, w, uw, h, uh, objectness, class: uncertain by 0.5, 0.5, 0.25, 0.75.
START_TEST(gaussian)
{
    NET_CHECK(
        YOLOS,
        .net = YOLO("num_classes: 1 num_box: 1 mask_group_num: 1 anchors_scale: 8 mask: 0 biases: 4 biases: "
                    "8 confidence_threshold: 0.1 gaussian_box: true"),
        .in = {{"in", SHAPE(1, 10, 1, 1), VALUES(LOG3, 0, 0, 0, 0, -LOG3, 0, LOG3, LOG3, 0)}},
        .out = {ROWS(1, 0, 1, 0.1875f, 0.5f, 0, 1, 1)});
}
END_TEST

#define FAILS(text, fields) NET_FAILS(text, .net = YOLO(fields), .in = {STILL})

START_TEST(errors)
{
    FAILS("needs num_classes, at least 1", "num_box: 1");
    FAILS("mask_group_num is 3, but there are 1 bottoms", "num_classes: 1 mask_group_num: @3");
    FAILS("1 bottoms need as many anchors_scale, not 0", "num_classes: 1 mask_group_num: 1");
    FAILS("anchors_scale must be above 0", "num_classes: 1 mask_group_num: 1 anchors_scale: @0");
    FAILS("1 bottoms of num_box 3 boxes need that many values of mask, not 1",
          "num_classes: 1 mask_group_num: 1 anchors_scale: 8 mask: @0");
    FAILS(
        "mask 1: there are 2 biases, so 0 to 0 are possible",
        "num_classes: 1 mask_group_num: 1 anchors_scale: 8 num_box: 2 mask: 0 mask: @1 biases: 1 biases: 1");
    FAILS("it must have 4 axes and 2 * 8 channels",
          "num_classes: 3 num_box: 2 mask_group_num: 1 anchors_scale: 8 mask: 0 mask: 0 biases: 2 biases: 2");
}
END_TEST

TEST_MAIN("layers/yolov3_detection_output", masks_and_classes, classes_have_their_own_sigmoid, bottoms,
          gaussian, errors)
