/*
 * What is taken shows in a layer's implementation, "in conv1"; what is computed must be what an exact plan, in which
 * nothing is taken, computes.
 */
#include "crema.h"
#include "tests/support/random_net.h"
#include "tests/support/wire_writer.h"
#include "tests/test.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { RELATIVE = 100000 }; // one part in so many

typedef struct net {
    crema_context *context;
    crema_net *net;
    crema_runner *runner;
} net;

typedef struct how {
    crema_file *weights; // or NULL
    const char *conv_algorithm;
    const char *keep;
    int exact, threads;
} how;

static net open_net(const char *text, how h)
{
    net n;
    crema_error err;
    crema_context_options c = {.struct_size = sizeof c, .exact = h.exact, .conv_algorithm = h.conv_algorithm};
    n.context = crema_context_create(&c, &err);
    crema_net_options o = {.struct_size = sizeof o, .allow_missing = 1, .seed = 3};
    o.net = (crema_file){"net.prototxt", text, strlen(text)};
    o.weights = h.weights;
    o.n_weights = h.weights != NULL;
    n.net = crema_net_load(n.context, &o, &err);
    ck_assert_msg(n.net != NULL, "%s in\n%s", err.message, text);
    crema_runner_options r = {.struct_size = sizeof r, .threads = h.threads ? h.threads : 1};
    r.keep = &h.keep;
    r.n_keep = h.keep != NULL;
    n.runner = crema_runner_create(n.net, &r, &err);
    ck_assert_msg(n.runner != NULL, "%s in\n%s", err.message, text);
    return n;
}

static void close_net(net *n)
{
    crema_runner_free(n->runner);
    crema_net_free(n->net);
    crema_context_free(n->context);
}

static int64_t count(const crema_blob *blob)
{
    int64_t all = 1;
    for (int i = 0; i < blob->shape.rank; i++)
        all *= blob->shape.dim[i];
    return all;
}

static void run_net(const net *n)
{
    crema_error err;
    for (int i = 0; i < crema_net_n_inputs(n->net); i++) {
        crema_blob blob;
        ck_assert_int_eq(crema_runner_input(n->runner, crema_net_input(n->net, i, NULL), &blob, &err),
                         CREMA_OK);
        for (int64_t j = 0; j < count(&blob); j++)
            blob.data[j] = (float)((j * 37 + i * 11) % 101) / 50.0f - 1.0f;
    }
    ck_assert_msg(crema_runner_forward(n->runner, &err) == CREMA_OK, "%s", err.message);
}

static void compare_outputs(const net *a, const net *b, const char *text)
{
    for (int i = 0; i < crema_net_n_outputs(a->net); i++) {
        crema_blob x, y;
        const char *name = crema_net_output(a->net, i);
        ck_assert_int_eq(crema_runner_blob(a->runner, name, &x, NULL), CREMA_OK);
        ck_assert_int_eq(crema_runner_blob(b->runner, name, &y, NULL), CREMA_OK);
        double squares = 0;
        for (int64_t j = 0; j < count(&x); j++)
            squares += (double)y.data[j] * y.data[j];
        double rms = sqrt(squares / (double)count(&x));
        for (int64_t j = 0; j < count(&x); j++) {
            double size = fabs((double)y.data[j]) > rms ? fabs((double)y.data[j]) : rms;
            ck_assert_msg(fabs((double)x.data[j] - y.data[j]) <= size / RELATIVE,
                          "%s[%lld] is %g, not %g in\n%s", name, (long long)j, (double)x.data[j],
                          (double)y.data[j], text);
        }
    }
}

static void check_same(const char *text, how h)
{
    how exact = h;
    exact.exact = 1;
    net a = open_net(text, h), b = open_net(text, exact);
    run_net(&a), run_net(&a); // what is left from the first run must not show
    run_net(&b);
    compare_outputs(&a, &b, text);
    close_net(&a), close_net(&b);
}

static const char *implementation(const char *text, const char *layer, how h)
{
    static char name[80];
    net n = open_net(text, h);
    crema_step_info info;
    name[0] = 0;
    for (int i = 0; crema_runner_step(n.runner, i, &info) == CREMA_OK; i++)
        if (strcmp(info.layer, layer) == 0)
            snprintf(name, sizeof name, "%s", info.implementation);
    close_net(&n);
    return name;
}

// The layers of `taken` (with spaces between) are part of the layer `head`, and nothing changes by it.
static void check_taken(const char *text, const char *head, const char *taken, how h)
{
    char list[200], expected[80];
    snprintf(list, sizeof list, "%s", taken);
    snprintf(expected, sizeof expected, "in %s", head);
    for (char *rest = list, *layer; (layer = strtok_r(rest, " ", &rest)) != NULL;)
        ck_assert_msg(strcmp(implementation(text, layer, h), expected) == 0,
                      "%s is \"%s\", not \"%s\" in\n%s", layer, implementation(text, layer, h), expected,
                      text);
    check_same(text, h);
}

static void check_not_taken(const char *text, const char *layer, how h)
{
    ck_assert_msg(strncmp(implementation(text, layer, h), "in ", 3) != 0, "%s was taken in\n%s", layer, text);
    check_same(text, h);
}

#define INPUT(dims) "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { " dims " } } }\n"
#define X INPUT("dim: 2 dim: 4 dim: 7 dim: 5")
#define FILLERS "weight_filler { type: 'gaussian' std: 0.3 } bias_filler { type: 'gaussian' std: 0.5 }"
#define CONV_WITH(name, in, out, fields)                                                                \
    "layer { name: '" name "' type: 'Convolution' bottom: '" in "' top: '" out "' convolution_param { " \
    "num_output: 6 " FILLERS " " fields " } }\n"
#define CONV(name, in, out) CONV_WITH(name, in, out, "kernel_size: 3 pad: 1")
#define LAYER(name, type, in, out, fields) \
    "layer { name: '" name "' type: '" type "' bottom: '" in "' top: '" out "' " fields " }\n"

#define RELU(name, in, out) LAYER(name, "ReLU", in, out, "")

/* ---- activations ---- */

START_TEST(a_convolution_takes_each_activation)
{
    static const char *const activation[] = {
        LAYER("a", "ReLU", "c", "a", ""),
        LAYER("a", "ReLU", "c", "c", "relu_param { negative_slope: 0.1 }"),
        LAYER("a", "PReLU", "c", "a", "prelu_param { filler { type: 'uniform' min: -1 max: 1 } }"),
        LAYER("a", "PReLU", "c", "a",
              "prelu_param { channel_shared: true filler { type: 'constant' value: 0.3 } }"),
        LAYER("a", "ReLU6", "c", "a", ""),
        LAYER("a", "Clip", "c", "a", "clip_param { min: -0.3 max: 0.7 }"),
        LAYER("a", "Sigmoid", "c", "a", ""),
        LAYER("a", "Swish", "c", "a", "swish_param { beta: 1.5 }"),
        LAYER("a", "HardSwish", "c", "a", ""),
    };
    static const char *const conv[] = {
        CONV("c", "x", "c"),
        CONV_WITH("c", "x", "c", "kernel_size: 1"),
        CONV_WITH("c", "x", "c", "kernel_size: 3 group: 2 stride: 2"),
        CONV_WITH("c", "x", "c", "kernel_h: 7 kernel_w: 5"),
        CONV_WITH("c", "x", "c", "kernel_size: 3 pad: 1 pad_mode: PARTIAL"),
        "layer { name: 'c' type: 'DepthwiseConvolution' bottom: 'x' top: 'c' convolution_param { "
        "kernel_size: 3 "
        "pad: 1 " FILLERS " } }\n",
        "layer { name: 'c' type: 'InnerProduct' bottom: 'x' top: 'c' inner_product_param { num_output: "
        "21 " FILLERS " } }\n",
    };
    for (size_t i = 0; i < sizeof activation / sizeof *activation; i++)
        for (size_t j = 0; j < sizeof conv / sizeof *conv; j++) {
            char text[2000];
            snprintf(text, sizeof text, X "%s%s", conv[j], activation[i]);
            check_taken(text, "c", "a", (how){.threads = 2});
            if (strstr(text, "Convolution'"))
                check_taken(text, "c", "a", (how){.conv_algorithm = "im2col"});
        }
}
END_TEST

START_TEST(a_wide_convolution_takes_them_in_winograd)
{
    const char *text = INPUT("dim: 1 dim: 16 dim: 13 dim: 11") //
        "layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'c' convolution_param { num_output: 18 "
        "kernel_size: 3 pad: 1 " FILLERS " } }\n" LAYER("a", "Swish", "c", "a", "");
    ck_assert_str_eq(implementation(text, "c", (how){0}), "winograd");
    check_taken(text, "c", "a", (how){0});
}
END_TEST

START_TEST(what_is_no_plain_clip_is_not_taken)
{
    check_not_taken(X CONV("c", "x", "c")
                        LAYER("a", "ReLU6", "c", "a", "relu6_param { negative_slope: 0.1 }"),
                    "a", (how){0});
    check_not_taken(X CONV("c", "x", "c") LAYER("a", "Clip", "c", "a", "clip_param { min: 1 max: 0 }"), "a",
                    (how){0});
    check_not_taken(X CONV("c", "x", "c") LAYER("a", "ELU", "c", "a", ""), "a", (how){0});
}
END_TEST

/* ---- sums ---- */

#define SUM_WITH(name, a, b, out, fields)                                                 \
    "layer { name: '" name "' type: 'Eltwise' bottom: '" a "' bottom: '" b "' top: '" out \
    "' eltwise_param { " fields " } }\n"
#define SUM(name, a, b, out) SUM_WITH(name, a, b, out, "")

START_TEST(the_later_of_two_convolutions_takes_their_sum)
{
    check_taken(X CONV("c", "x", "c") CONV("d", "x", "d") SUM("s", "c", "d", "s") RELU("a", "s", "a"), "d",
                "s a", (how){.threads = 2});
    check_taken(X CONV("c", "x", "c") CONV("d", "x", "d") SUM("s", "d", "c", "s") RELU("a", "s", "s"), "d",
                "s a", (how){.conv_algorithm = "im2col"});
    // An operand that is made behind the step's own place.
    check_taken(X CONV("c", "x", "c") LAYER("t", "TanH", "x", "t", "")
                    CONV_WITH("d", "t", "d", "kernel_size: 1") LAYER("e", "ELU", "d", "e", "")
                        SUM_WITH("s", "e", "c", "s", "coeff: 1 coeff: 1"),
                "c", "s", (how){0});
    // Between an input, which is never overwritten, and a convolution; read once more later.
    check_taken(INPUT("dim: 2 dim: 6 dim: 4 dim: 4") CONV("c", "x", "c") SUM("s", "x", "c", "s")
                    CONV("d", "s", "d") SUM("u", "d", "s", "u") RELU("a", "u", "a"),
                "d", "u a", (how){0});
    check_taken(
        X "layer { name: 'c' type: 'InnerProduct' bottom: 'x' top: 'c' inner_product_param { num_output: "
          "3 " FILLERS " } }\n"
          "layer { name: 'd' type: 'InnerProduct' bottom: 'x' top: 'd' inner_product_param { num_output: "
          "3 " FILLERS " } }\n" SUM("s", "c", "d", "s") RELU("a", "s", "a"),
        "d", "s a", (how){0});
}
END_TEST

START_TEST(only_a_plain_sum_of_two_is_taken)
{
#define TWO X CONV("c", "x", "c") CONV("d", "x", "d")
    check_not_taken(TWO SUM_WITH("s", "c", "d", "s", "coeff: 1 coeff: -1"), "s", (how){0});
    check_not_taken(TWO SUM_WITH("s", "c", "d", "s", "operation: PROD"), "s", (how){0});
    check_not_taken(TWO SUM_WITH("s", "c", "d", "s", "operation: MAX"), "s", (how){0});
    check_not_taken(X CONV("c", "x", "c") SUM("s", "c", "c", "s"), "s", (how){0});
    check_not_taken(TWO "layer { name: 's' type: 'Eltwise' bottom: 'c' bottom: 'd' bottom: 'd' top: 's' }\n",
                    "s", (how){0});
}
END_TEST

START_TEST(a_sum_before_another_and_an_activation_before_a_sum_stay)
{
    const char *text = X CONV("c", "x", "c") RELU("a", "c", "a") CONV("d", "x", "d")
        LAYER("t", "TanH", "d", "t", "") SUM("s", "a", "t", "s") SUM("u", "s", "d", "u");
    check_not_taken(text, "s", (how){0});
    check_not_taken(text, "u", (how){0});
}
END_TEST

START_TEST(a_sum_that_no_convolution_takes_takes_its_activation)
{
    check_taken(X LAYER("t", "TanH", "x", "t", "") SUM("s", "x", "t", "s") LAYER("a", "PReLU", "s", "a", ""),
                "s", "a", (how){.threads = 2});
    check_taken(INPUT("dim: 2 dim: 1 dim: 150 dim: 151") LAYER("t", "TanH", "x", "t", "")
                    SUM("s", "x", "t", "s") RELU("a", "s", "a"),
                "s", "a", (how){.threads = 2});
    check_taken(X SUM("s", "x", "x", "s") RELU("a", "s", "a"), "s", "a", (how){0});
    check_not_taken(X LAYER("t", "TanH", "x", "t", "") SUM_WITH("s", "x", "t", "s", "operation: MAX")
                        RELU("a", "s", "a"),
                    "a", (how){0});
}
END_TEST

static size_t activation_bytes(const char *text, how h)
{
    net n = open_net(text, h);
    crema_memory_info info;
    crema_runner_memory(n.runner, &info);
    close_net(&n);
    return info.activation_bytes;
}

// The sum takes the place of its operand, even where an algorithm is done with its own sums before.
START_TEST(a_sum_overwrites_the_operand_that_nobody_reads_later)
{
    enum { BLOB = 6 * 8 * 8 * sizeof(float), BEHIND = 64 };
#define SIX INPUT("dim: 1 dim: 6 dim: 8 dim: 8") CONV("c", "x", "c") CONV("d", "x", "d")
    const char *text = SIX SUM("s", "c", "d", "s") LAYER("a", "Swish", "s", "a", "");
    check_taken(text, "d", "s a", (how){0});
    check_same(text, (how){.conv_algorithm = "im2col"});
    ck_assert_uint_eq(activation_bytes(text, (how){0}), BLOB + BEHIND);
    // Somebody does; the operand is an input of the net, or of the step.
    const char *later = SIX SUM("s", "c", "d", "s") SUM("t", "c", "s", "t");
    check_same(later, (how){0});
    ck_assert_uint_eq(activation_bytes(later, (how){0}), 2 * BLOB + BEHIND);
    const char *input = INPUT("dim: 1 dim: 6 dim: 8 dim: 8") CONV("c", "x", "c") SUM("s", "x", "c", "s");
    ck_assert_uint_eq(activation_bytes(input, (how){0}), BLOB + BEHIND);
    check_same(input, (how){0});
    const char *own = INPUT("dim: 1 dim: 6 dim: 60 dim: 60") CONV("c", "x", "c") CONV("d", "c", "d")
        SUM("s", "c", "d", "s");
    ck_assert_uint_eq(activation_bytes(own, (how){0}), 2 * 6 * 60 * 60 * sizeof(float) + BEHIND);
    check_taken(own, "d", "s", (how){0});
    check_same(INPUT("dim: 3 dim: 4 dim: 2 dim: 2") LAYER("y", "TanH", "x", "y", "")
                   CONV_WITH("c", "x", "c", "kernel_size: 2") CONV_WITH("d", "y", "d", "kernel_size: 2")
                       SUM("s", "c", "d", "s"),
               (how){0});
}
END_TEST

START_TEST(winograd_adds_before_an_exponential)
{
    const char *text = INPUT("dim: 1 dim: 16 dim: 13 dim: 11") LAYER("y", "TanH", "x", "y", "") //
        "layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'c' convolution_param { num_output: 16 "
        "kernel_size: 3 pad: 1 " FILLERS " } }\n" SUM("s", "c", "y", "s") LAYER("a", "Sigmoid", "s", "a", "");
    ck_assert_str_eq(implementation(text, "c", (how){0}), "winograd");
    check_taken(text, "c", "s a", (how){.threads = 2});
}
END_TEST

/* ---- scales and shifts ---- */

// Statistics of BatchNorm layers a, b, ... for `channels`; the rest is filled.
static crema_file statistics(ww *w, const char *layers, int channels)
{
    float mean[64], variance[64];
    ww_net(w, "net");
    for (const char *l = layers; *l; l++) {
        for (int c = 0; c < channels; c++) {
            mean[c] = (float)((c * 7 + *l) % 11) / 4 - 1;
            variance[c] = (float)((c * 5 + *l) % 13) / 6 + 0.1f;
        }
        ww_layer(w, (char[]){*l, 0}, "BatchNorm");
        ww_blob(w, 1, (int64_t[]){channels}, mean);
        ww_blob(w, 1, (int64_t[]){channels}, variance);
        ww_blob(w, 1, (int64_t[]){1}, (float[]){2});
    }
    return ww_file(w);
}

#define BN(name, in, out) LAYER(name, "BatchNorm", in, out, "")
#define SCALE(name, in, out)                                                                             \
    LAYER(name, "Scale", in, out,                                                                        \
          "scale_param { bias_term: true filler { type: 'uniform' min: -1 max: 2 } bias_filler { type: " \
          "'gaussian' } }")
#define BIAS(name, in, out) LAYER(name, "Bias", in, out, "bias_param { filler { type: 'gaussian' } }")

static const char *const folding[] = {
    CONV("c", "x", "c"),
    CONV_WITH("c", "x", "c", "kernel_size: 3 bias_term: false"),
    CONV_WITH("c", "x", "c", "kernel_size: 1"),
    CONV_WITH("c", "x", "c", "kernel_size: 3 group: 2 stride: 2"),
    CONV_WITH("c", "x", "c", "kernel_h: 7 kernel_w: 5"),
    CONV_WITH("c", "x", "c", "kernel_size: 3 pad: 1 pad_mode: PARTIAL"),
    CONV_WITH("c", "x", "c", "kernel_size: 3 pad: 1 pad_mode: MEAN_REFLECT"),
    "layer { name: 'c' type: 'DepthwiseConvolution' bottom: 'x' top: 'c' convolution_param { kernel_size: 3 "
    "pad: 1 "
    "channel_multiplier: 3 " FILLERS " } }\n",
    "layer { name: 'c' type: 'InnerProduct' bottom: 'x' top: 'c' inner_product_param { num_output: 6 " FILLERS
    " } }\n",
    "layer { name: 'c' type: 'InnerProduct' bottom: 'x' top: 'c' inner_product_param { num_output: 6 "
    "bias_term: false "
    "weight_filler { type: 'gaussian' std: 0.1 } } }\n",
};

START_TEST(what_is_done_by_channel_goes_into_the_weights)
{
    ww w = {0};
    crema_file file = statistics(&w, "b", 6);
    for (size_t i = 0; i < sizeof folding / sizeof *folding; i++)
        for (int images = 1; images <= 2; images++) {
            char text[2000];
            snprintf(
                text, sizeof text, "%s%s%s",
                images == 1 ? INPUT("dim: 1 dim: 2 dim: 7 dim: 5") : INPUT("dim: 2 dim: 2 dim: 7 dim: 5"),
                folding[i], BN("b", "c", "b") SCALE("s", "b", "s") BIAS("d", "s", "d") RELU("a", "d", "a"));
            check_taken(text, "c", "b s d a", (how){.weights = &file, .threads = 2});
            if (strstr(text, "'Convolution'"))
                check_taken(text, "c", "b s d a", (how){.weights = &file, .conv_algorithm = "im2col"});
        }
    ww_free(&w);
}
END_TEST

START_TEST(weights_of_winograd_are_folded_too)
{
    ww w = {0};
    crema_file file = statistics(&w, "b", 18);
    const char *text = INPUT("dim: 1 dim: 32 dim: 13 dim: 11") //
        "layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'c' convolution_param { num_output: 36 "
        "group: 2 "
        "kernel_size: 3 pad: 1 " FILLERS " } }\n" SCALE("s", "c", "s") RELU("a", "s", "a");
    ck_assert_str_eq(implementation(text, "c", (how){0}), "winograd");
    check_taken(text, "c", "s a", (how){.weights = &file});
    ww_free(&w);
}
END_TEST

START_TEST(all_of_a_residual_block_is_its_convolutions)
{
    ww w = {0};
    crema_file file = statistics(&w, "pqr", 6);
    const char *text = X CONV("c", "x", "c") BN("p", "c", "c") SCALE("ps", "c", "c") CONV("d", "x", "d")
        BN("q", "d", "d") SCALE("qs", "d", "d") RELU("a", "d", "d") CONV("e", "d", "e") BN("r", "e", "e")
            SCALE("rs", "e", "e") SUM("sum", "c", "e", "sum") RELU("b", "sum", "sum");
    how h = {.weights = &file, .threads = 2};
    check_taken(text, "c", "p ps", h);
    check_taken(text, "d", "q qs a", h);
    check_taken(text, "e", "r rs sum b", h);
    h.keep = "e"; // what rs makes; the other convolution then takes the sum
    check_taken(text, "e", "r rs", h);
    check_taken(text, "c", "p ps sum b", h);
    ww_free(&w);
}
END_TEST

START_TEST(without_a_convolution_they_are_one_step)
{
    ww w = {0};
    crema_file file = statistics(&w, "bc", 4);
    how h = {.weights = &file, .threads = 2};
    check_taken(X BN("b", "x", "b") SCALE("s", "b", "s") RELU("a", "s", "a") CONV("c", "a", "c"), "b", "s a",
                h);
    ck_assert_str_eq(implementation(X BN("b", "x", "b"), "b", h), "affine");
    check_same(X BN("b", "x", "b"), h);
    // A second one behind an activation, and a sum before it.
    check_taken(X BN("b", "x", "b") RELU("a", "b", "a") BN("c", "a", "c") SUM("s", "c", "x", "s"), "c", "s",
                h);
    check_taken(X BN("b", "x", "b") BN("c", "b", "c") SUM("s", "c", "x", "s")
                    LAYER("a", "PReLU", "s", "a", ""),
                "b", "c s a", h);
    check_not_taken(X LAYER("t", "TanH", "x", "t", "") SUM("s", "t", "x", "s") SCALE("e", "s", "e"), "e", h);
    ww_free(&w);
}
END_TEST

START_TEST(nothing_is_lost_near_a_large_mean)
{
    ww w = {0};
    ww_net(&w, "net");
    ww_layer(&w, "b", "BatchNorm");
    ww_blob(&w, 1, (int64_t[]){2}, (float[]){1000.25f, -3e6f});
    ww_blob(&w, 1, (int64_t[]){2}, (float[]){1e-4f, 4});
    ww_blob(&w, 1, (int64_t[]){1}, (float[]){1});
    crema_file file = ww_file(&w);
    check_taken(
        INPUT(
            "dim: 1 dim: 2 dim: 3 dim: 3") "layer { name: 'm' type: 'Power' bottom: 'x' top: 'm' power_param "
                                           "{ scale: 0.02 shift: 1000.25 } }\n" BN("b", "m", "b")
                                               SCALE("s", "b", "s"),
        "b", "s", (how){.weights = &file});
    ww_free(&w);
}
END_TEST

START_TEST(what_is_not_by_channel_stays)
{
#define TOP X CONV("c", "x", "c")
    check_taken(TOP LAYER("s", "Scale", "c", "s", "scale_param { axis: -3 filler { type: 'gaussian' } }"),
                "c", "s", (how){0});
    check_taken(TOP LAYER("s", "Scale", "c", "s", "scale_param { num_axes: 0 filler { type: 'gaussian' } }"),
                "c", "s", (how){0});
    check_taken(TOP LAYER("s", "Bias", "c", "s", "bias_param { num_axes: 0 filler { type: 'gaussian' } }"),
                "c", "s", (how){0});
    check_not_taken(TOP LAYER("s", "Scale", "c", "s", "scale_param { axis: 2 filler { type: 'gaussian' } }"),
                    "s", (how){0});
    check_not_taken(
        TOP LAYER("s", "Scale", "c", "s", "scale_param { num_axes: 2 filler { type: 'gaussian' } }"), "s",
        (how){0});
    check_not_taken(
        TOP LAYER("s", "Bias", "c", "s", "bias_param { num_axes: -1 filler { type: 'gaussian' } }"), "s",
        (how){0});
    check_not_taken(TOP LAYER("t", "TanH", "c", "t", "")
                        LAYER("s", "Scale", "c", "s", "bottom: 't' scale_param { axis: 0 }"),
                    "s", (how){0});
    check_not_taken(TOP LAYER("b", "BatchNorm", "c", "b", "batch_norm_param { use_global_stats: false }"),
                    "b", (how){0});
    check_not_taken(TOP LAYER("b", "BN", "c", "b", "bn_param { scale_filler { type: 'constant' value: 1 } }"),
                    "b", (how){0});
    check_taken(
        TOP LAYER("b", "BN", "c", "b",
                  "bn_param { bn_mode: INFERENCE scale_filler { type: 'gaussian' } shift_filler { type: "
                  "'gaussian' } }"),
        "c", "b", (how){0});
}
END_TEST

START_TEST(windows_with_nothing_inside_give_0_before_a_shift)
{
    const char *empty = X CONV_WITH("c", "x", "c", "kernel_size: 1 pad: 1 pad_mode: PARTIAL")
        SCALE("s", "c", "s") RELU("a", "s", "a");
    check_not_taken(empty, "s", (how){0});
    check_taken(empty, "s", "a", (how){0});
    check_taken(X CONV_WITH("c", "x", "c", "kernel_size: 1 pad: 1 pad_mode: PARTIAL") RELU("a", "c", "a"),
                "c", "a", (how){0});
}
END_TEST

START_TEST(layers_with_the_same_weights_fold_their_own)
{
#define SHARED(name, in)                                                        \
    "layer { name: '" name "' type: 'Convolution' bottom: '" in "' top: '" name \
    "' param { name: 'w' } param { "                                            \
    "name: 'b' } convolution_param { num_output: 4 kernel_size: 3 pad: 1 " FILLERS " } }\n"
    const char *text = X SHARED("c", "x") SCALE("cs", "c", "c") SHARED("d", "c")
        LAYER("ds", "Scale", "d", "d", "scale_param { filler { type: 'uniform' min: 3 max: 4 } }")
            SHARED("e", "d");
    check_taken(text, "c", "cs", (how){0});
    check_taken(text, "d", "ds", (how){.conv_algorithm = "im2col"});
}
END_TEST

// Two plans of one net, one of them with a blob to keep, have different packs of one layer.
START_TEST(plans_of_one_net_do_not_share_what_is_folded)
{
    const char *text = X CONV("c", "x", "c") SCALE("s", "c", "s") BIAS("t", "s", "t");
    net free_plan = open_net(text, (how){0}), exact = open_net(text, (how){.exact = 1});
    crema_runner *first = free_plan.runner;
    static const char *const keep[] = {"c", "s"};
    run_net(&exact);
    for (int i = 0; i < 2; i++) {
        crema_runner_options o = {.struct_size = sizeof o, .threads = 1, .keep = &keep[i], .n_keep = 1};
        free_plan.runner = crema_runner_create(free_plan.net, &o, NULL);
        run_net(&free_plan);
        compare_outputs(&free_plan, &exact, text);
        crema_runner_free(free_plan.runner);
    }
    free_plan.runner = first;
    run_net(&free_plan);
    compare_outputs(&free_plan, &exact, text);
    close_net(&free_plan), close_net(&exact);
}
END_TEST

/* ---- who may not take, or be taken ---- */

START_TEST(two_readers_need_the_tensor_between)
{
    check_not_taken(X CONV("c", "x", "c") RELU("a", "c", "a") LAYER("t", "TanH", "c", "t", ""), "a",
                    (how){0});
    // A layer that is not run does not count.
    check_taken(X CONV("c", "x", "c") RELU("a", "c", "a") LAYER("t", "EuclideanLoss", "c", "t",
                                                                "bottom: 'c' "
                                                                "include { "
                                                                "phase: TRAIN }"),
                "c", "a", (how){0});
}
END_TEST

START_TEST(a_blob_that_is_asked_for_is_there)
{
    const char *text = X CONV("c", "x", "c") RELU("a", "c", "a") RELU("b", "a", "b");
    check_taken(text, "c", "a", (how){0});
    check_not_taken(text, "a", (how){.keep = "c"});
    net kept = open_net(text, (how){.keep = "c"}), exact = open_net(text, (how){.exact = 1, .keep = "c"});
    crema_blob a, b;
    run_net(&kept), run_net(&exact);
    ck_assert_int_eq(crema_runner_blob(kept.runner, "c", &a, NULL), CREMA_OK);
    ck_assert_int_eq(crema_runner_blob(exact.runner, "c", &b, NULL), CREMA_OK);
    for (int64_t i = 0; i < count(&a); i++)
        ck_assert_double_eq_tol(a.data[i], b.data[i], 1e-5);
    close_net(&kept), close_net(&exact);
    // A name means the newest tensor that has it: what the ReLU makes of c.
    check_taken(X CONV("c", "x", "c") RELU("a", "c", "c") RELU("b", "c", "b"), "c", "a", (how){.keep = "c"});
}
END_TEST

START_TEST(an_exact_plan_takes_nothing)
{
    ck_assert_str_eq(implementation(X CONV("c", "x", "c") RELU("a", "c", "a"), "a", (how){.exact = 1}),
                     "plain");
}
END_TEST

START_TEST(only_channels_on_axis_1_fit_an_epilogue)
{
    check_not_taken(X CONV_WITH("c", "x", "c", "axis: 2 kernel_size: 1") RELU("a", "c", "a"), "a", (how){0});
    check_not_taken(
        X "layer { name: 'c' type: 'InnerProduct' bottom: 'x' top: 'c' inner_product_param { num_output: "
          "3 axis: 2 " FILLERS " } }\n" RELU("a", "c", "a"),
        "a", (how){0});
    check_not_taken(
        X "layer { name: 'c' type: 'InnerProduct' bottom: 'x' top: 'c' inner_product_param { num_output: "
          "3 transpose: true " FILLERS " } }\n" RELU("a", "c", "a"),
        "a", (how){0});
    check_not_taken(X "layer { name: 'c' type: 'Convolution' bottom: 'x' bottom: 'x' top: 'c' top: 'd' "
                      "convolution_param { num_output: 3 kernel_size: 1 " FILLERS
                      " } }\n" RELU("a", "c", "a"),
                    "a", (how){0});
}
END_TEST

START_TEST(a_step_writes_into_its_part_of_a_concat)
{
    const char *text = X CONV("c", "x", "c") RELU("a", "c", "c") CONV("d", "x", "d") RELU("b", "d", "b") //
        "layer { name: 'cat' type: 'Concat' bottom: 'c' bottom: 'b' top: 'cat' }\n" CONV("e", "cat", "e");
    check_taken(text, "c", "a", (how){0});
    check_taken(text, "d", "b", (how){0});
    ck_assert_str_eq(implementation(text, "cat", (how){0}), "view");
}
END_TEST

/* ---- nets of a generator ---- */

typedef struct maker {
    random_net net;
    ww weights;
} maker;

// A layer from blob a to a new one or, by a wish, to a itself.
static void add_unary(maker *m, int number, const char *type, const char *fields, int a, int channels)
{
    int out = channels == m->net.channels[a] && random_net_pick(&m->net, 3) == 0 ? a : m->net.n_blobs++;
    random_net_say(&m->net, "layer { name: 'l%d' type: '%s' bottom: 'b%d' top: 'b%d' %s }\n", number, type, a,
                   out, fields);
    m->net.channels[out] = channels;
}

static void add_statistics(maker *m, int number, int channels)
{
    char name[16];
    float mean[64], variance[64];
    snprintf(name, sizeof name, "l%d", number);
    for (int c = 0; c < channels; c++) {
        mean[c] = (float)random_net_pick(&m->net, 100) / 50 - 1;
        variance[c] = (float)random_net_pick(&m->net, 100) / 50 + 0.2f;
    }
    ww_layer(&m->weights, name, "BatchNorm");
    ww_blob(&m->weights, 1, (int64_t[]){channels}, mean);
    ww_blob(&m->weights, 1, (int64_t[]){channels}, variance);
    ww_blob(&m->weights, 1, (int64_t[]){1}, (float[]){1});
}

static void add_activation(maker *m, int number, int a)
{
    static const char *const activation[][2] = {{"ReLU", ""},
                                                {"ReLU", "relu_param { negative_slope: 0.2 }"},
                                                {"PReLU", "prelu_param { filler { type: 'uniform' } }"},
                                                {"ReLU6", ""},
                                                {"Clip", "clip_param { min: -1 max: 0.5 }"},
                                                {"Swish", ""},
                                                {"HardSwish", ""},
                                                {"Sigmoid", ""},
                                                {"TanH", ""}};
    unsigned i = random_net_pick(&m->net, 9);
    add_unary(m, number, activation[i][0], activation[i][1], a, m->net.channels[a]);
}

static void add_convolution(maker *m, int number, int a)
{
    static const char *const window[] = {"kernel_size: 1", "kernel_size: 3 pad: 1",
                                         "kernel_size: 3 pad: 1 pad_mode: PARTIAL",
                                         "kernel_size: 5 pad: 2 pad_mode: REFLECT"};
    char fields[300];
    bool depthwise = random_net_pick(&m->net, 4) == 0;
    int channels = depthwise ? m->net.channels[a] : 3 + (int)random_net_pick(&m->net, 5);
    snprintf(fields, sizeof fields,
             "convolution_param { num_output: %d group: %d %s bias_term: %s weight_filler { type: 'msra' } "
             "bias_filler "
             "{ type: 'gaussian' std: 0.2 } }",
             channels, depthwise ? channels : 1, window[random_net_pick(&m->net, depthwise ? 2 : 4)],
             random_net_pick(&m->net, 2) ? "true" : "false");
    add_unary(m, number, "Convolution", fields, a, channels);
}

static void add_layer(maker *m, int number)
{
    // Chains grow mostly from the newest blob.
    int a = random_net_pick(&m->net, 3) ? m->net.n_blobs - 1
                                        : (int)random_net_pick(&m->net, (unsigned)m->net.n_blobs),
        b = a;
    switch (random_net_pick(&m->net, 8)) {
    case 0:
    case 1:
        add_convolution(m, number, a);
        break;
    case 2:
        add_statistics(m, number, m->net.channels[a]);
        add_unary(m, number, "BatchNorm", "", a, m->net.channels[a]);
        break;
    case 3:
        add_unary(
            m, number, "Scale",
            "scale_param { bias_term: true filler { type: 'uniform' min: 0.5 max: 1.5 } bias_filler { type: "
            "'gaussian' std: 0.3 } }",
            a, m->net.channels[a]);
        break;
    case 4:
    case 5:
        add_activation(m, number, a);
        break;
    case 6:
        for (int i = 0; i < m->net.n_blobs; i++)
            if (m->net.channels[i] == m->net.channels[a] && i != a && random_net_pick(&m->net, 2))
                b = i;
        random_net_say(&m->net,
                       "layer { name: 'l%d' type: 'Eltwise' bottom: 'b%d' bottom: 'b%d' top: 'b%d' }\n",
                       number, a, b, m->net.n_blobs);
        m->net.channels[m->net.n_blobs++] = m->net.channels[a];
        break;
    default:
        b = (int)random_net_pick(&m->net, (unsigned)m->net.n_blobs);
        if (m->net.channels[a] + m->net.channels[b] > 30)
            return;
        random_net_say(&m->net,
                       "layer { name: 'l%d' type: 'Concat' bottom: 'b%d' bottom: 'b%d' top: 'b%d' }\n",
                       number, a, b, m->net.n_blobs);
        m->net.channels[m->net.n_blobs++] = m->net.channels[a] + m->net.channels[b];
    }
}

static void make_net(maker *m, uint64_t seed)
{
    random_net_start(&m->net, seed);
    ww_net(&m->weights, "net");
    add_statistics(m, 1000, 1); // so that the file has a layer
    random_net_say(
        &m->net,
        "layer { name: 'in' type: 'Input' top: 'b0' input_param { shape { dim: %d dim: 4 dim: 5 dim: 7 } } "
        "}\n",
        1 + (int)(seed % 3));
    m->net.channels[0] = 4;
    m->net.n_blobs = 1;
    for (int i = 0; i < 18 && m->net.n_blobs < 50; i++)
        add_layer(m, i);
}

static bool has_taken(const char *text, how h)
{
    net n = open_net(text, h);
    crema_step_info info;
    bool taken = false;
    for (int i = 0; crema_runner_step(n.runner, i, &info) == CREMA_OK; i++)
        taken = taken || strncmp(info.implementation, "in ", 3) == 0;
    close_net(&n);
    return taken;
}

START_TEST(nets_of_all_kinds_are_what_exact_plans_make_of_them)
{
    enum { NETS = 300 };
    static maker m;
    int n_taken = 0;
    for (uint64_t seed = 0; seed < NETS; seed++) {
        make_net(&m, seed);
        crema_file file = ww_file(&m.weights);
        const char *algorithm = seed % 4 ? NULL : "im2col";
        check_same(m.net.text,
                   (how){.weights = &file, .conv_algorithm = algorithm, .threads = 1 + (int)(seed % 2)});
        n_taken += has_taken(m.net.text, (how){.weights = &file});
        ww_free(&m.weights);
    }
    ck_assert_int_gt(n_taken, NETS / 2);
}
END_TEST

TEST_MAIN("plan/fuse", a_convolution_takes_each_activation, a_wide_convolution_takes_them_in_winograd,
          what_is_no_plain_clip_is_not_taken, the_later_of_two_convolutions_takes_their_sum,
          only_a_plain_sum_of_two_is_taken, a_sum_before_another_and_an_activation_before_a_sum_stay,
          a_sum_that_no_convolution_takes_takes_its_activation,
          a_sum_overwrites_the_operand_that_nobody_reads_later, winograd_adds_before_an_exponential,
          what_is_done_by_channel_goes_into_the_weights, weights_of_winograd_are_folded_too,
          all_of_a_residual_block_is_its_convolutions, without_a_convolution_they_are_one_step,
          nothing_is_lost_near_a_large_mean, what_is_not_by_channel_stays,
          windows_with_nothing_inside_give_0_before_a_shift, layers_with_the_same_weights_fold_their_own,
          plans_of_one_net_do_not_share_what_is_folded, two_readers_need_the_tensor_between,
          a_blob_that_is_asked_for_is_there, an_exact_plan_takes_nothing,
          only_channels_on_axis_1_fit_an_epilogue, a_step_writes_into_its_part_of_a_concat,
          nets_of_all_kinds_are_what_exact_plans_make_of_them)
