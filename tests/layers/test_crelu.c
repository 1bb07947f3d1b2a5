#include "tests/support/net.h"
#include "tests/test.h"

#define CRELU "layer { name: 'c' type: 'CReLU' bottom: 'x' top: 'out' }"

START_TEST(each_image_has_both_halves)
{
    NET_CHECK(.net = CRELU, .in = {{"x", SHAPE(2, 2, 2), VALUES(1, -2, 3, 0, -5, 6, -7, 8)}},
              .out = {{"out", SHAPE(2, 4, 2), VALUES(1, 0, 3, 0, 0, 2, 0, 0, 0, 6, 0, 8, 5, 0, 7, 0)}});
    NET_CHECK(.net = CRELU, .in = {{"x", SHAPE(2, 1), VALUES(1, -2)}},
              .out = {{"out", SHAPE(2, 2), VALUES(1, 0, 0, 2)}});
}
END_TEST

START_TEST(an_image_larger_than_a_piece)
{
    enum { N = 20000 };
    float *x = malloc(N * sizeof *x), *y = malloc(2 * N * sizeof *y);
    ck_assert(x && y);
    for (int i = 0; i < N; i++) {
        x[i] = (float)(i % 7 - 3);
        y[i] = x[i] > 0 ? x[i] : 0;
        y[N + i] = x[i] < 0 ? -x[i] : 0;
    }
    NET_CHECK(.net = CRELU, .in = {{"x", SHAPE(1, 2, N / 2), x, N}},
              .out = {{"out", SHAPE(1, 4, N / 2), y, (size_t)2 * N}});
    free(x);
    free(y);
}
END_TEST

START_TEST(channels_are_needed)
{
    NET_FAILS("doubles axis 1, which bottom \"x\" (3) does not have",
              .net = "layer { name: 'c' type: 'CReLU' bottom: @'x' top: 'out' }",
              .in = {{"x", SHAPE(3), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/crelu", each_image_has_both_halves, an_image_larger_than_a_piece, channels_are_needed)
