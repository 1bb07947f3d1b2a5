#include "crema.pb-c.h"
#include "layers/filler.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

enum { N = 200000 };

static cr_shape shape_of(int rank, const int64_t *dim)
{
    cr_shape shape = {.rank = rank};
    memcpy(shape.dim, dim, (size_t)rank * sizeof *dim);
    return shape;
}
#define SHAPE(...) shape_of(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), (int64_t[]){__VA_ARGS__})

static Crema__FillerParameter filler_of(const char *type)
{
    Crema__FillerParameter p = CREMA__FILLER_PARAMETER__INIT;
    p.type = (char *)type;
    return p;
}

// The values of a filler that must work; free with cr_free.
static float *filled(const Crema__FillerParameter *p, cr_shape shape, uint64_t seed)
{
    float *data = cr_alloc((size_t)cr_shape_count(&shape) * sizeof *data);
    cr_err err;
    ck_assert_msg(cr_fill(p, 0, &shape, seed, data, NULL, &err) == CREMA_OK, "%s", err.message);
    return data;
}

typedef struct moments {
    double mean, std, skew, kurtosis, min, max; // kurtosis: 3 for a normal distribution
} moments;

static moments measure(const float *x, int64_t n)
{
    moments m = {.min = INFINITY, .max = -INFINITY};
    for (int64_t i = 0; i < n; i++) {
        m.mean += (double)x[i] / (double)n;
        m.min = fmin(m.min, (double)x[i]);
        m.max = fmax(m.max, (double)x[i]);
    }
    double sum[3] = {0};
    for (int64_t i = 0; i < n; i++)
        for (int k = 0; k < 3; k++)
            sum[k] += pow((double)x[i] - m.mean, k + 2) / (double)n;
    m.std = sqrt(sum[0]);
    m.skew = sum[1] / pow(m.std, 3);
    m.kurtosis = sum[2] / pow(m.std, 4);
    return m;
}

static void expect_error(const Crema__FillerParameter *p, cr_shape shape, const char *field,
                         const char *message)
{
    cr_arena arena = {0};
    cr_notes *notes = cr_notes_create(&arena, "net.prototxt");
    ck_assert(cr_notes_set_pos(notes, p, field, 0, 7, 30));
    cr_err err = {0};
    float data[64];
    ck_assert_int_eq(cr_fill_check(p, &shape, notes, &err), CREMA_ERR_INPUT);
    cr_err again = {0};
    ck_assert_int_eq(cr_fill(p, 0, &shape, 1, data, notes, &again), CREMA_ERR_INPUT);
    ck_assert_str_eq(err.message, message);
    ck_assert_str_eq(again.message, message);
    ck_assert_str_eq(err.file, "net.prototxt");
    ck_assert_int_eq(err.line, 7);
    ck_assert_int_eq(err.column, 30);
    cr_arena_free(&arena);
}

START_TEST(no_filler_gives_the_layers_own_value)
{
    float data[3];
    cr_shape shape = SHAPE(3);
    ck_assert_int_eq(cr_fill(NULL, 0.25f, &shape, 1, data, NULL, NULL), CREMA_OK);
    for (int i = 0; i < 3; i++)
        ck_assert_float_eq(data[i], 0.25f);
    ck_assert_int_eq(cr_fill_check(NULL, &shape, NULL, NULL), CREMA_OK);
}
END_TEST

START_TEST(constant_is_the_default_and_0)
{
    Crema__FillerParameter p = CREMA__FILLER_PARAMETER__INIT;
    float *data = filled(&p, SHAPE(2, 2), 1);
    for (int i = 0; i < 4; i++)
        ck_assert_float_eq(data[i], 0);
    cr_free(data);
    p.value = -1.5f;
    cr_shape scalar = {.rank = 0};
    data = filled(&p, scalar, 1);
    ck_assert_float_eq(data[0], -1.5f);
    cr_free(data);
}
END_TEST

START_TEST(numbers_repeat_for_a_seed_and_differ_for_others)
{
    Crema__FillerParameter p = filler_of("gaussian");
    uint64_t seed = cr_fill_seed(1, "conv1", 0);
    ck_assert(seed == cr_fill_seed(1, "conv1", 0));
    uint64_t others[] = {cr_fill_seed(2, "conv1", 0), cr_fill_seed(1, "conv2", 0),
                         cr_fill_seed(1, "conv1", 1), cr_fill_seed(1, "conv", 1), cr_fill_seed(1, "", 0)};
    float *a = filled(&p, SHAPE(100), seed), *b = filled(&p, SHAPE(100), seed);
    ck_assert_mem_eq(a, b, 100 * sizeof *a);
    cr_free(b);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        b = filled(&p, SHAPE(100), others[i]);
        int equal = 0;
        for (int j = 0; j < 100; j++)
            equal += a[j] == b[j];
        ck_assert_int_eq(equal, 0);
        cr_free(b);
    }
    cr_free(a);
}
END_TEST

START_TEST(numbers_are_the_same_on_every_machine)
{
    Crema__FillerParameter p = filler_of("gaussian");
    float *data = filled(&p, SHAPE(N), 42);
    double sum = 0;
    for (int i = 0; i < N; i++)
        sum += (double)data[i];
    ck_assert_float_eq(data[0], -1.16764069f);
    ck_assert_float_eq(data[1], 0.986080647f);
    ck_assert_float_eq(data[N - 1], -0.696578205f);
    ck_assert_double_eq(sum, 317.6826945503617);
    cr_free(data);
}
END_TEST

START_TEST(uniform_stays_inside_and_has_its_moments)
{
    Crema__FillerParameter p = filler_of("uniform");
    p.min = -2;
    p.max = 6;
    float *data = filled(&p, SHAPE(N + 1), 3); // an odd number
    moments m = measure(data, N + 1);
    ck_assert_double_ge(m.min, -2);
    ck_assert_double_le(m.max, 6);
    ck_assert_double_lt(m.min, -1.99);
    ck_assert_double_gt(m.max, 5.99);
    ck_assert_double_eq_tol(m.mean, 2, 0.03);
    ck_assert_double_eq_tol(m.std, 8 / sqrt(12), 0.02);
    ck_assert_double_eq_tol(m.kurtosis, 1.8, 0.02);
    cr_free(data);
}
END_TEST

START_TEST(uniform_of_an_empty_range_is_constant)
{
    Crema__FillerParameter p = filler_of("uniform");
    p.min = p.max = 3;
    float *data = filled(&p, SHAPE(5), 3);
    for (int i = 0; i < 5; i++)
        ck_assert_float_eq(data[i], 3);
    cr_free(data);
}
END_TEST

START_TEST(gaussian_has_the_moments_and_tails_of_a_normal_distribution)
{
    Crema__FillerParameter p = filler_of("gaussian");
    p.mean = 1;
    p.std = 2;
    float *data = filled(&p, SHAPE(N), 5);
    moments m = measure(data, N);
    ck_assert_double_eq_tol(m.mean, 1, 0.02);
    ck_assert_double_eq_tol(m.std, 2, 0.02);
    ck_assert_double_eq_tol(m.skew, 0, 0.03);
    ck_assert_double_eq_tol(m.kurtosis, 3, 0.06);
    int beyond[5] = {0}; // |x - mean| > k standard deviations
    for (int i = 0; i < N; i++)
        for (int k = 1; k < 5; k++)
            beyond[k] += fabs((double)data[i] - 1) > 2.0 * k;
    for (int k = 1; k < 5; k++) {
        double want = N * erfc(k / sqrt(2));
        ck_assert_double_eq_tol(beyond[k], want, 5 * sqrt(want));
    }
    cr_free(data);
}
END_TEST

START_TEST(sparse_keeps_that_many_inputs_per_output_on_average)
{
    Crema__FillerParameter p = filler_of("gaussian");
    p.has_sparse = 1;
    p.sparse = 5;
    float *data = filled(&p, SHAPE(50, N / 50), 5);
    int kept = 0;
    for (int i = 0; i < N; i++)
        kept += data[i] != 0;
    ck_assert_double_eq_tol(kept, N * 0.1, 5 * sqrt(N * 0.1));
    cr_free(data);
    p.sparse = 0;
    data = filled(&p, SHAPE(50, 2), 5);
    for (int i = 0; i < 100; i++)
        ck_assert_float_eq(data[i], 0);
    cr_free(data);
}
END_TEST

// fan_in = 30 * 5 * 2 = 300, fan_out = 200 * 5 * 2 = 2000
START_TEST(xavier_and_msra_scale_with_the_fan)
{
    struct {
        const char *type;
        Crema__FillerParameter__VarianceNorm norm;
        double variance;
    } row[] = {
        {"xavier", CREMA__FILLER_PARAMETER__VARIANCE_NORM__FAN_IN, 1 / 300.0},
        {"xavier", CREMA__FILLER_PARAMETER__VARIANCE_NORM__FAN_OUT, 1 / 2000.0},
        {"xavier", CREMA__FILLER_PARAMETER__VARIANCE_NORM__AVERAGE, 1 / 1150.0},
        {"msra", CREMA__FILLER_PARAMETER__VARIANCE_NORM__FAN_IN, 2 / 300.0},
        {"msra", CREMA__FILLER_PARAMETER__VARIANCE_NORM__FAN_OUT, 2 / 2000.0},
        {"msra", CREMA__FILLER_PARAMETER__VARIANCE_NORM__AVERAGE, 2 / 1150.0},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        Crema__FillerParameter p = filler_of(row[i].type);
        p.variance_norm = row[i].norm;
        float *data = filled(&p, SHAPE(200, 30, 5, 2), 9);
        moments m = measure(data, 60000);
        double std = sqrt(row[i].variance);
        ck_assert_double_eq_tol(m.mean, 0, 5 * std / sqrt(60000));
        ck_assert_double_eq_tol(m.std, std, 0.02 * std);
        ck_assert_double_eq_tol(m.kurtosis, row[i].type[0] == 'x' ? 1.8 : 3, 0.1);
        if (row[i].type[0] == 'x') {
            ck_assert_double_le(m.max, sqrt(3) * std);
            ck_assert_double_ge(m.min, -sqrt(3) * std);
        }
        cr_free(data);
    }
}
END_TEST

// One axis: fan_in is 1 (count / dim 0), fan_out is the count.
START_TEST(the_fan_of_one_axis)
{
    Crema__FillerParameter p = filler_of("xavier");
    float *data = filled(&p, SHAPE(1000), 9);
    ck_assert_double_gt(measure(data, 1000).max, 1.6);
    cr_free(data);
    p.variance_norm = CREMA__FILLER_PARAMETER__VARIANCE_NORM__FAN_OUT;
    data = filled(&p, SHAPE(1000), 9);
    ck_assert_double_lt(measure(data, 1000).max, sqrt(0.003));
    cr_free(data);
}
END_TEST

START_TEST(bilinear_is_the_interpolation_kernel)
{
    // Width 4: f = 2, c = 3/4, so 1/4 3/4 3/4 1/4; width 3: f = 2, c = 1/2, so 1/2 1 1/2.
    static const float four[] = {0.25f, 0.75f, 0.75f, 0.25f}, three[] = {0.5f, 1, 0.5f};
    Crema__FillerParameter p = filler_of("bilinear");
    float *data = filled(&p, SHAPE(2, 3, 4, 4), 1);
    for (int i = 0; i < 96; i++)
        ck_assert_float_eq(data[i], four[i / 4 % 4] * four[i % 4]);
    cr_free(data);
    data = filled(&p, SHAPE(1, 1, 3, 3), 1);
    for (int i = 0; i < 9; i++)
        ck_assert_float_eq(data[i], three[i / 3] * three[i % 3]);
    cr_free(data);
}
END_TEST

START_TEST(positive_unitball_rows_add_up_to_1)
{
    Crema__FillerParameter p = filler_of("positive_unitball");
    float *data = filled(&p, SHAPE(4, 5, 2), 1);
    for (int r = 0; r < 4; r++) {
        double sum = 0;
        for (int i = 0; i < 10; i++) {
            ck_assert_float_ge(data[10 * r + i], 0);
            sum += (double)data[10 * r + i];
        }
        ck_assert_double_eq_tol(sum, 1, 1e-6);
    }
    cr_free(data);
}
END_TEST

START_TEST(empty_blobs_are_fine)
{
    static const char *const types[] = {"constant", "uniform", "gaussian",
                                        "xavier",   "msra",    "positive_unitball"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        Crema__FillerParameter p = filler_of(types[i]);
        cr_free(filled(&p, SHAPE(0, 3), 1));
        cr_free(filled(&p, SHAPE(3, 0), 1));
    }
}
END_TEST

START_TEST(errors_name_the_field)
{
    Crema__FillerParameter p = filler_of("gausian");
    expect_error(&p, SHAPE(2), "type", "unknown filler type \"gausian\"; did you mean \"gaussian\"?");
    p = filler_of("orthogonal_matrix");
    expect_error(&p, SHAPE(2), "type", "unknown filler type \"orthogonal_matrix\"");
    p = filler_of("uniform");
    p.has_min = 1;
    p.min = 2;
    expect_error(&p, SHAPE(2), "min", "uniform filler: min 2 is not below max 1");
    p = filler_of("gaussian");
    p.has_std = 1;
    p.std = 0;
    expect_error(&p, SHAPE(2), "std", "gaussian filler: std 0 must be above 0");
    p = filler_of("gaussian");
    p.sparse = 3;
    expect_error(&p, SHAPE(2, 9), "sparse", "gaussian filler: sparse 3 is above the 2 outputs of the blob");
    p = filler_of("xavier");
    p.sparse = 3;
    expect_error(&p, SHAPE(9, 2), "sparse", "xavier filler: sparse works with gaussian only");
    p = filler_of("bilinear");
    expect_error(&p, SHAPE(1, 1, 3, 4), "type",
                 "bilinear filler: the blob must have 4 axes and a square kernel, not 1x1x3x4");
    expect_error(&p, SHAPE(3, 3), "type",
                 "bilinear filler: the blob must have 4 axes and a square kernel, not 3x3");
    p = filler_of("positive_unitball");
    expect_error(&p, (cr_shape){.rank = 0}, "type", "positive_unitball filler: needs a blob with axes");
}
END_TEST

TEST_MAIN("layers/filler", no_filler_gives_the_layers_own_value, constant_is_the_default_and_0,
          numbers_repeat_for_a_seed_and_differ_for_others, numbers_are_the_same_on_every_machine,
          uniform_stays_inside_and_has_its_moments, uniform_of_an_empty_range_is_constant,
          gaussian_has_the_moments_and_tails_of_a_normal_distribution,
          sparse_keeps_that_many_inputs_per_output_on_average, xavier_and_msra_scale_with_the_fan,
          the_fan_of_one_axis, bilinear_is_the_interpolation_kernel, positive_unitball_rows_add_up_to_1,
          empty_blobs_are_fine, errors_name_the_field)
