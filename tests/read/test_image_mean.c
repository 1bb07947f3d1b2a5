#include "read/image_input.h"
#include "tests/support/folder.h"
#include "tests/support/wire_writer.h"
#include "tests/test.h"
#include "write/npy.h"

#include <stdio.h>
#include <string.h>

static crema_preprocess with_file(folder *f, cr_shape shape, const float *values)
{
    crema_preprocess p = {.struct_size = sizeof p};
    snprintf(p.mean_file, sizeof p.mean_file, "%s", folder_path(f, "mean.npy"));
    ck_assert_int_eq(cr_npy_write(p.mean_file, true, &shape, values, NULL), CREMA_OK);
    return p;
}

static void expect_values(const crema_preprocess *p, int channels, const float *values)
{
    cr_mean mean;
    cr_err err;
    ck_assert_msg(cr_mean_load(p, channels, 5, 4, &mean, &err) == CREMA_OK, "%s", err.message);
    ck_assert_ptr_null(mean.map);
    ck_assert_mem_eq(mean.value, values, (size_t)channels * sizeof *values);
    cr_mean_free(&mean);
}

static void expect_map(const crema_preprocess *p, int channels, int height, int width, const float *map)
{
    cr_mean mean;
    cr_err err;
    ck_assert_msg(cr_mean_load(p, channels, height, width, &mean, &err) == CREMA_OK, "%s", err.message);
    ck_assert_ptr_nonnull(mean.map);
    ck_assert_mem_eq(mean.map, map, (size_t)(channels * height * width) * sizeof *map);
    cr_mean_free(&mean);
}

static void expect_error(const crema_preprocess *p, int channels, int height, int width, const char *text)
{
    cr_mean mean;
    cr_err err;
    ck_assert_int_ne(cr_mean_load(p, channels, height, width, &mean, &err), CREMA_OK);
    ck_assert_msg(strstr(err.message, text) != NULL, "\"%s\" is not in \"%s\"", text, err.message);
    cr_mean_free(&mean);
}

START_TEST(numbers)
{
    expect_values(&(crema_preprocess){.n_mean = 0}, 3, (float[]){0, 0, 0});
    expect_values(&(crema_preprocess){.n_mean = 1, .mean = {7}}, 3, (float[]){7, 7, 7});
    expect_values(&(crema_preprocess){.n_mean = 3, .mean = {1, 2, 3}}, 3, (float[]){1, 2, 3});
    expect_error(&(crema_preprocess){.n_mean = 3}, 1, 5, 4, "3 mean values for 1 channel;");
    expect_error(&(crema_preprocess){.n_mean = 2}, 3, 5, 4, "2 mean values for 3 channels;");
    expect_error(&(crema_preprocess){.n_mean = -1}, 3, 5, 4, "-1 mean values");
    expect_error(&(crema_preprocess){.n_mean = 100}, 3, 5, 4, "100 mean values");
    expect_error(&(crema_preprocess){.n_mean = 1, .mean_file = "a.npy"}, 3, 5, 4, "only one can be used");
}
END_TEST

START_TEST(values_in_a_file)
{
    folder f;
    folder_make(&f);
    crema_preprocess p = with_file(&f, (cr_shape){1, {3}}, (float[]){1, 2, 3});
    expect_values(&p, 3, (float[]){1, 2, 3});
    expect_error(&p, 1, 5, 4, "has shape 3; for this input it needs 1 channels");
    p = with_file(&f, (cr_shape){4, {1, 3, 1, 1}}, (float[]){1, 2, 3});
    expect_values(&p, 3, (float[]){1, 2, 3});
    p = with_file(&f, (cr_shape){2, {3, 1}}, (float[]){1, 2, 3});
    expect_error(&p, 3, 5, 4, "has shape 3x1");
    folder_remove(&f);
}
END_TEST

START_TEST(a_map_has_the_inputs_size)
{
    folder f;
    folder_make(&f);
    const float map[] = {1, 2, 3, 4, 5, 6};
    crema_preprocess p = with_file(&f, (cr_shape){3, {1, 2, 3}}, map);
    expect_map(&p, 1, 2, 3, map);
    p = with_file(&f, (cr_shape){4, {1, 1, 2, 3}}, map);
    expect_map(&p, 1, 2, 3, map);
    expect_error(&p, 1, 3, 2, "this mean is 3x2 (width x height) but the input is 2x3");
    expect_error(&p, 1, 2, 2, "this mean is 3x2");
    folder_remove(&f);
}
END_TEST

START_TEST(a_larger_map_is_cut_with_the_picture)
{
    folder f;
    folder_make(&f);
    float map[2 * 4 * 5];
    for (int i = 0; i < 40; i++)
        map[i] = (float)i;
    crema_preprocess p = with_file(&f, (cr_shape){3, {2, 4, 5}}, map);
    p.fit = CREMA_CROP;
    expect_map(&p, 2, 1, 2, (float[]){6, 7, 26, 27}); // from row (4 - 1) / 2, column (5 - 2) / 2
    expect_error(&p, 2, 5, 2, "this mean is 5x4");    // too low
    folder_remove(&f);
}
END_TEST

START_TEST(a_binaryproto)
{
    folder f;
    folder_make(&f);
    crema_preprocess p = {.struct_size = sizeof p};
    snprintf(p.mean_file, sizeof p.mean_file, "%s", folder_path(&f, "mean.binaryproto"));
    ww w = {0};
    for (uint32_t i = 1; i <= 4; i++) // num, channels, height, width
        ww_int(&w, i, (int64_t[]){1, 3, 1, 2}[i - 1]);
    ww_floats(&w, 5, 6, (float[]){1, 2, 3, 4, 5, 6});
    ww_save(&w, p.mean_file);
    ww_free(&w);
    expect_map(&p, 3, 1, 2, (float[]){1, 2, 3, 4, 5, 6});
    folder_remove(&f);
}
END_TEST

START_TEST(files_that_are_no_mean)
{
    folder f;
    folder_make(&f);
    crema_preprocess p = {.struct_size = sizeof p};
    snprintf(p.mean_file, sizeof p.mean_file, "%s", folder_path(&f, "mean.npy"));
    expect_error(&p, 3, 1, 1, "can't open");
    folder_text(&f, "mean.npy", "<html>");
    expect_error(&p, 3, 1, 1, "HTML");
    folder_remove(&f);
}
END_TEST

TEST_MAIN("read/image_mean", numbers, values_in_a_file, a_map_has_the_inputs_size,
          a_larger_map_is_cut_with_the_picture, a_binaryproto, files_that_are_no_mean)
