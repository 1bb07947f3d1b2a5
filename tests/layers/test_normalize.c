#include "tests/support/layer_weights.h"
#include "tests/test.h"

#define NORM(fields) "layer { name: 'n' type: 'Normalize' bottom: 'x' top: 'out' norm_param { " fields " } }"
#define X                                                    \
    {                                                        \
        "x", SHAPE(2, 2, 2), VALUES(3, 0, 4, 0, 6, 5, 8, 12) \
    }

START_TEST(the_channels_of_a_position_are_one_vector)
{
    NET_CHECK(.net = NORM("across_spatial: false"), .in = {X}, .tolerance = 1e-6,
              .out = {{"out", SHAPE(2, 2, 2), VALUES(0.6, 0, 0.8, 0, 0.6, 5 / 13.0f, 0.8, 12 / 13.0f)}});
}
END_TEST

START_TEST(across_spatial_is_the_default_and_takes_the_image)
{
    NET_CHECK(.net = "layer { name: 'n' type: 'Normalize' bottom: 'x' top: 'out' }",
              .in = {{"x", SHAPE(2, 2, 2), VALUES(1, 1, 1, 1, 2, 4, 5, 2)}}, .tolerance = 1e-6,
              .out = {{"out", SHAPE(2, 2, 2),
                       VALUES(0.5, 0.5, 0.5, 0.5, 2 / 7.0f, 4 / 7.0f, 5 / 7.0f, 2 / 7.0f)}});
}
END_TEST

START_TEST(eps_is_added_to_the_sum_of_squares)
{
    NET_CHECK(.net = NORM("across_spatial: false eps: 9"), .in = {{"x", SHAPE(1, 1), VALUES(4)}},
              .tolerance = 1e-6, .out = {{"out", SHAPE(1, 1), VALUES(0.8)}});
    NET_CHECK(.net = NORM("eps: 9"), .in = {{"x", SHAPE(1, 1), VALUES(4)}}, .tolerance = 1e-6,
              .out = {{"out", SHAPE(1, 1), VALUES(0.8)}});
}
END_TEST

START_TEST(zeros_stay_zeros)
{
    NET_CHECK(.net = NORM("across_spatial: false"), .in = {{"x", SHAPE(1, 2), VALUES(0, 0)}},
              .out = {{"out", SHAPE(1, 2), VALUES(0, 0)}});
}
END_TEST

START_TEST(each_channel_has_its_scale_unless_shared)
{
    ww w = layer_weights("n", "Normalize", (net_blob[]){{"scale", SHAPE(2), VALUES(10, 100)}, {0}});
    NET_CHECK(.net = NORM("across_spatial: false channel_shared: false"), .in = {X}, .tolerance = 1e-6,
              .out = {{"out", SHAPE(2, 2, 2), VALUES(6, 0, 80, 0, 6, 50 / 13.0f, 80, 1200 / 13.0f)}},
              .weights = w.data, .weights_size = w.size);
    NET_CHECK(.net = NORM("channel_shared: false"), .in = {{"x", SHAPE(1, 2), VALUES(3, 4)}},
              .tolerance = 1e-6, .out = {{"out", SHAPE(1, 2), VALUES(6, 80)}}, .weights = w.data,
              .weights_size = w.size);
    ww_free(&w);
    net_blob shared[] = {{"scale", SCALAR, VALUES(10)}, {0}},
             older[] = {{"scale", SHAPE(1), VALUES(10)}, {0}};
    for (int i = 0; i < 2; i++) {
        w = layer_weights("n", "Normalize", i ? older : shared);
        NET_CHECK(.net = NORM("across_spatial: false"), .in = {{"x", SHAPE(1, 2), VALUES(3, 4)}},
                  .tolerance = 1e-6, .out = {{"out", SHAPE(1, 2), VALUES(6, 8)}}, .weights = w.data,
                  .weights_size = w.size);
        ww_free(&w);
    }
}
END_TEST

START_TEST(the_filler_makes_the_scale)
{
    NET_CHECK(.net = NORM("scale_filler { value: 20 } channel_shared: false across_spatial: false"),
              .in = {{"x", SHAPE(1, 2), VALUES(3, 4)}}, .tolerance = 1e-6,
              .out = {{"out", SHAPE(1, 2), VALUES(12, 16)}});
}
END_TEST

START_TEST(other_names)
{
    NET_CHECK(.net = "layer { name: 'n' type: 'L2Norm' bottom: 'x' top: 'out' }",
              .in = {{"x", SHAPE(1, 2), VALUES(3, 4)}}, .tolerance = 1e-6,
              .out = {{"out", SHAPE(1, 2), VALUES(0.6, 0.8)}});
    NET_CHECK(.net = "layer { name: 'n' type: 'NormalizeBBox' bottom: 'x' top: 'out' }",
              .in = {{"x", SHAPE(1, 2), VALUES(3, 4)}}, .tolerance = 1e-6,
              .out = {{"out", SHAPE(1, 2), VALUES(0.6, 0.8)}});
}
END_TEST

START_TEST(channels_are_needed)
{
    NET_FAILS("needs channels along axis 1",
              .net = "layer { name: 'n' type: 'Normalize' bottom: @'x' top: 'out' }",
              .in = {{"x", SHAPE(3), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/normalize", the_channels_of_a_position_are_one_vector,
          across_spatial_is_the_default_and_takes_the_image, eps_is_added_to_the_sum_of_squares,
          zeros_stay_zeros, each_channel_has_its_scale_unless_shared, the_filler_makes_the_scale, other_names,
          channels_are_needed)
