#include "layers/elementwise.h"
#include "tests/test.h"

#include <math.h>

// out = in + 1000 * channel: shows for each value that it was reached once, and as which channel's.
static void mark(const void *arg, const cr_piece *p)
{
    (void)arg;
    for (int64_t row = 0; row < p->n; row++)
        for (int64_t i = row * p->inner; i < (row + 1) * p->inner; i++)
            p->out[i] += p->in[i] + 1000 * (float)(p->channel + row);
}

typedef struct setting {
    cr_shape shape;
    int axis, n_axes;
    int64_t gap; // between images
} setting;

static void expect_channels(const setting *s, cr_pool *pool)
{
    cr_tensor t[2] = {{.shape = s->shape}, {.shape = s->shape}};
    int64_t count = cr_tensor_image_count(&t[0]), images = cr_tensor_images(&t[0]);
    for (int i = 0; i < 2; i++) {
        t[i].image_stride = count + s->gap * (i + 1);
        t[i].data = calloc((size_t)(images * t[i].image_stride) + 1, sizeof(float));
        for (int64_t j = 0; j < images * t[i].image_stride; j++)
            t[i].data[j] = i == 0                          ? (float)(j % t[0].image_stride % 991)
                           : j % t[1].image_stride < count ? 0
                                                           : -1;
    }
    int in = 0, out = 1;
    cr_step step = {.n_in = 1, .n_out = 1, .in = &in, .out = &out};
    cr_run run = {.tensor = t, .pool = pool};
    cr_rows rows = cr_rows_of(&t[0], s->axis, s->n_axes);
    cr_elementwise(&step, &run, &rows, mark, NULL);
    int64_t channels = cr_shape_range(&s->shape, s->axis, s->axis + s->n_axes);
    int64_t inner = cr_shape_range(&s->shape, s->axis + s->n_axes, s->shape.rank);
    for (int64_t j = 0; j < images * t[1].image_stride; j++) {
        int64_t image = j / t[1].image_stride, i = j % t[1].image_stride;
        int64_t channel = s->n_axes ? (image * count + i) / inner % channels : 0;
        float want = i < count ? (float)(i % 991) + 1000 * (float)channel : -1;
        ck_assert_msg(t[1].data[j] == want, "image %d, float %d: %g, not %g", (int)image, (int)i,
                      (double)t[1].data[j], (double)want);
    }
    free(t[0].data);
    free(t[1].data);
}

START_TEST(every_value_is_reached_once_as_one_of_its_channel)
{
    static const setting settings[] = {
        {{4, {2, 3, 5, 7}}, 1, 1, 0},    {{4, {2, 3, 5, 7}}, 1, 1, 9},  {{4, {2, 3, 5, 7}}, 2, 1, 9},
        {{4, {2, 3, 5, 7}}, 1, 3, 9},    {{4, {3, 2, 5, 7}}, 0, 1, 9},  {{4, {3, 2, 5, 7}}, 0, 2, 9},
        {{4, {3, 2, 5, 7}}, 0, 4, 0},    {{2, {40000, 3}}, 1, 1, 0},    {{2, {500, 3}}, 1, 1, 2},
        {{3, {2, 2, 40001}}, 1, 1, 0},   {{3, {2, 2, 40001}}, 1, 1, 5}, {{3, {2, 70, 700}}, 1, 1, 0},
        {{3, {2, 70, 700}}, 1, 1, 3},    {{1, {40000}}, 0, 1, 0},       {{3, {2, 20000, 3}}, 1, 1, 0},
        {{5, {2, 2, 3, 4, 5}}, 2, 2, 0}, {{3, {2, 0, 4}}, 1, 1, 0},     {{3, {0, 2, 4}}, 1, 1, 0},
        {{3, {2, 3, 0}}, 1, 1, 0},       {{4, {2, 3, 5, 7}}, 3, 1, 1},  {{2, {16384, 1}}, 0, 1, 0},
    };
    cr_pool *pool = NULL;
    ck_assert_int_eq(cr_pool_create(&pool, 3, NULL), CREMA_OK);
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        expect_channels(&settings[i], NULL);
        expect_channels(&settings[i], pool);
    }
    cr_pool_free(pool);
}
END_TEST

START_TEST(an_operand_gives_its_value_by_channel)
{
    float values[] = {1, 2, NAN, 3, 4, NAN};
    cr_tensor t = {.shape = {2, {2, 2}}, .image_stride = 3, .data = values};
    cr_operand operand = cr_operand_bottom(&t);
    for (int64_t c = 0; c < 4; c++)
        ck_assert(cr_operand_at(&operand, c) == (float)(c + 1));
    t = (cr_tensor){.shape = {2, {1, 1}}, .image_stride = 1, .data = values};
    operand = cr_operand_bottom(&t);
    ck_assert(cr_operand_at(&operand, 5) == 1);
}
END_TEST

TEST_MAIN("layers/elementwise", every_value_is_reached_once_as_one_of_its_channel,
          an_operand_gives_its_value_by_channel)
