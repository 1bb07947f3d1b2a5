#include "base/cpu.h"
#include "kernels/kernels.h"
#include "kernels/softmax.h"
#include "tests/support/geometry.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// Positions side by side, or `rows` of channels with gaps between them.
static void check(const cr_kernels *kernels, unsigned *seed, bool in_place)
{
    bool rows = rand_r(seed) % 2;
    cr_softmax_block b = {.channels = 1 + rand_r(seed) % (rand_r(seed) % 2 ? 5 : 70),
                          .n = 1 + rand_r(seed) % 40};
    b.in_step = rows ? 1 : b.n + rand_r(seed) % 3;
    b.out_step = rows || in_place ? b.in_step : b.n;
    b.in_next = rows ? b.channels + rand_r(seed) % 3 : 1;
    b.out_next = rows && !in_place ? b.channels : b.in_next;
    int64_t n_in = (b.channels - 1) * b.in_step + (b.n - 1) * b.in_next + 1;
    int64_t n_out = (b.channels - 1) * b.out_step + (b.n - 1) * b.out_next + 1;
    float *in = malloc((size_t)n_in * sizeof *in), *out = in_place ? in : malloc((size_t)n_out * sizeof *out);
    float *was = malloc((size_t)n_in * sizeof *was);
    for (int64_t i = 0; i < n_in; i++)
        was[i] = in[i] = 1000 + 50 * random_float(seed);
    b.in = in;
    b.out = out;
    kernels->softmax->run(&b);
    for (int64_t i = 0; i < b.n; i++) {
        double max = -INFINITY, sum = 0;
        float *x = was + i * b.in_next;
        for (int64_t c = 0; c < b.channels; c++)
            max = fmax(max, (double)x[c * b.in_step]);
        for (int64_t c = 0; c < b.channels; c++)
            sum += exp((double)x[c * b.in_step] - max);
        for (int64_t c = 0; c < b.channels; c++) {
            double got = (double)out[c * b.out_step + i * b.out_next];
            ck_assert(fabs(got - exp((double)x[c * b.in_step] - max) / sum) < 1e-6);
        }
    }
    int64_t lines = rows ? b.n : b.channels, length = rows ? b.channels : b.n;
    int64_t step = rows ? b.in_next : b.in_step;
    for (int64_t l = 0; in_place && l + 1 < lines; l++) // gaps stay
        for (int64_t i = length; i < step; i++)
            ck_assert(in[l * step + i] == was[l * step + i]);
    if (!in_place)
        free(out);
    free(in);
    free(was);
}

START_TEST(blocks_of_every_size)
{
    unsigned seed = 8;
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++)
        for (int i = 0; i < 300 && cr_cpu_runs((*k)->name); i++)
            check(*k, &seed, i % 2);
}
END_TEST

START_TEST(a_nan_makes_all_channels_nan)
{
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++)
        for (int at = 0; at < 3 && cr_cpu_runs((*k)->name); at++) {
            float x[] = {1, 2, 3};
            x[at] = NAN;
            (*k)->softmax->run(&(cr_softmax_block){x, x, .channels = 3, .in_step = 1, .out_step = 1, .n = 1,
                                                   .in_next = 3, .out_next = 3});
            ck_assert(isnan(x[0]) && isnan(x[1]) && isnan(x[2]));
        }
}
END_TEST

TEST_MAIN("kernels/softmax", blocks_of_every_size, a_nan_makes_all_channels_nan)
