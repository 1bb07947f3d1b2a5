#include "tests/support/layer_weights.h"
#include "tests/test.h"

#include <math.h>

#define BN(fields) \
    "layer { name: 'b' type: 'BatchNorm' bottom: 'x' top: 'out' batch_norm_param { " fields " } }"
#define X                                                   \
    {                                                       \
        "x", SHAPE(2, 2, 2), VALUES(1, 2, 3, 4, 5, 6, 7, 8) \
    }

static ww stats(float factor)
{
    net_blob blobs[] = {{"mean", SHAPE(2), VALUES(2, 4)},
                        {"variance", SHAPE(2), VALUES(8, 32)},
                        {"factor", SHAPE(1), VALUES(factor)},
                        {0}};
    return layer_weights("b", "BatchNorm", blobs);
}

START_TEST(stored_statistics_are_divided_by_the_factor)
{
    ww w = stats(2); // means 1 and 2, variances 4 and 16
    NET_CHECK(.net = BN("eps: 0"), .in = {X},
              .out = {{"out", SHAPE(2, 2, 2), VALUES(0, 0.5, 0.25, 0.5, 2, 2.5, 1.25, 1.5)}},
              .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(factor_0_makes_mean_and_variance_0)
{
    net_blob blobs[] = {{"mean", SHAPE(2), VALUES(2, 4)},
                        {"variance", SHAPE(2), VALUES(0, 0)},
                        {"factor", SHAPE(1), VALUES(0)},
                        {0}};
    ww w = layer_weights("b", "BatchNorm", blobs);
    NET_CHECK(.net = BN("eps: 0.25"), .in = {X},
              .out = {{"out", SHAPE(2, 2, 2), VALUES(2, 4, 6, 8, 10, 12, 14, 16)}}, .weights = w.data,
              .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(a_variance_beside_factor_0_is_real_only_where_that_is_asked_for)
{
    net_blob blobs[] = {{"mean", SHAPE(2), VALUES(1, 2)},
                        {"variance", SHAPE(2), VALUES(4, 16)},
                        {"factor", SHAPE(1), VALUES(0)},
                        {0}};
    ww w = layer_weights("b", "BatchNorm", blobs);
    NET_CHECK(.net = "@" BN("eps: 0.25"), .in = {X},
              .out = {{"out", SHAPE(2, 2, 2), VALUES(2, 4, 6, 8, 10, 12, 14, 16)}}, .weights = w.data,
              .weights_size = w.size, .warns = "its factor is 0 though its variances are not");
    NET_CHECK(.net = BN("eps: 0"), .in = {X},
              .out = {{"out", SHAPE(2, 2, 2), VALUES(0, 0.5, 0.25, 0.5, 2, 2.5, 1.25, 1.5)}},
              .weights = w.data, .weights_size = w.size, .factor_0_is_1 = true);
    ww_free(&w);
}
END_TEST

START_TEST(without_a_factor_the_stored_values_are_real)
{
    ww w = layer_weights(
        "b", "BatchNorm",
        (net_blob[]){{"mean", SHAPE(2), VALUES(1, 2)}, {"variance", SHAPE(2), VALUES(4, 16)}, {0}});
    NET_CHECK(.net = BN("eps: 0"), .in = {X},
              .out = {{"out", SHAPE(2, 2, 2), VALUES(0, 0.5, 0.25, 0.5, 2, 2.5, 1.25, 1.5)}},
              .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(eps_is_added_to_the_variance)
{
    ww w = layer_weights("b", "BatchNorm",
                         (net_blob[]){{"mean", SHAPE(1), VALUES(0)},
                                      {"variance", SHAPE(1), VALUES(3)},
                                      {"factor", SHAPE(1), VALUES(1)},
                                      {0}});
    NET_CHECK(.net = BN("eps: 6"), .in = {{"x", SHAPE(1, 1, 1), VALUES(6)}},
              .out = {{"out", SHAPE(1, 1, 1), VALUES(2)}}, .weights = w.data, .weights_size = w.size);
    ww_free(&w);
    NET_CHECK(.net = "layer { name: 'b' type: 'BatchNorm' bottom: 'x' top: 'out' }", // eps 1e-5
              .in = {{"x", SHAPE(1, 1), VALUES(1)}}, .out = {{"out", SHAPE(1, 1), VALUES(316.22777f)}},
              .tolerance = 1e-5);
}
END_TEST

// Channel 0 is 1 2 5 6: mean 3.5, mean square of the differences 4.25; channel 1 the same plus 2.
#define BATCH VALUES(-2.5f / R, -1.5f / R, -2.5f / R, -1.5f / R, 1.5f / R, 2.5f / R, 1.5f / R, 2.5f / R)
#define R 2.0615528f

START_TEST(the_phase_decides_whose_statistics_count_unless_the_field_does)
{
    ww w = stats(2);
    NET_CHECK(.net = BN("eps: 0"), .in = {X}, .out = {{"out", SHAPE(2, 2, 2), BATCH}}, .weights = w.data,
              .weights_size = w.size, .train = true, .tolerance = 1e-6);
    NET_CHECK(.net = BN("eps: 0 use_global_stats: false"), .in = {X}, .out = {{"out", SHAPE(2, 2, 2), BATCH}},
              .weights = w.data, .weights_size = w.size, .tolerance = 1e-6);
    NET_CHECK(.net = BN("eps: 0 use_global_stats: true"), .in = {X},
              .out = {{"out", SHAPE(2, 2, 2), VALUES(0, 0.5, 0.25, 0.5, 2, 2.5, 1.25, 1.5)}},
              .weights = w.data, .weights_size = w.size, .train = true);
    ww_free(&w);
}
END_TEST

START_TEST(a_large_mean_leaves_the_variance_of_the_batch_alone)
{
    NET_CHECK(.net = BN("eps: 0 use_global_stats: false"),
              .in = {{"x", SHAPE(4, 1), VALUES(100001, 100002, 100005, 100006)}},
              .out = {{"out", SHAPE(4, 1), VALUES(-2.5f / R, -1.5f / R, 1.5f / R, 2.5f / R)}},
              .tolerance = 1e-6);
}
END_TEST

START_TEST(one_axis_is_one_channel)
{
    ww w = layer_weights("b", "BatchNorm",
                         (net_blob[]){{"mean", SHAPE(1), VALUES(2)},
                                      {"variance", SHAPE(1), VALUES(16)},
                                      {"factor", SHAPE(1), VALUES(2)},
                                      {0}});
    NET_CHECK(.net = BN("eps: 1"), .in = {{"x", SHAPE(3), VALUES(1, 4, 7)}},
              .out = {{"out", SHAPE(3), VALUES(0, 1, 2)}}, .weights = w.data, .weights_size = w.size);
    ww_free(&w);
    NET_CHECK(.net = BN("eps: 0 use_global_stats: false"), .in = {{"x", SHAPE(2), VALUES(1, 4)}},
              .out = {{"out", SHAPE(2), VALUES(-1, 1)}});
}
END_TEST

START_TEST(nvidia_scales_behind_it_and_ignores_the_factor)
{
    net_blob blobs[] = {{"mean", SHAPE(2), VALUES(1, 2)},   {"variance", SHAPE(2), VALUES(4, 16)},
                        {"factor", SHAPE(1), VALUES(7)},    {"scale", SHAPE(2), VALUES(2, 4)},
                        {"bias", SHAPE(2), VALUES(10, 20)}, {0}};
    ww w = layer_weights("b", "BatchNorm", blobs);
    NET_CHECK(.net = BN("scale_bias: true eps: 0"), .in = {X}, .tolerance = 1e-5,
              .out = {{"out", SHAPE(2, 2, 2), VALUES(10, 11, 21, 22, 14, 15, 25, 26)}}, .weights = w.data,
              .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(older_nvidia_files_begin_with_the_scale)
{
    net_blob blobs[] = {
        {"scale", SHAPE(1, 2, 1, 1), VALUES(2, 4)}, {"bias", SHAPE(1, 2, 1, 1), VALUES(10, 20)},
        {"mean", SHAPE(1, 2, 1, 1), VALUES(1, 2)},  {"variance", SHAPE(1, 2, 1, 1), VALUES(4, 16)},
        {"reserved", SHAPE(1), VALUES(7)},          {0}};
    ww w = layer_weights("b", "BatchNorm", blobs);
    NET_CHECK(.net = BN("scale_bias: true eps: 0"), .in = {X}, .tolerance = 1e-5,
              .out = {{"out", SHAPE(2, 2, 2), VALUES(10, 11, 21, 22, 14, 15, 25, 26)}}, .weights = w.data,
              .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(nvidia_keeps_eps_at_1e_5)
{
    NET_CHECK(.net = BN("scale_bias: true eps: 0"), .in = {{"x", SHAPE(1, 2), VALUES(1, 1)}},
              .tolerance = 1e-5, .out = {{"out", SHAPE(1, 2), VALUES(316.22777f, 316.22777f)}});
}
END_TEST

START_TEST(intel_scales_behind_it_and_divides_by_the_factor)
{
    net_blob blobs[] = {{"mean", SHAPE(2), VALUES(2, 4)},   {"variance", SHAPE(2), VALUES(8, 32)},
                        {"factor", SHAPE(1), VALUES(2)},    {"scale", SHAPE(2), VALUES(2, 4)},
                        {"bias", SHAPE(2), VALUES(10, 20)}, {0}};
    ww w = layer_weights("b", "BatchNorm", blobs);
    NET_CHECK(.net = BN("use_weight_bias: true eps: 0"), .in = {X},
              .out = {{"out", SHAPE(2, 2, 2), VALUES(10, 11, 21, 22, 14, 15, 25, 26)}}, .weights = w.data,
              .weights_size = w.size);
    ww_free(&w);
    blobs[4].name = NULL;
    w = layer_weights("b", "BatchNorm", blobs);
    NET_CHECK(.net = BN("use_weight_bias: true bias_term: false eps: 0"), .in = {X},
              .out = {{"out", SHAPE(2, 2, 2), VALUES(0, 1, 1, 2, 4, 5, 5, 6)}}, .weights = w.data,
              .weights_size = w.size);
    ww_free(&w);
}
END_TEST

// Nothing in the net's text tells of the scale and the bias.
START_TEST(without_fields_the_blobs_tell_the_layout)
{
    net_blob intel[] = {{"mean", SHAPE(2), VALUES(2, 4)},   {"variance", SHAPE(2), VALUES(8, 32)},
                        {"factor", SHAPE(1), VALUES(2)},    {"scale", SHAPE(2), VALUES(2, 4)},
                        {"bias", SHAPE(2), VALUES(10, 20)}, {0}};
    ww w = layer_weights("b", "BatchNorm", intel);
    NET_CHECK(.net = BN("eps: 0"), .in = {X},
              .out = {{"out", SHAPE(2, 2, 2), VALUES(10, 11, 21, 22, 14, 15, 25, 26)}}, .weights = w.data,
              .weights_size = w.size);
    ww_free(&w);
    intel[4].name = NULL;
    w = layer_weights("b", "BatchNorm", intel);
    NET_CHECK(.net = BN("eps: 0"), .in = {X},
              .out = {{"out", SHAPE(2, 2, 2), VALUES(0, 1, 1, 2, 4, 5, 5, 6)}}, .weights = w.data,
              .weights_size = w.size);
    ww_free(&w);
    net_blob old[] = {
        {"scale", SHAPE(1, 2, 1, 1), VALUES(2, 4)}, {"bias", SHAPE(1, 2, 1, 1), VALUES(10, 20)},
        {"mean", SHAPE(1, 2, 1, 1), VALUES(1, 2)},  {"variance", SHAPE(1, 2, 1, 1), VALUES(4, 16)},
        {"reserved", SHAPE(1), VALUES(7)},          {0}};
    w = layer_weights("b", "BatchNorm", old);
    NET_CHECK(.net = BN("eps: 0"), .in = {X}, .tolerance = 1e-5,
              .out = {{"out", SHAPE(2, 2, 2), VALUES(10, 11, 21, 22, 14, 15, 25, 26)}}, .weights = w.data,
              .weights_size = w.size);
    ww_free(&w);
}
END_TEST

// With one channel every blob is one value: the four axes of the old files' blobs tell.
START_TEST(one_channel_of_an_older_nvidia_file)
{
    net_blob old[] = {{"scale", SHAPE(1, 1, 1, 1), VALUES(2)}, {"bias", SHAPE(1, 1, 1, 1), VALUES(10)},
                      {"mean", SHAPE(1, 1, 1, 1), VALUES(1)},  {"variance", SHAPE(1, 1, 1, 1), VALUES(4)},
                      {"reserved", SHAPE(1), VALUES(7)},       {0}};
    ww w = layer_weights("b", "BatchNorm", old);
    NET_CHECK(.net = BN("scale_bias: true"), .in = {{"x", SHAPE(2, 1), VALUES(1, 5)}}, .tolerance = 1e-5,
              .out = {{"out", SHAPE(2, 1), VALUES(10, 14)}}, .weights = w.data, .weights_size = w.size);
    ww_free(&w);
    net_blob new[] = {{"mean", SHAPE(1), VALUES(1)},   {"variance", SHAPE(1), VALUES(4)},
                      {"factor", SHAPE(1), VALUES(7)}, {"scale", SHAPE(1), VALUES(2)},
                      {"bias", SHAPE(1), VALUES(10)},  {0}};
    w = layer_weights("b", "BatchNorm", new);
    NET_CHECK(.net = BN("scale_bias: true"), .in = {{"x", SHAPE(2, 1), VALUES(1, 5)}}, .tolerance = 1e-5,
              .out = {{"out", SHAPE(2, 1), VALUES(10, 14)}}, .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(a_relu_may_follow)
{
    ww w = stats(2);
    NET_CHECK(.net = BN("eps: 0 relu: true"), .in = {{"x", SHAPE(1, 2), VALUES(-1, 10)}},
              .out = {{"out", SHAPE(1, 2), VALUES(0, 2)}}, .weights = w.data, .weights_size = w.size);
    NET_CHECK(.net = BN("eps: 0 fused_relu: true"), .in = {{"x", SHAPE(1, 2), VALUES(-1, 10)}},
              .out = {{"out", SHAPE(1, 2), VALUES(0, 2)}}, .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(cudnn_batch_norm_is_another_name)
{
    NET_CHECK(.net = "layer { name: 'b' type: 'CuDNNBatchNorm' bottom: 'x' top: 'out' "
                     "batch_norm_param { eps: 0.25 } }",
              .in = {{"x", SHAPE(1, 2), VALUES(1, 2)}}, .out = {{"out", SHAPE(1, 2), VALUES(2, 4)}});
}
END_TEST

START_TEST(a_scale_behind_the_statistics_of_a_batch)
{
    NET_CHECK(.net = BN("scale_bias: true use_global_stats: false scale_filler { value: 3 } bias_filler { "
                        "value: 1 }"),
              .in = {{"x", SHAPE(2, 1), VALUES(1, 5)}}, .out = {{"out", SHAPE(2, 1), VALUES(-2, 4)}},
              .tolerance = 1e-5);
}
END_TEST

START_TEST(what_other_forks_add_is_refused)
{
    NET_FAILS("disable_mean is not supported", .net = BN("disable_mean: @true"), .in = {X});
    NET_FAILS("bottom \"x\" has no axes",
              .net = "layer { name: 'b' type: 'BatchNorm' bottom: @'x' top: 'out' }",
              .in = {{"x", SCALAR, NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/batch_norm", stored_statistics_are_divided_by_the_factor,
          factor_0_makes_mean_and_variance_0, a_variance_beside_factor_0_is_real_only_where_that_is_asked_for,
          without_a_factor_the_stored_values_are_real, eps_is_added_to_the_variance,
          the_phase_decides_whose_statistics_count_unless_the_field_does,
          a_large_mean_leaves_the_variance_of_the_batch_alone, one_axis_is_one_channel,
          nvidia_scales_behind_it_and_ignores_the_factor, older_nvidia_files_begin_with_the_scale,
          nvidia_keeps_eps_at_1e_5, intel_scales_behind_it_and_divides_by_the_factor,
          without_fields_the_blobs_tell_the_layout, one_channel_of_an_older_nvidia_file, a_relu_may_follow,
          cudnn_batch_norm_is_another_name, a_scale_behind_the_statistics_of_a_batch,
          what_other_forks_add_is_refused)
