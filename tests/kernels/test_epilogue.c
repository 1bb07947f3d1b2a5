#include "base/cpu.h"
#include "kernels/epilogue.h"
#include "kernels/kernels.h"
#include "tests/test.h"

#include <math.h>

static void compare(const float *got, const float *expected, int n)
{
    for (int i = 0; i < n; i++) {
        if (isnan(expected[i]))
            ck_assert(isnan(got[i]));
        else
            ck_assert_float_eq_tol(got[i], expected[i], 1e-6f);
    }
}

// Two images of two channels with two values, images 5 apart. On each level that this CPU runs.
static void check(cr_epilogue e, const float *expected)
{
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++) {
        float data[] = {-4, 1, 2, NAN, 77, 7, -1, 0, 3};
        cr_epilogue_out out = {data, 2, 2, 2, 5};
        if (!cr_cpu_runs((*k)->name))
            continue;
        cr_epilogue_apply(*k, &e, &out, NULL);
        compare(data, expected, 9);
    }
}

START_TEST(each_activation)
{
    check((cr_epilogue){.activation = CR_ACT_RELU}, (float[]){0, 1, 2, NAN, 77, 7, 0, 0, 3});
    check((cr_epilogue){.activation = CR_ACT_RELU, .slope = 0.5f},
          (float[]){-2, 1, 2, NAN, 77, 7, -0.5f, 0, 3});
    check((cr_epilogue){.activation = CR_ACT_PRELU, .slopes = (float[]){2, 3}},
          (float[]){-8, 1, 2, NAN, 77, 7, -2, 0, 3});
    check((cr_epilogue){.activation = CR_ACT_CLIP, .min = -1, .max = 2},
          (float[]){-1, 1, 2, NAN, 77, 2, -1, 0, 2});
    check((cr_epilogue){.activation = CR_ACT_SIGMOID},
          (float[]){0.01798621f, 0.73105858f, 0.88079708f, NAN, 77, 0.99908895f, 0.26894142f, 0.5f,
                    0.95257413f});
    check((cr_epilogue){.activation = CR_ACT_SWISH, .slope = 1},
          (float[]){-0.07194484f, 0.73105858f, 1.76159416f, NAN, 77, 6.99362265f, -0.26894142f, 0,
                    2.85772238f});
    check((cr_epilogue){.activation = CR_ACT_HARDSWISH},
          (float[]){0, 2.0f / 3, 5.0f / 3, NAN, 77, 7, -1.0f / 3, 0, 3});
    check((cr_epilogue){0}, (float[]){-4, 1, 2, NAN, 77, 7, -1, 0, 3});
}
END_TEST

// Caffe's max(x, 0) + slope * min(x, 0): the zero of what is negative has no sign, -0 stays.
START_TEST(zeros_have_the_sign_of_caffe)
{
    const float slope[2] = {0, 0};
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++)
        for (int i = 0; i < 2 && cr_cpu_runs((*k)->name); i++) {
            cr_epilogue e = {.activation = i ? CR_ACT_PRELU : CR_ACT_RELU, .slopes = slope};
            float data[] = {-1, -0.0f, 0, 1};
            cr_epilogue_out out = {data, 1, 2, 2, 4};
            cr_epilogue_apply(*k, &e, &out, NULL);
            ck_assert(data[0] == 0 && !signbit(data[0]));
            ck_assert(data[1] == 0 && signbit(data[1]));
            ck_assert(data[2] == 0 && !signbit(data[2]));
        }
}
END_TEST

START_TEST(the_operand_is_added_before_the_activation)
{
    const float add[] = {5, -3, 1, 1, -8, 2, 0, 0};
    check((cr_epilogue){.add = add, .add_image_stride = 4, .activation = CR_ACT_RELU},
          (float[]){1, 0, 3, NAN, 77, 0, 1, 0, 3});
}
END_TEST

// Rows of every length, whose ends are not vectors; nothing is written behind them. In place of either operand.
START_TEST(rows_of_each_length)
{
    enum { MOST = 70 };
    const cr_affine affine = {2, 0.5f, 1};
    for (const cr_kernels *const *k = cr_kernels_all; *k; k++)
        for (int n = 0; n <= MOST; n++) {
            float in[MOST + 1], add[MOST + 1], expected[MOST + 1];
            if (!cr_cpu_runs((*k)->name))
                continue;
            for (int i = 0; i <= MOST; i++) {
                in[i] = (float)(i % 7);
                add[i] = (float)(i % 5 - 3);
                float y = (in[i] - 2) * 0.5f + 1 + add[i];
                expected[i] = y < 0 ? y / 4 : y;
            }
            cr_epilogue_row row = {
                .in = in, .add = add, .n = n, .affine = &affine, .activation = CR_ACT_RELU};
            row.slope = 0.25f;
            float *out = row.out = n % 2 ? in : add, behind = out[n];
            (*k)->epilogue->run(&row);
            compare(out, expected, n);
            ck_assert_float_eq(out[n], behind);
        }
}
END_TEST

TEST_MAIN("kernels/epilogue", each_activation, zeros_have_the_sign_of_caffe,
          the_operand_is_added_before_the_activation, rows_of_each_length)
