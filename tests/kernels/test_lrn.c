#include "base/cpu.h"
#include "kernels/kernels.h"
#include "kernels/lrn.h"
#include "tests/support/geometry.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>

typedef struct sample {
    cr_lrn lrn;
    int64_t channels, height, width;
    bool within;
    float *in, *out; // exactly as long as said, so that ASan watches
} sample;

static double expected(const sample *s, int64_t c, int64_t y, int64_t x)
{
    const cr_lrn *l = &s->lrn;
    int64_t reach = s->within ? l->reach : 0;
    double squares = 0;
    for (int64_t channel = s->within ? c : c - l->reach; channel <= (s->within ? c : c + l->reach); channel++)
        for (int64_t h = y - reach; h <= y + reach; h++)
            for (int64_t w = x - reach; w <= x + reach; w++) {
                if (channel < 0 || channel >= s->channels || h < 0 || h >= s->height || w < 0 ||
                    w >= s->width)
                    continue;
                double value = (double)s->in[(channel * s->height + h) * s->width + w];
                squares += value * value;
            }
    return (double)s->in[(c * s->height + y) * s->width + x] *
           pow((double)l->k + (double)l->alpha * squares, -(double)l->beta);
}

static void run(const cr_kernels *kernels, sample *s)
{
    int64_t count = s->height * s->width;
    cr_lrn l = s->lrn;
    l.in = s->in;
    l.out = s->out;
    if (!s->within) {
        kernels->lrn->across(&l, s->channels, count, count);
        return;
    }
    float *line = malloc((size_t)(s->width + 2 * l.reach + CR_LRN_SLACK) * sizeof *line);
    for (int64_t c = 0; c < s->channels; c++, l.in += count, l.out += count)
        kernels->lrn->within(&l, s->height, s->width, line);
    free(line);
}

static void check(const cr_kernels *kernels, unsigned *seed, bool within)
{
    static const float betas[] = {0.75f, 0.75f, 0.5f, 1.3f};
    sample s = {.within = within, .channels = 1 + rand_r(seed) % 12};
    s.height = 1 + rand_r(seed) % 9;
    s.width = 1 + rand_r(seed) % 40;
    s.lrn = (cr_lrn){.alpha = 0.3f, .beta = betas[rand_r(seed) % 4], .k = 1.5f, .reach = rand_r(seed) % 5};
    int64_t n = s.channels * s.height * s.width;
    s.in = malloc((size_t)n * sizeof *s.in);
    s.out = malloc((size_t)n * sizeof *s.out);
    for (int64_t i = 0; i < n; i++)
        s.in[i] = 10 * random_float(seed);
    run(kernels, &s);
    for (int64_t i = 0; i < n; i++) {
        double wanted = expected(&s, i / s.width / s.height, i / s.width % s.height, i % s.width);
        if (!(fabs((double)s.out[i] - wanted) <= 2e-6 * fabs(wanted)))
            ck_abort_msg("%s: %s %lldx%lldx%lld, reach %lld, beta %g: value %lld is %.9g, not %.9g",
                         kernels->name, within ? "within" : "across", (long long)s.channels,
                         (long long)s.height, (long long)s.width, (long long)s.lrn.reach, (double)s.lrn.beta,
                         (long long)i, (double)s.out[i], wanted);
    }
    free(s.in);
    free(s.out);
}

static void check_all(bool within)
{
    unsigned seed = 8;
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++)
        for (int i = 0; i < 200 && cr_cpu_runs((*k)->name); i++)
            check(*k, &seed, within);
}

START_TEST(across_channels)
{
    check_all(false);
}
END_TEST

START_TEST(within_a_channel)
{
    check_all(true);
}
END_TEST

START_TEST(huge_values_become_small)
{
    const float in[] = {1e15f, INFINITY, 0};
    float out[3];
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++) {
        if (!cr_cpu_runs((*k)->name))
            continue;
        cr_lrn l = {.alpha = 1, .beta = 0.75f, .k = 1, .in = in, .out = out};
        (*k)->lrn->across(&l, 1, 3, 3);
        ck_assert(fabsf(out[0] / 3.1622776e-8f - 1) < 1e-6f);
        ck_assert(isnan(out[1])); // infinity by infinity
        ck_assert(out[2] == 0);
    }
}
END_TEST

TEST_MAIN("kernels/lrn", across_channels, within_a_channel, huge_values_become_small)
