#include "tests/support/net.h"
#include "tests/test.h"

#define UNIT \
    "layer { name: 'u' type: 'LSTMUnit' bottom: 'c0' bottom: 'gates' bottom: 'cont' top: 'c' top: 'h' }"
#define LN3 1.09861229f

// Two streams of two hidden values. The gates i, f, o, g: 1/2, 1, 3/4, 1 and 1, 1/2, 1, -1.
START_TEST(one_step_of_cells)
{
    const float gates[] = {0, 100, 100, 0, LN3, 100, 100, -100, 0, 100, 100, 0, LN3, 100, 100, -100};
    NET_CHECK(.net = UNIT,
              .in = {{"c0", SHAPE(1, 2, 2), VALUES(0.5, 4, 0.5, 4)},
                     {"gates", SHAPE(1, 2, 8), gates, 16},
                     {"cont", SHAPE(1, 2), VALUES(1, 0.5)}},
              .out = {{"c", SHAPE(1, 2, 2), VALUES(1, 1, 0.75, 0)},
                      {"h", SHAPE(1, 2, 2), VALUES(0.57119562f, 0.76159416f, 0.47636175f, 0)}},
              .tolerance = 1e-6);
}
END_TEST

START_TEST(cont_0_shuts_the_forget_gate_only)
{
    NET_CHECK(.net = UNIT,
              .in = {{"c0", SHAPE(1, 1, 1), VALUES(7)},
                     {"gates", SHAPE(1, 1, 4), VALUES(LN3, 100, 100, 100)},
                     {"cont", SHAPE(1, 1), VALUES(0)}},
              .out = {{"c", SHAPE(1, 1, 1), VALUES(0.75)}, {"h", SHAPE(1, 1, 1), VALUES(0.63514895f)}},
              .tolerance = 1e-6);
}
END_TEST

START_TEST(wrong_shapes)
{
    NET_FAILS("bottom \"c0\" (2x1x1) must be 1 x streams x hidden",
              .net = "layer { name: 'u' type: 'LSTMUnit' bottom: @'c0' bottom: 'gates' bottom: 'cont' top: "
                     "'c' top: 'h' }",
              .in = {{"c0", SHAPE(2, 1, 1), NO_VALUES},
                     {"gates", SHAPE(2, 1, 4), NO_VALUES},
                     {"cont", SHAPE(2, 1), NO_VALUES}});
    NET_FAILS("bottom \"gates\" (1x1x3) must be 1 x streams x 4 hidden",
              .net = "layer { name: 'u' type: 'LSTMUnit' bottom: 'c0' bottom: @'gates' bottom: 'cont' top: "
                     "'c' top: 'h' }",
              .in = {{"c0", SHAPE(1, 1, 1), NO_VALUES},
                     {"gates", SHAPE(1, 1, 3), NO_VALUES},
                     {"cont", SHAPE(1, 1), NO_VALUES}});
    NET_FAILS("bottom \"cont\" (1x1x1) must be 1 x streams",
              .net = "layer { name: 'u' type: 'LSTMUnit' bottom: 'c0' bottom: 'gates' bottom: @'cont' top: "
                     "'c' top: 'h' }",
              .in = {{"c0", SHAPE(1, 1, 1), NO_VALUES},
                     {"gates", SHAPE(1, 1, 4), NO_VALUES},
                     {"cont", SHAPE(1, 1, 1), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/lstm_unit", one_step_of_cells, cont_0_shuts_the_forget_gate_only, wrong_shapes)
