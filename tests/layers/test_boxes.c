#include "layers/boxes.h"
#include "tests/test.h"

#include <math.h>

START_TEST(sorting_is_stable)
{
    enum { N = 1000 };
    static cr_scored list[N], temp[N];
    for (int n = 0; n <= N; n += n < 40 ? 1 : 320) {
        for (int i = 0; i < n; i++)
            list[i] = (cr_scored){(float)(i * 7919 % 13), i};
        cr_sort_scores(list, temp, n);
        for (int i = 1; i < n; i++)
            ck_assert(list[i - 1].score > list[i].score ||
                      (list[i - 1].score == list[i].score && list[i - 1].index < list[i].index));
    }
}
END_TEST

START_TEST(infinite_scores_have_their_order)
{
    cr_scored list[] = {{0, 0}, {-INFINITY, 1}, {INFINITY, 2}, {-INFINITY, 3}, {INFINITY, 4}}, temp[5];
    const int want[] = {2, 4, 0, 1, 3};
    cr_sort_scores(list, temp, 5);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(list[i].index, want[i]);
}
END_TEST

START_TEST(overlap_is_intersection_over_union)
{
    const cr_box a = {0, 0, 2, 2}, b = {1, 1, 3, 3}, inside = {0, 0, 1, 1}, far = {5, 5, 6, 6};
    ck_assert_float_eq_tol(cr_box_overlap(&a, &b, CR_NMS_SSD), 1 / 7.f, 1e-6f);
    ck_assert_float_eq(cr_box_overlap(&a, &inside, CR_NMS_SSD), 0.25f);
    ck_assert_float_eq(cr_box_overlap(&a, &a, CR_NMS_YOLO), 1);
    ck_assert_float_eq(cr_box_overlap(&a, &far, CR_NMS_SSD), 0);
    // As pixels: 3x3 both, 2x2 in common.
    ck_assert_float_eq_tol(cr_box_overlap(&a, &b, CR_NMS_PIXEL), 4 / 14.f, 1e-6f);
    // Boxes that touch share a line of pixels, but no area.
    const cr_box right = {2, 0, 4, 2};
    ck_assert_float_eq(cr_box_overlap(&a, &right, CR_NMS_SSD), 0);
    ck_assert_float_eq_tol(cr_box_overlap(&a, &right, CR_NMS_PIXEL), 3 / 15.f, 1e-6f);
    const cr_box inverted = {2, 2, 0, 0};
    ck_assert_float_eq(cr_box_overlap(&a, &inverted, CR_NMS_SSD), 0);
}
END_TEST

static int64_t survivors(enum cr_nms_kind kind, float threshold, float eta, const cr_box *box, int n)
{
    cr_scored list[8];
    for (int i = 0; i < n; i++)
        list[i] = (cr_scored){1.f - 0.1f * (float)i, i};
    cr_nms nms = {kind, threshold, eta, 8, 1, box};
    return cr_nms_run(&nms, list, n);
}

START_TEST(at_the_threshold)
{
    const cr_box box[] = {{0, 0, 2, 2}, {0, 0, 2, 1}}; // overlap 0.5
    ck_assert_int_eq(survivors(CR_NMS_SSD, 0.5f, 1, box, 2), 2);
    ck_assert_int_eq(survivors(CR_NMS_YOLO, 0.5f, 1, box, 2), 1);
    const cr_box pixels[] = {{0, 0, 1, 1}, {0, 0, 1, 0}}; // as pixels 0.5
    ck_assert_int_eq(survivors(CR_NMS_PIXEL, 0.5f, 1, pixels, 2), 2);
    ck_assert_int_eq(survivors(CR_NMS_PIXEL, 0.49f, 1, pixels, 2), 1);
}
END_TEST

START_TEST(dropped_boxes_do_not_suppress)
{
    // The second falls to the first; the third overlaps only the second.
    const cr_box box[] = {{0, 0, 4, 1}, {1, 0, 5, 1}, {3.5f, 0, 6, 1}};
    ck_assert_int_eq(survivors(CR_NMS_SSD, 0.3f, 1, box, 3), 2);
}
END_TEST

START_TEST(eta_shrinks_the_threshold_above_a_half)
{
    const cr_box box[] = {{0, 0, 10, 10}, {0, 0, 10, 7}}; // overlap 0.7
    ck_assert_int_eq(survivors(CR_NMS_SSD, 0.8f, 1, box, 2), 2);
    ck_assert_int_eq(survivors(CR_NMS_SSD, 0.8f, 0.8f, box, 2), 1);
    const cr_box low[] = {{0, 0, 10, 10}, {0, 0, 10, 4.5f}}; // overlap 0.45
    ck_assert_int_eq(survivors(CR_NMS_SSD, 0.5f, 0.5f, low, 2), 2);
}
END_TEST

START_TEST(anything_ends)
{
    const cr_box box[] = {{NAN, NAN, NAN, NAN}, {-INFINITY, 0, INFINITY, 1}, {-INFINITY, 0, INFINITY, 1}};
    ck_assert_int_le(survivors(CR_NMS_SSD, 0.5f, 0.9f, box, 3), 3);
    ck_assert_int_ge(survivors(CR_NMS_PIXEL, 0.5f, 1, box, 3), 1);
    ck_assert_int_eq(cr_box_pixel(NAN), 0);
    ck_assert_int_eq(cr_box_pixel(-INFINITY), -1000000000);
    ck_assert_int_eq(cr_box_pixel(1e30f), 1000000000);
    ck_assert_int_eq(cr_box_pixel(-7), -7);
}
END_TEST

TEST_MAIN("layers/boxes", sorting_is_stable, infinite_scores_have_their_order,
          overlap_is_intersection_over_union, at_the_threshold, dropped_boxes_do_not_suppress,
          eta_shrinks_the_threshold_above_a_half, anything_ends)
