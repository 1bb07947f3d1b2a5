#include "tests/support/net.h"
#include "tests/test.h"

#define DECODER(bottoms, tops, fields)                                                    \
    "layer { name: 'd' type: 'CTCGreedyDecoder' bottom: 'x' " bottoms " top: 'out' " tops \
    " ctc_decoder_param { " fields " } }"

// Five steps of one stream and three classes: 1 1 0 1 2. The third step is a tie, which the first class wins.
#define ONE                                                                      \
    {                                                                            \
        "x", SHAPE(5, 1, 3), VALUES(0, 3, 1, 0, 4, 1, 2, 2, 1, 1, 5, 2, 0, 1, 6) \
    }
// Four steps of two streams: 1 0 1 2 and 0 2 2 0.
#define TWO                                                                                  \
    {                                                                                        \
        "x", SHAPE(4, 2, 3),                                                                 \
            VALUES(0, 3, 1, 4, 0, 0, 5, 0, 0, 0, 0, 6, 0, 7, 0, 0, 0, 8, 0, 0, 9, 1, 0.5, 0) \
    }

START_TEST(repeats_and_blanks_are_left_out)
{
    NET_CHECK(.net = DECODER("", "", ""), .in = {ONE},
              .out = {{"out", SHAPE(1, 5, 1, 1), VALUES(1, 1, 2, -1, -1)}});
    NET_CHECK(.net = "layer { name: 'd' type: 'CTCGreedyDecoder' bottom: 'x' top: 'out' }", .in = {TWO},
              .out = {{"out", SHAPE(2, 4, 1, 1), VALUES(1, 1, 2, -1, 2, -1, -1, -1)}});
}
END_TEST

START_TEST(repeats_stay_where_they_are_not_merged)
{
    NET_CHECK(.net = DECODER("", "", "ctc_merge_repeated: false"), .in = {ONE},
              .out = {{"out", SHAPE(1, 5, 1, 1), VALUES(1, 1, 1, 2, -1)}});
}
END_TEST

START_TEST(another_blank)
{
    NET_CHECK(.net = DECODER("", "", "blank_index: 1"), .in = {ONE},
              .out = {{"out", SHAPE(1, 5, 1, 1), VALUES(0, 2, -1, -1, -1)}});
    // The last class; the 1 in front of the 0 and the one behind are no repeat.
    NET_CHECK(.net = DECODER("", "", "blank_index: -1"), .in = {ONE},
              .out = {{"out", SHAPE(1, 5, 1, 1), VALUES(1, 0, 1, -1, -1)}});
    NET_CHECK(.net = DECODER("", "", "blank_index: 7"), .in = {ONE},
              .out = {{"out", SHAPE(1, 5, 1, 1), VALUES(1, 0, 1, 2, -1)}});
}
END_TEST

// The indicator of step 0 does not count.
START_TEST(an_indicator_of_0_ends_a_sequence)
{
    NET_CHECK(.net = DECODER("bottom: 'i'", "", ""),
              .in = {TWO, {"i", SHAPE(4, 2), VALUES(0, 0, 1, 1, 1, 0, 0, 1)}},
              .out = {{"out", SHAPE(2, 4, 1, 1), VALUES(1, 1, -1, -1, 2, -1, -1, -1)}});
}
END_TEST

START_TEST(scores_are_sums_of_the_best)
{
    NET_CHECK(.net = DECODER("bottom: 'i'", "top: 'score'", ""),
              .in = {TWO, {"i", SHAPE(4, 2), VALUES(0, 0, 1, 1, 1, 1, 0, 1)}},
              .out = {{"out", SHAPE(2, 4, 1, 1), VALUES(1, 1, -1, -1, 2, -1, -1, -1)},
                      {"score", SHAPE(2, 1, 1, 1), VALUES(-15, -19)}});
}
END_TEST

// Against 1 1 2 and 2: one of three wrong, and 2 of 2 (the target has a blank, which counts).
START_TEST(accuracy_of_targets_by_step)
{
    const net_blob i = {"i", SHAPE(4, 2), VALUES(0, 0, 1, 1, 1, 1, 1, 1)};
    const net_blob targets = {"t", SHAPE(4, 2), VALUES(1, 0, 2, 1, 2, -1, -1, 5)};
    const net_blob sequences = {"out", SHAPE(2, 4, 1, 1), VALUES(1, 1, 2, -1, 2, -1, -1, -1)};
    const net_blob accuracy = {"acc", SHAPE(1, 1, 1, 1), VALUES(1 - (1.0f / 3 + 1) / 2)};
    NET_CHECK(.net = DECODER("bottom: 'i' bottom: 't'", "top: 'acc'", ""), .in = {TWO, i, targets},
              .out = {sequences, accuracy}, .tolerance = 1e-6);
    NET_CHECK(.net = DECODER("bottom: 'i' bottom: 't'", "top: 'score' top: 'acc'", ""),
              .in = {TWO, i, targets},
              .out = {sequences, {"score", SHAPE(2, 1, 1, 1), VALUES(-24, -19)}, accuracy},
              .tolerance = 1e-6);
    NET_CHECK(.net = DECODER("bottom: 'i' bottom: 't'", "", ""), .in = {TWO, i, targets}, .out = {sequences});
}
END_TEST

// caffe_ocr: one top, of labels by stream. Blanks in labels do not count; 1 1 2 is right, 2 has one too few.
START_TEST(accuracy_of_labels_by_stream)
{
    NET_CHECK(.net = DECODER("bottom: 'l'", "", ""),
              .in = {TWO, {"l", SHAPE(2, 5), VALUES(1, 0, 1.2f, 1.7f, 0, 2, 1, -1, 1, 1)}},
              .out = {{"out", SHAPE(1, 2, 1, 1), VALUES(0.75, 0.5)}});
    NET_CHECK(.net = DECODER("bottom: 'l'", "", ""), .in = {TWO, {"l", SHAPE(2, 1, 1, 1), VALUES(2, 2)}},
              .out = {{"out", SHAPE(1, 2, 1, 1), VALUES(1 - (2.0f / 3) / 2, 0.5)}}, .tolerance = 1e-6);
}
END_TEST

START_TEST(an_empty_sequence_is_no_error)
{
    NET_CHECK(.net = DECODER("bottom: 'l'", "", ""),
              .in = {{"x", SHAPE(1, 1, 2), VALUES(1, 0)}, {"l", SHAPE(1, 2), VALUES(0, -1)}},
              .out = {{"out", SHAPE(1, 2, 1, 1), VALUES(1, 0)}});
}
END_TEST

START_TEST(wrong_bottoms_and_tops)
{
    NET_FAILS("layer \"d\" (CTCGreedyDecoder): 2 tops need as many bottoms, it has 1",
              .net = "layer { name: 'd' type: 'CTCGreedyDecoder' bottom: 'x' top: 'a' top: @'b' }",
              .in = {ONE});
    NET_FAILS("bottom \"x\" (5x3) must be steps x streams x classes",
              .net = "layer { name: 'd' type: 'CTCGreedyDecoder' bottom: @'x' top: 'a' }",
              .in = {{"x", SHAPE(5, 3), NO_VALUES}});
    NET_FAILS("bottom \"x\" (5x1x0) must be steps x streams x classes, at least 1 of steps and classes",
              .net = DECODER("", "", ""), .in = {{"x", SHAPE(5, 1, 0), NO_VALUES}});
    NET_FAILS("bottom \"l\" (3x7) must be 4x2: steps x streams, or streams x labels",
              .net = "layer { name: 'd' type: 'CTCGreedyDecoder' bottom: 'x' bottom: @'l' top: 'a' }",
              .in = {TWO, {"l", SHAPE(3, 7), NO_VALUES}});
    NET_FAILS("bottom \"t\" (2x4) must be 4x2: steps x streams",
              .net = "layer { name: 'd' type: 'CTCGreedyDecoder' bottom: 'x' bottom: 'i' bottom: @'t' top: "
                     "'a' top: 'b' }",
              .in = {TWO, {"i", SHAPE(4, 2), NO_VALUES}, {"t", SHAPE(2, 4), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/ctc_greedy_decoder", repeats_and_blanks_are_left_out,
          repeats_stay_where_they_are_not_merged, another_blank, an_indicator_of_0_ends_a_sequence,
          scores_are_sums_of_the_best, accuracy_of_targets_by_step, accuracy_of_labels_by_stream,
          an_empty_sequence_is_no_error, wrong_bottoms_and_tops)
