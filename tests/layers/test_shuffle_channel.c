#include "tests/support/net.h"
#include "tests/test.h"

#define SHUFFLE(fields)                                                                                      \
    "layer { name: 's' type: 'ShuffleChannel' bottom: 'in' top: 'out' shuffle_channel_param { " fields " } " \
    "}"

START_TEST(groups_and_channels_are_transposed)
{
    // (2, 3) to (3, 2); with 3 groups it would be 0 2 4 1 3 5
    NET_CHECK(.net = SHUFFLE("group: 2"), .in = {{"in", SHAPE(1, 6, 1), VALUES(0, 1, 2, 3, 4, 5)}},
              .out = {{"out", SHAPE(1, 6, 1), VALUES(0, 3, 1, 4, 2, 5)}});
    NET_CHECK(.net = SHUFFLE("group: 2"),
              .in = {{"in", SHAPE(2, 4, 1, 2), VALUES(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)}},
              .out = {
                  {"out", SHAPE(2, 4, 1, 2), VALUES(0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15)}});
    NET_CHECK(.net = SHUFFLE("group: 2"), .in = {{"in", SHAPE(1, 4), VALUES(1, 2, 3, 4)}},
              .out = {{"out", SHAPE(1, 4), VALUES(1, 3, 2, 4)}});
}
END_TEST

START_TEST(one_group_or_one_channel_a_group_changes_nothing)
{
    NET_CHECK(.net = "layer { name: 's' type: 'ShuffleChannel' bottom: 'in' top: 'out' }",
              .in = {{"in", SHAPE(1, 3), VALUES(1, 2, 3)}}, .out = {{"out", SHAPE(1, 3), VALUES(1, 2, 3)}});
    NET_CHECK(.net = SHUFFLE("group: 3"), .in = {{"in", SHAPE(1, 3), VALUES(1, 2, 3)}},
              .out = {{"out", SHAPE(1, 3), VALUES(1, 2, 3)}});
}
END_TEST

START_TEST(in_place_in_the_file)
{
    NET_CHECK(.net = "layer { name: 's' type: 'ShuffleChannel' bottom: 'out' top: 'out' "
                     "shuffle_channel_param { group: 2 } }",
              .in = {{"out", SHAPE(1, 4, 1), VALUES(1, 2, 3, 4)}},
              .out = {{"out", SHAPE(1, 4, 1), VALUES(1, 3, 2, 4)}}, .contiguous_only = true);
}
END_TEST

START_TEST(wrong_fields)
{
    NET_FAILS("group 4 does not divide the 6 channels of bottom \"in\"", .net = SHUFFLE("group: @4"),
              .in = {{"in", SHAPE(1, 6, 1), NO_VALUES}});
    NET_FAILS("group 0 does not divide", .net = SHUFFLE("group: @0"),
              .in = {{"in", SHAPE(1, 6, 1), NO_VALUES}});
    NET_FAILS("has 1 axes and needs at least 2", .net = SHUFFLE("group: 2"),
              .in = {{"in", SHAPE(6), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/shuffle_channel", groups_and_channels_are_transposed,
          one_group_or_one_channel_a_group_changes_nothing, in_place_in_the_file, wrong_fields)
