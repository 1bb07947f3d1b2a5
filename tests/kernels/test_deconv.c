#include "base/cpu.h"
#include "crema.pb-c.h"
#include "kernels/kernels.h"
#include "tests/support/geometry.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

static const float untouched = -12345;

// Pools are made once per test: starting threads costs more than the convolutions here.
static cr_pool *pool_of(int threads)
{
    static cr_pool *pools[4];
    if (threads > 1 && !pools[threads])
        ck_assert_int_eq(cr_pool_create(&pools[threads], threads, NULL), CREMA_OK);
    return pools[threads];
}

// in (images, conv's out channels), out (images, conv's in channels): by the definition, in double.
static void deconvolve(const geometry_case *g, const float *in, const float *weights, const float *bias,
                       float *out)
{
    const cr_conv *c = &g->conv;
    int64_t wide = c->in_channels / c->group, narrow = c->out_channels / c->group;
    double *sum = calloc((size_t)c->in_count + 1, sizeof *sum);
    for (int64_t image = 0; image < c->images; image++)
        for (int64_t channel = 0; channel < c->in_channels; channel++) {
            for (int64_t p = 0; p < c->in_count; p++)
                sum[p] = bias ? (double)bias[channel] : 0;
            int64_t first = channel / wide * narrow;
            for (int64_t n = first; n < first + narrow; n++)
                for (int64_t p = 0; p < c->out_count; p++)
                    for (int64_t t = 0; t < c->kernel_count; t++) {
                        int64_t o = p, k = t, at = 0, step = 1;
                        for (int a = g->window.n_axes - 1; a >= 0; a--) {
                            int64_t i =
                                geometry_read(g, a, 0, o % g->window.axis[a].out, k % g->spec.kernel[a]);
                            at = i < 0 || at < 0 ? -1 : at + i * step;
                            step *= g->window.axis[a].in;
                            o /= g->window.axis[a].out;
                            k /= g->spec.kernel[a];
                        }
                        if (at >= 0)
                            sum[at] += (double)in[image * c->out_image_stride + n * c->out_count + p] *
                                       (double)weights[(n * wide + channel % wide) * c->kernel_count + t];
                    }
            for (int64_t p = 0; p < c->in_count; p++)
                out[image * c->in_image_stride + channel * c->in_count + p] = (float)sum[p];
        }
    free(sum);
}

static void run(const geometry_case *g, const float *in, const float *weights, const float *bias, float *out,
                int threads)
{
    const cr_conv *c = &g->conv;
    const cr_conv_algorithm *a = &cr_deconv_col2im;
    size_t bytes = a->pack_bytes(c), step = (a->slot_bytes(c) + 63) / 64 * 64;
    for (int64_t i = 0; i < c->images * c->in_image_stride; i++)
        out[i] = untouched;
    void *pack = cr_alloc_aligned(bytes, 64), *slots = cr_alloc_aligned(step * (size_t)threads, 64);
    memset(pack, 0xFF, bytes);
    memset(slots, 0xFF, step * (size_t)threads);
    if (bytes > 0)
        a->pack(c, weights, pack);
    cr_conv_buffers b = {.in = in, .out = out, .weights = bytes > 0 ? NULL : weights, .bias = bias};
    b.pack = pack;
    b.slot_scratch = slots;
    b.slot_step = step;
    b.pool = pool_of(threads);
    a->run(c, &b);
    cr_free(pack);
    cr_free(slots);
}

static void compare(const geometry_case *g, const float *expected, const float *out, int64_t n_out)
{
    const cr_conv *c = &g->conv;
    for (int64_t i = 0; i < n_out; i++) {
        bool gap = i % c->in_image_stride >= c->in_channels * c->in_count; // between images
        float wanted = gap ? untouched : expected[i];
        if (!(fabs((double)out[i] - (double)wanted) <= (gap ? 0 : 2e-5)))
            ck_abort_msg("%s: output %lld: got %.9g, expected %.9g", c->kernels->name, (long long)i,
                         (double)out[i], (double)wanted);
    }
}

static void check_case(geometry_case *g, unsigned *seed, bool with_bias, bool check_threads)
{
    const cr_conv *c = &g->conv;
    g->conv.window = &g->window;
    int64_t n_out = c->images * c->in_image_stride;
    float *in =
        random_floats(&g->arena, seed, c->images * c->out_image_stride + 16); // readable behind the end
    float *weights =
        random_floats(&g->arena, seed, c->out_channels * (c->in_channels / c->group) * c->kernel_count);
    float *bias = with_bias ? random_floats(&g->arena, seed, c->in_channels) : NULL;
    float *expected = random_floats(&g->arena, seed, n_out), *out = random_floats(&g->arena, seed, n_out);
    float *more = random_floats(&g->arena, seed, n_out);
    deconvolve(g, in, weights, bias, expected);
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++) {
        if (!cr_cpu_runs((*k)->name))
            continue;
        g->conv.kernels = *k;
        run(g, in, weights, bias, out, 1);
        compare(g, expected, out, n_out);
        for (int threads = 2; threads <= 3 && check_threads; threads++) {
            run(g, in, weights, bias, more, threads);
            ck_assert_int_eq(memcmp(out, more, (size_t)n_out * sizeof *out), 0);
        }
    }
}

START_TEST(random_deconvolutions_equal_the_definition)
{
    unsigned seed = 17;
    int done = 0;
    for (int i = 0; i < 120; i++) {
        geometry_case g;
        if (geometry_random(&g, &seed, 1 + i % 3, CREMA__PAD_RULE__EXPLICIT, CREMA__PAD_MODE__ZERO)) {
            check_case(&g, &seed, i % 4 != 0, i % 16 < 3);
            done++;
        }
        cr_arena_free(&g.arena);
    }
    ck_assert_int_gt(done, 60);
}
END_TEST

static void check_shape(int64_t kernel, int64_t stride, int64_t height, int64_t width, int64_t channels,
                        int64_t outputs, int64_t group)
{
    unsigned seed = 3;
    geometry_case g;
    cr_window_spec s = {.kernel = {kernel, kernel}, .stride = {stride, stride}, .dilation = {1, 1}};
    s.pad_before[0] = s.pad_after[1] = 1;
    int64_t out[2] = {(height - 1) * stride + kernel - 1, (width - 1) * stride + kernel - 1};
    ck_assert(geometry_make(&g, &s, 2, out, 2, outputs, channels, group));
    ck_assert_int_eq(g.conv.out_count, height * width);
    check_case(&g, &seed, true, true);
    cr_arena_free(&g.arena);
}

// Scratch of a slot, for maps of any size.
static size_t slot_bytes(int64_t size)
{
    geometry_case g;
    const char *why;
    cr_window_spec s = {.kernel = {4, 4}, .stride = {2, 2}, .dilation = {1, 1}};
    ck_assert(geometry_make(&g, &s, 2, (int64_t[]){2 * size + 2, 2 * size + 2}, 1, 64, 64, 1));
    g.conv.window = &g.window;
    g.conv.kernels = cr_kernels_choose(NULL, &why);
    size_t bytes = cr_deconv_col2im.slot_bytes(&g.conv);
    cr_arena_free(&g.arena);
    return bytes;
}

START_TEST(large_maps_go_through_a_ring_of_lines)
{
    check_shape(4, 2, 40, 37, 3, 9, 1);  // several blocks of channels and chunks
    check_shape(4, 2, 70, 12, 2, 1, 1);  // strips of one channel
    check_shape(16, 8, 12, 20, 3, 2, 1); // upsampling, one channel a block
    check_shape(5, 1, 50, 50, 4, 3, 1);  // an output line needs more lines than a chunk has
    check_shape(2, 3, 30, 31, 6, 4, 2);  // lines that no tap reaches
    check_shape(4, 2, 40, 37, 5, 5, 5);  // each channel on its own
    ck_assert_uint_lt(slot_bytes(400), 1 << 20);
}
END_TEST

START_TEST(without_axes_it_is_a_product)
{
    unsigned seed = 17;
    geometry_case g;
    cr_window_spec s = {0};
    ck_assert(geometry_make(&g, &s, 0, NULL, 2, 6, 4, 2));
    check_case(&g, &seed, true, true);
    cr_arena_free(&g.arena);
}
END_TEST

START_TEST(pads_crop_and_strides_leave_gaps)
{
    // 1-D, kernel 2, stride 3, pad 1 on the left: the first tap's first output is cropped, gaps hold the bias
    geometry_case g;
    cr_window_spec s = {.kernel = {2}, .stride = {3}, .dilation = {1}, .pad_before = {1}};
    ck_assert(geometry_make(&g, &s, 1, (int64_t[]){7}, 1, 1, 1, 1));
    ck_assert_int_eq(g.conv.out_count, 3);
    const char *why;
    g.conv.window = &g.window;
    g.conv.kernels = cr_kernels_choose(NULL, &why);
    static const float in[3] = {1, 2, 3}, weights[2] = {10, 100}, bias[1] = {0.5f};
    static const float expected[7] = {100.5f, 0.5f, 20.5f, 200.5f, 0.5f, 30.5f, 300.5f};
    float out[16];
    run(&g, in, weights, bias, out, 1);
    for (int i = 0; i < 7; i++)
        ck_assert_float_eq(out[i], expected[i]);
    cr_arena_free(&g.arena);
}
END_TEST

TEST_MAIN("kernels/deconv", random_deconvolutions_equal_the_definition, large_maps_go_through_a_ring_of_lines,
          without_axes_it_is_a_product, pads_crop_and_strides_leave_gaps)
