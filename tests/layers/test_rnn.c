#include "tests/support/layer_weights.h"
#include "tests/test.h"

#define RNN(bottoms, tops, fields)                                                          \
    "layer { name: 'r' type: 'RNN' bottom: 'x' bottom: 'cont' " bottoms " top: 'out' " tops \
    " recurrent_param { " fields " } }"

#define TANH_HALF 0.46211716f
#define TANH_1 0.76159416f
#define TANH_2 0.96402758f

// h = tanh(x + k h[t-1]), out = tanh(2 h + bias).
static ww weights(float k, float bias)
{
    return layer_weights("r", "RNN",
                         (net_blob[]){{"W_x", SHAPE(1, 1), VALUES(1)},
                                      {"b", SHAPE(1), VALUES(0)},
                                      {"W_h", SHAPE(1, 1), VALUES(k)},
                                      {"W_o", SHAPE(1, 1), VALUES(2)},
                                      {"b_o", SHAPE(1), VALUES(bias)},
                                      {0}});
}

START_TEST(the_top_has_a_tanh_of_its_own)
{
    ww w = weights(0, -TANH_1);
    // tanh(1) twice, minus once, then tanh
    NET_CHECK(.net = RNN("", "", "num_output: 1"),
              .in = {{"x", SHAPE(2, 2, 1), VALUES(1, 0, 0, 1)}, {"cont", SHAPE(2, 2), VALUES(0, 0, 1, 1)}},
              .out = {{"out", SHAPE(2, 2, 1), VALUES(0.64201456f, -0.64201456f, -0.64201456f, 0.64201456f)}},
              .tolerance = 1e-6, .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

// What goes from step to step is h, not the top: h[1] = tanh(h[0] / TANH_1) = tanh(1) once more.
START_TEST(the_hidden_value_feeds_back_times_cont)
{
    ww w = weights(1 / TANH_1, 0);
    const float o = 0.90925167f; // tanh(2 tanh(1))
    NET_CHECK(.net = RNN("", "", "num_output: 1"),
              .in = {{"x", SHAPE(3, 2, 1), VALUES(1, 1, 0, 0, 0, 0)},
                     {"cont", SHAPE(3, 2), VALUES(0, 0, 1, 0.5, 1, 0)}},
              .out = {{"out", SHAPE(3, 2, 1), VALUES(o, o, o, 0.72789440f, o, 0)}}, .tolerance = 1e-6,
              .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(state_is_kept_until_a_reset)
{
    ww w = weights(1 / TANH_1, 0);
    const float o = 0.90925167f;
    const net_forward then[] = {
        {.in = {{"x", SHAPE(1, 1, 1), VALUES(0)}}, .out = {{"out", SHAPE(1, 1, 1), VALUES(o)}}},
        {.reset = true, .out = {{"out", SHAPE(1, 1, 1), VALUES(0)}}},
        {.out = {{0}}}};
    NET_CHECK(.net = RNN("", "", "num_output: 1"),
              .in = {{"x", SHAPE(1, 1, 1), VALUES(1)}, {"cont", SHAPE(1, 1), VALUES(1)}},
              .out = {{"out", SHAPE(1, 1, 1), VALUES(o)}}, .then = then, .tolerance = 1e-6, .weights = w.data,
              .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(an_exposed_state_is_the_hidden_value)
{
    ww w = weights(1 / TANH_1, 0);
    NET_CHECK(.net = RNN("bottom: 'h0'", "top: 'hT'", "num_output: 1 expose_hidden: true"),
              .in = {{"x", SHAPE(1, 2, 1), VALUES(0, 1)},
                     {"cont", SHAPE(1, 2), VALUES(1, 0)},
                     {"h0", SHAPE(1, 2, 1), VALUES(TANH_1, 5)}},
              .out = {{"out", SHAPE(1, 2, 1), VALUES(0.90925167f, 0.90925167f)},
                      {"hT", SHAPE(1, 2, 1), VALUES(TANH_1, TANH_1)}},
              .tolerance = 1e-6, .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(a_static_input_adds_to_every_step)
{
    ww w = layer_weights("r", "RNN",
                         (net_blob[]){{"W_x", SHAPE(2, 1), VALUES(1, 0)},
                                      {"b", SHAPE(2), VALUES(0, 1)},
                                      {"W_static", SHAPE(2, 2), VALUES(1, 0, 0, 1)},
                                      {"W_h", SHAPE(2, 2), VALUES(0, 0, 0, 0)},
                                      {"W_o", SHAPE(2, 2), VALUES(0, 1, 1, 0)}, // exchanges the two
                                      {"b_o", SHAPE(2), VALUES(0, 0)},
                                      {0}});
    NET_CHECK(.net = RNN("bottom: 's' bottom: 'h0'", "top: 'hT'", "num_output: 2 expose_hidden: true"),
              .in = {{"x", SHAPE(2, 1, 1), VALUES(0, 1)},
                     {"cont", SHAPE(2, 1), VALUES(1, 1)},
                     {"s", SHAPE(1, 2), VALUES(1, -1)},
                     {"h0", SHAPE(1, 1, 2), VALUES(0, 0)}},
              .out = {{"out", SHAPE(2, 1, 2), VALUES(0, 0.64201456f, 0, 0.74606800f)},
                      {"hT", SHAPE(1, 1, 2), VALUES(TANH_2, 0)}},
              .tolerance = 1e-6, .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(errors_name_the_field)
{
    NET_FAILS("layer \"r\" (RNN): num_output must be given, and at least 1",
              .net = RNN("", "", "num_output: @0"),
              .in = {{"x", SHAPE(1, 1, 1), NO_VALUES}, {"cont", SHAPE(1, 1), NO_VALUES}});
    NET_FAILS("with expose_hidden it takes 3 bottoms, or 4 with a static input; it has 2",
              .net = "layer { name: 'r' type: 'RNN' bottom: @'x' bottom: 'cont' top: 'out' "
                     "recurrent_param { num_output: 1 expose_hidden: true } }",
              .in = {{"x", SHAPE(1, 1, 1), NO_VALUES}, {"cont", SHAPE(1, 1), NO_VALUES}});
    NET_FAILS("with expose_hidden it makes 2 tops, not 1",
              .net = "layer { name: 'r' type: 'RNN' bottom: 'x' bottom: 'cont' bottom: 'h' top: @'out' "
                     "recurrent_param { num_output: 1 expose_hidden: true } }",
              .in = {{"x", SHAPE(1, 1, 1), NO_VALUES},
                     {"cont", SHAPE(1, 1), NO_VALUES},
                     {"h", SHAPE(1, 1, 1), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/rnn", the_top_has_a_tanh_of_its_own, the_hidden_value_feeds_back_times_cont,
          state_is_kept_until_a_reset, an_exposed_state_is_the_hidden_value,
          a_static_input_adds_to_every_step, errors_name_the_field)
