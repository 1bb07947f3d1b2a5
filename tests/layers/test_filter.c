#include "tests/support/net.h"
#include "tests/test.h"

#define FILTER "layer { name: 'f' type: 'Filter' bottom: 'x' bottom: 's' top: 'out' }"
#define X                                          \
    {                                              \
        "x", SHAPE(3, 2), VALUES(1, 2, 3, 4, 5, 6) \
    }
#define DYNAMIC .contiguous_only = true

START_TEST(entries_whose_selector_is_not_0)
{
    NET_CHECK(.net = FILTER, .in = {X, {"s", SHAPE(3), VALUES(1, 0, -0.5)}}, DYNAMIC,
              .out = {{"out", SHAPE(2, 2), VALUES(1, 2, 5, 6)}});
    NET_CHECK(.net = FILTER, .in = {X, {"s", SHAPE(3, 1, 1), VALUES(1, 1, 1)}}, DYNAMIC,
              .out = {{"out", SHAPE(3, 2), VALUES(1, 2, 3, 4, 5, 6)}});
    NET_CHECK(.net = FILTER, .in = {X, {"s", SHAPE(3), VALUES(0, 0, 0)}}, DYNAMIC,
              .out = {{"out", SHAPE(0, 2), NO_VALUES}});
}
END_TEST

START_TEST(several_bottoms)
{
    NET_CHECK(.net =
                  "layer { name: 'f' type: 'Filter' bottom: 'x' bottom: 'y' bottom: 's' top: 'a' top: 'b' }",
              .in = {X, {"y", SHAPE(3), VALUES(7, 8, 9)}, {"s", SHAPE(3), VALUES(0, 1, 0)}}, DYNAMIC,
              .out = {{"a", SHAPE(1, 2), VALUES(3, 4)}, {"b", SHAPE(1), VALUES(8)}});
}
END_TEST

START_TEST(layers_behind_see_the_count)
{
    NET_CHECK(.net = FILTER
              "layer { name: 'r' type: 'Reduction' bottom: 'out' top: 'mean' "
              "reduction_param { operation: MEAN } }"
              "layer { name: 'p' type: 'Power' bottom: 'out' top: 'twice' power_param { scale: 2 } }"
              "layer { name: 't' type: 'Tile' bottom: 'out' top: 'tiles' tile_param { axis: 0 tiles: 2 } }",
              .in = {X, {"s", SHAPE(3), VALUES(1, 0, 1)}}, DYNAMIC,
              .out = {{"mean", SCALAR, VALUES(3.5)},
                      {"twice", SHAPE(2, 2), VALUES(2, 4, 10, 12)},
                      {"tiles", SHAPE(4, 2), VALUES(1, 2, 5, 6, 1, 2, 5, 6)}});
}
END_TEST

START_TEST(wrong_shapes)
{
    NET_FAILS("has 2 bottoms and 2 tops; it takes a top for each bottom but the last",
              .net = "layer { name: 'f' type: 'Filter' bottom: 'x' bottom: 's' top: 'a' top: 'b' }",
              .in = {X, {"s", SHAPE(3), NO_VALUES}});
    NET_FAILS("the selector \"s\" (3x2) must have 1 on every axis but the first",
              .net = "layer { name: 'f' type: 'Filter' bottom: 'x' bottom: @'s' top: 'out' }",
              .in = {X, {"s", SHAPE(3, 2), NO_VALUES}});
    NET_FAILS("bottom \"x\" (3x2) must have as many entries as the selector \"s\", 4",
              .net = "layer { name: 'f' type: 'Filter' bottom: @'x' bottom: 's' top: 'out' }",
              .in = {X, {"s", SHAPE(4), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/filter", entries_whose_selector_is_not_0, several_bottoms, layers_behind_see_the_count,
          wrong_shapes)
