#include "tests/support/net.h"
#include "tests/test.h"

#define REINDEX "layer { name: 'b' type: 'BatchReindex' bottom: 'x' bottom: 'i' top: 'out' }"
#define X                                          \
    {                                              \
        "x", SHAPE(3, 2), VALUES(1, 2, 3, 4, 5, 6) \
    }

START_TEST(entries_in_another_order)
{
    NET_CHECK(.net = REINDEX, .in = {X, {"i", SHAPE(4), VALUES(2, 0, 0, 1.9f)}},
              .out = {{"out", SHAPE(4, 2), VALUES(5, 6, 1, 2, 1, 2, 3, 4)}});
    NET_CHECK(.net = REINDEX, .in = {{"x", SHAPE(2), VALUES(7, 8)}, {"i", SHAPE(1), VALUES(1)}},
              .out = {{"out", SHAPE(1), VALUES(8)}});
    NET_CHECK(.net = REINDEX, .in = {X, {"i", SHAPE(0), NO_VALUES}}, .contiguous_only = true,
              .out = {{"out", SHAPE(0, 2), NO_VALUES}});
}
END_TEST

START_TEST(wrong_input)
{
    NET_FAILS("bottom \"i\" (2x1) must have one axis, with the indices",
              .net = "layer { name: 'b' type: 'BatchReindex' bottom: 'x' bottom: @'i' top: 'out' }",
              .in = {X, {"i", SHAPE(2, 1), NO_VALUES}});
    NET_FAILS("index 3 (value 1 of bottom \"i\") is none of the 3 entries of bottom \"x\"", .net = REINDEX,
              .in = {X, {"i", SHAPE(2), VALUES(0, 3)}}, .when_run = true);
    NET_FAILS("index -1 (value 0", .net = REINDEX, .in = {X, {"i", SHAPE(1), VALUES(-1)}}, .when_run = true);
    NET_FAILS("has no axes", .net = REINDEX, .in = {{"x", SCALAR, NO_VALUES}, {"i", SHAPE(1), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/batch_reindex", entries_in_another_order, wrong_input)
