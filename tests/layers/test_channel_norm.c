#include "tests/support/net.h"
#include "tests/test.h"

#define NORM "layer { name: 'c' type: 'ChannelNorm' bottom: 'x' top: 'out' }"

START_TEST(channels_become_their_length)
{
    NET_CHECK(.net = NORM, .in = {{"x", SHAPE(2, 2, 1, 2), VALUES(3, -5, 4, 12, 0, 8, 0, 6)}},
              .out = {{"out", SHAPE(2, 1, 1, 2), VALUES(5, 13, 0, 10)}});
    NET_CHECK(.net = NORM, .in = {{"x", SHAPE(2, 2), VALUES(3, 4, 6, 8)}},
              .out = {{"out", SHAPE(2, 1), VALUES(5, 10)}});
}
END_TEST

START_TEST(squares_may_be_larger_than_a_float)
{
    NET_CHECK(.net = NORM, .in = {{"x", SHAPE(1, 2), VALUES(3e30f, 4e30f)}},
              .out = {{"out", SHAPE(1, 1), VALUES(5e30f)}}, .tolerance = 1e-6);
}
END_TEST

START_TEST(channels_are_needed)
{
    NET_FAILS("sums along axis 1", .net = "layer { name: 'c' type: 'ChannelNorm' bottom: @'x' top: 'out' }",
              .in = {{"x", SHAPE(3), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/channel_norm", channels_become_their_length, squares_may_be_larger_than_a_float,
          channels_are_needed)
