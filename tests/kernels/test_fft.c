#include "base/cpu.h"
#include "crema.pb-c.h"
#include "kernels/fft.h"
#include "kernels/kernels.h"
#include "tests/support/conv_check.h"
#include "tests/test.h"

#include <complex.h>
#include <math.h>
#include <string.h>

enum { LANES = CR_FFT_MAX_LANES, SIZE = CR_FFT_MAX_SIZE, BINS = SIZE * SIZE / 2 + 2 };

static const int sizes[] = {1, 16, 24, 32, 48, 64};
static const double circle = 6.28318530717958647692;

typedef struct spectra {
    cr_arena arena;
    float *z, *first, *second; // tile; spectra as the kernels have them
    cr_fft_tile tile;
    cr_fft_pair pair;
    int64_t bins;
} spectra;

static spectra spectra_of(int height, int width, int lanes)
{
    unsigned seed = 1;
    spectra s = {.bins = height * (width / 2 - 1) + 2 * (height / 2 + 1)};
    int64_t row = (2 * width + 1) * lanes, bin = 3 * lanes;
    s.z = random_floats(&s.arena, &seed, height * row);
    s.first = random_floats(&s.arena, &seed, s.bins * bin);
    s.second = random_floats(&s.arena, &seed, s.bins * bin);
    s.tile = (cr_fft_tile){height, width, s.z, row};
    s.pair = (cr_fft_pair){s.first, s.second, bin};
    return s;
}

static double complex at(const float *x, int lanes, int lane)
{
    return (double)x[lane] + I * (double)x[lanes + lane];
}

static void check_line(const cr_fft_kernels *k, int n, int lane)
{
    unsigned seed = (unsigned)n;
    cr_arena arena = {0};
    int64_t lanes = k->lanes;
    float *from = random_floats(&arena, &seed, n * 2 * lanes),
          *to = random_floats(&arena, &seed, n * 3 * lanes);
    k->line(n, &(cr_fft_line){from, from + n * lanes, lanes}, &(cr_fft_line){to, to + lanes, 3 * lanes});
    for (int q = 0; q < n; q++) {
        double complex sum = 0;
        for (int x = 0; x < n; x++) {
            double complex value = (double)from[x * lanes + lane] + I * (double)from[(n + x) * lanes + lane];
            sum += value * cexp(-I * circle * (double)(q * x) / n);
        }
        ck_assert_double_lt(cabs(sum - at(to + q * 3 * lanes, k->lanes, lane)), 1e-5);
    }
    cr_arena_free(&arena);
}

// The transform of the columns alone: rows are the caller's work.
static double complex column_sum(const spectra *s, const double complex *z, int y, int x)
{
    int height = s->tile.height;
    double complex sum = 0;
    for (int i = 0; i < height; i++)
        sum += z[i * s->tile.width + x] * cexp(-I * circle * (double)(i * y) / height);
    return sum;
}

// split() against its definition, and merge() gives back what came in, height times 2 as large.
static void check_split(const cr_fft_kernels *k, int height, int width, int lane)
{
    spectra s = spectra_of(height, width, k->lanes);
    double complex z[SIZE * SIZE];
    for (int i = 0; i < height * width; i++)
        z[i] = at(s.z + i / width * s.tile.row_step + i % width * 2 * k->lanes, k->lanes, lane);
    k->split(&s.tile, &s.pair);
    int64_t bin = 0;
    for (int x = 0; x <= width / 2; x++)
        for (int y = 0; y < (x % (width / 2) ? height : height / 2 + 1); y++, bin++) {
            double complex a = column_sum(&s, z, y, x);
            double complex b = conj(column_sum(&s, z, (height - y) % height, (width - x) % width));
            ck_assert_double_lt(cabs(at(s.first + bin * s.pair.bin_step, k->lanes, lane) - (a + b)), 1e-4);
            ck_assert_double_lt(cabs(at(s.second + bin * s.pair.bin_step, k->lanes, lane) - (a - b) / I),
                                1e-4);
        }
    ck_assert_int_eq(bin, s.bins);
    k->merge(&s.tile, &s.pair);
    for (int i = 0; i < height * width; i++) {
        double complex back =
            at(s.z + i / width * s.tile.row_step + i % width * 2 * k->lanes, k->lanes, lane);
        ck_assert_double_lt(cabs(back / (2 * height) - z[i]), 1e-5);
    }
    cr_arena_free(&s.arena);
}

START_TEST(transforms_equal_their_definition)
{
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++)
        for (int i = 0; i < 6 && cr_cpu_runs((*k)->name); i++) {
            check_line((*k)->fft, sizes[i], i % (*k)->fft->lanes);
            for (int j = 1; j < 6; j++)
                check_split((*k)->fft, sizes[i], sizes[j], (i + j) % (*k)->fft->lanes);
        }
}
END_TEST

// One plane alone has the spectrum that it has with another, and comes back the same.
START_TEST(a_plane_may_be_alone)
{
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++) {
        if (!cr_cpu_runs((*k)->name))
            continue;
        const cr_fft_kernels *f = (*k)->fft;
        spectra both = spectra_of(16, 24, f->lanes), one = spectra_of(16, 24, f->lanes);
        f->split(&both.tile, &both.pair);
        f->split(&one.tile, &(cr_fft_pair){one.first, NULL, one.pair.bin_step});
        ck_assert_int_eq(
            memcmp(one.first, both.first, (size_t)(one.bins * one.pair.bin_step) * sizeof(float)), 0);
        memset(both.second, 0, (size_t)(both.bins * both.pair.bin_step) * sizeof(float));
        f->merge(&both.tile, &both.pair);
        f->merge(&one.tile, &(cr_fft_pair){one.first, NULL, one.pair.bin_step});
        ck_assert_int_eq(memcmp(one.z, both.z, (size_t)(16 * one.tile.row_step) * sizeof(float)), 0);
        cr_arena_free(&both.arena);
        cr_arena_free(&one.arena);
    }
}
END_TEST

static int check_random(unsigned seed, int rule, int mode, int tries)
{
    int done = 0;
    for (int i = 0; i < tries; i++) {
        geometry_case g;
        cr_window_spec s = geometry_spec(rule, mode, 1 + rand_r(&seed) % 13, 1 + rand_r(&seed) % 13);
        int64_t in[2], group = i % 3 == 0 ? 2 : 1, each[2] = {1 + rand_r(&seed) % 20, 1 + rand_r(&seed) % 20};
        for (int a = 0; a < 2; a++) {
            in[a] = 1 + rand_r(&seed) % 40;
            int most = (int)(s.kernel[a] < in[a] ? s.kernel[a] : in[a]);
            if (rule == CREMA__PAD_RULE__EXPLICIT) {
                s.pad_before[a] = rand_r(&seed) % most;
                s.pad_after[a] = rand_r(&seed) % most;
            }
        }
        if (i % 3 == 1) { // depthwise
            group = each[0];
            each[0] = each[1] = 1;
        }
        if (geometry_make(&g, &s, 2, in, 1 + rand_r(&seed) % 3, group * each[0], group * each[1], group)) {
            conv_check(&g, &cr_conv_fft, &seed, i % 2, i % 4 > 1, i % 4 == 0);
            done++;
        }
        cr_arena_free(&g.arena);
    }
    return done;
}

START_TEST(every_mode_equals_the_definition)
{
    for (int mode = CREMA__PAD_MODE__ZERO; mode <= CREMA__PAD_MODE__PARTIAL; mode++)
        ck_assert_int_gt(check_random(100u + (unsigned)mode, CREMA__PAD_RULE__EXPLICIT, mode, 14), 6);
}
END_TEST

START_TEST(every_rule_equals_the_definition)
{
    for (int rule = CREMA__PAD_RULE__VALID; rule <= CREMA__PAD_RULE__CORNERS; rule++)
        ck_assert_int_gt(check_random(200u + (unsigned)rule, rule, CREMA__PAD_MODE__ZERO, 12), 4);
}
END_TEST

// Transforms of all sizes, blocks of tiles, and kernels up to the largest.
START_TEST(every_size_equals_the_definition)
{
    static const struct {
        int64_t kernel[2], in[2], images, channels, outputs, group;
    } cases[] = {
        {{5, 5}, {40, 33}, 1, 3, 17, 1},     {{1, 9}, {5, 70}, 2, 20, 9, 1},
        {{9, 1}, {70, 5}, 1, 9, 20, 1},      {{31, 31}, {34, 60}, 1, 1, 2, 1},
        {{40, 3}, {50, 40}, 1, 2, 2, 2},     {{11, 11}, {60, 61}, 1, 5, 5, 5},
        {{15, 15}, {90, 20}, 1, 17, 17, 17}, {{7, 7}, {28, 28}, 3, 9, 17, 1},
        {{2, 2}, {100, 90}, 2, 18, 17, 1},
    };
    unsigned seed = 3;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        geometry_case g;
        cr_window_spec s = geometry_spec(CREMA__PAD_RULE__SAME, CREMA__PAD_MODE__ZERO, cases[i].kernel[0],
                                         cases[i].kernel[1]);
        ck_assert(geometry_make(&g, &s, 2, cases[i].in, cases[i].images, cases[i].channels, cases[i].outputs,
                                cases[i].group));
        conv_check(&g, &cr_conv_fft, &seed, true, false, true);
        cr_arena_free(&g.arena);
    }
}
END_TEST

// A run may have fewer images than the plan, whose scratch and packs must do.
START_TEST(fewer_images_need_no_more_scratch)
{
    for (int64_t size = 5; size < 90; size += 7) {
        geometry_case g;
        cr_window_spec s = geometry_spec(CREMA__PAD_RULE__SAME, CREMA__PAD_MODE__ZERO, 7, 9);
        ck_assert(geometry_make(&g, &s, 2, (int64_t[]){size, size}, 20, 64, 48, 1));
        conv_check_fewer_images(&g, &cr_conv_fft);
        cr_arena_free(&g.arena);
    }
}
END_TEST

typedef struct asked {
    int64_t kernel, stride, dilation, channels, group, size;
    bool exact, small_memory;
} asked;

static const char *refusal(const asked *q)
{
    geometry_case g;
    const char *why;
    cr_window_spec s = geometry_spec(CREMA__PAD_RULE__SAME, CREMA__PAD_MODE__ZERO, q->kernel, q->kernel);
    s.stride[1] = q->stride;
    s.dilation[0] = q->dilation;
    ck_assert(geometry_make(&g, &s, 2, (int64_t[]){q->size, q->size}, 1, q->channels, q->channels, q->group));
    g.conv.window = &g.window;
    g.conv.kernels = cr_kernels_choose(NULL, &why);
    g.conv.exact = q->exact;
    g.conv.small_memory = q->small_memory;
    why = cr_conv_refusal(&cr_conv_fft, &g.conv);
    cr_arena_free(&g.arena);
    return why;
}

START_TEST(what_it_refuses)
{
    static const struct {
        asked q;
        const char *why;
    } cases[] = {
        {{11, 1, 1, 64, 1, 56, false, false}, NULL},
        {{7, 1, 1, 16, 1, 28, false, false}, NULL},
        {{15, 1, 1, 64, 64, 112, false, false}, NULL},
        {{3, 1, 1, 64, 1, 56, false, false}, "the kernel is too small for that to pay"},
        {{3, 1, 1, 64, 64, 112, false, false}, "the kernel is too small for that to pay"},
        {{11, 2, 1, 64, 1, 56, false, false}, "stride and dilation are not 1"},
        {{11, 1, 2, 64, 1, 56, false, false}, "stride and dilation are not 1"},
        {{11, 1, 1, 64, 1, 56, true, false}, "it rounds more than a direct sum does"},
        {{41, 1, 1, 4, 1, 56, false, false}, "the kernel is larger than 40"},
        {{11, 1, 1, 64, 1, 56, false, true},
         "little memory is to be used, and its weights take more when packed"},
        {{1, 1, 1, 512, 1, 56, false, false}, "the weights' spectra would take too much memory"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *why = refusal(&cases[i].q);
        if (cases[i].why)
            ck_assert_str_eq(why ? why : "nothing", cases[i].why);
        else
            ck_assert_msg(!why, "case %zu: %s", i, why);
    }
}
END_TEST

static bool prefers_plain(int64_t kernel)
{
    geometry_case g;
    const char *why;
    cr_window_spec s = geometry_spec(CREMA__PAD_RULE__SAME, CREMA__PAD_MODE__ZERO, kernel, kernel);
    ck_assert(geometry_make(&g, &s, 2, (int64_t[]){56, 56}, 1, 64, 64, 64));
    g.conv.window = &g.window;
    g.conv.kernels = cr_kernels_choose(NULL, &why);
    g.conv.in_blocked = g.conv.out_blocked = true;
    bool prefers = cr_conv_prefers_plain(&g.conv);
    cr_arena_free(&g.arena);
    return prefers;
}

// Depthwise convolutions are faster on blocks, so that fft has to win by more.
START_TEST(it_may_be_worth_plain_activations)
{
    ck_assert(!prefers_plain(3));
    ck_assert(!prefers_plain(7));
    ck_assert(prefers_plain(15));
}
END_TEST

static const cr_conv_algorithm *choice(int64_t size, int64_t channels, int64_t outputs)
{
    geometry_case g;
    const char *why;
    cr_window_spec s = geometry_spec(CREMA__PAD_RULE__SAME, CREMA__PAD_MODE__ZERO, 5, 5);
    ck_assert(geometry_make(&g, &s, 2, (int64_t[]){size, size}, 1, channels, outputs, 1));
    g.conv.window = &g.window;
    g.conv.kernels = cr_kernels_choose("v3", &why);
    const cr_conv_algorithm *a = g.conv.kernels ? cr_conv_choose(&g.conv, NULL, &why) : NULL;
    cr_arena_free(&g.arena);
    return a;
}

// Winograd's transforms take most of its time where channels are few.
START_TEST(it_takes_5x5_with_few_channels_on_middling_maps)
{
    if (!cr_cpu_runs("v3"))
        return;
    ck_assert_ptr_eq(choice(28, 16, 32), &cr_conv_fft);
    ck_assert_ptr_eq(choice(28, 32, 96), &cr_conv_fft);
    ck_assert_ptr_eq(choice(14, 16, 32), &cr_conv_winograd);
    ck_assert_ptr_eq(choice(28, 64, 128), &cr_conv_winograd);
}
END_TEST

// What does not pay may be forced, what can't be done may not.
START_TEST(it_can_be_forced)
{
    geometry_case g;
    const char *why;
    cr_window_spec s = geometry_spec(CREMA__PAD_RULE__SAME, CREMA__PAD_MODE__ZERO, 3, 3);
    ck_assert(geometry_make(&g, &s, 2, (int64_t[]){20, 20}, 1, 8, 8, 1));
    g.conv.window = &g.window;
    g.conv.kernels = cr_kernels_choose(NULL, &why);
    ck_assert_ptr_eq(cr_conv_choose(&g.conv, NULL, &why), &cr_conv_winograd);
    ck_assert_ptr_eq(cr_conv_choose(&g.conv, "fft", &why), &cr_conv_fft);
    g.conv.exact = true;
    ck_assert_ptr_null(cr_conv_choose(&g.conv, "fft", &why));
    ck_assert_str_eq(why, "it rounds more than a direct sum does");
    cr_arena_free(&g.arena);
}
END_TEST

TEST_MAIN("kernels/fft", transforms_equal_their_definition, a_plane_may_be_alone,
          every_mode_equals_the_definition, every_rule_equals_the_definition,
          every_size_equals_the_definition, fewer_images_need_no_more_scratch, what_it_refuses,
          it_may_be_worth_plain_activations, it_takes_5x5_with_few_channels_on_middling_maps,
          it_can_be_forced)
