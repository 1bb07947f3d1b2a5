#include "tests/support/layer_weights.h"
#include "tests/test.h"

#define BN(fields) "layer { name: 'b' type: 'BN' bottom: 'x' top: 'out' bn_param { " fields " } }"
#define X                                                   \
    {                                                       \
        "x", SHAPE(2, 2, 2), VALUES(1, 2, 3, 4, 5, 6, 7, 8) \
    }
// Channel 0 is 1 2 5 6: mean 3.5, mean square of the differences 4.25; channel 1 the same plus 2.
#define R 2.0615528f
#define BATCH(s, t)                                                                                      \
    VALUES(s * -2.5f / R + t, s * -1.5f / R + t, s * -2.5f / R + t, s * -1.5f / R + t, s * 1.5f / R + t, \
           s * 2.5f / R + t, s * 1.5f / R + t, s * 2.5f / R + t)

static ww four(void)
{
    net_blob blobs[] = {{"slope", SHAPE(1, 2, 1, 1), VALUES(2, 4)},
                        {"bias", SHAPE(1, 2, 1, 1), VALUES(10, 20)},
                        {"mean", SHAPE(1, 2, 1, 1), VALUES(1, 2)},
                        {"variance", SHAPE(1, 2, 1, 1), VALUES(4, 16)},
                        {0}};
    return layer_weights("b", "BN", blobs);
}

static ww two(float scale, float shift)
{
    net_blob blobs[] = {{"scale", SHAPE(1, 2, 1, 1), VALUES(scale, scale)},
                        {"shift", SHAPE(1, 2, 1, 1), VALUES(shift, shift)},
                        {0}};
    return layer_weights("b", "BN", blobs);
}

START_TEST(four_blobs_are_slope_bias_mean_variance)
{
    ww w = four();
    NET_CHECK(.net = BN("eps: 0"), .in = {X}, .tolerance = 1e-6,
              .out = {{"out", SHAPE(2, 2, 2), VALUES(10, 11, 21, 22, 14, 15, 25, 26)}}, .weights = w.data,
              .weights_size = w.size);
    // The blobs decide, whatever the fields say.
    NET_CHECK(.net = BN("eps: 0 bn_mode: INFERENCE"), .in = {X}, .tolerance = 1e-6,
              .out = {{"out", SHAPE(2, 2, 2), VALUES(10, 11, 21, 22, 14, 15, 25, 26)}}, .weights = w.data,
              .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(eps_is_added_to_the_variance)
{
    ww w = layer_weights("b", "BN",
                         (net_blob[]){{"slope", SHAPE(1), VALUES(1)},
                                      {"bias", SHAPE(1), VALUES(0)},
                                      {"mean", SHAPE(1), VALUES(0)},
                                      {"variance", SHAPE(1), VALUES(3)},
                                      {0}}); // the shape (C) is taken too
    NET_CHECK(.net = BN("eps: 6"), .in = {{"x", SHAPE(1, 1, 1), VALUES(6)}},
              .out = {{"out", SHAPE(1, 1, 1), VALUES(2)}}, .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(training_takes_the_batch_unless_frozen)
{
    net_blob blobs[] = {{"slope", SHAPE(1, 2, 1, 1), VALUES(2, 2)},
                        {"bias", SHAPE(1, 2, 1, 1), VALUES(3, 3)},
                        {"mean", SHAPE(1, 2, 1, 1), VALUES(1, 1)},
                        {"variance", SHAPE(1, 2, 1, 1), VALUES(4, 4)},
                        {0}};
    ww w = layer_weights("b", "BN", blobs);
    NET_CHECK(.net = BN("eps: 0"), .in = {X}, .tolerance = 1e-6,
              .out = {{"out", SHAPE(2, 2, 2), BATCH(2, 3)}}, .weights = w.data, .weights_size = w.size,
              .train = true);
    NET_CHECK(.net = BN("eps: 0 frozen: true"), .in = {X}, .tolerance = 1e-6,
              .out = {{"out", SHAPE(2, 2, 2), VALUES(3, 4, 5, 6, 7, 8, 9, 10)}}, .weights = w.data,
              .weights_size = w.size, .train = true);
    ww_free(&w);
}
END_TEST

START_TEST(segnet_inference_is_a_scale_and_a_shift)
{
    ww w = two(3, 1);
    NET_CHECK(.net = BN("bn_mode: INFERENCE"), .in = {X},
              .out = {{"out", SHAPE(2, 2, 2), VALUES(4, 7, 10, 13, 16, 19, 22, 25)}}, .weights = w.data,
              .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(segnet_learn_takes_the_batch_in_phase_test_too)
{
    ww w = two(2, 1);
    NET_CHECK(.net = BN("bn_mode: LEARN"), .in = {X}, .tolerance = 1e-6,
              .out = {{"out", SHAPE(2, 2, 2), BATCH(2, 1)}}, .weights = w.data, .weights_size = w.size);
    NET_CHECK(.net = BN(""), .in = {X}, .tolerance = 1e-6, .out = {{"out", SHAPE(2, 2, 2), BATCH(2, 1)}},
              .weights = w.data, .weights_size = w.size);
    // eps is 1e-9 whatever the field says: the variance of these is 1e-8.
    NET_CHECK(.net = BN("eps: 1"), .in = {{"x", SHAPE(2, 2), VALUES(1e-4f, 1e-4f, -1e-4f, -1e-4f)}},
              .tolerance = 1e-5,
              .out = {{"out", SHAPE(2, 2), VALUES(2.9069251f, 2.9069251f, -0.9069251f, -0.9069251f)}},
              .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(segnet_gives_the_statistics_of_the_batch)
{
    ww w = two(1, 0);
    NET_CHECK(.net = "layer { name: 'b' type: 'BN' bottom: 'x' top: 'out' top: 'mean' top: 'variance' }",
              .in = {X}, .tolerance = 1e-6,
              .out = {{"out", SHAPE(2, 2, 2), BATCH(1, 0)},
                      {"mean", SHAPE(1, 2, 1, 1), VALUES(3.5, 5.5)},
                      {"variance", SHAPE(1, 2, 1, 1), VALUES(4.25, 4.25)}},
              .weights = w.data, .weights_size = w.size, .contiguous_only = true);
    ww_free(&w);
}
END_TEST

START_TEST(parsenet_has_an_eps_of_its_own)
{
    ww w = two(1, 0);
    NET_CHECK(.net = BN("var_eps: 3"), .in = {{"x", SHAPE(2, 2), VALUES(1, 2, -1, 0)}}, .tolerance = 1e-6,
              .out = {{"out", SHAPE(2, 2), VALUES(0.5, 0.5, -0.5, -0.5)}}, .weights = w.data,
              .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(without_a_file_the_fields_decide)
{
    NET_CHECK(.net = BN("scale_filler { value: 2 } shift_filler { value: 3 } bn_mode: INFERENCE"),
              .in = {{"x", SHAPE(1, 2), VALUES(1, 2)}}, .out = {{"out", SHAPE(1, 2), VALUES(5, 7)}});
    NET_CHECK(.net = BN("slope_filler { value: 2 } bias_filler { value: 3 } eps: 4"),
              .in = {{"x", SHAPE(1, 2), VALUES(1, 2)}}, .out = {{"out", SHAPE(1, 2), VALUES(4, 5)}});
}
END_TEST

START_TEST(what_does_not_fit_is_refused)
{
    ww w = two(1, 0);
    NET_FAILS("only BN of two blobs with bn_mode LEARN",
              .net = "layer { name: 'b' type: 'BN' bottom: 'x' top: 'out' top: @'mean' "
                     "bn_param { bn_mode: INFERENCE } }",
              .in = {X}, .weights = w.data, .weights_size = w.size);
    NET_FAILS("its scale are 1x2x1x1", .net = BN(""), .in = {{"x", SHAPE(1, 3), NO_VALUES}},
              .weights = w.data, .weights_size = w.size);
    ww_free(&w);
    NET_FAILS("has no axes", .net = "layer { name: 'b' type: 'BN' bottom: @'x' top: 'out' }",
              .in = {{"x", SCALAR, NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/bn", four_blobs_are_slope_bias_mean_variance, eps_is_added_to_the_variance,
          training_takes_the_batch_unless_frozen, segnet_inference_is_a_scale_and_a_shift,
          segnet_learn_takes_the_batch_in_phase_test_too, segnet_gives_the_statistics_of_the_batch,
          parsenet_has_an_eps_of_its_own, without_a_file_the_fields_decide, what_does_not_fit_is_refused)
