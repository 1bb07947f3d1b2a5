#include "read/image_fit.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

static cr_fitted fit(int w, int h, int width, int height, crema_fit how)
{
    cr_fitted f;
    cr_image image = {.width = w, .height = h};
    cr_image_fit(&image, width, height, how, &f);
    return f;
}

static void expect_fit(cr_fitted f, int64_t w, int64_t h, int64_t left, int64_t top)
{
    ck_assert_int_eq(f.scaled_width, w);
    ck_assert_int_eq(f.scaled_height, h);
    ck_assert_int_eq(f.left, left);
    ck_assert_int_eq(f.top, top);
}

START_TEST(the_three_fits)
{
    cr_fitted f = fit(640, 480, 100, 50, CREMA_STRETCH);
    expect_fit(f, 100, 50, 0, 0);
    f = fit(640, 480, 100, 100, CREMA_CROP);
    expect_fit(f, 133, 100, -16, 0); // 33 too many: 16 are cut before
    ck_assert_int_eq(f.x0, 0);
    ck_assert_int_eq(f.x1, 100);
    f = fit(480, 640, 100, 100, CREMA_CROP);
    expect_fit(f, 100, 133, 0, -16);
    f = fit(640, 480, 101, 101, CREMA_LETTERBOX);
    expect_fit(f, 101, 76, 0, 12);
    ck_assert_int_eq(f.y0, 12);
    ck_assert_int_eq(f.y1, 88);
    f = fit(480, 640, 101, 101, CREMA_LETTERBOX);
    expect_fit(f, 76, 101, 12, 0);
    ck_assert_int_eq(f.x0, 12);
    ck_assert_int_eq(f.x1, 88);
}
END_TEST

START_TEST(extreme_shapes_stay_inside)
{
    cr_fitted f = fit(1, 10000, 8, 4, CREMA_CROP);
    expect_fit(f, 8, 80000, 0, -39998);
    f = fit(10000, 1, 4, 8, CREMA_LETTERBOX);
    expect_fit(f, 4, 1, 0, 3); // never less than one pixel
    for (int w = 1; w < 40; w++)
        for (int width = 1; width < 40; width++) {
            f = fit(w, 17, width, 23, CREMA_CROP); // filled: nothing stays free
            ck_assert(f.x0 == 0 && f.x1 == width && f.y0 == 0 && f.y1 == 23);
            f = fit(w, 17, width, 23, CREMA_LETTERBOX); // whole: nothing is cut
            ck_assert(f.left >= 0 && f.left + f.scaled_width <= width);
            ck_assert(f.top >= 0 && f.top + f.scaled_height <= 23);
        }
}
END_TEST

static void resample(const unsigned char *pixels, int w, int h, int channels, int channel, int width,
                     int height, crema_fit how, float *out)
{
    cr_image image = {w, h, channels, (unsigned char *)pixels};
    cr_fitted f;
    cr_image_fit(&image, width, height, how, &f);
    ck_assert_int_eq(cr_image_resample(&image, &f, channel, out, width, NULL), CREMA_OK);
}

static void expect(const float *got, const float *expected, int n)
{
    for (int i = 0; i < n; i++)
        ck_assert_msg(fabsf(got[i] - expected[i]) < 1e-4f, "%d: %g is not %g", i, (double)got[i],
                      (double)expected[i]);
}

// cv::resize of float pictures with INTER_LINEAR, worked out by hand.
START_TEST(bilinear_with_half_pixel_centres)
{
    float out[16];
    resample((const unsigned char[]){0, 100}, 2, 1, 1, 0, 4, 1, CREMA_STRETCH, out);
    expect(out, (float[]){0, 25, 75, 100}, 4);
    resample((const unsigned char[]){0, 10, 20, 30}, 4, 1, 1, 0, 2, 1, CREMA_STRETCH, out);
    expect(out, (float[]){5, 25}, 2);
    resample((const unsigned char[]){0, 10, 20, 30, 40, 50}, 6, 1, 1, 0, 2, 1, CREMA_STRETCH, out);
    expect(out, (float[]){10, 40}, 2); // one pixel of three: no antialiasing
    resample((const unsigned char[]){0, 90}, 2, 1, 1, 0, 3, 1, CREMA_STRETCH, out);
    expect(out, (float[]){0, 45, 90}, 3);
    resample((const unsigned char[]){0, 100, 100, 200}, 2, 2, 1, 0, 1, 4, CREMA_STRETCH, out);
    expect(out, (float[]){50, 75, 125, 150}, 4);
    resample((const unsigned char[]){7}, 1, 1, 1, 0, 2, 2, CREMA_STRETCH, out);
    expect(out, (float[]){7, 7, 7, 7}, 4);
}
END_TEST

START_TEST(one_channel_is_taken)
{
    float out[2];
    const unsigned char rgb[] = {1, 2, 3, 4, 5, 6};
    for (int c = 0; c < 3; c++) {
        resample(rgb, 2, 1, 3, c, 2, 1, CREMA_STRETCH, out);
        expect(out, (float[]){(float)(1 + c), (float)(4 + c)}, 2);
    }
}
END_TEST

START_TEST(a_letterbox_leaves_the_rest_alone)
{
    float out[9];
    for (int i = 0; i < 9; i++)
        out[i] = -1;
    resample((const unsigned char[]){3, 6, 9}, 3, 1, 1, 0, 3, 3, CREMA_LETTERBOX, out);
    expect(out, (float[]){-1, -1, -1, 3, 6, 9, -1, -1, -1}, 9);
}
END_TEST

START_TEST(a_crop_takes_the_middle)
{
    float out[2];
    resample((const unsigned char[]){1, 2, 3, 4, 5}, 5, 1, 1, 0, 2, 1, CREMA_CROP, out);
    expect(out, (float[]){2, 3}, 2); // 3 too many, 1 before
}
END_TEST

TEST_MAIN("read/image_fit", the_three_fits, extreme_shapes_stay_inside, bilinear_with_half_pixel_centres,
          one_channel_is_taken, a_letterbox_leaves_the_rest_alone, a_crop_takes_the_middle)
