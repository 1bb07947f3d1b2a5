#include "base/cpu.h"
#include "crema.pb-c.h"
#include "kernels/kernels.h"
#include "kernels/strip.h"
#include "tests/support/geometry.h"
#include "tests/test.h"

#include <math.h>

// What tap (i, j) of output (y, x) reads, by the tables; spec's definition of these is tests/layers/test_window.c's.
static float expected(const geometry_case *g, const float *image, int64_t channel, int64_t tap, int64_t y,
                      int64_t x)
{
    const cr_axis *axis = g->window.axis;
    int variant = g->window.variant ? g->window.variant[channel] : 0;
    int32_t row = axis[0].index[variant & 1][tap / axis[1].kernel * axis[0].out + y];
    int32_t column = axis[1].index[variant >> 1 & 1][tap % axis[1].kernel * axis[1].out + x];
    if (row == CR_TAP_OUTSIDE || column == CR_TAP_OUTSIDE)
        return g->window.outside;
    return image[channel * g->conv.in_count + row * axis[1].in + column];
}

// Lines [line, line + lines) of all channels but the first.
static void check_part(const geometry_case *g, const cr_strip *s, const float *image, int64_t line,
                       int64_t lines)
{
    int64_t channels = g->conv.in_channels - 1, taps = g->conv.kernel_count, width = g->window.axis[1].out;
    int64_t floats = channels * s->channel_floats + CR_STRIP_SLACK;
    float *strip = cr_alloc_aligned((size_t)floats * sizeof *strip, 64);
    int64_t *rows = cr_alloc_aligned((size_t)(channels * taps) * sizeof *rows, 64);
    for (int64_t i = 0; i < floats; i++)
        strip[i] = NAN;
    cr_strip_part part = {image, 1, 1 + channels, line, lines};
    cr_strip_fill(s, &part, strip);
    cr_strip_rows(s, channels, rows);
    for (int64_t c = 0; c < channels; c++)
        for (int64_t t = 0; t < taps; t++)
            for (int64_t i = 0; i < lines * width; i++) {
                int64_t y = i / width, x = i % width;
                float is = strip[rows[c * taps + t] + y * s->pitch + x];
                ck_assert_float_eq(is, expected(g, image, 1 + c, t, line + y, x));
            }
    cr_free(strip);
    cr_free(rows);
}

static bool check_random(unsigned *seed, int rule, int mode)
{
    geometry_case g;
    bool served = false;
    if (geometry_random(&g, seed, 2, rule, mode)) {
        g.conv.window = &g.window;
        float *image = random_floats(&g.arena, seed, g.conv.in_channels * g.conv.in_count + 16);
        int64_t height = g.window.axis[0].out;
        served = g.conv.in_channels > 1 && cr_strip_serves(&g.conv);
        for (const cr_kernels *const *k = cr_kernels_all; *k && served; k++) {
            if (!cr_cpu_runs((*k)->name))
                continue;
            g.conv.kernels = *k;
            cr_strip s = cr_strip_of(&g.conv, (height + 1) / 2);
            check_part(&g, &s, image, 0, s.lines);
            check_part(&g, &s, image, height - 1, 1);
        }
    }
    cr_arena_free(&g.arena);
    return served;
}

START_TEST(every_tap_finds_what_it_reads)
{
    unsigned seed = 1;
    for (int mode = CREMA__PAD_MODE__ZERO; mode <= CREMA__PAD_MODE__PARTIAL; mode++)
        for (int i = 0, served = 0; served < 20; i++) {
            ck_assert_int_lt(i, 300);
            served += check_random(&seed, CREMA__PAD_RULE__EXPLICIT, mode);
        }
    for (int rule = CREMA__PAD_RULE__VALID; rule <= CREMA__PAD_RULE__CORNERS; rule++)
        for (int i = 0, served = 0; served < 20; i++) {
            ck_assert_int_lt(i, 300);
            served += check_random(&seed, rule, CREMA__PAD_MODE__ZERO);
        }
}
END_TEST

static bool serves(int64_t stride, int64_t pad, int n_axes)
{
    geometry_case g;
    cr_window_spec s = {.kernel = {3, 3, 3}, .stride = {1, stride, 1}, .dilation = {1, 1, 1}};
    s.pad_before[1] = pad;
    ck_assert(geometry_make(&g, &s, n_axes, (int64_t[]){9, 9, 9}, 1, 2, 2, 1));
    g.conv.window = &g.window;
    bool yes = cr_strip_serves(&g.conv);
    cr_arena_free(&g.arena);
    return yes;
}

START_TEST(it_serves_what_is_usual)
{
    ck_assert(serves(4, 1, 2));
    ck_assert(!serves(5, 1, 2));
    ck_assert(!serves(1, 70, 2));
    ck_assert(!serves(1, 1, 3));
}
END_TEST

TEST_MAIN("kernels/strip", every_tap_finds_what_it_reads, it_serves_what_is_usual)
