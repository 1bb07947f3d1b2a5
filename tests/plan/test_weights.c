/*
 * Matching stored blobs to layers, as Caffe does it, and what is said when they do not match.
 */
#include "crema.h"
#include "tests/support/wire_writer.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#define INPUT "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 2 } } }\n"
#define IP(name, in, out)                                                       \
    "layer { name: '" name "' type: 'InnerProduct' bottom: '" in "' top: '" out \
    "' inner_product_param { num_output: 2 weight_filler { type: 'constant' value: 5 } } }\n"

typedef struct loaded {
    crema_context *context;
    crema_net *net;
    crema_error err;
    char text[1000]; // of the error
} loaded;

static char warning[1000];

static void keep_warning(void *user, crema_log_level level, const char *sentence)
{
    (void)user;
    if (level == CREMA_LOG_WARNING)
        snprintf(warning, sizeof warning, "%s", sentence);
}

static void load(loaded *l, const char *net, const crema_file *weights, int n_weights, int allow_missing)
{
    crema_context_options c = {.struct_size = sizeof c, .log = keep_warning};
    l->context = crema_context_create(&c, &l->err);
    crema_net_options o = {.struct_size = sizeof o,
                           .net = {"net.prototxt", net, strlen(net)},
                           .weights = weights,
                           .n_weights = n_weights,
                           .allow_missing = allow_missing};
    l->net = crema_net_load(l->context, &o, &l->err);
    crema_error_text(&l->err, l->text, sizeof l->text);
}

static void unload(loaded *l)
{
    crema_net_free(l->net);
    crema_context_free(l->context);
}

// The first weight of blob 0 of the layer-th layer.
static float first_weight(const loaded *l, int layer)
{
    crema_shape shape;
    const float *values;
    ck_assert_msg(l->net != NULL, "%s", l->text);
    ck_assert_int_eq(crema_net_param(l->net, layer, 0, &shape, &values), CREMA_OK);
    return values[0];
}

static void put_ip(ww *w, const char *name, float first)
{
    ww_layer(w, name, "InnerProduct");
    ww_blob(w, 2, (int64_t[]){2, 2}, (float[]){first, 2, 3, 4});
    ww_blob(w, 1, (int64_t[]){2}, (float[]){10, 20});
}

START_TEST(values_come_from_the_layer_of_that_name)
{
    ww w = {0};
    put_ip(&w, "b", 7);
    put_ip(&w, "a", 8);
    put_ip(&w, "c", 9); // the net has no c
    crema_file file = ww_file(&w);
    loaded l;
    load(&l, INPUT IP("a", "x", "y") IP("b", "y", "z"), &file, 1, 0);
    ck_assert_float_eq(first_weight(&l, 1), 8);
    ck_assert_float_eq(first_weight(&l, 2), 7);
    crema_weights_info info;
    int loaded_rows = 0, unused_rows = 0;
    for (int i = 0; crema_net_weights(l.net, i, &info) == CREMA_OK; i++) {
        loaded_rows += info.state == CREMA_WEIGHTS_LOADED;
        if (info.state == CREMA_WEIGHTS_UNUSED) {
            unused_rows++;
            ck_assert_str_eq(info.layer, "c");
        }
    }
    ck_assert_int_eq(loaded_rows, 2);
    ck_assert_int_eq(unused_rows, 1);
    ck_assert_int_eq(crema_net_n_weights(l.net), 3);
    unload(&l);
    ww_free(&w);
}
END_TEST

START_TEST(the_last_copy_of_a_layer_wins)
{
    ww w = {0}, later = {0};
    put_ip(&w, "a", 1);
    put_ip(&w, "a", 2);
    put_ip(&later, "a", 3);
    crema_file files[2] = {ww_file(&w), ww_file(&later)};
    loaded l;
    load(&l, INPUT IP("a", "x", "y"), files, 1, 0);
    ck_assert_float_eq(first_weight(&l, 1), 2);
    unload(&l);
    load(&l, INPUT IP("a", "x", "y"), files, 2, 0);
    ck_assert_float_eq(first_weight(&l, 1), 3);
    unload(&l);
    ww_free(&w);
    ww_free(&later);
}
END_TEST

START_TEST(of_two_layers_with_one_name_the_first_gets_the_weights)
{
    ww w = {0};
    put_ip(&w, "a", 1);
    crema_file file = ww_file(&w);
    loaded l;
    load(&l, INPUT IP("a", "x", "y") IP("a", "y", "z"), &file, 1, 1);
    ck_assert_float_eq(first_weight(&l, 1), 1);
    ck_assert_float_eq(first_weight(&l, 2), 5);
    unload(&l);
    ww_free(&w);
}
END_TEST

START_TEST(shared_weights_are_those_that_stand_last)
{
    const char *net = INPUT "layer { name: 'a' type: 'InnerProduct' bottom: 'x' top: 'y' param { name: 'w' } "
                            "inner_product_param { num_output: 2 } }\n"
                            "layer { name: 'b' type: 'InnerProduct' bottom: 'y' top: 'z' param { name: 'w' } "
                            "inner_product_param { num_output: 2 } }\n";
    ww w = {0};
    put_ip(&w, "a", 1);
    put_ip(&w, "b", 2);
    crema_file file = ww_file(&w);
    loaded l;
    load(&l, net, &file, 1, 0);
    ck_assert_float_eq(first_weight(&l, 1), 2);
    ck_assert_float_eq(first_weight(&l, 2), 2);
    unload(&l);
    ww_free(&w);
    load(&l,
         INPUT "layer { name: 'a' type: 'InnerProduct' bottom: 'x' top: 'y' param { name: 'w' } "
               "inner_product_param { num_output: 2 } }\n"
               "layer { name: 'b' type: 'InnerProduct' bottom: 'y' top: 'z' param { name: 'w' } "
               "inner_product_param { num_output: 3 } }\n",
         NULL, 0, 1);
    ck_assert_str_eq(
        l.text, "net.prototxt:3:61: layer \"b\" (InnerProduct): shares its weights with layer \"a\", where "
                "they are 2x2; here they would be 3x2");
    unload(&l);
}
END_TEST

START_TEST(missing_weights_are_an_error_or_are_filled)
{
    loaded l;
    load(&l, INPUT IP("a", "x", "y"), NULL, 0, 0);
    ck_assert_ptr_null(l.net);
    ck_assert_str_eq(
        l.text, "net.prototxt:2:1: layer \"a\" (InnerProduct): needs weights (weights 2x2, bias 2), and no "
                "weights file was given");
    unload(&l);
    ww w = {0};
    put_ip(&w, "other", 1);
    crema_file file = ww_file(&w);
    load(&l, INPUT IP("a", "x", "y"), &file, 1, 0);
    ck_assert_str_eq(
        l.text, "net.prototxt:2:1: layer \"a\" (InnerProduct): has no weights in test.caffemodel; it needs "
                "weights 2x2, bias 2");
    unload(&l);
    load(&l, INPUT IP("a", "x", "y"), &file, 1, 1);
    ck_assert_float_eq(first_weight(&l, 1), 5);
    crema_weights_info info;
    ck_assert_int_eq(crema_net_weights(l.net, 1, &info), CREMA_OK);
    ck_assert_int_eq(info.state, CREMA_WEIGHTS_MISSING);
    unload(&l);
    ww_free(&w);
}
END_TEST

START_TEST(mismatched_weights_name_both_shapes)
{
    ww w = {0};
    ww_layer(&w, "a", "InnerProduct");
    ww_blob(&w, 2, (int64_t[]){2, 3}, (float[]){1, 2, 3, 4, 5, 6});
    ww_blob(&w, 1, (int64_t[]){2}, (float[]){1, 2});
    crema_file file = ww_file(&w);
    loaded l;
    load(&l, INPUT IP("a", "x", "y"), &file, 1, 0);
    ck_assert_str_eq(
        l.text, "net.prototxt:2:1: layer \"a\" (InnerProduct): its weights are 2x3 in test.caffemodel, the "
                "net wants 2x2");
    unload(&l);
    load(&l, INPUT IP("a", "x", "y"), &file, 1, 1);
    ck_assert_float_eq(first_weight(&l, 1), 5);
    ck_assert_str_eq(warning,
                     "net.prototxt:2:1: layer \"a\" (InnerProduct): its weights are 2x3 in test.caffemodel, "
                     "the net wants 2x2; filled instead");
    unload(&l);
    ww_free(&w);
    ww_layer(&w, "a", "InnerProduct");
    ww_blob(&w, 2, (int64_t[]){2, 2}, (float[]){1, 2, 3, 4});
    file = ww_file(&w);
    load(&l, INPUT IP("a", "x", "y"), &file, 1, 0);
    ck_assert_str_eq(l.text,
                     "net.prototxt:2:1: layer \"a\" (InnerProduct): has 1 blobs in test.caffemodel, the net "
                     "wants 2 (weights 2x2, bias 2)");
    unload(&l);
    ww_free(&w);
}
END_TEST

START_TEST(legacy_shapes_are_compared_from_the_right)
{
    ww w = {0};
    ww_layer(&w, "a", "InnerProduct");
    for (int blob = 0; blob < 2; blob++) {
        ww_begin(&w, 7);
        ww_int(&w, 1, 1), ww_int(&w, 2, 1), ww_int(&w, 3, blob ? 1 : 2), ww_int(&w, 4, 2);
        ww_floats(&w, 5, blob ? 2 : 4, (float[]){6, 7, 8, 9});
        ww_end(&w);
    }
    crema_file file = ww_file(&w);
    loaded l;
    load(&l, INPUT IP("a", "x", "y"), &file, 1, 0);
    ck_assert_float_eq(first_weight(&l, 1), 6);
    unload(&l);
    ww_free(&w);
}
END_TEST

START_TEST(a_new_input_shape_must_fit_the_weights)
{
    loaded l;
    load(&l, INPUT IP("a", "x", "y"), NULL, 0, 1);
    crema_runner *r = crema_runner_create(l.net, NULL, &l.err);
    crema_input_shape shape = {"x", {2, {1, 3}}};
    ck_assert_int_eq(crema_runner_reshape(r, &shape, 1, &l.err), CREMA_ERR_INPUT);
    ck_assert_str_eq(l.err.message,
                     "layer \"a\" (InnerProduct): its weights are 2x2; with the new input shape they would "
                     "have to be 2x3; input \"x\" is 1x3, the net declares 1x2");
    ck_assert_int_eq(crema_runner_forward(r, &l.err), CREMA_OK); // as it was
    crema_runner_free(r);
    unload(&l);
}
END_TEST

TEST_MAIN("plan/weights", values_come_from_the_layer_of_that_name, the_last_copy_of_a_layer_wins,
          of_two_layers_with_one_name_the_first_gets_the_weights, shared_weights_are_those_that_stand_last,
          missing_weights_are_an_error_or_are_filled, mismatched_weights_name_both_shapes,
          legacy_shapes_are_compared_from_the_right, a_new_input_shape_must_fit_the_weights)
