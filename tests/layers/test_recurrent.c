// The products and cuts of layers/recurrent.c where no layer's test reaches them.
#include "layers/recurrent.h"
#include "tests/test.h"

#include <math.h>

START_TEST(steps_that_lie_apart)
{
    // Two steps of two streams; x and y have a hole of one float behind each step.
    const float x[] = {1, 2, NAN, 3, 4, NAN}, weights[] = {10, 100}, start[] = {1, 2};
    float y[10] = {0, 0, 0, 0, -7, 0, 0, 0, 0, -7};
    cr_steps_product_run(&(cr_steps_product){.steps = 2,
                                             .streams = 2,
                                             .k = 1,
                                             .n = 2,
                                             .x = x,
                                             .x_step = 3,
                                             .weights = weights,
                                             .start = start,
                                             .y = y,
                                             .y_step = 5},
                         NULL);
    const float want[] = {11, 102, 21, 202, -7, 31, 302, 41, 402, -7};
    for (int i = 0; i < 10; i++)
        ck_assert_float_eq(y[i], want[i]);
}
END_TEST

START_TEST(a_start_for_each_stream)
{
    const float x[] = {1, 2, 3, 4}, weights[] = {10}, start[] = {1, 2};
    float y[4];
    cr_steps_product_run(&(cr_steps_product){.steps = 2,
                                             .streams = 2,
                                             .k = 1,
                                             .n = 1,
                                             .x = x,
                                             .x_step = 2,
                                             .weights = weights,
                                             .start = start,
                                             .start_per_stream = true,
                                             .y = y,
                                             .y_step = 2},
                         NULL);
    const float want[] = {11, 22, 31, 42};
    for (int i = 0; i < 4; i++)
        ck_assert_float_eq(y[i], want[i]);
}
END_TEST

START_TEST(inputs_of_no_values)
{
    float y[2];
    cr_steps_product_run(&(cr_steps_product){.steps = 1,
                                             .streams = 1,
                                             .n = 2,
                                             .x = y,
                                             .weights = y,
                                             .start = (const float[]){3, 4},
                                             .y = y,
                                             .y_step = 2},
                         NULL);
    ck_assert_float_eq(y[0], 3);
    ck_assert_float_eq(y[1], 4);
}
END_TEST

START_TEST(tanh_of_more_than_one_item)
{
    static float x[5000];
    for (int i = 0; i < 5000; i++)
        x[i] = i % 2 ? 50 : -50;
    cr_tanh_run(x, 5000, NULL);
    for (int i = 0; i < 5000; i++)
        ck_assert_float_eq(x[i], i % 2 ? 1 : -1);
}
END_TEST

TEST_MAIN("layers/recurrent", steps_that_lie_apart, a_start_for_each_stream, inputs_of_no_values,
          tanh_of_more_than_one_item)
