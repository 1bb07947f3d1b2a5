#include "tests/support/net.h"
#include "tests/test.h"

#include <math.h>

#define LRN(fields) "layer { name: 'n' type: 'LRN' bottom: 'x' top: 'out' lrn_param { " fields " } }"

// Squares 1 4 9 16; sums over three channels 5 14 29 25; alpha / 3 = 1.
START_TEST(across_channels_alpha_is_divided_by_the_size)
{
    NET_CHECK(.net = LRN("local_size: 3 alpha: 3 beta: 1 k: 2"),
              .in = {{"x", SHAPE(1, 4, 1, 1), VALUES(1, 2, 3, 4)}},
              .out = {{"out", SHAPE(1, 4, 1, 1), VALUES(1 / 7.f, 2 / 16.f, 3 / 31.f, 4 / 27.f)}},
              .tolerance = 1e-6);
}
END_TEST

START_TEST(the_default_power_is_three_quarters)
{
    NET_CHECK(.net = LRN("local_size: 1 alpha: 5"),
              .in = {{"x", SHAPE(2, 1, 1, 2), VALUES(0, 1, -1, INFINITY)}},
              .out = {{"out", SHAPE(2, 1, 1, 2), VALUES(0, powf(6, -0.75f), -powf(6, -0.75f), NAN)}},
              .tolerance = 1e-6);
    // alpha 1, size 5, k 1
    NET_CHECK(.net = "layer { name: 'n' type: 'LRN' bottom: 'x' top: 'out' }",
              .in = {{"x", SHAPE(1, 1, 1, 1), VALUES(10)}},
              .out = {{"out", SHAPE(1, 1, 1, 1), VALUES(10 * powf(21, -0.75f))}}, .tolerance = 1e-6);
}
END_TEST

// All ones: a window of three by three holds 4 in the corners, 6 at the edges, 9 inside; always divided by 9.
START_TEST(within_a_channel_alpha_is_divided_by_the_area_and_k_is_1)
{
    NET_CHECK(.net = LRN("local_size: 3 alpha: 9 beta: 1 k: 100 norm_region: WITHIN_CHANNEL"),
              .in = {{"x", SHAPE(1, 2, 3, 3), VALUES(1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 3, 0, 0, 0, 0)}},
              .out = {{"out", SHAPE(1, 2, 3, 3),
                       VALUES(1 / 5.f, 1 / 7.f, 1 / 5.f, 1 / 7.f, 1 / 10.f, 1 / 7.f, 1 / 5.f, 1 / 7.f,
                              1 / 5.f, 0, 0, 0, 0, 3 / 10.f, 0, 0, 0, 0)}},
              .tolerance = 1e-6);
}
END_TEST

START_TEST(windows_larger_than_the_bottom_count_what_is_there)
{
    NET_CHECK(.net = LRN("local_size: 4294967295 alpha: 4294967295 beta: 1"),
              .in = {{"x", SHAPE(1, 2, 1, 1), VALUES(1, 2)}},
              .out = {{"out", SHAPE(1, 2, 1, 1), VALUES(1 / 6.f, 2 / 6.f)}}, .tolerance = 1e-6);
    NET_CHECK(.net = LRN("local_size: 5 alpha: 25 beta: 1 norm_region: WITHIN_CHANNEL"),
              .in = {{"x", SHAPE(1, 1, 1, 2), VALUES(1, 2)}},
              .out = {{"out", SHAPE(1, 1, 1, 2), VALUES(1 / 6.f, 2 / 6.f)}}, .tolerance = 1e-6);
}
END_TEST

// Windows that slide across more channels, rows, columns and positions than one block has, against plain loops.
enum { N = 2, C = 9, H = 12, W = 13 };

static void sum_of_squares(const float *in, int size, bool within, double *sums)
{
    int reach = size / 2;
    for (int i = 0; i < N * C * H * W; i++) {
        int n = i / (C * H * W), c = i / (H * W) % C, h = i / W % H, w = i % W;
        sums[i] = 0;
        for (int d = -reach; d <= reach; d++) {
            if (!within && c + d >= 0 && c + d < C)
                sums[i] += pow(in[((n * C + c + d) * H + h) * W + w], 2);
            for (int e = -reach; within && e <= reach; e++)
                if (h + d >= 0 && h + d < H && w + e >= 0 && w + e < W)
                    sums[i] += pow(in[((n * C + c) * H + h + d) * W + w + e], 2);
        }
    }
}

START_TEST(windows_slide)
{
    static float in[N * C * H * W], out[N * C * H * W];
    static double sums[N * C * H * W];
    for (int i = 0; i < N * C * H * W; i++)
        in[i] = (float)(i * 37 % 101) / 20 - 2;
    for (int within = 0; within < 2; within++) {
        sum_of_squares(in, 5, within, sums);
        for (int i = 0; i < N * C * H * W; i++)
            out[i] = (float)(in[i] * pow(1 + 0.5 / (within ? 25 : 5) * sums[i], -0.6));
        NET_CHECK(.net = within ? LRN("alpha: 0.5 beta: 0.6 norm_region: WITHIN_CHANNEL")
                                : LRN("alpha: 0.5 beta: 0.6"),
                  .in = {{"x", SHAPE(N, C, H, W), in, N * C * H * W}},
                  .out = {{"out", SHAPE(N, C, H, W), out, N * C * H * W}}, .tolerance = 2e-6);
    }
}
END_TEST

START_TEST(no_values_work)
{
    NET_CHECK(.net = LRN("norm_region: WITHIN_CHANNEL"), .in = {{"x", SHAPE(1, 2, 0, 3), NO_VALUES}},
              .out = {{"out", SHAPE(1, 2, 0, 3), NO_VALUES}});
    NET_CHECK(.net = LRN(""), .in = {{"x", SHAPE(1, 0, 2, 3), NO_VALUES}},
              .out = {{"out", SHAPE(1, 0, 2, 3), NO_VALUES}});
}
END_TEST

START_TEST(wrong_fields_are_refused)
{
    NET_FAILS("local_size 4 must be odd",
              .net = "layer { name: 'n' type: 'LRN' bottom: 'x' top: 'out' lrn_param { local_size: @4 } }",
              .in = {{"x", SHAPE(1, 1, 1, 1), NO_VALUES}});
    NET_FAILS("local_size 0 must be odd",
              .net = "layer { name: 'n' type: 'LRN' bottom: 'x' top: 'out' lrn_param { local_size: @0 } }",
              .in = {{"x", SHAPE(1, 1, 1, 1), NO_VALUES}});
    NET_FAILS("bottom \"x\" (1x2) must have 4 axes",
              .net = "layer { name: 'n' type: 'LRN' bottom: @'x' top: 'out' }",
              .in = {{"x", SHAPE(1, 2), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/lrn", across_channels_alpha_is_divided_by_the_size, the_default_power_is_three_quarters,
          within_a_channel_alpha_is_divided_by_the_area_and_k_is_1,
          windows_larger_than_the_bottom_count_what_is_there, windows_slide, no_values_work,
          wrong_fields_are_refused)
