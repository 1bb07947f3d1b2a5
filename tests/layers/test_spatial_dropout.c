#include "tests/support/net.h"
#include "tests/test.h"

#define DROPOUT(param)                                                                                  \
    "layer { name: 'd' type: 'Python' bottom: 'x' top: 'out' python_param { module: 'spatial_dropout' " \
    "layer: 'SpatialDropoutLayer' " param " } }"
#define X                                        \
    {                                            \
        "x", SHAPE(2, 1, 2), VALUES(1, 2, 3, -4) \
    }

START_TEST(test_time_scales)
{
    NET_CHECK(.net = DROPOUT("param_str: \"{\\'phase\\': \\'TEST\\', \\'p\\': \\'0.2\\'}\""), .in = {X},
              .out = {{"out", SHAPE(2, 1, 2), VALUES(1.25, 2.5, 3.75, -5)}}, .tolerance = 1e-6);
    NET_CHECK(.net = DROPOUT("param_str: 'p: 0.5, phase: TEST'"), .in = {X},
              .out = {{"out", SHAPE(2, 1, 2), VALUES(2, 4, 6, -8)}});
}
END_TEST

START_TEST(training_passes_on)
{
    NET_CHECK(.net = DROPOUT("param_str: @\"{'phase': 'TRAIN', 'p': 0.2}\""), .in = {X},
              .warns = "drops nothing in phase TRAIN", .out = {{"out", SHAPE(2, 1, 2), VALUES(1, 2, 3, -4)}});
}
END_TEST

START_TEST(wrong_fields)
{
    NET_FAILS("param_str must give 'p' between 0 and 1", .net = DROPOUT("param_str: @\"{'phase': 'TEST'}\""),
              .in = {X});
    NET_FAILS("param_str must give 'p' between 0 and 1",
              .net = DROPOUT("param_str: @\"{'phase': 'TEST', 'p': '1'}\""), .in = {X});
    NET_FAILS("param_str must give 'p' between 0 and 1",
              .net = DROPOUT("param_str: @\"{'phase': 'TEST', 'p': 'half'}\""), .in = {X});
    NET_FAILS("param_str must give 'phase'", .net = DROPOUT("param_str: @\"{'p': 0.5}\""), .in = {X});
    NET_FAILS("param_str must give 'p'", .net = DROPOUT(""), .in = {X});
}
END_TEST

TEST_MAIN("layers/spatial_dropout", test_time_scales, training_passes_on, wrong_fields)
