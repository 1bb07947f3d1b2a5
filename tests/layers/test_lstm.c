#include "tests/support/layer_weights.h"
#include "tests/test.h"

// Biases that saturate a gate, or make it 3/4; sigmoid(0) is 1/2.
#define ON 100
#define OFF -100
#define LN3 1.09861229f

#define LSTM(bottoms, tops, fields)                                                          \
    "layer { name: 'l' type: 'LSTM' bottom: 'x' bottom: 'cont' " bottoms " top: 'out' " tops \
    " recurrent_param { " fields " } }"
#define PLAIN(fields) LSTM("", "", fields)

// Blobs of one hidden value and one input: the rows of all weights are the gates i, f, o, g.
static ww weights(const float x[4], const float bias[4], const float h[4])
{
    return layer_weights(
        "l", "LSTM",
        (net_blob[]){{"W_x", SHAPE(4, 1), x, 4}, {"b", SHAPE(4), bias, 4}, {"W_h", SHAPE(4, 1), h, 4}, {0}});
}

static const float nothing[4];

// i = 1/2, f = 1, o = 3/4, g = the sign of x. So c goes up and down by 1/2, and h = 3/4 tanh(c).
static ww counter(void)
{
    return weights((const float[]){0, 0, 0, 100}, (const float[]){0, ON, LN3, 0}, nothing);
}

#define H(half) (0.75f * (half)) // of tanh(c)
#define TANH_HALF 0.46211716f
#define TANH_1 0.76159416f
#define TANH_1_HALF 0.90514825f
#define TANH_2 0.96402758f

START_TEST(gates_are_input_forget_output_value)
{
    ww w = counter();
    NET_CHECK(.net = PLAIN("num_output: 1"),
              .in = {{"x", SHAPE(3, 2, 1), VALUES(1, -1, 1, -1, 1, 1)},
                     {"cont", SHAPE(3, 2), VALUES(0, 0, 1, 1, 1, 1)}},
              .out = {{"out", SHAPE(3, 2, 1),
                       VALUES(H(TANH_HALF), H(-TANH_HALF), H(TANH_1), H(-TANH_1), H(TANH_1_HALF),
                              H(-TANH_HALF))}},
              .tolerance = 1e-6, .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

// Two hidden values: each gate has two neighbouring rows.
START_TEST(a_gate_is_a_run_of_rows)
{
    ww w = layer_weights("l", "LSTM",
                         (net_blob[]){{"W_x", SHAPE(8, 1), VALUES(0, 0, 0, 0, 0, 0, 100, -100)},
                                      {"b", SHAPE(8), VALUES(ON, 0, OFF, OFF, ON, LN3, 0, 0)},
                                      {"W_h", SHAPE(8, 2), (const float[16]){0}, 16},
                                      {0}});
    NET_CHECK(.net = PLAIN("num_output: 2"),
              .in = {{"x", SHAPE(1, 1, 1), VALUES(1)}, {"cont", SHAPE(1, 1), VALUES(1)}},
              .out = {{"out", SHAPE(1, 1, 2), VALUES(TANH_1, H(-TANH_HALF))}}, .tolerance = 1e-6,
              .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(cont_0_forgets_for_its_stream_alone)
{
    ww w = counter();
    NET_CHECK(.net = PLAIN("num_output: 1"),
              .in = {{"x", SHAPE(3, 2, 1), VALUES(1, 1, 1, 1, 1, 1)},
                     {"cont", SHAPE(3, 2), VALUES(0, 0, 0, 1, 1, 1)}},
              .out = {{"out", SHAPE(3, 2, 1),
                       VALUES(H(TANH_HALF), H(TANH_HALF), H(TANH_HALF), H(TANH_1), H(TANH_1),
                              H(TANH_1_HALF))}},
              .tolerance = 1e-6, .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(the_hidden_state_goes_through_its_weights)
{
    // i = sigmoid(4 ln3 cont h): the first stream has h = 1/2 and cont = 1/2, so i = 3/4; f = cont.
    // c = 1/2 * 2 + 3/4. The second has cont 0: i = 1/2, f = 0, c = 1/2.
    ww w = weights(nothing, (const float[]){0, ON, ON, ON}, (const float[]){4 * LN3, 0, 0, 0});
    NET_CHECK(.net = LSTM("bottom: 'h0' bottom: 'c0'", "top: 'hT' top: 'cT'",
                          "num_output: 1 expose_hidden: true debug_info: true"),
              .in = {{"x", SHAPE(1, 2, 1), VALUES(0, 0)},
                     {"cont", SHAPE(1, 2), VALUES(0.5, 0)},
                     {"h0", SHAPE(1, 2, 1), VALUES(0.5, 0.5)},
                     {"c0", SHAPE(1, 2, 1), VALUES(2, 2)}},
              .out = {{"out", SHAPE(1, 2, 1), VALUES(0.94137554f, TANH_HALF)},
                      {"hT", SHAPE(1, 2, 1), VALUES(0.94137554f, TANH_HALF)},
                      {"cT", SHAPE(1, 2, 1), VALUES(1.75, 0.5)}},
              .tolerance = 1e-6, .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

// h feeds back from step to step: i = sigmoid(x + k h), all else is on. h[0] = tanh(1/2); with k = ln3 / h[0] the
// second step has i = 3/4: c = 1/2 + 3/4.
START_TEST(the_hidden_state_of_the_step_before_is_used)
{
    ww w = weights(nothing, (const float[]){0, ON, ON, ON}, (const float[]){LN3 / TANH_HALF, 0, 0, 0});
    NET_CHECK(.net = PLAIN("num_output: 1"),
              .in = {{"x", SHAPE(2, 1, 1), VALUES(0, 0)}, {"cont", SHAPE(2, 1), VALUES(0, 1)}},
              .out = {{"out", SHAPE(2, 1, 1), VALUES(TANH_HALF, 0.84828364f)}}, .tolerance = 1e-6,
              .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(a_static_input_adds_to_every_step)
{
    ww w = layer_weights("l", "LSTM",
                         (net_blob[]){{"W_x", SHAPE(4, 1), nothing, 4},
                                      {"b", SHAPE(4), VALUES(0, ON, LN3, 0)},
                                      {"W_static", SHAPE(4, 2), VALUES(0, 0, 0, 0, 0, 0, 100, 50)},
                                      {"W_h", SHAPE(4, 1), nothing, 4},
                                      {0}});
    NET_CHECK(.net = LSTM("bottom: 's'", "", "num_output: 1"),
              .in = {{"x", SHAPE(2, 2, 1), VALUES(0, 0, 0, 0)},
                     {"cont", SHAPE(2, 2), VALUES(0, 0, 1, 1)},
                     {"s", SHAPE(2, 2), VALUES(1, 0, -1, 1)}},
              .out = {{"out", SHAPE(2, 2, 1), VALUES(H(TANH_HALF), H(-TANH_HALF), H(TANH_1), H(-TANH_1))}},
              .tolerance = 1e-6, .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(axes_behind_the_streams_are_one_input)
{
    ww w = layer_weights("l", "LSTM",
                         (net_blob[]){{"W_x", SHAPE(4, 2), VALUES(0, 0, 0, 0, 0, 0, 100, -50)},
                                      {"b", SHAPE(4), VALUES(0, ON, LN3, 0)},
                                      {"W_h", SHAPE(4, 1), nothing, 4},
                                      {0}});
    NET_CHECK(.net = PLAIN("num_output: 1"),
              .in = {{"x", SHAPE(2, 1, 2, 1), VALUES(1, 1, 1, 4)}, {"cont", SHAPE(2, 1), VALUES(0, 1)}},
              .out = {{"out", SHAPE(2, 1, 1), VALUES(H(TANH_HALF), 0)}}, .tolerance = 1e-6, .weights = w.data,
              .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(state_is_kept_from_forward_to_forward)
{
    ww w = counter();
    const net_forward then[] = {
        {.in = {{"x", SHAPE(2, 2, 1), VALUES(1, 1, 1, 1)}},
         .out = {{"out", SHAPE(2, 2, 1), VALUES(H(TANH_1_HALF), H(TANH_HALF), H(TANH_2), H(TANH_1))}}},
        // cont 0 in the first step of one stream
        {.in = {{"cont", SHAPE(2, 2), VALUES(0, 1, 1, 1)}},
         .out = {{"out", SHAPE(2, 2, 1), VALUES(H(TANH_HALF), H(TANH_1_HALF), H(TANH_1), H(TANH_2))}}},
        {.out = {{0}}}};
    NET_CHECK(.net = PLAIN("num_output: 1"),
              .in = {{"x", SHAPE(2, 2, 1), VALUES(1, -1, 1, 1)}, {"cont", SHAPE(2, 2), VALUES(1, 1, 1, 1)}},
              .out = {{"out", SHAPE(2, 2, 1), VALUES(H(TANH_HALF), H(-TANH_HALF), H(TANH_1), H(0))}},
              .then = then, .tolerance = 1e-6, .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

// With h too: i = sigmoid(k h), as above.
START_TEST(both_states_are_kept)
{
    ww w = weights(nothing, (const float[]){0, ON, ON, ON}, (const float[]){LN3 / TANH_HALF, 0, 0, 0});
    const net_forward then[] = {{.out = {{"out", SHAPE(1, 1, 1), VALUES(0.84828364f)}}}, {.out = {{0}}}};
    NET_CHECK(.net = PLAIN("num_output: 1"),
              .in = {{"x", SHAPE(1, 1, 1), VALUES(0)}, {"cont", SHAPE(1, 1), VALUES(1)}},
              .out = {{"out", SHAPE(1, 1, 1), VALUES(TANH_HALF)}}, .then = then, .tolerance = 1e-6,
              .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(a_reset_forgets)
{
    ww w = counter();
    const net_blob first = {"out", SHAPE(2, 1, 1), VALUES(H(TANH_HALF), H(TANH_1))};
    const net_blob next = {"out", SHAPE(2, 1, 1), VALUES(H(TANH_1_HALF), H(TANH_2))};
    const net_forward then[] = {
        {.out = {next}}, {.reset = true, .out = {first}}, {.out = {next}}, {.out = {{0}}}};
    NET_CHECK(.net = PLAIN("num_output: 1"),
              .in = {{"x", SHAPE(2, 1, 1), VALUES(1, 1)}, {"cont", SHAPE(2, 1), VALUES(1, 1)}},
              .out = {first}, .then = then, .tolerance = 1e-6, .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

// Each layer of a net has a state of its own.
START_TEST(two_layers_remember_each_for_itself)
{
    ww w = {0};
    ww_net(&w, "net");
    for (int i = 0; i < 2; i++) {
        ww_layer(&w, i ? "m" : "l", "LSTM");
        ww_blob(&w, 2, (int64_t[]){4, 1}, (float[]){0, 0, 0, 100});
        ww_blob(&w, 1, (int64_t[]){4}, (float[]){i ? ON : 0, ON, LN3, 0});
        ww_blob(&w, 2, (int64_t[]){4, 1}, nothing);
    }
    ww_done(&w);
    const net_forward then[] = {
        {.out = {{"out", SHAPE(1, 1, 1), VALUES(H(TANH_1))}, {"more", SHAPE(1, 1, 1), VALUES(H(TANH_2))}}},
        {.out = {{0}}}};
    NET_CHECK(.net = PLAIN("num_output: 1") "layer { name: 'm' type: 'LSTM' bottom: 'x' bottom: 'cont' top: "
                                            "'more' recurrent_param { num_output: 1 } }",
              .in = {{"x", SHAPE(1, 1, 1), VALUES(1)}, {"cont", SHAPE(1, 1), VALUES(1)}},
              .out = {{"out", SHAPE(1, 1, 1), VALUES(H(TANH_HALF))},
                      {"more", SHAPE(1, 1, 1), VALUES(H(TANH_1))}},
              .then = then, .tolerance = 1e-6, .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(an_exposed_state_is_not_kept)
{
    ww w = counter();
    const net_blob out = {"out", SHAPE(1, 1, 1), VALUES(H(TANH_1_HALF))};
    const net_blob c = {"cT", SHAPE(1, 1, 1), VALUES(1.5)};
    NET_CHECK(.net = LSTM("bottom: 'h0' bottom: 'c0'", "top: 'hT' top: 'cT'",
                          "num_output: 1 expose_hidden: true"),
              .in = {{"x", SHAPE(1, 1, 1), VALUES(1)},
                     {"cont", SHAPE(1, 1), VALUES(1)},
                     {"h0", SHAPE(1, 1, 1), VALUES(0)},
                     {"c0", SHAPE(1, 1, 1), VALUES(1)}},
              .out = {out, c}, .then = (const net_forward[]){{.out = {out, c}}, {.out = {{0}}}},
              .tolerance = 1e-6, .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

// More hidden values than one item of work has; fillers, whose defaults are 0.
START_TEST(many_hidden_values)
{
    enum { HIDDEN = 1100 };
    static float out[2 * HIDDEN];
    for (int i = 0; i < 2 * HIDDEN; i++)
        out[i] = i < HIDDEN ? 0.36960635f : 0.54534608f; // all gates are sigmoid(1), the value is tanh(1)
    NET_CHECK(.net = PLAIN("num_output: 1100 bias_filler { value: 1 }"),
              .in = {{"x", SHAPE(2, 1, 1), VALUES(3, 4)}, {"cont", SHAPE(2, 1), VALUES(0, 1)}},
              .out = {{"out", SHAPE(2, 1, HIDDEN), out, 2 * HIDDEN}}, .tolerance = 1e-6);
}
END_TEST

START_TEST(no_streams_at_all)
{
    NET_CHECK(.net = PLAIN("num_output: 2"),
              .in = {{"x", SHAPE(3, 0, 4), NO_VALUES}, {"cont", SHAPE(3, 0), NO_VALUES}},
              .out = {{"out", SHAPE(3, 0, 2), NO_VALUES}});
}
END_TEST

#define X                              \
    {                                  \
        "x", SHAPE(3, 2, 4), NO_VALUES \
    }
#define CONT                           \
    {                                  \
        "cont", SHAPE(3, 2), NO_VALUES \
    }

START_TEST(wrong_fields)
{
    NET_FAILS("layer \"l\" (LSTM): num_output must be given, and at least 1", .net = PLAIN("num_output: @0"),
              .in = {X, CONT});
    NET_FAILS("num_output must be given, and at least 1",
              .net = "@layer { name: 'l' type: 'LSTM' bottom: 'x' bottom: 'cont' top: 'out' }",
              .in = {X, CONT});
    NET_FAILS("num_output 4294967295 makes the products too large", .net = PLAIN("num_output: @4294967295"),
              .in = {X, CONT});
}
END_TEST

START_TEST(wrong_numbers_of_bottoms_and_tops)
{
    NET_FAILS("without expose_hidden it takes 2 bottoms, or 3 with a static input; it has 4",
              .net = "layer { name: 'l' type: 'LSTM' bottom: @'x' bottom: 'cont' bottom: 'x' bottom: 'x' "
                     "top: 'out' recurrent_param { num_output: 1 } }",
              .in = {X, CONT});
    NET_FAILS("with expose_hidden it takes 4 bottoms, or 5 with a static input; it has 2",
              .net = "layer { name: 'l' type: 'LSTM' bottom: @'x' bottom: 'cont' top: 'out' recurrent_param "
                     "{ num_output: 1 expose_hidden: true } }",
              .in = {X, CONT});
    NET_FAILS("without expose_hidden it makes 1 top, not 3",
              .net =
                  "layer { name: 'l' type: 'LSTM' bottom: 'x' bottom: 'cont' top: @'out' top: 'a' top: 'b' "
                  "recurrent_param { num_output: 1 } }",
              .in = {X, CONT});
}
END_TEST

START_TEST(wrong_shapes)
{
    NET_FAILS("bottom \"x\" (3x2) must be steps x streams x inputs, with at least 1 step",
              .net = "layer { name: 'l' type: 'LSTM' bottom: @'x' bottom: 'cont' top: 'out' recurrent_param "
                     "{ num_output: 1 } }",
              .in = {{"x", SHAPE(3, 2), NO_VALUES}, CONT});
    NET_FAILS("bottom \"x\" (0x2x4) must be steps x streams x inputs, with at least 1 step",
              .net = PLAIN("num_output: 1"),
              .in = {{"x", SHAPE(0, 2, 4), NO_VALUES}, {"cont", SHAPE(0, 2), NO_VALUES}});
    NET_FAILS("bottom \"cont\" (2x3) must be 3x2: steps x streams of bottom \"x\"",
              .net = "layer { name: 'l' type: 'LSTM' bottom: 'x' bottom: @'cont' top: 'out' recurrent_param "
                     "{ num_output: 1 } }",
              .in = {X, {"cont", SHAPE(2, 3), NO_VALUES}});
    NET_FAILS("bottom \"s\" (3x2) must be streams x inputs, and there are 2 streams",
              .net = "layer { name: 'l' type: 'LSTM' bottom: 'x' bottom: 'cont' bottom: @'s' top: 'out' "
                     "recurrent_param { num_output: 1 } }",
              .in = {X, CONT, {"s", SHAPE(3, 2), NO_VALUES}});
    NET_FAILS("bottom \"c\" (1x2x4) must be 1x2x5: one step, the streams, num_output",
              .net =
                  "layer { name: 'l' type: 'LSTM' bottom: 'x' bottom: 'cont' bottom: 'h' bottom: @'c' top: "
                  "'out' top: 'hT' top: 'cT' recurrent_param { num_output: 5 expose_hidden: true } }",
              .in = {X, CONT, {"h", SHAPE(1, 2, 5), NO_VALUES}, {"c", SHAPE(1, 2, 4), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/lstm", gates_are_input_forget_output_value, a_gate_is_a_run_of_rows,
          cont_0_forgets_for_its_stream_alone, the_hidden_state_goes_through_its_weights,
          the_hidden_state_of_the_step_before_is_used, a_static_input_adds_to_every_step,
          axes_behind_the_streams_are_one_input, state_is_kept_from_forward_to_forward, both_states_are_kept,
          a_reset_forgets, two_layers_remember_each_for_itself, an_exposed_state_is_not_kept,
          many_hidden_values, no_streams_at_all, wrong_fields, wrong_numbers_of_bottoms_and_tops,
          wrong_shapes)
