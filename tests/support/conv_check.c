#include "tests/support/conv_check.h"
#include "base/cpu.h"
#include "kernels/kernels.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

static const float untouched = -12345;

static cr_pool *pool_of(int threads)
{
    static cr_pool *pools[4];
    if (threads > 1 && !pools[threads])
        ck_assert_int_eq(cr_pool_create(&pools[threads], threads, NULL), CREMA_OK);
    return pools[threads];
}

static float activate(const cr_epilogue *e, int64_t channel, float x)
{
    float y = x + 3 < 0 ? 0 : x + 3 > 6 ? 6 : x + 3;
    switch (e->activation) {
    case CR_ACT_RELU:
        return x < 0 ? e->slope * x : x;
    case CR_ACT_PRELU:
        return x < 0 ? e->slopes[channel] * x : x;
    case CR_ACT_CLIP:
        return x < e->min ? e->min : x > e->max ? e->max : x;
    case CR_ACT_SIGMOID:
        return 1 / (1 + expf(-x));
    case CR_ACT_SWISH:
        return x / (1 + expf(-e->slope * x));
    case CR_ACT_HARDSWISH:
        return x * y / 6;
    default:
        return x;
    }
}

static void random_epilogue(conv_work *w, unsigned *seed)
{
    const cr_conv *c = &w->g->conv;
    cr_epilogue *e = &w->epilogue;
    e->activation = (cr_activation)(rand_r(seed) % 7);
    e->slope = rand_r(seed) % 2 ? 0.25f : 0;
    e->min = -0.5f;
    e->max = 0.75f;
    e->slopes = random_floats(&w->g->arena, seed, c->out_channels);
    w->in_place = rand_r(seed) % 2;
    if (rand_r(seed) % 2) {
        e->add = random_floats(&w->g->arena, seed, w->n_out);
        e->add_image_stride = c->out_image_stride;
    }
    for (int64_t i = 0; i < w->n_out; i++) {
        float *x = &w->expected[i];
        *x = activate(e, i % c->out_image_stride / (c->out_count ? c->out_count : 1),
                      *x + (e->add ? e->add[i] : 0));
    }
}

// The size of what is rounded on the way: transforms spread errors over all outputs.
static double usual_size(const conv_work *w)
{
    const cr_conv *c = &w->g->conv;
    double squares = 0;
    int64_t n = 0;
    for (int64_t i = 0; i < w->n_out; i++)
        if (i % c->out_image_stride < c->out_channels * c->out_count) {
            squares += (double)w->expected[i] * (double)w->expected[i];
            n++;
        }
    return n ? sqrt(squares / (double)n) : 0;
}

conv_work conv_work_of(geometry_case *g, const cr_conv_algorithm *a, unsigned *seed, bool bias, bool epilogue)
{
    const cr_conv *c = &g->conv;
    conv_work w = {.algorithm = a, .g = g};
    g->conv.window = &g->window;
    w.n_out = c->images * c->out_image_stride;
    w.in = random_floats(&g->arena, seed, c->images * c->in_image_stride);
    w.weights =
        random_floats(&g->arena, seed, c->out_channels * (c->in_channels / c->group) * c->kernel_count);
    w.bias = bias ? random_floats(&g->arena, seed, c->out_channels) : NULL;
    w.expected = random_floats(&g->arena, seed, w.n_out);
    w.out = random_floats(&g->arena, seed, w.n_out);
    geometry_convolve(g, w.in, w.weights, w.bias, w.expected);
    w.size = usual_size(&w);
    if (epilogue)
        random_epilogue(&w, seed);
    return w;
}

// Memory exactly as long as promised, so that ASan watches, and full of NaN.
static void *memory(size_t bytes)
{
    void *p = cr_alloc_aligned(bytes ? bytes : 64, 64);
    memset(p, 0xFF, bytes);
    return p;
}

// Images of (channels, count) to blocked ones, or back; what is between them stays.
static void reorder(const cr_conv *c, bool in, float *values, bool back)
{
    int64_t channels = in ? c->in_channels : c->out_channels, count = in ? c->in_count : c->out_count;
    int64_t stride = in ? c->in_image_stride : c->out_image_stride;
    float *copy = malloc((size_t)(channels * count + 1) * sizeof *copy);
    for (int64_t i = 0; i < c->images; i++, values += stride) {
        memcpy(copy, values, (size_t)(channels * count) * sizeof *copy);
        for (int64_t k = 0; k < channels; k++)
            for (int64_t x = 0; x < count; x++) {
                int64_t plain = k * count + x;
                int64_t blocked = (k / CR_BLOCK * count + x) * CR_BLOCK + k % CR_BLOCK;
                values[back ? plain : blocked] = copy[back ? blocked : plain];
            }
    }
    free(copy);
}

void conv_check_parts(const cr_conv_algorithm *a, const cr_conv *c, const float *weights, const void *pack)
{
    size_t row = (size_t)(c->in_channels / c->group * c->kernel_count);
    int64_t unit = a->pack_unit(c);
    void *parts = memory(a->pack_bytes(c));
    for (int64_t at = (c->out_channels - 1) / unit * unit; at >= 0; at -= unit) {
        int64_t n = c->out_channels - at < unit ? c->out_channels - at : unit;
        float *rows = malloc((size_t)n * row * sizeof *rows);
        memcpy(rows, weights + (size_t)at * row, (size_t)n * row * sizeof *rows);
        a->pack_rows(c, rows, at, n, parts);
        free(rows);
    }
    ck_assert_mem_eq(parts, pack, a->pack_bytes(c));
    cr_free(parts);
}

// Between images.
static bool is_gap(const cr_conv *c, int64_t i)
{
    return i % c->out_image_stride >= c->out_channels * c->out_count;
}

void conv_work_run(const conv_work *w, int threads)
{
    const cr_conv *c = &w->g->conv;
    const cr_conv_algorithm *a = w->algorithm;
    int64_t n_in = c->images > 0 ? (c->images - 1) * c->in_image_stride + c->in_channels * c->in_count : 0;
    int64_t behind =
        a == &cr_conv_im2col ? 0 : 16; // 64 bytes behind the input are readable; im2col needs none
    float *in = malloc((size_t)(n_in + behind) * sizeof *in);
    memcpy(in, w->in, (size_t)n_in * sizeof *in);
    if (c->in_blocked)
        reorder(c, true, in, false);
    cr_conv_buffers b = {.in = in, .out = w->out, .weights = w->weights, .bias = w->bias};
    cr_epilogue e = w->epilogue;
    void *pack = memory(a->pack_bytes ? a->pack_bytes(c) : 0), *scratch = memory(a->scratch_bytes(c));
    b.slot_step = a->slot_bytes ? (a->slot_bytes(c) + 63) / 64 * 64 : 0;
    b.slot_scratch = memory((size_t)threads * b.slot_step);
    b.scratch = scratch;
    b.pool = pool_of(threads);
    b.pack = pack;
    b.epilogue = e.activation || e.add ? &e : NULL;
    for (int64_t i = 0; i < w->n_out; i++)
        w->out[i] = w->in_place && e.add ? e.add[i] : untouched;
    if (w->in_place && e.add)
        e.add = w->out;
    if (c->out_blocked && e.add)
        reorder(c, false, (float *)e.add, false);
    if (a->pack)
        a->pack(c, w->weights, pack);
    if (a->pack_rows)
        conv_check_parts(a, c, w->weights, pack);
    a->run(c, &b);
    if (c->out_blocked)
        reorder(c, false, w->out, true);
    if (c->out_blocked && e.add && !w->in_place)
        reorder(c, false, (float *)e.add, true);
    for (int64_t i = 0; i < w->n_out; i++)
        if (is_gap(c, i) && w->out[i] != (w->in_place && e.add ? w->epilogue.add[i] : untouched))
            ck_abort_msg("%s %s wrote between images", a->name, c->kernels->name);
    free(in);
    cr_free(pack);
    cr_free(scratch);
    cr_free(b.slot_scratch);
}

static void compare(const conv_work *w)
{
    const cr_conv *c = &w->g->conv;
    for (int64_t i = 0; i < w->n_out; i++) {
        if (is_gap(c, i))
            continue;
        double wanted = (double)w->expected[i], scale = fmax(fmax(fabs(wanted), w->size), 1);
        if (!(fabs((double)w->out[i] - wanted) <= 3e-5 * scale))
            ck_abort_msg("%s %s: output %lld: got %.9g, expected %.9g", w->algorithm->name, c->kernels->name,
                         (long long)i, (double)w->out[i], wanted);
    }
}

void conv_check(geometry_case *g, const cr_conv_algorithm *a, unsigned *seed, bool bias, bool epilogue,
                bool check_threads)
{
    conv_work w = conv_work_of(g, a, seed, bias, epilogue);
    float *first = cr_arena_array(&g->arena, (size_t)w.n_out + 1, sizeof *first);
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++) {
        if (!cr_cpu_runs((*k)->name))
            continue;
        g->conv.kernels = *k;
        const char *why;
        if (!cr_conv_choose(&g->conv, a->name, &why))
            return;
        conv_work_run(&w, 1);
        compare(&w);
        memcpy(first, w.out, (size_t)w.n_out * sizeof *first);
        for (int threads = 2; threads <= 3 && check_threads; threads++) {
            conv_work_run(&w, threads);
            ck_assert_int_eq(memcmp(first, w.out, (size_t)w.n_out * sizeof *first), 0);
        }
    }
}

int conv_check_random(const cr_conv_algorithm *a, unsigned seed, int n_axes, int rule, int mode, int tries)
{
    int done = 0;
    for (int i = 0; i < tries; i++) {
        geometry_case g;
        if (geometry_random(&g, &seed, n_axes, rule, mode)) {
            conv_check(&g, a, &seed, i % 3 != 0, a->epilogue && i % 4 == 0, i % 8 == 0);
            done++;
        }
        cr_arena_free(&g.arena);
    }
    return done;
}

void conv_check_infinity(const cr_conv_algorithm *a, int n_axes)
{
    unsigned seed = 1;
    geometry_case g;
    const char *why;
    int last = n_axes - 1;
    bool blocked = a->blocked & CR_BLOCKED_BOTH;
    int64_t channels = blocked ? CR_BLOCK : 1, size[2] = {1, 1};
    cr_window_spec s = {.kernel = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}};
    size[last] = 4;
    s.kernel[last] = 3;
    s.pad_before[last] = s.pad_after[last] = 1;
    ck_assert(geometry_make(&g, &s, n_axes, size, 1, channels, channels, channels));
    g.conv.in_blocked = g.conv.out_blocked = blocked;
    conv_work w = conv_work_of(&g, a, &seed, false, false);
    memcpy(w.in, (float[]){1, 2, 3, INFINITY}, 4 * sizeof(float));
    memcpy(w.weights, (float[]){1, 1, 1}, 3 * sizeof(float));
    g.conv.kernels = cr_kernels_choose(NULL, &why);
    conv_work_run(&w, 1);
    ck_assert_float_eq(w.out[0], 3);
    ck_assert_float_eq(w.out[1], 6);
    ck_assert(isinf(w.out[2]) && isinf(w.out[3]));
    cr_arena_free(&g.arena);
}

void conv_check_fewer_images(geometry_case *g, const cr_conv_algorithm *a)
{
    const char *why;
    cr_conv *c = &g->conv;
    c->window = &g->window;
    c->kernels = cr_kernels_choose(NULL, &why);
    size_t scratch = a->scratch_bytes(c), slot = a->slot_bytes(c);
    int kind = a->pack_kind(c);
    for (; c->images > 0; c->images--) {
        ck_assert_uint_le(a->scratch_bytes(c), scratch);
        ck_assert_uint_le(a->slot_bytes(c), slot);
        ck_assert_int_eq(a->pack_kind(c), kind);
    }
}
