#include "crema_tools.h"
#include "tests/support/folder.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

START_TEST(arrays_go_out_and_come_in)
{
    folder f;
    folder_make(&f);
    const char *path = folder_path(&f, "a.npy");
    crema_array a;
    ck_assert_int_eq(crema_npy_write(path, &(crema_shape){2, {1, 2}}, (float[]){1, 2}, NULL), CREMA_OK);
    ck_assert_int_eq(crema_npy_read(path, &a, NULL), CREMA_OK);
    ck_assert_int_eq(a.shape.rank, 2);
    ck_assert_float_eq(a.data[1], 2);
    crema_array_free(&a);
    ck_assert_ptr_null(a.data);
    crema_array_free(&a);
    crema_array_free(NULL);
    crema_error err;
    ck_assert_int_eq(crema_npy_read(folder_path(&f, "b.npy"), &a, &err), CREMA_ERR_IO);
    ck_assert_ptr_null(a.data);
    folder_remove(&f);
}
END_TEST

START_TEST(options_of_older_callers_are_not_overrun)
{
    folder f;
    folder_make(&f);
    const char *path = folder_text(&f, "p.yaml", "{size: 3x4, scale: 2}");
    crema_preprocess p;
    crema_error err;
    memset(&p, 0x55, sizeof p);
    p.struct_size = offsetof(crema_preprocess, scale);
    float before = p.scale;
    ck_assert_int_eq(crema_preprocess_read(path, &p, &err), CREMA_OK);
    ck_assert_int_eq(p.width, 3);
    ck_assert_mem_eq(&p.scale, &before, sizeof before);
    p.struct_size = 0;
    ck_assert_int_eq(crema_preprocess_read(path, &p, &err), CREMA_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(err.message, "struct_size"));
    crema_array a;
    ck_assert_int_eq(crema_input_read(&path, 1, &p, NULL, &a, NULL, &err), CREMA_ERR_USAGE);
    crema_check_options o = {0};
    ck_assert_int_eq(crema_check_manifest(path, &o, NULL, NULL, &err), CREMA_ERR_USAGE);
    folder_remove(&f);
}
END_TEST

// The options that a net's transform_param asks for. transform: its text.
static crema_status from_net(const char *transform, crema_preprocess *out, crema_error *err)
{
    folder f;
    folder_make(&f);
    char text[3000];
    snprintf(text, sizeof text,
             "layer { name: 'in' type: 'Input' top: 'x' input_param { shape { dim: 1 dim: 3 dim: 4 dim: 4 } "
             "} %s }\n"
             "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'y' }\n",
             transform);
    const char *path = folder_text(&f, "n.prototxt", text);
    crema_context *context = crema_context_create(NULL, err);
    crema_net_options o = {.struct_size = sizeof o, .net = {.path = path}};
    crema_net *net = crema_net_load(context, &o, err);
    ck_assert_msg(net != NULL, "%s", err->message);
    *out = (crema_preprocess){.struct_size = sizeof *out, .width = 99};
    crema_status status = crema_preprocess_from_net(net, "x", "nets/n.prototxt", out, err);
    crema_net_free(net);
    crema_context_free(context);
    folder_remove(&f);
    return status;
}

START_TEST(a_nets_own_preprocessing)
{
    crema_preprocess p;
    crema_error err;
    ck_assert_int_eq(from_net("", &p, &err), CREMA_OK);
    crema_preprocess none = {.struct_size = sizeof none};
    ck_assert_mem_eq(&p, &none, sizeof p);
    ck_assert_int_eq(
        from_net("transform_param { scale: 0.5 crop_size: 7 mean_value: 1 mean_value: 2 mean_value: 3 }", &p,
                 &err),
        CREMA_OK);
    ck_assert_float_eq(p.scale, 0.5f);
    ck_assert_int_eq(p.width, 7);
    ck_assert_int_eq(p.height, 7);
    ck_assert_int_eq(p.fit, CREMA_CROP);
    ck_assert_int_eq(p.n_mean, 3);
    ck_assert_float_eq(p.mean[2], 3);
    ck_assert_int_eq(p.channels, CREMA_CHANNELS_AUTO);
    ck_assert_int_eq(from_net("transform_param { mean_file: 'm.binaryproto' force_gray: true }", &p, &err),
                     CREMA_OK);
    ck_assert_str_eq(p.mean_file, "nets/m.binaryproto");
    ck_assert_int_eq(p.channels, CREMA_GRAY);
    ck_assert_float_eq(p.scale, 1);
    char many[2000] = "transform_param {";
    for (int i = 0; i < CREMA_MAX_CHANNELS + 1; i++)
        strcat(many, " mean_value: 1");
    strcat(many, " }");
    ck_assert_int_eq(from_net(many, &p, &err), CREMA_ERR_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(err.message, "17 mean values"));
}
END_TEST

START_TEST(pictures_in_and_drawings_out)
{
    folder f;
    folder_make(&f);
    const char *picture = folder_text(&f, "a.pgm", "P2 2 1 255 3 4");
    crema_array a;
    crema_placement placement;
    ck_assert_int_eq(crema_input_read(&picture, 1, NULL, NULL, &a, &placement, NULL), CREMA_OK);
    ck_assert_int_eq(a.shape.dim[1], 3);
    ck_assert_int_eq(placement.width, 2);
    crema_array_free(&a);
    crema_error err;
    const char *out = folder_path(&f, "out.png");
    crema_box box = {0, 0, 2, 1, 0, "a", 1};
    ck_assert_int_eq(crema_draw_boxes(picture, &box, 1, out, &err), CREMA_OK); // smaller than any text
    ck_assert_int_eq(crema_input_read(&out, 1, NULL, NULL, &a, NULL, NULL), CREMA_OK);
    ck_assert_int_eq(a.shape.dim[3], 2);
    crema_array_free(&a);
    ck_assert_int_eq(crema_draw_boxes(folder_text(&f, "no.txt", "text"), &box, 1, out, &err),
                     CREMA_ERR_INPUT);
    ck_assert_int_eq(crema_draw_boxes(folder_path(&f, "gone.png"), &box, 1, out, &err), CREMA_ERR_IO);
    folder_remove(&f);
}
END_TEST

static void count(void *user, const crema_check_result *result)
{
    *(int *)user += 1 + 100 * !result->passed;
}

START_TEST(a_manifest_is_checked)
{
    folder f;
    folder_make(&f);
    folder_text(&f, "n.prototxt",
                "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'y' }\n"
                "input: 'x' input_shape { dim: 1 }");
    crema_npy_write(folder_path(&f, "x.npy"), &(crema_shape){1, {1}}, (float[]){5}, NULL);
    const char *m = folder_text(
        &f, "m.yaml",
        "version: 1\ncases: [{name: c, net: n.prototxt, inputs: {x: x.npy}, expect: {y: x.npy}}]");
    int n = 0;
    ck_assert_int_eq(crema_check_manifest(m, NULL, count, &n, NULL), CREMA_OK);
    ck_assert_int_eq(n, 1);
    folder_remove(&f);
}
END_TEST

TEST_MAIN("api/tools", arrays_go_out_and_come_in, options_of_older_callers_are_not_overrun,
          a_nets_own_preprocessing, pictures_in_and_drawings_out, a_manifest_is_checked)
