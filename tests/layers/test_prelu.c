#include "tests/support/layer_weights.h"
#include "tests/test.h"

#define PRELU(fields) "layer { name: 'p' type: 'PReLU' bottom: 'x' top: 'out' " fields " }"

START_TEST(each_channel_has_its_slope)
{
    ww w = layer_weights("p", "PReLU", (net_blob[]){{"slopes", SHAPE(3), VALUES(0.5, -1, 2)}, {0}});
    NET_CHECK(.net = PRELU(""),
              .in = {{"x", SHAPE(2, 3, 2), VALUES(-2, 2, -3, 3, -4, 4, -6, 6, -7, 7, -8, 8)}},
              .out = {{"out", SHAPE(2, 3, 2), VALUES(-1, 2, 3, 3, -8, 4, -3, 6, 7, 7, -16, 8)}},
              .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(works_on_two_axes)
{
    ww w = layer_weights("p", "PReLU", (net_blob[]){{"slopes", SHAPE(2), VALUES(0.5, -1)}, {0}});
    NET_CHECK(.net = PRELU(""), .in = {{"x", SHAPE(2, 2), VALUES(-2, -2, -4, 4)}},
              .out = {{"out", SHAPE(2, 2), VALUES(-1, 2, -2, 4)}}, .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(a_shared_slope_has_no_axes_or_one_of_length_1)
{
    for (int rank = 0; rank < 2; rank++) {
        net_blob blobs[] = {{"slope", {rank, {1}}, VALUES(3)}, {0}};
        ww w = layer_weights("p", "PReLU", blobs);
        NET_CHECK(.net = PRELU("prelu_param { channel_shared: true }"),
                  .in = {{"x", SHAPE(2, 2), VALUES(-2, -1, -4, 4)}},
                  .out = {{"out", SHAPE(2, 2), VALUES(-6, -3, -12, 4)}}, .weights = w.data,
                  .weights_size = w.size);
        ww_free(&w);
    }
}
END_TEST

START_TEST(without_a_filler_slopes_are_a_quarter)
{
    NET_CHECK(.net = PRELU(""), .in = {{"x", SHAPE(1, 2), VALUES(-4, 4)}},
              .out = {{"out", SHAPE(1, 2), VALUES(-1, 4)}});
    NET_CHECK(.net = PRELU("prelu_param { filler { } }"), .in = {{"x", SHAPE(1, 2), VALUES(-4, 4)}},
              .out = {{"out", SHAPE(1, 2), VALUES(0, 4)}});
}
END_TEST

START_TEST(a_bottom_needs_a_channel_axis)
{
    NET_FAILS("belong to axis 1, which bottom \"x\" (3) does not have",
              .net = "layer { name: 'p' type: 'PReLU' bottom: @'x' top: 'out' }",
              .in = {{"x", SHAPE(3), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/prelu", each_channel_has_its_slope, works_on_two_axes,
          a_shared_slope_has_no_axes_or_one_of_length_1, without_a_filler_slopes_are_a_quarter,
          a_bottom_needs_a_channel_axis)
