#include "base/cpu.h"
#include "kernels/pooling.h"
#include "tests/support/geometry.h"
#include "tests/test.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { IMAGE_GAP = 7 };

// A random pooling, whose tables are in the arena.
typedef struct sample {
    cr_arena arena;
    cr_pooling pooling;
    cr_window window;
    uint8_t *variant; // as pooling.variant
    float *in;
    int64_t n_in, n_out; // floats
} sample;

static void make_axis(sample *s, cr_pooling_axis *axis, unsigned *seed)
{
    int64_t pads[2] = {rand_r(seed) % axis->kernel, rand_r(seed) % axis->kernel};
    int64_t room = axis->in + pads[0] + pads[1] - axis->kernel;
    axis->out = (room > 0 ? room : 0) / axis->stride + 1 + rand_r(seed) % 2; // the last may hang over
    for (int v = 0; v < 2; v++) {
        int64_t *begin = cr_arena_array(&s->arena, (size_t)axis->out, sizeof *begin);
        int64_t *end = cr_arena_array(&s->arena, (size_t)axis->out, sizeof *end);
        float *span = cr_arena_array(&s->arena, (size_t)axis->out, sizeof *span);
        axis->before[v] = pads[v];
        for (int64_t o = 0; o < axis->out; o++) {
            int64_t from = o * axis->stride - pads[v], to = from + axis->kernel;
            begin[o] = from < 0 ? 0 : from > axis->in ? axis->in : from;
            end[o] = to < begin[o] ? begin[o] : to > axis->in ? axis->in : to;
            span[o] = s->pooling.window ? (float)axis->kernel : (float)(axis->kernel + rand_r(seed) % 3);
        }
        axis->begin[v] = begin, axis->end[v] = end, axis->span[v] = span;
    }
}

// A table in which every position outside reads some position inside, or is outside.
static void make_window_axis(sample *s, int a, unsigned *seed)
{
    const cr_pooling_axis *axis = &s->pooling.axis[a];
    cr_axis *w = &s->window.axis[a];
    int64_t line = axis->out * axis->stride + axis->kernel;
    int32_t *at = cr_arena_array(&s->arena, (size_t)line, sizeof *at);
    int32_t *index = cr_arena_array(&s->arena, (size_t)(axis->kernel * axis->out), sizeof *index);
    for (int64_t i = 0; i < line; i++) {
        int64_t x = i - axis->before[0];
        bool inside = x >= 0 && x < axis->in;
        at[i] = inside             ? (int32_t)x
                : rand_r(seed) % 4 ? (int32_t)(rand_r(seed) % (unsigned)axis->in)
                                   : CR_TAP_OUTSIDE;
    }
    for (int64_t k = 0; k < axis->kernel; k++)
        for (int64_t o = 0; o < axis->out; o++)
            index[k * axis->out + o] = at[o * axis->stride + k];
    *w = (cr_axis){.in = axis->in, .out = axis->out, .kernel = axis->kernel, .stride = axis->stride};
    w->pad_before[0] = axis->before[0];
    w->index[0] = index;
}

static void make_sizes(cr_pooling *p, unsigned *seed)
{
    bool square = rand_r(seed) % 2;
    for (int a = 0; a < 2; a++) {
        p->axis[a].in = 1 + rand_r(seed) % (rand_r(seed) % 4 == 0 ? 100 : 20);
        p->axis[a].kernel = 1 + rand_r(seed) % (square ? 3 : 6);
        p->axis[a].stride = 1 + rand_r(seed) % (square ? 2 : 4);
        if (rand_r(seed) % 8 == 0)
            p->axis[a].kernel = p->axis[a].in;
    }
    if (square)
        p->axis[1].kernel = p->axis[0].kernel, p->axis[1].stride = p->axis[0].stride;
}

// Of windows that have loops of their own.
static void make_small_sizes(cr_pooling *p, int64_t width, unsigned *seed)
{
    for (int a = 0; a < 2; a++) {
        p->axis[a].in = a ? width : 1 + rand_r(seed) % 9;
        p->axis[a].kernel = a ? p->axis[0].kernel : 2 + rand_r(seed) % 2;
        p->axis[a].stride = a ? p->axis[0].stride : 1 + rand_r(seed) % 2;
    }
}

// width: of small windows; 0: any windows.
static void make(sample *s, cr_pooling_method method, int64_t width, const cr_kernels *kernels,
                 unsigned *seed)
{
    *s = (sample){.pooling = {.method = method, .kernels = kernels}};
    cr_pooling *p = &s->pooling;
    p->images = 1 + rand_r(seed) % 2;
    p->channels = 1 + rand_r(seed) % 40;
    bool windows = rand_r(seed) % 4 == 0 && method != CR_POOLING_STOCHASTIC;
    if (width)
        make_small_sizes(p, width, seed);
    else
        make_sizes(p, seed);
    p->window = windows ? &s->window : NULL;
    for (int a = 0; a < 2; a++) {
        make_axis(s, &p->axis[a], seed);
        if (windows)
            make_window_axis(s, a, seed);
    }
    s->window.n_axes = 2;
    s->window.outside = 0.75f;
    if (!windows && rand_r(seed) % 3 == 0) {
        p->variant = s->variant = cr_arena_alloc(&s->arena, (size_t)p->channels);
        for (int64_t c = 0; c < p->channels; c++)
            s->variant[c] = rand_r(seed) % 4;
    }
    p->in_image_stride = p->channels * p->axis[0].in * p->axis[1].in + IMAGE_GAP;
    p->out_image_stride = p->channels * p->axis[0].out * p->axis[1].out + IMAGE_GAP;
    p->mask_image_stride = p->out_image_stride + 2;
    s->n_in = p->images * p->in_image_stride - IMAGE_GAP;
    s->n_out = p->images * p->out_image_stride - IMAGE_GAP;
    s->in = malloc((size_t)s->n_in * sizeof(float)); // exactly as long as said, so that ASan watches
    for (int64_t i = 0; i < s->n_in; i++) {
        s->in[i] = random_float(seed);
        if (method == CR_POOLING_STOCHASTIC)
            s->in[i] = fabsf(s->in[i]); // a sum near 0 would divide by its own rounding
        if (method == CR_POOLING_MAX && rand_r(seed) % 5 == 0)
            s->in[i] = rand_r(seed) % 2 ? NAN : -INFINITY;
    }
}

static void release(sample *s)
{
    free(s->in);
    cr_arena_free(&s->arena);
}

// What one output is, by the definition; *winner: what the mask says.
static double expected(const sample *s, int64_t plane, int64_t oy, int64_t ox, int64_t *winner)
{
    const cr_pooling *p = &s->pooling;
    const cr_pooling_axis *h = &p->axis[0], *w = &p->axis[1];
    int bits = s->variant ? s->variant[plane % p->channels] : 0, vh = bits & 1, vw = bits >> 1;
    const float *in = s->in + plane / p->channels * p->in_image_stride + plane % p->channels * h->in * w->in;
    double most = -(double)FLT_MAX, sum = 0, squares = 0;
    *winner = -1;
    for (int64_t k = 0; k < h->kernel * w->kernel; k++) {
        int64_t ky = k / w->kernel, kx = k % w->kernel;
        int64_t y = oy * h->stride - h->before[vh] + ky, x = ox * w->stride - w->before[vw] + kx;
        if (p->window) {
            y = s->window.axis[0].index[0][ky * h->out + oy];
            x = s->window.axis[1].index[0][kx * w->out + ox];
        }
        bool outside = y < 0 || y >= h->in || x < 0 || x >= w->in;
        if (outside && !p->window)
            continue;
        double value = outside ? (double)s->window.outside : (double)in[y * w->in + x];
        if (value > most) {
            most = value;
            *winner = outside ? -1 : y * w->in + x;
        }
        sum += value;
        squares += value * value;
    }
    if (p->method == CR_POOLING_MAX)
        return most;
    if (p->method == CR_POOLING_AVE)
        return sum / (double)(h->span[vh][oy] * w->span[vw][ox]);
    return sum > 0 ? squares / sum : 0;
}

static float *run_on(const sample *s, int threads, float *mask)
{
    cr_pool *pool;
    ck_assert_int_eq(cr_pool_create(&pool, threads, NULL), CREMA_OK);
    float *out = malloc((size_t)s->n_out * sizeof *out);
    for (int64_t i = 0; i < s->n_out; i++)
        out[i] = 77;
    cr_pooling_buffers b = {.in = s->in, .out = out, .mask = mask, .pool = pool};
    size_t bytes = cr_pooling_slot_bytes(&s->pooling); // exactly as long as promised
    b.slot_step = threads > 1 ? (bytes + 63) / 64 * 64 : 0;
    b.slot_scratch = cr_alloc_aligned(bytes + b.slot_step * (size_t)(threads - 1), 64);
    cr_pooling_run(&s->pooling, &b);
    cr_free(b.slot_scratch);
    cr_pool_free(pool);
    return out;
}

static void check_sample(const sample *s, bool masked)
{
    const cr_pooling *p = &s->pooling;
    int64_t out_w = p->axis[1].out, count = p->axis[0].out * out_w, winner;
    float *mask = masked ? malloc((size_t)(p->images * p->mask_image_stride) * sizeof *mask) : NULL;
    float *out = run_on(s, 1, mask), *again = run_on(s, 3, mask);
    ck_assert_int_eq(memcmp(out, again, (size_t)s->n_out * sizeof *out), 0);
    for (int64_t i = 0; i < s->n_out; i++) {
        int64_t image = i / p->out_image_stride, at = i % p->out_image_stride;
        if (at / count >= p->channels) {
            ck_assert(out[i] == 77); // a gap
            continue;
        }
        double wanted =
            expected(s, image * p->channels + at / count, at / out_w % p->axis[0].out, at % out_w, &winner);
        if (!(fabs((double)out[i] - wanted) <= 1e-5 * fmax(1, fabs(wanted))))
            ck_abort_msg("%s: method %d, %lldx%lld, kernel %lldx%lld, stride %lldx%lld: output %lld is %.9g, "
                         "not %.9g",
                         p->kernels->name, p->method, (long long)p->axis[0].in, (long long)p->axis[1].in,
                         (long long)p->axis[0].kernel, (long long)p->axis[1].kernel,
                         (long long)p->axis[0].stride, (long long)p->axis[1].stride, (long long)i,
                         (double)out[i], wanted);
        if (mask)
            ck_assert(mask[image * p->mask_image_stride + at] == (float)winner);
    }
    free(mask);
    free(out);
    free(again);
}

static void check_method(cr_pooling_method method, bool mask)
{
    unsigned seed = 8;
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++)
        for (int i = 0; cr_cpu_runs((*k)->name) && i < 60; i++) {
            sample s;
            make(&s, method, 0, *k, &seed);
            check_sample(&s, mask);
            release(&s);
        }
}

START_TEST(max_takes_no_nan)
{
    check_method(CR_POOLING_MAX, false);
}
END_TEST

START_TEST(the_mask_names_the_first_winner)
{
    check_method(CR_POOLING_MAX, true);
}
END_TEST

START_TEST(ave)
{
    check_method(CR_POOLING_AVE, false);
}
END_TEST

START_TEST(small_windows_on_rows_of_every_width)
{
    unsigned seed = 9;
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++)
        for (int i = 0; cr_cpu_runs((*k)->name) && i < 2 * 80; i++) {
            sample s;
            make(&s, rand_r(&seed) % 2 ? CR_POOLING_MAX : CR_POOLING_AVE, 1 + i / 2, *k, &seed);
            check_sample(&s, false);
            release(&s);
        }
}
END_TEST

START_TEST(stochastic)
{
    check_method(CR_POOLING_STOCHASTIC, false);
}
END_TEST

// Large enough to be cut: into channels, and into bands of rows where there is one channel only.
START_TEST(all_threads_find_the_same)
{
    const char *why;
    unsigned seed = 8;
    for (int64_t channels = 1; channels <= 64; channels += 63) {
        sample s = {.pooling = {.method = CR_POOLING_AVE, .kernels = cr_kernels_choose(NULL, &why)}};
        cr_pooling *p = &s.pooling;
        p->images = 1;
        p->channels = channels;
        int64_t side = channels == 1 ? 1500 : 200;
        p->axis[0] = p->axis[1] = (cr_pooling_axis){.in = side, .kernel = 3, .stride = 2};
        make_axis(&s, &p->axis[0], &seed);
        make_axis(&s, &p->axis[1], &seed);
        s.n_in = p->in_image_stride = channels * side * side;
        s.n_out = p->out_image_stride = channels * p->axis[0].out * p->axis[1].out;
        s.in = malloc((size_t)s.n_in * sizeof(float));
        for (int64_t i = 0; i < s.n_in; i++)
            s.in[i] = random_float(&seed);
        check_sample(&s, false);
        release(&s);
    }
}
END_TEST

START_TEST(absurd_pads_take_no_memory)
{
    int64_t begin[] = {0}, end[] = {1};
    float span[] = {1}, in[] = {5}, out[1];
    const char *why;
    cr_pooling p = {.images = 1, .channels = 1, .kernels = cr_kernels_choose(NULL, &why)};
    p.axis[0] = p.axis[1] =
        (cr_pooling_axis){1, 1, 1LL << 40, 1, {1LL << 39, 0}, {begin, begin}, {end, end}, {span, span}};
    ck_assert_uint_eq(cr_pooling_slot_bytes(&p), 0);
    cr_pooling_run(&p, &(cr_pooling_buffers){.in = in, .out = out});
    ck_assert(out[0] == 5);
}
END_TEST

TEST_MAIN("kernels/pooling", max_takes_no_nan, the_mask_names_the_first_winner, ave,
          small_windows_on_rows_of_every_width, stochastic, all_threads_find_the_same,
          absurd_pads_take_no_memory)
