#include "tests/support/net.h"
#include "tests/test.h"

#define REORG(fields) "layer { name: 'r' type: 'Reorg' bottom: 'in' top: 'out' reorg_param { " fields " } }"

static const float sixteen[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

// The bottom (4, 2, 2) is read as (1, 4, 4): of that, the four blocks' corners. Plain space to depth would give
// 0 4 8 12, 1 5 9 13, ...
START_TEST(darknets_order)
{
    NET_CHECK(.net = REORG("stride: 2"), .in = {{"in", SHAPE(1, 4, 2, 2), sixteen, 16}},
              .out = {
                  {"out", SHAPE(1, 16, 1, 1), VALUES(0, 2, 8, 10, 1, 3, 9, 11, 4, 6, 12, 14, 5, 7, 13, 15)}});
    // Two images, two channels of the (2, 2, 4) that (8, 1, 2) is read as
    NET_CHECK(.net = REORG("stride: 2"),
              .in = {{"in", SHAPE(2, 4, 2, 2),
                      VALUES(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, //
                             16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31)}},
              .out = {{"out", SHAPE(2, 16, 1, 1),
                       VALUES(0, 2, 8, 10, 1, 3, 9, 11, 4, 6, 12, 14, 5, 7, 13, 15, //
                              16, 18, 24, 26, 17, 19, 25, 27, 20, 22, 28, 30, 21, 23, 29, 31)}});
}
END_TEST

// Against the definition, element by element.
START_TEST(more_channels_than_a_block)
{
    enum { C = 12, H = 4, W = 6, S = 2, D = C / (S * S), N = C * H * W };
    float in[N], out[N];
    for (int i = 0; i < N; i++)
        in[i] = (float)i;
    for (int k = 0; k < C; k++)
        for (int j = 0; j < H; j++)
            for (int i = 0; i < W; i++) {
                int channel = k % D, y = j * S + k / D / S, x = i * S + k / D % S;
                out[(k * H + j) * W + i] = in[(channel * H * S + y) * W * S + x];
            }
    NET_CHECK(.net = REORG("stride: 2"), .in = {{"in", SHAPE(1, C, H, W), in, N}},
              .out = {{"out", SHAPE(1, C * S * S, H / S, W / S), out, N}});
}
END_TEST

START_TEST(reverse)
{
    // channel (y * 2 + x) * 1 + 0 at (0, 0) goes to (y, x)
    NET_CHECK(.net = REORG("stride: 2 reverse: true"), .in = {{"in", SHAPE(1, 4, 1, 2), sixteen, 8}},
              .out = {{"out", SHAPE(1, 1, 2, 4), VALUES(0, 2, 1, 3, 4, 6, 5, 7)}});
    NET_CHECK(.net = REORG("stride: 2 reverse: true"), .in = {{"in", SHAPE(2, 8, 1, 1), sixteen, 16}},
              .out = {
                  {"out", SHAPE(2, 2, 2, 2), VALUES(0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15)}});
}
END_TEST

START_TEST(stride_1_changes_nothing)
{
    NET_CHECK(.net = REORG("stride: 1"), .in = {{"in", SHAPE(1, 3, 1, 2), sixteen, 6}},
              .out = {{"out", SHAPE(1, 3, 1, 2), sixteen, 6}});
}
END_TEST

START_TEST(wrong_fields)
{
    NET_FAILS("stride is not given", .net = "layer { name: 'r' type: 'Reorg' bottom: 'in' top: 'out' }",
              .in = {{"in", SHAPE(1, 4, 2, 2), NO_VALUES}});
    NET_FAILS("stride 0: 1 to 32767", .net = REORG("stride: @0"),
              .in = {{"in", SHAPE(1, 4, 2, 2), NO_VALUES}});
    NET_FAILS("stride 4294967295: 1 to 32767", .net = REORG("stride: @4294967295"),
              .in = {{"in", SHAPE(1, 4, 2, 2), NO_VALUES}});
    NET_FAILS("stride 2 does not divide height 3 and width 2", .net = REORG("stride: @2"),
              .in = {{"in", SHAPE(1, 4, 3, 2), NO_VALUES}});
    NET_FAILS("the 6 channels of bottom \"in\" must be a multiple of stride 2 squared",
              .net = REORG("stride: @2"), .in = {{"in", SHAPE(1, 6, 2, 2), NO_VALUES}});
    NET_FAILS("must have 4 axes", .net = REORG("stride: 2"), .in = {{"in", SHAPE(1, 4, 2), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/reorg", darknets_order, more_channels_than_a_block, reverse, stride_1_changes_nothing,
          wrong_fields)
