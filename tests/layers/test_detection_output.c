#include "tests/support/net.h"
#include "tests/test.h"

#include <math.h>

#define DETECT(fields)                                                                                   \
    "layer { name: 'd' type: 'DetectionOutput' bottom: 'loc' bottom: 'conf' bottom: 'prior' top: 'out' " \
    "detection_output_param { " fields " } }"
#define PLAIN "num_classes: 2 confidence_threshold: 0.1 "

// Three boxes: the first two overlap by 0.5, the third is apart.
#define A 0, 0, 0.5f, 0.5f
#define B 0, 0, 0.5f, 0.25f
#define C 0.5f, 0.5f, 1, 1
#define V 0.5f, 0.5f, 0.5f, 0.5f
#define PRIORS                                             \
    {                                                      \
        "prior", SHAPE(1, 2, 12), VALUES(A, B, C, V, V, V) \
    }
#define NO_OFFSETS                     \
    {                                  \
        "loc", SHAPE(1, 12), NO_VALUES \
    }
#define SCORES(...)                              \
    {                                            \
        "conf", SHAPE(1, 6), VALUES(__VA_ARGS__) \
    }
#define ROWS(n, ...)                                  \
    {                                                 \
        "out", SHAPE(1, 1, n, 7), VALUES(__VA_ARGS__) \
    }

START_TEST(best_first_and_the_background_left_out)
{
    NET_CHECK(.net = DETECT(PLAIN), .in = {NO_OFFSETS, SCORES(0.9f, 0.3f, 0.9f, 0.2f, 0.9f, 0.8f), PRIORS},
              .contiguous_only = true, .out = {ROWS(2, 0, 1, 0.8f, C, 0, 1, 0.3f, A)});
    NET_CHECK(.net = DETECT(PLAIN "background_label_id: 1 nms_param { nms_threshold: 0.5 }"),
              .in = {NO_OFFSETS, SCORES(0.3f, 0.9f, 0.2f, 0.9f, 0.1f, 0.8f), PRIORS}, .contiguous_only = true,
              .out = {ROWS(2, 0, 0, 0.3f, A, 0, 0, 0.2f, B)});
}
END_TEST

START_TEST(scores_must_be_above_the_threshold_and_numbers)
{
    NET_CHECK(.net = DETECT("num_classes: 2 confidence_threshold: 0.25"),
              .in = {NO_OFFSETS, SCORES(0, 0.25f, 0, NAN, 0, INFINITY), PRIORS}, .contiguous_only = true,
              .out = {ROWS(1, 0, 1, INFINITY, C)});
    // No threshold: negative scores count too.
    NET_CHECK(.net = DETECT("num_classes: 2"), .in = {NO_OFFSETS, SCORES(0, -3, 0, -4, 0, -2), PRIORS},
              .contiguous_only = true, .out = {ROWS(2, 0, 1, -2, C, 0, 1, -3, A)});
}
END_TEST

START_TEST(equal_scores_keep_the_order_of_the_priors)
{
    NET_CHECK(.net = DETECT(PLAIN), .in = {NO_OFFSETS, SCORES(0, 0.5f, 0, 0.5f, 0, 0.5f), PRIORS},
              .contiguous_only = true, .out = {ROWS(2, 0, 1, 0.5f, A, 0, 1, 0.5f, C)});
}
END_TEST

START_TEST(top_k_comes_before_suppression)
{
    // The best two are A and B, and B falls: C was never asked.
    NET_CHECK(.net = DETECT(PLAIN "nms_param { top_k: 2 nms_threshold: 0.4 }"),
              .in = {NO_OFFSETS, SCORES(0, 0.9f, 0, 0.8f, 0, 0.7f), PRIORS}, .contiguous_only = true,
              .out = {ROWS(1, 0, 1, 0.9f, A)});
}
END_TEST

START_TEST(keep_top_k_is_over_all_classes_and_rows_stay_by_class)
{
    NET_CHECK(.net = DETECT("num_classes: 3 background_label_id: -1 keep_top_k: 3 confidence_threshold: 0.1 "
                            "nms_param { nms_threshold: 1 }"),
              .in = {NO_OFFSETS,
                     {"conf", SHAPE(1, 9), VALUES(0.2f, 0.3f, 0.9f, 0, 0.5f, 0, 0, 0.3f, 0.25f)},
                     PRIORS},
              .contiguous_only = true, .out = {ROWS(3, 0, 1, 0.5f, B, 0, 1, 0.3f, A, 0, 2, 0.9f, A)});
}
END_TEST

START_TEST(nothing_found)
{
    NET_CHECK(.net = DETECT(PLAIN "keep_top_k: 5"),
              .in = {{"loc", SHAPE(2, 12), NO_VALUES}, {"conf", SHAPE(2, 6), NO_VALUES}, PRIORS},
              .contiguous_only = true,
              .out = {ROWS(2, 0, -1, -1, -1, -1, -1, -1, 1, -1, -1, -1, -1, -1, -1)});
    NET_CHECK(.net = DETECT(PLAIN "keep_top_k: 0"),
              .in = {NO_OFFSETS, SCORES(0, 0.9f, 0, 0.8f, 0, 0.7f), PRIORS}, .contiguous_only = true,
              .out = {ROWS(1, 0, -1, -1, -1, -1, -1, -1)});
}
END_TEST

START_TEST(an_image_without_detections_has_no_row)
{
    NET_CHECK(.net = DETECT(PLAIN),
              .in = {{"loc", SHAPE(3, 12), NO_VALUES},
                     {"conf", SHAPE(3, 6),
                      VALUES(0, 0.4f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.6f)},
                     PRIORS},
              .contiguous_only = true, .out = {ROWS(2, 0, 1, 0.4f, A, 2, 1, 0.6f, C)});
}
END_TEST

/* ---- decoding: a prior (1, 2, 3, 6) with offsets (1, 2, log 2, 0) ---- */

#define ONE_PRIOR                                                      \
    {                                                                  \
        "prior", SHAPE(1, 2, 4), VALUES(1, 2, 3, 6, 0.5f, 0.25f, 1, 2) \
    }
#define ONE_OFFSET                                         \
    {                                                      \
        "loc", SHAPE(1, 4), VALUES(1, 2, 0.6931472f, 0.5f) \
    }
#define ONE_SCORE                            \
    {                                        \
        "conf", SHAPE(1, 2), VALUES(0, 0.5f) \
    }
#define DECODES(fields, ...)                                                                            \
    NET_CHECK(.net = DETECT(PLAIN fields), .in = {ONE_OFFSET, ONE_SCORE, ONE_PRIOR}, .tolerance = 1e-6, \
              .contiguous_only = true, .out = {ROWS(1, 0, 1, 0.5f, __VA_ARGS__)})

START_TEST(code_types)
{
    DECODES("", 1.5f, 2.5f, 3.6931472f, 7);
    DECODES("variance_encoded_in_target: true", 2, 4, 3.6931472f, 6.5f);
    DECODES("code_type: CORNER_SIZE", 2, 4, 4.3862944f, 10);
    DECODES("code_type: CORNER_SIZE variance_encoded_in_target: true", 3, 10, 4.3862944f, 8);
    // Middle (2, 4) + (0.5 * 1 * 2, 0.25 * 2 * 4) = (3, 6); sides 2 * 2 and 4 * e.
    DECODES("code_type: CENTER_SIZE", 1, 6 - 5.4365637f, 5, 6 + 5.4365637f);
    // (2, 4) + (1 * 2, 2 * 4) = (4, 12); sides 4 and 4 * sqrt(e).
    DECODES("code_type: CENTER_SIZE variance_encoded_in_target: true", 2, 12 - 3.2974426f, 6,
            12 + 3.2974426f);
}
END_TEST

// Offsets are (prior, class, 4): class 1 moves prior 0 by 1 * 0.5.
START_TEST(offsets_for_each_class)
{
    NET_CHECK(.net = DETECT(PLAIN "share_location: false"),
              .in = {{"loc", SHAPE(1, 8), VALUES(9, 9, 9, 9, 1, 1, 1, 1)},
                     ONE_SCORE,
                     {"prior", SHAPE(1, 2, 4), VALUES(A, V)}},
              .contiguous_only = true, .out = {ROWS(1, 0, 1, 0.5f, 0.5f, 0.5f, 1, 1)});
}
END_TEST

#define REFINE(bottoms, fields)                                                               \
    "layer { name: 'd' type: 'DetectionOutput' bottom: 'loc' bottom: 'conf' bottom: 'prior' " \
    "bottom: 'objectness' " bottoms " top: 'out' detection_output_param { " fields " } }"

START_TEST(refinedet)
{
    // Prior 0 is no object: its score for class 1 is 0. Prior 2 has exactly objectness_score.
    NET_CHECK(.net = REFINE("", PLAIN "objectness_score: 0.25"),
              .in = {NO_OFFSETS,
                     SCORES(0, 0.9f, 0, 0.2f, 0, 0.3f),
                     PRIORS,
                     {"objectness", SHAPE(1, 6), VALUES(1, 0.24f, 0, 1, 0, 0.25f)}},
              .contiguous_only = true, .out = {ROWS(2, 0, 1, 0.3f, C, 0, 1, 0.2f, B)});
    // The prior moves by 0.5 first; CORNER.
    NET_CHECK(.net = REFINE("bottom: 'refine'", PLAIN),
              .in = {{"loc", SHAPE(1, 4), VALUES(1, 1, 1, 1)},
                     ONE_SCORE,
                     {"prior", SHAPE(1, 2, 4), VALUES(A, V)},
                     {"objectness", SHAPE(1, 2), VALUES(0, 1)},
                     {"refine", SHAPE(1, 4), VALUES(1, 0, 1, 0)}},
              .contiguous_only = true, .out = {ROWS(1, 0, 1, 0.5f, 1, 0.5f, 1.5f, 1)});
    NET_FAILS("refined priors (bottom \"refine\") need share_location: true",
              .net = REFINE("bottom: 'refine'", PLAIN "share_location: @false"),
              .in = {NO_OFFSETS,
                     {"conf", SHAPE(1, 6), NO_VALUES},
                     PRIORS,
                     {"objectness", SHAPE(1, 6), NO_VALUES},
                     {"refine", SHAPE(1, 12), NO_VALUES}});
}
END_TEST

START_TEST(boxes_that_are_no_numbers_do_no_harm)
{
    NET_CHECK(.net = DETECT(PLAIN "code_type: CENTER_SIZE"),
              .in = {{"loc", SHAPE(1, 12), VALUES(NAN, 0, 0, 0, 0, 0, 1e30f, 0, 0, 0, 0, 0)},
                     SCORES(0, 0.9f, 0, 0.8f, 0, 0.7f),
                     PRIORS},
              .contiguous_only = true, .out = {{"out", SHAPE(1, 1, 2, 7), NO_VALUES}});
}
END_TEST

#define FAILS(text, fields) \
    NET_FAILS(text, .net = DETECT(fields), .in = {NO_OFFSETS, {"conf", SHAPE(1, 6), NO_VALUES}, PRIORS})

START_TEST(errors_name_the_field)
{
    FAILS("needs num_classes, at least 1", "keep_top_k: 1");
    FAILS("needs num_classes, at least 1", "num_classes: @0");
    FAILS("nms_threshold must be at least 0", "num_classes: 2 nms_param { nms_threshold: @-1 }");
    FAILS("nms_threshold must be at least 0", "num_classes: 2 nms_param { nms_threshold: @nan }");
    FAILS("eta must be above 0 and at most 1", "num_classes: 2 nms_param { eta: @0 }");
    FAILS("eta must be above 0 and at most 1", "num_classes: 2 nms_param { eta: @1.5 }");
    FAILS("classes of 3 priors are too many", "num_classes: @2000000000");
    FAILS("bottom \"conf\" is 1x6; 1 images of 9 values were expected for the priors in \"prior\"",
          "num_classes: 3");
    FAILS("bottom \"loc\" is 1x12; 1 images of 24 values", "num_classes: 2 share_location: false");
    NET_FAILS("prior boxes are 1x2x", .net = DETECT(PLAIN),
              .in = {NO_OFFSETS, {"conf", SHAPE(1, 6), NO_VALUES}, {"prior", SHAPE(1, 12), NO_VALUES}});
    NET_CHECK(.net = DETECT(PLAIN "@save_output_param { output_directory: 'x' }"),
              .in = {NO_OFFSETS, {"conf", SHAPE(1, 6), NO_VALUES}, PRIORS}, .contiguous_only = true,
              .warns = "save_output_param is ignored");
}
END_TEST

TEST_MAIN("layers/detection_output", best_first_and_the_background_left_out,
          scores_must_be_above_the_threshold_and_numbers, equal_scores_keep_the_order_of_the_priors,
          top_k_comes_before_suppression, keep_top_k_is_over_all_classes_and_rows_stay_by_class,
          nothing_found, an_image_without_detections_has_no_row, code_types, offsets_for_each_class,
          refinedet, boxes_that_are_no_numbers_do_no_harm, errors_name_the_field)
