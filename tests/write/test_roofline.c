/*
 * The roofline as a file: a circle for every layer that can be drawn, whole or not there at all.
 */
#include "crema_tools.h"
#include "tests/support/folder.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const crema_limits limits = {.threads = 1, .isa = "v4", .gflops = 100, .read_gbs = 20, .copy_gbs = 20};

static int count(const char *text, const char *part)
{
    int n = 0;
    for (const char *p = text; (p = strstr(p, part)); p++)
        n++;
    return n;
}

static char *draw(const char *title, const crema_roofline_point *points, int n)
{
    static char text[1 << 20];
    folder f;
    crema_error err = {0};
    folder_make(&f);
    const char *path = folder_path(&f, "roof.svg");
    ck_assert_msg(crema_roofline_write(path, title, &limits, points, n, &err) == CREMA_OK, "%s", err.message);
    ck_assert_int_eq(folder_n_files(&f), 1);
    FILE *file = fopen(path, "rb");
    size_t size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    folder_remove(&f);
    text[size] = 0;
    ck_assert_int_eq(strncmp(text, "<?xml", 5), 0);
    ck_assert_int_eq(strcmp(text + size - 7, "</svg>\n"), 0);
    return text;
}

// Circles are what is half transparent; cairo has two ways of writing that.
static int circles(const char *svg)
{
    return count(svg, "fill-opacity:0.6") + count(svg, "fill-opacity=\"0.6\"");
}

START_TEST(every_layer_is_a_circle)
{
    crema_roofline_point p[30];
    for (int i = 0; i < 30; i++)
        p[i] = (crema_roofline_point){"conv", i % 2 ? "winograd" : "tiled", 1 + i, 50 + 3 * i, 1 / 30.0};
    ck_assert_int_eq(circles(draw("a net", p, 30)), 30);
    ck_assert_int_eq(circles(draw(NULL, p, 1)), 1);
    ck_assert_int_eq(circles(draw(NULL, NULL, 0)), 0);
}
END_TEST

START_TEST(what_has_no_place_is_left_out)
{
    crema_roofline_point p[] = {{"good", "a", 10, 10, 0.5},           {"no work", "a", 0, 0, 0.1},
                                {"no time", "a", 10, 10, 0},          {"nan", "a", (double)NAN, 1, 1},
                                {"inf", "a", 1, (double)INFINITY, 1}, {"below", "a", -1, 5, 0.1}};
    ck_assert_int_eq(circles(draw("a net", p, 6)), 1);
}
END_TEST

START_TEST(any_numbers_and_names_can_be_drawn)
{
    static const char *const kinds[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"};
    crema_roofline_point p[11];
    for (int i = 0; i < 11; i++)
        p[i] = (crema_roofline_point){"\xff\xc0\x1b", kinds[i], pow(10, i - 5), pow(10, 4 - i), 0.05};
    ck_assert_int_eq(circles(draw("\xff title", p, 11)), 11);
}
END_TEST

START_TEST(errors_leave_no_file)
{
    crema_error err = {0};
    crema_limits none = {0};
    ck_assert_int_eq(crema_roofline_write("/nowhere/x.svg", NULL, &limits, NULL, 0, &err), CREMA_ERR_IO);
    ck_assert_str_eq(err.file, "/nowhere/x.svg");
    ck_assert_int_eq(crema_roofline_write("x.svg", NULL, &none, NULL, 0, &err), CREMA_ERR_USAGE);
    ck_assert_int_eq(crema_roofline_write("x.svg", NULL, &limits, NULL, -1, &err), CREMA_ERR_USAGE);
    ck_assert_int_eq(crema_roofline_write("/dev/full", NULL, &limits, NULL, 0, &err), CREMA_ERR_IO);
}
END_TEST

TEST_MAIN("write/roofline", every_layer_is_a_circle, what_has_no_place_is_left_out,
          any_numbers_and_names_can_be_drawn, errors_leave_no_file)
