#include "tests/support/net.h"
#include "tests/test.h"

#define TILE(fields) "layer { name: 't' type: 'Tile' bottom: 'x' top: 'out' tile_param { " fields " } }"
#define X                                                   \
    {                                                       \
        "x", SHAPE(2, 2, 2), VALUES(1, 2, 3, 4, 5, 6, 7, 8) \
    }

START_TEST(copies_along_an_axis)
{
    NET_CHECK(.net = TILE("tiles: 2"), .in = {X},
              .out = {{"out", SHAPE(2, 4, 2), VALUES(1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8, 5, 6, 7, 8)}});
    NET_CHECK(.net = TILE("axis: 2 tiles: 2"), .in = {X},
              .out = {{"out", SHAPE(2, 2, 4), VALUES(1, 2, 1, 2, 3, 4, 3, 4, 5, 6, 5, 6, 7, 8, 7, 8)}});
    NET_CHECK(.net = TILE("axis: -1 tiles: 3"), .in = {{"x", SHAPE(1, 2, 1), VALUES(1, 2)}},
              .out = {{"out", SHAPE(1, 2, 3), VALUES(1, 1, 1, 2, 2, 2)}});
    NET_CHECK(.net = TILE("axis: 0 tiles: 2"), .in = {X},
              .out = {{"out", SHAPE(4, 2, 2), VALUES(1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8)}});
}
END_TEST

START_TEST(one_tile_and_nothing_to_tile)
{
    NET_CHECK(.net = TILE("tiles: 1"), .in = {X},
              .out = {{"out", SHAPE(2, 2, 2), VALUES(1, 2, 3, 4, 5, 6, 7, 8)}});
    NET_CHECK(.net = TILE("tiles: 4"), .in = {{"x", SHAPE(2, 0, 3), NO_VALUES}},
              .out = {{"out", SHAPE(2, 0, 3), NO_VALUES}});
}
END_TEST

START_TEST(wrong_fields)
{
    NET_FAILS("tiles is not given", .net = "@layer { name: 't' type: 'Tile' bottom: 'x' top: 'out' }",
              .in = {X});
    NET_FAILS("tiles is not given", .net = TILE("axis: 1"), .in = {X});
    NET_FAILS("tiles 0 is less than 1", .net = TILE("tiles: @0"), .in = {X});
    NET_FAILS("tiles -2 is less than 1", .net = TILE("tiles: @-2"), .in = {X});
    NET_FAILS("axis 3 is out of range", .net = TILE("tiles: 2 axis: @3"), .in = {X});
    NET_FAILS("too large", .net = TILE("tiles: 2147483647"), .in = {{"x", SHAPE(2, 4294967297), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/tile", copies_along_an_axis, one_tile_and_nothing_to_tile, wrong_fields)
