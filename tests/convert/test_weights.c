// Weights through all their formats, by the public function: bits stay, and so does the net beside them.
#include "base/half.h"
#include "crema_tools.h"
#include "read/weights_file.h"
#include "tests/support/shop.h"
#include "tests/support/wire_writer.h"
#include "tests/test.h"

#include <string.h>
#include <unistd.h>

static crema_status convert_with(shop *s, const char *net, const char *in, const char *out,
                                 const crema_convert_options *o, crema_error *err)
{
    const char *inputs[] = {net ? shop_path(s, net) : shop_path(s, in), shop_path(s, in)};
    return crema_convert(s->context, inputs, net ? 2 : 1, shop_path(s, out), o, err);
}

static void convert(shop *s, const char *net, const char *in, const char *out)
{
    crema_error err = {0};
    ck_assert_msg(convert_with(s, net, in, out, NULL, &err) == CREMA_OK, "%s", err.message);
}

static void refuse(shop *s, const char *net, const char *in, const char *out, const crema_convert_options *o,
                   const char *text)
{
    crema_error err = {0};
    ck_assert_int_ne(convert_with(s, net, in, out, o, &err), CREMA_OK);
    ck_assert_msg(strstr(err.message, text) != NULL, "\"%s\" is not in \"%s\"", text, err.message);
}

// V1: the type is a number, the fields have other numbers, a blob has the four old ones for a shape.
static const float weights[] = {1, -0.0f, 3e-45f, 0.1f}, bias[] = {5};

static void put_v1(shop *s, const char *name)
{
    ww w = {0};
    ww_string(&w, 1, "old");
    ww_begin(&w, 2);
    ww_string(&w, 4, "conv/1");
    ww_int(&w, 5, 4);
    ww_string(&w, 2, "data");
    ww_string(&w, 3, "conv");
    ww_begin(&w, 6);
    for (uint32_t i = 1; i <= 4; i++)
        ww_int(&w, i, i > 2 ? 2 : 1);
    ww_floats(&w, 5, 4, weights);
    ww_end(&w);
    ww_begin(&w, 6);
    for (uint32_t i = 1; i <= 4; i++)
        ww_int(&w, i, 1);
    ww_floats(&w, 5, 1, bias);
    ww_end(&w);
    ww_begin(&w, 10);
    ww_int(&w, 1, 1);
    ww_int(&w, 4, 2);
    ww_end(&w);
    ww_end(&w);
    ww_save(&w, shop_path(s, name));
    ww_free(&w);
}

static void check_weights(shop *s, const char *name, const char *type, bool half)
{
    cr_weights_file f;
    cr_err err = {0};
    float got[4];
    ck_assert_msg(cr_weights_file_open(&f, shop_path(s, name), NULL, &err) == CREMA_OK, "%s", err.message);
    ck_assert_int_eq(f.n_layers, 1);
    ck_assert_str_eq(f.layer[0].name, "conv/1");
    ck_assert_str_eq(f.layer[0].type, type);
    ck_assert_int_eq(f.layer[0].n_blobs, 2);
    ck_assert(cr_shape_equal(&f.layer[0].blob[0].shape, &(cr_shape){4, {1, 1, 2, 2}}));
    ck_assert_int_eq(cr_weights_file_read(&f, &f.layer[0].blob[0], got, &err), CREMA_OK);
    for (int i = 0; i < 4; i++) {
        float want = half ? cr_half_to_float(cr_half_from_float(weights[i])) : weights[i];
        ck_assert_mem_eq(&got[i], &want, sizeof want);
    }
    ck_assert_int_eq(cr_weights_file_read(&f, &f.layer[0].blob[1], got, &err), CREMA_OK);
    ck_assert_float_eq(got[0], 5);
    cr_shape row = {1, {1}}, old = {4, {1, 1, 1, 1}};
    ck_assert(cr_shape_equal(&f.layer[0].blob[1].shape, f.layer[0].blob[1].legacy_shape ? &old : &row));
    cr_weights_file_close(&f);
}

START_TEST(all_the_way_round)
{
    shop s;
    shop_open(&s);
    put_v1(&s, "old.caffemodel");
    convert(&s, NULL, "old.caffemodel", "a.caffemodel.h5");
    check_weights(&s, "a.caffemodel.h5", "Convolution", false);
    convert(&s, NULL, "a.caffemodel.h5", "b/");
    check_weights(&s, "b", "Convolution", false);
    convert(&s, NULL, "b", "c.caffemodel");
    check_weights(&s, "c.caffemodel", "Convolution", false);
    cr_weights_file c;
    ck_assert_int_eq(cr_weights_file_open(&c, shop_path(&s, "c.caffemodel"), NULL, NULL), CREMA_OK);
    ck_assert_str_eq(c.net_name, "old");
    cr_weights_file_close(&c);
    convert(&s, NULL, "c.caffemodel", "d.h5");
    check_weights(&s, "d.h5", "Convolution", false);
    refuse(&s, NULL, "d.h5", "b/", NULL, "exists already");
    refuse(&s, NULL, "d.h5", "c.caffemodel", NULL, "exists already");
    ck_assert_int_eq(folder_n_files(&s.f), 5);
    shop_close(&s);
}
END_TEST

START_TEST(the_net_inside_is_upgraded)
{
    shop s;
    shop_open(&s);
    put_v1(&s, "old.caffemodel");
    convert(&s, NULL, "old.caffemodel", "new.caffemodel");
    check_weights(&s, "new.caffemodel", "Convolution", false);
    crema_convert_options half = {.struct_size = sizeof half, .half = 1};
    crema_error err = {0};
    ck_assert_int_eq(convert_with(&s, NULL, "old.caffemodel", "half.caffemodel", &half, &err), CREMA_OK);
    check_weights(&s, "half.caffemodel", "Convolution", true);
    refuse(&s, NULL, "old.caffemodel", "half.h5", &half, "half precision means nothing for weights as HDF5");
    shop_close(&s);
}
END_TEST

START_TEST(a_net_beside_the_weights_goes_in)
{
    static const char net[] =
        "name: 'mine' layer { name: 'in' type: 'Input' top: 'data' input_param { shape { dim: 1 "
        "dim: 1 dim: 2 dim: 2 } } } layer { name: 'conv/1' type: 'Convolution' bottom: 'data' "
        "top: 'x' convolution_param { num_output: 1 kernel_size: 2 } }";
    shop s;
    shop_open(&s);
    put_v1(&s, "old.caffemodel");
    folder_text(&s.f, "net.prototxt", net);
    convert(&s, NULL, "old.caffemodel", "w.h5");
    convert(&s, "net.prototxt", "w.h5", "both.caffemodel");
    cr_weights_file f;
    ck_assert_int_eq(cr_weights_file_open(&f, shop_path(&s, "both.caffemodel"), NULL, NULL), CREMA_OK);
    ck_assert_str_eq(f.net_name, "mine");
    ck_assert_int_eq(f.n_layers, 2);
    ck_assert_str_eq(f.layer[0].type, "Input");
    ck_assert_int_eq(f.layer[0].n_blobs, 0);
    ck_assert_str_eq(f.layer[1].type, "Convolution");
    cr_weights_file_close(&f);
    crema_error err = {0};
    crema_file file = {.path = shop_path(&s, "both.caffemodel")};
    crema_net_options o = {.struct_size = sizeof o, .net = file, .weights = &file, .n_weights = 1};
    crema_net *loaded = crema_net_load(s.context, &o, &err);
    ck_assert_msg(loaded != NULL, "%s", err.message);
    crema_net_free(loaded);
    folder_text(&s.f, "odd.prototxt", "layer { name: 'conv/1' type: 'Convolution' colour: 3 }");
    refuse(&s, "odd.prototxt", "w.h5", "odd.caffemodel", NULL, "has no number in the binary form");
    crema_convert_options drop = {.struct_size = sizeof drop, .drop_unknown = 1};
    ck_assert_int_eq(convert_with(&s, "odd.prototxt", "w.h5", "odd.caffemodel", &drop, &err), CREMA_OK);
    folder_text(&s.f, "solver.prototxt", "base_lr: 1 max_iter: 3");
    refuse(&s, "solver.prototxt", "w.h5", "x.caffemodel", NULL, "is a solver");
    shop_close(&s);
}
END_TEST

START_TEST(weights_that_are_too_large_for_half_are_refused)
{
    shop s;
    shop_open(&s);
    ww w = {0};
    ww_net(&w, "tiny");
    ww_layer(&w, "fc", "InnerProduct");
    ww_blob(&w, 1, (int64_t[]){2}, (float[]){1, -65520});
    ww_save(&w, shop_path(&s, "w.caffemodel"));
    ww_free(&w);
    crema_convert_options half = {.struct_size = sizeof half, .half = 1};
    refuse(&s, NULL, "w.caffemodel", "half.caffemodel", &half,
           "layer \"fc\": a weight of -65520 is too large for half precision");
    ck_assert_int_eq(folder_n_files(&s.f), 1);
    shop_close(&s);
}
END_TEST

START_TEST(mean_images)
{
    shop s;
    shop_open(&s);
    crema_error err = {0};
    const float values[] = {1, 2, 3, 4, 5, 6};
    crema_array back;
    ck_assert_int_eq(crema_npy_write(shop_path(&s, "mean.npy"), &(crema_shape){3, {3, 1, 2}}, values, &err),
                     CREMA_OK);
    convert(&s, NULL, "mean.npy", "mean.binaryproto");
    convert(&s, NULL, "mean.binaryproto", "back.npy");
    ck_assert_int_eq(crema_npy_read(shop_path(&s, "back.npy"), &back, &err), CREMA_OK);
    ck_assert(cr_shape_equal(&back.shape, &(cr_shape){4, {1, 3, 1, 2}}));
    ck_assert_mem_eq(back.data, values, sizeof values);
    crema_array_free(&back);
    convert(&s, NULL, "back.npy", "again.binaryproto");
    ck_assert_int_eq(
        crema_npy_write(shop_path(&s, "five.npy"), &(crema_shape){5, {1, 1, 3, 1, 2}}, values, &err),
        CREMA_OK);
    convert(&s, NULL, "five.npy", "five.binaryproto");
    convert(&s, NULL, "five.binaryproto", "five_back.npy");
    ck_assert_int_eq(crema_npy_read(shop_path(&s, "five_back.npy"), &back, &err), CREMA_OK);
    ck_assert_int_eq(back.shape.rank, 5);
    crema_array_free(&back);
    refuse(&s, NULL, "five.binaryproto", "five_back.npy", NULL, "exists already");
    shop_close(&s);
}
END_TEST

TEST_MAIN("convert/weights", all_the_way_round, the_net_inside_is_upgraded, a_net_beside_the_weights_goes_in,
          weights_that_are_too_large_for_half_are_refused, mean_images)
