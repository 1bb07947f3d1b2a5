#include "kernels/conv.h"
#include "kernels/kernels.h"
#include "tests/test.h"

#include <string.h>

START_TEST(the_list_ends_with_im2col)
{
    int n = 0;
    while (cr_conv_algorithms[n])
        n++;
    ck_assert_int_ge(n, 1);
    ck_assert_ptr_eq(cr_conv_algorithms[n - 1], &cr_conv_im2col);
}
END_TEST

START_TEST(one_can_be_forced_by_name)
{
    cr_window window = {0};
    cr_conv conv = {.window = &window, .images = 1, .in_channels = 1, .out_channels = 1, .group = 1};
    conv.in_count = conv.out_count = conv.kernel_count = 1;
    const char *why = NULL;
    conv.kernels = cr_kernels_choose(NULL, &why);
    ck_assert_ptr_eq(cr_conv_choose(&conv, "im2col", &why), &cr_conv_im2col);
    ck_assert_ptr_nonnull(cr_conv_choose(&conv, NULL, &why));
    ck_assert_ptr_null(why);
    ck_assert_ptr_null(cr_conv_choose(&conv, "im2row", &why));
    ck_assert_ptr_nonnull(strstr(why, "no convolution algorithm of that name"));
}
END_TEST

TEST_MAIN("kernels/conv", the_list_ends_with_im2col, one_can_be_forced_by_name)
