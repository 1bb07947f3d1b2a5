#include "kernels/pooling.h"
#include "tests/support/geometry.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

enum { H = 9, W = 11, OUT = 4, KERNEL = 3, CHANNELS = 70, IMAGES = 2, GAP = 7 };

// Kernel 3, stride 3, pad 1 at the front: the first window is cut, the last one hangs over.
static const int64_t begin_h[OUT] = {0, 2, 5, 8}, end_h[OUT] = {2, 5, 8, 9}, span_h[OUT] = {3, 3, 3, 2};
static const int64_t begin_w[OUT] = {0, 2, 5, 8}, end_w[OUT] = {2, 5, 8, 11}, span_w[OUT] = {3, 3, 3, 3};

static cr_pooling pooling_of(cr_pooling_method method)
{
    cr_pooling p = {.method = method, .images = IMAGES, .channels = CHANNELS};
    p.axis[0] = (cr_pooling_axis){.in = H, .out = OUT, .kernel = KERNEL, .stride = 3, .inner_begin = {1}};
    p.axis[1] = p.axis[0];
    p.axis[1].in = W;
    p.axis[0].inner_end[0] = 3;
    p.axis[1].inner_end[0] = 4;
    p.axis[0].begin[0] = begin_h, p.axis[0].end[0] = end_h, p.axis[0].span[0] = span_h;
    p.axis[1].begin[0] = begin_w, p.axis[1].end[0] = end_w, p.axis[1].span[0] = span_w;
    p.in_image_stride = CHANNELS * H * W + GAP;
    p.out_image_stride = CHANNELS * OUT * OUT + GAP;
    return p;
}

static double expected_at(cr_pooling_method method, const float *plane, int oy, int ox)
{
    double most = -INFINITY, sum = 0, squares = 0;
    for (int64_t y = begin_h[oy]; y < end_h[oy]; y++)
        for (int64_t x = begin_w[ox]; x < end_w[ox]; x++) {
            double value = (double)plane[y * W + x];
            most = fmax(most, value);
            sum += value;
            squares += value * value;
        }
    if (method == CR_POOLING_MAX)
        return most;
    return method == CR_POOLING_AVE ? sum / (double)(span_h[oy] * span_w[ox]) : sum > 0 ? squares / sum : 0;
}

static void check_method(cr_pooling_method method)
{
    cr_arena arena = {0};
    unsigned seed = 8;
    cr_pooling p = pooling_of(method);
    int64_t n_out = IMAGES * p.out_image_stride;
    float *in = random_floats(&arena, &seed, IMAGES * p.in_image_stride);
    float *out[4];
    for (int64_t i = 0; i < IMAGES * p.in_image_stride && method == CR_POOLING_STOCHASTIC; i++)
        in[i] = fabsf(in[i]); // a sum near 0 would divide by its own rounding
    size_t bytes = cr_pooling_scratch_bytes(&p);
    for (int threads = 1; threads <= 3; threads++) {
        cr_pool *pool;
        ck_assert_int_eq(cr_pool_create(&pool, threads, NULL), CREMA_OK);
        out[threads] = cr_arena_array(&arena, (size_t)n_out, sizeof(float));
        void *scratch = cr_alloc_aligned(bytes, 64); // exactly as long as promised
        cr_pooling_buffers b = {in, out[threads], NULL, scratch, pool};
        cr_pooling_run(&p, &b);
        cr_free(scratch);
        cr_pool_free(pool);
        ck_assert_int_eq(memcmp(out[1], out[threads], (size_t)n_out * sizeof(float)), 0);
    }
    for (int64_t i = 0; i < n_out; i++) {
        int64_t image = i / p.out_image_stride, at = i % p.out_image_stride, channel = at / (OUT * OUT);
        const float *plane = in + image * p.in_image_stride + channel * H * W;
        bool gap = channel >= CHANNELS;
        double wanted = gap ? 0 : expected_at(method, plane, (int)(at / OUT % OUT), (int)(at % OUT));
        if (!(fabs((double)out[1][i] - wanted) <= 1e-5 * fmax(1, fabs(wanted))))
            ck_abort_msg("output %lld: got %.9g, expected %.9g", (long long)i, (double)out[1][i], wanted);
    }
    cr_arena_free(&arena);
}

START_TEST(max)
{
    check_method(CR_POOLING_MAX);
}
END_TEST

START_TEST(ave)
{
    check_method(CR_POOLING_AVE);
}
END_TEST

START_TEST(stochastic)
{
    check_method(CR_POOLING_STOCHASTIC);
}
END_TEST

START_TEST(the_mask_has_its_own_stride)
{
    cr_arena arena = {0};
    unsigned seed = 8;
    cr_pooling p = pooling_of(CR_POOLING_MAX);
    p.mask_image_stride = CHANNELS * OUT * OUT + 2;
    float *in = random_floats(&arena, &seed, IMAGES * p.in_image_stride);
    float *out = random_floats(&arena, &seed, IMAGES * p.out_image_stride);
    float *mask = random_floats(&arena, &seed, IMAGES * p.mask_image_stride);
    float *scratch = cr_arena_alloc(&arena, cr_pooling_scratch_bytes(&p));
    cr_pooling_run(&p, &(cr_pooling_buffers){in, out, mask, scratch, NULL});
    for (int64_t image = 0; image < IMAGES; image++)
        for (int64_t i = 0; i < CHANNELS * OUT * OUT; i++) {
            const float *plane = in + image * p.in_image_stride + i / (OUT * OUT) * H * W;
            float winner = plane[(int64_t)mask[image * p.mask_image_stride + i]];
            if (winner != out[image * p.out_image_stride + i])
                ck_abort_msg("output %lld of image %lld is not what the mask names", (long long)i,
                             (long long)image);
        }
    cr_arena_free(&arena);
}
END_TEST

START_TEST(no_images)
{
    cr_pooling p = pooling_of(CR_POOLING_MAX);
    p.images = 0;
    ck_assert_uint_eq(cr_pooling_scratch_bytes(&p), 0);
    cr_pooling_run(&p, &(cr_pooling_buffers){0});
}
END_TEST

TEST_MAIN("kernels/pooling", max, ave, stochastic, the_mask_has_its_own_stride, no_images)
