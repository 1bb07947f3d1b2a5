#include "tests/support/net.h"
#include "tests/test.h"

#include <math.h>

/* ---- native: one anchor, (0, 0, 15, 15), at two places 16 apart in a picture of 16 x 32 ---- */

#define NATIVE(fields)                                                                               \
    "layer { name: 'p' type: 'Proposal' bottom: 'score' bottom: 'offset' bottom: 'info' top: 'out' " \
    "top: 'best' proposal_param { ratio: 1 scale: 1 " fields " } }"
#define SCORES(...)                                             \
    {                                                           \
        "score", SHAPE(1, 2, 1, 2), VALUES(99, 99, __VA_ARGS__) \
    } // background first
#define STILL                                  \
    {                                          \
        "offset", SHAPE(1, 4, 1, 2), NO_VALUES \
    }
#define INFO                                   \
    {                                          \
        "info", SHAPE(1, 3), VALUES(16, 32, 1) \
    }
#define OUT(n, ...)                             \
    {                                           \
        "out", SHAPE(n, 5), VALUES(__VA_ARGS__) \
    }
#define BEST(n, ...)                          \
    {                                         \
        "best", SHAPE(n), VALUES(__VA_ARGS__) \
    }

// A box that does not move is one pixel larger than its anchor, but for the picture's border.
START_TEST(best_first)
{
    NET_CHECK(.net = NATIVE(""), .in = {SCORES(0.2f, 0.7f), STILL, INFO}, .contiguous_only = true,
              .out = {OUT(2, 0, 16, 0, 31, 15, 0, 0, 0, 16, 15), BEST(2, 0.7f, 0.2f)});
}
END_TEST

START_TEST(equal_scores_keep_their_order)
{
    NET_CHECK(.net = NATIVE(""), .in = {SCORES(0.5f, 0.5f), STILL, INFO}, .contiguous_only = true,
              .out = {OUT(2, 0, 0, 0, 16, 15, 0, 16, 0, 31, 15), BEST(2, 0.5f, 0.5f)});
}
END_TEST

// Box 0: right by half its width, half as high: (8, 4, 24, 12). Offsets are (anchor * 4 + which, y, x).
START_TEST(offsets_move_and_scale)
{
    NET_CHECK(.net = NATIVE("min_size: 4"),
              .in = {SCORES(0.5f, 0.1f),
                     {"offset", SHAPE(1, 4, 1, 2), VALUES(0.5f, 0, 0, 0, 0, 0, -0.6931472f, 0)},
                     INFO},
              .contiguous_only = true, .tolerance = 1e-5,
              .out = {OUT(2, 0, 8, 4, 24, 12, 0, 16, 0, 31, 15), BEST(2, 0.5f, 0.1f)});
}
END_TEST

// The second box becomes (24, 0, 31, 15), 8 pixels wide: too small for 16, and then its score is 0.
#define HALF_OUT                                                       \
    {                                                                  \
        "offset", SHAPE(1, 4, 1, 2), VALUES(0, 0.5f, 0, 0, 0, 0, 0, 0) \
    }

START_TEST(small_boxes_score_0)
{
    NET_CHECK(.net = NATIVE(""), .in = {SCORES(0.2f, 0.7f), HALF_OUT, INFO}, .contiguous_only = true,
              .out = {OUT(2, 0, 0, 0, 16, 15, 0, 24, 0, 31, 15), BEST(2, 0.2f, 0)});
    // Twice 8 is still needed where the picture was enlarged; a fourth value is the scale of widths.
    NET_CHECK(.net = NATIVE("min_size: 8"),
              .in = {SCORES(0.2f, 0.7f), HALF_OUT, {"info", SHAPE(1, 3), VALUES(16, 32, 2)}},
              .contiguous_only = true, .out = {{"out", SHAPE(2, 5), NO_VALUES}, BEST(2, 0.2f, 0)});
    NET_CHECK(.net = NATIVE("min_size: 8"),
              .in = {SCORES(0.2f, 0.7f), HALF_OUT, {"info", SHAPE(1, 4), VALUES(16, 32, 2, 1)}},
              .contiguous_only = true, .out = {{"out", SHAPE(2, 5), NO_VALUES}, BEST(2, 0.7f, 0.2f)});
}
END_TEST

START_TEST(counts_and_suppression)
{
    NET_CHECK(.net = NATIVE("post_nms_topn: 1"), .in = {SCORES(0.2f, 0.7f), STILL, INFO},
              .contiguous_only = true, .out = {OUT(1, 0, 16, 0, 31, 15), BEST(1, 0.7f)});
    NET_CHECK(.net = NATIVE("pre_nms_topn: 1"), .in = {SCORES(0.2f, 0.7f), STILL, INFO},
              .contiguous_only = true, .out = {OUT(1, 0, 16, 0, 31, 15), BEST(1, 0.7f)});
    // They share one column of 16 pixels, of 17 and 16: 1/32.
    NET_CHECK(.net = NATIVE("nms_thresh: 0.032"), .in = {SCORES(0.2f, 0.7f), STILL, INFO},
              .contiguous_only = true, .out = {{"out", SHAPE(2, 5), NO_VALUES}, BEST(2, 0.7f, 0.2f)});
    NET_CHECK(.net = NATIVE("nms_thresh: 0.031"), .in = {SCORES(0.2f, 0.7f), STILL, INFO},
              .contiguous_only = true, .out = {OUT(1, 0, 16, 0, 31, 15), BEST(1, 0.7f)});
}
END_TEST

START_TEST(images)
{
    NET_CHECK(.net = NATIVE("post_nms_topn: 1"),
              .in = {{"score", SHAPE(2, 2, 1, 2), VALUES(9, 9, 0.2f, 0.7f, 9, 9, 0.6f, 0.5f)},
                     {"offset", SHAPE(2, 4, 1, 2), NO_VALUES},
                     {"info", SHAPE(2, 3), VALUES(16, 32, 1, 10, 20, 0.5f)}},
              .contiguous_only = true,
              .out = {OUT(2, 0, 16, 0, 31, 15, 1, 0, 0, 16, 9), BEST(2, 0.7f, 0.6f)});
}
END_TEST

START_TEST(no_numbers)
{
    NET_CHECK(.net = NATIVE(""),
              .in = {SCORES(NAN, 0.7f),
                     {"offset", SHAPE(1, 4, 1, 2), VALUES(0, NAN, 0, 0, 0, INFINITY, 0, 0)},
                     INFO},
              .contiguous_only = true, .out = {{"out", SHAPE(1, 5), NO_VALUES}, BEST(1, 0)});
    NET_CHECK(.net = NATIVE(""), .in = {SCORES(NAN, NAN), STILL, INFO}, .contiguous_only = true,
              .out = {{"out", SHAPE(0, 5), NO_VALUES}, {"best", SHAPE(0), NO_VALUES}});
}
END_TEST

/* ---- Python ---- */

#define PYTHON(param)                                                                                  \
    "layer { name: 'p' type: 'Python' bottom: 'score' bottom: 'offset' bottom: 'info' top: 'out' "     \
    "top: 'best' python_param { module: 'rpn.proposal_layer' layer: 'ProposalLayer' param_str: " param \
    " } }"
#define ROOM                                       \
    {                                              \
        "info", SHAPE(1, 3), VALUES(2000, 2000, 1) \
    }

// All nine anchors of sides w, h move by (w, h), so that they stay in the picture:
// (8 + w / 2, ..., 8 + 1.5 w, ...).
#define AT(w, h) 0, 8 + (w) / 2, 8 + (h) / 2, 8 + 1.5f * (w), 8 + 1.5f * (h)

START_TEST(nine_anchors)
{
    NET_CHECK(.net = PYTHON("\"'feat_stride': 16\""),
              .in = {{"score", SHAPE(1, 18, 1, 1),
                      VALUES(9, 9, 9, 9, 9, 9, 9, 9, 9, 0.9f, 0.8f, 0.7f, 0.6f, 0.5f, 0.4f, 0.3f, 0.2f,
                             0.1f)},
                     {"offset", SHAPE(1, 36, 1, 1),
                      VALUES(1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0,
                             0, 1, 1, 0, 0, 1, 1, 0, 0)},
                     ROOM},
              .contiguous_only = true,
              .out = {OUT(9, AT(184, 96), AT(368, 192), AT(736, 384), AT(128, 128), AT(256, 256),
                          AT(512, 512), AT(88, 176), AT(176, 352), AT(352, 704)),
                      {"best", SHAPE(9, 1), VALUES(0.9f, 0.8f, 0.7f, 0.6f, 0.5f, 0.4f, 0.3f, 0.2f, 0.1f)}});
}
END_TEST

#define SMALL(param, info)                                                                               \
    NET_CHECK(.net = PYTHON(param), .in = {SCORES(0.2f, 0.7f), HALF_OUT, info}, .contiguous_only = true, \
              .out = {OUT(1, 0, 0, 0, 16, 15), {"best", SHAPE(1, 1), VALUES(0.2f)}})

// Boxes that are too small are left out here. The map in its many spellings.
START_TEST(param_str)
{
    SMALL("\"{'feat_stride': 16, 'scales': [1], 'ratios': [1]}\"", INFO);
    SMALL("\"'feat_stride': 16 \\n'scales': !!python/tuple [1]\\n'ratios': (1,) # all\\n\"", INFO);
    SMALL("'{feat_stride: 16.0, scales: 1, ratios: 1, base_size: 16, \"other\": [a, b], more: \"x, y\"}'",
          INFO);
}
END_TEST

// Anchor (0, 0, 7, 7); at least 16 * 0.5 pixels.
START_TEST(base_size)
{
    NET_CHECK(.net = PYTHON("\"{'feat_stride': 16, 'scales': [1], 'ratios': [1], 'base_size': 8}\""),
              .in = {SCORES(0.2f, 0.7f), HALF_OUT, {"info", SHAPE(1, 3), VALUES(16, 32, 0.5f)}},
              .contiguous_only = true,
              .out = {OUT(2, 0, 20, 0, 28, 8, 0, 0, 0, 8, 8), {"best", SHAPE(2, 1), VALUES(0.7f, 0.2f)}});
}
END_TEST

START_TEST(nothing_left)
{
    NET_CHECK(.net = PYTHON("\"{'feat_stride': 16, 'scales': [1], 'ratios': [1]}\""),
              .in = {SCORES(0.2f, 0.7f), STILL, {"info", SHAPE(1, 3), VALUES(16, 32, 2)}},
              .contiguous_only = true,
              .out = {{"out", SHAPE(0, 5), NO_VALUES}, {"best", SHAPE(0, 1), NO_VALUES}});
}
END_TEST

#define FAILS(text, net_text) NET_FAILS(text, .net = net_text, .in = {SCORES(0, 0), STILL, INFO})

START_TEST(errors)
{
    FAILS("post_nms_topn must be above 0", NATIVE("post_nms_topn: @0"));
    FAILS("feat_stride must be above 0", NATIVE("feat_stride: @0"));
    FAILS("ratio must be above 0", NATIVE("ratio: @-1"));
    FAILS("scale must be above 0", NATIVE("scale: @nan"));
    FAILS("nms_thresh must be at least 0", NATIVE("nms_thresh: @nan"));
    FAILS("bottom \"score\" is 1x2x1x2; for 2 anchors it must have 4 axes and 4 channels",
          NATIVE("scale: 2"));
    NET_FAILS("bottom \"info\" must have 3 values", .net = NATIVE(""),
              .in = {SCORES(0, 0), STILL, {"info", SHAPE(1, 2), NO_VALUES}});
    FAILS("param_str must have feat_stride", PYTHON("@\"{'scales': [1], 'ratios': [1]}\""));
    FAILS("param_str must be a map", PYTHON("@\"16\""));
    FAILS("param_str must be a map", PYTHON("@\"'feat_stride: 16\""));
    FAILS("param_str must be a map", PYTHON("@\"scales: [1\""));
    FAILS("feat_stride in param_str must be a number above 0", PYTHON("@\"'feat_stride': [16, 8]\""));
    FAILS("scales in param_str must be 1 to 64 numbers above 0",
          PYTHON("@\"{'feat_stride': 16, 'scales': [8, x]}\""));
    FAILS("scales in param_str must be 1 to 64 numbers above 0",
          PYTHON("@\"{'feat_stride': 16, 'scales': []}\""));
    NET_FAILS(
        "bottom \"score\" has 2 images; ProposalLayer takes one",
        .net = PYTHON("\"{'feat_stride': 16, 'scales': [1], 'ratios': [1]}\""),
        .in = {{"score", SHAPE(2, 2, 1, 2), NO_VALUES}, {"offset", SHAPE(2, 4, 1, 2), NO_VALUES}, INFO});
}
END_TEST

TEST_MAIN("layers/proposal", best_first, equal_scores_keep_their_order, offsets_move_and_scale,
          small_boxes_score_0, counts_and_suppression, images, no_numbers, nine_anchors, param_str, base_size,
          nothing_left, errors)
