#include "read/image.h"
#include "tests/support/folder.h"
#include "tests/test.h"
#include "write/draw.h"

#include <math.h>
#include <string.h>

#define W 120
#define H 90

static unsigned char gray[W * H * 3];

// Draws on a gray picture and reads it back.
static cr_image draw(const crema_box *boxes, int n)
{
    folder f;
    folder_make(&f);
    memset(gray, 128, sizeof gray);
    const char *path = folder_path(&f, "out.png");
    cr_err err;
    ck_assert_msg(cr_draw_boxes(gray, W, H, boxes, n, path, &err) == CREMA_OK, "%s", err.message);
    ck_assert_int_eq(folder_n_files(&f), 1);
    cr_file file;
    cr_image image;
    ck_assert_int_eq(cr_file_open(&file, &(crema_file){.path = path}, NULL), CREMA_OK);
    ck_assert_int_eq(cr_image_read(&file, &image, NULL), CREMA_OK);
    cr_file_close(&file);
    folder_remove(&f);
    ck_assert_int_eq(image.width, W);
    ck_assert_int_eq(image.height, H);
    return image;
}

static bool drawn_at(const cr_image *image, int x, int y)
{
    const unsigned char *p = image->data + 3 * (y * W + x);
    return p[0] != 128 || p[1] != 128 || p[2] != 128;
}

static int n_drawn(const cr_image *image)
{
    int n = 0;
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            n += drawn_at(image, x, y);
    return n;
}

START_TEST(a_box_has_a_frame_and_a_text_above)
{
    cr_image image = draw(&(crema_box){30, 40, 90, 80, 1, "cat", 0.5f}, 1);
    ck_assert(drawn_at(&image, 30, 60) && drawn_at(&image, 90, 60));
    ck_assert(drawn_at(&image, 60, 40) && drawn_at(&image, 60, 80));
    ck_assert(drawn_at(&image, 31, 34)); // the text's plate
    ck_assert(!drawn_at(&image, 60, 60) && !drawn_at(&image, 10, 60) && !drawn_at(&image, 60, 88));
    cr_image_free(&image);
}
END_TEST

START_TEST(colours_go_with_labels)
{
    crema_box boxes[] = {
        {5, 50, 25, 80, 3, "a", 1}, {50, 50, 70, 80, 3, "b", 1}, {90, 50, 110, 80, 4, "c", 1}};
    cr_image image = draw(boxes, 3);
    const unsigned char *row = image.data + 3 * (70 * W);
    ck_assert_mem_eq(row + 3 * 5, row + 3 * 50, 3);
    ck_assert_int_ne(memcmp(row + 3 * 5, row + 3 * 90, 3), 0);
    cr_image_free(&image);
}
END_TEST

START_TEST(a_box_at_the_edge_is_seen)
{
    crema_box box = {-1000, -1000, 1000, 1000, 0, "all", 1};
    cr_image image = draw(&box, 1);
    ck_assert(drawn_at(&image, 0, 45) && drawn_at(&image, W - 1, 45));
    ck_assert(drawn_at(&image, 60, H - 1) && drawn_at(&image, 2, 2));
    cr_image_free(&image);
}
END_TEST

START_TEST(boxes_that_are_none_are_left_out)
{
    crema_box boxes[] = {{NAN, 1, 50, 50, 0, "a", 1},         {1, 1, INFINITY, 50, 0, "a", 1},
                         {50, 50, 20, 80, 0, "a", 1},         {200, 10, 300, 50, 0, "a", 1},
                         {-1e30f, -1e30f, -1, -1, 0, "a", 1}, {10, 10, 10, 10, 0, "a", 1}};
    cr_image image = draw(boxes, 6);
    ck_assert_int_eq(n_drawn(&image), 0);
    cr_image_free(&image);
    image = draw(NULL, 0);
    ck_assert_int_eq(n_drawn(&image), 0);
    cr_image_free(&image);
}
END_TEST

// cairo stops drawing for good at the first text that is not UTF-8.
START_TEST(any_name_can_be_drawn)
{
    char longest[4000];
    memset(longest, 'W', sizeof longest - 1);
    longest[sizeof longest - 1] = 0;
    const char *const names[] = {NULL,           "",
                                 "\xff\xfe",     "\xc3",
                                 "\xed\xa0\x80", "\xf0\x80\x80\x80",
                                 "a\nb\x01",     longest,
                                 "\xe7\x8c\xab", "\xc3\xa9t\xc3\xa9"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        crema_box boxes[] = {{20, 40, 50, 80, -7, names[i], NAN},
                             {60, 40, 100, 80, INT32_MIN, names[i], 1e30f}};
        cr_image image = draw(boxes, 2);
        ck_assert(drawn_at(&image, 21, 33));
        ck_assert(drawn_at(&image, 61, 33));
        cr_image_free(&image);
    }
}
END_TEST

START_TEST(errors_leave_nothing_behind)
{
    folder f;
    folder_make(&f);
    cr_err err;
    ck_assert_int_eq(cr_draw_boxes(gray, W, H, NULL, 0, folder_path(&f, "no/out.png"), &err), CREMA_ERR_IO);
    ck_assert_int_eq(cr_draw_boxes(gray, 40000, 1, NULL, 0, folder_path(&f, "out.png"), &err),
                     CREMA_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(err.message, "40000x1 pixels"));
    ck_assert_int_eq(folder_n_files(&f), 0);
    folder_remove(&f);
}
END_TEST

TEST_MAIN("write/draw", a_box_has_a_frame_and_a_text_above, colours_go_with_labels, a_box_at_the_edge_is_seen,
          boxes_that_are_none_are_left_out, any_name_can_be_drawn, errors_leave_nothing_behind)
