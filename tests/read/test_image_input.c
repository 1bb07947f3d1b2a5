#include "read/image_input.h"
#include "tests/support/folder.h"
#include "tests/test.h"
#include "write/npy.h"

#include <math.h>
#include <string.h>

static const cr_shape unknown = {.rank = -1};

typedef struct batch {
    cr_shape shape;
    float *data;
    crema_placement placement[4];
} batch;

static batch read_ok(const char *const *paths, int n, const crema_preprocess *p, cr_shape want)
{
    batch b;
    cr_err err;
    ck_assert_msg(cr_input_read(paths, n, p, &want, &b.shape, &b.data, b.placement, &err) == CREMA_OK,
                  "%s: %s", err.file, err.message);
    return b;
}

static void expect(batch b, cr_shape shape, const float *values)
{
    ck_assert_msg(cr_shape_equal(&b.shape, &shape), "rank %d", b.shape.rank);
    for (int64_t i = 0; i < cr_shape_count(&shape); i++)
        ck_assert_msg(fabsf(b.data[i] - values[i]) < 1e-5f, "%d: %g is not %g", (int)i, (double)b.data[i],
                      (double)values[i]);
    cr_free(b.data);
}

static void expect_error(const char *const *paths, int n, const crema_preprocess *p, cr_shape want,
                         const char *text)
{
    cr_shape shape;
    float *data;
    cr_err err;
    ck_assert_int_ne(cr_input_read(paths, n, p, &want, &shape, &data, NULL, &err), CREMA_OK);
    ck_assert_ptr_null(data);
    ck_assert_msg(strstr(err.message, text) != NULL, "\"%s\" is not in \"%s\"", text, err.message);
}

#define PATHS(...) ((const char *const[]){__VA_ARGS__})
#define SHAPE4(n, c, h, w) ((cr_shape){4, {n, c, h, w}})

START_TEST(channel_orders)
{
    folder f;
    folder_make(&f);
    const char *colour = folder_text(&f, "colour.ppm", "P3 2 1 255 10 20 30 40 50 60");
    const char *gray = folder_text(&f, "gray.pgm", "P2 2 1 255 7 9");
    crema_preprocess p = {0};
    expect(read_ok(&colour, 1, NULL, unknown), SHAPE4(1, 3, 1, 2), (float[]){30, 60, 20, 50, 10, 40});
    expect(read_ok(&gray, 1, NULL, unknown), SHAPE4(1, 3, 1, 2), (float[]){7, 9, 7, 9, 7, 9});
    p.channels = CREMA_BGR;
    expect(read_ok(&colour, 1, &p, unknown), SHAPE4(1, 3, 1, 2), (float[]){30, 60, 20, 50, 10, 40});
    p.channels = CREMA_RGB;
    expect(read_ok(&colour, 1, &p, unknown), SHAPE4(1, 3, 1, 2), (float[]){10, 40, 20, 50, 30, 60});
    p.channels = CREMA_GRAY;
    expect(read_ok(&colour, 1, &p, unknown), SHAPE4(1, 1, 1, 2), (float[]){18, 48});
    // Without a wish, a net with one channel gets gray.
    expect(read_ok(&colour, 1, NULL, SHAPE4(1, 1, 1, 2)), SHAPE4(1, 1, 1, 2), (float[]){18, 48});
    p.channels = CREMA_RGB;
    expect_error(&colour, 1, &p, SHAPE4(1, 1, 1, 2),
                 "is read as colour, with 3 channels, but this input has 1");
    expect_error(&colour, 1, NULL, SHAPE4(1, 4, 1, 2), "this input has 4");
    expect_error(&colour, 1, NULL, (cr_shape){2, {1, 6}}, "this input has shape 1x6");
    folder_remove(&f);
}
END_TEST

START_TEST(raw_mean_and_scale)
{
    folder f;
    folder_make(&f);
    const char *colour = folder_text(&f, "colour.ppm", "P3 1 1 255 51 102 255");
    crema_preprocess p = {.channels = CREMA_RGB, .n_mean = 3, .mean = {1, 2, 5}, .scale = 2};
    expect(read_ok(&colour, 1, &p, unknown), SHAPE4(1, 3, 1, 1), (float[]){100, 200, 500});
    p = (crema_preprocess){.channels = CREMA_RGB, .unit_range = 1, .n_mean = 1, .mean = {0.5f}};
    expect(read_ok(&colour, 1, &p, unknown), SHAPE4(1, 3, 1, 1), (float[]){-0.3f, -0.1f, 0.5f});
    folder_remove(&f);
}
END_TEST

START_TEST(a_mean_map_is_subtracted_pixel_by_pixel)
{
    folder f;
    folder_make(&f);
    const char *gray = folder_text(&f, "gray.pgm", "P2 2 2 255 10 20 30 40");
    crema_preprocess p = {.channels = CREMA_GRAY, .scale = 10};
    strcpy(p.mean_file, folder_path(&f, "mean.npy"));
    cr_npy_write(p.mean_file, true, &(cr_shape){3, {1, 2, 2}}, (float[]){1, 2, 3, 4}, NULL);
    expect(read_ok(PATHS(gray, gray), 2, &p, unknown), SHAPE4(2, 1, 2, 2),
           (float[]){90, 180, 270, 360, 90, 180, 270, 360});
    folder_remove(&f);
}
END_TEST

START_TEST(sizes)
{
    folder f;
    folder_make(&f);
    const char *wide = folder_text(&f, "wide.pgm", "P2 4 2 255 0 10 20 30 0 10 20 30");
    crema_preprocess p = {.channels = CREMA_GRAY, .width = 2, .height = 1};
    expect(read_ok(&wide, 1, &p, unknown), SHAPE4(1, 1, 1, 2), (float[]){5, 25});
    expect(read_ok(&wide, 1, &p, SHAPE4(1, 1, 9, 9)), SHAPE4(1, 1, 1, 2), (float[]){5, 25});
    p = (crema_preprocess){.net_size = 1};
    expect(read_ok(&wide, 1, &p, SHAPE4(7, 1, 1, 2)), SHAPE4(1, 1, 1, 2), (float[]){5, 25});
    expect_error(&wide, 1, &p, unknown, "this input declares none");
    expect_error(&wide, 1, NULL, SHAPE4(1, 1, 3, 5), "is 4x2 pixels but the net's input is 5x3; give a size");
    p = (crema_preprocess){.width = 5};
    expect_error(&wide, 1, &p, unknown, "can't be scaled to 5x0 pixels");
    p = (crema_preprocess){.width = 100000, .height = 100000};
    expect_error(&wide, 1, &p, unknown, "can't be scaled to 100000x100000 pixels");
    folder_remove(&f);
}
END_TEST

START_TEST(placements_map_boxes_back)
{
    folder f;
    folder_make(&f);
    const char *wide = folder_text(&f, "wide.pgm", "P2 4 2 255 0 10 20 30 0 10 20 30");
    crema_preprocess p = {.channels = CREMA_GRAY, .width = 8, .height = 8, .fit = CREMA_LETTERBOX};
    batch b = read_ok(&wide, 1, &p, unknown);
    crema_placement q = b.placement[0];
    ck_assert_int_eq(q.width, 4);
    ck_assert_int_eq(q.height, 2);
    ck_assert_float_eq(q.scale_x, 2);
    ck_assert_float_eq(q.scale_y, 2);
    ck_assert_float_eq(q.offset_x, 0);
    ck_assert_float_eq(q.offset_y, 2);
    cr_free(b.data);
    p.fit = CREMA_CROP;
    b = read_ok(&wide, 1, &p, unknown);
    q = b.placement[0];
    ck_assert_float_eq(q.scale_x, 4);
    ck_assert_float_eq(q.scale_y, 4);
    ck_assert_float_eq(q.offset_x, -4);
    ck_assert_float_eq(q.offset_y, 0);
    cr_free(b.data);
    folder_remove(&f);
}
END_TEST

START_TEST(a_letterbox_is_padded_with_the_mean)
{
    folder f;
    folder_make(&f);
    const char *wide = folder_text(&f, "wide.pgm", "P2 2 1 255 10 20");
    crema_preprocess p = {
        .channels = CREMA_GRAY, .width = 2, .height = 2, .fit = CREMA_LETTERBOX, .n_mean = 1, .mean = {4}};
    expect(read_ok(&wide, 1, &p, unknown), SHAPE4(1, 1, 2, 2), (float[]){6, 16, 0, 0});
    folder_remove(&f);
}
END_TEST

START_TEST(pictures_of_a_batch_agree)
{
    folder f;
    folder_make(&f);
    const char *a = folder_text(&f, "a.pgm", "P2 2 1 255 1 2"),
               *b = folder_text(&f, "b.pgm", "P2 2 1 255 3 4");
    const char *c = folder_text(&f, "c.pgm", "P2 1 2 255 5 6");
    crema_preprocess p = {.channels = CREMA_GRAY};
    expect(read_ok(PATHS(a, b), 2, &p, unknown), SHAPE4(2, 1, 1, 2), (float[]){1, 2, 3, 4});
    expect_error(PATHS(a, b, c), 3, &p, unknown, "is 1x2 pixels but ");
    expect_error(PATHS(a, c), 2, &p, unknown, "a.pgm is 2x1; give a size for all");
    p.width = p.height = 1;
    expect(read_ok(PATHS(a, c), 2, &p, unknown), SHAPE4(2, 1, 1, 1), (float[]){1.5f, 5.5f});
    expect_error(NULL, 0, &p, unknown, "no input files");
    expect_error(PATHS("/nowhere/a.png"), 1, &p, unknown, "can't open");
    folder_remove(&f);
}
END_TEST

START_TEST(arrays_pass_as_they_are)
{
    folder f;
    folder_make(&f);
    const char *a = folder_path(&f, "a.npy"), *b = folder_path(&f, "b.npy"), *s = folder_path(&f, "s.npy");
    cr_npy_write(a, true, &(cr_shape){3, {2, 1, 2}}, (float[]){1, 2, 3, 4}, NULL);
    cr_npy_write(b, true, &(cr_shape){3, {1, 1, 2}}, (float[]){5, 6}, NULL);
    cr_npy_write(s, true, &(cr_shape){0}, (float[]){9}, NULL);
    crema_preprocess p = {.width = 7, .height = 7, .scale = 100}; // for pictures only
    expect(read_ok(&a, 1, &p, unknown), (cr_shape){3, {2, 1, 2}}, (float[]){1, 2, 3, 4});
    expect(read_ok(&a, 1, &p, SHAPE4(1, 2, 1, 2)), SHAPE4(1, 2, 1, 2),
           (float[]){1, 2, 3, 4}); // gets the axis
    expect(read_ok(PATHS(a, b), 2, &p, unknown), (cr_shape){3, {3, 1, 2}}, (float[]){1, 2, 3, 4, 5, 6});
    expect(read_ok(PATHS(a, a), 2, &p, SHAPE4(1, 2, 1, 2)), SHAPE4(2, 2, 1, 2),
           (float[]){1, 2, 3, 4, 1, 2, 3, 4});
    expect_error(PATHS(a, b), 2, &p, SHAPE4(1, 2, 1, 2),
                 "has shape 1x1x1x2 and can't be put into one batch with");
    expect(read_ok(&s, 1, &p, unknown), (cr_shape){0}, (float[]){9});
    expect_error(PATHS(s, s), 2, &p, unknown, "has shape scalar and can't be put");
    expect(read_ok(PATHS(s, s), 2, &p, (cr_shape){1, {4}}), (cr_shape){1, {2}}, (float[]){9, 9});
    folder_remove(&f);
}
END_TEST

START_TEST(arrays_and_pictures_share_a_batch)
{
    folder f;
    folder_make(&f);
    const char *a = folder_path(&f, "a.npy"), *g = folder_text(&f, "g.pgm", "P2 2 1 255 3 4");
    cr_npy_write(a, true, &SHAPE4(1, 1, 1, 2), (float[]){1, 2}, NULL);
    crema_preprocess p = {.channels = CREMA_GRAY};
    batch b = read_ok(PATHS(a, g), 2, &p, unknown);
    ck_assert_int_eq(b.placement[0].width, 0);
    ck_assert_int_eq(b.placement[1].width, 2);
    expect(b, SHAPE4(2, 1, 1, 2), (float[]){1, 2, 3, 4});
    folder_remove(&f);
}
END_TEST

#ifdef CR_TEST_ALLOC
START_TEST(out_of_memory_is_reported)
{
    folder f;
    folder_make(&f);
    const char *a = folder_text(&f, "a.ppm", "P3 2 1 255 1 2 3 4 5 6"),
               *g = folder_text(&f, "g.pgm", "P2 2 1 255 3 4");
    crema_preprocess p = {.width = 3, .height = 3};
    cr_status status = CREMA_ERR_MEMORY;
    int n = 0;
    for (; status == CREMA_ERR_MEMORY; n++) {
        cr_shape shape;
        float *data;
        cr_test_fail_alloc(n);
        status = cr_input_read(PATHS(a, g), 2, &p, &unknown, &shape, &data, NULL, NULL);
        cr_test_fail_alloc(-1);
        cr_free(data);
    }
    ck_assert_int_eq(status, CREMA_OK);
    ck_assert_int_gt(n, 8);
    folder_remove(&f);
}
END_TEST
#endif

TEST_MAIN("read/image_input", channel_orders, raw_mean_and_scale, a_mean_map_is_subtracted_pixel_by_pixel,
          sizes, placements_map_boxes_back, a_letterbox_is_padded_with_the_mean, pictures_of_a_batch_agree,
          arrays_pass_as_they_are, arrays_and_pictures_share_a_batch TEST_ALLOC(out_of_memory_is_reported))
