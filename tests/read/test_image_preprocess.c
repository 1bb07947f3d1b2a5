#include "read/image_input.h"
#include "tests/support/folder.h"
#include "tests/test.h"

#include <string.h>

static crema_preprocess read_ok(const char *text)
{
    folder f;
    folder_make(&f);
    crema_preprocess p;
    cr_err err;
    ck_assert_msg(cr_preprocess_read(folder_text(&f, "p.yaml", text), &p, &err) == CREMA_OK, "%s",
                  err.message);
    if (p.mean_file[0] && strncmp(p.mean_file, f.path, strlen(f.path)) == 0)
        memmove(p.mean_file, p.mean_file + strlen(f.path), strlen(p.mean_file + strlen(f.path)) + 1);
    folder_remove(&f);
    return p;
}

static void expect_error(const char *text, int line, int column, const char *message)
{
    folder f;
    folder_make(&f);
    crema_preprocess p;
    cr_err err;
    cr_status status = cr_preprocess_read(folder_text(&f, "p.yaml", text), &p, &err);
    folder_remove(&f);
    ck_assert_int_eq(status, CREMA_ERR_INPUT);
    ck_assert_msg(strstr(err.message, message) != NULL, "\"%s\" is not in \"%s\"", message, err.message);
    ck_assert_int_eq(err.line, line);
    ck_assert_int_eq(err.column, column);
}

START_TEST(all_keys)
{
    crema_preprocess p = read_ok("channels: rgb\nsize: 320x240\nfit: letterbox\nraw: 0..1\n"
                                 "mean: [0.485, 0.456, 1]\nscale: 0.25\n");
    ck_assert_uint_eq(p.struct_size, sizeof p);
    ck_assert_int_eq(p.channels, CREMA_RGB);
    ck_assert_int_eq(p.width, 320);
    ck_assert_int_eq(p.height, 240);
    ck_assert_int_eq(p.net_size, 0);
    ck_assert_int_eq(p.fit, CREMA_LETTERBOX);
    ck_assert_int_eq(p.unit_range, 1);
    ck_assert_int_eq(p.n_mean, 3);
    ck_assert_float_eq(p.mean[1], 0.456f);
    ck_assert_float_eq(p.scale, 0.25f);
    p = read_ok("{channels: gray, size: net, fit: crop, raw: 0..255, mean: 127.5}");
    ck_assert_int_eq(p.channels, CREMA_GRAY);
    ck_assert_int_eq(p.net_size, 1);
    ck_assert_int_eq(p.fit, CREMA_CROP);
    ck_assert_int_eq(p.unit_range, 0);
    ck_assert_int_eq(p.n_mean, 1);
    ck_assert_float_eq(p.mean[0], 127.5f);
    p = read_ok("channels: bgr\nfit: stretch");
    ck_assert_int_eq(p.channels, CREMA_BGR);
    ck_assert_int_eq(p.width, 0);
    ck_assert_float_eq(p.scale, 0);
}
END_TEST

START_TEST(a_mean_file_is_beside_the_options)
{
    ck_assert_str_eq(read_ok("mean: means/a.npy").mean_file, "/means/a.npy");
    ck_assert_str_eq(read_ok("mean: /abs/a.npy").mean_file, "/abs/a.npy");
    ck_assert_int_eq(read_ok("mean: a.npy").n_mean, 0);
}
END_TEST

START_TEST(errors_have_a_place)
{
    expect_error("size: 10x10\nsise: net\n", 2, 1, "size"); // the nearest is named
    expect_error("channels: [rgb]\n", 1, 11, "channels must be rgb, bgr or gray");
    expect_error("channels: cmyk\n", 1, 11, "channels must be rgb, bgr or gray");
    expect_error("fit: pad\n", 1, 6, "fit must be stretch, crop or letterbox");
    expect_error("raw: 0..2\n", 1, 6, "raw must be 0..255 or 0..1");
    expect_error("scale: much\n", 1, 8, "scale");
    expect_error("scale: 0\n", 1, 8, "scale must not be 0");
    expect_error("scale: .nan\n", 1, 8, "number");
    expect_error("mean: []\n", 1, 7, "one number per channel");
    expect_error("mean: [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]\n", 1, 7, "one number per channel");
    expect_error("mean: [1, x]\n", 1, 11, "mean");
    expect_error("mean: {a: 1}\n", 1, 7, "mean must be a number");
    expect_error("mean: ''\n", 1, 7, "mean must be a number");
    expect_error("- size\n", 1, 1, "must be a map");
    static const char *const sizes[] = {
        "10",    "10x", "x10", "10x10x10", "0x10", "10x0", "-1x10", "1e1x10", "99999999999999999999x1",
        "[1, 2]"};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char text[64] = "size: ";
        strcat(text, sizes[i]);
        expect_error(text, 1, 7, "size must be WIDTHxHEIGHT");
    }
}
END_TEST

START_TEST(a_missing_file)
{
    crema_preprocess p;
    ck_assert_int_eq(cr_preprocess_read("/nowhere/p.yaml", &p, NULL), CREMA_ERR_IO);
}
END_TEST

TEST_MAIN("read/image_preprocess", all_keys, a_mean_file_is_beside_the_options, errors_have_a_place,
          a_missing_file)
