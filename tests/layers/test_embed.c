#include "tests/support/layer_weights.h"
#include "tests/test.h"

#include <math.h>

#define EMBED(fields) "layer { name: 'e' type: 'Embed' bottom: 'x' top: 'out' embed_param { " fields " } }"

START_TEST(rows_of_the_weights)
{
    ww w = layer_weights("e", "Embed",
                         (net_blob[]){{"weights", SHAPE(3, 2), VALUES(1, 2, 3, 4, 5, 6)},
                                      {"bias", SHAPE(2), VALUES(10, 20)},
                                      {0}});
    NET_CHECK(.net = EMBED("input_dim: 3 num_output: 2"),
              .in = {{"x", SHAPE(2, 2), VALUES(0, 2, 1.7f, -0.3f)}},
              .out = {{"out", SHAPE(2, 2, 2), VALUES(11, 22, 15, 26, 13, 24, 11, 22)}}, .weights = w.data,
              .weights_size = w.size);
    NET_FAILS("index 3 (value 2 of bottom \"x\") is none of the 3 rows of the weights",
              .net = "layer { name: 'e' type: 'Embed' bottom: @'x' top: 'out' embed_param { input_dim: 3 "
                     "num_output: 2 } }",
              .in = {{"x", SHAPE(3), VALUES(0, 2, 3)}}, .when_run = true);
    NET_FAILS("index -1", .net = EMBED("input_dim: 3 num_output: 2"), .in = {{"x", SHAPE(1), VALUES(-1)}},
              .when_run = true);
    NET_FAILS("index nan", .net = EMBED("input_dim: 3 num_output: 2"), .in = {{"x", SHAPE(1), VALUES(NAN)}},
              .when_run = true);
    ww_free(&w);
}
END_TEST

START_TEST(without_a_bias)
{
    ww w = layer_weights("e", "Embed", (net_blob[]){{"weights", SHAPE(2, 1), VALUES(7, 8)}, {0}});
    NET_CHECK(.net = EMBED("input_dim: 2 num_output: 1 bias_term: false"), .in = {{"x", SCALAR, VALUES(1)}},
              .out = {{"out", SHAPE(1), VALUES(8)}}, .weights = w.data, .weights_size = w.size);
    ww_free(&w);
}
END_TEST

START_TEST(many_rows)
{
    enum { N = 5000, C = 7 };
    static float x[N], out[N * C];
    for (int i = 0; i < N; i++)
        x[i] = (float)(i * 31 % 100);
    for (int i = 0; i < N * C; i++)
        out[i] = 3;
    NET_CHECK(.net =
                  EMBED("input_dim: 100 num_output: 7 weight_filler { value: 2 } bias_filler { value: 1 }"),
              .in = {{"x", SHAPE(N), x, N}}, .out = {{"out", SHAPE(N, C), out, N * C}});
}
END_TEST

START_TEST(wrong_fields)
{
#define X {"x", SHAPE(2), NO_VALUES}
    NET_FAILS("num_output is not given", .net = EMBED("input_dim: 3"), .in = {X});
    NET_FAILS("input_dim is not given", .net = EMBED("num_output: 3"), .in = {X});
    NET_FAILS("num_output 0 is out of range", .net = EMBED("input_dim: 3 num_output: @0"), .in = {X});
    NET_FAILS("input_dim 0 is out of range", .net = EMBED("input_dim: @0 num_output: 3"), .in = {X});
    NET_FAILS("input_dim 4294967295 is out of range", .net = EMBED("input_dim: @4294967295 num_output: 3"),
              .in = {X});
    NET_FAILS("has 8 axes", .net = EMBED("input_dim: 3 num_output: 3"),
              .in = {{"x", SHAPE(1, 1, 1, 1, 1, 1, 1, 1), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/embed", rows_of_the_weights, without_a_bias, many_rows, wrong_fields)
