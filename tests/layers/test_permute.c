#include "tests/support/net.h"
#include "tests/test.h"

#include <string.h>

#define PERMUTE(fields) \
    "layer { name: 'p' type: 'Permute' bottom: 'a' top: 'out' permute_param { " fields " } }"

static const float v[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

START_TEST(channels_last)
{
    NET_CHECK(.net = PERMUTE("order: 0 order: 2 order: 3 order: 1"), .in = {{"a", SHAPE(2, 3, 1, 2), v, 12}},
              .out = {{"out", SHAPE(2, 1, 2, 3), VALUES(1, 3, 5, 2, 4, 6, 7, 9, 11, 8, 10, 12)}});
}
END_TEST

START_TEST(rows_stay_together)
{
    NET_CHECK(.net = PERMUTE("order: 1 order: 0 order: 2"), .in = {{"a", SHAPE(2, 3, 2), v, 12}},
              .out = {{"out", SHAPE(3, 2, 2), VALUES(1, 2, 7, 8, 3, 4, 9, 10, 5, 6, 11, 12)}});
}
END_TEST

START_TEST(axes_left_out_follow_in_their_order)
{
    NET_CHECK(.net = PERMUTE("order: 2"), .in = {{"a", SHAPE(2, 3, 2), v, 12}},
              .out = {{"out", SHAPE(2, 2, 3), VALUES(1, 3, 5, 7, 9, 11, 2, 4, 6, 8, 10, 12)}});
    NET_CHECK(.net = PERMUTE(""), .in = {{"a", SHAPE(2, 3, 2), v, 12}},
              .out = {{"out", SHAPE(2, 3, 2), v, 12}});
}
END_TEST

START_TEST(an_order_that_moves_nothing)
{
    NET_CHECK(.net = PERMUTE("order: 0 order: 1 order: 2"), .in = {{"a", SHAPE(2, 3, 2), v, 12}},
              .out = {{"out", SHAPE(2, 3, 2), v, 12}});
    NET_CHECK(.net = PERMUTE("order: 0 order: 2 order: 1 order: 3"), .in = {{"a", SHAPE(2, 3, 1, 2), v, 12}},
              .out = {{"out", SHAPE(2, 1, 3, 2), v, 12}});
}
END_TEST

// A map of real size, against the definition.
START_TEST(a_large_map)
{
    enum { IMAGES = 2, CHANNELS = 67, HEIGHT = 19, WIDTH = 23, COUNT = IMAGES * CHANNELS * HEIGHT * WIDTH };
    float *in = malloc(COUNT * sizeof *in), *out = malloc(COUNT * sizeof *out), *p = out;
    for (int i = 0; i < COUNT; i++)
        in[i] = (float)i;
    for (int n = 0; n < IMAGES; n++)
        for (int y = 0; y < HEIGHT; y++)
            for (int x = 0; x < WIDTH; x++)
                for (int c = 0; c < CHANNELS; c++)
                    *p++ = in[((n * CHANNELS + c) * HEIGHT + y) * WIDTH + x];
    NET_CHECK(.net = PERMUTE("order: 0 order: 2 order: 3 order: 1"),
              .in = {{"a", SHAPE(IMAGES, CHANNELS, HEIGHT, WIDTH), in, COUNT}},
              .out = {{"out", SHAPE(IMAGES, HEIGHT, WIDTH, CHANNELS), out, COUNT}});
    free(in);
    free(out);
}
END_TEST

START_TEST(errors_name_the_field)
{
    NET_FAILS("layer \"p\" (Permute): order 3: the bottom has 3 axes, so 0 to 2 exist",
              .net = PERMUTE("order: 0 order: @3"), .in = {{"a", SHAPE(2, 3, 2), NO_VALUES}});
    NET_FAILS("order has axis 1 twice", .net = PERMUTE("order: 1 order: 0 order: @1"),
              .in = {{"a", SHAPE(2, 3, 2), NO_VALUES}});
}
END_TEST

TEST_MAIN("layers/permute", channels_last, rows_stay_together, axes_left_out_follow_in_their_order,
          an_order_that_moves_nothing, a_large_map, errors_name_the_field)
