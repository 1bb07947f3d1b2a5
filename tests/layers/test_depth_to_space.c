#include "tests/support/net.h"
#include "tests/test.h"

#define D2S(fields) \
    "layer { name: 'd' type: 'DepthToSpace' bottom: 'in' top: 'out' depth_to_space_param { " fields " } }"

static const float sixteen[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

START_TEST(tensorflows_order)
{
    // channel (y * 2 + x) * 2 + k; ONNX's CRD order would give 0 1 2 3 first
    NET_CHECK(.net = D2S("block_size: 2"), .in = {{"in", SHAPE(2, 8, 1, 1), sixteen, 16}},
              .out = {
                  {"out", SHAPE(2, 2, 2, 2), VALUES(0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15)}});
    NET_CHECK(.net = D2S("block_size: 2"), .in = {{"in", SHAPE(1, 4, 1, 2), sixteen, 8}},
              .out = {{"out", SHAPE(1, 1, 2, 4), VALUES(0, 2, 1, 3, 4, 6, 5, 7)}});
    NET_CHECK(.net = D2S("block_size: 1"), .in = {{"in", SHAPE(1, 3, 1, 2), sixteen, 6}},
              .out = {{"out", SHAPE(1, 3, 1, 2), sixteen, 6}});
}
END_TEST

START_TEST(wrong_fields)
{
    NET_FAILS("block_size is not given", .net = D2S(""), .in = {{"in", SHAPE(1, 4, 1, 1), NO_VALUES}});
    NET_FAILS("block_size 0: 1 to 32767", .net = D2S("block_size: @0"),
              .in = {{"in", SHAPE(1, 4, 1, 1), NO_VALUES}});
    NET_FAILS("the 4 channels of bottom \"in\" must be a multiple of block_size 3 squared",
              .net = D2S("block_size: @3"), .in = {{"in", SHAPE(1, 4, 1, 1), NO_VALUES}});
    NET_FAILS("must have 4 axes", .net = D2S("block_size: 2"), .in = {{"in", SHAPE(1, 4), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/depth_to_space", tensorflows_order, wrong_fields)
