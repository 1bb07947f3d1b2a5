#include "tests/support/layer_weights.h"
#include "tests/test.h"

#define IP(fields) \
    "layer { name: 'i' type: 'InnerProduct' bottom: 'x' top: 'out' inner_product_param { " fields " } }"
#define X                                          \
    {                                              \
        "x", SHAPE(2, 3), VALUES(1, 2, 3, 4, 5, 6) \
    }

START_TEST(weights_are_outputs_by_inputs)
{
    ww w = layer_weights("i", "InnerProduct",
                         (net_blob[]){{"weights", SHAPE(2, 3), VALUES(1, 0, 0, 1, 1, 1)},
                                      {"bias", SHAPE(2), VALUES(10, 20)},
                                      {0}});
    NET_CHECK(.net = IP("num_output: 2"), .in = {X}, .out = {{"out", SHAPE(2, 2), VALUES(11, 26, 14, 35)}},
              .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(transposed_weights_are_inputs_by_outputs)
{
    ww w = layer_weights("i", "InnerProduct",
                         (net_blob[]){{"weights", SHAPE(3, 2), VALUES(1, 1, 0, 1, 0, 1)}, {0}});
    NET_CHECK(.net = IP("num_output: 2 bias_term: false transpose: true"), .in = {X},
              .out = {{"out", SHAPE(2, 2), VALUES(1, 6, 4, 15)}}, .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

static void old_blob(ww *w, int64_t height, int64_t width, size_t n, const float *values)
{
    ww_begin(w, 7);
    ww_int(w, 1, 1);
    ww_int(w, 2, 1);
    ww_int(w, 3, height);
    ww_int(w, 4, width);
    ww_floats(w, 5, n, values);
    ww_end(w);
}

START_TEST(weights_of_old_files_have_four_axes)
{
    ww w = {0};
    ww_net(&w, "net");
    ww_layer(&w, "i", "InnerProduct");
    old_blob(&w, 2, 3, 6, (const float[]){1, 0, 0, 1, 1, 1});
    old_blob(&w, 1, 2, 2, (const float[]){10, 20});
    ww_done(&w);
    NET_CHECK(.net = IP("num_output: 2"), .in = {X}, .out = {{"out", SHAPE(2, 2), VALUES(11, 26, 14, 35)}},
              .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(all_axes_from_axis_on_are_summed)
{
    ww w = layer_weights("i", "InnerProduct",
                         (net_blob[]){{"weights", SHAPE(1, 4), VALUES(1, 10, 100, 1000)}, {0}});
    NET_CHECK(.net = IP("num_output: 1 bias_term: false"),
              .in = {{"x", SHAPE(2, 2, 2), VALUES(1, 2, 3, 4, 5, 6, 7, 8)}},
              .out = {{"out", SHAPE(2, 1), VALUES(4321, 8765)}}, .weights = w.data, .weights_size = w.size);
    NET_CHECK(.net = IP("num_output: 1 bias_term: false axis: 0"),
              .in = {{"x", SHAPE(2, 2), VALUES(1, 2, 3, 4)}}, .out = {{"out", SHAPE(1), VALUES(4321)}},
              .weights = w.data, .weights_size = w.size);
    ww_free(&w);
    w = layer_weights("i", "InnerProduct",
                      (net_blob[]){{"weights", SHAPE(3, 2), VALUES(1, 0, 0, 1, 1, 1)},
                                   {"bias", SHAPE(3), VALUES(0, 0, 100)},
                                   {0}});
    NET_CHECK(.net = IP("num_output: 3 axis: -1"),
              .in = {{"x", SHAPE(2, 2, 2), VALUES(1, 2, 3, 4, 5, 6, 7, 8)}},
              .out = {{"out", SHAPE(2, 2, 3), VALUES(1, 2, 103, 3, 4, 107, 5, 6, 111, 7, 8, 115)}},
              .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(transposed_weights_with_all_axes_summed)
{
    ww w = layer_weights("i", "InnerProduct",
                         (net_blob[]){{"weights", SHAPE(4, 2), VALUES(1, 1, 10, 1, 100, 1, 1000, 1)}, {0}});
    NET_CHECK(.net = IP("num_output: 2 bias_term: false axis: 0 transpose: true"),
              .in = {{"x", SHAPE(2, 2), VALUES(1, 2, 3, 4)}}, .out = {{"out", SHAPE(2), VALUES(4321, 10)}},
              .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(fillers_default_to_0)
{
    NET_CHECK(.net = IP("num_output: 2"), .in = {X}, .out = {{"out", SHAPE(2, 2), VALUES(0, 0, 0, 0)}});
    NET_CHECK(.net = IP("num_output: 1 weight_filler { value: 2 } bias_filler { value: 1 }"), .in = {X},
              .out = {{"out", SHAPE(2, 1), VALUES(13, 31)}});
}
END_TEST

START_TEST(sums_of_nothing_are_the_bias)
{
    NET_CHECK(.net = IP("num_output: 2 bias_filler { value: 3 }"), .in = {{"x", SHAPE(2, 0), NO_VALUES}},
              .out = {{"out", SHAPE(2, 2), VALUES(3, 3, 3, 3)}});
}
END_TEST

START_TEST(wrong_fields_are_refused)
{
    NET_FAILS("num_output must be given",
              .net = "@layer { name: 'i' type: 'InnerProduct' bottom: 'x' top: 'out' }", .in = {X});
    NET_FAILS("num_output must be given",
              .net = "layer { name: 'i' type: 'InnerProduct' bottom: 'x' top: 'out' "
                     "inner_product_param { num_output: @0 } }",
              .in = {X});
    NET_FAILS("axis 2 is out of range",
              .net = "layer { name: 'i' type: 'InnerProduct' bottom: 'x' top: 'out' "
                     "inner_product_param { num_output: 1 axis: @2 } }",
              .in = {X});
    NET_FAILS("relu is not supported",
              .net = "layer { name: 'i' type: 'InnerProduct' bottom: 'x' top: 'out' "
                     "inner_product_param { num_output: 1 relu: @true } }",
              .in = {X});
    NET_FAILS("normalize is not supported",
              .net = "layer { name: 'i' type: 'InnerProduct' bottom: 'x' top: 'out' "
                     "inner_product_param { num_output: 1 normalize: @true } }",
              .in = {X});
}
END_TEST

START_TEST(a_product_too_large_to_count_is_refused)
{
    NET_FAILS("num_output 4294967295 makes the product too large", .net = IP("num_output: @4294967295"),
              .in = {{"x", SHAPE(0x7fffffff, 1 << 28), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/inner_product", weights_are_outputs_by_inputs, transposed_weights_are_inputs_by_outputs,
          weights_of_old_files_have_four_axes, all_axes_from_axis_on_are_summed,
          transposed_weights_with_all_axes_summed, fillers_default_to_0, sums_of_nothing_are_the_bias,
          wrong_fields_are_refused, a_product_too_large_to_count_is_refused)
