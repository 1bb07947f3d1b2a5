#include "tests/support/layer_weights.h"
#include "tests/test.h"

#define ON 100
#define LN3 1.09861229f
#define TANH_HALF 0.46211716f
#define TANH_1 0.76159416f
#define TANH_1_HALF 0.90514825f
#define TANH_2 0.96402758f
#define H(half) (0.75f * (half)) // of tanh(c)

#define LSTM(fields) "layer { name: 'l' type: 'Lstm' bottom: 'x' top: 'out' lstm_param { " fields " } }"
#define CLIPPED(fields) \
    "layer { name: 'l' type: 'Lstm' bottom: 'x' bottom: 'clip' top: 'out' lstm_param { " fields " } }"

// i = 1/2, f = 1, o = 3/4, g = the sign of the sum of the inputs: c goes up and down by 1/2.
static ww counter(int64_t inputs)
{
    float x[16] = {0};
    for (int64_t i = 0; i < inputs; i++)
        x[3 * inputs + i] = 100;
    return layer_weights("l", "Lstm",
                         (net_blob[]){{"W_x", SHAPE(4, inputs), x, (size_t)(4 * inputs)},
                                      {"W_h", SHAPE(4, 1), VALUES(0, 0, 0, 0)},
                                      {"b", SHAPE(4), VALUES(0, ON, LN3, 0)},
                                      {0}});
}

START_TEST(three_axes_are_steps_streams_inputs)
{
    ww w = counter(1);
    NET_CHECK(.net = LSTM("num_output: 1"), .in = {{"x", SHAPE(3, 2, 1), VALUES(1, -1, 1, -1, 1, 1)}},
              .out = {{"out", SHAPE(3, 2, 1),
                       VALUES(H(TANH_HALF), H(-TANH_HALF), H(TANH_1), H(-TANH_1), H(TANH_1_HALF),
                              H(-TANH_HALF))}},
              .tolerance = 1e-6, .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(two_axes_are_steps_of_batch_size_rows)
{
    ww w = counter(1);
    NET_CHECK(.net = LSTM("num_output: 1 batch_size: 2 clipping_threshold: 0.1"),
              .in = {{"x", SHAPE(4, 1), VALUES(1, -1, 1, 1)}},
              .out = {{"out", SHAPE(4, 1), VALUES(H(TANH_HALF), H(-TANH_HALF), H(TANH_1), 0)}},
              .tolerance = 1e-6, .weights = w.data, .weights_size = w.size);
    NET_CHECK(.net = LSTM("num_output: 1"), .in = {{"x", SHAPE(2, 1), VALUES(1, 1)}},
              .out = {{"out", SHAPE(2, 1), VALUES(H(TANH_HALF), H(TANH_1))}}, .tolerance = 1e-6,
              .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

// The same bottom in both readings.
START_TEST(the_stored_weights_decide)
{
    const float x[] = {1, 0, 1, 0};
    ww one = counter(1), two = counter(2);
    NET_CHECK(.net = LSTM("num_output: 1 batch_size: 1"), .in = {{"x", SHAPE(2, 2, 1), x, 4}},
              .out = {{"out", SHAPE(2, 2, 1), VALUES(H(TANH_HALF), 0, H(TANH_1), 0)}}, .tolerance = 1e-6,
              .weights = one.data, .weights_size = one.size);
    NET_CHECK(.net = LSTM("num_output: 1"), .in = {{"x", SHAPE(2, 2, 1), x, 4}},
              .out = {{"out", SHAPE(2, 1), VALUES(H(TANH_HALF), H(TANH_1))}}, .tolerance = 1e-6,
              .weights = two.data, .weights_size = two.size);
    ww_free(&one);
    ww_free(&two);
}
END_TEST

START_TEST(without_weights_batch_size_decides)
{
    const net_blob x = {"x", SHAPE(4, 3, 1), NO_VALUES};
    NET_CHECK(.net = LSTM("num_output: 5 batch_size: 2"), .in = {x},
              .out = {{"out", SHAPE(4, 5), NO_VALUES}});
    NET_CHECK(.net = LSTM("num_output: 5 batch_size: 3"), .in = {x},
              .out = {{"out", SHAPE(4, 3, 5), NO_VALUES}});
    NET_CHECK(.net = LSTM("num_output: 5"), .in = {x}, .out = {{"out", SHAPE(4, 3, 5), NO_VALUES}});
}
END_TEST

// i = sigmoid(k h), all else on: c is 1/2, then 3/4 + 1/2. LSTM's order of blobs would not load.
START_TEST(the_hidden_state_feeds_back)
{
    ww w = layer_weights("l", "Lstm",
                         (net_blob[]){{"W_x", SHAPE(4, 2), VALUES(0, 0, 0, 0, 0, 0, 0, 0)},
                                      {"W_h", SHAPE(4, 1), VALUES(LN3 / TANH_HALF, 0, 0, 0)},
                                      {"b", SHAPE(4), VALUES(0, ON, ON, ON)},
                                      {0}});
    NET_CHECK(.net = LSTM("num_output: 1"), .in = {{"x", SHAPE(2, 1, 2), VALUES(1, 1, 1, 1)}},
              .out = {{"out", SHAPE(2, 1, 1), VALUES(TANH_HALF, 0.84828364f)}}, .tolerance = 1e-6,
              .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(clip_0_begins_a_sequence)
{
    ww w = counter(1);
    // Anything but 0 is 1, also where it would be a factor.
    NET_CHECK(.net = CLIPPED("num_output: 1"),
              .in = {{"x", SHAPE(3, 2, 1), VALUES(1, 1, 1, 1, 1, 1)},
                     {"clip", SHAPE(6), VALUES(0, 0, 0, 1, 0.25, 1)}},
              .out = {{"out", SHAPE(3, 2, 1),
                       VALUES(H(TANH_HALF), H(TANH_HALF), H(TANH_HALF), H(TANH_1), H(TANH_1),
                              H(TANH_1_HALF))}},
              .tolerance = 1e-6, .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(state_is_kept_with_a_clip_bottom_only)
{
    ww w = counter(1);
    const net_blob first = {"out", SHAPE(2, 1), VALUES(H(TANH_HALF), H(TANH_1))};
    const net_blob next = {"out", SHAPE(2, 1), VALUES(H(TANH_1_HALF), H(TANH_2))};
    NET_CHECK(.net = LSTM("num_output: 1"), .in = {{"x", SHAPE(2, 1), VALUES(1, 1)}}, .out = {first},
              .then = (const net_forward[]){{.out = {first}}, {.out = {{0}}}}, .tolerance = 1e-6,
              .weights = w.data, .weights_size = w.size);
    NET_CHECK(.net = CLIPPED("num_output: 1"),
              .in = {{"x", SHAPE(2, 1), VALUES(1, 1)}, {"clip", SHAPE(2, 1), VALUES(1, 1)}}, .out = {first},
              .then = (const net_forward[]){{.out = {next}},
                                            {.reset = true, .out = {first}},
                                            {.in = {{"clip", SHAPE(2, 1), VALUES(0, 1)}}, .out = {first}},
                                            {.out = {{0}}}},
              .tolerance = 1e-6, .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(nothing_to_compute)
{
    NET_CHECK(.net = LSTM("num_output: 2"), .in = {{"x", SHAPE(0, 3, 1), NO_VALUES}},
              .out = {{"out", SHAPE(0, 3, 2), NO_VALUES}});
    NET_CHECK(.net = LSTM("num_output: 2"), .in = {{"x", SHAPE(3, 0, 1), NO_VALUES}},
              .out = {{"out", SHAPE(3, 0, 2), NO_VALUES}});
}
END_TEST

START_TEST(errors_name_the_field)
{
    const net_blob x = {"x", SHAPE(3, 2), NO_VALUES};
    NET_FAILS("layer \"l\" (Lstm): num_output must be given, and at least 1", .net = LSTM("num_output: @0"),
              .in = {x});
    NET_FAILS("num_output must be given, and at least 1",
              .net = "@layer { name: 'l' type: 'Lstm' bottom: 'x' top: 'out' }", .in = {x});
    NET_FAILS("num_output 4294967295 makes the products too large", .net = LSTM("num_output: @4294967295"),
              .in = {{"x", SHAPE(65536, 65536), NO_VALUES}});
    NET_FAILS("batch_size must be at least 1", .net = LSTM("num_output: 1 batch_size: @0"), .in = {x});
    NET_FAILS("batch_size 2 does not divide the 3 rows of bottom \"x\"",
              .net = LSTM("num_output: 1 batch_size: @2"), .in = {x});
    NET_FAILS("bottom \"x\" (3) must be steps x streams x inputs, or rows x inputs",
              .net = "layer { name: 'l' type: 'Lstm' bottom: @'x' top: 'out' lstm_param { num_output: 1 } }",
              .in = {{"x", SHAPE(3), NO_VALUES}});
    NET_FAILS("bottom \"clip\" (2) must have a value for each of 3 steps and 1 streams",
              .net = "layer { name: 'l' type: 'Lstm' bottom: 'x' bottom: @'clip' top: 'out' lstm_param { "
                     "num_output: 1 } }",
              .in = {x, {"clip", SHAPE(2), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/lstm_junhyuk", three_axes_are_steps_streams_inputs, two_axes_are_steps_of_batch_size_rows,
          the_stored_weights_decide, without_weights_batch_size_decides, the_hidden_state_feeds_back,
          clip_0_begins_a_sequence, state_is_kept_with_a_clip_bottom_only, nothing_to_compute,
          errors_name_the_field)
