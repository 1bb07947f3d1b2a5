/*
 * What is taken shows in a layer's implementation, "in conv1"; what is computed must be what an exact plan, in which
 * nothing is taken, computes.
 */
#include "crema.h"
#include "tests/support/wire_writer.h"
#include "tests/test.h"

#include <math.h>
#include <stdarg.h>
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

TEST_MAIN("plan/fuse", a_convolution_takes_each_activation, a_wide_convolution_takes_them_in_winograd,
          what_is_no_plain_clip_is_not_taken, the_later_of_two_convolutions_takes_their_sum,
          only_a_plain_sum_of_two_is_taken, a_sum_before_another_and_an_activation_before_a_sum_stay,
          a_sum_that_no_convolution_takes_takes_its_activation, two_readers_need_the_tensor_between,
          a_blob_that_is_asked_for_is_there, an_exact_plan_takes_nothing,
          only_channels_on_axis_1_fit_an_epilogue, a_step_writes_into_its_part_of_a_concat)
