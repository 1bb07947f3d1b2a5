// Nets with less in them: the same outputs, and what must not be folded stays.
#include "crema_tools.h"
#include "read/weights_file.h"
#include "tests/support/shop.h"
#include "tests/support/wire_writer.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define INPUT \
    "layer { name: 'in' type: 'Input' top: 'data' input_param { shape { dim: 2 dim: 2 dim: 3 dim: 3 } } }\n"
#define CONV(fields)                                                                                      \
    "layer { name: 'conv' type: 'Convolution' bottom: 'data' top: 'conv' " fields " convolution_param { " \
    "num_output: 2 kernel_size: 2 bias_term: false } }\n"
#define BN "layer { name: 'bn' type: 'BatchNorm' bottom: 'conv' top: 'bn' }\n"
#define SCALE "layer { name: 'scale' type: 'Scale' bottom: 'bn' top: 'bn' scale_param { bias_term: true } }\n"
#define RELU "layer { name: 'relu' type: 'ReLU' bottom: 'bn' top: 'bn' }\n"
#define IP                                                                                                  \
    "layer { name: 'ip' type: 'InnerProduct' bottom: 'bn' top: 'ip' inner_product_param { num_output: 2 } " \
    "}\n"                                                                                                   \
    "layer { name: 'ip_scale' type: 'Scale' bottom: 'ip' top: 'ip' }\n"

static void put_weights(shop *s)
{
    ww w = {0};
    float conv[16], ip[16];
    for (int i = 0; i < 16; i++) {
        conv[i] = (float)(i * 5 % 7) - 3;
        ip[i] = (float)(i * 3 % 5) - 2;
    }
    ww_net(&w, "tiny");
    ww_layer(&w, "conv", "Convolution");
    ww_blob(&w, 4, (int64_t[]){2, 2, 2, 2}, conv);
    ww_layer(&w, "bn", "BatchNorm");
    ww_blob(&w, 1, (int64_t[]){2}, (float[]){3, -5});
    ww_blob(&w, 1, (int64_t[]){2}, (float[]){8, 1});
    ww_blob(&w, 1, (int64_t[]){1}, (float[]){2});
    ww_layer(&w, "scale", "Scale");
    ww_blob(&w, 1, (int64_t[]){2}, (float[]){0.7f, -1.3f});
    ww_blob(&w, 1, (int64_t[]){2}, (float[]){0.1f, 2});
    ww_layer(&w, "ip", "InnerProduct");
    ww_blob(&w, 2, (int64_t[]){2, 8}, ip);
    ww_blob(&w, 1, (int64_t[]){2}, (float[]){1, 2});
    ww_layer(&w, "ip_scale", "Scale");
    ww_blob(&w, 1, (int64_t[]){2}, (float[]){3, 0.5f});
    ww_save(&w, shop_path(s, "w.caffemodel"));
    ww_free(&w);
}

static crema_status simplify(shop *s, const char *net, const crema_convert_options *o, crema_error *err)
{
    folder_text(&s->f, "net.prototxt", net);
    const char *inputs[] = {shop_path(s, "net.prototxt"), shop_path(s, "w.caffemodel")};
    return crema_convert(s->context, inputs, 2, shop_path(s, "out.caffemodel"), o, err);
}

static void run(shop *s, const char *net, const char *weights, const char *output, float *values, size_t n)
{
    crema_error err = {0};
    crema_file file = {.path = shop_path(s, weights)};
    crema_net_options o = {
        .struct_size = sizeof o, .net = {.path = shop_path(s, net)}, .weights = &file, .n_weights = 1};
    crema_net *loaded = crema_net_load(s->context, &o, &err);
    ck_assert_msg(loaded != NULL, "%s", err.message);
    crema_runner *r = crema_runner_create(loaded, NULL, &err);
    ck_assert_msg(r != NULL, "%s", err.message);
    crema_blob in, out;
    ck_assert_int_eq(crema_runner_input(r, "data", &in, &err), CREMA_OK);
    for (int i = 0; i < 36; i++)
        in.data[i] = (float)(i * 7 % 11) - 5;
    ck_assert_int_eq(crema_runner_forward(r, &err), CREMA_OK);
    ck_assert_msg(crema_runner_blob(r, output, &out, &err) == CREMA_OK, "%s", err.message);
    memcpy(values, out.data, n * sizeof *values);
    crema_runner_free(r);
    crema_net_free(loaded);
}

static int n_layers(shop *s)
{
    cr_weights_file f;
    ck_assert_int_eq(cr_weights_file_open(&f, shop_path(s, "out.caffemodel"), NULL, NULL), CREMA_OK);
    int n = f.n_layers;
    cr_weights_file_close(&f);
    return n;
}

// Simplifies, and compares the outputs of the net before and after, from both files that hold the net.
static void check(const char *net, const char *output, size_t n, bool prune, int layers)
{
    shop s;
    shop_open(&s);
    put_weights(&s);
    crema_error err = {0};
    crema_convert_options o = {.struct_size = sizeof o, .fold = 1, .prune_unused = prune};
    ck_assert_msg(simplify(&s, net, &o, &err) == CREMA_OK, "%s", err.message);
    ck_assert_int_eq(n_layers(&s), layers);
    float before[16], after[16], inside[16];
    run(&s, "net.prototxt", "w.caffemodel", output, before, n);
    run(&s, "out.prototxt", "out.caffemodel", output, after, n);
    run(&s, "out.caffemodel", "out.caffemodel", output, inside, n);
    for (size_t i = 0; i < n; i++) {
        ck_assert_msg(fabsf(before[i] - after[i]) <= 1e-5f * fmaxf(1, fabsf(before[i])), "%zu: %g, then %g",
                      i, (double)before[i], (double)after[i]);
        ck_assert(inside[i] == after[i]);
    }
    // From the net inside: the same, and no weights in the text.
    const char *inside_twice[] = {shop_path(&s, "out.caffemodel"), shop_path(&s, "out.caffemodel")};
    ck_assert_int_eq(crema_convert(s.context, inside_twice, 2, shop_path(&s, "twice.caffemodel"), &o, &err),
                     CREMA_OK);
    run(&s, "twice.prototxt", "twice.caffemodel", output, inside, n);
    for (size_t i = 0; i < n; i++)
        ck_assert(inside[i] == after[i]);
    char text[4000] = "";
    FILE *file = fopen(shop_path(&s, "twice.prototxt"), "r");
    ck_assert_uint_gt(fread(text, 1, sizeof text - 1, file), 0);
    fclose(file);
    ck_assert_ptr_null(strstr(text, "blobs"));
    ck_assert_int_eq(folder_n_files(&s.f), 6);
    shop_close(&s);
}

START_TEST(chains_become_one_layer)
{
    check(INPUT CONV("") BN SCALE RELU IP, "ip", 4, false, 4);
}
END_TEST

START_TEST(what_others_read_is_not_folded)
{
    // "conv" has two readers; the scale after the normalization folds into nothing.
    check(INPUT CONV("") BN SCALE RELU
          "layer { name: 's' type: 'Eltwise' bottom: 'bn' bottom: 'conv' top: 'sum' }\n",
          "sum", 16, true, 6);
}
END_TEST

START_TEST(weights_of_two_layers_are_not_folded)
{
    check(INPUT CONV("param { name: 'shared' }") BN SCALE RELU
          "layer { name: 'conv2' type: 'Convolution' bottom: 'data' top: 'conv2' param { name: 'shared' } "
          "convolution_param { num_output: 2 kernel_size: 2 bias_term: false } }\n",
          "bn", 16, true, 6);
}
END_TEST

START_TEST(layers_without_effect_go)
{
    check(INPUT CONV("") BN SCALE RELU "layer { name: 'p' type: 'Power' bottom: 'data' top: 'p' }\n"
                                       "layer { name: 'q' type: 'Power' bottom: 'p' top: 'q' }\n"
                                       "layer { name: 'z' type: 'Silence' bottom: 'q' }\n",
          "bn", 16, true, 3);
}
END_TEST

static void refuse(const char *net, const crema_convert_options *o, const char *other_file, const char *text)
{
    shop s;
    shop_open(&s);
    put_weights(&s);
    if (other_file)
        folder_text(&s.f, other_file, "here already");
    int n = folder_n_files(&s.f) + 1; // the net
    crema_error err = {0};
    ck_assert_int_ne(simplify(&s, net, o, &err), CREMA_OK);
    ck_assert_msg(strstr(err.message, text) != NULL, "\"%s\" is not in \"%s\"", text, err.message);
    ck_assert_int_eq(folder_n_files(&s.f), n);
    shop_close(&s);
}

START_TEST(nothing_is_lost_and_nothing_half_written)
{
    crema_convert_options fold = {.struct_size = sizeof fold, .fold = 1},
                          plain = {.struct_size = sizeof plain};
    refuse(INPUT CONV("") BN SCALE, &fold, NULL,
           "has weights for a layer \"ip\", which the net does not have");
    refuse(INPUT CONV("") BN SCALE, &plain, NULL,
           "has weights for a layer \"ip\", which the net does not have");
    refuse(INPUT CONV("") BN SCALE RELU IP, &fold, "out.prototxt", "exists already");
    refuse(INPUT CONV("") BN SCALE RELU IP, &fold, "out.caffemodel", "exists already");
    refuse("input: 'data'\n" CONV("") BN SCALE RELU IP, &fold, NULL,
           "does not say the shape of its input \"data\"");
    crema_convert_options both = {.struct_size = sizeof both, .fold = 1, .to_deploy = 1};
    refuse(INPUT CONV("") BN SCALE RELU IP, &both, NULL, "convert it to .prototxt before");
    refuse(INPUT CONV("colour: 3") BN SCALE RELU IP, &fold, NULL, "colour has no number in the binary form");
    shop s;
    shop_open(&s);
    put_weights(&s);
    const char *one[] = {shop_path(&s, "w.caffemodel")};
    crema_error err = {0};
    ck_assert_int_eq(crema_convert(s.context, one, 1, shop_path(&s, "out.caffemodel"), &fold, &err),
                     CREMA_ERR_USAGE);
    shop_close(&s);
}
END_TEST

TEST_MAIN("convert/simplify", chains_become_one_layer, what_others_read_is_not_folded,
          weights_of_two_layers_are_not_folded, layers_without_effect_go,
          nothing_is_lost_and_nothing_half_written)
